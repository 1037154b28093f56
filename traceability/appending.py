"""Appending drafts to the ledger: hash and link, one insert a table, then the projections."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from django.conf import settings

from traceability import attachments, body, bulk, chains, events, materials, projecting
from traceability.chains import Walk
from traceability.lines import Draft, Line, Lines
from traceability.models import (
    EventContent,
    LifecycleEvent,
    LifecycleRecord,
    OutboxEntry,
    Step,
)
from traceability.receipts import RECORDED, Entry
from traceability.values import from_ms

#: Types that have rows of their own, derived from the organisations' records.


def append(drafts: Sequence[Draft], lines: Lines, now_ms: int, entries: dict[int, Entry]) -> None:
    """Store the drafts as events and bring every projection along; notes an entry for each fact of the caller's."""
    for draft in drafts:
        _link(draft, now_ms)
    touched = lines.touched()
    appended = [line for line in touched if not line.anew and line.record.kind == "battery"]
    for line in appended:
        taken, state = chains.advance(line.before, line.added)
        projecting.settle(line.record, state, taken)
        # Known only when the events have their ids; written below.
        line.record.transit_event = line.record.quarantine_event = None
    bulk.insert([line.record for line in touched if line.new])
    _insert(drafts)
    walks = [_walk(line) for line in appended]
    projecting.append(walks)
    _join(drafts, lines)
    changed = [line.record for line in touched if not line.new or _is_known_late(line.record)]
    projecting.write_records(changed, heads=True)
    again = _walk_anew(drafts, lines)
    whole = {walk.record.id for walk in again}
    projecting.tell_projections([walk for walk in walks if walk.record.id not in whole], again)
    _project_organisations(touched)
    materials.project({line.record.id for line in touched if line.record.kind in materials.MATERIAL_KINDS})
    outcomes = {t.occurrence.event_id: t.outcome for walk in (*walks, *again) for t in walk.steps}
    for draft in drafts:
        assert draft.event is not None
        if draft.place is not None:
            id_ = draft.event.id
            entries[draft.place] = Entry(draft.fact, RECORDED, id_, draft.line.record.id, outcome=outcomes.get(id_))


def _is_known_late(record: LifecycleRecord) -> bool:
    """Whether a new record names events, or a chain, that had no ids yet when it was inserted."""
    return any((record.transit_event, record.quarantine_event, record.chain_id))


def _link(draft: Draft, now_ms: int) -> None:
    """Give the draft its event: the next of its record, linked to the one before."""
    record, fact = draft.line.record, draft.fact
    sealed, draft.contents = body.seal(fact)
    previous = None if record.head is None else bytes(record.head)
    record.number += 1
    record.touched += 1
    stored, record.head = body.write(
        fact,
        sealed,
        record=record.code,
        sequence=record.number,
        previous=previous,
        recorded_ms=now_ms,
        actor=draft.actor,
    )
    draft.event = LifecycleEvent(
        sequence=record.number,
        type=fact.type,
        occurred_at=from_ms(fact.occurred_ms),
        recorded_at=from_ms(now_ms),
        reported_at=None if fact.reported_ms is None else from_ms(fact.reported_ms),
        organisation_id=draft.organisation,
        actor=draft.actor,
        key=fact.key,
        previous_hash=previous,
        hash=record.head,
        body=stored,
    )


def _insert(drafts: Sequence[Draft]) -> None:
    new = []
    for draft in drafts:
        assert draft.event is not None
        draft.event.record_id = draft.line.record.id
        new.append(draft.event)
    bulk.insert(new)
    bulk.insert(
        [
            EventContent(event=event, name=content.name, value=content.value, salt=content.salt)
            for draft, event in zip(drafts, new, strict=True)
            for content in draft.contents
        ]
    )
    bulk.insert([OutboxEntry(event=event) for event in new])
    attachments.mention(new)


def _walk(line: Line) -> Walk:
    """The steps of a line's new facts, now that their events have ids."""
    found = [
        replace(draft.occurrence, event_id=draft.event.id, arrival=draft.event.id)
        for draft in line.drafts
        if draft.occurrence is not None and draft.event is not None
    ]
    taken, state = chains.advance(line.before, found)
    line.record.transit_event = state.transit_event
    line.record.quarantine_event = state.quarantine
    return Walk(line.record, taken, state)


def _join(drafts: Sequence[Draft], lines: Lines) -> None:
    """Let provisional identities join the chain of the battery they turned out to be, or leave it again."""
    for draft in drafts:
        if draft.fact.type == "identified":
            target = lines.of("battery", draft.fact.details["as"])
            draft.line.record.chain = target.root
        elif draft.fact.type == "corrected" and draft.line.record.kind == "battery":
            joined = joined_code(draft.line.record)
            root = LifecycleRecord.objects.filter(kind="battery", code=joined).first() if joined else None
            draft.line.record.chain = root and (root.chain or root)


def joined_code(record: LifecycleRecord) -> str | None:
    """The true code of a provisional record, by the identification that stands."""
    standing, _ = events.standing(events.of_records([record.id]))
    return next((p.fact.details["as"] for p in reversed(standing) if p.fact.type == "identified"), None)


def _walk_anew(drafts: Sequence[Draft], lines: Lines) -> list[Walk]:
    """Walk the chains that changed elsewhere than at their end, and those of parts whose batteries changed."""
    touched = [line for line in lines.touched() if line.record.kind == "battery"]
    ids = {id_ for line in touched if line.anew for id_ in (line.record.id, line.root.id, line.record.chain_id) if id_}
    moved = {d.line.record.id for d in drafts if d.fact.type == "corrected" and d.line.record.kind == "battery"}
    if moved:
        # A correction takes facts from the chains they stand in, and brings them to those of what it says.
        ids |= set(Step.objects.filter(event__record__in=moved).values_list("record_id", flat=True))
        said = {d.fact.replacement.code for d in drafts if d.fact.type == "corrected" and d.fact.replacement}
        ids |= projecting.roots_of(said.union(*(family.codes for family in lines.families.values())))
    ids |= projecting.parts_of({line.record.code for line in touched})
    return projecting.project(projecting.locked(ids), also=moved) if ids else []


def _project_organisations(touched: Sequence[Line]) -> None:
    """Derive master data again, where something was said about it."""
    said: dict[str, list[LifecycleRecord]] = defaultdict(list)
    for line in touched:
        if line.record.kind == "organisation":
            for type_ in {draft.fact.type for draft in line.drafts}:
                said[type_].append(line.record)
    corrected = said.pop("corrected", [])
    for type_ in settings.MASTER_PROJECTIONS:
        if not corrected and type_ not in said:
            continue
        projecting.tell_organisations(type_, [*said.get(type_, ()), *corrected])
