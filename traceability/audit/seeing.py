"""Seeing the record as of a day: facts reported by its end, and corrections made by then.

The projections stand for today. Where everything was reported by the end of the day, they hold; chains to whose end
only was added since are cut there by the rules' own statements. Any other chain is walked anew from what had been
reported, inside a transaction that is never committed: what the audit reads there is what `rebuild` would have made of
it then.
"""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.lookups import GreaterThanOrEqual, LessThan

from traceability import materials, projecting
from traceability.audit.calendar import end_of
from traceability.audit.concerning import ids_concerning
from traceability.audit.relations import HEADS_NOW, HEADS_THEN
from traceability.events import batches, told_at
from traceability.lives import ancestors
from traceability.models import Component, LifecycleEvent, LifecycleRecord, Step
from traceability.values import from_ms


@contextmanager
def seen_by(as_of: int, *, battery: int | None = None, organisations: Collection[int] | None = None) -> Iterator[str]:
    """Show the database as of a day while the block runs; gives how the heads of chains are read then.

    Args:
        as_of: the day.
        battery: the record of the one battery that is asked about, if it is one.
        organisations: those whose batteries are asked about, if not everybody's. Of batches and lots, what was told
            later then stands unless it corrected something: who asks leaves it out.
    """
    end = end_of(as_of)
    # One after the other: together they would join every event to its step.
    materials_then = _materials_told_after(end, corrected=battery is not None or organisations is not None)
    # Most days are today, by whose end all was reported: then nobody has to be asked about.
    ids = _concerned(battery, organisations) if organisations is None or _anything_after(end, None) else set()
    if not materials_then and not _anything_after(end, ids):
        yield HEADS_NOW
        return
    with transaction.atomic():
        _walk_as_of(end, ids)
        materials.project(materials_then, until_ms=end)
        try:
            yield HEADS_THEN
        finally:
            transaction.set_rollback(True)


def _concerned(battery: int | None, organisations: Collection[int] | None) -> set[int] | None:
    """The records whose facts decide about what is asked; None for all."""
    if battery is not None:
        own = LifecycleRecord.objects.filter(Q(pk=battery) | Q(chain=battery)).values_list("code", flat=True)
        return {battery, *_above(own)}
    if organisations is None:
        return None
    ids = ids_concerning(organisations)
    inside = Exists(Component.objects.filter(code=OuterRef("code")))
    parts = (LifecycleRecord.objects.filter(inside, id__in=some) for some in batches(ids))
    return ids | _above(code for found in parts for code in found.values_list("code", flat=True))


def _above(codes: Iterable[str]) -> set[int]:
    """The records of all that these are or were built into: their facts decide about them as well."""
    above = {code for found in ancestors(set(codes)).values() for code in found}
    return set(projecting.roots_of(above))


def _anything_after(end: int, ids: set[int] | None) -> bool:
    parts = [Step.objects.all()] if ids is None else [Step.objects.filter(record__in=some) for some in batches(ids)]
    return any(own.filter(late).exists() for late in _reported_after(end) for own in parts)


def _reported_after(end: int) -> tuple[Q, Q]:
    """What was reported, or corrected, later: the step of a correction has its original's time of report."""
    told = GreaterThanOrEqual(told_at("event__"), from_ms(end + 1))
    return Q(reported_ms__gt=end), Q(told, event__type="corrected")


def _materials_told_after(end: int, *, corrected: bool) -> set[int]:
    """The records of batches and lots that were told anything later, or only those `corrected` later."""
    later = GreaterThanOrEqual(told_at(), from_ms(end + 1))
    told = LifecycleEvent.objects.filter(later, record__kind__in=materials.MATERIAL_KINDS)
    told = told.filter(type="corrected") if corrected else told
    return set(told.values_list("record_id", flat=True))


def _walk_as_of(end: int, batteries: set[int] | None) -> None:
    """Walk the chains anew that later reports have changed elsewhere than at their ends."""
    earlier = Step.objects.filter(
        Q(occurred_ms__gt=OuterRef("occurred_ms"))
        | Q(occurred_ms=OuterRef("occurred_ms"), arrival__gt=OuterRef("arrival")),
        record=OuterRef("record"),
        effective=True,
        reported_ms__lte=end,
    )
    changed = Q(effective=False) | Q(event__type="corrected") | Q(record__entangled=True) | Exists(earlier)
    reported, corrected = _reported_after(end)
    late = Step.objects.filter(reported | corrected).filter(changed | Q(type="identified"))
    parts = [late] if batteries is None else [late.filter(record__in=some) for some in batches(batteries)]
    # A correction may have taken the fact from another chain, which had it then.
    places = (place for own in parts for place in own.values_list("record_id", "event__record_id", "event__type"))
    ids = {id_ for record, source, type_ in places for id_ in (record, source if type_ == "corrected" else record)}
    if not ids:
        return
    joined = LifecycleRecord.objects.filter(~Exists(_identified_by(end)), chain__in=ids)
    own = list(joined.values_list("id", flat=True))
    joined.update(chain=None)
    rows = projecting.locked(ids.union(own))
    projecting.tell_projections([], projecting.project(rows, until_ms=end))


def _identified_by(end: int) -> "QuerySet[LifecycleEvent]":
    """The identifications of a provisional record that had been reported by then."""
    reported = LessThan(told_at(), from_ms(end + 1))
    return LifecycleEvent.objects.filter(reported, record=OuterRef("pk"), type="identified")
