"""What goes wrong is said in the reader's language, and nothing else is."""

from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client, override_settings

from tests.log_lines import log_lines
from tests.signing_in import come_in
from tests.worlds import World

pytestmark = pytest.mark.django_db

SECRET = "postgres://root:hunter2@db/ledger"


@pytest.fixture
def browser() -> Client:
    return Client(raise_request_exception=False, enforce_csrf_checks=True)


def both(browser: Client, ask: Any) -> list[str]:
    """The page in Chinese and in English."""
    pages = []
    for language, tag in (("zh-CN", "zh-hans"), ("en", "en")):
        browser.defaults["HTTP_ACCEPT_LANGUAGE"] = language
        answer = ask()
        text = answer.content.decode()
        assert f'<html lang="{tag}">' in text
        assert "://" not in text
        pages.append(text)
    return pages


def test_an_address_that_is_none(browser: Client) -> None:
    _, english = both(browser, lambda: browser.get("/nothing/here"))
    assert "There is nothing here" in english
    assert browser.get("/nothing/here").status_code == 404


def test_what_is_not_allowed(browser: Client, world: World) -> None:
    come_in(browser, world.maker.user)
    _, english = both(browser, lambda: browser.get("/admin/login/"))
    assert "This is not open to you" in english


def test_a_form_without_its_token(browser: Client) -> None:
    _, english = both(browser, lambda: browser.post("/sign-in/", {"username": "a", "password": "b"}))
    assert "This form is stale" in english


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80@localhost", "a b", "[::1", "x" * 300])
def test_a_host_that_is_not_ours_is_one_calm_line(browser: Client, host: str) -> None:
    with override_settings(ALLOWED_HOSTS=["records.example"]), log_lines() as lines:
        _, english = both(browser, lambda: browser.get("/", headers={"Host": host}))
    assert "This request cannot be read" in english
    assert [line["logger"] for line in lines].count("traceability.requests") == 2
    assert "Traceback" not in str(lines)
    assert all("exception" not in line for line in lines)


def test_a_database_that_is_down(browser: Client, world: World) -> None:
    come_in(browser, world.maker.user)

    def down(*args: Any, **kwargs: Any) -> None:
        raise OperationalError(SECRET)

    def ask() -> Any:
        with connection.execute_wrapper(down):
            return browser.get("/account/second-factor/")

    with log_lines() as lines:
        pages = both(browser, ask)
    numbers = [line["request_id"] for line in lines if line["event"] == "request"]
    for page, number in zip(pages, numbers, strict=True):
        assert SECRET not in page
        assert "OperationalError" not in page
        assert number in page
    assert "Something went wrong on our side" in pages[1]


def test_too_many_fields_are_one_calm_line(settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 10
    browser = Client(raise_request_exception=False)
    with log_lines() as lines:
        answer = browser.post("/sign-in/", {f"f{n}": "x" for n in range(20)})
    assert answer.status_code == 400
    assert "Traceback" not in str(lines)


def test_health_is_told_to_a_browser_too_while_the_database_is_down(browser: Client, world: World) -> None:
    come_in(browser, world.maker.user)

    def down(*args: Any, **kwargs: Any) -> None:
        raise OperationalError(SECRET)

    with connection.execute_wrapper(down):
        answer = browser.get("/healthz")
    assert (answer.status_code, answer.json()["status"]) == (503, "down")
    assert browser.get("/account/second-factor/").status_code == 200
