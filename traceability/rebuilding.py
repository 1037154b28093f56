"""Rebuilding: every projection derived again from the events, and compared with what was there.

Master data first, then which provisional identities joined which battery, then the chains in batches: those of whole
batteries before those of parts, which share the lives of what they were built into.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from traceability import attachments, events, identity, materials, projecting, snapshots
from traceability.events import batches
from traceability.facts import leaving
from traceability.models import (
    Component,
    LifecycleEvent,
    LifecycleRecord,
    Step,
    StepDetail,
    Transfer,
    TransferItem,
)

SIZE: Final = 500


@dataclass(slots=True)
class Rebuilt:
    """What a rebuild found: how many records it derived again, and the codes of those that differed."""

    records: int = 0
    differed: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Moves:
    """Facts that standing corrections moved to another battery: by where they were recorded, by where they went."""

    by_source: dict[int, list[tuple[int, str]]] = field(default_factory=lambda: defaultdict(list))
    by_code: dict[str, list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))


def rebuild(*, battery: str | None = None, progress: Callable[[int], None] | None = None) -> Rebuilt:
    """Derive everything projected again, or the projections of one battery and its parts, and say what differed.

    Each batch is one transaction with its records locked, so the system may go on working.
    """
    rebuilt = Rebuilt()
    if battery is not None:
        _join_again(_chain_of(battery), rebuilt)
        _rebuild_batch(set(_chain_of(battery).values_list("id", flat=True)), _moves(), rebuilt)
        return rebuilt
    _rebuild_masters(rebuilt)
    records = LifecycleRecord.objects.filter(kind=LifecycleRecord.Kind.BATTERY)
    _join_again(records.filter(Q(code__startswith=identity.PROVISIONAL) | ~Q(chain=None)), rebuilt)
    moves = _moves()
    done: set[int] = set()
    # Whole batteries bring their parts along; then what is part of nothing that has a record.
    for part in (False, True):
        for ids in batches(_ids(records.filter(_entwined() if part else ~_entwined())), SIZE):
            if left := set(ids) - done:
                done |= _rebuild_batch(left, moves, rebuilt) - left
            if progress is not None:
                progress(rebuilt.records)
    _rebuild_materials(rebuilt)
    with transaction.atomic():
        Transfer.objects.filter(items=None).delete()
    rebuilt.differed |= attachments.mention_again()
    return rebuilt


def _ids(records: QuerySet[LifecycleRecord]) -> list[int]:
    return list(records.order_by("id").values_list("id", flat=True))


def _entwined() -> Q:
    """The chains that cannot be walked without another's: parts, and what was released or joined."""
    inside = Component.objects.filter(code=OuterRef("code"))
    return Q(Exists(inside)) | Q(entangled=True)


def _chain_of(battery: str) -> QuerySet[LifecycleRecord]:
    records = LifecycleRecord.objects.filter(kind=LifecycleRecord.Kind.BATTERY)
    own = records.filter(code=battery).values_list("id", "chain_id").first()
    root = (own[1] or own[0]) if own else 0
    return records.filter(Q(id=root) | Q(chain=root) | Q(code=battery))


# Master data and joins -----------------------------------------------------------------------------------------------


def _rebuild_masters(rebuilt: Rebuilt) -> None:
    """Derive organisations and their master data again; few rows, one transaction."""
    with transaction.atomic():
        before = snapshots.of_masters()
        records = list(LifecycleRecord.objects.filter(kind=LifecycleRecord.Kind.ORGANISATION))
        for type_ in settings.MASTER_PROJECTIONS:
            projecting.tell_organisations(type_, records)
        after = snapshots.of_masters()
        rebuilt.records += len(records)
        rebuilt.differed |= {code for code in before.keys() | after.keys() if before.get(code) != after.get(code)}


def _rebuild_materials(rebuilt: Rebuilt) -> None:
    """Derive the tables of batches and lots again, after the batteries that went into them."""
    done, differed = materials.rebuild()
    rebuilt.records += done
    rebuilt.differed |= differed


def _join_again(records: QuerySet[LifecycleRecord], rebuilt: Rebuilt) -> None:
    """Derive again which battery's chain each provisional identity belongs to."""
    for ids in batches(list(records.values_list("id", flat=True)), SIZE):
        with transaction.atomic():
            rows = projecting.locked(ids)
            named = _identified({row.id for row in rows if identity.is_provisional(row.code)})
            roots = {row.code: row.chain_id or row.id for row in _by_codes(set(named.values()))}
            changed = [row for row in rows if row.chain_id != roots.get(named.get(row.id, ""))]
            for row in changed:
                row.chain_id = roots.get(named.get(row.id, ""))
                rebuilt.differed.add(row.code)
            LifecycleRecord.objects.bulk_update(changed, ["chain"])


