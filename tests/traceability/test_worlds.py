"""The test world itself tells true stories."""

import pytest
from django.db import connection

from tests.worlds import World
from traceability import append_only
from traceability.models import LifecycleEvent
from traceability.verification import verify


def test_a_whole_life_is_recorded_without_a_gap(world: World) -> None:
    pack = world.pack(modules=2, cells=2).produced().installed().sold().removed().dispatched(to=world.recycler)
    pack.received(by=world.recycler)
    assert (pack.record.stage, pack.record.holder, pack.faults) == ("retired", world.recycler.organisation, [])
    assert not list(verify())


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("time", ["first", "second"])
def test_a_test_that_commits_leaves_nothing_and_keeps_the_triggers(time: str) -> None:
    assert not LifecycleEvent.objects.exists()
    World().pack().produced()
    assert LifecycleEvent.objects.exists()
    assert append_only.missing() == []
    assert not connection.in_atomic_block
