"""What there is to show of a battery or of a finding: its chains as they are stored, and its gaps.

Values that may name a person (those with a salt, and the sender's own `extra`) stay here: a body holds the commitment.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from django.db.models import Q
from django.utils import timezone

from batteries.reading import batteries_by_code
from traceability import body
from traceability.access import FULL, Viewer
from traceability.audit.kept import told_gaps
from traceability.audit.reading import last_run, open_gaps, visible_gaps
from traceability.audit.telling import Told
from traceability.errors import refuse
from traceability.events import batches
from traceability.models import EventContent, Gap, LifecycleEvent, LifecycleRecord
from traceability.values import iso, to_ms

#: The sender's own data, of which nobody knows what it says of people.
_UNREAD: Final = "extra"


@dataclass(frozen=True, slots=True)
class Shown:
    """One event as it is stored, with the values beside it that may be shown; `withheld` names the others."""

    sequence: int
    type: str
    occurred: str
    recorded: str
    organisation: str
    key: str
    hash: str
    previous: str
    body: bytes
    contents: dict[str, str]
    withheld: list[str]


@dataclass(frozen=True, slots=True)
class Chain:
    """A record and its events in order of recording."""

    record: str
    kind: str
    events: tuple[Shown, ...]
    head: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that a bundle says."""

    about: str
    #: Of what kind that is: `battery`, `batch`, `lot` or `organisation`.
    kind: str
    #: Number of the finding, where it is about one.
    gap: int | None
    run: str | None
    made_at: str
    partial: bool
    chains: tuple[Chain, ...]
    gaps: tuple[Told, ...] = field(default=())


def of_battery(code: str, viewer: Viewer) -> Evidence:
    """Gather what there is of a battery, for the alliance and for who sees it whole.

    Raises:
        Refusal: `not_found`.
    """
    row = batteries_by_code(viewer, [code]).get(code)
    if row is None or row.sight.level != FULL or row.chain_id is None:
        raise refuse("not_found", ("code",), value=code)
    records = _records(row.chain_id)
    gaps = open_gaps(viewer).filter(record__in=[record.pk for record in records])
    return _evidence((row.code, "battery"), None, _chains(records), tuple(told_gaps(gaps)), partial=False)


def of_gap(gap: Gap, viewer: Viewer) -> Evidence:
    """Gather what there is of a finding; who does not see its battery whole gets the events that it recorded itself.

    Raises:
        Refusal: `not_found` for a gap that is none of the viewer's.
    """
    if not visible_gaps(viewer).filter(pk=gap.pk).exists():
        raise refuse("not_found", ("gap",), value=gap.pk)
    record = gap.record
    row = None
    if record.kind == LifecycleRecord.Kind.BATTERY and not viewer.is_alliance:
        row = batteries_by_code(viewer, [record.code]).get(record.code)
    whole = viewer.is_alliance or (row is not None and row.sight.level == FULL)
    chains = _chains(_records(record.pk), None if whole else viewer.organisation_id)
    told = tuple(told_gaps(Gap.objects.filter(pk=gap.pk)))
    return _evidence((record.code, record.kind), gap.pk, chains, told, partial=not whole)


def _evidence(
    about: tuple[str, str], gap: int | None, chains: tuple[Chain, ...], gaps: tuple[Told, ...], *, partial: bool
) -> Evidence:
    run = last_run()
    return Evidence(*about, gap, run.public_id if run else None, iso(to_ms(timezone.now())), partial, chains, gaps)


def _records(root: int) -> list[LifecycleRecord]:
    """A record and those that joined its chain, it first."""
    found = LifecycleRecord.objects.filter(Q(pk=root) | Q(chain=root)).order_by("code")
    return sorted(found, key=lambda record: record.pk != root)


def _chains(records: Iterable[LifecycleRecord], recorder: int | None = None) -> tuple[Chain, ...]:
    return tuple(chain for record in records if (chain := _chain(record, recorder)).events)


def _chain(record: LifecycleRecord, recorder: int | None) -> Chain:
    rows = LifecycleEvent.objects.filter(record=record).select_related("organisation").order_by("sequence")
    events = list(rows if recorder is None else rows.filter(organisation=recorder))
    beside: dict[int, list[EventContent]] = {}
    for ids in batches([event.pk for event in events]):
        for content in EventContent.objects.filter(event__in=ids):
            beside.setdefault(content.event_id, []).append(content)
    shown = tuple(_shown(event, beside.get(event.pk, [])) for event in events)
    return Chain(record.code, record.kind, shown, shown[-1].hash if shown else "")


def _shown(event: LifecycleEvent, beside: Iterable[EventContent]) -> Shown:
    stored = bytes(event.body)
    said = _commitments(stored)
    contents = {content.name: content.value for content in beside if _may_leave(content, said)}
    return Shown(
        event.sequence,
        event.type,
        iso(to_ms(event.occurred_at)),
        iso(to_ms(event.recorded_at)),
        event.organisation.code,
        event.key,
        bytes(event.hash).hex(),
        bytes(event.previous_hash or b"").hex(),
        stored,
        contents,
        sorted(set(said) - set(contents)),
    )


def _commitments(stored: bytes) -> dict[str, tuple[str, str]]:
    """What a body commits to; nothing where it was altered until it cannot be read: that is shown as well."""
    try:
        members, _ = body.read(stored)
        return body.commitments(members)
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}


def _may_leave(content: EventContent, said: dict[str, Any]) -> bool:
    method = said.get(content.name, ("hmac", ""))[0]
    return method == "sha256" and not content.salt and content.name.rpartition(".")[2] != _UNREAD
