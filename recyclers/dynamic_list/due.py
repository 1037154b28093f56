"""What falls due for a listed company, in order of days: what is over already and still open comes first. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from recyclers.conditions.measuring import PermitHeld
from recyclers.dynamic_list.judging import Mending
from recyclers.dynamic_list.reports import DUE, MISSING, Report

PERMIT, REPORT, MENDING = "permit_ends", "annual_report", "mending"
KINDS: Final = (MENDING, PERMIT, REPORT)
#: Permits that end within so many days are told.
AHEAD: Final = timedelta(days=365)


@dataclass(frozen=True, slots=True, order=True)
class Due:
    """Something to be done by a day: `what` is the clause, the kind of the permit or the year of the report."""

    day: date
    kind: str
    what: str
    number: str = ""
    overdue: bool = False


def due_on(day: date, permits: Sequence[PermitHeld], report: Report | None, mending: Iterable[Mending]) -> list[Due]:
    """List what a company has to see to, in order of days."""
    found = [Due(one.until, MENDING, one.judged.key, overdue=one.overdue) for one in mending]
    if report is not None and report.state in (DUE, MISSING):
        found.append(Due(report.due, REPORT, str(report.year), overdue=report.state == MISSING))
    return sorted([*found, *_permits(day, permits)])


def _permits(day: date, permits: Sequence[PermitHeld]) -> list[Due]:
    """Of each kind the permits that will end, or the one that ended last where none is valid any more."""
    found = []
    for kind in sorted({one.kind for one in permits}):
        own = [one for one in permits if one.kind == kind]
        valid = [one for one in own if one.covers(day, day)]
        ended = [one for one in own if one.valid_until is not None and one.valid_until < day]
        if not valid and ended:
            last = max(ended, key=lambda one: one.valid_until or date.min)
            found.append(Due(last.valid_until or day, PERMIT, kind, last.number, overdue=True))
        # Where another one goes on, nothing ends with this one.
        lasts = max((one.valid_until or date.max for one in valid), default=date.max)
        if lasts <= (day + AHEAD if day <= date.max - AHEAD else date.max) and lasts != date.max:
            found += [Due(lasts, PERMIT, kind, one.number) for one in valid if one.valid_until == lasts]
    return found
