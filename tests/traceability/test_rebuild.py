"""`rebuild` derives what is there, and finds and repairs what is not as the events say."""

import json
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given, settings

from batteries.models import Battery, BatteryModel, Installation
from recyclers.models import Permit
from tests import factories, histories
from tests.histories import Told
from tests.projections import difference, snapshot
from tests.worlds import World, rolled_back
from traceability.models import (
    CodePrefix,
    Component,
    Involvement,
    LifecycleRecord,
    Organisation,
    Step,
    Transfer,
    TransferItem,
)
from traceability.rebuilding import rebuild

VIN = factories.vin(7)


def a_province(world: World) -> str:
    """Lives that meet: parts that leave, an identification, a correction to another battery; gives the pack's code."""
    pack = world.pack(modules=2, cells=2).produced().installed(vin=VIN).sold().removed()
    pack.dispatched(to=world.recycler, waybill="W-1").received(by=world.recycler, waybill="W-1")
    world.battery(pack.cell_codes[0]).received(by=world.recycler)
    pack.dismantled(components=[pack.module_codes[1]])
    unreadable = world.pack().produced()
    world.battery("TMP-1").received(by=world.recycler).identified(unreadable)
    mistaken = world.pack().produced().installed().removed()
    other = world.pack().produced().installed()
    replacement = {"type": "removed", "occurredAt": factories.moment(90), "battery": other.code, "details": {}}
    mistaken.corrected(mistaken.key, replacement)
    world.capture(
        [
            world.fact("model", world.maker, number="NCM-75", massKg="440"),
            world.fact("permit", world.alliance, organisation=world.recycler.code, kind="eia", number="E-1"),
        ]
    )
    return pack.code


@pytest.fixture
def pack(world: World) -> str:
    return a_province(world)


def test_what_the_ledger_projected_is_what_a_rebuild_derives(pack: str) -> None:
    before = snapshot()
    rebuilt = rebuild()
    assert rebuilt.differed == set()
    assert rebuilt.records >= LifecycleRecord.objects.count()
    assert difference(before, snapshot()) == {}


# A whole history, and all of it twice: a third of the usual number.
@settings(max_examples=settings.default.max_examples // 3)
@given(histories.tellings())
def test_any_history_is_projected_as_a_rebuild_derives_it(world: World, told: list[Told]) -> None:
    with rolled_back():
        facts = [
            world.fact(
                fact.type,
                getattr(world, fact.by),
                fact.code,
                at=place,
                **{n: getattr(world, v).code if v in histories.HOLDERS else v for n, v in fact.details},
            )
            for place, fact in enumerate(told, start=1)
        ]
        world.capture(facts, on_error="proceed")
        before = snapshot()
        assert rebuild().differed == set()
        assert difference(before, snapshot()) == {}


def test_a_part_on_a_row_of_its_own_is_derived_with_its_battery(world: World) -> None:
    pack = world.pack().produced()
    module = world.module().produced(parent=pack.code)
    before = snapshot()
    for battery in (None, pack.code, module.code):
        assert rebuild(battery=battery).differed == set()
        assert difference(before, snapshot()) == {}
    assert module.record.part_of == pack.code


def _first(model: Any, **where: Any) -> Any:
    return model.objects.filter(**where).order_by("pk")[0]


def _change(model: Any, **values: Any) -> Callable[[], None]:
    return lambda: model.objects.filter(pk=_first(model).pk).update(**values) and None


def _remove(model: Any) -> Callable[[], None]:
    return lambda: model.objects.all().delete() and None


def _put_step_elsewhere() -> None:
    other = LifecycleRecord.objects.filter(kind="battery").order_by("-pk")[0]
    Step.objects.filter(pk=_first(Step, type="installed").pk).update(record=other)


def _unjoin() -> None:
    LifecycleRecord.objects.filter(code="TMP-1").update(chain=None)


def _invent_part() -> None:
    built = _first(Component)
    built.pk, built.code = None, factories.cell_code(999)
    built.save(force_insert=True)


SPOILT = {
    "stage": lambda: LifecycleRecord.objects.filter(kind="battery").update(stage="lost") and None,
    "holder": lambda: LifecycleRecord.objects.exclude(holder=None).update(holder=_first(Organisation)) and None,
    "chain": _unjoin,
    "step": _change(Step, stage_after="lost"),
    "step_elsewhere": _put_step_elsewhere,
    "steps_gone": _remove(Step),
    "parts_gone": _remove(Component),
    "part_invented": _invent_part,
    "part_left": lambda: Component.objects.exclude(until_ms=None).update(until_ms=None) and None,
    "item": _change(TransferItem, status="refused"),
    "items_gone": _remove(TransferItem),
    "waybill": _change(Transfer, reference="=W-2"),
    "involvement_gone": _remove(Involvement),
    "installation": _change(Installation, vin=factories.vin(8)),
    "battery": _change(Battery, model_number="X"),
    "organisation": _change(Organisation, name="X"),
    "prefixes_gone": _remove(CodePrefix),
    "model": _change(BatteryModel, mass_mg=1),
    "permit": _change(Permit, number="X"),
}


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT.keys())
def test_a_changed_projection_is_found_and_made_right_again(pack: str, spoil: Callable[[], None]) -> None:
    before = snapshot()
    masters = _masters()
    spoil()
    assert rebuild().differed
    assert difference(before, snapshot()) == {}
    assert _masters() == masters
    assert rebuild().differed == set()


