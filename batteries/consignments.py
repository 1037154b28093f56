"""Consignments as rows, for those who send or receive them."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, cast

from django.conf import settings
from django.db.models import Count, Exists, F, FloatField, Min, OuterRef, Q, QuerySet, Value, Window
from django.db.models.functions import Abs, Cast, RowNumber
from django.db.models.lookups import GreaterThan

from batteries.rows import ItemRow, Page, TransferRow
from traceability.access import Viewer
from traceability.events import batches
from traceability.models import Organisation, Transfer, TransferItem

DAY_MS: Final = 86_400_000
_OPEN: Final = Q(items__status=TransferItem.Status.IN_TRANSIT)
_CLOSED: Final = ("received", "refused", "diverted", "replaced")


@dataclass(frozen=True, slots=True)
class TransferFilters:
    """Conditions that must all hold; None asks nothing."""

    direction: str | None = None
    open: bool | None = None
    overdue: bool | None = None
    waybill: str | None = None
    counterparty: str | None = None


def visible_transfers(viewer: Viewer) -> QuerySet[Transfer]:
    """The consignments that the viewer sends or is to receive; the alliance sees all. Emptied ones are none."""
    transfers = Transfer.objects.filter(Exists(TransferItem.objects.filter(transfer=OuterRef("pk"))))
    if viewer.is_alliance:
        return transfers
    if viewer.organisation_id is None:
        return transfers.none()
    return transfers.filter(Q(sender=viewer.organisation_id) | Q(receiver=viewer.organisation_id))


def transfer_page(
    viewer: Viewer, filters: TransferFilters, size: int, after: int | None, now_ms: int
) -> Page[TransferRow]:
    """A page of consignments, newest first; two queries."""
    transfers = _filtered(viewer, filters, now_ms).order_by("-id")
    if after is not None:
        transfers = transfers.filter(id__lt=after)
    ids = list(transfers.values_list("id", flat=True)[: size + 1])
    rows = transfer_rows(Transfer.objects.filter(id__in=ids[:size]), now_ms) if ids else {}
    page = Page.cut(ids, size, begun=after is not None)
    return page.holding(rows[id_] for id_ in page.rows)


def _filtered(viewer: Viewer, filters: TransferFilters, now_ms: int) -> QuerySet[Transfer]:
    transfers = visible_transfers(viewer)
    open_ = TransferItem.objects.filter(transfer=OuterRef("pk"), status=TransferItem.Status.IN_TRANSIT)
    if filters.direction is not None:
        side = "sender" if filters.direction == "sent" else "receiver"
        transfers = transfers.filter(**{side: viewer.organisation_id})
    if filters.open is not None:
        transfers = transfers.filter(Exists(open_) if filters.open else ~Exists(open_))
    if filters.overdue is not None:
        late = open_.filter(dispatched_ms__lte=overdue_since(now_ms))
        transfers = transfers.filter(Exists(late) if filters.overdue else ~Exists(late))
    if filters.waybill is not None:
        transfers = transfers.filter(reference=f"={filters.waybill}")
    if filters.counterparty is not None:
        # The other side, and not merely either: one's own code finds nothing.
        other = Q(receiver__code=filters.counterparty) & ~Q(receiver=viewer.organisation_id or 0)
        other |= Q(sender__code=filters.counterparty) & ~Q(sender=viewer.organisation_id or 0)
        transfers = transfers.filter(other)
    return transfers


def overdue_since(now_ms: int) -> int:
    """What was dispatched at this moment or before, and is still on its way, is overdue (`audit.md`)."""
    days = cast(int, settings.AUDIT_PARAMETERS["unreceived_days"])
    return now_ms - days * DAY_MS


def transfer_by_number(viewer: Viewer, number: int, now_ms: int) -> TransferRow | None:
    """One consignment that the viewer may see."""
    return transfer_rows(visible_transfers(viewer).filter(pk=number), now_ms).get(number)


def expected_transfers(viewer: Viewer, record_ids: Collection[int], now_ms: int) -> dict[int, TransferRow]:
    """The open consignments, addressed to the viewer, in which these batteries are on their way: record → row."""
    if viewer.organisation_id is None or not record_ids:
        return {}
    items = TransferItem.objects.filter(
        record__in=record_ids,
        status=TransferItem.Status.IN_TRANSIT,
        transfer__receiver=viewer.organisation_id,
    )
    if len(record_ids) == 1:
        # The dock: one query for one battery.
        (record,) = record_ids
        found = transfer_rows(Transfer.objects.filter(Exists(items.filter(transfer=OuterRef("pk")))), now_ms)
        return dict.fromkeys((record,), next(iter(found.values()))) if found else {}
    pairs = list(items.values_list("record_id", "transfer_id"))
    rows = transfer_rows(Transfer.objects.filter(id__in={transfer for _, transfer in pairs}), now_ms)
    return {record: rows[transfer] for record, transfer in pairs}


def transfer_rows(transfers: QuerySet[Transfer], now_ms: int) -> dict[int, TransferRow]:
    """Read consignments with the figures of their items; one query."""
    counted = transfers.annotate(
        all_items=Count("items"),
        first_ms=Min("items__dispatched_ms"),
        in_transit=Count("items", filter=_OPEN),
        late=Count("items", filter=_OPEN & Q(items__dispatched_ms__lte=overdue_since(now_ms))),
        off=Count("items", filter=_differs()),
        **{name: Count("items", filter=Q(items__status=name)) for name in _CLOSED},
    ).filter(all_items__gt=0)
    return {
        row.id: TransferRow(
            id=row.id,
            sender_id=row.sender_id,
            receiver_id=row.receiver_id,
            waybill=row.waybill,
            status=_status(vars(row)),
            dispatched_ms=row.first_ms,
            items=row.all_items,
            open=row.in_transit,
        )
        for row in counted.order_by("id")
    }


def _differs() -> Q:
    """Items received off in mass or condition; masses are below 2⁵³ mg, so that floats compare them well enough."""
    percent = float(Decimal(settings.MASS_DIFFERENCE_PERCENT))
    off = Abs(Cast(F("items__received_mg"), FloatField()) - Cast(F("items__sent_mg"), FloatField()))
    allowed = Cast(F("items__sent_mg"), FloatField()) * Value(percent / 100, FloatField())
    damaged = ~Q(items__condition="") & ~Q(items__condition="intact")
    return Q(items__status=TransferItem.Status.RECEIVED) & (Q(GreaterThan(off, allowed)) | damaged)


def _status(counts: Mapping[str, Any]) -> str:
    """The state of a consignment, by what became of its items."""
    if counts["late"]:
        return "overdue"
    if counts["in_transit"]:
        closed = counts["in_transit"] < counts["all_items"] - counts["replaced"]
        return "partly_received" if closed else "in_transit"
    if counts["received"]:
        strange = counts["off"] or counts["refused"] or counts["diverted"]
        return "received_with_differences" if strange else "received"
    return next(name for name in ("refused", "diverted", "replaced") if counts[name])


# Items ---------------------------------------------------------------------------------------------------------------


def items_by_transfer(
    viewer: Viewer, transfers: Collection[TransferRow], size: int, after: int | None
) -> dict[int, list[ItemRow]]:
    """The items of each consignment, in order of dispatch; one query."""
    receivers = {row.id: row.receiver_id for row in transfers}
    found: dict[int, list[ItemRow]] = defaultdict(list)
    for batch in batches(receivers):
        items = TransferItem.objects.filter(transfer__in=batch)
        items = items if after is None else items.filter(dispatch__gt=after)
        place = Window(RowNumber(), partition_by=F("transfer_id"), order_by=F("dispatch_id").asc())
        for item in items.annotate(place=place).filter(place__lte=size).order_by("transfer_id", "dispatch_id"):
            found[item.transfer_id].append(_item(item, receivers[item.transfer_id] == viewer.organisation_id))
    return found


def _item(item: TransferItem, addressed: bool) -> ItemRow:
    # Whoever it was addressed to learns that it went elsewhere, and no more.
    elsewhere = addressed and item.status == TransferItem.Status.DIVERTED
    return ItemRow(
        id=item.dispatch_id,
        transfer_id=item.transfer_id,
        record_id=item.record_id,
        status=item.status,
        dispatched_ms=item.dispatched_ms,
        sent_mg=item.sent_mg,
        closed_ms=None if elsewhere else item.closed_ms,
        received_mg=None if elsewhere else item.received_mg,
        condition="" if elsewhere else item.condition,
    )


def shares_a_transfer(viewer: Viewer, organisation: str = "pk") -> Q:
    """The organisations that send something to the viewer, or are to receive something from it."""
    own = visible_transfers(viewer)
    sends = Exists(own.filter(sender=OuterRef(organisation)))
    receives = Exists(own.filter(receiver=OuterRef(organisation)))
    return Q(sends) | Q(receives)


def organisations_known(viewer: Viewer) -> QuerySet[Organisation]:
    """The organisations that the viewer may ask for: its own and its counterparties; all for the alliance."""
    rows = Organisation.objects.all()
    return rows if viewer.is_alliance else rows.filter(Q(pk=viewer.organisation_id or 0) | shares_a_transfer(viewer))
