"""Sessions end: by age, by idleness, when the person leaves, and everywhere when the password changes."""

import time
from typing import Any

import pytest
from django.test import Client

from tests.signing_in import PASSWORD, send, sign_in, with_password
from tests.worlds import World
from traceability.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def quick_hashes(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def person(world: World, quick_hashes: None) -> User:
    return with_password(world.maker.user)


@pytest.fixture
def browser(person: User) -> Client:
    client = Client(headers={"Accept-Language": "en"})
    assert sign_in(client, person.username).status_code == 302
    return client


def is_in(client: Client) -> bool:
    return client.get("/account/second-factor/").status_code == 200


def let_pass(client: Client, seconds: int, *, unused: bool) -> None:
    session = client.session
    session["began"] -= seconds
    if unused:
        session["seen"] -= seconds
    session.save()


@pytest.mark.parametrize(("minutes", "stays"), [(119, True), (121, False)])
def test_a_session_that_is_not_used_for_two_hours_ends(browser: Client, minutes: int, stays: bool) -> None:
    let_pass(browser, minutes * 60, unused=True)
    assert is_in(browser) is stays


@pytest.mark.parametrize(("hours", "stays"), [(11.9, True), (12.1, False)])
def test_a_session_ends_after_twelve_hours_however_busy(browser: Client, hours: float, stays: bool) -> None:
    let_pass(browser, int(hours * 3_600), unused=False)
    assert is_in(browser) is stays


def test_using_a_session_keeps_it_and_is_written_every_five_minutes_only(
    browser: Client, django_assert_max_num_queries: Any
) -> None:
    is_in(browser)
    seen = browser.session["seen"]
    with django_assert_max_num_queries(2):
        browser.get("/version")
    assert browser.session["seen"] == seen
    let_pass(browser, 400, unused=True)
    is_in(browser)
    assert abs(browser.session["seen"] - time.time()) < 5


def test_signing_in_again_begins_a_new_session(browser: Client, person: User) -> None:
    let_pass(browser, 3 * 3_600, unused=True)
    old = browser.cookies["sessionid"].value
    sign_in(browser, person.username)
    assert is_in(browser)
    assert browser.cookies["sessionid"].value != old


def test_signing_out_ends_the_session_itself(browser: Client) -> None:
    """Not only the cookie: whoever copied it has nothing."""
    copied = browser.cookies["sessionid"].value
    send(browser, "/account/password/")
    browser.post("/sign-out/")
    thief = Client()
    thief.cookies["sessionid"] = copied
    assert not is_in(thief)


def test_a_new_password_ends_every_other_session(browser: Client, person: User) -> None:
    other = Client()
    sign_in(other, person.username)
    fields = {"old_password": PASSWORD, "new_password1": "quite-another-one-7", "new_password2": "quite-another-one-7"}
    assert send(browser, "/account/password/", **fields)["Location"] == "/"
    assert is_in(browser)
    assert not is_in(other)
    assert sign_in(Client(), person.username).status_code == 200
    assert sign_in(Client(), person.username, "quite-another-one-7").status_code == 302


def test_a_password_that_an_administrator_sets_ends_all(browser: Client, person: User) -> None:
    person.set_password("set-by-somebody-else-3")
    person.save()
    assert not is_in(browser)


def test_who_is_no_longer_active_is_out_at_once(browser: Client, person: User) -> None:
    User.objects.filter(pk=person.pk).update(is_active=False)
    assert not is_in(browser)
    assert sign_in(Client(), person.username).status_code == 200


@pytest.mark.parametrize("weak", ["short-1", "12345678901234", "password123", "person-9151"])
def test_a_weak_password_is_refused(browser: Client, person: User, weak: str) -> None:
    answer = send(browser, "/account/password/", old_password=PASSWORD, new_password1=weak, new_password2=weak)
    assert answer.status_code == 200
    person.refresh_from_db()
    assert person.check_password(PASSWORD)


def test_guessing_the_old_password_is_throttled(browser: Client) -> None:
    weak = {"new_password1": "quite-another-one-7", "new_password2": "quite-another-one-7"}
    answers = [send(browser, "/account/password/", old_password=f"x{n}", **weak).status_code for n in range(11)]
    assert answers == [200] * 9 + [429] * 2


def test_cookies_are_out_of_reach_of_scripts_and_other_sites(person: User, settings: Any) -> None:
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    client = Client()
    cookies = sign_in(client, person.username).cookies
    for name in ("sessionid", "known_device"):
        assert cookies[name]["httponly"], name
        assert cookies[name]["secure"], name
        assert cookies[name]["samesite"] == "Lax", name
