"""How many queries the hot questions take: pinned, and independent of how much there is."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.graphql_schema.asking import contract, good
from tests.worlds import Life, Party, World

SCAN, BATTERY, LIST = (contract()[name] for name in ("ResolveScan", "Battery", "MyBatteries"))
#: The page that the budget speaks of: holder and chain status, no count.
PAGE = LIST.replace("totalCount", "")
INTAKE = """query ($code: String!) { battery(code: $code) {
  id code stage manufacturer { code } holder { code name } model { number nominalEnergyKwh }
  events(last: 20) { edges { node { id type organisation { name } details } } }
  chain { status gaps { code since organisation { name } evidence } } } }"""

Counted = Callable[..., tuple[int, Any]]


@pytest.fixture
def counted() -> Counted:
    def ask(who: Party, query: str, **variables: Any) -> tuple[int, Any]:
        viewer = who.viewer  # loaded before anything is counted
        with CaptureQueriesContext(connection) as captured:
            data = good(viewer, query, **variables)
        return len(captured), data

    return ask


def long_life(world: World, rounds: int) -> Life:
    """A battery that went to and fro, with a gap and an announced end."""
    pack = world.pack(modules=3).produced().installed().sold().removed()
    for _ in range(rounds):
        pack.dispatched(to=world.recycler).received(by=world.recycler, condition="damaged")
        pack.dispatched(to=world.workshop).received(by=world.workshop)
    world.capture([world.fact("removed", world.workshop, pack.code)])
    return pack.recalled().dispatched(to=world.recycler, waybill="W-9")


@pytest.mark.parametrize("rounds", [1, 12])
def test_a_scan_takes_eight_queries(world: World, counted: Counted, rounds: int) -> None:
    pack = long_life(world, rounds)
    count, data = counted(world.recycler, SCAN, payload=pack.code)
    assert data["resolveScan"]["expectedTransfer"]["waybill"] == "W-9"
    assert data["resolveScan"]["battery"]["chain"]["gaps"]
    assert len(data["resolveScan"]["battery"]["events"]["edges"]) == min(20, 7 + 4 * rounds)
    assert count <= 8


def test_a_scan_of_a_part_takes_eight_queries(world: World, counted: Counted) -> None:
    pack = world.pack(modules=2, cells=4).produced().installed()
    count, data = counted(world.maker, SCAN, payload=pack.cell_codes[5])
    assert data["resolveScan"]["battery"]["stage"] == "IN_VEHICLE"
    assert count <= 8


def test_a_stranger_who_scans_takes_no_more(world: World, counted: Counted) -> None:
    pack = long_life(world, 1)
    count, data = counted(world.stranger, SCAN, payload=pack.code)
    assert data["resolveScan"]["battery"]["chain"] is None
    assert count <= 8


@pytest.mark.parametrize("rounds", [1, 12])
@pytest.mark.parametrize("who", ["recycler", "maker", "alliance"])
def test_one_battery_with_events_and_gaps_takes_eight_queries(
    world: World, counted: Counted, rounds: int, who: str
) -> None:
    pack = long_life(world, rounds)
    count, data = counted(getattr(world, who), INTAKE, code=pack.code)
    assert data["battery"]["code"] == pack.code
    assert count <= 8


@pytest.mark.parametrize("size", [3, 100])
@pytest.mark.parametrize("who", ["workshop", "maker", "alliance"])
def test_a_page_of_the_list_takes_four_queries_and_the_count_one(
    world: World, counted: Counted, size: int, who: str
) -> None:
    fill(world, size)
    count, data = counted(getattr(world, who), PAGE, first=100)
    assert len(data["batteries"]["edges"]) == size
    assert count <= 4
    with_count, data = counted(getattr(world, who), LIST, first=100)
    assert data["batteries"]["totalCount"] == size
    assert with_count == count + 1


@pytest.mark.parametrize("size", [3, 40])
def test_nested_fields_are_loaded_for_the_whole_page(world: World, counted: Counted, size: int) -> None:
    fill(world, size)
    query = """{ batteries(first: 100) { edges { node { code holder { name } manufacturer { name } model { number }
        vehicle { vin } inTransitTo { code } safety { recalled } chain { status gaps { code organisation { name } } }
        events(first: 3) { edges { node { type organisation { code } } } }
        components { code stage manufacturer { code } components { code stage } } sources { code } products { code }
    } } } }"""
    count, data = counted(world.maker, query)
    assert all(edge["node"]["components"][0]["components"] for edge in data["batteries"]["edges"])
    assert count == 13


@pytest.mark.parametrize("size", [3, 40])
def test_consignments_are_loaded_together(world: World, counted: Counted, size: int) -> None:
    for number in range(size):
        world.pack().produced().dispatched(to=world.recycler, waybill=f"W-{number // 2}")
    query = """{ transfers(first: 100) { edges { node { id status sender { name } receiver { name }
        items { status sentMassKg battery { code stage holder { code } } } } } } }"""
    count, data = counted(world.recycler, query)
    items = [item for edge in data["transfers"]["edges"] for item in edge["node"]["items"]]
    assert len(items) == size
    assert count == 5


def fill(world: World, size: int) -> None:
    """So many packs, made at the maker, removed by the workshop, with a repeated sale that is a gap."""
    facts = []
    for number in range(size):
        pack = world.pack(modules=1, cells=1)
        details = {"model": "NCM-75", "massKg": "440", "components": pack.parts}
        facts.append(world.fact("produced", world.maker, pack.code, at=1, **details))
        facts.append(world.fact("installed", world.maker, pack.code, at=2, vin=world.vin()))
        if number % 2:
            facts.append(world.fact("produced", world.importer, pack.code, at=3))
        facts.append(world.fact("removed", world.workshop, pack.code, at=4))
    world.capture(facts)


WARNED = """query ($code: String!) { battery(code: $code) {
  events(last: 100) { edges { node { warnings { code } attachments { stored url } } } } } }"""
RECEIVE = """mutation ($input: ReceiveBatteriesInput!) { receiveBatteries(input: $input) {
  items { outcome warnings { code } battery { code stage holder { code } } } errors { code path } } }"""
SITE = {"lat": "30.57", "lon": "104.07"}
NAMED = [{"sha256": "0" * 64}]


@pytest.mark.parametrize("rounds", [1, 12])
def test_warnings_are_found_for_all_events_at_once(world: World, counted: Counted, rounds: int) -> None:
    pack = world.pack(modules=3).produced().installed().removed()
    for _ in range(rounds):
        top = {"site": SITE, "attachments": NAMED}
        pack.dispatched(to=world.recycler, top=top).received(by=world.recycler, condition="damaged", top=top)
        pack.dispatched(to=world.workshop).received(by=world.workshop)
    pack.recalled()
    count, data = counted(world.alliance, WARNED, code=pack.code)
    told = [edge["node"]["warnings"] for edge in data["battery"]["events"]["edges"]]
    assert sum({"code": "attachment_missing"} in found for found in told) == 2 * rounds
    assert count <= 13


def test_a_truck_of_500_takes_as_many_queries_as_two(world: World, counted: Counted) -> None:
    """With sites, photos, parts that nobody knows and codes that nobody can read; but for the inserts."""
    counts = []
    for size in (4, 500):
        known = [world.pack() for _ in range(size // 2)]
        world.record(*(world.fact("produced", world.maker, pack.code) for pack in known), by=world.maker)
        sent = [world.fact("dispatched", world.maker, p.code, to=world.recycler.code, massKg="440") for p in known]
        world.record(*sent, by=world.maker)
        codes = [*(pack.code for pack in known), *(world.module_code() for _ in range(size // 4))]
        items: list[dict[str, Any]] = [{"code": code, "massKg": "440", "attachments": NAMED} for code in codes]
        items += [{"payload": "~~"} for _ in range(size // 4)]
        call = {"idempotencyKey": f"truck-{size}", "occurredAt": "2026-03-01T00:00:00Z", "site": SITE, "items": items}
        viewer = world.recycler.viewer
        with CaptureQueriesContext(connection) as captured:
            answer = good(viewer, RECEIVE, input=call)["receiveBatteries"]
        assert (len(answer["items"]), answer["errors"]) == (size, [])
        assert {"code": "unregistered_part"} in answer["items"][size // 2]["warnings"]
        counts.append(sum(not query["sql"].startswith("INSERT") for query in captured.captured_queries))
    assert counts[0] == counts[1] <= 40
