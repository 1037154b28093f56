"""The second factor: asked of the alliance's people and of staff before anything else, offered to everybody."""

import json
import re
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command
from django.test import Client

from tests.signing_in import PASSWORD, app_code, come_in, enrolled, recovery_codes, send, sign_in, with_password
from tests.worlds import World
from traceability.door import second_factor
from traceability.models import User

pytestmark = pytest.mark.django_db

ENROL = "/account/second-factor/enrol/"
#: Every page and door that stands on a session.
CLOSED = ["/", "/admin/", "/admin/traceability/user/", "/account/second-factor/", "/account/password/"]


@pytest.fixture(autouse=True)
def quick_hashes(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def auditor(world: World, quick_hashes: None) -> User:
    """One of the alliance's people."""
    return with_password(world.alliance.user)


@pytest.fixture
def browser() -> Client:
    return Client(headers={"Accept-Language": "en"})


def ask(client: Client, query: str = "{ me { name } }") -> Any:
    return client.post("/graphql/", json.dumps({"query": query}), content_type="application/json")


def is_in(client: Client) -> bool:
    return client.get("/account/second-factor/").status_code == 200


class TestWhoNeedsOne:
    def test_the_alliances_people_and_staff_do_and_others_do_not(self, world: World) -> None:
        assert second_factor.is_required(world.alliance.user)
        assert not second_factor.is_required(world.maker.user)
        assert not second_factor.is_required(User(username="for nobody"))
        assert second_factor.is_required(User(username="a", is_staff=True))
        assert second_factor.is_required(User(username="b", is_superuser=True))

    @pytest.mark.parametrize("address", CLOSED)
    def test_no_page_opens_before_it_is_set_up(self, browser: Client, auditor: User, address: str) -> None:
        assert sign_in(browser, auditor.username).status_code == 302
        answer = browser.get(address)
        assert (answer.status_code, answer["Location"]) == (302, ENROL)

    def test_no_query_is_answered_before_it_is_set_up(self, browser: Client, auditor: User) -> None:
        sign_in(browser, auditor.username)
        for query in ("{ me { name } }", "{ __typename }", "mutation { __typename }", "{"):
            answer = ask(browser, query)
            assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (403, "second_factor")

    def test_what_needs_nobody_is_open_all_the_same(self, browser: Client, auditor: User) -> None:
        sign_in(browser, auditor.username)
        assert browser.get("/healthz").status_code == 200
        assert browser.get("/version").status_code == 200
        assert browser.post("/i18n/setlang/", {"language": "en"}).status_code == 302
        assert browser.post("/sign-out/").status_code == 302

    def test_a_machine_needs_none(self, world: World, browser: Client, auditor: User) -> None:
        """Also where somebody's unfinished session rides along."""
        sign_in(browser, auditor.username)
        body = json.dumps({"query": "{ me { name } }"})
        headers = {"Authorization": f"Bearer {world.alliance.token}"}
        assert "errors" not in browser.post("/graphql/", body, content_type="application/json", headers=headers).json()

    def test_it_is_needed_from_the_moment_the_organisation_becomes_the_alliance(
        self, world: World, browser: Client
    ) -> None:
        come_in(browser, world.maker.user, second=False)
        assert is_in(browser)
        world.capture([world.fact("organisation", world.alliance, code=world.maker.code, roles=["alliance"])])
        assert browser.get("/")["Location"] == ENROL

    def test_others_do_without(self, world: World, browser: Client) -> None:
        sign_in(browser, with_password(world.recycler.user).username)
        assert is_in(browser)
        assert "errors" not in ask(browser).json()


class TestSettingUp:
    def test_the_page_shows_a_picture_and_a_key_made_here(self, browser: Client, auditor: User) -> None:
        sign_in(browser, auditor.username)
        page = browser.get(ENROL)
        text = page.content.decode()
        assert 'src="data:image/svg+xml;base64,' in text
        assert "://" not in text
        assert re.fullmatch("[A-Z2-7]{32}", key_of(text))
        assert "no-store" in page["Cache-Control"]

    def test_the_first_code_opens_everything_and_shows_the_recovery_codes(self, browser: Client, auditor: User) -> None:
        sign_in(browser, auditor.username)
        key = key_of(browser.get(ENROL).content.decode())
        before = browser.session.session_key
        answer = browser.post(ENROL, {"code": app_code(key)}, follow=True)
        assert answer.redirect_chain == [("/account/recovery-codes/", 302)]
        assert len(re.findall(r"<li><code>\d{8}</code>", answer.content.decode())) == 10
        assert browser.session.session_key != before
        assert is_in(browser)
        assert "errors" not in ask(browser).json()

    def test_a_wrong_code_sets_nothing_up(self, browser: Client, auditor: User) -> None:
        sign_in(browser, auditor.username)
        browser.get(ENROL)
        assert browser.post(ENROL, {"code": "000000"}).status_code == 200
        assert not Authenticator.objects.exists()
        assert not is_in(browser)

    def test_the_key_lies_encrypted(self, auditor: User) -> None:
        key = enrolled(auditor)
        kept = str(list(Authenticator.objects.values()))
        assert key not in kept
        assert all(code not in kept for code in recovery_codes(auditor))

    def test_anybody_may_set_one_up_and_remove_it(self, world: World, browser: Client) -> None:
        person = with_password(world.maker.user)
        sign_in(browser, person.username)
        key = key_of(browser.get(ENROL).content.decode())
        browser.post(ENROL, {"code": app_code(key)})
        browser.post("/sign-out/")
        assert sign_in(browser, person.username)["Location"] == "/sign-in/code/"
        send(browser, "/sign-in/code/", code=app_code(key, periods=1))
        assert is_in(browser)
        assert send(browser, "/account/second-factor/remove/")["Location"] == "/account/second-factor/"
        assert not Authenticator.objects.exists()

    def test_whoever_needs_it_cannot_remove_it(self, browser: Client, auditor: User) -> None:
        enrolled(auditor)
        sign_in(browser, auditor.username)
        send(browser, "/sign-in/code/", code=recovery_codes(auditor)[0])
        answer = send(browser, "/account/second-factor/remove/")
        assert "an administrator can reset it" in answer.content.decode()
        assert Authenticator.objects.count() == 2


def key_of(page: str) -> str:
    return page.partition("<code>")[2].partition("</code>")[0]


def test_an_old_session_is_asked_for_the_password_before_the_factor_is_touched(world: World, browser: Client) -> None:
    person = with_password(world.maker.user)
    sign_in(browser, person.username)
    session = browser.session
    session["began"] -= 600
    session.save()
    answer = browser.get(ENROL)
    assert answer["Location"].startswith("/account/confirm/?next=")
    assert send(browser, answer["Location"], password="wrong").status_code == 200
    back = send(browser, answer["Location"], password=PASSWORD, next=ENROL)
    assert back["Location"] == ENROL
    assert browser.get(ENROL).status_code == 200


class TestSigningIn:
    def test_the_password_alone_opens_nothing(self, browser: Client, auditor: User) -> None:
        enrolled(auditor)
        assert sign_in(browser, auditor.username)["Location"] == "/sign-in/code/"
        assert not is_in(browser)
        assert ask(browser).json()["errors"][0]["extensions"]["code"] == "sign_in"

    @pytest.mark.parametrize("periods", [-1, 0, 1])
    def test_a_code_of_the_app_does_also_with_a_clock_half_a_minute_off(
        self, browser: Client, auditor: User, periods: int
    ) -> None:
        key = enrolled(auditor)
        sign_in(browser, auditor.username)
        assert send(browser, "/sign-in/code/", code=app_code(key, periods=periods)).status_code == 302
        assert is_in(browser)

    def test_an_old_code_does_not(self, browser: Client, auditor: User) -> None:
        key = enrolled(auditor)
        sign_in(browser, auditor.username)
        assert send(browser, "/sign-in/code/", code=app_code(key, periods=-3)).status_code == 200
        assert not is_in(browser)

    def test_no_code_counts_twice(self, auditor: User) -> None:
        """Read over a shoulder, it is worth nothing: in no process, for this does not rest on a process's memory."""
        from django.core.cache import cache

        key = enrolled(auditor)
        code = app_code(key)
        for first in (True, False):
            cache.clear()
            client = Client()
            sign_in(client, auditor.username)
            send(client, "/sign-in/code/", code=code if first else f" {code[:3]} {code[3:]}")
            assert is_in(client) is first

    def test_a_recovery_code_opens_once(self, auditor: User) -> None:
        enrolled(auditor)
        code = recovery_codes(auditor)[4]
        for first in (True, False):
            client = Client()
            sign_in(client, auditor.username)
            send(client, "/sign-in/code/", code=code)
            assert is_in(client) is first
        assert len(recovery_codes(auditor)) == 9

    def test_codes_are_throttled_too(self, browser: Client, auditor: User) -> None:
        key = enrolled(auditor)
        sign_in(browser, auditor.username)
        answers = [send(browser, "/sign-in/code/", code=f"{number:06d}").status_code for number in range(11)]
        assert answers == [200] * 9 + [429] * 2
        assert send(browser, "/sign-in/code/", code=app_code(key)).status_code == 429
        assert not is_in(browser)

    def test_the_code_page_is_nothing_without_the_password(self, browser: Client, auditor: User) -> None:
        key = enrolled(auditor)
        answer = browser.post("/sign-in/code/", {"code": app_code(key)})
        assert (answer.status_code, answer["Location"]) == (302, "/sign-in/")

    def test_a_session_from_before_the_factor_ends(self, browser: Client, auditor: User) -> None:
        sign_in(browser, auditor.username)
        enrolled(auditor)
        assert browser.get("/")["Location"] == "/sign-in/"
        assert "_auth_user_id" not in browser.session

    def test_secrets_that_no_key_opens_let_nobody_in(self, browser: Client, auditor: User, settings: Any) -> None:
        key = enrolled(auditor)
        settings.SECRET_KEY = "another-key-of-more-than-fifty-characters-0123456789-abcdef"
        sign_in(browser, auditor.username)
        for code in (app_code(key), app_code("A" * 32), app_code("")):
            send(browser, "/sign-in/code/", code=code)
            assert not is_in(browser)


class TestResetting:
    def test_the_command_takes_it_away_and_ends_every_session(self, auditor: User, browser: Client) -> None:
        enrolled(auditor)
        sign_in(browser, auditor.username)
        send(browser, "/sign-in/code/", code=recovery_codes(auditor)[0])
        assert is_in(browser)
        call_command("second_factor", auditor.username, reset=True)
        assert not is_in(browser)
        assert sign_in(Client(), auditor.username)["Location"] == "/"

    def test_the_command_tells_who_has_one(self, auditor: User, capsys: pytest.CaptureFixture[str]) -> None:
        call_command("second_factor", auditor.username)
        enrolled(auditor)
        call_command("second_factor", auditor.username)
        first, second = capsys.readouterr().out.splitlines()
        assert first != second
        with pytest.raises(CommandError):
            call_command("second_factor", "nobody-at-all")

    def test_an_administrator_does_it_in_the_admin(self, auditor: User, browser: Client) -> None:
        enrolled(auditor)
        come_in(browser, User.objects.create_superuser("root"))
        browser.post("/admin/traceability/user/", {"action": "reset_second_factor", "_selected_action": [auditor.pk]})
        assert not Authenticator.objects.filter(user=auditor).exists()

    def test_the_secrets_themselves_are_not_in_the_admin(self, browser: Client) -> None:
        come_in(browser, User.objects.create_superuser("root"))
        assert browser.get("/admin/mfa/authenticator/").status_code == 404
        assert browser.get("/admin/account/emailaddress/").status_code == 404

    def test_a_new_secret_key_is_taken_up(self, auditor: User, settings: Any) -> None:
        enrolled(auditor)
        codes, old = recovery_codes(auditor), settings.SECRET_KEY
        settings.SECRET_KEY = "another-key-of-more-than-fifty-characters-0123456789-abcdef"
        settings.SECRET_KEY_FALLBACKS = [old]
        call_command("second_factor", reseal=True)
        settings.SECRET_KEY_FALLBACKS = []
        assert recovery_codes(auditor) == codes
