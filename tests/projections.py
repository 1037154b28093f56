"""Everything that is projected from the ledger, as plain values that can be compared between two ledgers.

Ids depend on the order of arrival, so events are named by what they say: the key they stand under, or for what the
ledger wrote itself the type, the code and the moment.
"""

from typing import Any

from batteries.models import Battery, Installation, ScrappedVehicle
from traceability.models import (
    Component,
    Involvement,
    LifecycleEvent,
    LifecycleRecord,
    Organisation,
    Step,
    StepDetail,
    TransferItem,
)

#: What the audit keeps, the shortcut's own flag, and the hash chain, which follows the order of arrival by design.
_NOT_COMPARED = ("id", "number", "head", "entangled", "touched", "audited", "audit_status")
Rows = list[tuple[Any, ...]]


def snapshot() -> dict[str, Rows]:
    """Every projection of the batteries' ledgers: table → sorted rows."""
    names = _names()
    companies = dict(Organisation.objects.values_list("id", "code"))
    codes = dict(LifecycleRecord.objects.values_list("id", "code"))
    return {
        "records": sorted(_record(row, codes, companies, names) for row in _records()),
        "steps": sorted(_step(row, codes, companies, names) for row in Step.objects.filter(effective=True)),
        "details": sorted(
            (codes[row.record_id], names[row.event_id], row.name, row.value) for row in StepDetail.objects.all()
        ),
        "scrapped": sorted((row.key, row.vin, row.occurred_ms) for row in ScrappedVehicle.objects.all()),
        "parts": sorted(
            (
                row.code,
                row.parent_code,
                row.model_number,
                row.mass_mg or 0,
                names[row.since_event_id],
                row.since_ms,
                str(row.until_ms),
            )
            for row in Component.objects.all()
        ),
        "consignments": sorted(_item(row, codes, companies, names) for row in _items()),
        "involvement": sorted(
            (companies[row.organisation_id], codes[row.record_id], row.until_ms, names.get(row.until_arrival, ""))
            for row in Involvement.objects.all()
        ),
        "batteries": sorted(
            (
                codes[row.record_id],
                row.battery_type,
                row.manufacturer_code,
                str(row.produced_on),
                row.model_number,
                str(row.mass_mg),
            )
            for row in Battery.objects.all()
        ),
        "installations": sorted(
            (names[row.event_id], codes[row.record_id], row.vin, row.since_ms, str(row.until_ms))
            for row in Installation.objects.all()
        ),
    }


def difference(one: dict[str, Rows], other: dict[str, Rows]) -> dict[str, tuple[Rows, Rows]]:
    """What only the one and what only the other has, table by table; empty when they are equal."""
    found = {}
    for table in one:
        left = [row for row in one[table] if row not in other[table]]
        right = [row for row in other[table] if row not in one[table]]
        if left or right or len(one[table]) != len(other[table]):
            found[table] = (left, right)
    return found


def _names() -> dict[int, str]:
    """Event → what it stands under: of a correction, the key of what it corrected."""
    names = {}
    for id_, key, type_, code, ms in LifecycleEvent.objects.values_list(
        "id", "key", "type", "record__code", "step__occurred_ms"
    ):
        names[id_] = f"{type_} {code} {ms}" if type_ in ("released", "reassembled") else key
    for id_, key, type_, code, ms in Step.objects.filter(effective=True).values_list(
        "event_id", "key", "type", "record__code", "occurred_ms"
    ):
        names[id_] = f"{type_} {code} {ms}" if type_ in ("released", "reassembled") else key
    return names


def _records() -> Any:
    return LifecycleRecord.objects.filter(kind="battery")


def _record(
    row: LifecycleRecord, codes: dict[int, str], companies: dict[int, str], names: dict[int, str]
) -> tuple[str, ...]:
    shown = [row.code]
    for field in LifecycleRecord._meta.concrete_fields:
        value = getattr(row, field.attname)
        if field.name in _NOT_COMPARED:
            continue
        if field.name == "chain":
            value = codes.get(value)
        elif field.name in ("transit_event", "quarantine_event"):
            value = names.get(value)
        elif field.is_relation:
            value = companies.get(value)
        shown.append(f"{field.name}={value}")
    return tuple(shown)


def _step(row: Step, codes: dict[int, str], companies: dict[int, str], names: dict[int, str]) -> tuple[str, ...]:
    shown = [codes[row.record_id], f"{row.occurred_ms:015d}", names[row.event_id], row.type]
    shown += [f"by={companies[row.organisation_id]}", f"other={companies.get(row.other_id or 0)}"]
    shown += [f"stage={row.stage_before}→{row.stage_after}", f"fault={row.fault}", f"unannounced={row.unannounced}"]
    for name in ("holder_before", "holder_after", "transit_before", "transit_after"):
        shown.append(f"{name}={companies.get(getattr(row, name))}")
    for name in ("claimant_after", "intruder_after"):
        shown.append(f"{name}={companies.get(getattr(row, name))}")
    for name in ("transit_event_before", "transit_event_after", "quarantine_after"):
        shown.append(f"{name}={names.get(getattr(row, name) or 0)}")
    return tuple(shown)


def _items() -> Any:
    return TransferItem.objects.select_related("transfer")


def _item(
    row: TransferItem, codes: dict[int, str], companies: dict[int, str], names: dict[int, str]
) -> tuple[str, ...]:
    transfer = row.transfer
    return (
        names[row.dispatch_id],
        codes[row.record_id],
        companies[transfer.sender_id],
        companies[transfer.receiver_id],
        transfer.reference,
        row.status,
        f"{row.dispatched_ms} {row.sent_mg}",
        f"closed={names.get(row.closing_id or 0)} {row.closed_ms} {row.received_mg} {row.condition}",
    )
