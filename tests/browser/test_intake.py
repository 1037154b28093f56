"""Intake as somebody at the dock does it: scan, see what became of it, go on."""

import re
from typing import Any

import pytest

from tests.browser.conftest import Visitor
from tests.browser.dock import at_work, on_their_way, receipts, shoot
from tests.worlds import World

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
expect = playwright.expect


def outcome(page: Any, name: str, colour: str) -> None:
    """The whole screen says this."""
    box = page.locator("#outcome")
    expect(box).to_have_attribute("data-outcome", name)
    expect(box).to_be_visible()
    expect(box).to_have_class(colour)


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