def _masters() -> list[Any]:
    return [
        *Organisation.objects.values_list("code", "name", "roles"),
        *CodePrefix.objects.values_list("prefix", "organisation"),
        *BatteryModel.objects.values_list("number", "mass_mg"),
        *Permit.objects.values_list("event", "number"),
    ]


def test_consignments_without_a_battery_are_removed(world: World, pack: str) -> None:
    Transfer.objects.create(
        sender=world.maker.organisation, receiver=world.recycler.organisation, reference="=never happened"
    )
    rebuild()
    assert not Transfer.objects.filter(items=None).exists()
    assert Transfer.objects.filter(reference="=W-1").exists()


def test_one_battery_is_rebuilt_with_its_parts_and_nothing_else(pack: str) -> None:
    before = snapshot()
    LifecycleRecord.objects.filter(kind="battery").update(stage="lost")
    with pytest.raises(SystemExit):
        call_command("rebuild", "--format", "json", battery=pack, stdout=(out := StringIO()))
    codes = set(json.loads(out.getvalue())["codes"])
    assert pack in codes
    assert codes == {row.code for row in LifecycleRecord.objects.filter(kind="battery").exclude(stage="lost")}
    built = {code for code, *_ in before["parts"]}
    assert codes - {pack} <= built
    assert len(codes) == 3


def test_the_command_says_how_many_differed(pack: str) -> None:
    call_command("rebuild", "--format", "json", stdout=(out := StringIO()))
    assert json.loads(out.getvalue())["differed"] == 0
    LifecycleRecord.objects.filter(code=pack).update(stage="lost")
    with pytest.raises(SystemExit) as stopped:
        call_command("rebuild", stdout=(out := StringIO()), stderr=(err := StringIO()))
    assert stopped.value.code == 1
    assert pack in err.getvalue()
    assert "1" in out.getvalue()


def test_an_unknown_battery_is_an_error(world: World) -> None:
    with pytest.raises(CommandError):
        call_command("rebuild", battery="04QPE76836300JBC40000903")


def test_many_parts_with_records_of_their_own_are_taken_in_batches(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    packs = [world.pack(modules=3).produced().removed(captured=True) for _ in range(4)]
    for pack in packs:
        pack.dismantled(world.dismantler, captured=True)
    before = snapshot()
    monkeypatch.setattr("traceability.rebuilding.SIZE", 1)
    assert rebuild().differed == set()
    assert difference(before, snapshot()) == {}
