"""Days that the law counts from others: when a report is due, until when something is mended, how long a bar lasts.

The day that sets a period off is not counted; a period of years ends on that day's date in the last year (on the 28th
of February where there is no 29th). Which text counts is that of the day on which the period is set off.
"""

from datetime import date
from typing import Final

from traceability import law

ANNUAL_REPORT: Final = "annual_report"
MENDING: Final = "listing.mending"
BAR: Final = "order73.penalty_bar"
#: Scopes of listings that came to an end by themselves: scope → the clause whose last day theirs is.
_LISTINGS: Final = {"second_life": "listing.second_life"}


def report_due(year: int) -> date | None:
    """Give the day by which the report on a year has to be in; None where no text asked for one."""
    if not date.min.year <= year + 1 <= date.max.year:
        return None
    for day in (date(year + 1, 1, 1), date(year + 1, 12, 31)):
        clause = law.clause_in_force(ANNUAL_REPORT, day)
        if clause is not None and clause.by and clause.in_force_on(due := date(year + 1, *clause.by)):
            return due
    return None


def last_year_judged(day: date) -> int | None:
    """Give the last year of which everything that is asked for is in by the day before; None where there is none."""
    for year in (day.year - 1, day.year - 2):
        due = report_due(year)
        if due is not None and due < day:
            return year
    return None


def mend_until(year: int) -> date | None:
    """Give the last day to mend what was not met in a year: counted from when the report on it is due."""
    due = report_due(year)
    return None if due is None else _after(due, MENDING)


def barred_until(decided_on: date) -> date | None:
    """Give the last day on which a penalty bars from applying; None where no rule of its day says so."""
    return _after(decided_on, BAR)


def listing_ends(scope: str) -> date | None:
    """Give the last day on which listings of a scope mean anything; None where they go on."""
    versions = [clause for clause in law.book().clauses if clause.key == _LISTINGS.get(scope)]
    ends = [clause.in_force_until for clause in versions]
    return None if None in ends else max((end for end in ends if end is not None), default=None)


def years_after(day: date, years: int) -> date:
    """Give the last day of so many years from a day."""
    if day.year + years > date.max.year:
        return date.max
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 2, 28)


def as_json(day: date) -> dict[str, object]:
    """Give the periods as they are printed with a result: those of the texts in force on a day."""
    report, mending, bar = (law.clause_in_force(key, day) for key in (ANNUAL_REPORT, MENDING, BAR))
    return {
        "reportBy": "{:02}-{:02}".format(*report.by) if report and report.by else None,
        "mendingYears": mending.years if mending else None,
        "barYears": bar.years if bar else None,
    }


def _after(day: date, key: str) -> date | None:
    clause = law.clause_in_force(key, day)
    return None if clause is None or clause.years is None else years_after(day, clause.years)
