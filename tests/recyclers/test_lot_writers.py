"""Several writers at once: what is used once is used once, whoever comes first."""

from collections import Counter
from typing import Any

import pytest

from recyclers.models import LotMovement
from tests.recyclers.materials import KG, batch, left, opened, powder, record
from tests.traceability.test_concurrency import url, written
from tests.worlds import World
from traceability import rebuilding
from traceability.facts import Fact, write_fact
from traceability.verification import verify

__all__ = ["url"]
pytestmark = pytest.mark.django_db(transaction=True)


def call(fact: Fact) -> dict[str, Any]:
    said = write_fact(fact, reported_ms=0)
    del said["reportedAt"]
    return {"call": [said], "as": fact.organisation}


def told(url: str, facts: list[Fact]) -> Counter[str]:
    """What became of facts that are told at the same moment, each by a writer of its own."""
    answers = written(url, [[call(fact)] for fact in facts])
    return Counter(answer.get("refused") or answer["statuses"][0] for [answer] in answers)


def test_nothing_is_used_twice_by_writers_at_once(url: str) -> None:
    world = World()
    pack = world.pack().produced().installed().removed().dispatched(world.recycler).received(world.recycler)
    record(world, batch(world, "B-0", outputs=[powder("P", "1000")]))
    draws = [batch(world, f"D-{n}", inputs=[{"lot": "P", "massKg": "300"}]) for n in range(4)]
    assert told(url, draws) == {"recorded": 3, "overdrawn": 1}
    assert left(world, "P") == 100 * KG
    same = [batch(world, "B-1", outputs=[powder(f"S{n}", "1")]) for n in range(3)]
    assert told(url, same) == {"recorded": 1, "number_taken": 2}
    output = [batch(world, f"O-{n}", outputs=[powder("N", "1")]) for n in range(2)]
    assert told(url, [*output, opened(world, "N", "1")]) == {"recorded": 1, "number_taken": 2}
    used = [batch(world, f"U-{n}", inputs=[{"battery": pack.code, "massKg": "440"}]) for n in range(3)]
    assert told(url, used) == {"recorded": 1, "already_used": 2}
    assert not LotMovement.objects.exclude(fault="").exists()
    assert list(verify()) == []
    assert rebuilding.rebuild().differed == set()


def test_a_whole_and_its_parts_are_used_once_by_writers_at_once(url: str) -> None:
    """The parts are another's by then: what one company says of its batches waits for itself anyway."""
    world = World()
    for round_ in range(3):
        pack = world.pack(modules=3).produced(at=1).installed(at=2).removed(at=3)
        pack.dispatched(world.recycler, at=4).received(world.recycler, at=5)
        pack.repaired(world.recycler, removed=pack.module_codes, at=30)
        for code in pack.module_codes:
            world.battery(code).dispatched(world.stranger, at=31).received(world.stranger, at=32)
        whole = [{"battery": pack.code, "massKg": "440"}]
        parts = [[{"battery": code, "massKg": "40"}] for code in pack.module_codes]
        claims = [batch(world, f"W-{round_}", inputs=whole, at=20)]
        by = {"by": world.stranger, "at": 40}
        claims += [batch(world, f"M-{round_}-{n}", inputs=part, **by) for n, part in enumerate(parts)]
        found = told(url, claims)
        # Whoever comes first: the pack with all that was in it, or the modules.
        assert found in ({"recorded": 1, "already_used": 3}, {"recorded": 3, "already_used": 1})


def test_what_goes_into_a_batch_is_not_taken_apart_at_the_same_moment(url: str) -> None:
    world = World()
    for round_ in range(3):
        pack = world.pack(modules=1).produced().installed().removed().dispatched(world.recycler)
        pack.received(world.recycler)
        used = batch(world, f"B-{round_}", inputs=[{"battery": pack.code, "massKg": "440"}])
        apart = world.fact("dismantled", world.recycler, pack.code, components=pack.module_codes)
        found = told(url, [used, apart])
        assert found in ({"recorded": 1, "already_used": 1}, {"recorded": 1, "stage": 1})
    assert list(verify()) == []
