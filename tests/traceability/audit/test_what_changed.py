"""A run over what changed finds what a run over all finds, also where another record than the battery's changed."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from tests.traceability.audit.asking import LATER, codes, gaps
from tests.worlds import World
from traceability.audit.running import audit
from traceability.models import AuditCohort, AuditRun, Gap, LifecycleRecord


def run(as_of: str, *, touched: bool) -> list[tuple[str, str]]:
    """Run and keep, and give what is open then."""
    with audit(as_of=date.fromisoformat(as_of), touched=touched, keep=True):
        pass
    names = dict(LifecycleRecord.objects.values_list("id", "code"))
    return sorted((names[row.record_id], row.code) for row in Gap.objects.filter(closed_in=None))


def told(world: World, type_: str, code: str | None, at: str, reported: str = "", by: str = "", **details: Any) -> None:
    """Captured by the alliance: what happened on a day, reported the same day or later."""
    party = getattr(world, by or "alliance")
    top = {"reportedAt": f"{reported or at}T12:00:00+08:00"}
    world.capture([world.fact(type_, party, code, at=f"{at}T08:00:00+08:00", top=top, **details)])


def test_a_permit_reported_after_the_day_of_a_kept_run_counts_in_the_next(world: World) -> None:
    pack = world.pack_code()
    told(world, "produced", pack, "2026-04-02", by="maker")
    told(world, "installed", pack, "2026-04-02", by="maker", vin=world.vin())
    told(world, "removed", pack, "2026-04-03", by="recycler")
    told(world, "processed", pack, "2026-04-04", by="recycler", batch="B-1")
    for number, kind in enumerate(("project_filing", "eia", "pollution")):
        permit = {"organisation": world.recycler.code, "kind": kind, "number": str(number)}
        told(world, "permit", None, "2026-04-20", **permit)
    assert (pack, "unlicensed") in run("2026-04-10", touched=True)
    assert (pack, "unlicensed") not in run("2026-04-25", touched=True)


def test_a_vehicle_that_was_scrapped_by_a_mistake_in_its_number_leaves_no_gap(world: World) -> None:
    packs, vins = [world.pack_code(), world.pack_code()], [world.vin(), world.vin()]
    for pack, vin in zip(packs, vins, strict=True):
        told(world, "produced", pack, "2024-01-02", by="maker")
        told(world, "installed", pack, "2024-01-03", by="maker", vin=vin)
    told(world, "vehicle_scrapped", None, "2024-02-01", by="dismantler", key="v", vin=vins[0])
    assert run("2024-04-01", touched=True) == [(packs[0], "vehicle_without_battery")]
    new = {"type": "vehicle_scrapped", "occurredAt": "2024-02-01T08:00:00+08:00", "details": {"vin": vins[1]}}
    told(world, "corrected", None, "2024-04-02", corrects="v", organisation=world.dismantler.code, replacement=new)
    assert run("2024-04-03", touched=True) == [(packs[1], "vehicle_without_battery")]
    assert [gap.event for gap in gaps("2024-04-03")] == ["v"]


@pytest.fixture
def in_two(world: World) -> Callable[[], tuple[str, str, str]]:
    """A module that two packs are said to be made of, one after the other, with a run kept then."""

    def make() -> tuple[str, str, str]:
        one, two, module = world.pack_code(), world.pack_code(), world.module_code()
        told(world, "produced", one, "2024-01-02", by="maker", key="one", components=[{"code": module}])
        told(world, "produced", two, "2024-01-04", by="maker", key="two", components=[{"code": module}])
        assert run("2024-01-10", touched=True) == [(two, "component_conflict")]
        return one, two, module

    return make


def test_a_conflict_ends_when_the_earlier_statement_is_withdrawn(
    world: World, in_two: Callable[[], tuple[str, str, str]]
) -> None:
    in_two()
    new = {"type": "produced", "occurredAt": "2024-01-02T08:00:00+08:00", "details": {}}
    told(world, "corrected", None, "2024-01-11", corrects="one", organisation=world.maker.code, replacement=new)
    assert run("2024-01-12", touched=True) == run("2024-01-12", touched=False) == []


def test_a_conflict_ends_when_the_part_turns_out_to_have_left_before(
    world: World, in_two: Callable[[], tuple[str, str, str]]
) -> None:
    _, two, module = in_two()
    told(world, "inspected", module, "2024-01-03", by="maker")
    left = run("2024-01-12", touched=True)
    assert left == run("2024-01-12", touched=False)
    assert (two, "component_conflict") not in left


def test_a_conflict_begins_when_the_part_turns_out_not_to_have_left(world: World) -> None:
    one, two, module = world.pack_code(), world.pack_code(), world.module_code()
    told(world, "produced", one, "2024-01-02", by="maker", components=[{"code": module}])
    told(world, "inspected", module, "2024-01-03", by="maker", key="out")
    told(world, "produced", two, "2024-01-04", by="maker", components=[{"code": module}])
    assert (two, "component_conflict") not in run("2024-01-10", touched=True)
    told(world, "corrected", None, "2024-01-11", corrects="out", organisation=world.maker.code)
    assert run("2024-01-12", touched=True) == [(two, "component_conflict")]


def test_a_part_that_is_named_by_its_provisional_identity_is_not_lost(world: World) -> None:
    pack = world.pack().produced().installed()
    found = world.battery("TMP-M").received(by=world.workshop)
    true = world.module().produced(at=0.5)
    pack.repaired(added=[found.code]).removed(world.dismantler).dismantled(components=[found.code])
    found.identified(true, by=world.alliance, at=60)
    assert "component_loss" not in codes(pack, LATER)


def test_a_part_that_is_in_it_by_its_true_code_is_found_by_its_provisional_one(world: World) -> None:
    module = world.module().produced()
    pack = world.pack().produced().installed().repaired(added=[module.code]).removed(world.dismantler)
    tagged = world.battery("TMP-M")
    pack.dismantled(components=[tagged.code])
    assert "component_loss" in codes(pack, LATER)
    tagged.identified(module, by=world.alliance, at=60)
    assert "component_loss" not in codes(pack, LATER)


def test_where_nothing_was_counted_yet_a_run_over_what_changed_is_one_over_everything(world: World) -> None:
    """As after migrating from before figures were counted by difference."""
    world.pack().produced()
    with audit():
        pass
    AuditCohort.objects.all().delete()
    LifecycleRecord.objects.update(audit_cohort=None)
    with audit(touched=True) as found:
        assert (found.run.scope, found.run.batteries) == (AuditRun.Scope.ALL, 1)
    world.pack().produced()
    with audit(touched=True) as found:
        assert (found.run.scope, found.run.batteries) == (AuditRun.Scope.TOUCHED, 2)
