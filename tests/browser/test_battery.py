"""The page behind the QR symbol in a real browser: the street, the holder, the alliance, and what is tampered with."""

import hashlib
import re
from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pypdfium2
import pytest
from django.db import connection

from tests.browser.conftest import Visitor
from tests.labelling import text_of
from tests.worlds import Life, World
from traceability import append_only

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
expect = sync_api.expect
if TYPE_CHECKING:
    from playwright.sync_api import Page, Route


@pytest.fixture
def pack(province: World) -> Life:
    """A pack with a filed model, modules, a label, a correction, a hand-over with a difference, and a recall."""
    details = {
        "number": "NCM-75",
        "level": "pack",
        "batteryType": "E",
        "nominalVoltageV": "350.4",
        "ratedCapacityAh": "214",
        "nominalEnergyKwh": "75",
    }
    province.record(province.fact("model", province.maker, None, **details), by=province.maker)
    pack = province.pack(modules=3).produced(massKg="440")
    made = {"type": "produced", "battery": pack.code, "occurredAt": "2022-01-02T00:00:00Z"}
    parts = [{"code": code} for code in pack.module_codes]
    pack.corrected(pack.key, made | {"details": {"massKg": "438.5", "model": "NCM-75", "components": parts}})
    pack.installed().sold().removed(by=province.outlet, top={"site": {"name": "高新", "region": "510100"}})
    pack.dispatched(to=province.recycler, waybill="SF-1")
    pack.received(by=province.recycler, waybill="SF-1", condition="damaged", massKg="431")
    pack.recalled(campaign="R-2022-7", instruction="Do not charge it; store it outdoors, 10 m from buildings.")
    return pack.inspected(sohPercent="71.5", visual="a dent", temperatureC="-3.5")


def verified(page: "Page") -> str:
    page.locator("#verify-button").click()
    expect(page.locator("#verify-result")).to_have_class(re.compile("notice"))
    return page.locator("#verify-result").inner_text()


def path_of(text: str) -> str:
    return "/" + text.split("/", 3)[3]


def served(page: "Page", change: Callable[[Any], None]) -> None:
    """Serve other bytes than the stored ones, as somebody between server and browser would."""

    def handle(route: "Route") -> None:
        told = route.fetch().json()
        change(told)
        route.fulfill(json=told)

    page.route("**/bodies.json*", handle)


def rewritten(visitor: Visitor, path: str, change: Callable[[str], str]) -> "Page":
    """Open a page whose HTML is changed on its way."""

    def handle(route: "Route") -> None:
        answer = route.fetch()
        changed = change(answer.text())
        assert changed != answer.text()
        route.fulfill(response=answer, body=changed)

    page = visitor.watched(visitor.context.new_page())
    page.route(f"**{path}", handle)
    page.goto(visitor.address + path)
    return page


def with_mass(event: dict[str, Any]) -> None:
    """Let the bytes of an event say another mass, and its hash fit them."""
    body = b64decode(event["body"]).replace(b'"massKg":"431"', b'"massKg":"440"')
    event |= {"body": b64encode(body).decode(), "hash": hashlib.sha256(body).hexdigest()}


def in_database(sql: str, *values: Any) -> None:
    with append_only.laid_aside(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE traceability_lifecycleevent SET {sql} WHERE id = %s", values)


# The street ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_street_reads_a_label_on_a_small_phone(
    phone: Visitor, province: World, pack: Life, accessible: Any, shoot: Any, language: str
) -> None:
    label = text_of(province.maker, pack, at="2023-01-05T08:00:00Z")
    page = phone.speak(language).open(path_of(label))
    expect(page.locator("h1")).to_contain_text(pack.code)
    told = page.locator("main").inner_text()
    for wanted in ("350.4 V", "75 kWh", "R-2022-7", "10 m"):
        assert wanted in told
    assert ("标签真实" if language == "zh-hans" else "Genuine label") in told
    assert page.locator("#verify").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.locator("summary").click()
    expect(page.get_by_text("GB/T 33598-2017")).to_be_visible()
    accessible(page)
    if language == "zh-hans":
        page.evaluate("scrollTo(0, 0)")
        shoot(page, "battery-street")


