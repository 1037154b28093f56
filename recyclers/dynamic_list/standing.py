"""Where a company stands on a day, of values that were read before. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from recyclers.conditions.measuring import Company
from recyclers.conditions.terms import Terms
from recyclers.dynamic_list.due import Due, due_on
from recyclers.dynamic_list.judging import Mending, YearJudged, judged_year, to_mend
from recyclers.dynamic_list.listed import Barred, Listed, PenaltyStated, barred, last_barred_day, listed_since
from recyclers.dynamic_list.load import Load, load_of
from recyclers.dynamic_list.reports import Report, report_on
from recyclers.periods import last_year_judged


class Who(Protocol):
    """A row of `traceability.models.Organisation`."""

    pk: int
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Standing:
    """A company's standing on the announced list on a day, as it was known then.

    Args:
        since: the first of the days on which it has been listed without a break; None where it is not listed.
        barred_until: the last day on which it may not apply; None where it may.
        judged: the last year of which everything was due before that day; None where it is judged by nothing.
        mending: what it has to meet again.
        report: the annual report due in the year of that day; None where it owes none.
        dues: what it has to see to, in order of days; nothing where it is not listed.
    """

    organisation_id: int
    code: str
    name: str
    on: date
    listings: tuple[Listed, ...]
    since: date | None
    penalties: tuple[Barred, ...]
    barred_until: date | None
    judged: YearJudged | None
    mending: tuple[Mending, ...]
    load: Load | None
    report: Report | None
    dues: tuple[Due, ...]

    @property
    def is_listed(self) -> bool:
        """Whether it is listed on that day."""
        return self.since is not None

    @property
    def urgent_on(self) -> date | None:
        """The first day on which something is due, also one that is over; None where nothing is."""
        return self.dues[0].day if self.dues else None

    @property
    def order(self) -> tuple[date, int]:
        """Its place among others: the most urgent first, then in the order in which they were registered."""
        return self.urgent_on or date.max, self.organisation_id


def years_asked(listings: Sequence[Listed], day: date, most: int) -> range:
    """Give the years to be judged: those that may have left something to mend, and the last one in any case."""
    last = last_year_judged(day)
    if last is None:
        return range(0)
    since = listed_since(listings, day)
    first = last if since is None else min(last, max(since.year - 1, last - most + 1))
    return range(first, last + 1)


def standing_of(
    who: Who,
    day: date,
    listings: Sequence[Listed],
    penalties: Iterable[PenaltyStated],
    company: Company,
    years: range,
    terms: Terms,
) -> Standing:
    """Say where a company stands on a day.

    Args:
        company: all that was known of it, with its batches of these years.
    """
    since = listed_since(listings, day)
    judged = [judged_year(company, year, terms) for year in years]
    mending = to_mend(judged, since, day)
    report = report_on(day, listings, company.declared)
    decided = barred(penalties, day)
    return Standing(
        who.pk,
        who.code,
        who.name,
        day,
        tuple(listings),
        since,
        decided,
        last_barred_day(decided, day),
        judged[-1] if judged else None,
        mending,
        load_of(company, years[-1]) if judged and "recycler" in company.roles else None,
        report,
        tuple(due_on(day, company.permits, report, mending)) if since is not None else (),
    )
