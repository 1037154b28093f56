"""A dock for tests: batteries on their way, a scanner gun, the page of the device."""

from typing import TYPE_CHECKING, Any

from tests.browser.conftest import Visitor
from tests.worlds import Life, World
from traceability.models import LifecycleEvent

if TYPE_CHECKING:
    from playwright.sync_api import Page

#: Between the lives of a world, which begin in 2022, and any clock.
SENT = "2026-11-01T08:00:00Z"


def on_their_way(world: World, count: int, **more: Any) -> list[Life]:
    """Packs that were sent to the recycler under one waybill."""
    told = {"waybill": "WB-1", "at": SENT} | more
    return [world.pack().produced().installed().removed().dispatched(to=world.recycler, **told) for _ in range(count)]


def at_work(visitor: Visitor, world: World, *, offline: bool = True) -> "Page":
    """The recycler's person with the page open and receiving; where told so, ready to go on without the network."""
    page = visitor.sign_in(world.recycler).open("/intake/")
    page.locator("html[data-expected=known]").wait_for()
    if offline:
        page.locator("html[data-offline=ready]").wait_for()
    page.locator("#start").click()
    return page


def shoot(page: "Page", text: str, end: str = "Enter") -> None:
    """Let the gun read a text."""
    page.keyboard.type(text)
    page.keyboard.press(end)


def receipts(world: World) -> list[tuple[str, str]]:
    """The receipts on record, in order of arrival: code and who."""
    rows = LifecycleEvent.objects.filter(type="received", organisation=world.recycler.organisation)
    return list(rows.order_by("id").values_list("record__code", "actor"))