def test_the_street_compares_the_hash_on_its_receipt(phone: Visitor, province: World, pack: Life) -> None:
    page = phone.speak("en").open(f"/b/{pack.code}")
    page.get_by_label("SHA-256 on a receipt").fill(bytes(pack.events[4].hash).hex())
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_text("record no. 5 of this battery")).to_be_visible()


def test_the_first_page_leads_there_and_an_unknown_code_to_help(
    phone: Visitor, province: World, pack: Life, accessible: Any
) -> None:
    page = phone.speak("en").open()
    page.get_by_label("Look up a battery").fill(pack.code.lower())
    page.get_by_label("Look up a battery").press("Enter")
    expect(page).to_have_url(f"{phone.address}/b/{pack.code}")
    page = phone.open("/B/04QPE76836300JBC4000O999")
    expect(page.get_by_role("heading", name="What to check")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    accessible(page)


def test_it_prints_on_one_sheet(visitor: Visitor, province: World, pack: Life) -> None:
    page = visitor.open(f"/b/{pack.code}")
    document = pypdfium2.PdfDocument(page.pdf(prefer_css_page_size=True))
    try:
        assert len(document) == 1
        assert [round(side) for side in document[0].get_size()] == [595, 842]
        text = document[0].get_textpage().get_text_bounded()
    finally:
        document.close()
    assert pack.code in text
    # What is folded up on the screen is not on paper.
    assert "GB/T 33598-2017" in text
    assert "比对" not in text


# Who has rights ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_holder_verifies_the_record_in_the_browser_and_again_without_network(
    phone: Visitor, province: World, pack: Life, accessible: Any, language: str
) -> None:
    page = phone.speak(language).sign_in(province.recycler).open(f"/b/{pack.code}")
    assert "9" in verified(page)
    expect(page.locator("#verify-result")).to_have_class("notice good")
    expect(page.locator("[data-verdict].good")).to_have_count(9)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    accessible(page)
    phone.context.set_offline(True)
    page.locator("#verify-result").evaluate("element => { element.className = '' }")
    assert "9" in verified(page)
    expect(page.locator("#verify-result")).to_have_class("notice good")
    phone.context.set_offline(False)


def test_the_alliance_sees_it_all_and_drills_down(
    visitor: Visitor, province: World, pack: Life, accessible: Any, shoot: Any
) -> None:
    page = visitor.speak("en").sign_in(province.alliance).open(f"/b/{pack.code}")
    assert "Everything holds: 9 records recomputed, 9 links followed, 9 records on this page compared." in verified(
        page
    )
    accessible(page)
    page.locator("#timeline").evaluate("element => element.scrollIntoView()")
    shoot(page, "battery-alliance")
    page.locator(".gaps a").first.click()
    expect(page.locator("[data-event]:target")).to_be_visible()
    page.locator("#made ~ ul a").first.click()
    expect(page.locator("h1")).to_contain_text(pack.module_codes[0])
    assert "Everything holds" in verified(page)


def test_who_sees_a_part_is_told_what_could_not_be_recomputed(visitor: Visitor, province: World, pack: Life) -> None:
    page = visitor.speak("en").sign_in(province.outlet).open(f"/b/{pack.code}")
    told = verified(page)
    assert "Everything holds: 2 records recomputed" in told
    assert "were not open to you" in told


def test_parts_originals_products_and_provisional_codes_hold_too(visitor: Visitor, province: World) -> None:
    pack = province.pack(modules=2, cells=2).produced().installed().removed(by=province.second_life)
    pack.dismantled(by=province.second_life, residues=[{"material": "copper", "massKg": "3"}])
    product = province.battery("08XPB01C8E0000001RP")
    product.do("assembled", province.second_life, sources=pack.module_codes)
    other = province.pack().produced().installed().removed(by=province.outlet)
    province.battery("TMP-XYZ").received(by=province.recycler, label="missing")
    province.battery("TMP-XYZ").identified(other, by=province.alliance)
    visitor.speak("en").sign_in(province.alliance)
    for code in (pack.code, pack.module_codes[0], product.code, other.code):
        page = visitor.open(f"/b/{code}")
        assert "Everything holds" in verified(page), code


