"""Exporting records: what was recorded, in order of arrival, as `capture` reads it.

What the ledger wrote by itself (`released`, `reassembled`, and what takes them back) is left out: capturing the same
facts writes it again.
A personal value that was erased is absent.
"""

from collections.abc import Callable, Iterator
from datetime import date, datetime, time
from typing import Any, Final

from django.utils import timezone

from traceability import events
from traceability.corrections import LEDGER_ACTOR
from traceability.facts import exact_json, write_fact
from traceability.models import LifecycleEvent

CHUNK: Final = 1_000


def export(
    *, organisation: str | None = None, since: date | None = None, progress: Callable[[int], None] | None = None
) -> Iterator[str]:
    """Give each record as one line of JSON, without its line break: sorted keys, decimals exact.

    Args:
        organisation: only what this organisation recorded.
        since: only what was recorded on or after this day (a day in China).
    """
    done = 0
    for stored in _chunks(organisation, since):
        for event in stored:
            yield exact_json(write_fact(event.fact, reported_ms=event.reported_ms))
        done += len(stored)
        if progress is not None:
            progress(done)


def exported(organisation: str | None = None, since: date | None = None) -> Any:
    """The events that an export writes, as a queryset in order of arrival."""
    rows = LifecycleEvent.objects.exclude(actor=LEDGER_ACTOR).order_by("id")
    if organisation is not None:
        rows = rows.filter(organisation__code=organisation)
    if since is not None:
        start = datetime.combine(since, time(), timezone.get_default_timezone())
        rows = rows.filter(recorded_at__gte=start)
    return rows


def _chunks(organisation: str | None, since: date | None) -> Iterator[list[events.Stored]]:
    """Read by key, chunk after chunk: no cursor stays open while the reader is slow."""
    rows = exported(organisation, since)
    last = 0
    while chunk := events.stored(rows.filter(id__gt=last)[:CHUNK]):
        yield chunk
        last = chunk[-1].id
