"""How far somebody's part in a battery reaches: who repairs it, and who has it in dispute, see what a scan tells."""

from typing import Any

import pytest
from hypothesis import given, settings

from tests.graphql_schema.asking import good
from tests.histories import HOLDERS, P, Told, tellings
from tests.traceability.test_order_of_arrival import facts_of
from tests.worlds import Life, Party, World, rolled_back
from traceability.models import Step

BATTERY = """query ($code: String!) { battery(code: $code) { stage holder { code } inTransitTo { code } vehicle { vin }
  chain { status } events { edges { node { type } } } } }"""
EVENT = "query ($id: ID!) { node(id: $id) { ... on Event { type } } }"
LIST = "{ batteries(first: 100) { edges { node { code } } totalCount } }"
SCAN = """query ($payload: String!) { resolveScan(payload: $payload) { battery { stage holder { code }
  chain { status } events { edges { node { type } } } } } }"""
INTAKE = {"stage": "RETIRED", "holder": None, "chain": None, "events": {"edges": []}}


def listed(who: Party) -> list[str]:
    return [edge["node"]["code"] for edge in good(who, LIST)["batteries"]["edges"]]


def told(who: Party, life: Life) -> list[str] | None:
    """The types of the events it sees; None where the battery does not exist for it."""
    found = good(who, BATTERY, code=life.code)["battery"]
    return found and [edge["node"]["type"] for edge in found["events"]["edges"]]


def sees_intake_only(who: Party, life: Life) -> bool:
    assert good(who, SCAN, payload=life.code)["resolveScan"]["battery"] == INTAKE
    found: Any = good(who, BATTERY, code=life.code)["battery"]
    assert found in (None, INTAKE | {"inTransitTo": None, "vehicle": None})
    assert listed(who) == []
    # What it did itself it may read; nothing else of the chain.
    numbers = {event.sequence: event for event in life.events}
    seen = {n for n in numbers if good(who, EVENT, id=f"Event:{life.code}/{n}")["node"]}
    assert seen == {n for n, event in numbers.items() if event.organisation_id == who.id}
    return True


@pytest.fixture
def disputed(world: World) -> Life:
    """The workshop is known to hold it, and the recycler has it."""
    return world.pack().produced().installed().sold().removed().received(by=world.recycler)


def test_who_repairs_sees_what_a_scan_tells(world: World) -> None:
    life = world.pack().produced().installed().sold().removed().repaired(by=world.outlet, added=[world.module_code()])
    assert sees_intake_only(world.outlet, life)


def test_who_takes_a_part_out_sees_that_part_and_not_where_it_was(world: World) -> None:
    life = world.pack(modules=1).produced().installed().sold()
    life.repaired(by=world.outlet, removed=life.module_codes)
    (module,) = life.module_codes
    assert (listed(world.outlet), told(world.outlet, life)) == ([module], None)
    assert told(world.outlet, world.battery(module)) == ["RELEASED"]


def test_who_held_it_before_keeps_its_part_and_sees_no_further_by_repairing(world: World) -> None:
    life = world.pack().produced().installed().removed().dispatched(to=world.recycler).received(by=world.recycler)
    before = told(world.workshop, life)
    life.dispatched(to=world.stranger).received(by=world.stranger).repaired(by=world.workshop)
    assert told(world.workshop, life) == before == ["PRODUCED", "INSTALLED", "REMOVED", "DISPATCHED", "RECEIVED"]


def test_a_disputed_receiver_sees_what_a_scan_tells_whatever_it_does(world: World, disputed: Life) -> None:
    assert sees_intake_only(world.recycler, disputed)
    disputed.inspected(world.recycler).repaired(by=world.recycler)
    assert sees_intake_only(world.recycler, disputed)


def test_it_hands_no_more_sight_on_than_it_has(world: World, disputed: Life) -> None:
    disputed.dispatched(to=world.stranger, by=world.recycler)
    assert sees_intake_only(world.stranger, disputed)
    disputed.received(by=world.stranger)
    assert sees_intake_only(world.stranger, disputed)
    assert sees_intake_only(world.recycler, disputed)


@pytest.mark.parametrize("back", [False, True])
def test_neither_does_who_sends_it_back_unopened(world: World, disputed: Life, back: bool) -> None:
    disputed.dispatched(to=world.stranger, by=world.recycler)
    if back:  # to who was in dispute before, by who is now
        disputed.received(by=world.stranger).dispatched(to=world.recycler, by=world.stranger)
    who = world.recycler if back else world.stranger
    disputed.refused(by=who)
    assert sees_intake_only(who, disputed)


@pytest.mark.parametrize("settled", ["decided", "announced"])
def test_settled_in_its_favour_it_sees_all(world: World, disputed: Life, settled: str) -> None:
    if settled == "decided":
        disputed.dispute_decided(world.recycler)
    else:
        disputed.dispatched(to=world.recycler, by=world.workshop)
    assert told(world.recycler, disputed) == told(world.alliance, disputed)
    assert listed(world.recycler) == [disputed.code]


def test_settled_against_it_it_sees_nothing(world: World, disputed: Life) -> None:
    disputed.dispute_decided(world.workshop)
    assert told(world.recycler, disputed) is None
    assert sees_intake_only(world.recycler, disputed)
    assert told(world.workshop, disputed) == told(world.alliance, disputed)


def takes_part(step: Step, who: int) -> bool:
    """It holds the battery and nobody disputes that; or such a holder sends it there, or it sends it back to one."""
    sound = step.intruder_after is None or step.intruder_after != step.holder_after
    held = step.holder_after == who
    addressed = step.type == "dispatched" and step.other_id == who
    sent_back = step.type == "refused" and step.organisation_id == step.transit_before == who
    return sound and (held or addressed or sent_back)


@settings(max_examples=settings.default.max_examples // 2)
@given(history=tellings(codes=(P,), size=12))
def test_only_who_took_part_has_it_in_its_list(world: World, history: list[Told]) -> None:
    with rolled_back():
        world.capture(facts_of(world, history))
        steps = world.battery(P).steps
        for name in HOLDERS:
            who = getattr(world, name)
            assert (P in listed(who)) is any(takes_part(step, who.id) for step in steps), name
