"""What is on record of lots, as plain values (`recyclers.flows.LotFacts`): from their movements, in a few queries."""

from collections import defaultdict
from collections.abc import Collection

from recyclers.flows import Lot as Name
from recyclers.flows import LotFacts
from recyclers.lot_walk import MERGED_FROM, MERGED_INTO, SOLD, SPLIT_FROM, SPLIT_INTO
from recyclers.models import Lot, LotMovement
from traceability import lots
from traceability.events import batches


def facts_of(lot_ids: Collection[int], *, until_ms: int | None = None) -> dict[Name, LotFacts]:
    """Load lots that exist by the ids of their rows, without those that they were split from or merged of.

    Args:
        until_ms: movements that were reported later are left out.
    """
    mass: dict[int, int] = defaultdict(int)
    left: dict[int, list[tuple[int, int]]] = defaultdict(list)
    made_by: dict[int, set[int]] = defaultdict(set)
    for ids in batches(lot_ids):
        rows = LotMovement.objects.filter(lot__in=ids)
        rows = rows if until_ms is None else rows.filter(reported_ms__lte=until_ms)
        for lot, event, kind, mg, ms in rows.values_list("lot_id", "event_id", "kind", "mg", "occurred_ms"):
            if mg > 0:
                mass[lot] += mg
            if kind in (SPLIT_FROM, MERGED_FROM, SOLD):
                left[lot].append((ms, -mg))
            if kind in (SPLIT_INTO, MERGED_INTO):
                made_by[lot].add(event)
    codes = {
        id_: code for ids in batches(mass) for id_, code in Lot.objects.filter(id__in=ids).values_list("id", "code")
    }
    parts = _parts({event for events in made_by.values() for event in events})
    return {
        name: LotFacts(
            name,
            whole,
            tuple(part for event in sorted(made_by.get(id_, ())) for part in _share(parts[event], whole)),
            tuple(sorted(left.get(id_, ()))),
        )
        for id_, whole in mass.items()
        for name in [_name(codes[id_])]
    }


def _parts(event_ids: Collection[int]) -> dict[int, list[tuple[Name, int]]]:
    """What each splitting or merging took from which lots."""
    found: dict[int, list[tuple[Name, int]]] = defaultdict(list)
    for ids in batches(event_ids):
        rows = LotMovement.objects.filter(event__in=ids, kind__in=(SPLIT_FROM, MERGED_FROM))
        for event, code, mg in rows.order_by("event", "place").values_list("event_id", "lot__code", "mg"):
            found[event].append((_name(code), -mg))
    return found


def _share(parts: list[tuple[Name, int]], whole: int) -> list[tuple[Name, int]]:
    """Of a splitting one lot gets its own mass only; a merger is all that went in."""
    return [(parts[0][0], whole)] if len(parts) == 1 else parts


def _name(code: str) -> Name:
    return Name(*lots.name_of(code))
