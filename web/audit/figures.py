"""What the auditor's first page counts: gaps by whatever they have in common, and completeness by month and maker."""

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

from django.db.models import Case, CharField, Count, F, Sum, Value, When
from django.db.models.functions import Coalesce

from traceability.access import Viewer
from traceability.audit.calendar import day_of, number_of
from traceability.audit.reading import Cell, Figures, open_gaps
from traceability.audit.wording import name_of
from traceability.models import AuditFigure, Organisation
from traceability.regions import region_named
from web.audit.gaps import NOBODY
from web.names import names_of

#: Rows of a table on the first page; the list has them all.
TOP: Final = 12
#: Points of the curve.
RUNS: Final = 60
_BATTERIES: Final = Count("record", distinct=True)
_SUMS: Final = ("batteries", "complete", "open", "flawed", "broken", "facts", "on_time")


@dataclass(frozen=True, slots=True)
class Counted:
    """So many gaps have this in common."""

    key: str
    label: str
    severity: str
    gaps: int
    batteries: int
    #: What narrows the list of gaps to these, as in its address.
    query: str


def by_code(viewer: Viewer) -> list[Counted]:
    """Count open gaps by code, breaks first, the most frequent first."""
    rows = open_gaps(viewer).order_by().values("code", "severity").annotate(n=Count("id"), m=_BATTERIES)
    found = [
        Counted(row["code"], name_of(row["code"]), row["severity"], row["n"], row["m"], _query(code=row["code"]))
        for row in rows
    ]
    return sorted(found, key=lambda one: (one.severity != "break", -one.gaps, one.key))


def by_organisation(viewer: Viewer) -> list[Counted]:
    """Count open gaps by who answers for them, the most first."""
    rows = open_gaps(viewer).order_by().values("organisation", code_=F("organisation__code"))
    counted = list(rows.annotate(n=Count("id"), m=_BATTERIES).order_by("-n", "organisation")[:TOP])
    names = names_of(row["organisation"] for row in counted)
    return [
        Counted(
            code, names.get(row["organisation"] or 0, ""), "", row["n"], row["m"], _query(organisation=code or NOBODY)
        )
        for row in counted
        for code in [row["code_"] or ""]
    ]


def by_region(viewer: Viewer) -> list[Counted]:
    """Count open gaps by the region of who answers for them."""
    # Who has no region, and nobody, are told as one.
    rows = open_gaps(viewer).order_by().values(region=Coalesce("organisation__region", Value("")))
    counted = rows.annotate(n=Count("id"), m=_BATTERIES).order_by("-n", "region")[:TOP]
    return [
        Counted(
            row["region"], region_named(row["region"]), "", row["n"], row["m"], _query(region=row["region"] or NOBODY)
        )
        for row in counted
    ]


def by_month(viewer: Viewer) -> list[Counted]:
    """Count open gaps by the month that they are since, the latest first."""
    days = open_gaps(viewer).order_by().values_list("since_day", flat=True).distinct()
    months = sorted({day_of(day).strftime("%Y-%m") for day in days}, reverse=True)[:TOP]
    if not months:
        return []
    within = {month: [number_of(date.fromisoformat(day)) for day in days_of(month).values()] for month in months}
    cases = [When(since_day__range=days, then=Value(month)) for month, days in within.items()]
    rows = open_gaps(viewer).filter(since_day__gte=within[months[-1]][0]).order_by()
    counted = rows.values(month=Case(*cases, output_field=CharField())).annotate(n=Count("id"), m=_BATTERIES)
    found = {row["month"]: row for row in counted}
    return [
        Counted(month, month, "", found[month]["n"], found[month]["m"], _query(**days_of(month))) for month in months
    ]


def days_of(month: str) -> dict[str, str]:
    """The first and the last day of a month, `2025-03`."""
    year, number = map(int, month.split("-"))
    return {"since": f"{month}-01", "until": f"{month}-{monthrange(year, number)[1]}"}


def _query(**asked: str) -> str:
    return urlencode(asked)


def trend(viewer: Viewer) -> list[tuple[date, Figures]]:
    """Give completeness from run to run, the last of each day: of all, or of what the reader's organisation held."""
    rows = AuditFigure.objects.filter(run__kept=True, run__finished_at__isnull=False, group_by="organisation")
    if not viewer.is_alliance:
        rows = rows.filter(key=viewer.organisation_code or "")
    sums = {f"n_{name}": Sum(name) for name in _SUMS}
    found: dict[date, Figures] = {}
    summed: Any = rows.order_by("-run_id").values("run_id", "run__as_of").annotate(**sums)
    for row in summed[:RUNS]:
        counted: dict[str, Any] = {name: int(row[f"n_{name}"]) for name in _SUMS}
        found.setdefault(day_of(row["run__as_of"]), Figures("", "", **counted))
    return sorted(found.items())


def makers_named(cells: Sequence[Cell]) -> dict[str, str]:
    """Name the makers of a heat map; one that nobody filed is called by its manufacturer code."""
    rows = Organisation.objects.filter(code__in={cell.maker for cell in cells}).values_list("code", "id")
    ids = dict(rows)
    names = names_of(ids.values())
    return {code: names[id_] for code, id_ in ids.items()}


def batteries_of(cell: Cell) -> str:
    """What narrows the list of batteries to a cell's broken ones, as in its address."""
    days = days_of(cell.month)
    asked = {"manufacturer": cell.maker, "produced_from": days["since"], "produced_until": days["until"]}
    return urlencode(asked | {"chain_status": "broken"})
