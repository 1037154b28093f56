"""Standings as plain data, as `dynamic_list --format json` prints them, and as a table for sheets."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from recyclers.conditions.telling import plain
from recyclers.dynamic_list import due, reports
from recyclers.dynamic_list.due import Due
from recyclers.dynamic_list.judging import Mending
from recyclers.dynamic_list.load import Load
from recyclers.dynamic_list.standing import Standing
from recyclers.recovery import printed
from traceability.audit.exporting.tables import Column, Row, Table

REPORTS: Final[dict[str, Promise]] = {
    reports.DUE: _("due"),
    reports.HANDED_IN: _("handed in"),
    reports.LATE: _("handed in late"),
    reports.MISSING: _("missing"),
}
DUES: Final[dict[str, Promise]] = {
    due.MENDING: _("to be mended"),
    due.PERMIT: _("a permit ends"),
    due.REPORT: _("annual report"),
}


def as_json(standing: Standing) -> dict[str, Any]:
    """Give a standing as it is printed: decimals as text, days as ISO 8601."""
    judged, report = standing.judged, standing.report
    return {
        "organisation": standing.code,
        "name": standing.name,
        "listed": standing.is_listed,
        "since": _day(standing.since),
        "listings": [
            {"scope": one.scope, "batch": one.batch, "from": _day(one.first), "until": _day(one.last),
             "revokedOn": _day(one.revoked_on), "reason": one.reason or None}
            for one in standing.listings
        ],
        "barredUntil": _day(standing.barred_until),
        "penalties": [
            {"decidedOn": _day(one.decided_on), "authority": one.authority or None, "number": one.number or None,
             "reason": one.reason or None, "barredUntil": _day(one.until)}
            for one in standing.penalties
        ],
        "year": judged and judged.year,
        "verdict": judged and judged.verdict,
        "mending": [_mending(one) for one in standing.mending],
        "load": standing.load and _load(standing.load),
        "report": report and _report(report),
        "dues": [_due(one) for one in standing.dues],
        "urgentOn": _day(standing.urgent_on),
    }  # fmt: skip


def _mending(one: Mending) -> dict[str, Any]:
    clause = one.judged.clause
    return {
        "clause": one.judged.key,
        "year": one.year,
        "since": one.since,
        "verdict": one.judged.verdict,
        "measured": plain(one.judged.measured),
        "unit": clause.unit or None if clause else None,
        "operator": clause.operator if clause else None,
        "threshold": plain(clause.threshold) if clause else None,
        "until": _day(one.until),
        "overdue": one.overdue,
    }


def _load(load: Load) -> dict[str, Any]:
    return {
        "year": load.year,
        "declaredPercent": plain(load.declared),
        "recordedPercent": plain(recorded_percent(load)),
        "fedKg": plain(fed_kg(load)),
        "capacityTonnes": plain(load.capacity),
    }


def _report(one: reports.Report) -> dict[str, Any]:
    return {"year": one.year, "due": _day(one.due), "state": one.state, "on": _day(one.on)}


def _due(one: Due) -> dict[str, Any]:
    return {
        "day": _day(one.day),
        "kind": one.kind,
        "what": one.what,
        "number": one.number or None,
        "overdue": one.overdue,
    }


def recorded_percent(load: Load) -> Decimal | None:
    """Round the load that the records tell, for print."""
    return None if load.recorded is None else printed(load.recorded)


def fed_kg(load: Load) -> Decimal:
    """Give what was fed in kilograms, to the milligram."""
    return Decimal(round(Fraction(load.fed_mg))).scaleb(-6).normalize()


def _day(day: date | None) -> str | None:
    """A day as it is printed; what holds ever since has no first one."""
    return None if day is None or day == date.min else day.isoformat()


# As a table ----------------------------------------------------------------------------------------------------------


_COLUMNS: Final = (
    Column("organisation", _("organisation"), width=22),
    Column("name", _("name"), width=28),
    Column("listed", _("listed for"), width=22),
    Column("from", _("listed from"), "day", 12),
    Column("until", _("listed until"), "day", 12),
    Column("reason", _("reason"), width=20),
    Column("barred_until", _("barred until"), "day", 12),
    Column("year", _("year judged"), "text", 8),
    Column("verdict", _("verdict"), width=14),
    Column("mending", _("to be mended"), width=36),
    Column("overdue", _("of that overdue"), width=36),
    Column("load_declared", _("load as declared, %"), "percent", 12),
    Column("load_recorded", _("load by the records, %"), "percent", 12),
    Column("report", _("annual report"), width=14),
    Column("due", _("next due"), "day", 12),
    Column("due_for", _("due for"), width=30),
)


def table_of(found: Sequence[Standing]) -> Table:
    """The list as a table, a row a company."""
    return Table(_("Dynamic list"), _COLUMNS, (_row(one) for one in found))


def _row(one: Standing) -> Row:
    shown = [listing for listing in one.listings if listing.holds_on(one.on)] or list(one.listings[-1:])
    first = min((listing.first for listing in shown if listing.first), default=None)
    # Something that goes on has no last day, whatever else has one.
    lasts = [listing.last for listing in shown]
    last = None if None in lasts else max((day for day in lasts if day is not None), default=None)
    load, next_due = one.load, one.dues[0] if one.dues else None
    return (
        one.code,
        one.name,
        ", ".join(sorted({listing.scope for listing in shown})),
        first,
        last,
        "; ".join(listing.reason for listing in shown if listing.reason),
        one.barred_until,
        str(one.judged.year) if one.judged else None,
        one.judged.verdict if one.judged else None,
        ", ".join(mending.judged.key for mending in one.mending),
        ", ".join(mending.judged.key for mending in one.mending if mending.overdue),
        load.declared if load else None,
        recorded_percent(load) if load else None,
        one.report.state if one.report else None,
        next_due.day if next_due else None,
        f"{next_due.kind}: {next_due.what}" if next_due else None,
    )
