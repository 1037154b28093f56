"""The auditor at the desk: exceptions first, from a chart to the event, gaps worked, both languages."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache

from tests.browser.conftest import Visitor
from tests.recyclers.conditions.works import Works
from tests.traceability.audit.faulty import record_faults
from tests.worlds import World
from traceability.audit.running import audit
from traceability.models import Gap, Organisation


@pytest.fixture
def faulty(province: World) -> World:
    cache.clear()
    record_faults(province)
    works = Works(province, province.recycler)
    works.smelted(into={"li": "10", "ni": "20"}, out={"li": "9.5", "ni": "19.7"})
    works.crushed(powder="490", assay={"al": "1.4", "cu": "1.2"})
    with audit():
        pass
    return province


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_exceptions_come_first_and_each_picture_has_its_table(
    visitor: Visitor,
    faulty: World,
    accessible: Callable[[Any], None],
    language: str,
) -> None:
    page = visitor.sign_in(faulty.alliance).speak(language).open("/audit/?from=2025-01-01&until=2025-12-31")
    for picture in ("trend", "heat", "flows"):
        page.locator(f"#{picture} svg").wait_for()
        assert page.locator(f"#{picture} ~ details table tbody tr").count() > 0
    accessible(page)


def test_from_a_figure_to_the_gap_and_its_battery(
    visitor: Visitor, faulty: World, accessible: Callable[[Any], None]
) -> None:
    page = visitor.sign_in(faulty.alliance).speak("en").open("/audit/")
    page.get_by_role("link", name="custody").first.click()
    page.locator("#rows a").first.click()
    accessible(page)
    assert page.locator("dl.facts a[href^='/b/']").first.is_visible()
    page.get_by_label("what you have to say").fill("Seen on the spot.")
    page.get_by_role("button", name="Accept it").click()
    page.get_by_text("Seen on the spot.").wait_for()
    assert Gap.objects.filter(status="accepted").count() == 1


def test_a_cell_of_the_heat_map_opens_its_batteries(visitor: Visitor, faulty: World) -> None:
    page = visitor.sign_in(faulty.alliance).speak("en").open("/audit/")
    page.locator("#heat svg").scroll_into_view_if_needed()
    box = page.locator("#heat svg").bounding_box()
    assert box is not None
    # The tests' packs are of one maker and month: the first column holds them.
    page.evaluate("document.querySelector('#heat').scrollIntoView({block: 'center'})")
    with page.expect_navigation(url="**/batteries/?manufacturer=*"):
        for row in range(6):
            page.locator("#heat svg").click(position={"x": 200, "y": 40 + row * (box["height"] - 150) / 6}, force=True)
            if "/batteries/" in page.url:
                break
    assert page.locator("#rows tr").count() >= 1


def test_a_name_is_no_html_on_the_heat_map(visitor: Visitor, faulty: World) -> None:
    Organisation.objects.filter(pk=faulty.maker.id).update(name_en="<i id='put-in'>Maker</i>")
    page = visitor.sign_in(faulty.alliance).speak("en").open("/audit/")
    page.locator("#heat svg").wait_for()
    shown = "dispatchAction({type: 'showTip', seriesIndex: 0, dataIndex: 0})"
    page.evaluate(f"echarts.getInstanceByDom(document.querySelector('#heat')).{shown}")
    page.get_by_text("<i id='put-in'>Maker</i> ·").wait_for()
    assert page.locator("#put-in").count() == 0


def test_a_small_phone_shows_it_without_sliding_the_page(phone: Visitor, faulty: World) -> None:
    page = phone.sign_in(faulty.alliance).open("/audit/")
    page.locator("#heat svg").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_a_file_is_taken_away_and_followed_to_its_end(
    visitor: Visitor, faulty: World, accessible: Callable[[Any], None], settings: Any, tmp_path: Any
) -> None:
    settings.IMPORTS_DIR = tmp_path
    page = visitor.sign_in(faulty.alliance).speak("en").open("/audit/")
    page.get_by_text("Take it away").click()
    accessible(page)
    form = page.get_by_role("form", name="Gaps")
    form.get_by_label("format").select_option("csv")
    with page.expect_download() as sent:
        form.get_by_role("button", name="Take it").click()
    form.get_by_text("your browser is receiving it").wait_for()
    assert sent.value.path().read_text("utf-8-sig").count("\n") > Gap.objects.count()
    assert page.url.endswith("/audit/")
