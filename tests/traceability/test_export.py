"""`export`: an export captured into an empty system gives the same facts, stages and gaps."""

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone
from hypothesis import given, settings

from batteries.models import Battery, BatteryModel, Installation, ScrappedVehicle
from recyclers.models import Listing, Permit
from tests import factories, histories
from tests.histories import Told
from tests.projections import difference, snapshot
from tests.worlds import World, rolled_back
from traceability import append_only, exporting
from traceability.capturing import capture, capturing_viewer
from traceability.exporting import export
from traceability.models import (
    ApiToken,
    CodePrefix,
    Component,
    EventContent,
    Involvement,
    LifecycleEvent,
    LifecycleRecord,
    Organisation,
    OutboxEntry,
    Step,
    StepDetail,
    Transfer,
    TransferItem,
    User,
)

TABLES = (
    StepDetail, ScrappedVehicle,
    Installation, Battery, BatteryModel, Listing, Permit, TransferItem, Transfer, Involvement, Component, Step,
    OutboxEntry, EventContent, LifecycleEvent, LifecycleRecord, CodePrefix, ApiToken, User, Organisation,
)  # fmt: skip


@contextmanager
def an_empty_system() -> Iterator[None]:
    """Take everything away for a while, as a second database would be."""
    with transaction.atomic():
        with append_only.laid_aside():
            LifecycleRecord.objects.update(chain=None)
            for model in TABLES:
                rows = model._base_manager.all()
                rows._raw_delete(rows.db)
        yield
        transaction.set_rollback(True)


def records(**more: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in export(**more)]


def masters() -> list[Any]:
    return sorted(
        map(
            str,
            [
                *Organisation.objects.values_list("code", "name", "name_en", "roles", "region", "stated_ms"),
                *CodePrefix.objects.values_list("prefix", "organisation__code"),
                *BatteryModel.objects.values_list("organisation__code", "number", "mass_mg", "composition"),
                *Permit.objects.values_list("organisation__code", "kind", "number", "valid_from"),
            ],
        )
    )


def lives(world: World) -> None:
    pack = world.pack(modules=2, cells=1).produced(extra={"line": 7, "exact": "1.10"}).installed().sold().removed()
    pack.dispatched(to=world.recycler, waybill="W-1").received(by=world.stranger, condition="leaking")
    pack.dispute_decided(world.recycler, reason="seen on camera")
    pack.do("quarantine_lifted", world.recycler, captured=True, reason="sealed").dismantled(world.recycler)
    unreadable = world.pack().produced()
    world.battery("TMP-9").received(by=world.recycler).identified(unreadable)
    wrong = world.pack().produced().installed().removed(reason="repair")
    recall = {"type": "removed", "occurredAt": factories.moment(400), "details": {"reason": "recall"}}
    wrong.corrected(wrong.key, recall)
    gone = world.pack().produced().installed()
    gone.corrected(gone.key, None, world.alliance, of=world.maker)
    world.capture(
        [
            world.fact("model", world.maker, number="NCM-75", massKg="440", composition={"li": "0.0155"}),
            world.fact("permit", world.alliance, organisation=world.recycler.code, kind="eia", validFrom="2024-01-01"),
            world.fact("sold", world.importer, world.pack_code(), at=500, top={"reportedAt": factories.moment(600)}),
        ]
    )


def captured_elsewhere(data: str) -> tuple[dict[str, Any], list[Any], str]:
    with an_empty_system():
        result = capture(io.BytesIO(data.encode()), by=capturing_viewer(None, "command"))
        assert [str(bad) for bad in result.problems] == []
        return snapshot(), masters(), "\n".join(export())


def test_an_export_captured_into_an_empty_system_gives_the_same(world: World) -> None:
    lives(world)
    before, before_masters, data = snapshot(), masters(), "\n".join(export())
    after, after_masters, again = captured_elsewhere(data)
    assert difference(before, after) == {}
    assert after_masters == before_masters
    assert again == data


