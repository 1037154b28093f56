"""Drawing a sample of the batteries that a run of the audit judged, as far as the viewer sees them whole."""

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any, Final

from django.db import connection
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Collate

from batteries.sight import seen
from traceability.access import FULL, Viewer
from traceability.audit import sampling
from traceability.audit.kept import standing_gaps
from traceability.audit.rule import BREAK
from traceability.audit.sampling import Drawn, Sample
from traceability.events import batches
from traceability.models import AuditRun, Component, LifecycleEvent, LifecycleRecord

_RELEASED: Final = "released"


def draw_sample(run: AuditRun, seed: str | None, risk: str | None, viewer: Viewer) -> Sample:
    """Draw the sample of a run by this seed (a new one when there is none) and risk (by broken chains when not given).

    Raises:
        Refusal: `wrong_value` for a seed or a risk that is none.
    """
    seed = sampling.new_seed() if seed is None else sampling.read_seed(seed)
    judged = population(run, viewer)
    count = judged.count()
    broken = judged.filter(Exists(standing_gaps(run, viewer).filter(record=OuterRef("pk"), severity=BREAK))).count()
    risk = risk or sampling.risk_of(count, broken)
    digest = hashlib.sha256()
    drawn = sampling.draw(run.public_id, seed, _hashed(_codes(judged), digest), sampling.size_of(count, risk))
    gaps = _gaps(run, viewer, [code for _, code in drawn])
    found = tuple(Drawn(code, hash_, *gaps.get(code, (0, 0))) for hash_, code in drawn)
    return Sample(run.public_id, seed, risk, count, broken, digest.hexdigest(), found)


def population(run: AuditRun, viewer: Viewer) -> QuerySet[LifecycleRecord]:
    """The batteries that stood by themselves when the run looked, told by the events that it saw.

    What was recorded since then does not change them: the same run gives the same ones again.
    """
    then = Q(pk__lte=run.seen_event)
    events = LifecycleEvent.objects.filter(then)
    own = events.filter(record=OuterRef("pk"))
    left = events.filter(record=OuterRef(OuterRef("pk")), type=_RELEASED, pk__gt=OuterRef("since_event"))
    built_in = Component.objects.filter(code=OuterRef("code"), since_event__lte=run.seen_event).filter(~Exists(left))
    records = LifecycleRecord.objects.filter(kind=LifecycleRecord.Kind.BATTERY)
    if not viewer.is_alliance:
        records = records.filter(pk__in=seen(viewer).filter(seen_level=FULL).values("pk"))
    return records.filter(Exists(own.filter(sequence=1)), ~Exists(own.filter(type="identified")), ~Exists(built_in))


def _codes(records: QuerySet[LifecycleRecord]) -> Iterator[str]:
    # Sorted the same on every engine and under every locale.
    order: Any = Collate(F("code"), "C") if connection.vendor == "postgresql" else F("code")
    return records.order_by(order).values_list("code", flat=True).iterator(5_000)


def _hashed(codes: Iterable[str], digest: Any) -> Iterator[str]:
    for code in codes:
        digest.update(f"{code}\n".encode())
        yield code


def _gaps(run: AuditRun, viewer: Viewer, codes: list[str]) -> dict[str, tuple[int, int]]:
    """How many gaps, and how many breaks, each of these had in the run."""
    found = {}
    for some in batches(codes):
        rows = standing_gaps(run, viewer).filter(record__kind="battery", record__code__in=some)
        counted = (
            rows.order_by().values("record__code").annotate(all=Count("id"), breaks=Count("id", Q(severity=BREAK)))
        )
        for code, count, breaks in counted.values_list("record__code", "all", "breaks"):
            found[code] = (count, breaks)
    return found
