"""The stored bytes of a chain's events, for who verifies them by themselves: nothing is written anew on the way.

A body names who recorded it. So it is for the alliance, for who sees the battery whole, and for the organisation that
recorded it; of other events that a viewer sees there are the hashes alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from django.db.models import Q

from batteries.chain_reading import within_sight
from batteries.rows import BatteryRow
from traceability.access import FULL, Viewer
from traceability.models import EventContent, LifecycleEvent, LifecycleRecord, Step

#: The sender's own data, of which nobody knows what it says of people.
_UNREAD: Final = "extra"


@dataclass(frozen=True, slots=True)
class StoredBody:
    """One event as it is stored; `body` is None where the viewer may have the hashes alone."""

    event_id: int
    record: str
    sequence: int
    hash: bytes
    previous_hash: bytes | None
    body: bytes | None
    #: Whether a correction moved it to another battery's chain.
    elsewhere: bool
    #: The long values beside the body, by their place in its details; no personal ones.
    contents: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StoredHead:
    """The end of a record as it is kept beside its events."""

    record: str
    number: int
    hash: bytes


def stored_bodies(row: BatteryRow, viewer: Viewer, size: int, after: int = 0) -> list[StoredBody]:
    """Give the next events of a battery's records in order of recording; two queries."""
    groups = list(within_sight([row]))
    if not groups:
        return []
    [(_, within)] = groups
    wanted = Q(id__in=Step.objects.filter(within).values("event"))
    whole = viewer.is_alliance or row.sight.level == FULL
    if whole:
        # What a correction moved to another chain is still a link of this record: its hashes, and no more.
        wanted |= Q(record=row.chain_id) | Q(record__chain=row.chain_id)
    events = LifecycleEvent.objects.filter(wanted, id__gt=after).select_related("record", "step").order_by("id")
    found = list(events[:size])
    bodies = {event.pk: bytes(event.body) for event in found if _may_have(event, row, viewer, whole=whole)}
    beside: dict[int, dict[str, str]] = {}
    for content in EventContent.objects.filter(event__in=bodies, salt=None):
        if content.name.rpartition(".")[2] != _UNREAD:
            beside.setdefault(content.event_id, {})[content.name] = content.value
    return [
        StoredBody(
            event.pk,
            event.record.code,
            event.sequence,
            bytes(event.hash),
            bytes(event.previous_hash) if event.previous_hash else None,
            bodies.get(event.pk),
            _chain_of(event) != row.chain_id,
            beside.get(event.pk, {}),
        )
        for event in found
    ]


def _may_have(event: LifecycleEvent, row: BatteryRow, viewer: Viewer, *, whole: bool) -> bool:
    if viewer.is_alliance or (viewer.organisation_id is not None and event.organisation_id == viewer.organisation_id):
        return True
    return whole and _chain_of(event) == row.chain_id


def _chain_of(event: LifecycleEvent) -> int | None:
    step = getattr(event, "step", None)
    return None if step is None else step.record_id


def stored_heads(row: BatteryRow, viewer: Viewer) -> list[StoredHead]:
    """Give the ends of a battery's records, for who sees them whole; one query, none for anybody else."""
    if not (viewer.is_alliance or row.sight.level == FULL) or row.chain_id is None:
        return []
    records = LifecycleRecord.objects.filter(Q(pk=row.chain_id) | Q(chain=row.chain_id)).order_by("pk")
    return [StoredHead(record.code, record.number, bytes(record.head or b"")) for record in records]
