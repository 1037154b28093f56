"""Telling the gaps of a run that was kept, from the rows it left: those that stood when it ended.

The same gaps in the same order as when they were found, so their digest is the run's where it judged everything.
"""

import hashlib
from collections.abc import Iterator
from typing import Any

from django.db import connection
from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Collate

from traceability.access import Viewer
from traceability.audit.calendar import day_of
from traceability.audit.reading import last_run, visible_gaps
from traceability.audit.telling import Told, evidence_told, key_told, line_of
from traceability.errors import refuse
from traceability.models import AuditRun, Gap, LifecycleEvent, Organisation, Step

LATEST = "latest"


def find_run(id_: str) -> AuditRun:
    """Find a run that was kept and has ended, by its id or as `latest`.

    Raises:
        Refusal: `not_found`; a run as of a past day, or of one battery, left no gaps to tell.
    """
    run = last_run() if id_ == LATEST else None
    if id_ != LATEST:
        run = AuditRun.objects.filter(public_id=id_, kept=True, finished_at__isnull=False).first()
    if run is None:
        raise refuse("not_found", ("run",), value=id_)
    return run


def standing_gaps(run: AuditRun, viewer: Viewer) -> QuerySet[Gap]:
    """The gaps that stood when this run ended, as far as the viewer may see them."""
    opened = visible_gaps(viewer).filter(opened_in__lte=run.pk)
    return opened.filter(Q(closed_in=None) | Q(closed_in__gt=run.pk))


def told_gaps(gaps: QuerySet[Gap]) -> Iterator[Told]:
    """Tell gaps in the order of battery, code and event, in memory that does not grow with their number."""
    codes = dict(Organisation.objects.values_list("id", "code"))
    for code, kind, gap, severity, key, type_, organisation, since, clause, evidence in _rows(gaps).iterator(2_000):
        yield Told(
            code,
            gap,
            severity,
            key_told(key, type_),
            codes.get(organisation),
            day_of(since).isoformat(),
            clause or None,
            evidence_told(gap, evidence, codes),
            kind,
        )


def digest_of(gaps: QuerySet[Gap]) -> tuple[str, int]:
    """SHA-256 over these gaps as lines, in order, and how many there are: that of the file `gaps.jsonl`."""
    digest, count = hashlib.sha256(), 0
    for gap in told_gaps(gaps):
        digest.update(line_of(gap))
        count += 1
    return digest.hexdigest(), count


def _rows(gaps: QuerySet[Gap]) -> Any:
    event = LifecycleEvent.objects.filter(pk=OuterRef("event_id"))
    step = Step.objects.filter(pk=OuterRef("event_id"))
    own = gaps.annotate(
        told_key=Coalesce(Subquery(step.values("key")[:1]), Subquery(event.values("key")[:1])),
        told_type=Subquery(event.values("type")[:1]),
    )
    told = ("record__code", "record__kind", "code", "severity", "told_key", "told_type")
    return own.order_by(*map(_binary, ("record__code", "code", "told_key")), "event_id").values_list(
        *told, "organisation_id", "since_day", "clause", "evidence"
    )


def _binary(name: str) -> Any:
    """The same order on every engine and under every locale."""
    return Collate(F(name), "C") if connection.vendor == "postgresql" else F(name)
