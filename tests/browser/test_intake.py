"""Intake as somebody at the dock does it: scan, see what became of it, go on."""

import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image

from tests.browser.conftest import Visitor
from tests.browser.dock import at_work, on_their_way, receipts, shoot
from tests.worlds import World
from traceability import events
from traceability.door import operators
from traceability.models import Attachment, LifecycleEvent, User

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
expect = playwright.expect


@pytest.fixture
def shoot_page(request: pytest.FixtureRequest) -> Callable[[Any, str], None]:
    """Keep a picture; the gun's `shoot` has the other name."""
    return request.getfixturevalue("shoot")  # type: ignore[no-any-return]


def outcome(page: Any, name: str, colour: str) -> None:
    """The whole screen says this."""
    box = page.locator("#outcome")
    expect(box).to_have_attribute("data-outcome", name)
    expect(box).to_have_class(colour)
    # What is well goes away by itself, on a busy machine before this looks; `test_intake_soon` sees it painted.
    if colour != "good":
        expect(box).to_be_visible()


def test_what_is_announced_is_received_and_the_screen_is_green(phone: Visitor, province: World) -> None:
    first, second = on_their_way(province, 2)
    page = at_work(phone, province)
    expect(page.locator("[data-tell=missing]").first).to_have_text(re.compile("2"))
    shoot(page, first.code)
    outcome(page, "received", "good")
    expect(page.locator("#badge")).to_have_text("已全部发送")
    shoot(page, second.code.lower(), "Tab")
    expect(page.locator("#outcome-code")).to_have_text(second.code)
    outcome(page, "received", "good")
    actor = f"user:{province.recycler.user.pk}"
    assert receipts(province) == [(first.code, actor), (second.code, actor)]


def test_what_nobody_announced_and_what_contradicts_the_record_is_recorded_and_told(
    phone: Visitor, province: World
) -> None:
    strange = province.pack_code()
    driving = province.pack().produced().installed()
    disputed = province.pack().produced().installed().removed()
    page = at_work(phone, province, offline=False)
    shoot(page, strange)
    outcome(page, "unannounced", "warn")
    shoot(page, disputed.code)
    # Another has it in store: whose label is this?
    outcome(page, "disputed", "bad")
    expect(page.locator("#outcome-more")).to_contain_text("可能")
    shoot(page, driving.code)
    outcome(page, "conflict", "bad")
    expect(page.locator("#outcome-then")).to_contain_text("单独存放")
    assert [code for code, _ in receipts(province)] == [strange, disputed.code, driving.code]
    page.locator("#badge").click()
    expect(page.locator("#rows li").first).to_contain_text("矛盾")


def test_what_cannot_be_read_goes_to_quarantine_with_condition_mass_and_photo(phone: Visitor, province: World) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (3000, 2000), "#884422").save(picture, "JPEG")
    page = at_work(phone, province, offline=False)
    shoot(page, "04QPE7")
    outcome(page, "unreadable", "bad")
    page.locator("#outcome-details").click()
    page.locator("#mass").fill("412.5x")
    page.get_by_label("漏液").check()
    page.locator("#photo").set_input_files({"name": "a.jpg", "mimeType": "image/jpeg", "buffer": picture.getvalue()})
    expect(page.locator("#photo-state")).to_contain_text("照片已保存")
    page.locator("#details button").click()
    expect(page.locator("#mass-problem")).not_to_be_empty()
    page.locator("#mass").fill("412.5")
    page.locator("#details button").click()
    outcome(page, "quarantined", "bad")
    expect(page.locator("#outcome-code")).to_contain_text("TMP-")
    expect(page.locator("[data-tell=mass]").first).to_have_text("412.5 千克")
    event = LifecycleEvent.objects.get(type="received")
    [stored] = events.stored([event])
    assert stored.fact.details["condition"] == "leaking"
    [attachment] = stored.fact.attachments or []
    assert Attachment.objects.get().sha256 == attachment["sha256"]


