"""Reading batches and lots, as far as a viewer may see them.

A lot is seen by who made it, who has or had it beyond dispute, whom it is on its way to, and the alliance. Where it is
and how much of it is left is for who has it now and the alliance: what others do with it is no concern of who sold it.
A batch is seen by its recycler and the alliance.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from django.db.models import BigIntegerField, Exists, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce, Left
from django.db.models.lookups import Exact

from batteries.rows import Page
from recyclers.models import Batch, BatchInput, BatchOutput, Lot, LotMovement, Residue
from traceability.access import Viewer
from traceability.audit.calendar import end_of, number_of
from traceability.events import batches
from traceability.models import LifecycleRecord

Item = TypeVar("Item", BatchInput, BatchOutput, Residue)


@dataclass(frozen=True, slots=True)
class LotFilters:
    """What a list of lots may be narrowed by; None does not narrow."""

    material: str | None = None
    #: Code of the organisation that made it.
    organisation: str | None = None
    #: Whether it is held by the viewer's own organisation, and something is left of it.
    in_stock: bool | None = None


def lots_seen(viewer: Viewer) -> QuerySet[Lot]:
    """The lots that a viewer may see, each with what is left of it (`left_mg`)."""
    moved = LotMovement.objects.filter(lot=OuterRef("pk")).order_by().values("lot")
    left = Subquery(moved.annotate(total=Sum("mg")).values("total"), output_field=BigIntegerField())
    lots = Lot.objects.annotate(left_mg=Coalesce(left, 0))
    if viewer.is_alliance:
        return lots
    own = viewer.organisation_id
    if own is None:
        return lots.none()
    kept = Exists(LotMovement.objects.filter(lot=OuterRef("pk"), keeper=own))
    return lots.filter(Q(organisation=own) | Q(transit_to=own) | kept)


def knows_whereabouts(viewer: Viewer, lot: Lot) -> bool:
    """Whether the viewer may know who has a lot, where it goes, and how much is left."""
    own = viewer.organisation_id
    holds = own is not None and own == lot.holder_id and own != lot.intruder_id
    return viewer.is_alliance or holds or (own is not None and own in (lot.transit_to_id, lot.claimant_id))


def movements_seen(viewer: Viewer, lot: Lot) -> QuerySet[LotMovement]:
    """What was done with a lot, in order: what the viewer recorded or was to receive; the alliance sees all."""
    rows = LotMovement.objects.filter(lot=lot).order_by("occurred_ms", "arrival", "place")
    own = viewer.organisation_id or 0
    return rows if viewer.is_alliance else rows.filter(Q(organisation=own) | Q(other=own))


def lots_by_code(viewer: Viewer, codes: Collection[str]) -> dict[str, Lot]:
    """Lots by their codes, as far as the viewer sees them."""
    return {row.code: row for batch in batches(codes) for row in lots_seen(viewer).filter(code__in=batch)}


def lots_by_id(viewer: Viewer, ids: Collection[int]) -> dict[int, Lot]:
    """Lots by the ids of their rows, as far as the viewer sees them."""
    # Not in_bulk(), which asks SQLite for 999 at a time.
    return {row.id: row for batch in batches(ids) for row in lots_seen(viewer).filter(id__in=batch)}


def filtered(viewer: Viewer, filters: LotFilters) -> QuerySet[Lot]:
    """The lots that the viewer sees and that meet the conditions."""
    lots = lots_seen(viewer)
    if filters.material is not None:
        lots = lots.filter(material=filters.material)
    if filters.organisation is not None:
        lots = lots.filter(organisation__code=filters.organisation)
    if filters.in_stock is not None:
        stock = Q(holder=viewer.organisation_id or 0, left_mg__gt=0)
        lots = lots.filter(stock if filters.in_stock else ~stock)
    return lots


def lots_of_records(viewer: Viewer, record_ids: Collection[int]) -> dict[int, Lot]:
    """The lots behind these records, for both sides of a hand-over."""
    found: dict[int, Lot] = {}
    for batch in batches(record_ids):
        rows = LifecycleRecord.objects.filter(id__in=batch, kind=LifecycleRecord.Kind.LOT)
        codes = dict(rows.values_list("code", "id"))
        found |= {codes[code]: lot for code, lot in lots_by_code(viewer, codes).items()} if codes else {}
    return found


@dataclass(frozen=True, slots=True)
class BatchFilters:
    """What a list of batches may be narrowed by; None does not narrow. Days are those of China, both inclusive."""

    process: str | None = None
    closed_from: date | None = None
    closed_until: date | None = None
    number_prefix: str | None = None
    #: Code of the recycler.
    organisation: str | None = None


def batches_filtered(viewer: Viewer, filters: BatchFilters) -> QuerySet[Batch]:
    """The batches that the viewer sees and that meet the conditions."""
    asked = {
        "process": filters.process,
        "closed_ms__gt": None if filters.closed_from is None else end_of(number_of(filters.closed_from) - 1),
        "closed_ms__lte": None if filters.closed_until is None else end_of(number_of(filters.closed_until)),
        "organisation__code": filters.organisation,
    }
    rows = batches_seen(viewer).filter(**{name: value for name, value in asked.items() if value is not None})
    if filters.number_prefix:
        # SQLite's LIKE takes A for a, and PostgreSQL's does not.
        rows = rows.filter(Exact(Left("number", len(filters.number_prefix)), filters.number_prefix))
    return rows


def batch_page(viewer: Viewer, filters: BatchFilters, size: int, after: tuple[int, int] | None) -> Page[Batch]:
    """A page of batches, the latest closed first; `after` is the last one's (closed ms, event)."""
    rows = batches_filtered(viewer, filters).order_by("-closed_ms", "-event")
    if after is not None:
        ms, event = after
        rows = rows.filter(Q(closed_ms__lt=ms) | Q(closed_ms=ms, event__lt=event))
    found = list(rows[: size + 1])
    return Page.cut(found, size, begun=after is not None)


def items_of(model: type[Item], batch_ids: Collection[int], begin: int, size: int) -> dict[int, list[Item]]:
    """A page of what went into, or came out of, each of these batches, in the order of its record; one query."""
    # Places count from 0 without gaps, so that a page of each is a range of places.
    found: dict[int, list[Item]] = {}
    for some in batches(batch_ids):
        rows = model._default_manager.filter(batch__in=some, place__gte=begin, place__lt=begin + size)
        for row in rows.order_by("batch", "place"):
            found.setdefault(row.batch_id, []).append(row)
    return found


def batches_seen(viewer: Viewer) -> QuerySet[Batch]:
    """The batches that a viewer may see."""
    rows = Batch.objects.all()
    return rows if viewer.is_alliance else rows.filter(organisation=viewer.organisation_id or 0)


def batch_by_number(viewer: Viewer, organisation: str, number: str) -> Batch | None:
    """A batch by its number; of several that history knows, the first."""
    return batches_seen(viewer).filter(organisation__code=organisation, number=number).order_by("event").first()
