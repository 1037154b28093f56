"""Signing in: throttled so that who guesses locks out himself, and the same answer for whoever does not exist."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from tests.signing_in import PASSWORD, sign_in, with_password
from tests.worlds import World
from traceability.door import attempts
from traceability.door.models import Attempt
from traceability.models import User

pytestmark = pytest.mark.django_db

ATTACKER, HOME = "203.0.113.9", "198.51.100.7"


@pytest.fixture(autouse=True)
def quick_hashes(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def person(world: World, quick_hashes: None) -> User:
    return with_password(world.maker.user)


def browser(address: str = HOME) -> Client:
    return Client(enforce_csrf_checks=True, headers={"Accept-Language": "en"}, REMOTE_ADDR=address)


def guess(name: str, times: int, address: str = ATTACKER) -> list[int]:
    client = browser(address)
    return [sign_in(client, name, f"wrong-{number}").status_code for number in range(times)]


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let time pass for the counts."""
    passed = 0

    def pass_(**time: float) -> None:
        nonlocal passed
        passed += int(timedelta(**time).total_seconds() * 1_000)

    real = attempts.now_ms
    monkeypatch.setattr(attempts, "now_ms", lambda: real() + passed)
    return pass_


def test_ten_wrong_passwords_in_five_minutes_lock(person: User) -> None:
    assert guess(person.username, 12) == [200] * 9 + [429] * 3


def test_while_locked_the_right_password_is_not_tried(person: User) -> None:
    guess(person.username, 10)
    answer = sign_in(browser(ATTACKER), person.username)
    assert answer.status_code == 429
    assert 1 <= int(answer["Retry-After"]) <= 60
    assert "Too many failed attempts. Try again in 1 minute." in answer.content.decode()
    assert not answer.wsgi_request.user.is_authenticated


def test_the_person_signs_in_from_elsewhere_meanwhile(person: User) -> None:
    guess(person.username, 10)
    assert sign_in(browser(HOME), person.username).status_code == 302


def test_nine_failures_spread_over_a_day_do_not_lock(person: User, later: Any) -> None:
    for _ in range(4):
        assert guess(person.username, 9) == [200] * 9
        later(minutes=6)
    assert sign_in(browser(ATTACKER), person.username).status_code == 302


def test_each_lock_is_twice_as_long_up_to_an_hour(person: User, later: Any) -> None:
    waits = []
    for _ in range(8):
        client = browser(ATTACKER)
        for _ in range(10):
            answer = sign_in(client, person.username, "wrong")
        waits.append(int(answer["Retry-After"]))
        later(seconds=waits[-1] + 1)
    assert waits == [60, 120, 240, 480, 960, 1_920, 3_600, 3_600]


def test_a_success_begins_the_count_anew(person: User) -> None:
    for _ in range(3):
        assert guess(person.username, 9) == [200] * 9
        assert sign_in(browser(ATTACKER), person.username).status_code == 302


def test_a_known_device_is_not_locked_out_by_anybody(person: User) -> None:
    """Not by guesses from its own address, nor by a botnet that reaches the account's wide ceiling."""
    mine = browser(ATTACKER)
    assert sign_in(mine, person.username).status_code == 302
    token = mine.cookies["csrftoken"].value
    mine.post("/sign-out/", {"csrfmiddlewaretoken": token})
    guess(person.username, 12)
    for number in range(11):
        guess(person.username, 9, f"192.0.2.{number}")
    assert sign_in(browser("192.0.2.200"), person.username).status_code == 429
    assert sign_in(mine, person.username).status_code == 302


def test_a_known_device_is_throttled_by_itself(person: User) -> None:
    mine = browser()
    sign_in(mine, person.username)
    mine.post("/sign-out/", {"csrfmiddlewaretoken": mine.cookies["csrftoken"].value})
    answers = [sign_in(mine, person.username, "wrong").status_code for _ in range(11)]
    assert answers == [200] * 9 + [429] * 2


@pytest.mark.parametrize("value", ["", "x", "eyJhIjoxfQ:1tabc:forged", "é" * 50])
def test_a_forged_device_is_unknown(person: User, value: str) -> None:
    guess(person.username, 10)
    forger = browser(ATTACKER)
    forger.cookies["known_device"] = value
    assert sign_in(forger, person.username).status_code == 429


def test_an_address_that_tries_many_names_is_locked_for_all(person: User) -> None:
    answers = [guess(f"nobody-{number}", 1)[0] for number in range(51)]
    assert answers == [200] * 49 + [429] * 2
    assert sign_in(browser(ATTACKER), person.username).status_code == 429
    assert sign_in(browser(HOME), person.username).status_code == 302


def test_whoever_does_not_exist_gets_the_same_answers(person: User) -> None:
    def told(name: str, address: str) -> list[tuple[int, str]]:
        client = browser(address)
        answers = [sign_in(client, name, "wrong") for _ in range(11)]
        return [(answer.status_code, alert(answer)) for answer in answers]

    assert told(person.username, ATTACKER) == told("nobody-at-all", HOME)


def alert(answer: Any) -> str:
    text = answer.content.decode()
    return str(text.partition('role="alert">')[2].partition("</div>")[0])


