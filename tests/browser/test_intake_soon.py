"""How soon a scan is answered over the whole screen, and by whom: the device alone, or the record."""

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.browser import films
from tests.browser.conftest import Visitor
from tests.browser.dock import at_work, on_their_way, receipts, shoot
from tests.browser.test_intake_reading import LONG, PHONE
from tests.labelling import text_of
from tests.worlds import World

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
expect = playwright.expect
SCANS = 12
#: Notes, for each code that ends, how long it took until a frame with its outcome was painted.
WATCH = """
window.took = [];
let asked = null;
window.began = (code) => { asked = { code, at: performance.now() }; };
addEventListener('keydown', ({ key, target }) => {
  if (key === 'Enter' && target.id === 'code') began(target.value);
}, true);
new MutationObserver(() => {
  const box = document.getElementById('outcome');
  if (!asked || !box || box.hidden || document.getElementById('outcome-code').textContent !== asked.code) return;
  const [{ at }, said] = [asked, box.dataset.outcome];
  asked = null;
  requestAnimationFrame(() => setTimeout(() => took.push([said, performance.now() - at])));
}).observe(document, { subtree: true, attributes: true, childList: true, characterData: true });
"""
#: The same from the frame of the camera in which the code was found.
READER = """(code) => {
  let reader;
  Object.defineProperty(window, 'ZXingWASM', { configurable: true, get: () => reader, set: (given) => {
    reader = { ...given, readBarcodes: async (...more) => {
      const found = await given.readBarcodes(...more);
      if (found.some(({ isValid }) => isValid) && !took.length) began(code);
      return found;
    } };
  } });
}"""


def told(page: Any, count: int) -> list[tuple[str, float]]:
    """What was shown first after each code, and milliseconds."""
    until = time.monotonic() + LONG / 1000
    while len(found := page.evaluate("took")) < count:
        assert time.monotonic() < until, found
        page.wait_for_timeout(20)
    return [(said, ms) for said, ms in found]


def tell(report: Callable[[str], None], name: str, found: list[tuple[str, float]]) -> None:
    times = sorted(ms for _, ms in found)
    report(f"intake: outcome {name}: median {statistics.median(times):.0f} ms, slowest {times[-1]:.0f} ms")


@pytest.mark.parametrize("slower", [1, 4])
def test_how_soon_a_scan_is_answered_is_told(
    phone: Visitor, province: World, report: Callable[[str], None], slower: int
) -> None:
    phone.expected += ["ERR_INTERNET_DISCONNECTED", "ERR_FAILED"]
    lives = on_their_way(province, 2 * SCANS)
    phone.context.add_init_script(WATCH)
    page = at_work(phone, province)
    phone.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": slower})
    for number, life in enumerate(lives[:SCANS]):
        shoot(page, life.code)
        told(page, number + 1)
        expect(page.locator("#badge")).to_have_text("已全部发送", timeout=LONG)
    phone.context.set_offline(True)
    for number, life in enumerate(lives[SCANS:]):
        shoot(page, life.code)
        told(page, SCANS + number + 1)
    found = told(page, len(lives))
    tell(report, f"on line, CPU x{slower}", found[:SCANS])
    tell(report, f"off line, CPU x{slower}", found[SCANS:])
    # No answer of the server was to be had.
    assert {said for said, _ in found[SCANS:]} == {"saved"}
    assert len(receipts(province)) == SCANS


def test_how_soon_the_camera_is_answered_is_told(
    tmp_path: Path,
    launch: Callable[..., Any],
    visitors: Callable[..., Visitor],
    province: World,
    report: Callable[[str], None],
) -> None:
    [life] = on_their_way(province, 1)
    film = films.film(tmp_path / "film.mjpeg", films.label(text_of(province.maker, life), life.code))
    visitor = visitors(of=launch(f"--use-file-for-fake-video-capture={film}"), **PHONE)
    visitor.context.add_init_script(WATCH)
    visitor.context.add_init_script(f"({READER})('{life.code}')")
    page = at_work(visitor, province, offline=False)
    tell(report, "from the camera's frame", told(page, 1))
    expect(page.locator("#outcome")).to_have_attribute("data-outcome", "received", timeout=LONG)


def test_a_slow_server_is_not_waited_for_and_its_word_follows(
    phone: Visitor, province: World, report: Callable[[str], None]
) -> None:
    announced = on_their_way(province, 1)[0].code
    driving = province.pack().produced().installed().code
    phone.context.add_init_script(WATCH)
    held: list[Any] = []
    phone.context.route(
        "**/graphql/",
        lambda route: (
            held.append(route) if "receiveBatteries" in (route.request.post_data or "") else route.continue_()
        ),
    )
    page = at_work(phone, province, offline=False)
    box = page.locator("#outcome")
    for number, (code, first, last, colour) in enumerate(
        [(announced, "saved", "received", "good"), (driving, "saved_unannounced", "conflict", "bad")]
    ):
        shoot(page, code)
        expect(box).to_have_attribute("data-outcome", first)
        expect(page.locator("#outcome-then")).to_contain_text("正在询问")
        page.wait_for_timeout(2_000)
        expect(box).to_be_visible()
        assert receipts(province) == receipts(province)[:number]
        held.pop().continue_()
        expect(box).to_have_attribute("data-outcome", last)
        expect(box).to_have_class(colour)
    tell(report, "with a server that takes 2 s", told(page, 2))
