"""Intake without the network: nothing is lost, nothing twice, and each scan bears its own time and person."""

import re
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.conftest import Visitor
from tests.browser.dock import at_work, on_their_way, receipts, shoot
from tests.worlds import World
from traceability import events
from traceability.door import operators
from traceability.models import LifecycleEvent, User

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
expect = playwright.expect
PIN = "402918"
#: Sending many takes its time on a busy machine.
LONG = 120_000


@pytest.fixture
def offline(phone: Visitor) -> Visitor:
    """A phone that may lose its network: the browser says so on its console."""
    phone.expected += [
        "ERR_INTERNET_DISCONNECTED",
        "ERR_FAILED",
        "ERR_EMPTY_RESPONSE",
        "status of 401",
        "status of 403",
    ]
    return phone


def waits(page: Any, count: int) -> None:
    text = f"待上传 {count}" if count else "已全部发送"
    expect(page.locator("#badge")).to_have_text(text, timeout=LONG)


def test_scans_without_network_survive_a_reload_and_are_sent_once_in_order(offline: Visitor, province: World) -> None:
    lives = on_their_way(province, 20)
    page = at_work(offline, province)
    offline.context.set_offline(True)
    for life in lives[:10]:
        shoot(page, life.code)
    expect(page.locator("#outcome")).to_have_attribute("data-outcome", "saved")
    waits(page, 10)
    page.reload()
    waits(page, 10)
    page.locator("#start").click()
    for life in lives[10:]:
        shoot(page, life.code)
    waits(page, 20)
    assert receipts(province) == []
    offline.context.set_offline(False)
    waits(page, 0)
    assert [code for code, _ in receipts(province)] == [life.code for life in lives]
    times = LifecycleEvent.objects.filter(type="received").order_by("id").values_list("occurred_at", "recorded_at")
    assert all(occurred < recorded for occurred, recorded in times)
    assert [occurred for occurred, _ in times] == sorted(occurred for occurred, _ in times)


def losing_answers(visitor: Visitor) -> tuple[list[int], list[bool]]:
    """Lose what the server says of receipts, the first of which it commits, until the second list holds something.

    Gives the statuses of the answers that it gave and nobody saw, and that list.
    """
    lost: list[int] = []
    back: list[bool] = []

    def lose(route: Any) -> None:
        if back or "receiveBatteries" not in (route.request.post_data or ""):
            route.continue_()
            return
        if not lost:
            lost.append(route.fetch().status)
        route.abort("failed")

    visitor.context.route("**/graphql/", lose)
    return lost, back


def test_an_answer_that_was_lost_is_asked_for_again_and_nothing_is_recorded_twice(
    offline: Visitor, province: World
) -> None:
    [life] = on_their_way(province, 1)
    page = at_work(offline, province)
    lost, back = losing_answers(offline)
    shoot(page, life.code)
    expect(page.locator("#outcome")).to_have_attribute("data-outcome", "saved")
    waits(page, 1)
    back.append(True)
    page.evaluate("window.dispatchEvent(new Event('online'))")
    waits(page, 0)
    # The server knew the key: what it says is what it had said.
    expect(page.locator("#outcome")).to_have_attribute("data-outcome", "received")
    assert lost == [200]
    assert len(receipts(province)) == 1
    page.locator("#badge").click()
    expect(page.locator("#rows li").first).to_contain_text("已接收")


def test_a_page_that_dies_between_commit_and_answer_has_the_record_once_and_as_received(
    offline: Visitor, province: World
) -> None:
    [life] = on_their_way(province, 1)
    page = at_work(offline, province)
    committed: list[int] = []

    def hang(route: Any) -> None:
        if committed or "receiveBatteries" not in (route.request.post_data or ""):
            route.continue_()
        else:
            # Answered to nobody: the page is gone before.
            committed.append(route.fetch().status)

    offline.context.route("**/graphql/", hang)
    shoot(page, life.code)
    expect(page.locator("#outcome")).to_have_attribute("data-outcome", "saved")
    waits(page, 1)
    until = time.monotonic() + 30
    while not committed and time.monotonic() < until:
        page.wait_for_timeout(50)
    page.close()
    page = offline.open("/intake/")
    waits(page, 0)
    assert committed == [200]
    assert len(receipts(province)) == 1
    page.locator("#badge").click()
    expect(page.locator("#rows li").first).to_contain_text("已接收")
    expect(page.locator("#rows li")).to_have_count(1)


