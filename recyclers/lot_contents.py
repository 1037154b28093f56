"""What lots consist of: said by the batch that made them or by who took them in; a split has its lot's content, and a
merger that of its lots where they agree.
"""

from collections import defaultdict
from collections.abc import Collection
from typing import Any, Final

from recyclers.lot_walk import MERGED_FROM, MERGED_INTO, SPLIT_FROM, SPLIT_INTO
from recyclers.models import BatchOutput, Lot, LotMovement, LotOpening
from traceability import bulk
from traceability.events import batches

COLUMNS: Final = ("material", "moisture_ppb", "purity_ppb", "assay")
WRITTEN: Final = [*COLUMNS, "mixed"]
#: (material, moisture, purity, assay, mixed)
Content = tuple[Any, ...]
NOTHING: Final[Content] = ("", None, None, None, False)
#: Of a ring of lots that were made of each other, nothing can be said.
UNKNOWN: Final[Content] = ("", None, None, None, True)


def settle(lot_ids: Collection[int]) -> None:
    """Derive the content of these lots again, and of every lot that was made of them by splitting and merging."""
    ids = with_descendants(set(lot_ids))
    rows = {row.id: row for batch in batches(ids) for row in Lot.objects.filter(id__in=batch)}
    stated, parents = _origins(rows)
    outside = {lot for sources in parents.values() for lot in sources} - rows.keys()
    known = {row.id: _of(row) for batch in batches(outside) for row in Lot.objects.filter(id__in=batch)}
    known |= {id_: stated.get(id_, NOTHING) for id_ in rows if id_ not in parents}
    pending = {id_: sources for id_, sources in parents.items() if id_ not in known}
    while pending:
        ready = [id_ for id_, sources in pending.items() if sources.isdisjoint(pending)]
        for id_ in ready:
            known[id_] = _blend([known[source] for source in sorted(pending.pop(id_))])
        if not ready:
            known |= dict.fromkeys(pending, UNKNOWN)
            break
    changed = [row for id_, row in rows.items() if _of(row) != known[id_]]
    for row in changed:
        row.material, row.moisture_ppb, row.purity_ppb, row.assay, row.mixed = known[row.id]
    bulk.insert(changed, update_conflicts=True, unique_fields=["id"], update_fields=WRITTEN)


def _of(row: Lot) -> Content:
    return (*(getattr(row, name) for name in COLUMNS), row.mixed)


def with_descendants(ids: set[int]) -> set[int]:
    """These lots, and every one that was made of them by splitting and merging."""
    found, pending = set(ids), set(ids)
    while pending:
        events: set[int] = set()
        below: set[int] = set()
        for batch in batches(pending):
            used = LotMovement.objects.filter(lot__in=batch, kind__in=(SPLIT_FROM, MERGED_FROM))
            events |= set(used.values_list("event_id", flat=True))
        for batch in batches(events):
            made = LotMovement.objects.filter(event__in=batch, kind__in=(SPLIT_INTO, MERGED_INTO))
            below |= set(made.values_list("lot_id", flat=True))
        pending = below - found
        found |= pending
    return found


def _origins(rows: dict[int, Lot]) -> tuple[dict[int, Content], dict[int, set[int]]]:
    """What is said of lots by their origins, and the lots of which the others were made."""
    kinds = {row.id: (row.origin, row.origin_event) for row in rows.values()}
    stated: dict[int, Content] = {}
    for origin, model, key in (("batch", BatchOutput, "batch_id"), ("opened", LotOpening, "event_id")):
        wanted = {id_: event for id_, (kind, event) in kinds.items() if kind == origin}
        for batch in batches(wanted):
            for lot, event, *said in model._default_manager.filter(lot__in=batch).values_list("lot_id", key, *COLUMNS):
                if event == wanted[lot] and lot not in stated:
                    stated[lot] = (*said, False)
    derived = {id_: event for id_, (kind, event) in kinds.items() if kind in ("split", "merged")}
    sources: dict[int, set[int]] = defaultdict(set)
    for batch in batches({event for event in derived.values() if event is not None}):
        used = LotMovement.objects.filter(event__in=batch, kind__in=(SPLIT_FROM, MERGED_FROM))
        for event, lot in used.values_list("event_id", "lot_id"):
            sources[event].add(lot)
    return stated, {id_: sources[event or 0] for id_, event in derived.items()}


def _blend(contents: list[Content]) -> Content:
    """The content of what was made of these: theirs where they agree, else mixed, with the material if it is one."""
    first = contents[0] if contents else NOTHING
    if all(content == first for content in contents):
        return first
    material = first[0] if all(content[0] == first[0] for content in contents) else ""
    return (material, None, None, None, True)
