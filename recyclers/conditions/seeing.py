"""The record as it had been told by a day, as far as some companies' figures rest on it."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from django.db import transaction

from recyclers import materials
from recyclers.lot_walk import MAKING, MERGED_FROM, SPLIT_FROM
from recyclers.models import BatchInput, LotMovement
from traceability.audit.calendar import end_of
from traceability.audit.seeing import seen_by
from traceability.events import batches


@contextmanager
def known_by(day: int, organisations: Collection[int], batch_ids: Collection[int]) -> Iterator[str]:
    """Show the database as of a day while the block runs; gives how the heads of chains are read then.

    Chains that the companies have to do with, corrections of batches and lots, and what the lots that they drew were
    said to consist of are as they had been told then. Batches that were reported later are still there: who asks for
    batches leaves them out.

    Args:
        batch_ids: the companies' batches of the period, by their events.
    """
    late = _told_later(batch_ids, end_of(day))
    with seen_by(day, organisations=organisations) as heads:
        if not late:
            yield heads
            return
        with transaction.atomic():
            materials.project(late, until_ms=end_of(day))
            try:
                yield heads
            finally:
                transaction.set_rollback(True)


def _told_later(batch_ids: Collection[int], end_ms: int) -> set[int]:
    """The records that say where lots drawn by these batches come from, and were told of it after a moment."""
    pending, seen, late = _drawn(batch_ids), set[int](), set[int]()
    while pending:
        seen |= pending
        made = [row for ids in batches(pending) for row in _making(ids)]
        late |= {record for _, record, reported_ms in made if reported_ms > end_ms}
        pending = _taken_from({event for event, _, _ in made}) - seen
    return late


def _drawn(batch_ids: Collection[int]) -> set[int]:
    rows = (BatchInput.objects.filter(batch__in=ids).exclude(lot=None) for ids in batches(batch_ids))
    return {lot for found in rows for lot in found.values_list("lot_id", flat=True) if lot is not None}


def _making(lot_ids: Collection[int]) -> list[tuple[int, int, int]]:
    """The events that brought these lots into being: (event, its record, when reported)."""
    rows = LotMovement.objects.filter(lot__in=lot_ids, kind__in=MAKING)
    return list(rows.values_list("event_id", "event__record_id", "reported_ms"))


def _taken_from(event_ids: Collection[int]) -> set[int]:
    rows = (LotMovement.objects.filter(event__in=ids, kind__in=(SPLIT_FROM, MERGED_FROM)) for ids in batches(event_ids))
    return {lot for found in rows for lot in found.values_list("lot_id", flat=True)}