# Memory that is full --------------------------------------------------------------------------------------------------


def fill(page: Any, *writes: str) -> None:
    """Let these writes of scans (`add`, `put`) find the memory full."""
    page.evaluate(
        """(full) => {
          for (const name of ['add', 'put']) {
            const usual = IDBObjectStore.prototype[name];
            IDBObjectStore.prototype[name] = function (...given) {
              const isFull = window.full.includes(name) && this.name === 'rows';
              if (isFull) throw new DOMException('full', 'QuotaExceededError');
              return usual.apply(this, given);
            };
          }
          window.full = full;
        }""",
        list(writes),
    )


def test_memory_that_is_nearly_full_is_told_before_work_begins(offline: Visitor, province: World) -> None:
    room = "navigator.storage.estimate = () => Promise.resolve({ usage: 91, quota: 100 });"
    offline.context.add_init_script(room)
    page = offline.sign_in(province.recycler).open("/intake/")
    expect(page.locator("#trouble")).to_contain_text(re.compile("存储将满.*91"))
    expect(page.locator("[data-screen=start]")).to_be_visible()


def test_what_the_device_cannot_keep_is_not_saved_and_the_screen_says_so(offline: Visitor, province: World) -> None:
    first, second = on_their_way(province, 2)
    page = at_work(offline, province)
    fill(page, "add")
    shoot(page, first.code)
    expect(page.locator("#outcome")).to_have_attribute("data-outcome", "unsaved")
    expect(page.locator("#outcome")).to_have_class("bad")
    expect(page.locator("#outcome-title")).to_contain_text("没有保存")
    expect(page.locator("#outcome-code")).to_have_text(first.code)
    expect(page.locator("[data-tell=count]").first).to_contain_text("0")
    assert receipts(province) == []
    page.evaluate("window.full = []")
    for life in (first, second):
        shoot(page, life.code)
        expect(page.locator("#outcome-code")).to_have_text(life.code)
        expect(page.locator("#outcome")).to_have_attribute("data-outcome", "received")
    assert [code for code, _ in receipts(province)] == [first.code, second.code]


def test_an_answer_that_the_device_cannot_keep_is_asked_for_again(offline: Visitor, province: World) -> None:
    [life] = on_their_way(province, 1)
    page = at_work(offline, province)
    fill(page, "put")
    shoot(page, life.code)
    expect(page.locator("#trouble")).to_contain_text("存储已满")
    waits(page, 1)
    page.evaluate("window.full = []; window.dispatchEvent(new Event('online'))")
    waits(page, 0)
    expect(page.locator("#outcome")).to_have_attribute("data-outcome", "received")
    assert len(receipts(province)) == 1


def test_a_code_scanned_again_is_told_with_time_and_person_and_recorded_once(offline: Visitor, province: World) -> None:
    [life] = on_their_way(province, 1)
    page = at_work(offline, province)
    offline.context.set_offline(True)
    shoot(page, life.code)
    expect(page.locator("#outcome")).to_have_attribute("data-outcome", "saved")
    shoot(page, life.code)
    expect(page.locator("#outcome")).to_have_attribute("data-outcome", "duplicate")
    expect(page.locator("#outcome-more")).to_contain_text(province.recycler.user.username)
    waits(page, 1)
    offline.context.set_offline(False)
    waits(page, 0)
    assert len(receipts(province)) == 1


def test_an_expired_sign_in_keeps_the_queue_and_asks_to_sign_in(offline: Visitor, province: World) -> None:
    lives = on_their_way(province, 2)
    page = at_work(offline, province)
    offline.context.clear_cookies()
    for life in lives:
        shoot(page, life.code)
    waits(page, 2)
    expect(page.locator("#trouble")).to_contain_text("登录已过期")
    expect(page.locator("#trouble a")).to_have_attribute("href", "/sign-in/?next=/intake/")
    offline.sign_in(province.recycler)
    page.reload()
    waits(page, 0)
    assert len(receipts(province)) == 2


