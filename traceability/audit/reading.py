"""Reading what the audit kept: gaps with their work, runs, and figures, as far as somebody may see them.

The alliance sees all; another organisation the gaps that it answers for, and figures over what it holds.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from django.db.models import QuerySet
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from traceability import replica
from traceability.access import Viewer
from traceability.audit.figures import COHORTS, COUNTED, GROUPS
from traceability.errors import refuse
from traceability.models import AuditFigure, AuditRun, Gap, Organisation
from traceability.regions import region_named


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of one group of batteries; `key` is empty for those of no group (no holder, no model …)."""

    key: str
    label: str
    batteries: int
    complete: int
    open: int
    flawed: int
    broken: int
    facts: int
    on_time: int
    #: Gap code → how many stand open; filled where it was asked for.
    gaps: dict[str, int] = field(default_factory=dict)

    @property
    def completeness(self) -> Decimal | None:
        """(complete + open) ÷ all, in percent with two decimals; None for no batteries."""
        return _percent(self.complete + self.open, self.batteries)

    @property
    def on_time_share(self) -> Decimal | None:
        """Reported in time ÷ all facts with an enforced deadline, in percent; None without any."""
        return _percent(self.on_time, self.facts)


def _percent(part: int, whole: int) -> Decimal | None:
    return (Decimal(part * 100) / Decimal(whole)).quantize(Decimal("0.01")) if whole else None


@dataclass(frozen=True, slots=True)
class Cell:
    """The batteries of one maker and month of production; a maker that nobody filed is its manufacturer code."""

    maker: str
    month: str
    batteries: int
    broken: int
    flawed: int


def made(viewer: Viewer) -> list[Cell]:
    """Count batteries by maker and month of production, as the last run left them: all, or those that one holds."""
    own = "" if viewer.is_alliance else f"AND c.holder = {int(viewer.organisation_id or 0)}"
    maker = GROUPS["manufacturer"]
    rows = _rows(f"""
      SELECT {maker}, c.month, SUM(c.batteries), SUM(c.broken), SUM(c.flawed)
      FROM {COHORTS} WHERE c.batteries > 0 AND c.month <> '' {own} GROUP BY {maker}, c.month ORDER BY 1, 2""")
    return [Cell(maker, month, int(number), int(broken), int(flawed)) for maker, month, number, broken, flawed in rows]


def last_run() -> AuditRun | None:
    """The last run that was kept."""
    return AuditRun.objects.filter(kept=True, finished_at__isnull=False).first()


def visible_gaps(viewer: Viewer) -> QuerySet[Gap]:
    """Gaps that this viewer may see, closed ones included; none for who belongs to no organisation."""
    if viewer.is_alliance:
        return Gap.objects.all()
    if viewer.organisation_id is None:
        return Gap.objects.none()
    return Gap.objects.filter(organisation=viewer.organisation_id)


def open_gaps(viewer: Viewer) -> QuerySet[Gap]:
    """Gaps that stand as of the last run."""
    return visible_gaps(viewer).filter(closed_in=None)


def completeness(viewer: Viewer, group_by: str, *, run: AuditRun | None = None) -> list[Figures]:
    """The figures by one of `GROUPS`, in order of key: as kept with a run for the alliance, else over what one holds.

    Raises:
        Refusal: `wrong_value` for a group that there is not.
    """
    if group_by not in GROUPS:
        raise refuse("wrong_value", ("groupBy",), value=group_by, expected=", ".join(GROUPS))
    run = run or last_run()
    if run is None:
        return []
    if viewer.is_alliance:
        kept = AuditFigure.objects.filter(run=run, group_by=group_by).order_by("key")
        columns = "batteries complete open flawed broken facts on_time".split()
        rows = [(row.key, *(getattr(row, name) for name in columns)) for row in kept]
        counts = _gap_counts(group_by, "1 = 1") if run == last_run() else {}
    elif viewer.organisation_id is not None:
        own = f"c.holder = {int(viewer.organisation_id)}"
        rows, counts = _counted(group_by, own), _gap_counts(group_by, own)
    else:
        return []
    labels = _labels(group_by, [row[0] for row in rows])
    return [Figures(key, labels.get(key, key), *map(int, found), counts.get(key, {})) for key, *found in rows]  # type: ignore[arg-type, call-arg]


def _counted(group_by: str, condition: str) -> list[tuple[Any, ...]]:
    """The figures of some batteries, as the last run left them."""
    key = GROUPS[group_by]
    return _rows(
        f"SELECT {key}, {COUNTED} FROM {COHORTS} WHERE c.batteries > 0 AND {condition} GROUP BY {key} ORDER BY 1"
    )


def _gap_counts(group_by: str, condition: str) -> dict[str, dict[str, int]]:
    """How many gaps of each code stand open in each group."""
    found: dict[str, dict[str, int]] = {}
    key = GROUPS[group_by]
    # Counted by cohort first: names are then looked up for few.
    for group, code, count in _rows(f"""
      SELECT {key}, g.code, SUM(g.gaps) FROM (
        SELECT r.audit_cohort, o.code, COUNT(*) AS gaps FROM traceability_gap o
        JOIN traceability_lifecyclerecord r ON r.id = o.record_id
        WHERE o.closed_in_id IS NULL AND r.audit_cohort IS NOT NULL GROUP BY r.audit_cohort, o.code) g
      JOIN ({COHORTS}) ON c.id = g.audit_cohort WHERE {condition} GROUP BY {key}, g.code ORDER BY 1, 2"""):
        found.setdefault(group, {})[code] = int(count)
    return found


#: What batteries of no group are called.
_NOWHERE: Final = {
    "organisation": _("held by nobody known"),
    "region": _("region unknown"),
    "manufacturer": _("maker unknown"),
    "model": _("model unknown"),
    "month": _("month unknown"),
}


def _labels(group_by: str, keys: Sequence[str]) -> dict[str, str]:
    """What people call a group: names of organisations in the reader's language, with the number of the model."""
    nowhere = {"": str(_NOWHERE[group_by])}
    if group_by == "region":
        return {key: region_named(key) for key in keys} | nowhere
    if group_by not in ("organisation", "manufacturer", "model"):
        return nowhere
    codes = {key.partition("/")[0] for key in keys}
    english = (get_language() or "").startswith("en")
    rows = Organisation.objects.filter(code__in=codes).values_list("code", "name", "name_en")
    names = {code: name_en if english and name_en else name for code, name, name_en in rows}
    found = {
        key: " ".join(filter(None, (names.get(key.partition("/")[0], key.partition("/")[0]), key.partition("/")[2])))
        for key in keys
    }
    return found | nowhere


def _rows(sql: str) -> list[tuple[Any, ...]]:
    with replica.connection().cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())
