"""Reading batches and lots, as far as a viewer may see them.

A lot is seen by who made it, who has or had it beyond dispute, whom it is on its way to, and the alliance. Where it is
and how much of it is left is for who has it now and the alliance: what others do with it is no concern of who sold it.
A batch is seen by its recycler and the alliance.
"""

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import BigIntegerField, Exists, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from recyclers.models import Batch, Lot, LotMovement
from traceability.access import Viewer
from traceability.events import batches
from traceability.models import LifecycleRecord


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


def lots_by_code(viewer: Viewer, codes: Collection[str]) -> dict[str, Lot]:
    """Lots by their codes, as far as the viewer sees them."""
    return {row.code: row for batch in batches(codes) for row in lots_seen(viewer).filter(code__in=batch)}


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


def batches_seen(viewer: Viewer) -> QuerySet[Batch]:
    """The batches that a viewer may see."""
    rows = Batch.objects.all()
    return rows if viewer.is_alliance else rows.filter(organisation=viewer.organisation_id or 0)


def batch_by_number(viewer: Viewer, organisation: str, number: str) -> Batch | None:
    """A batch by its number; of several that history knows, the first."""
    return batches_seen(viewer).filter(organisation__code=organisation, number=number).order_by("event").first()