# Tampering -----------------------------------------------------------------------------------------------------------

TAMPERED = {
    "another body": (
        lambda told: told["events"][6].update(body=b64encode(b64decode(told["events"][6]["body"]) + b" ").decode()),
        "the bytes do not have this hash",
    ),
    "another body with its hash": (lambda told: with_mass(told["events"][6]), "it does not link to the record before"),
    "another last body with its hash": (
        lambda told: told["events"][8].update(told["events"][7] | {"sequence": 9}),
        "the bytes are those of another place",
    ),
    "a record less": (lambda told: told["events"].pop(3), "the record before is missing"),
    "the last record less": (lambda told: told["events"].pop(), "is not its last record"),
    "another link": (lambda told: told["events"][4].update(previousHash="0" * 64), "it does not link"),
    "no JSON": (
        lambda told: told["events"][2].update(body=b64encode(b"x").decode(), hash=hashlib.sha256(b"x").hexdigest()),
        "the bytes cannot be read",
    ),
    "another list": (
        lambda told: told["events"][0]["contents"].update(components="[]"),
        "a list is not the one that the record names",
    ),
}


@pytest.mark.parametrize("case", TAMPERED)
def test_bytes_that_were_changed_on_their_way_are_found(
    visitor: Visitor, province: World, pack: Life, case: str
) -> None:
    change, told = TAMPERED[case]
    page = visitor.speak("en").sign_in(province.alliance).open(f"/b/{pack.code}")
    served(page, change)
    assert "do not hold" in verified(page)
    expect(page.locator("#verify-result")).to_have_class("notice bad")
    assert told in page.locator("main").inner_text()


SHOWN = {
    "mass": (lambda page: page.replace(">431</span>", ">440</span>"), "Mass"),
    "time": (lambda page: page.replace("2022-01-09 08:00:00</time>", "2022-01-08 08:00:00</time>"), "Occurred"),
    "organisation": (lambda page: page.replace("MA6000009", "MA6000008"), "Organisation"),
    "type": (lambda page: page.replace('"type">Received<', '"type">Refused by the addressee<'), "Type"),
    "a part": (lambda page: re.sub(r">(04QM\w+)1</a>", r">\g<1>7</a>", page), "Parts"),
    "place": (lambda page: page.replace("Region 510100", "Region 500000"), "Place"),
    "a hash": (lambda page: re.sub(r'(data-shown="hash">)\w{4}', r"\g<1>0000", page), "SHA-256"),
    "a record that is hidden": (
        lambda page: re.sub(r'(?s)<li class="event" id="event-\w+-7".*?</details>\s*</li>', "", page),
        "record no. 7",
    ),
    "a record that is made up": (lambda page: page.replace('data-sequence="7"', 'data-sequence="70"'), "there is not"),
}


@pytest.mark.parametrize("case", SHOWN)
def test_a_page_that_shows_something_else_than_the_record_is_found(
    visitor: Visitor, province: World, pack: Life, case: str
) -> None:
    change, told = SHOWN[case]
    page = rewritten(visitor.speak("en").sign_in(province.alliance), f"/b/{pack.code}", change)
    assert "do not hold" in verified(page)
    assert told in page.locator("main").inner_text()


@pytest.mark.parametrize("what", ["body", "hash", "link", "organisation", "actor"])
def test_a_database_that_was_changed_past_its_triggers_is_found(
    visitor: Visitor, province: World, pack: Life, what: str
) -> None:
    event = pack.events[6]
    if what == "body":
        in_database("body = %s", bytes(event.body).replace(b'"431"', b'"440"'), event.pk)
    elif what == "hash":
        in_database("hash = %s", bytes(32), event.pk)
    elif what == "link":
        in_database("previous_hash = %s", bytes(32), event.pk)
    elif what == "organisation":
        in_database("organisation_id = %s", province.stranger.id, event.pk)
    else:
        in_database("actor = %s", "user:99", event.pk)
    page = visitor.speak("en").sign_in(province.alliance).open(f"/b/{pack.code}")
    expect(page.get_by_text("The record does not hold.")).to_be_visible()
    assert "do not hold" in verified(page)
    expect(page.locator("[data-event].fails").first).to_be_visible()