def test_taking_back_is_a_correction_that_stands_beside_the_first_record(phone: Visitor, province: World) -> None:
    [life] = on_their_way(province, 1)
    page = at_work(phone, province, offline=False)
    shoot(page, life.code)
    outcome(page, "received", "good")
    expect(page.locator("#outcome")).to_be_hidden()
    page.locator("#undo-last").click()
    outcome(page, "undone", "good")
    expect(page.locator("[data-tell=count]").first).to_contain_text("0")
    expect(page.locator("#badge")).to_have_text("已全部发送")
    expect(page.locator("#undo-last")).to_be_disabled()
    assert [event.type for event in life.events][-2:] == ["received", "corrected"]
    assert life.record.holder == province.workshop.organisation
    expect(page.locator("#outcome")).to_be_hidden()
    shoot(page, life.code)
    outcome(page, "received", "good")


def test_a_consignment_is_chosen_and_its_receipt_is_printed(phone: Visitor, province: World) -> None:
    [life] = on_their_way(province, 1, waybill="WB-7")
    on_their_way(province, 2, waybill="WB-8")
    page = phone.sign_in(province.recycler).open("/intake/")
    expect(page.locator("[data-tell=missing]").first).to_contain_text("3")
    page.locator("[data-go=waybill]").click()
    page.get_by_role("button", name="WB-7").click()
    page.locator("#start").click()
    expect(page.locator("[data-tell=missing]").first).to_contain_text("1")
    shoot(page, life.code)
    outcome(page, "received", "good")
    expect(page.locator("#outcome")).to_be_hidden()
    page.locator("[data-go=finish]").click()
    form = page.locator("#receipts form").first
    fields = dict(form.evaluate("form => [...new FormData(form).entries()]"))
    answer = phone.context.request.post(f"{phone.address}/intake/receipt.pdf", form=fields)
    assert (answer.status, answer.headers["content-type"]) == (200, "application/pdf")
    page.locator("#new-batch").click()
    expect(page.locator("[data-tell=count]").first).to_contain_text("0")


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_screen_is_accessible_and_fits_a_small_phone(
    phone: Visitor,
    province: World,
    accessible: Callable[[Any], None],
    shoot_page: Callable[[Any, str], None],
    language: str,
) -> None:
    [life, *_] = on_their_way(province, 3)
    operators.set_pin(User.objects.create_user("second", organisation=province.recycler.organisation), "402918")
    page = phone.speak(language).sign_in(province.recycler).open("/intake/")
    page.locator("html[data-offline=ready]").wait_for()
    shown = ["start", "waybill", "people"]
    for name in shown[1:]:
        page.locator(f"[data-go={name}]").first.click()
        fits(page, name, accessible)
        page.locator(f"[data-screen={name}] [data-go=back]").click()
    page.locator("[data-go=people]").click()
    page.get_by_role("button", name="second").click()
    fits(page, "pin", accessible)
    for name in ("pin", "people"):
        page.locator(f"[data-screen={name}] [data-go=back]").click()
    fits(page, "start", accessible)
    page.locator("#start").click()
    expect(page.locator("#camera-state")).not_to_be_empty()
    fits(page, "scan", accessible)
    if language != "en":
        shoot_page(page, "intake-scan")
    shoot(page, "HELLO")
    outcome(page, "unreadable", "bad")
    accessible(page)
    shoot(page, province.pack_code())
    outcome(page, "unannounced", "warn")
    accessible(page)
    shoot(page, life.code)
    outcome(page, "received", "good")
    accessible(page)
    if language != "en":
        shoot_page(page, "intake-received")
    for name in ("list", "finish"):
        page.locator(f"[data-screen=scan] [data-go={name}]").last.click()
        fits(page, name, accessible)
        page.locator(f"[data-screen={name}] [data-go=back]").click()
    page.locator("#no-code").click()
    fits(page, "details", accessible)


