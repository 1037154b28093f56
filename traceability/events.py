"""Events read back: stored rows as facts, and which of them stand after corrections."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, TypeVar

from django.db.models import QuerySet
from django.db.models.functions import Coalesce

from traceability import body
from traceability.facts import Fact
from traceability.models import EventContent, LifecycleEvent
from traceability.values import to_ms

T = TypeVar("T")
#: Values in one IN list: below SQLite's limit of parameters on every build in use.
LIST_SIZE = 5_000


def batches(values: Iterable[T], size: int = LIST_SIZE) -> Iterator[list[T]]:
    """Cut an iterable into lists of at most `size`."""
    iterator = iter(values)
    while batch := list(islice(iterator, size)):
        yield batch


def told_at(of: str = "") -> Coalesce:
    """When an event was reported: in our own records when it was recorded. `of` leads to the event, as `event__`.

    Written as the index `event_told` has it.
    """
    return Coalesce(f"{of}reported_at", f"{of}recorded_at")


@dataclass(frozen=True, slots=True)
class Stored:
    """An event and the fact it records."""

    id: int
    record_id: int
    organisation_id: int
    recorded_ms: int
    actor: str
    fact: Fact

    @property
    def reported_ms(self) -> int:
        """When it counts as reported: the alliance's word for history, else the time of recording."""
        return self.recorded_ms if self.fact.reported_ms is None else self.fact.reported_ms


@dataclass(frozen=True, slots=True)
class Standing:
    """A fact that stands: an event's own content, or what a correction put in its place.

    `event` gives the content, `original` the place in the order of arrival, the key and the time of report.
    """

    event: Stored
    original: Stored
    fact: Fact


def read_stored(row: LifecycleEvent, contents: Iterable[tuple[str, str]]) -> Stored:
    """Read one row."""
    _, fact = body.read(row.body, contents)
    return Stored(row.id, row.record_id, row.organisation_id, to_ms(row.recorded_at), row.actor, fact)


def contents_of(event_ids: Collection[int]) -> Mapping[int, list[tuple[str, str]]]:
    """Load what stands beside the bodies of these events: event → [(name, value)]."""
    found: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for ids in batches(event_ids):
        rows = EventContent.objects.filter(event_id__in=ids).values_list("event_id", "name", "value")
        for event_id, name, value in rows:
            found[event_id].append((name, value))
    return found


def stored(rows: QuerySet[Any] | Sequence[LifecycleEvent]) -> list[Stored]:
    """Read rows with what stands beside them, in two queries."""
    events = list(rows)
    contents = contents_of([event.id for event in events])
    return [read_stored(event, contents.get(event.id, ())) for event in events]


def of_records(record_ids: Collection[int], types: Collection[str] | None = None) -> list[Stored]:
    """Read the events of these records (of these types, if given), in order of arrival."""
    found: list[Stored] = []
    for ids in batches(record_ids):
        rows = LifecycleEvent.objects.filter(record_id__in=ids)
        found += stored(rows if types is None else rows.filter(type__in=types))
    return sorted(found, key=lambda event: event.id)


def standing(events: Sequence[Stored]) -> tuple[list[Standing], list[Stored]]:
    """Apply the corrections among the events of one record.

    Returns what stands, and the events that have no place of their own (corrected, withdrawn, and corrections that
    say no more than that). The latest correction of an event decides; a correction that was itself withdrawn counts
    as if it had never been made.
    """
    corrections: dict[tuple[str, str], list[Stored]] = defaultdict(list)
    for event in events:
        if event.fact.type == "corrected":
            corrections[target_of(event.fact)].append(event)
    found = [
        Standing(*place)
        for event in events
        if event.fact.type != "corrected"
        for place in (_content(event, corrections),)
        if place is not None
    ]
    placed = {place.event.id for place in found}
    return found, [event for event in events if event.id not in placed]


def target_of(fact: Fact) -> tuple[str, str]:
    """Name the event that a correction corrects: (organisation, key)."""
    return fact.details.get("organisation", fact.organisation), fact.details["corrects"]


def _content(
    original: Stored, corrections: Mapping[tuple[str, str], list[Stored]]
) -> tuple[Stored, Stored, Fact] | None:
    for correction in reversed(corrections.get((original.fact.organisation, original.fact.key), ())):
        stands, source, replacement = _correction(correction, corrections)
        if stands:
            if replacement is None:
                return None
            fact = replace(replacement.in_place_of(original.fact), reported_ms=original.fact.reported_ms)
            return source, original, fact
    return original, original, original.fact


def _correction(
    correction: Stored, corrections: Mapping[tuple[str, str], list[Stored]]
) -> tuple[bool, Stored, Fact | None]:
    """Whether a correction still counts, and what it puts in place, after corrections of itself."""
    for second in reversed(corrections.get((correction.fact.organisation, correction.fact.key), ())):
        stands, source, replacement = _correction(second, corrections)
        if stands:
            return replacement is not None, source, replacement
    return True, correction, correction.fact.replacement
