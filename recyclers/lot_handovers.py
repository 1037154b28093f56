"""Consignments of lots: what was sent, and what became of it. The same tables as for batteries."""

from collections.abc import Mapping, Sequence

from recyclers.lot_walk import DISPATCHED, RECEIVED, REFUSED, Taken
from recyclers.models import Lot, LotMovement
from traceability import bulk, projecting
from traceability.events import batches
from traceability.facts import Fact
from traceability.models import LifecycleRecord, TransferItem

Status = TransferItem.Status


def reference_of(fact: Fact) -> str:
    """How the consignment of a dispatched lot is known: by its waybill, or by the call that sent it."""
    if fact.type != "dispatched":
        return ""
    waybill = fact.details.get("waybill")
    return f"={waybill}" if waybill else "#" + fact.key.removesuffix(f"#{fact.code}")


def write(
    lots: Mapping[int, Lot], histories: Mapping[int, Sequence[LotMovement]], walks: Mapping[int, Sequence[Taken]]
) -> None:
    """Replace the items of consignments that these lots are or were."""
    codes = {row.code: id_ for id_, row in lots.items()}
    records: dict[int, int] = {}
    for batch in batches(codes):
        found = LifecycleRecord.objects.filter(kind=LifecycleRecord.Kind.LOT, code__in=batch)
        records |= {codes[code]: id_ for code, id_ in found.values_list("code", "id")}
    for ids in batches(records.values()):
        TransferItem.objects.filter(record__in=ids).delete()
    sent = {
        row.event_id: row
        for history in histories.values()
        for row in history
        if row.kind == DISPATCHED and row.other_id is not None
    }
    if not sent:
        return
    transfers = projecting.find_transfers({_consignment(row) for row in sent.values()})
    items = [item for id_, taken in walks.items() for item in _items(taken, sent, records.get(id_), transfers)]
    bulk.insert(items)


def _consignment(row: LotMovement) -> tuple[int, int, str]:
    assert row.other_id is not None
    return row.organisation_id, row.other_id, row.reference


def _items(
    taken: Sequence[Taken],
    sent: Mapping[int, LotMovement],
    record: int | None,
    transfers: Mapping[tuple[int, int, str], int],
) -> list[TransferItem]:
    open_: dict[int, TransferItem] = {}
    for step in taken:
        event = step.entry.event
        closing = step.before.transit_event
        if closing in open_ and step.state.transit_event != closing:
            _close(open_[closing], step)
        if step.entry.posting.kind == DISPATCHED and event in sent and record is not None:
            row = sent[event]
            # One that announces afterwards what the other has received already was never on its way.
            settled = step.state.transit_event != event
            open_[event] = TransferItem(
                dispatch_id=event,
                transfer_id=transfers[_consignment(row)],
                record_id=record,
                status=Status.RECEIVED if settled else Status.IN_TRANSIT,
                dispatched_ms=row.occurred_ms,
                sent_mg=row.stated_mg,
                closing_id=event if settled else None,
                closed_ms=row.occurred_ms if settled else None,
            )
    return list(open_.values())


def _close(item: TransferItem, step: Taken) -> None:
    kind = step.entry.posting.kind
    received = kind == RECEIVED
    item.status = Status.REFUSED if kind == REFUSED else Status.REPLACED
    if received:
        item.status = Status.DIVERTED if step.unannounced else Status.RECEIVED
    item.closing_id = step.entry.event
    item.closed_ms = step.entry.occurred_ms
    item.received_mg = step.entry.posting.stated_mg if received else None
