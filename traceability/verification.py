"""Verifying the ledger: every hash, every link, every value beside a body, and the heads of the records."""

import hashlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, NamedTuple

import orjson
from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast

from traceability import body
from traceability.events import batches
from traceability.models import EventContent, LifecycleEvent, LifecycleRecord
from traceability.values import iso, to_ms

SIZE: Final = 1_000


@dataclass(frozen=True, slots=True)
class Fault:
    """The first thing that does not hold on a record: `hash`, `link`, `content`, `body`, `head` or `missing`."""

    kind: str
    code: str
    sequence: int
    key: str
    reason: str


class _Event(NamedTuple):
    """A stored row, its times as text."""

    id: int
    record_id: int
    sequence: int
    type: str
    actor: str
    key: str
    organisation: str
    previous_hash: bytes | None
    hash: bytes
    body: bytes
    occurred_at: str
    recorded_at: str
    reported_at: str | None


_COLUMNS: Final = (
    "id record_id sequence type actor key organisation__code previous_hash hash body"
    " occurred_at_text recorded_at_text reported_at_text"
).split()


@dataclass(slots=True)
class Verified:
    """How far verification has come."""

    records: int = 0
    events: int = 0


def verify(
    *,
    battery: str | None = None,
    chains: Collection[int] | None = None,
    progress: Verified | None = None,
    watch: Callable[[int], None] | None = None,
) -> Iterator[Fault]:
    """Recompute everything and yield the first fault of each record that has one, in order of code.

    Memory is bounded: records are read in batches. `battery` limits it to one battery and what joined its chain,
    `chains` to the chains of these records; `watch` is called with the number of records done.
    """
    counted = progress or Verified()
    records = LifecycleRecord.objects.order_by("kind", "code")
    if battery is not None:
        own = LifecycleRecord.objects.filter(kind="battery", code=battery).values_list("id", "chain_id").first()
        root = (own[1] or own[0]) if own else 0
        records = records.filter(Q(id=root) | Q(chain=root))
    for rows in batches(records.iterator(SIZE) if chains is None else _of_chains(records, chains), SIZE):
        yield from _verify_batch(rows, counted)
        if watch is not None:
            watch(counted.records)


def _of_chains(records: QuerySet[LifecycleRecord], chains: Collection[int]) -> Iterator[LifecycleRecord]:
    for ids in batches(sorted(chains)):
        yield from records.filter(Q(id__in=ids) | Q(chain__in=ids))


def _verify_batch(rows: list[LifecycleRecord], counted: Verified) -> Iterator[Fault]:
    by_record: dict[int, list[_Event]] = {row.id: [] for row in rows}
    # Times as text: what is no time must not keep the rest from being read.
    times = {f"{name}_text": Cast(name, TextField()) for name in ("occurred_at", "recorded_at", "reported_at")}
    events = LifecycleEvent.objects.filter(record_id__in=by_record).annotate(**times).order_by("record_id", "sequence")
    for row in events.values_list(*_COLUMNS):
        event = _Event(*row)
        by_record[event.record_id].append(event)
    contents: dict[int, list[EventContent]] = {}
    for content in EventContent.objects.filter(event__record_id__in=by_record):
        contents.setdefault(content.event_id, []).append(content)
    for record in rows:
        counted.records += 1
        counted.events += len(by_record[record.id])
        if fault := _fault(record, by_record[record.id], contents):
            yield fault


def _fault(row: LifecycleRecord, chain: list[_Event], contents: dict[int, list[EventContent]]) -> Fault | None:
    previous: bytes | None = None
    for place, event in enumerate(chain, start=1):
        try:
            digest = hashlib.sha256(event.body).digest()
            reason = _reason(row, event, place, previous, digest, contents.get(event.id, []))
        except (TypeError, ValueError, KeyError, AttributeError):
            # A column that holds something else than it should, as SQLite allows.
            return Fault("body", row.code, event.sequence, str(event.key), "the stored row cannot be read")
        if reason:
            return Fault(reason[0], row.code, event.sequence, str(event.key), reason[1])
        previous = digest
    if row.number != len(chain) or bytes(row.head or b"") != (previous or b""):
        return Fault("head", row.code, row.number, "", "the record's head is not its last event")
    return None


def _reason(
    row: LifecycleRecord,
    event: _Event,
    place: int,
    previous: bytes | None,
    digest: bytes,
    contents: list[EventContent],
) -> tuple[str, str] | None:
    if event.sequence != place:
        return "missing", f"event {place} is missing"
    if digest != bytes(event.hash):
        return "hash", "the hash is not that of the body"
    try:
        members = orjson.loads(event.body)
    except orjson.JSONDecodeError:
        return "body", "the body is not JSON"
    stated = members.get("previousHash")
    if stated != (previous.hex() if previous else None) or bytes(event.previous_hash or b"") != (previous or b""):
        return "link", "it does not link to the event before"
    said = (members.get("record"), members.get("sequence"), members.get("key"), members.get("type"))
    if said != (row.code, event.sequence, event.key, event.type) or not _same_columns(members, event):
        return "body", "the columns beside the body say something else"
    expected = body.commitments(members)
    for content in contents:
        if content.name not in expected:
            return "content", f"{content.name} belongs to no value of the body"
        if not body.describes(expected[content.name], content.name, content.value, bytes(content.salt or b"")):
            return "content", f"{content.name} is not what the body commits to"
    present = {content.name for content in contents}
    # A personal value may have been erased; a list may not.
    lost = [name for name, (method, _) in expected.items() if method == "sha256" and name not in present]
    return ("content", f"{lost[0]} is missing") if lost else None


def _same_columns(members: dict[str, str], event: _Event) -> bool:
    names = ("occurredAt", "recordedAt", "reportedAt", "actor", "organisation")
    return [members.get(name) for name in names] == [
        _moment(event.occurred_at),
        _moment(event.recorded_at),
        None if event.reported_at is None else _moment(event.reported_at),
        event.actor,
        event.organisation,
    ]


def _moment(text: str) -> str:
    """The time of a column, which is in UTC, in the form of the body."""
    moment = datetime.fromisoformat(text)
    return iso(to_ms(moment if moment.tzinfo else moment.replace(tzinfo=UTC)))