def test_two_tabs_send_each_scan_once(offline: Visitor, province: World) -> None:
    lives = on_their_way(province, 12)
    one = at_work(offline, province)
    two = offline.open("/intake/")
    two.locator("#start").click()
    offline.context.set_offline(True)
    for page, mine, kept in ((one, lives[:6], 6), (two, lives[6:], 12)):
        page.bring_to_front()
        for life in mine:
            shoot(page, life.code)
        # A tab in the background may be slow to write the last one down.
        waits(page, kept)
    offline.context.set_offline(False)
    waits(one, 0)
    waits(two, 0)
    assert [code for code, _ in receipts(province)] == [life.code for life in lives]


def test_a_hand_over_without_network_is_sent_under_the_true_name_after_the_pin(
    offline: Visitor, province: World
) -> None:
    second = User.objects.create_user("second", organisation=province.recycler.organisation)
    operators.set_pin(second, PIN)
    first, other = on_their_way(province, 2)
    page = at_work(offline, province)
    expect(page.locator("[data-tell=missing]").first).to_have_text(re.compile("2"))
    offline.context.set_offline(True)
    shoot(page, first.code)
    waits(page, 1)
    take_over(page, "000000")
    shoot(page, other.code)
    waits(page, 2)
    offline.context.set_offline(False)
    expect(page.locator("#trouble")).to_contain_text("second", timeout=LONG)
    waits(page, 1)
    page.keyboard.press("Escape")
    take_over(page, PIN)
    waits(page, 0)
    assert receipts(province) == [
        (first.code, f"user:{province.recycler.user.pk}"),
        (other.code, f"user:{second.pk}"),
    ]


def take_over(page: Any, pin: str) -> None:
    page.locator("#outcome").evaluate("box => { box.hidden = true; }")
    page.locator("#person").click()
    page.get_by_role("button", name="second").last.click()
    page.locator("#pin").fill(pin)
    page.locator("#pin-form button").click()
    expect(page.locator("#person-name")).to_have_text("second")
    expect(page.locator("[data-screen=pin]")).to_be_hidden()


def test_another_organisation_never_sends_what_this_one_scanned(offline: Visitor, province: World) -> None:
    [life] = on_their_way(province, 1)
    page = at_work(offline, province)
    offline.context.set_offline(True)
    shoot(page, life.code)
    waits(page, 1)
    come_in_as(offline, province)
    offline.context.set_offline(False)
    expect(page.locator("#trouble")).to_contain_text(province.recycler.user.username, timeout=LONG)
    page.reload()
    expect(page.locator("[data-screen=start] .quiet").first).to_have_text(province.stranger.organisation.name)
    waits(page, 0)
    assert not LifecycleEvent.objects.filter(type="received").exists()


def come_in_as(visitor: Visitor, province: World) -> None:
    visitor.context.clear_cookies()
    visitor.sign_in(province.stranger)


# Mass and condition, said later --------------------------------------------------------------------------------------


def amend(page: Any, mass: str, condition: str) -> None:
    """Say mass and condition of the last one."""
    page.locator("#amend-last").click()
    page.locator("#mass").fill(mass)
    page.get_by_label(condition).check()
    page.locator("#details button").click()


def said(world: World) -> list[tuple[str, Any, Any]]:
    """What stands of each receipt, in order: code, mass, condition."""
    rows = LifecycleEvent.objects.filter(type__in=("received", "corrected"), organisation=world.recycler.organisation)
    standing, _ = events.standing(events.stored(rows.order_by("id")))
    return [(one.fact.code, one.fact.details.get("massKg"), one.fact.details.get("condition")) for one in standing]


def test_what_was_not_sent_yet_is_amended_where_it_waits(offline: Visitor, province: World) -> None:
    first, last = on_their_way(province, 2)
    page = at_work(offline, province)
    offline.context.set_offline(True)
    for life, mass, condition in ((first, "430.5", "完好"), (last, "429", "破损")):
        shoot(page, life.code)
        expect(page.locator("#outcome-code")).to_have_text(life.code)
        page.keyboard.press("Escape")
        amend(page, mass, condition)
        expect(page.locator("#outcome")).to_have_attribute("data-outcome", "amended")
        page.keyboard.press("Escape")
    waits(page, 2)
    expect(page.locator("[data-tell=mass]").first).to_have_text("859.5 千克")
    offline.context.set_offline(False)
    waits(page, 0)
    assert said(province) == [(first.code, "430.5", "intact"), (last.code, "429", "damaged")]
    assert not LifecycleEvent.objects.filter(type="corrected").exists()


