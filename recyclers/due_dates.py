"""A calendar of what falls due: permits that end, listings that end, annual reports of listed companies.

An annual report is in once the company has declared anything for the year, whether or not the alliance objects to it.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from django.db.models import F, Q

from recyclers.models import Declaration, Listing, Permit
from recyclers.periods import report_due
from recyclers.standing import Companies, among, known
from recyclers.statements import said_by

PERMIT_ENDS, LISTING_ENDS, ANNUAL_REPORT = "permit_ends", "listing_ends", "annual_report"
#: How many years back a report that never came is still asked for.
OVERDUE_YEARS: Final = 10


@dataclass(frozen=True, slots=True, order=True)
class Due:
    """What falls due for one company on one day.

    `what` is the kind of the permit, the scope of the listing, the year to be reported on; `number` the permit's
    number or the listing's batch; `done` that the report is in.
    """

    day: date
    organisation: int
    kind: str
    what: str
    number: str = ""
    done: bool = False

    def is_overdue(self, today: date) -> bool:
        """Tell whether this is a report that ought to be in, and is not."""
        return self.kind == ANNUAL_REPORT and not self.done and self.day < today


def due_calendar(
    from_day: date,
    until_day: date,
    organisations: Companies = None,
    *,
    known_ms: int | None = None,
    overdue: bool = False,
) -> list[Due]:
    """List what falls due from one day to another, both included, by day and company.

    Args:
        known_ms: count only what had been reported by this moment, as it was stated then.
        overdue: and the reports that were due within ten years before, and are not in.
    """
    first = date(max(from_day.year - OVERDUE_YEARS, date.min.year), 1, 1) if overdue else from_day
    permits = Permit.objects.filter(known(known_ms), valid_until__range=(from_day, until_day))
    listings = Listing.objects.filter(
        known(known_ms),
        Q(announced_on=None) | Q(announced_on__lte=until_day),
        Q(revoked_on=None) | Q(revoked_on__gte=first),
    )
    found = [
        Due(row.valid_until, row.organisation_id, PERMIT_ENDS, row.kind, row.number)
        for row in among(permits, organisations)
    ]
    # A row for each year that its company declared anything for: one query tells both.
    rows = list(among(listings, organisations).annotate(declared=F("organisation__declarations__year")))
    found += [
        Due(row.revoked_on, row.organisation_id, LISTING_ENDS, row.scope, row.batch_number)
        for row in rows
        if row.revoked_on is not None and from_day <= row.revoked_on <= until_day
    ]
    reports = {due for row in rows for due in _reports(row, first, until_day)}
    told = {(row.organisation_id, str(row.declared)) for row in rows} if known_ms is None else _told(reports, known_ms)
    marked = (replace(due, done=(due.organisation, due.what) in told) for due in reports)
    return sorted({*found, *(due for due in marked if due.day >= from_day or not due.done)})


def _reports(row: Listing, from_day: date, until_day: date) -> Iterator[Due]:
    for year in range(from_day.year - 1, until_day.year):
        # Before there were conditions, nobody had to report on them.
        day = report_due(year)
        if day is None:
            continue
        begun = row.announced_on is None or row.announced_on <= day
        listed = begun and (row.revoked_on is None or row.revoked_on > day)
        if listed and from_day <= day <= until_day:
            # One report a company and year, whatever it is listed for.
            yield Due(day, row.organisation_id, ANNUAL_REPORT, str(year))


def _told(reports: Collection[Due], known_ms: int) -> set[tuple[int, str]]:
    """What companies had declared by a moment: (company, year)."""
    rows = said_by(Declaration, {due.organisation for due in reports}, known_ms)
    return {(row.organisation_id, str(row.year)) for row in rows}
