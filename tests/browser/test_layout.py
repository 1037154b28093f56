"""The frame of all pages: language, skip link, a small phone, keys, nothing from elsewhere, nothing serious for axe."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.conftest import Visitor
from tests.worlds import World

PAGES = ("/", "/sign-in/")


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_a_page_is_accessible_in_both_languages(
    visitor: Visitor, province: World, accessible: Callable[[Any], None], path: str, language: str
) -> None:
    page = visitor.speak(language).open(path)
    assert page.locator("html").get_attribute("lang") == language
    accessible(page)


@pytest.mark.parametrize("path", PAGES)
def test_nothing_is_wider_than_a_small_phone(phone: Visitor, province: World, path: str) -> None:
    page = phone.open(path)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_keys_reach_the_content_first(visitor: Visitor, province: World) -> None:
    page = visitor.open()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_the_language_is_switched_and_the_page_stays(visitor: Visitor, province: World) -> None:
    page = visitor.open("/sign-in/?next=/")
    page.get_by_role("button", name="English").click()
    assert page.url.endswith("/sign-in/?next=/")
    assert page.get_by_role("heading", name="Sign in").is_visible()


def test_a_script_that_is_not_ours_does_not_run(visitor: Visitor, province: World) -> None:
    visitor.expected.append("Content Security Policy")
    page = visitor.open()
    page.evaluate("""() => {
      const script = document.createElement('script'); script.textContent = 'window.ran = true';
      document.body.append(script);
    }""")
    assert page.evaluate("window.ran") is None
