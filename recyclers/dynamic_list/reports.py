"""Whether a company's annual report is in: due, handed in, late or missing. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from recyclers.conditions.declared import NOTHING, Year
from recyclers.conditions.measuring import day_of
from recyclers.dynamic_list.listed import Listed
from recyclers.periods import ANNUAL_REPORT, report_due

DUE, HANDED_IN, LATE, MISSING = "due", "handed_in", "late", "missing"
STATES: Final = (DUE, HANDED_IN, LATE, MISSING)


@dataclass(frozen=True, slots=True)
class Report:
    """The report on a year.

    Args:
        due: the day by which it has to be in.
        on: when it came in; None where it did not, or only a document says so.
    """

    year: int
    due: date
    state: str
    on: date | None = None


def report_on(day: date, listings: Sequence[Listed], declared: Mapping[int, Year]) -> Report | None:
    """Give where the report stands that is due in the year of a day; None where the company owes none.

    Who is listed on the day when it is due owes it; before that day, who is listed so far.
    """
    year = day.year - 1
    due = report_due(year)
    if due is None or not any(one.holds_on(min(day, due)) for one in listings):
        return None
    told = declared.get(year, NOTHING)
    if told.reported_ms is not None:
        on = day_of(told.reported_ms)
        stated = told.statements.get(ANNUAL_REPORT)
        elsewhere = stated is not None and stated.counts and stated.value is True and stated.proven
        return Report(year, due, HANDED_IN if on <= due or elsewhere else LATE, on)
    return Report(year, due, DUE if day <= due else MISSING)
