"""Keeping the tables of batches and lots in step with the ledger.

What a fact says becomes rows, record by record; then every lot that they speak of, or spoke of, is walked anew. All
reading and writing is in sets: a truck of lots costs as many statements as one.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from recyclers import batches as said
from recyclers import lot_contents, lot_handovers
from recyclers.lot_walk import MAKING, MERGED_FROM, ORIGINS, SPLIT_FROM, Entry, Posting, Taken, postings, walk
from recyclers.models import Batch, BatchInput, BatchOutput, Lot, LotMovement, LotOpening, Residue
from traceability import bulk, chains, events, lots
from traceability.events import Standing
from traceability.models import LifecycleRecord

#: Facts that name a lot, or make one: whose content may have changed with them.
CONTENT: Final = MAKING | {SPLIT_FROM, MERGED_FROM}
WALKED: Final = ["mg", "keeper", "fault", "unannounced", "disputed"]
SETTLED: Final = ("origin origin_event since_ms mass_mg holder transit_to transit_event claimant intruder").split()
KINDS: Final = (LifecycleRecord.Kind.BATCH, LifecycleRecord.Kind.LOT)
SIZE: Final = 500


@dataclass(slots=True)
class Rows:
    """What the standing facts of some records say, as rows that are not stored yet."""

    places: list[Standing]
    lots: dict[str, Lot]
    movements: list[LotMovement] = field(default_factory=list)

    @property
    def lot_ids(self) -> dict[str, int]:
        """Code → id of its row."""
        return {code: row.id for code, row in self.lots.items()}


def project(record_ids: Collection[int], *, until_ms: int | None = None) -> None:
    """Derive again what these records of batches and lots say, and every lot that is concerned.

    `until_ms` leaves out what they were told later, for the audit of a past day.
    """
    places = _standing(record_ids, until_ms)
    rows = _rows(places)
    before = {
        found
        for batch in events.batches(record_ids)
        for found in LotMovement.objects.filter(event__record__in=batch).values_list("lot_id", "kind")
    }
    _clear(record_ids)
    _write_said(rows)
    after = {(row.lot_id, row.kind) for row in rows.movements}
    concerned = {lot for lot, _ in before | after}
    gone = _follow(concerned, rows.movements)
    if any(kind in CONTENT for _, kind in before | after):
        lot_contents.settle(concerned - gone)


def _standing(record_ids: Collection[int], until_ms: int | None) -> list[Standing]:
    grouped: dict[int, list[events.Stored]] = defaultdict(list)
    for event in events.of_records(record_ids):
        if until_ms is None or event.reported_ms <= until_ms:
            grouped[event.record_id].append(event)
    return [place for own in grouped.values() for place in events.standing(own)[0] if place.fact.kind in KINDS]


def _rows(places: list[Standing]) -> Rows:
    found = [(place, posting) for place in places for posting in postings(place.fact)]
    codes = {posting.lot for _, posting in found}
    to = {place.fact.details.get("to") for place in places if place.fact.type == "dispatched"}
    known = chains.parties({lots.name_of(code)[0] for code in codes} | {code for code in to if code})
    rows = Rows(places, _lots(codes, {code: id_ for code, (id_, _) in known.items()}))
    rows.movements = [_movement(place, posting, rows.lots[posting.lot], known) for place, posting in found]
    return rows


def _lots(codes: Collection[str], organisations: dict[str, int]) -> dict[str, Lot]:
    """Lock the rows of these lots in order of code, as every writer does; make those that are missing."""
    found = {row.code: row for row in _locked(codes)}
    if missing := sorted(set(codes) - found.keys()):
        new = [
            Lot(code=code, organisation_id=organisations[organisation], number=number)
            for code in missing
            for organisation, number in [lots.name_of(code)]
        ]
        bulk.insert(new, ignore_conflicts=True)
        found |= {row.code: row for row in _locked(missing)}
    return found


def _locked(codes: Collection[str]) -> Iterator[Lot]:
    rows = Lot.objects.select_for_update().order_by("code")
    for batch in events.batches(sorted(codes)):
        yield from rows.filter(code__in=batch)


def _movement(place: Standing, posting: Posting, lot: Lot, known: dict[str, tuple[int, bool]]) -> LotMovement:
    fact = place.fact
    other = known.get(fact.details.get("to", "")) if fact.type == "dispatched" else None
    return LotMovement(
        lot=lot,
        event_id=place.event.id,
        place=posting.place,
        kind=posting.kind,
        mg=posting.mg,
        stated_mg=posting.stated_mg,
        organisation_id=place.original.organisation_id,
        other_id=other[0] if other else None,
        reference=lot_handovers.reference_of(fact),
        condition=fact.details.get("condition", "") if fact.type == "received" else "",
        occurred_ms=fact.occurred_ms,
        arrival=place.original.id,
        reported_ms=place.original.reported_ms,
    )


def _clear(record_ids: Collection[int]) -> None:
    for batch in events.batches(record_ids):
        BatchInput.objects.filter(batch__event__record__in=batch).delete()
        BatchOutput.objects.filter(batch__event__record__in=batch).delete()
        Residue.objects.filter(batch__event__record__in=batch).delete()
        LotOpening.objects.filter(event__record__in=batch).delete()
        LotMovement.objects.filter(event__record__in=batch).delete()
        Batch.objects.filter(event__record__in=batch).delete()


def _write_said(rows: Rows) -> None:
    run = [place for place in rows.places if place.fact.type == "batch"]
    ids = rows.lot_ids
    bulk.insert([said.batch_row(place) for place in run])
    bulk.insert([row for place in run for row in said.input_rows(place, ids)])
    bulk.insert([row for place in run for row in said.output_rows(place, ids)])
    bulk.insert([row for place in run for row in said.residue_rows(place)])
    bulk.insert([said.opening_row(place, ids) for place in rows.places if place.fact.type == "lot_opened"])


# Lots ----------------------------------------------------------------------------------------------------------------


def _follow(lot_ids: Collection[int], new: Sequence[LotMovement]) -> set[int]:
    """Walk these lots anew, with movements that are not stored yet; gives those that nothing speaks of any more."""
    found = {row.id: row for row in _by_ids(lot_ids)}
    histories: dict[int, list[LotMovement]] = defaultdict(list)
    for batch in events.batches(found):
        for row in LotMovement.objects.filter(lot__in=batch):
            histories[row.lot_id].append(row)
    for row in new:
        histories[row.lot_id].append(row)
    changed: list[LotMovement] = []
    walks: dict[int, list[Taken]] = {}
    for id_, history in histories.items():
        rows = {(row.event_id, row.place): row for row in history}
        walks[id_] = walk(entry_of(row) for row in history)
        for taken in walks[id_]:
            row = rows[taken.entry.event, taken.entry.posting.place]
            if _walked(row, taken) and row.pk is not None:
                changed.append(row)
    bulk.insert(new)
    bulk.insert(changed, update_conflicts=True, unique_fields=["id"], update_fields=WALKED)
    settled = [row for id_, row in found.items() if id_ in walks and _settle(row, walks[id_])]
    bulk.insert(settled, update_conflicts=True, unique_fields=["id"], update_fields=SETTLED)
    lot_handovers.write(found, histories, walks)
    gone = found.keys() - histories.keys()
    if gone:
        Lot.objects.filter(id__in=gone).delete()
    return set(gone)


def _by_ids(ids: Collection[int]) -> Iterator[Lot]:
    for batch in events.batches(ids):
        yield from Lot.objects.select_for_update().order_by("code").filter(id__in=batch)


def entry_of(row: LotMovement, code: str = "") -> Entry:
    """The movement as the walk of its lot sees it."""
    return Entry(
        Posting(code, row.place, row.kind, row.mg, row.stated_mg),
        row.event_id,
        row.organisation_id,
        row.other_id,
        row.occurred_ms,
        row.arrival,
    )


def _walked(row: LotMovement, taken: Taken) -> bool:
    """Note what the walk found of a movement; tells whether that is anything new."""
    disputed = taken.state.intruder is not None
    found = (taken.mg, taken.keeper, taken.fault, taken.unannounced, disputed)
    if found == (row.mg, row.keeper_id, row.fault, row.unannounced, row.disputed):
        return False
    row.mg, row.keeper_id, row.fault, row.unannounced, row.disputed = found
    return True


def _settle(row: Lot, taken: Sequence[Taken]) -> bool:
    """Note where a lot comes from and who has it; tells whether that is anything new."""
    state = taken[-1].state
    # A receipt is an origin only while nothing else is.
    arisen = [step for step in taken if step.entry.posting.kind in MAKING] or [step for step in taken if step.mg > 0]
    first = arisen[0] if arisen else None
    found = (
        ORIGINS[first.entry.posting.kind] if first else "",
        first.entry.event if first else None,
        first.entry.occurred_ms if first else None,
        sum(step.mg for step in taken if step.mg > 0),
        state.holder,
        state.transit_to,
        state.transit_event,
        state.claimant,
        state.intruder,
    )
    names = [name if name not in _KEYS else f"{name}_id" for name in SETTLED]
    if found == tuple(getattr(row, name) for name in names):
        return False
    for name, value in zip(names, found, strict=True):
        setattr(row, name, value)
    return True


_KEYS: Final = frozenset({"holder", "transit_to", "claimant", "intruder"})


# Rebuilding ----------------------------------------------------------------------------------------------------------


def records() -> list[int]:
    """The records of all batches and lots."""
    return list(LifecycleRecord.objects.filter(kind__in=KINDS).order_by("id").values_list("id", flat=True))


def clear_strays() -> None:
    """Take away rows that hang on events of anything but batches and lots; no projection writes such."""
    for model in (LotOpening, LotMovement, Batch):
        model._default_manager.exclude(event__record__kind__in=KINDS).delete()
    Lot.objects.filter(movements=None).delete()


def batches_of(ids: Iterable[int]) -> Iterator[list[int]]:
    """Records in lists of a size that one transaction takes."""
    return events.batches(ids, SIZE)
