"""A recycler at the desk: its clauses, their evidence, and declaring with a document; both languages, and a phone."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from recyclers.models import Declaration
from tests.browser.conftest import Visitor
from tests.recyclers.conditions.works import Works
from tests.web.test_company_pages import PDF
from tests.worlds import World


@pytest.fixture(autouse=True)
def elsewhere(settings: Any, tmp_path: Path) -> None:
    settings.ATTACHMENTS_DIR = tmp_path / "attachments"


@pytest.fixture
def year(province: World) -> World:
    works = Works(province, province.recycler)
    metals = {"li": "10", "ni": "10", "co": "10", "mn": "10"}
    works.smelted(into=metals, out={"li": "8.9", "ni": "9.9", "co": "9.9", "mn": "9.9"}, number="B-1")
    works.crushed(powder="492", assay={"al": "1.2", "cu": "1.4"})
    works.declare_all(without=("water.reuse",))
    return province


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_a_clause_opens_to_its_text_and_its_batches(
    visitor: Visitor,
    year: World,
    accessible: Callable[[Any], None],
    language: str,
) -> None:
    page = visitor.sign_in(year.recycler).speak(language).open(f"/recyclers/{year.recycler.code}/?year=2025")
    accessible(page)
    line = page.locator("tr[id='recovery.li']")
    line.locator("summary").click()
    assert "B-1" in line.inner_text()


def test_what_is_declared_counts_at_once(
    visitor: Visitor, year: World, accessible: Callable[[Any], None], tmp_path: Path
) -> None:
    proof = tmp_path / "eia.pdf"
    proof.write_bytes(PDF)
    page = visitor.sign_in(year.recycler).speak("en").open(f"/recyclers/{year.recycler.code}/?year=2025")
    page.get_by_role("link", name="Declare figures and documents").click()
    accessible(page)
    page.get_by_label("Reuse of process waste water").fill("92.5")
    page.locator("input[name='document:permit.eia']").set_input_files(proof)
    page.get_by_role("button", name="Declare").click()
    assert "met" in page.locator("tr[id='water.reuse']").inner_text()
    assert Declaration.objects.count() == 2


def test_a_small_phone_shows_it_without_sliding_the_page(phone: Visitor, year: World) -> None:
    page = phone.sign_in(year.recycler).open(f"/recyclers/{year.recycler.code}/?year=2025")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
