"""Which battery an unreadable one is: told by who holds both, by the two histories together."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.traceability.test_corrections import instead
from tests.worlds import Life, Party, World, rolled_back
from traceability.errors import Refusal
from traceability.models import LifecycleEvent


def refused(found: Life, true: Life, by: Party, **more: Any) -> tuple[str, list[str]] | None:
    """The problem with an identification and its place; None when it was recorded."""
    before = LifecycleEvent.objects.count()
    try:
        found.identified(true, by=by, **more)
    except Refusal as refusal:
        assert LifecycleEvent.objects.count() == before
        assert found.own_record.chain is None
        return refusal.code, refusal.path
    assert found.record == true.record
    return None


NOT_ITS = ("not_holder", ["details", "as"])


@example(since=0, until=1)
@example(since=3, until=5)
@given(since=st.integers(0, 8), until=st.integers(0, 8))
def test_nobody_else_has_come_to_hold_it_in_between(world: World, since: int, until: int) -> None:
    """Between the unreadable receipt and the identification lies no moment at which the battery was another's anew."""
    since, until = sorted((since, until))
    with rolled_back():
        pack = world.pack().produced(at=2).dispatched(to=world.dismantler, at=4).received(by=world.dismantler, at=6)
        found = world.battery("TMP-1").received(by=world.recycler, at=since + 0.5)
        anothers_anew = any(since < day <= until for day in (2, 6))
        said = refused(found, pack, world.recycler, at=until + 0.75)
        assert said == (NOT_ITS if anothers_anew else None)


def test_what_comes_later_is_not_asked(world: World) -> None:
    pack = world.pack().produced(at=1)
    found = world.battery("TMP-1").received(by=world.recycler, at=2)
    pack.dispatched(to=world.dismantler, at=4).received(by=world.dismantler, at=5)
    assert refused(found, pack, world.recycler, at=3) is None
    assert pack.record.holder == world.dismantler.organisation


def test_who_does_not_hold_the_unreadable_one_cannot_say(world: World) -> None:
    pack = world.pack().produced()
    found = world.battery("TMP-1").received(by=world.recycler)
    assert refused(found, pack, world.maker) == ("not_holder", ["battery"])


def test_the_alliance_says_it_of_anything(world: World) -> None:
    found = world.battery("TMP-1").received(by=world.recycler, at=1)
    pack = world.pack().produced(at=2)
    assert refused(found, pack, world.recycler, at=3) == NOT_ITS
    assert refused(found, pack, world.alliance, at=3) is None
    assert pack.record.holder == world.maker.organisation


def test_what_was_never_registered_contradicts_nobody(world: World) -> None:
    found = world.battery("TMP-1").received(by=world.recycler)
    found.identified(world.pack_code(), by=world.recycler)
    assert found.record.holder == world.recycler.organisation


# Corrections ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def identified(world: World) -> Life:
    """Found on day 1, and said on day 8 to be a pack that nobody registered."""
    return world.battery("TMP-1").received(by=world.recycler, at=1).identified(world.pack_code(), at=8, key="id")


@pytest.mark.parametrize("registered", [True, False])
def test_a_correction_identifies_nothing_that_its_recorder_could_not(
    world: World, identified: Life, registered: bool
) -> None:
    """Whatever the one it was mistaken for tells."""
    if registered:
        world.battery(identified.record.code).produced(at=0.5, captured=True)
    pack = world.pack().produced(at=5)
    before = LifecycleEvent.objects.count()
    with pytest.raises(Refusal) as error:
        identified.corrected("id", instead("identified", 8, **{"as": pack.code}))
    assert (error.value.code, error.value.path) == ("not_holder", ["details", "replacement", "details", "as"])
    assert LifecycleEvent.objects.count() == before
    assert (pack.record.holder, pack.faults) == (world.maker.organisation, [])
    identified.corrected("id", instead("identified", 8, **{"as": pack.code}), by=world.alliance, of=world.recycler)
    assert identified.record == pack.record


def test_the_time_of_an_identification_is_corrected(world: World, identified: Life) -> None:
    code = identified.record.code
    identified.corrected("id", instead("identified", 9, **{"as": code}))
    assert (identified.record.code, identified.record.holder) == (code, world.recycler.organisation)


def test_a_battery_is_told_from_the_one_it_was_mistaken_for(world: World, identified: Life) -> None:
    """What became of the wrong one since says nothing of the right one."""
    wrong, right = identified.record.code, world.pack().produced(at=0.5)
    world.battery(wrong).dispatched(to=world.dismantler, at=9, captured=True).received(by=world.dismantler, at=10)
    identified.corrected("id", instead("identified", 8, **{"as": right.code}))
    assert identified.record == right.record
    assert (right.record.holder, right.record.intruder) == (world.recycler.organisation,) * 2
