"""A calendar of what falls due: permits that end, listings that end, annual reports of listed companies."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.db.models import Q

from recyclers.models import Listing, Permit
from recyclers.periods import report_due
from recyclers.standing import Companies, among, known

PERMIT_ENDS, LISTING_ENDS, ANNUAL_REPORT = "permit_ends", "listing_ends", "annual_report"


@dataclass(frozen=True, slots=True, order=True)
class Due:
    """What falls due for one company on one day.

    `what` is the kind of the permit, the scope of the listing, the year to be reported on; `number` the permit's
    number or the listing's batch.
    """

    day: date
    organisation: int
    kind: str
    what: str
    number: str = ""


def due_calendar(
    from_day: date, until_day: date, organisations: Companies = None, *, known_ms: int | None = None
) -> list[Due]:
    """List what falls due from one day to another, both included, by day and company.

    Args:
        known_ms: count only what had been reported by this moment, as it was stated then.
    """
    permits = Permit.objects.filter(known(known_ms), valid_until__range=(from_day, until_day))
    listings = Listing.objects.filter(
        known(known_ms),
        Q(announced_on=None) | Q(announced_on__lte=until_day),
        Q(revoked_on=None) | Q(revoked_on__gte=from_day),
    )
    found = {
        Due(row.valid_until, row.organisation_id, PERMIT_ENDS, row.kind, row.number)
        for row in among(permits, organisations)
    }
    for row in among(listings, organisations):
        found.update(_of_listing(row, from_day, until_day))
    return sorted(found)


def _of_listing(row: Listing, from_day: date, until_day: date) -> Iterator[Due]:
    if row.revoked_on is not None and from_day <= row.revoked_on <= until_day:
        yield Due(row.revoked_on, row.organisation_id, LISTING_ENDS, row.scope, row.batch_number)
    for year in range(from_day.year - 1, until_day.year):
        day = report_due(year)
        if day is None:
            continue
        begun = row.announced_on is None or row.announced_on <= day
        listed = begun and (row.revoked_on is None or row.revoked_on > day)
        if listed and from_day <= day <= until_day:
            # One report a company and year, whatever it is listed for.
            yield Due(day, row.organisation_id, ANNUAL_REPORT, str(year))