def test_the_password_of_whoever_does_not_exist_is_hashed_all_the_same(
    person: User, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time to answer is the time to hash."""
    from django.contrib.auth.hashers import MD5PasswordHasher

    hashed: list[str] = []
    real = MD5PasswordHasher.encode

    def counting(self: Any, password: str, salt: str) -> str:
        hashed.append(password)
        return real(self, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", counting)
    User.objects.create_user("unusable")
    counts = []
    for name in (person.username, "nobody-at-all", "unusable"):
        hashed.clear()
        sign_in(browser(), name, "wrong")
        counts.append(len(hashed))
    assert counts == [1, 1, 1]


def test_a_thousand_passwords_are_ten_tries(person: User) -> None:
    client = browser(ATTACKER)
    page = client.get("/sign-in/")
    token = page.cookies["csrftoken"].value
    answers = [
        client.post("/sign-in/", {"username": person.username, "password": f"p{n}", "csrfmiddlewaretoken": token})
        for n in range(1_000)
    ]
    assert [answer.status_code for answer in answers] == [200] * 9 + [429] * 991
    row = Attempt.objects.exclude(subject="").exclude(origin="").get()
    assert (row.failures, row.locks) == (0, 1)


def test_the_table_names_nobody(person: User) -> None:
    guess(person.username, 2)
    kept = str(list(Attempt.objects.values()))
    assert person.username not in kept
    assert ATTACKER not in kept


@pytest.mark.parametrize("option", [{"account": True}, {"address": ATTACKER}, {"everything": True}])
def test_an_operator_unlocks(person: User, option: dict[str, Any]) -> None:
    guess(person.username, 10)
    if "account" in option:
        option = {"account": person.username}
    call_command("unlock", **option)
    assert sign_in(browser(ATTACKER), person.username).status_code == 302


def test_rows_that_say_nothing_any_more_are_swept(person: User, later: Any) -> None:
    guess(person.username, 3)
    assert attempts.sweep() == 0
    later(days=2)
    assert attempts.sweep() == 3
    assert not Attempt.objects.exists()


@pytest.mark.parametrize("proxies", [0, 1, 2])
def test_the_address_is_what_our_own_proxies_say(person: User, settings: Any, proxies: int) -> None:
    """Whatever the caller writes into X-Forwarded-For himself, he stays one address."""
    settings.TRUSTED_PROXIES = proxies
    tail = {0: "", 1: f", {ATTACKER}", 2: f", {ATTACKER}, 10.0.0.2"}[proxies]
    answers = []
    for number in range(11):
        client = browser("10.0.0.1" if proxies else ATTACKER)
        headers = {"X-Forwarded-For": f"8.8.8.{number}{tail}"}
        form = {"username": person.username, "password": "wrong"}
        form["csrfmiddlewaretoken"] = client.get("/sign-in/").cookies["csrftoken"].value
        answers.append(client.post("/sign-in/", form, headers=headers).status_code)
    assert answers == [200] * 9 + [429] * 2


def test_an_address_of_ipv6_is_its_network(person: User) -> None:
    answers = [guess(person.username, 1, f"2001:db8::{number:x}")[0] for number in range(1, 12)]
    assert answers == [200] * 9 + [429] * 2


@pytest.mark.parametrize("name", ["", "\0", "x" * 10_000, "' OR 1=1 --", "é" * 100, "\u202egnp"])
def test_no_name_breaks_the_page(db: None, name: str) -> None:
    answer = sign_in(browser(), name, "wrong")
    assert answer.status_code == 200
    assert 'role="alert"' in answer.content.decode()


def test_after_signing_in_only_our_own_addresses_are_gone_to(person: User) -> None:
    def lands(target: str) -> str:
        client = browser()
        page = client.get("/sign-in/", {"next": target})
        form = {"username": person.username, "password": PASSWORD, "next": target}
        form["csrfmiddlewaretoken"] = page.cookies["csrftoken"].value
        return str(client.post("/sign-in/", form)["Location"])

    assert lands("/account/password/") == "/account/password/"
    for foreign in ("https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil.example"):
        assert lands(foreign) == "/", foreign


@pytest.mark.parametrize(
    "address",
    ["accounts/", "accounts/signup/", "sign-up/", "accounts/password/reset/", "accounts/email/", "accounts/social/"],
)
def test_what_the_library_offers_besides_is_off(client: Client, address: str) -> None:
    assert client.get(f"/{address}").status_code == 404


def test_the_admin_has_no_door_of_its_own(person: User, client: Client) -> None:
    staff = User.objects.create_superuser("root", password=PASSWORD)
    answer = client.get("/admin/login/", {"next": "/admin/traceability/user/"})
    assert answer["Location"] == "/sign-in/?next=/admin/traceability/user/"
    client.post("/admin/login/", {"username": "root", "password": PASSWORD, "next": "/admin/"})
    assert client.get("/admin/").status_code == 302
    staff.refresh_from_db()
    assert staff.last_login is None


def test_who_is_no_staff_is_refused_by_the_admin_and_not_sent_in_circles(person: User) -> None:
    client = browser()
    sign_in(client, person.username)
    assert client.get("/admin/")["Location"] == "/admin/login/?next=/admin/"
    assert client.get("/admin/login/", {"next": "/admin/"}).status_code == 403


def test_failures_and_locks_are_in_the_log_without_names(person: User) -> None:
    from tests.log_lines import log_lines

    with log_lines() as lines:
        guess(person.username, 10)
        sign_in(browser(), person.username)
    events = [line["event"] for line in lines if line["event"] != "request"]
    assert events == ["sign_in_failed"] * 10 + ["locked", "signed_in"]
    assert person.username not in str(lines)
