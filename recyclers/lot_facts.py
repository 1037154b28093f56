"""What is on record of lots, as plain values (`recyclers.flows.LotFacts`): from their movements, in a few queries."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from recyclers.flows import Lot as Name
from recyclers.flows import LotFacts
from recyclers.lot_walk import MERGED_FROM, MERGED_INTO, SOLD, SPLIT_FROM, SPLIT_INTO
from recyclers.models import Lot, LotMovement
from traceability import lots
from traceability.events import batches


@dataclass(slots=True)
class _Moved:
    """What moved in and out of one lot: mg; left otherwise than into a batch; the events that made it of others."""

    mg: int = 0
    left: list[tuple[int, int]] = field(default_factory=list)
    made_by: set[int] = field(default_factory=set)


def facts_of(lot_ids: Collection[int], *, until_ms: int | None = None, sources: bool = False) -> dict[Name, LotFacts]:
    """Load lots that exist, by the ids of their rows.

    Args:
        until_ms: movements that were reported later are left out.
        sources: those that they were split from or merged of, too, however often: a few queries each time.
    """
    moved: dict[int, _Moved] = {}
    parts: dict[int, list[tuple[int, int]]] = {}
    pending = set(lot_ids)
    while pending:
        fresh = _moved(pending, until_ms)
        moved |= fresh
        parts |= _parts({event for one in fresh.values() for event in one.made_by} - parts.keys())
        above = {lot for one in fresh.values() for event in one.made_by for lot, _ in parts[event]}
        pending = above - moved.keys() if sources else set()
    names = _names({*moved, *(lot for taken in parts.values() for lot, _ in taken)})
    return {
        names[id_]: LotFacts(
            names[id_],
            one.mg,
            tuple((names[lot], mg) for event in sorted(one.made_by) for lot, mg in _share(parts[event], one.mg)),
            tuple(sorted(one.left)),
        )
        for id_, one in moved.items()
        if one.mg
    }


def _moved(lot_ids: Collection[int], until_ms: int | None) -> dict[int, _Moved]:
    found: dict[int, _Moved] = defaultdict(_Moved)
    for ids in batches(lot_ids):
        rows = LotMovement.objects.filter(lot__in=ids)
        rows = rows if until_ms is None else rows.filter(reported_ms__lte=until_ms)
        for lot, event, kind, mg, ms in rows.values_list("lot_id", "event_id", "kind", "mg", "occurred_ms"):
            found[lot].mg += max(mg, 0)
            if kind in (SPLIT_FROM, MERGED_FROM, SOLD):
                found[lot].left.append((ms, -mg))
            if kind in (SPLIT_INTO, MERGED_INTO):
                found[lot].made_by.add(event)
    return dict(found)


def _parts(event_ids: Collection[int]) -> dict[int, list[tuple[int, int]]]:
    """What each splitting or merging took from which lots, mg."""
    found: dict[int, list[tuple[int, int]]] = {event: [] for event in event_ids}
    for ids in batches(event_ids):
        rows = LotMovement.objects.filter(event__in=ids, kind__in=(SPLIT_FROM, MERGED_FROM))
        for event, lot, mg in rows.order_by("event", "place").values_list("event_id", "lot_id", "mg"):
            found[event].append((lot, -mg))
    return found


def _share(parts: list[tuple[int, int]], whole: int) -> list[tuple[int, int]]:
    """Of a splitting one lot gets its own mass only; a merger is all that went in."""
    return [(parts[0][0], whole)] if len(parts) == 1 else parts


def _names(lot_ids: Iterable[int]) -> dict[int, Name]:
    rows = (Lot.objects.filter(id__in=ids).values_list("id", "code") for ids in batches(set(lot_ids)))
    return {id_: Name(*lots.name_of(code)) for found in rows for id_, code in found}