# A whole history, and all of it twice: a third of the usual number.
@settings(max_examples=settings.default.max_examples // 3)
@given(histories.tellings())
def test_any_history_survives_export_and_capture(world: World, told: list[Told]) -> None:
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
        before, data = snapshot(), "\n".join(export())
        after, _, again = captured_elsewhere(data)
        assert difference(before, after) == {}
        assert again == data


def test_what_the_ledger_wrote_itself_is_not_exported(world: World) -> None:
    world.pack(modules=2).produced().removed(captured=True).dismantled(world.workshop, captured=True)
    assert LifecycleEvent.objects.filter(type="released").count() == 2
    assert [record["type"] for record in records() if "battery" in record] == ["produced", "removed", "dismantled"]


def test_what_the_ledger_took_back_itself_is_not_exported(world: World) -> None:
    pack = world.pack(modules=2).produced()
    pack.repaired(removed=[pack.module_codes[0]])
    pack.corrected(pack.key, {"type": "repaired", "occurredAt": factories.moment(9), "details": {}}, world.workshop)
    written = LifecycleEvent.objects.filter(type="corrected")
    assert sorted(written.values_list("actor", flat=True)) == ["ledger", "test"]
    (record,) = [record for record in records() if record["type"] == "corrected"]
    assert record["details"]["replacement"]["type"] == "repaired"
    before = snapshot()
    after, _, _ = captured_elsewhere("\n".join(export()))
    assert difference(before, after) == {}


def test_records_come_in_order_of_arrival_and_always_say_when_they_were_reported(world: World) -> None:
    late = world.pack().produced(at=90).installed(at=50, captured=True)
    found = [record for record in records() if record.get("battery") == late.code]
    assert [record["type"] for record in found] == ["produced", "installed"]
    recorded = LifecycleEvent.objects.get(key=late.key).recorded_at
    assert found[1]["reportedAt"] == recorded.strftime("%Y-%m-%dT%H:%M:%S.") + f"{recorded.microsecond // 1000:03d}Z"


def test_personal_values_are_exported_until_they_are_erased(world: World) -> None:
    pack = world.pack().produced().installed(vin=factories.vin(5))
    (record,) = [record for record in records() if record["key"] == pack.key]
    assert record["details"] == {"vin": factories.vin(5)}
    EventContent.objects.filter(event__key=pack.key).delete()
    (record,) = [record for record in records() if record["key"] == pack.key]
    assert record["details"] == {}


def test_chunks_make_no_difference(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    lives(world)
    whole = list(export())
    monkeypatch.setattr(exporting, "CHUNK", 3)
    done: list[int] = []
    assert list(export(progress=done.append)) == whole
    assert done[-1] == len(whole)


def test_one_organisations_records_are_exported_alone(world: World) -> None:
    pack = world.pack().produced()
    pack.installed().removed()
    found = records(organisation=world.workshop.code)
    assert [(record["type"], record["organisation"]) for record in found] == [("removed", world.workshop.code)]


def test_only_what_was_recorded_since_a_day_is_exported(world: World) -> None:
    today = timezone.localdate()
    everything = records()
    assert records(since=today) == everything
    assert records(since=today + timedelta(days=1)) == []
    midnight = int(timezone.now().replace(hour=16, minute=0, second=0, microsecond=0).timestamp() * 1000)
    facts = [world.fact("produced", world.maker, world.pack_code(), key=key) for key in ("before", "after")]
    world.record(facts[0], by=world.maker, now_ms=midnight - 1)
    world.record(facts[1], by=world.maker, now_ms=midnight)
    # 16:00 UTC is where a day begins at +08:00.
    day = (timezone.now().replace(hour=16) + timedelta(hours=9)).date()
    keys = {record["key"] for record in records(since=day)}
    assert "after" in keys
    assert "before" not in keys


def test_the_command_writes_lines_to_standard_output_or_a_file(world: World, tmp_path: Path) -> None:
    lives(world)
    call_command("export", stdout=(out := io.StringIO()))
    assert out.getvalue().splitlines() == list(export())
    file = tmp_path / "out.jsonl"
    today = timezone.localdate().isoformat()
    call_command("export", "--output", str(file), "--since", today, stdout=(out := io.StringIO()))
    assert out.getvalue() == ""
    assert file.read_bytes().decode().split("\n") == [*export(), ""]


def test_an_unknown_organisation_and_a_wrong_day_are_errors(world: World) -> None:
    with pytest.raises(CommandError):
        call_command("export", "--organisation", factories.organisation_code(99))
    with pytest.raises(CommandError):
        call_command("export", "--since", "yesterday")