def fits(page: Any, name: str, accessible: Callable[[Any], None]) -> None:
    """The screen is shown, no wider than the phone, its buttons large, and axe has nothing against it."""
    expect(page.locator(f"[data-screen={name}]")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360, name
    heights = page.locator("button:visible").evaluate_all("all => all.map((one) => one.getBoundingClientRect().height)")
    assert min(heights) >= 56, (name, heights)
    accessible(page)


@pytest.mark.parametrize("width", [640, 320], ids=["a desk at 200 %", "a desk at 400 %"])
def test_every_screen_can_be_enlarged(visitors: Callable[..., Visitor], province: World, width: int) -> None:
    [life, *_] = on_their_way(province, 3)
    large = visitors(viewport={"width": width, "height": 450}).speak("en")
    page = large.sign_in(province.recycler).open("/intake/")
    expect(page.locator("#start")).to_be_enabled()

    def reflows(name: str) -> None:
        expect(page.locator(f"[data-screen={name}]")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name

    reflows("start")
    for name in ("waybill", "people"):
        page.locator(f"[data-go={name}]").first.click()
        reflows(name)
        page.locator(f"[data-screen={name}] [data-go=back]").click()
    page.locator("#start").click()
    reflows("scan")
    shoot(page, life.code)
    outcome(page, "received", "good")
    expect(page.locator("#badge")).to_have_text("All sent")
    shoot(page, "HELLO")
    outcome(page, "unreadable", "bad")
    assert page.locator("#outcome").evaluate("box => box.scrollWidth <= box.clientWidth")
    # From the sign above to the buttons below.
    for part in ("#outcome .sign", "#outcome-details", "#outcome-next"):
        page.locator(part).scroll_into_view_if_needed()
        expect(page.locator(part)).to_be_in_viewport(ratio=0.9)
    page.locator("#outcome-next").click()
    page.locator("#amend-last").click()
    reflows("details")
    page.locator("#details-cancel").click()
    for name in ("list", "finish"):
        page.locator(f"[data-screen=scan] [data-go={name}]").last.click()
        reflows(name)
        page.locator(f"[data-screen={name}] [data-go=back]").click()


def test_all_of_it_is_done_with_keys_alone(visitor: Visitor, province: World) -> None:
    [life] = on_their_way(province, 1)
    page = visitor.sign_in(province.recycler).open("/intake/")
    expect(page.locator("#start")).to_be_enabled()
    press_until(page, "Tab", "start")
    page.keyboard.press("Enter")
    expect(page.locator("#code")).to_be_focused()
    shoot(page, "HELLO")
    outcome(page, "unreadable", "bad")
    page.keyboard.press("Escape")
    expect(page.locator("#outcome")).to_be_hidden()
    expect(page.locator("#code")).to_be_focused()
    shoot(page, life.code)
    outcome(page, "received", "good")
    page.keyboard.press("Escape")
    press_until(page, "Tab", "amend-last")
    page.keyboard.press("Enter")
    expect(page.locator("#mass")).to_be_focused()
    page.keyboard.type("431")
    page.keyboard.press("Enter")
    outcome(page, "amended", "good")
    page.keyboard.press("Escape")
    press_until(page, "Tab", "undo-last")
    page.keyboard.press("Space")
    outcome(page, "undone", "good")
    expect(page.locator("#badge")).to_have_text("已全部发送")
    assert [event.type for event in life.events][-3:] == ["received", "corrected", "corrected"]
    # Nobody said what state it was in.
    [amended] = [one.fact for one in events.stored(life.events) if one.fact.replacement]
    assert amended.replacement is not None
    assert amended.replacement.details == {"massKg": "431"}


def press_until(page: Any, key: str, name: str) -> None:
    """Go on with this key until the element has the focus."""
    for _ in range(20):
        if page.evaluate("document.activeElement.id") == name:
            return
        page.keyboard.press(key)
    raise AssertionError(f"{name} is never reached")


def test_the_language_is_switched_on_the_page(phone: Visitor, province: World) -> None:
    page = phone.sign_in(province.recycler).open("/intake/")
    page.locator("html[data-offline=ready]").wait_for()
    page.locator("#language").click()
    expect(page.locator("#start")).to_have_text("Start receiving")
