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
