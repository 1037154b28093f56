"""How heavy the page is, how soon it shows, and two hundred scans."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.staticfiles import finders

from tests.browser.conftest import Visitor
from tests.browser.dock import at_work, on_their_way, receipts, shoot
from tests.browser.test_intake_offline import LONG, waits
from tests.worlds import World

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
expect = playwright.expect
#: Chromium's own "slow 3G".
SLOW_3G = {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000}
NO_LIMIT = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}


def test_the_page_is_light_beside_its_reader(phone: Visitor, province: World, report: Callable[[str], None]) -> None:
    loaded: set[str] = set()
    phone.context.on("request", lambda request: loaded.add(urlsplit(request.url).path))
    page = at_work(phone, province)
    page.locator("script[src*=zxing-reader]").wait_for(state="attached")
    files = {path for path in loaded if path.startswith("/static/") and not path.endswith(".wasm")}
    weights = {path: len(gzip.compress(Path(str(finders.find(path[8:]))).read_bytes(), 6)) for path in files}
    weights["/intake/"] = len(gzip.compress(page.content().encode(), 6))
    report(f"intake: {sum(weights.values()) / 1024:.1f} KB gzip beside the reader, {len(weights)} files")
    assert sum(weights.values()) < 250 * 1024, weights


def test_the_first_paint_is_told(phone: Visitor, province: World, report: Callable[[str], None]) -> None:
    """On a slow device and network: the first visit, and a later one, which the device serves itself."""
    phone.sign_in(province.recycler)
    page = phone.watched(phone.context.new_page())
    cdp = phone.context.new_cdp_session(page)
    cdp.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    cdp.send("Network.enable")
    cdp.send("Network.emulateNetworkConditions", SLOW_3G)
    page.goto(f"{phone.address}/intake/", wait_until="commit")
    first = painted(page)
    expect(page.locator("#start")).to_be_enabled(timeout=LONG)
    usable = page.evaluate("performance.now()")
    report(f"intake: first paint {first:.0f} ms, usable after {usable / 1000:.1f} s (CPU x4, slow 3G, first visit)")
    cdp.send("Network.emulateNetworkConditions", NO_LIMIT)
    page.locator("html[data-offline=ready]").wait_for(timeout=LONG)
    cdp.send("Network.emulateNetworkConditions", SLOW_3G)
    page.reload()
    later = painted(page)
    report(f"intake: first paint {later:.0f} ms (CPU x4, slow 3G, later visit)")


def painted(page: Any) -> float:
    """When something was shown first, in milliseconds."""
    script = """() => new Promise((resolve) => new PerformanceObserver((list) => {
      const [found] = list.getEntriesByName('first-contentful-paint');
      if (found) resolve(found.startTime);
    }).observe({ type: 'paint', buffered: true }))"""
    return float(page.evaluate(script))


def test_two_hundred_scans_without_network_all_arrive_once(phone: Visitor, province: World) -> None:
    """With a reload, codes that are scanned twice, and answers that are lost on the way back."""
    phone.expected += ["ERR_INTERNET_DISCONNECTED", "ERR_FAILED"]
    codes = [province.pack_code() for _ in range(199)]
    [announced] = on_their_way(province, 1)
    codes.insert(100, announced.code)
    page = at_work(phone, province)
    phone.context.set_offline(True)
    for number, code in enumerate(codes, 1):
        shoot(page, code)
        if number == 80:
            shoot(page, codes[40])
            expect(page.locator("#outcome")).to_have_attribute("data-outcome", "duplicate", timeout=LONG)
        if number == 120:
            waits(page, number)
            page.reload()
            page.locator("#start").click()
            expect(page.locator("#code")).to_be_focused()
            shoot(page, codes[0])
            expect(page.locator("#outcome")).to_have_attribute("data-outcome", "duplicate", timeout=LONG)
    waits(page, 200)
    asked: list[str] = []
    phone.context.route("**/graphql/", lambda route: lose(route, asked))
    phone.context.set_offline(False)
    waits(page, 0)
    repeated = [key for key in asked if asked.count(key) == 2]
    assert (len(asked), len(set(asked)), len(repeated)) == (200 + len(LOST), 200, 2 * len(LOST))
    assert [code for code, _ in receipts(province)] == codes
    page.locator("#badge").click()
    expect(page.locator("#rows li[data-state=done]")).to_have_count(200, timeout=LONG)
    expect(page.locator("#rows li", has_text=announced.code)).to_contain_text("已接收")
    expect(page.locator("#rows")).not_to_contain_text("重复扫描")


#: Which answers never arrive.
LOST = (3, 90, 151)


def lose(route: Any, asked: list[str]) -> None:
    """Let the server record it, and lose the answer of some."""
    body = route.request.post_data or ""
    if "receiveBatteries" in body:
        asked.append(json.loads(body)["variables"]["input"]["idempotencyKey"])
        if len(asked) in LOST:
            route.fetch()
            route.abort("failed")
            return
    route.continue_()
