"""Quarantine: what leaks, burnt or came without a code is not used before another person than its receiver says so."""

from dataclasses import replace
from typing import Any

import pytest

from tests.worlds import Life, Party, World
from traceability import custody, ledger
from traceability.access import Viewer
from traceability.errors import Refusal
from traceability.models import LifecycleEvent
from traceability.rebuilding import rebuild

LEAKING, INTACT = {"condition": "leaking"}, {"condition": "intact"}


def another(party: Party) -> Viewer:
    """Somebody else of the same organisation."""
    return replace(party.viewer, actor="token:0123456789ab")


def lift(life: Life, viewer: Viewer, key: str = "lift", at: float | None = None) -> Life:
    assert viewer.organisation_code is not None
    said = life.world.fact("quarantine_lifted", life.world.party(viewer.organisation_code), life.code, key=key, at=at)
    ledger.record([said], by=viewer)
    return life


def taken_in(world: World, by: Party | None = None, **details: Any) -> Life:
    by = by or world.recycler
    life = world.pack(modules=1).produced().installed().removed().dispatched(to=by)
    return life.received(by=by, **(LEAKING | details))


def refused(act: Any) -> tuple[str, list[str]]:
    before = LifecycleEvent.objects.count()
    with pytest.raises(Refusal) as error:
        act()
    assert LifecycleEvent.objects.count() == before
    return error.value.code, error.value.path


QUARANTINED = ("quarantined", ["battery"])


@pytest.mark.parametrize("condition", ["leaking", "burnt"])
@pytest.mark.parametrize(
    ("who", "act"),
    [
        ("recycler", lambda life: life.processed()),
        ("recycler", lambda life: life.dismantled()),
        ("recycler", lambda life: life.exported()),
        ("dismantler", lambda life: life.dismantled()),
        ("importer", lambda life: life.installed()),
    ],
)
def test_what_is_set_apart_is_not_used(world: World, condition: str, who: str, act: Any) -> None:
    party = getattr(world, who)
    life = taken_in(world, party, condition=condition)
    assert refused(lambda: act(life)) == QUARANTINED
    lift(life, another(party))
    act(life)


def test_it_is_no_source_of_a_product(world: World) -> None:
    life = taken_in(world, world.second_life)
    product = world.battery("08XPB01C8E0000001RP")
    act = lambda: product.do("assembled", world.second_life, sources=[life.code])  # noqa: E731
    assert refused(act) == ("quarantined", ["details", "sources", "0"])
    lift(life, another(world.second_life))
    act()


@pytest.mark.parametrize("condition", ["intact", "damaged"])
def test_other_conditions_set_nothing_apart(world: World, condition: str) -> None:
    taken_in(world, condition=condition).processed()


def test_it_is_inspected_sent_on_lost_and_destroyed_all_the_same(world: World) -> None:
    life = taken_in(world).inspected().repaired(by=world.workshop)
    assert refused(life.processed) == QUARANTINED
    life.dispatched(to=world.stranger)
    taken_in(world).lost()
    taken_in(world).destroyed()


def test_who_received_it_does_not_lift_it(world: World) -> None:
    life = taken_in(world)
    assert refused(lambda: lift(life, world.recycler.viewer)) == ("same_person", ["battery"])
    assert refused(lambda: lift(life, another(world.stranger))) == ("not_holder", ["battery"])
    lift(life, world.recycler.user_viewer)
    life.processed()


def test_it_goes_along_to_the_next_who_needs_a_second_person_too(world: World) -> None:
    life = taken_in(world).dispatched(to=world.stranger)
    [item] = custody.receive(
        [{"code": life.code, **INTACT}],
        occurred_at="2022-06-01T00:00:00Z",
        by=world.stranger.viewer,
        idempotency_key="r",
    )
    assert (item.outcome, [one.code for one in item.warnings]) == ("quarantined", ["in_quarantine"])
    act = lambda: life.processed(by=world.stranger, at="2022-06-03T00:00:00Z")  # noqa: E731
    assert refused(act) == QUARANTINED
    assert refused(lambda: lift(life, world.stranger.viewer, at=152)) == ("same_person", ["battery"])
    lift(life, another(world.stranger), at=152)
    act()


