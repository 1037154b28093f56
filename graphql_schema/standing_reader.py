"""What companies are listed and licensed for, read for all the organisations of a request at once.

Listings are announced to everybody; permits are for their company and the alliance.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import date

from graphql_schema.loading import Batch, Parties, V
from recyclers.due_dates import Due, due_calendar
from recyclers.models import Listing, Permit
from recyclers.standing import NOTHING, Standing, known, standing_on
from traceability.access import Viewer


class StandingReader:
    """Reads for one viewer, for the length of one request."""

    def __init__(self, viewer: Viewer, parties: Parties) -> None:
        self._viewer = viewer
        self._parties = parties
        self._listings: Batch[int, list[Listing]] = Batch(_load_listings)
        self._permits: Batch[int, list[Permit]] = Batch(_load_permits)
        self._standings: dict[date, Batch[int, Standing]] = {}
        self._due: dict[tuple[date, date, bool], Batch[int, list[Due]]] = {}

    def sees_permits(self, organisation: int) -> bool:
        """Whether the viewer may know what a company is licensed for."""
        return self._viewer.is_alliance or organisation == self._viewer.organisation_id

    def listings(self, organisation: int) -> list[Listing]:
        """The last word on each of a company's listings."""
        return self._asked(self._listings, organisation) or []

    def permits(self, organisation: int) -> list[Permit]:
        """The last word on each of a company's permits."""
        return self._asked(self._permits, organisation) or []

    def on(self, organisation: int, day: date) -> Standing:
        """What a company has on a day."""
        batch = self._standings.setdefault(day, Batch(lambda ids: standing_on(day, ids)))
        return self._asked(batch, organisation) or NOTHING

    def due(self, organisation: int, from_day: date, until_day: date, *, overdue: bool = False) -> list[Due]:
        """What falls due for a company within these days, and the reports that were due before and are not in."""
        asked = (from_day, until_day, overdue)
        batch = self._due.setdefault(asked, Batch(_load_due(*asked)))
        return self._asked(batch, organisation) or []

    def _asked(self, batch: Batch[int, V], organisation: int) -> V | None:
        # Who else is in the answer is asked about in the same place.
        batch.want(self._parties.met)
        return batch.get(organisation)


def _load_listings(ids: Collection[int]) -> Mapping[int, list[Listing]]:
    found: dict[int, list[Listing]] = {}
    for row in Listing.objects.filter(known(None), organisation__in=ids):
        found.setdefault(row.organisation_id, []).append(row)
    return found


def _load_permits(ids: Collection[int]) -> Mapping[int, list[Permit]]:
    found: dict[int, list[Permit]] = {}
    for row in Permit.objects.filter(known(None), organisation__in=ids):
        found.setdefault(row.organisation_id, []).append(row)
    return found


def _load_due(from_day: date, until_day: date, overdue: bool) -> Callable[[Collection[int]], Mapping[int, list[Due]]]:
    def load(ids: Collection[int]) -> Mapping[int, list[Due]]:
        found: dict[int, list[Due]] = {}
        for due in due_calendar(from_day, until_day, ids, overdue=overdue):
            found.setdefault(due.organisation, []).append(due)
        return found

    return load
