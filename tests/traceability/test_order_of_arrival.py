"""The order in which facts arrive does not matter: each takes its place in the order of occurrence.

The alliance captures random histories, true and contradictory, in any order and cut into any calls; everything
projected from the ledger is as if each fact had come in time.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import event, given, note, settings
from hypothesis import strategies as st

from tests import factories
from tests.histories import Told, mistakes, tellings
from tests.projections import difference, snapshot
from tests.worlds import World, rolled_back
from traceability import projecting
from traceability.facts import Fact
from traceability.models import LifecycleRecord
from traceability.verification import verify

#: Histories are many in a campaign: HYPOTHESIS_PROFILE=quick (400 each, at random) or campaign (2,000).
pytestmark = pytest.mark.timeout(3_600)


def content(world: World, told: Told) -> dict[str, Any]:
    """The details of a telling, with organisation codes in place of the parties' names."""
    return {
        name: getattr(world, value).code if name in ("to", "from", "holder") else value for name, value in told.details
    }


def fact_of(world: World, told: Told, day: float, key: str) -> Fact:
    """A telling as a fact."""
    by = getattr(world, told.by)
    return factories.fact(told.type, by.code, day, battery=told.code, key=key, details=content(world, told))


def facts_of(world: World, history: Sequence[Told]) -> list[Fact]:
    """The history as facts: one a day, each under its own key."""
    return [fact_of(world, told, day, f"f{day}") for day, told in enumerate(history, start=1)]


def correction_of(world: World, key: str, by: str, right: Told | None, day: float, number: int) -> Fact:
    """A correction of what stands under this key: by the right telling, or by nothing."""
    replacement = right and {
        "type": right.type,
        "battery": right.code,
        "occurredAt": factories.moment(day),
        "details": content(world, right),
    }
    details = {"corrects": key} | ({"replacement": replacement} if replacement else {})
    return factories.fact("corrected", getattr(world, by).code, 500 + number, key=f"c{number}", details=details)


def captured(world: World, calls: Sequence[Sequence[Fact]]) -> dict[str, Any]:
    """What the ledger shows after these calls; nothing of it stays."""
    with rolled_back():
        for facts in calls:
            world.capture(facts)
        assert list(verify()) == []
        return snapshot()


def cut(facts: Sequence[Fact], cuts: set[int]) -> list[Sequence[Fact]]:
    """The facts in calls, cut before these places."""
    places = [0, *sorted(place for place in cuts if 0 < place < len(facts)), len(facts)]
    return [facts[start:end] for start, end in pairwise(places)]


@given(data=st.data())
def test_any_order_of_arrival_leads_to_the_same(world: World, data: st.DataObject) -> None:
    history = data.draw(tellings())
    facts = facts_of(world, history)
    in_time = captured(world, [[fact] for fact in facts])
    order = data.draw(st.permutations(range(len(facts))))
    calls = cut([facts[place] for place in order], data.draw(st.sets(st.integers(1, len(facts)))))
    event(f"{len(in_time['parts'])} parts")
    note(f"{len(calls)} calls")
    assert difference(in_time, captured(world, calls)) == {}


@settings(max_examples=settings.default.max_examples // 2)
@given(data=st.data())
def test_corrected_mistakes_leave_no_trace_in_what_is_projected(world: World, data: st.DataObject) -> None:
    history = data.draw(tellings(size=6))
    facts = facts_of(world, history)
    told: list[Fact] = []
    for number, (right, fact) in enumerate(zip(history, facts, strict=True)):
        for said in data.draw(tellings_with_mistakes(world, right, fact, number)):
            # Anywhere after what was said before under the same key.
            told.insert(data.draw(st.integers(after(told, said), len(told))), said)
    right_at_once = captured(world, [facts])
    calls = cut(told, data.draw(st.sets(st.integers(1, len(told)))))
    event(f"{len(told) - len(facts)} corrections")
    note("\n".join(f"{said.key} {said.type} {said.code} {dict(said.details)}" for said in told))
    assert difference(only_living(right_at_once), only_living(captured(world, calls))) == {}


@st.composite
def tellings_with_mistakes(draw: st.DrawFn, world: World, right: Told, fact: Fact, number: int) -> list[Fact]:
    """What is recorded until the right fact stands: at once, or a mistake and its correction, in one way or another."""
    way = draw(
        st.sampled_from(["at once", "corrected", "corrected twice", "its correction corrected", "withdrawn too"])
    )
    day = number + 1
    wrong = [draw(mistakes(right)) for _ in range(2)]
    first = fact_of(world, wrong[0], day + 0.25 * draw(st.integers(-3, 3)), fact.key)

    def correct(key: str, by: Told | None, place: int) -> Fact:
        return correction_of(world, key, right.by, by, day, 10 * number + place)

    if way == "at once":
        return [fact]
    if way == "corrected":
        return [first, correct(fact.key, right, 0)]
    if way == "corrected twice":
        return [first, correct(fact.key, wrong[1], 0), correct(fact.key, right, 1)]
    if way == "its correction corrected":
        return [first, correct(fact.key, wrong[1], 0), correct(f"c{10 * number}", right, 1)]
    # A right fact was withdrawn by mistake; the withdrawal is withdrawn.
    return [fact, correct(fact.key, None, 0), correct(f"c{10 * number}", None, 1)]


def after(told: list[Fact], said: Fact) -> int:
    """The first place after what a correction corrects, and after earlier corrections of the same."""
    if said.type != "corrected":
        return 0
    mine = said.details["corrects"]
    return max(
        place + 1
        for place, other in enumerate(told)
        if other.key == mine or (other.type == "corrected" and other.details["corrects"] == mine)
    )


@given(history=tellings())
def test_projecting_everything_again_changes_nothing(world: World, history: list[Told]) -> None:
    with rolled_back():
        for fact in facts_of(world, history):
            world.capture([fact])
        before = snapshot()
        records = list(LifecycleRecord.objects.filter(kind="battery"))
        projecting.tell_projections([], projecting.project(records))
        assert difference(before, snapshot()) == {}


def only_living(found: dict[str, Any]) -> dict[str, Any]:
    """Without the records that a mistake opened and its correction emptied again."""
    named = {row[0] for row in found["steps"]}
    records = [row for row in found["records"] if row[0] in named or "chain=None" not in row]
    codes = {row[0] for row in records}
    return found | {"records": records, "batteries": [row for row in found["batteries"] if row[0] in codes]}