def test_a_code_that_cannot_be_read_sets_apart_what_was_not_announced(world: World) -> None:
    held = world.pack().produced().installed().removed()
    found = world.battery("TMP-1").received(by=world.recycler)
    assert refused(found.processed) == QUARANTINED
    # Whose it is, is settled by its holder; that it is safe, by somebody else than who received it.
    found.identified(held, by=world.recycler)
    held.dispatched(to=world.recycler, by=world.workshop)
    assert refused(held.processed) == QUARANTINED
    lift(held, another(world.recycler))
    held.processed()


def test_what_turns_out_to_be_the_battery_that_was_announced_is_not_set_apart(world: World) -> None:
    """Unless it leaks."""
    for number, details in enumerate((INTACT, LEAKING)):
        pack = world.pack().produced().installed().removed().dispatched(to=world.recycler)
        found = world.battery(f"TMP-{number}").received(by=world.recycler, **details)
        assert refused(found.processed) == QUARANTINED
        found.identified(pack)
        assert (pack.record.stage, pack.faults) == ("retired", [])
        assert (pack.record.quarantine_event is None) == (details is INTACT)


def test_a_provisional_identity_that_was_cleared_travels_freely(world: World) -> None:
    found = world.battery("TMP-1").received(by=world.recycler)
    lift(found, another(world.recycler))
    found.dispatched(to=world.stranger).received(by=world.stranger).processed()


def test_the_alliances_history_is_stored(world: World) -> None:
    life = taken_in(world).processed(captured=True)
    assert (life.record.stage, life.record.quarantine_event, life.faults) == ("processed", None, [])


def test_it_is_judged_at_its_place_in_the_order_of_occurrence(world: World) -> None:
    life = world.pack().produced(at=1).installed(at=2).removed(at=3).dispatched(to=world.recycler, at=4)
    life.received(by=world.recycler, at=6, **LEAKING)
    lift(life, another(world.recycler), at=8)
    assert refused(lambda: life.processed(at=7)) == QUARANTINED
    life.processed(at=9)


def test_a_module_of_what_is_set_apart_is_set_apart_with_it(world: World) -> None:
    pack = taken_in(world)
    module = world.battery(pack.module_codes[0])
    assert refused(lambda: module.processed(by=world.recycler)) == QUARANTINED


def test_nobody_corrects_a_leak_away_alone(world: World) -> None:
    life = taken_in(world)
    key = life.key
    intact = {
        "type": "received",
        "occurredAt": life.steps[-1].event.occurred_at.isoformat(),
        "details": {"massKg": "440", **INTACT},
    }
    assert refused(lambda: life.corrected(key, intact)) == ("same_person", ["details", "corrects"])
    said = world.fact("corrected", world.recycler, life.code, corrects=key, replacement=intact)
    ledger.record([said], by=another(world.recycler))
    life.processed()


def test_a_lifting_is_no_correction_of_something_else(world: World) -> None:
    life = taken_in(world).inspected()
    lifted = {"type": "quarantine_lifted", "occurredAt": life.steps[-1].event.occurred_at.isoformat()}
    path = ["details", "replacement", "battery"]
    assert refused(lambda: life.corrected(life.key, lifted)) == ("same_person", path)


def test_rebuild_finds_the_same(world: World) -> None:
    lives = [taken_in(world), lift(taken_in(world), another(world.recycler), key="l2")]
    world.battery("TMP-1").received(by=world.recycler)
    before = [life.record.quarantine_event for life in lives]
    assert (before[0] is None, before[1]) == (False, None)
    assert rebuild().differed == set()
    assert [life.record.quarantine_event for life in lives] == before
