"""What a company's products of a period are made of, as far as a viewer may know; a fixed number of queries.

Products are the lots that left the company's processes taken as one: what it drew again, on whichever day, is none. The
alliance follows them across companies; the company itself follows what it did, and what came from others it bought.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any, Final

from django.db.models import QuerySet

from recyclers import flows
from recyclers.batch_flows import batteries_of, flows_of, quality_of
from recyclers.closed_batches import closed_between, drawing_from, lots_of
from recyclers.conditions.evaluation import check_days
from recyclers.contents import content_mg
from recyclers.intermediates import Intermediates
from recyclers.lineage import own_sight
from recyclers.lineage_edges import edges_behind
from recyclers.lineage_shares import BATTERY, LOT, REAGENT, Edge, Node, TangledLineage
from recyclers.lot_facts import facts_of
from recyclers.models import BatchOutput, Lot, LotOpening
from recyclers.recycled_content import (
    BOUGHT,
    PRODUCTION_SCRAP,
    UNKNOWN,
    Held,
    Product,
    Recycled,
    recycled,
)
from traceability.access import Viewer
from traceability.audit.calendar import end_of, number_of
from traceability.errors import refuse
from traceability.events import batches
from traceability.models import Organisation

#: What was said of a lot from outside → what it counts for; what nobody said, and stock when records began, is unknown.
_OPENED: Final = {"production_scrap": PRODUCTION_SCRAP, "purchased": BOUGHT}
_ONE_PROCESS: Final = flows.HYDROMETALLURGY


def recycled_content(viewer: Viewer, company: Organisation, first: date, last: date) -> list[Recycled]:
    """Say of each material that a company produced in a period what it is made of, by source.

    Args:
        viewer: the company itself, or the alliance: who else asks is told nothing by any door.
        first, last: days at +08:00, both inclusive.

    Raises:
        Refusal: `wrong_value` for a period that is none, `lineage_too_large`, `lineage_tangled`.
    """
    check_days(first, last)
    ids = closed_between([company.pk], first, last)
    left = _left([company.pk], ids)
    if not left:
        return []
    own = own_sight(viewer)
    found = edges_behind(_made_between(company.pk, first, last), own)
    nodes = {node for edge in found.edges for node in (edge.source, edge.target)}
    rows = _lots({int(node.code) for node in nodes if node.kind == LOT} | set(left))
    products = [Product(Node(LOT, str(id_)), rows[id_].material, mg) for id_, mg in left.items()]
    held = _contents(rows, {node.code for node in nodes if node.kind == BATTERY})
    try:
        return recycled(products, found.edges, found.masses, held, _sources(rows, found.edges, own))
    except TangledLineage:
        raise refuse("lineage_tangled") from None


def _left(company: Collection[int], ids: Collection[int]) -> dict[int, Fraction]:
    """How much of each lot left the company's processes, by the ids of their rows."""
    later = drawing_from(company, ids)
    found = flows_of([*ids, *later])
    made = {event: replace(found[event], process=_ONE_PROCESS) for event in ids if event in found}
    drawn = [replace(found[event], process=_ONE_PROCESS, outputs=()) for event in later if event in found]
    inside = Intermediates((*made.values(), *drawn), facts_of(lots_of([*ids, *later]), sources=True))
    left: dict[int, Fraction] = {}
    for event, lots in _outputs(made).items():
        for lot, output in zip(lots, made[event].outputs, strict=True):
            mg = output.mass_mg * (1 - inside.fed_share(made[event], output))
            left[lot] = left.get(lot, Fraction(0)) + mg
    return {lot: mg for lot, mg in left.items() if mg}


def _outputs(batch_ids: Collection[int]) -> dict[int, list[int]]:
    """The lots that came out of each batch, in the order of its record."""
    found: dict[int, list[int]] = {event: [] for event in batch_ids}
    for ids in batches(batch_ids):
        rows = BatchOutput.objects.filter(batch__in=ids).order_by("batch", "place")
        for event, lot in rows.values_list("batch_id", "lot_id"):
            found[event].append(lot)
    return found


def _made_between(company: int, first: date, last: date) -> QuerySet[BatchOutput, int]:
    since, until = end_of(number_of(first) - 1), end_of(number_of(last))
    rows = BatchOutput.objects.filter(
        batch__organisation=company, batch__closed_ms__gt=since, batch__closed_ms__lte=until
    )
    return rows.order_by().values_list("lot_id", flat=True)


def _lots(ids: Collection[int]) -> dict[int, Lot]:
    return {row.pk: row for some in batches(ids) for row in Lot.objects.filter(id__in=some)}


def _contents(lots: Mapping[int, Lot], codes: Collection[str]) -> Held:
    qualities = {Node(LOT, str(id_)): quality_of(row) for id_, row in lots.items()}
    batteries = batteries_of(codes)

    def held(node: Node, mass_mg: int, element: str) -> Fraction | None:
        flow: flows.Input
        if node.kind == REAGENT:
            flow = flows.ReagentInput(node.code, mass_mg)
        elif node.kind == BATTERY:
            type_, composition = batteries.get(node.code, (None, None))
            flow = flows.BatteryInput(node.code, mass_mg, composition, type_)
        else:
            flow = flows.LotInput(flows.Lot("", node.code), mass_mg, qualities.get(node, flows.UNKNOWN_QUALITY))
        return content_mg(flow, element)

    return held


def _sources(rows: Mapping[int, Lot], edges: Iterable[Edge], own: int | None) -> dict[Node, str]:
    """What each lot that came from nothing else counts for."""
    made = {edge.target for edge in edges}
    first = {id_: row for id_, row in rows.items() if Node(LOT, str(id_)) not in made}
    opened: dict[Any, str] = {}
    for ids in batches([row.origin_event for row in first.values() if row.origin == Lot.Origin.OPENED]):
        opened |= dict(LotOpening.objects.filter(event__in=ids).values_list("event_id", "source"))
    return {Node(LOT, str(id_)): _source(row, opened, own) for id_, row in first.items()}


def _source(row: Lot, opened: Mapping[Any, str], own: int | None) -> str:
    if own is not None and row.organisation_id != own:
        # How another one came by it, the buyer is not told.
        return UNKNOWN if row.origin in ("", Lot.Origin.RECEIVED) else BOUGHT
    return _OPENED.get(opened.get(row.origin_event, ""), UNKNOWN) if row.origin == Lot.Origin.OPENED else UNKNOWN