def _identified(ids: Collection[int]) -> dict[int, str]:
    """The true codes of provisional records, by the identifications that stand."""
    return {
        record: place.fact.details["as"]
        for record, own in _grouped(ids).items()
        for place in events.standing(own)[0]
        if place.fact.type == "identified"
    }


def _grouped(ids: Collection[int]) -> dict[int, list[events.Stored]]:
    grouped: dict[int, list[events.Stored]] = defaultdict(list)
    for event in events.of_records(ids):
        grouped[event.record_id].append(event)
    return grouped


def _by_codes(codes: Collection[str]) -> Iterator[LifecycleRecord]:
    for batch in batches(codes):
        yield from LifecycleRecord.objects.filter(kind=LifecycleRecord.Kind.BATTERY, code__in=batch)


# Chains --------------------------------------------------------------------------------------------------------------


def _rebuild_batch(ids: Collection[int], moves: Moves, rebuilt: Rebuilt) -> set[int]:
    """Walk these chains and those of all their parts again; gives all that were walked."""
    with transaction.atomic():
        group = _with_parts(ids)
        rows = projecting.locked(group)
        before = snapshots.of_chains(rows)
        sources = _clear(rows, moves)
        LifecycleRecord.objects.bulk_update(_relevelled(rows), ["level"])
        projecting.tell_projections([], projecting.project(rows, also=sources))
        after = snapshots.of_chains(projecting.locked(group))
        rebuilt.records += len(rows)
        rebuilt.differed |= {row.code for row in rows if before[row.id] != after[row.id]}
    return group


def _relevelled(rows: Iterable[LifecycleRecord]) -> list[LifecycleRecord]:
    changed = [row for row in rows if row.level != identity.level_of(row.code)]
    for row in changed:
        row.level = identity.level_of(row.code)
    return changed


def _with_parts(ids: Collection[int]) -> set[int]:
    """These chains, with those of parts built into them or taken out of them."""
    found: set[int] = set()
    pending = set(ids)
    while pending:
        found |= pending
        codes: set[str] = set()
        for batch in batches(pending):
            codes |= set(LifecycleRecord.objects.filter(id__in=batch).values_list("code", flat=True))
        taken_out = {
            code
            for event in events.of_records(pending, ("dismantled", "repaired", "assembled", "corrected"))
            for fact in (event.fact, event.fact.replacement)
            if fact is not None
            for code in leaving(fact)
        }
        own = {row.chain_id or row.id for row in _by_codes(taken_out)}
        pending = (projecting.parts_of(codes) | own) - found
    return found


def _clear(roots: Collection[LifecycleRecord], moves: Moves) -> set[int]:
    """Take away what the events of these chains led to, wherever it is now; gives the records that moved facts here.

    By events, not by the projected rows: those are what is in doubt.
    """
    members: dict[int, str] = {}
    for batch in batches([row.id for row in roots]):
        own_chain = LifecycleRecord.objects.filter(Q(id__in=batch, chain=None) | Q(chain__in=batch))
        members |= dict(own_chain.values_list("id", "code"))
    codes = set(members.values()) | {row.code for row in roots}
    away = {event for id_ in members for event, code in moves.by_source.get(id_, ()) if code not in codes}
    here = [(event, source) for code in codes for event, source in moves.by_code.get(code, ())]
    found = {event for event, _ in here}
    for batch in batches(members):
        found |= set(LifecycleEvent.objects.filter(record__in=batch).values_list("id", flat=True)) - away
    for batch in batches(found):
        Component.objects.filter(since_event__in=batch).delete()
        TransferItem.objects.filter(dispatch__in=batch).delete()
        StepDetail.objects.filter(event__in=batch).delete()
        Step.objects.filter(event__in=batch).delete()
    return {source for _, source in here}


def _moves() -> Moves:
    """Find the facts that corrections moved, from the events alone. Corrections are few."""
    moves = Moves()
    corrected = LifecycleEvent.objects.filter(type="corrected", record__kind=LifecycleRecord.Kind.BATTERY)
    for ids in batches(set(corrected.values_list("record_id", flat=True)), SIZE):
        codes = dict(LifecycleRecord.objects.filter(id__in=ids).values_list("id", "code"))
        for record, own in _grouped(ids).items():
            for place in events.standing(own)[0]:
                if place.fact.code != codes[record]:
                    moves.by_source[record].append((place.event.id, place.fact.code))
                    moves.by_code[place.fact.code].append((place.event.id, record))
    return moves
