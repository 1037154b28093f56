"""Writing what the walks found: steps, records, parts, consignments, involvement. All of it can be derived again."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, Final

from django.conf import settings
from django.utils.module_loading import import_string

from traceability import bulk, identity
from traceability.chains import Chain, Occurrence, Taken, Walk, lives_for, load, status_of, tied_to, walk
from traceability.events import batches
from traceability.facts import leaving, telling
from traceability.lives import ancestors, stays_of
from traceability.models import (
    Component,
    Involvement,
    LifecycleRecord,
    Step,
    StepDetail,
    Transfer,
    TransferItem,
)
from traceability.stages import State
from traceability.values import milligrams

PROJECTED: Final = (
    "stage holder_id transit_to_id transit_event claimant_id intruder_id maker_id quarantine_event started has_origin"
    " produced second_life part_of entangled last_ms breaks flaws chain_status"
).split()
_FIELDS: Final = [name.removesuffix("_id") for name in PROJECTED]
CLOSED: Final = ["status", "closing", "closed_ms", "received_mg", "condition"]
#: What an append changes besides: the head of the hash chain, and which chain the record belongs to.
HEAD: Final = ["number", "head", "chain", "level"]
#: What is told to the audit, and no projection of the events.
DUE: Final = ["touched"]


def step_row(record_id: int, taken: Taken) -> Step:
    """The row of one step."""
    occurrence, before, after = taken.occurrence, taken.before, taken.outcome.state
    return Step(
        event_id=occurrence.event_id,
        record_id=record_id,
        arrival=occurrence.arrival,
        type=occurrence.fact.type,
        key=occurrence.key,
        organisation_id=occurrence.organisation,
        other_id=occurrence.other,
        occurred_ms=occurrence.fact.occurred_ms,
        reported_ms=occurrence.reported_ms,
        stage_before=before.stage,
        stage_after=after.stage,
        holder_before=before.holder,
        holder_after=after.holder,
        transit_before=before.transit_to,
        transit_after=after.transit_to,
        transit_event_before=before.transit_event,
        transit_event_after=after.transit_event,
        claimant_after=after.claimant,
        intruder_after=after.intruder,
        quarantine_after=after.quarantine,
        fault=taken.outcome.fault,
        unannounced=taken.outcome.unannounced,
    )


def settle(record: LifecycleRecord, state: State, taken: Sequence[Taken], *, part_of: str = "") -> None:
    """Set the record's projected fields after these steps (all of a chain's, or those appended)."""
    record.stage = state.stage
    record.holder_id = state.holder
    record.transit_to_id = state.transit_to
    record.transit_event = state.transit_event
    record.claimant_id = state.claimant
    record.intruder_id = state.intruder
    record.maker_id = state.maker
    record.quarantine_event = state.quarantine
    record.started = state.started
    record.has_origin = state.origin
    record.produced = state.produced
    record.second_life = state.second_life or identity.is_second_life(record.code)
    record.part_of = part_of
    record.breaks += sum(bool(step.outcome.fault) for step in taken)
    record.flaws += sum(step.outcome.unannounced for step in taken)
    if taken:
        record.last_ms = max(record.last_ms or 0, taken[-1].occurrence.fact.occurred_ms)
    record.chain_status = status_of(record.breaks, record.flaws, record.stage)
    record.touched += 1


def locked(ids: Collection[int]) -> list[LifecycleRecord]:
    """Lock these records in the order of kind and code, as every writer does, and give them as they are then."""
    rows = LifecycleRecord.objects.select_for_update().order_by("kind", "code")
    return [row for batch in batches(ids) for row in rows.filter(id__in=batch)]


def write_records(records: Sequence[LifecycleRecord], *, heads: bool) -> None:
    """Write existing rows back in one statement a batch."""
    fields = [*_FIELDS, *DUE, *(HEAD if heads else ())]
    bulk.insert(records, update_conflicts=True, unique_fields=["id"], update_fields=fields)


def append(walks: Sequence[Walk]) -> None:
    """Write the steps that were appended to chains, with what follows from them; the records are written elsewhere."""
    bulk.insert([step_row(found.record.id, taken) for found in walks for taken in found.steps])
    _write_details(walks)
    _write_parts((found.record.code, taken.occurrence) for found in walks for taken in found.steps)
    _write_transfers(walks)
    _write_involvement(walks)


def project(roots: Sequence[LifecycleRecord], *, also: Collection[int] = (), until_ms: int | None = None) -> list[Walk]:
    """Walk whole chains anew, with those of every part whose life hangs on theirs, and replace their projections.

    `also` names records whose corrections may have moved facts to these chains just now; `until_ms` leaves out what was
    reported later, for the audit of a past day.
    """
    loaded = _load_anew(roots, also, until_ms)
    walks: list[Walk] = []
    for chains in _in_order(loaded):
        lives = lives_for(chains)
        found = [walk(chain, lives) for chain in chains]
        _write_walks(found)
        walks += found
    _write_transfers(walks)
    _write_involvement(walks, anew=True)
    return walks


def _load_anew(roots: Sequence[LifecycleRecord], also: Collection[int], until_ms: int | None) -> list[Chain]:
    """Load chains, clear what they had, and write what they build in; go on with the parts, before and after."""
    loaded: dict[int, Chain] = {}
    pending = {record.id: record for record in roots}
    while pending:
        found = load(list(pending.values()), also=also, until_ms=until_ms)
        loaded |= {chain.record.id: chain for chain in found}
        codes = {chain.record.code for chain in found}
        below = parts_of(codes)
        for batch in batches(pending):
            _clear(batch)
        _write_parts((chain.record.code, occurrence) for chain in found for occurrence in chain.occurrences)
        below |= parts_of(codes) | roots_of(c for chain in found for o in chain.occurrences for c in leaving(o.fact))
        # A part may be written to by its own holder at the same moment: what is loaded is what was committed last.
        pending = {row.id: row for row in locked(below - loaded.keys())}
    stays = stays_of([chain.record.code for chain in loaded.values()])
    for chain in loaded.values():
        chain.stays = stays.get(chain.record.code, [])
    return list(loaded.values())


def _in_order(loaded: Sequence[Chain]) -> Iterator[list[Chain]]:
    """Cut the chains into rounds: a part is walked after what it is built into or was released from."""
    pending = {chain.record.id: chain for chain in loaded}
    direct = {chain.record.id: tied_to(chain) for chain in loaded}
    codes = {code for tied in direct.values() for code in tied}
    up = ancestors(codes) if codes else {}
    codes |= {code for above in up.values() for code in above}
    ids = dict(_ids_of(codes)) if codes else {}
    above = {
        id_: {ids.get(code) for tied_code in tied for code in (tied_code, *up.get(tied_code, ()))} - {id_}
        for id_, tied in direct.items()
    }
    while pending:
        # What is stated to be a part of itself has no order; it is walked as it comes.
        ready = [id_ for id_ in pending if above[id_].isdisjoint(pending)] or list(pending)
        yield [pending.pop(id_) for id_ in ready]


def _write_walks(walks: Sequence[Walk]) -> None:
    for found in walks:
        found.record.breaks = found.record.flaws = 0
        found.record.last_ms = None
        settle(found.record, found.state, found.steps, part_of=found.part_of)
        tied = bool(found.left) or any(taken.occurrence.fact.type == "released" for taken in found.steps)
        found.record.entangled = found.record.entangled or tied
    bulk.insert([row for found in walks for row in _rows(found)])
    _write_details(walks)
    _write_left(walks)
    write_records([found.record for found in walks], heads=False)


def parts_of(codes: Collection[str]) -> set[int]:
    """The chains of parts that have records of their own, built into any of these batteries, directly or not."""
    found: set[int] = set()
    seen: set[str] = set()
    pending = set(codes)
    while pending:
        seen |= pending
        inner: set[str] = set()
        for batch in batches(pending):
            below = dict(Component.objects.filter(parent_code__in=batch).values_list("code", "level"))
            for codes in batches(below):
                rows = LifecycleRecord.objects.filter(kind="battery", code__in=codes)
                found |= {chain or id_ for id_, chain in rows.values_list("id", "chain_id")}
            # A cell in a module hangs on the pack as well, and the module may have no record. Cells have no parts.
            inner |= {code for code, level in below.items() if level != "cell"}
        pending = inner - seen
    return found


def roots_of(codes: Iterable[str]) -> set[int]:
    """The chains of these batteries, as far as they have records."""
    return {root for _, root in _ids_of(set(codes))}


def _ids_of(codes: Collection[str]) -> Iterator[tuple[str, int]]:
    """The chains of these codes: (code, id of the chain's record)."""
    for batch in batches(codes):
        rows = LifecycleRecord.objects.filter(kind="battery", code__in=batch)
        yield from ((code, chain or id_) for code, chain, id_ in rows.values_list("code", "chain_id", "id"))


def _rows(found: Walk) -> Iterator[Step]:
    yield from (step_row(found.record.id, taken) for taken in found.steps)
    for event in found.idle:
        yield Step(
            event_id=event.id,
            record_id=found.record.id,
            effective=False,
            arrival=event.id,
            type=event.fact.type,
            key=event.fact.key,
            organisation_id=event.organisation_id,
            occurred_ms=event.fact.occurred_ms,
            reported_ms=event.reported_ms,
        )


def _clear(record_ids: Collection[int]) -> None:
    """Take away what the chains had; a part's stays go with the event that built it in."""
    events = Step.objects.filter(record_id__in=record_ids).values("event_id")
    Component.objects.filter(since_event__in=events).delete()
    TransferItem.objects.filter(record_id__in=record_ids).delete()
    Involvement.objects.filter(record_id__in=record_ids).delete()
    StepDetail.objects.filter(record_id__in=record_ids).delete()
    Step.objects.filter(record_id__in=record_ids).delete()


def _write_details(walks: Iterable[Walk]) -> None:
    rows = [
        StepDetail(event_id=taken.occurrence.event_id, record_id=found.record.id, name=name, value=value)
        for found in walks
        for taken in found.steps
        for name, value in telling(taken.occurrence.fact)
    ]
    if rows:
        bulk.insert(rows)


# Parts ---------------------------------------------------------------------------------------------------------------


def parts_built_in(own: str, occurrence: Occurrence) -> Iterator[Component]:
    """The parts an event builds in: those of a produced tree, a replacement's, or the battery itself.

    `own` is the code of the chain, the true one where the event was told of a provisional identity.
    """
    fact = occurrence.fact
    if fact.type == "produced":
        yield from _tree(occurrence, own, fact.details.get("components", ()))
        if parent := fact.details.get("parent"):
            yield _component(occurrence, own, parent, fact.details)
    elif fact.type == "repaired":
        for code in fact.details.get("added", ()):
            yield _component(occurrence, code, own, {})


def _tree(occurrence: Occurrence, parent: str, parts: Iterable[dict[str, Any]]) -> Iterator[Component]:
    for part in parts:
        yield _component(occurrence, part["code"], parent, part)
        yield from _tree(occurrence, part["code"], part.get("components", ()))


def _component(occurrence: Occurrence, code: str, parent: str, details: Any) -> Component:
    return Component(
        code=code,
        parent_code=parent,
        level=identity.level_of(code),
        model_number=details.get("model", ""),
        mass_mg=milligrams(details.get("massKg")),
        since_event_id=occurrence.event_id,
        since_ms=occurrence.fact.occurred_ms,
    )


def _write_parts(found: Iterable[tuple[str, Occurrence]]) -> None:
    parts = [part for own, occurrence in found for part in parts_built_in(own, occurrence)]
    if parts:
        bulk.insert(parts)


def _write_left(walks: Iterable[Walk]) -> None:
    """Note when parts left what they were built into."""
    left = {id_: ms for found in walks for id_, ms in found.left.items()}
    for batch in batches(left):
        rows = list(Component.objects.filter(id__in=batch))
        changed = [row for row in rows if row.until_ms != left[row.id]]
        for row in changed:
            row.until_ms = left[row.id]
        if changed:
            Component.objects.bulk_update(changed, ["until_ms"])


# Consignments --------------------------------------------------------------------------------------------------------


def _write_transfers(walks: Sequence[Walk]) -> None:
    opened = [
        (found.record.id, taken)
        for found in walks
        for taken in found.steps
        if taken.occurrence.fact.type == "dispatched" and taken.occurrence.other is not None
    ]
    if opened:
        transfers = find_transfers({_consignment(taken.occurrence) for _, taken in opened})
        bulk.insert([_item(id_, taken, transfers[_consignment(taken.occurrence)]) for id_, taken in opened])
    _close_items(taken for found in walks for taken in found.steps)


def _item(record_id: int, taken: Taken, transfer_id: int) -> TransferItem:
    """What was sent; one that announces afterwards what the other has received already was never on its way."""
    occurrence, status = taken.occurrence, TransferItem.Status
    settled = taken.outcome.state.transit_event != occurrence.event_id
    return TransferItem(
        dispatch_id=occurrence.event_id,
        transfer_id=transfer_id,
        record_id=record_id,
        status=status.RECEIVED if settled else status.IN_TRANSIT,
        dispatched_ms=occurrence.fact.occurred_ms,
        sent_mg=milligrams(occurrence.fact.details.get("massKg")),
        closing_id=occurrence.event_id if settled else None,
        closed_ms=occurrence.fact.occurred_ms if settled else None,
    )


def _consignment(occurrence: Occurrence) -> tuple[int, int, str]:
    waybill = occurrence.fact.details.get("waybill")
    call = occurrence.key.removesuffix(f"#{occurrence.fact.code}")
    assert occurrence.other is not None
    return occurrence.organisation, occurrence.other, f"={waybill}" if waybill else f"#{call}"


def find_transfers(wanted: set[tuple[int, int, str]]) -> dict[tuple[int, int, str], int]:
    """Find or make the consignments: (sender, receiver, reference) → id."""
    rows = [Transfer(sender_id=s, receiver_id=r, reference=ref) for s, r, ref in sorted(wanted)]
    bulk.insert(rows, ignore_conflicts=True)
    found: dict[tuple[int, int, str], int] = {}
    for references in batches({reference for _, _, reference in wanted}):
        # The sender leads the index.
        for row in Transfer.objects.filter(sender__in={sender for sender, _, _ in wanted}, reference__in=references):
            found[row.sender_id, row.receiver_id, row.reference] = row.id
    return found


def _close_items(steps: Iterable[Taken]) -> None:
    """Close what was on its way: by receipt, refusal, a decision, or a second dispatch."""
    closing = {
        taken.before.transit_event: taken
        for taken in steps
        if taken.before.transit_event is not None and taken.outcome.state.transit_event != taken.before.transit_event
    }
    for batch in batches([id_ for id_ in closing if id_ is not None]):
        rows = list(TransferItem.objects.filter(dispatch_id__in=batch))
        for row in rows:
            taken = closing[row.dispatch_id]
            fact = taken.occurrence.fact
            row.status = _closed_as(taken)
            row.closing_id = taken.occurrence.event_id
            row.closed_ms = fact.occurred_ms
            row.received_mg = milligrams(fact.details.get("massKg")) if fact.type == "received" else None
            row.condition = fact.details.get("condition", "") if fact.type == "received" else ""
        # An upsert of rows that exist: one plain statement, where `bulk_update` builds a CASE for every row and field.
        bulk.insert(rows, update_conflicts=True, unique_fields=["dispatch"], update_fields=CLOSED)


def _closed_as(taken: Taken) -> str:
    fact_type, status = taken.occurrence.fact.type, TransferItem.Status
    if fact_type == "received":
        return status.DIVERTED if taken.outcome.unannounced else status.RECEIVED
    return status.REFUSED if fact_type == "refused" else status.REPLACED


# Involvement ---------------------------------------------------------------------------------------------------------


def _write_involvement(walks: Sequence[Walk], *, anew: bool = False) -> None:
    """Note how far each organisation's part reaches: what it held, what was addressed to it, and the receipt of what
    it sent. A disputed receiver has no part until the dispute is settled, and who only repairs has none."""
    reach: dict[tuple[int, int], tuple[int, int]] = {}
    for found in walks:
        if anew and found.state.maker is not None:
            # The maker of a part that left answers for it, though none of the part's own events may be its.
            reach[found.state.maker, found.record.id] = (0, 0)
        for taken in found.steps:
            for organisation in takes_part(taken):
                place = reach.get((organisation, found.record.id), (0, 0))
                reach[organisation, found.record.id] = max(place, taken.occurrence.order)
    bulk.insert(
        [
            Involvement(organisation_id=organisation, record_id=record, until_ms=ms, until_arrival=arrival)
            for (organisation, record), (ms, arrival) in reach.items()
        ],
        update_conflicts=True,
        unique_fields=["organisation", "record"],
        update_fields=["until_ms", "until_arrival"],
    )


def takes_part(taken: Taken) -> Iterator[int]:
    """Whose part in the chain reaches this step: the organisations' ids."""
    occurrence, before, after = taken.occurrence, taken.before, taken.outcome.state
    # A disputed receiver gives nobody a part by sending on what it may not see itself, nor who sends it back.
    undisputed = after.holder != after.intruder
    if occurrence.fact.type == "dispatched" and occurrence.other is not None and undisputed:
        yield occurrence.other
    if occurrence.fact.type == "refused" and before.transit_to == occurrence.organisation and undisputed:
        yield occurrence.organisation
    if occurrence.fact.type in ("received", "refused") and before.holder not in (None, before.intruder):
        yield before.holder
    # Also who holds it without having said so: by a decision, or by what its battery did.
    if after.holder is not None and undisputed:
        yield after.holder


# What hangs on chains above the core ---------------------------------------------------------------------------------


def tell_projections(appended: Sequence[Walk], anew: Sequence[Walk]) -> None:
    """Let the packages above keep their tables in step: with steps that were appended, with chains walked anew."""
    for path in settings.PROJECTIONS:
        module = import_string(path)
        module(appended, anew)


def tell_organisations(type_: str, records: Sequence[LifecycleRecord]) -> None:
    """Derive the rows behind one type of master data again, for these organisations' records."""
    import_string(settings.MASTER_PROJECTIONS[type_])({record.id for record in records})
