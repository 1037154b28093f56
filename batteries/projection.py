"""Keeping batteries and installations in step with the ledger."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from django.db import connection

from batteries.battery_code import day_of
from batteries.codes import read
from batteries.inheriting import inherit
from batteries.models import Battery, Installation
from traceability import bulk, identity
from traceability.chains import Taken, Walk
from traceability.events import batches
from traceability.founding import Founded
from traceability.stages import ORIGINS
from traceability.values import from_ms, milligrams

#: A code that was accepted once is read again without asking whether its date lies in the future.
_ANY_DAY = from_ms(1 << 42).date()
_FIELDS = ("battery_type", "manufacturer_code", "produced_on", "model_number", "mass_mg", "inherited_model")


def project(appended: Sequence[Walk], anew: Sequence[Walk]) -> None:
    """Take in steps that were appended, and chains that were walked anew."""
    described = [walk for walk in appended if not walk.steps[0].before.started or _begins(walk.steps)]
    rows = {walk.record.id: _battery(walk) for walk in (*described, *anew)}
    inherit(anew, rows)
    bulk.insert(list(rows.values()), update_conflicts=True, unique_fields=["record"], update_fields=_FIELDS)
    for batch in batches([walk.record.id for walk in anew]):
        Installation.objects.filter(record__in=batch).delete()
    _close(appended)
    installations = [row for walk in (*appended, *anew) for row in _installations(walk)]
    if installations:
        bulk.insert(installations)


def found(made: Sequence[Founded]) -> None:
    """Describe many new batteries by their codes and by what their maker says."""
    names = ["record_id", *_FIELDS]
    bulk.load(Battery, names, [(f.record_id, *_described(f)) for f in made])


def _described(founded: Founded) -> tuple[Any, ...]:
    new = founded.new
    return new.code[4], identity.prefix_of(new.code), _day(new.code[14:17]), new.model, milligrams(new.mass_kg), ""


@lru_cache(maxsize=4_096)
def _day(letters: str) -> Any:
    return connection.ops.adapt_datefield_value(day_of(f"{'0' * 14}{letters}"))


def _origin(steps: Sequence[Taken]) -> Taken | None:
    return next((taken for taken in steps if taken.occurrence.fact.type in ORIGINS), None)


def _begins(steps: Sequence[Taken]) -> bool:
    """Whether the maker speaks here for the first time; what is said a second time describes nothing."""
    origin = _origin(steps)
    return origin is not None and origin.before.maker is None


def _battery(walk: Walk) -> Battery:
    """Describe a battery by its code and by what its maker said when it was produced."""
    code = walk.record.code
    origin = _origin(walk.steps)
    details = origin.occurrence.fact.details if origin else {}
    row = Battery(
        record_id=walk.record.id,
        model_number=details.get("model", ""),
        mass_mg=milligrams(details.get("massKg")),
        manufacturer_code=identity.prefix_of(code),
    )
    if not identity.is_provisional(code):
        battery_code = read(code, today=_ANY_DAY).battery_code
        if battery_code is not None:
            row.battery_type, row.produced_on = battery_code.battery_type, battery_code.produced_on
    return row


def _installations(walk: Walk) -> list[Installation]:
    rows: list[Installation] = []
    for taken in walk.steps:
        occurrence = taken.occurrence
        if rows and rows[-1].until_ms is None and taken.outcome.state.stage != "in_vehicle":
            rows[-1].until_ms = occurrence.fact.occurred_ms
        if occurrence.fact.type == "installed":
            if rows and rows[-1].until_ms is None:
                rows[-1].until_ms = occurrence.fact.occurred_ms
            rows.append(
                Installation(
                    event_id=occurrence.event_id,
                    record_id=walk.record.id,
                    vin=occurrence.fact.details.get("vin", ""),
                    since_ms=occurrence.fact.occurred_ms,
                )
            )
    return rows


def _close(appended: Sequence[Walk]) -> None:
    """End the stay in a vehicle where an appended step leads out of it, or into another."""
    ended: dict[int, int] = {}
    for walk in appended:
        for taken in walk.steps:
            before, after = taken.before.stage, taken.outcome.state.stage
            leaves = before == "in_vehicle" and (after != before or taken.occurrence.fact.type == "installed")
            if leaves:
                ended.setdefault(walk.record.id, taken.occurrence.fact.occurred_ms)
    for batch in batches(ended):
        rows = list(Installation.objects.filter(record__in=batch, until_ms=None))
        for row in rows:
            row.until_ms = ended[row.record_id]
        Installation.objects.bulk_update(rows, ["until_ms"])