def test_what_was_sent_is_amended_by_a_correction_that_keeps_the_rest(offline: Visitor, province: World) -> None:
    [life] = on_their_way(province, 1)
    page = offline.sign_in(province.recycler).open("/intake/")
    expect(page.locator("[data-tell=missing]").first).to_have_text(re.compile("1"))
    page.locator("[data-go=waybill]").click()
    page.get_by_role("button", name="WB-1").click()
    page.locator("#start").click()
    shoot(page, life.code)
    waits(page, 0)
    expect(page.locator("#outcome")).to_have_attribute("data-outcome", "received")
    before = life.record
    offline.context.set_offline(True)
    page.keyboard.press("Escape")
    amend(page, "431.25", "漏液")
    expect(page.locator("#outcome")).to_have_attribute("data-outcome", "quarantined")
    waits(page, 1)
    offline.context.set_offline(False)
    waits(page, 0)
    assert said(province) == [(life.code, "431.25", "leaking")]
    corrected = LifecycleEvent.objects.get(type="corrected")
    [stored] = events.stored([corrected])
    assert stored.fact.details["replacement"]["details"].keys() == {"from", "waybill", "massKg", "condition"}
    assert life.record.holder == before.holder == province.recycler.organisation
    assert LifecycleEvent.objects.get(type="received").step.effective is False
    page.locator("#badge").click()
    expect(page.locator("#rows li", has_text="431.25")).to_have_count(2)


def test_what_may_have_been_sent_is_amended_by_a_correction(offline: Visitor, province: World) -> None:
    [life] = on_their_way(province, 1)
    page = at_work(offline, province)
    _lost, back = losing_answers(offline)
    shoot(page, life.code)
    expect(page.locator("#trouble")).to_be_visible()
    page.keyboard.press("Escape")
    amend(page, "432", "完好")
    back.append(True)
    waits(page, 0)
    assert said(province) == [(life.code, "432", "intact")]
    assert [event.type for event in life.events][-2:] == ["received", "corrected"]


# A receipt before the record has confirmed it -------------------------------------------------------------------------


def test_without_the_network_the_receipt_says_that_it_is_not_confirmed(
    offline: Visitor, province: World, accessible: Callable[[Any], None], shoot_page: Callable[[Any, str], None]
) -> None:
    offline.context.add_init_script("window.printed = 0; window.print = () => { window.printed += 1; };")
    first, last = on_their_way(province, 2)
    page = at_work(offline, province)
    offline.context.set_offline(True)
    for life in (first, last):
        shoot(page, life.code)
    waits(page, 2)
    page.keyboard.press("Escape")
    amend(page, "431.5", "破损")
    page.keyboard.press("Escape")
    page.locator("[data-go=finish]").click()
    paper = page.locator("#paper")
    expect(paper).to_contain_text("尚未经系统记录确认")
    for told in (first.code, last.code, "431.5", "破损", province.recycler.code, province.recycler.user.username):
        expect(paper).to_contain_text(told)
    expect(page.locator("#receipts form")).to_have_count(0)
    accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    shoot_page(page, "intake-unconfirmed")
    page.locator("#print").click()
    assert page.evaluate("window.printed") == 1
    page.emulate_media(media="print")
    expect(page.locator("#print")).to_be_hidden()
    expect(page.locator("#new-batch")).to_be_hidden()
    expect(paper).to_be_visible()
    page.emulate_media(media="screen")
    batch = paper.locator("dd", has_text="intake-").inner_text()
    page.locator("#new-batch").click()
    offline.context.set_offline(False)
    waits(page, 0)
    keys = LifecycleEvent.objects.filter(type="received").values_list("key", flat=True)
    assert [key.startswith(f"{batch}-") for key in keys] == [True, True]
    # The confirmed one takes its place, also when another batch has begun.
    page.locator("[data-screen=scan] [data-go=finish]").click()
    page.locator("#batches button").click()
    expect(page.locator("#receipts form")).to_have_count(3)
    expect(paper).to_be_hidden()
    fields = list(page.locator("#receipts form").first.evaluate("form => [...new FormData(form).entries()]"))
    assert [value for name, value in fields if name == "key"] == list(keys)


@pytest.fixture
def shoot_page(request: pytest.FixtureRequest) -> Callable[[Any, str], None]:
    """Keep a picture; the gun's `shoot` has the other name."""
    return request.getfixturevalue("shoot")  # type: ignore[no-any-return]
