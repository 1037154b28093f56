"""The page to which a printed compliance report's symbol leads."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.conftest import Visitor
from tests.recyclers.conditions.works import LATER, Works
from tests.recyclers.conditions.years import mixed_year
from tests.worlds import World


@pytest.fixture
def address(province: World) -> str:
    """Where the evaluation of a recycler's year is shown."""
    works = Works(province, province.recycler)
    mixed_year(works)
    question = f"from=2025-01-01&until=2025-12-31&asOf={LATER}"
    return f"/audit/recyclers/{works.company.code}/compliance?{question}"


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_evaluation_is_accessible_in_both_languages(
    visitor: Visitor,
    province: World,
    address: str,
    accessible: Callable[[Any], None],
    shoot: Callable[[Any, str], None],
    language: str,
) -> None:
    page = visitor.sign_in(province.recycler).speak(language).open(address)
    names = {"zh-hans": "遂宁再生", "en": "Suining Recycling"}
    assert page.get_by_role("heading", level=1).inner_text() == names[language]
    accessible(page)
    shoot(page, f"compliance-{language}")


def test_nothing_is_wider_than_a_small_phone(phone: Visitor, province: World, address: str) -> None:
    page = phone.sign_in(province.alliance).open(address)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_its_files_are_sent_from_it(visitor: Visitor, province: World, address: str) -> None:
    page = visitor.sign_in(province.alliance).open(address)
    with page.expect_download() as sent:
        page.get_by_role("link", name="PDF").click()
    assert sent.value.suggested_filename.endswith(".pdf")
