"""The maker at the desk: the list, labels, and a file of a hundred thousand rows with errors in it."""

from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django.db import connections

from tests import factories
from tests.browser.conftest import Visitor
from tests.worlds import World
from traceability import worker

ROWS = 100_000


@pytest.fixture(autouse=True)
def elsewhere(settings: Any, tmp_path: Path) -> None:
    settings.IMPORTS_DIR = tmp_path / "imports"


def work() -> None:
    """As a process of its own would, with a connection of its own."""
    try:
        while worker.work_off("test") is not None:
            pass
    finally:
        connections.close_all()


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_list_is_narrowed_and_followed_to_its_end(
    visitor: Visitor,
    province: World,
    accessible: Callable[[Any], None],
    language: str,
) -> None:
    codes = [province.pack().produced().code for _ in range(51)]
    old = province.pack().produced().installed().removed()
    page = visitor.sign_in(province.maker).speak(language).open("/batteries/")
    accessible(page)
    page.locator("tr.more a").click()
    page.get_by_role("link", name=codes[-1]).wait_for()
    page.locator("select[name=stage]").select_option("retired")
    page.locator("form.narrowing button").click()
    page.get_by_role("link", name=old.code).wait_for()
    assert page.locator("#rows tr").count() == 1
    assert "stage=retired" in page.url


def test_a_small_phone_shows_the_list_without_sliding_the_page(phone: Visitor, province: World) -> None:
    province.pack().produced()
    page = phone.sign_in(province.maker).open("/batteries/")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_a_large_file_with_errors_is_tried_told_and_recorded(
    visitor: Visitor,
    province: World,
    accessible: Callable[[Any], None],
    shoot: Callable[[Any, str], None],
    tmp_path: Path,
) -> None:
    file = tmp_path / "march.csv"
    with file.open("w", encoding="utf-8") as text:
        text.write("编码,型号,质量(kg)\n")
        for number in range(ROWS):
            mass = "-1" if number % 1_000 == 7 else "440"
            text.write(f"{factories.pack_code(number)},NCM-75,{mass}\n")
    page = visitor.sign_in(province.maker).speak("en").open("/batteries/files/")
    accessible(page)
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Send").click()
    page.locator("#job").wait_for()
    page.get_by_text("queued").wait_for()
    hand = Thread(target=work)
    hand.start()
    page.get_by_role("heading", name="What is wrong").wait_for(timeout=120_000)
    hand.join()
    assert page.get_by_role("heading", name="march.csv").is_visible()
    accessible(page)
    shoot(page, "file")
    assert page.locator("dd.good").inner_text() == str(ROWS - ROWS // 1_000)
    assert page.locator("tbody tr").first.locator("td").all_inner_texts()[:3] == ["9", "质量(kg)", "-1"]
    with page.expect_download() as copy:
        page.get_by_role("link", name="Your file with a column of errors").click()
    assert len(Path(copy.value.path()).read_text("utf-8-sig").splitlines()) == ROWS + 1
