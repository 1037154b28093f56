"""Which batches companies closed on some days, the lots in them, and the batches that drew these lots on other days."""

from collections.abc import Collection, Iterable
from datetime import date

from recyclers.lot_contents import with_descendants
from recyclers.models import Batch, BatchInput, BatchOutput
from traceability.audit.calendar import end_of, number_of
from traceability.events import batches


def closed_between(
    organisations: Collection[int], first: date, last: date, *, known_ms: int | None = None
) -> dict[int, int]:
    """Give the batches that these companies closed: event → whose, in order.

    Args:
        first, last: days at +08:00, both inclusive.
        known_ms: what was reported later is left out.
    """
    since, until = end_of(number_of(first) - 1), end_of(number_of(last))
    rows = Batch.objects.filter(organisation__in=organisations, closed_ms__gt=since, closed_ms__lte=until)
    rows = rows if known_ms is None else rows.filter(reported_ms__lte=known_ms)
    return dict(rows.order_by("closed_ms", "arrival").values_list("event_id", "organisation_id"))


def drawing_from(
    organisations: Collection[int], made_by: Collection[int], *, known_ms: int | None = None
) -> dict[int, int]:
    """Give the companies' other batches that drew lots which these made, or what those were split or merged into."""
    made = {lot for ids in batches(made_by) for lot in _lots(BatchOutput, ids)}
    found: dict[int, int] = {}
    for ids in batches(with_descendants(made)):
        rows = Batch.objects.filter(organisation__in=organisations, inputs__lot__in=ids)
        rows = rows if known_ms is None else rows.filter(reported_ms__lte=known_ms)
        found |= dict(rows.values_list("event_id", "organisation_id"))
    return {event: whose for event, whose in found.items() if event not in made_by}


def lots_of(batch_ids: Collection[int]) -> set[int]:
    """Give the lots that went into batches or came out of them, by the ids of their rows."""
    return {lot for ids in batches(batch_ids) for model in (BatchInput, BatchOutput) for lot in _lots(model, ids)}


def _lots(model: type[BatchInput] | type[BatchOutput], batch_ids: Collection[int]) -> Iterable[int]:
    return model._default_manager.filter(batch__in=batch_ids).exclude(lot=None).values_list("lot_id", flat=True)
