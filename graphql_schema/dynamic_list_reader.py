"""Where companies stand on the announced list, judged together: for themselves and the alliance."""

from datetime import date
from typing import Final

from graphql_schema.loading import Batch, Parties
from recyclers.dynamic_list.reading import listed_companies, standings_on
from recyclers.dynamic_list.standing import Standing
from traceability.access import Viewer
from traceability.errors import refuse
from traceability.models import Organisation

#: Of how many days one request may ask: each is a reading of several years.
MOST_DAYS: Final = 3


class DynamicListReader:
    """Reads for one viewer, for the length of one request."""

    def __init__(self, viewer: Viewer, parties: Parties) -> None:
        self._viewer = viewer
        self._parties = parties
        self._rows: dict[int, Organisation] = {}
        self._standings: dict[date, Batch[int, Standing]] = {}

    def on(self, row: Organisation, day: date) -> Standing | None:
        """Say where a company stands on a day; None for who may not know.

        Raises:
            Refusal: `too_many` days in one request.
        """
        if not self._sees(row.pk):
            return None
        if day not in self._standings:
            if len(self._standings) == MOST_DAYS:
                raise refuse("too_many", ("on",), value=MOST_DAYS + 1, limit=MOST_DAYS)
            self._standings[day] = Batch(lambda ids: standings_on(day, [self._rows[id_] for id_ in sorted(ids)]))
        # Who else is in the answer is asked about in the same place.
        for other in (row, *map(self._parties.by_id, self._parties.met)):
            if other is not None and self._sees(other.pk):
                self._rows[other.pk] = other
        self._standings[day].want(self._rows)
        return self._standings[day].get(row.pk)

    def _sees(self, organisation: int) -> bool:
        return self._viewer.is_alliance or organisation == self._viewer.organisation_id

    def listed(self, day: date) -> list[Standing] | None:
        """Give the list as of a day, the most urgent first; None for who is not the alliance."""
        return listed_companies(day) if self._viewer.is_alliance else None
