"""What a viewer sees of each battery's chain, as SQL: filters and answers are judged by these values alone.

full     the alliance; who holds it undisputed; to whom it is on its way, undisputed
part     whoever took part: the chain up to its own last part; its maker sees the stage to the end
intake   everybody else, and who received it in dispute: nothing of the chain
"""

from typing import Any, Final

from django.db.models import (
    BigIntegerField,
    Case,
    CharField,
    Exists,
    F,
    FilteredRelation,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from traceability.access import FULL, INTAKE, PART, Viewer
from traceability.chains import COMPLETING_ALONE
from traceability.models import LifecycleRecord, Step

#: What `seen` adds to each record.
SEEN: Final = (
    "seen_level",
    "seen_stage",
    "seen_holder",
    "seen_keeper",
    "seen_transit",
    "seen_status",
    "seen_quarantine",
)


def seen(viewer: Viewer) -> QuerySet[Any]:
    """All batteries' own chains, each with what this viewer sees of it (`SEEN`, `part_ms`, `part_arrival`)."""
    records = LifecycleRecord.objects.filter(kind=LifecycleRecord.Kind.BATTERY, chain=None)
    if viewer.is_alliance:
        return records.annotate(
            part_ms=Value(None, BigIntegerField()),
            part_arrival=Value(None, BigIntegerField()),
            seen_level=Value(FULL),
            seen_stage=F("stage"),
            seen_holder=F("holder_id"),
            seen_keeper=F("holder_id"),
            seen_transit=F("transit_to_id"),
            seen_status=_kept_status(),
            seen_quarantine=F("quarantine_event"),
        )
    if viewer.organisation_id is None:
        return _by_scan(records)
    organisation = viewer.organisation_id
    own = FilteredRelation("involvements", condition=Q(involvements__organisation=organisation))
    took_part = Q(part__isnull=False)
    full = _full(organisation) & took_part
    made = Q(maker=organisation) & took_part
    last = _steps().order_by("-occurred_ms", "-arrival")
    return (
        records.alias(part=own)
        .annotate(part_ms=F("part__until_ms"), part_arrival=F("part__until_arrival"))
        .annotate(
            seen_level=_text(When(full, Value(FULL)), When(took_part, Value(PART)), default=Value(INTAKE)),
            # Who only scans is told the stage: it has to know whether to touch the battery.
            seen_stage=_text(
                When(full | made, F("stage")),
                When(took_part, Coalesce(Subquery(last.values("stage_after")[:1]), Value(""))),
                default=F("stage"),
            ),
            seen_holder=Case(When(full, F("holder_id")), When(took_part, Subquery(last.values("holder_after")[:1]))),
            seen_keeper=Case(
                When(full | made, F("holder_id")), When(took_part, Subquery(last.values("holder_after")[:1]))
            ),
            seen_quarantine=Case(When(full, F("quarantine_event"))),
            seen_transit=Case(
                When(full, F("transit_to_id")), When(took_part, Subquery(last.values("transit_after")[:1]))
            ),
        )
        .annotate(
            seen_status=_text(
                When(full, _kept_status()),
                When(part__isnull=True, then=Value(None)),
                When(Exists(_steps().exclude(fault="")), Value("broken")),
                When(Exists(_steps().filter(unannounced=True)), Value("flawed")),
                When(seen_stage__in=sorted(COMPLETING_ALONE), then=Value("complete")),
                default=Value("open"),
            )
        )
    )


def visible(viewer: Viewer) -> QuerySet[Any]:
    """Those of `seen` that the viewer sees more of than a scan would tell."""
    if viewer.is_alliance:
        return seen(viewer)
    return seen(viewer).none() if viewer.organisation_id is None else seen(viewer).filter(part__isnull=False)


def _by_scan(records: QuerySet[Any]) -> QuerySet[Any]:
    """What a scan tells whoever belongs to no organisation: said plainly, because the street asks often."""
    unknown = dict.fromkeys(
        ("part_ms", "part_arrival", "seen_holder", "seen_keeper", "seen_transit", "seen_quarantine"),
        Value(None, BigIntegerField()),
    )
    status = Value(None, CharField())
    found: QuerySet[Any] = records.annotate(
        **unknown, seen_level=Value(INTAKE), seen_stage=F("stage"), seen_status=status
    )
    return found


def _full(organisation: int) -> Q:
    """Who sees all. A disputed receiver hands no more on than it has itself: its addressee sees a part only."""
    undisputed = Q(intruder__isnull=True) | ~Q(intruder=organisation)
    return (Q(holder=organisation) & undisputed) | Q(transit_to=organisation, intruder__isnull=True)


def _steps() -> QuerySet[Any]:
    """The steps of the outer record that lie within the viewer's part."""
    within = Q(occurred_ms__lt=OuterRef("part__until_ms")) | Q(
        occurred_ms=OuterRef("part__until_ms"), arrival__lte=OuterRef("part__until_arrival")
    )
    return Step.objects.filter(within, record=OuterRef("pk"), effective=True)


def _kept_status() -> Case:
    """The status that the audit's last run gave a chain; of what was written since, what its steps tell."""
    return _text(When(touched=F("audited"), then=F("audit_status")), default=F("chain_status"))


def _text(*cases: When, default: Any) -> Case:
    return Case(*cases, default=default, output_field=CharField())
