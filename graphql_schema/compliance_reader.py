"""How companies meet the conditions for the industry: for themselves and the alliance, a page of them at once."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from graphql_schema.loading import Batch
from recyclers.conditions.evaluation import Report, check_question, evaluate
from recyclers.conditions.keeping import years_of
from recyclers.conditions.terms import Terms
from traceability.access import Viewer
from traceability.errors import Refusal
from traceability.models import Organisation


class ComplianceReader:
    """Reads for one viewer, for the length of one request."""

    def __init__(self, viewer: Viewer) -> None:
        self._viewer = viewer
        self._rows: dict[int, Organisation] = {}
        self._years: dict[int, Batch[int, Report]] = {}

    def sees(self, organisation: int) -> bool:
        """Whether the viewer may know how a company is judged."""
        return self._viewer.is_alliance or organisation == self._viewer.organisation_id

    def announce(self, rows: Iterable[Organisation]) -> None:
        """Take up companies that may be asked about, so that their names are looked up together."""
        self._rows.update({row.pk: row for row in rows if self.sees(row.pk)})

    def year(self, row: Organisation, year: int) -> Report | None:
        """Give a calendar year of a company as it stands today; None for who is not asked, or hidden."""
        if not self.sees(row.pk):
            return None
        self.announce([row])
        batch = self._years.setdefault(
            year, Batch(lambda ids: years_of([self._rows[id_] for id_ in sorted(ids)], year))
        )
        batch.want(self._rows)
        return batch.get(row.pk)

    def judged(self, rows: Any, year: int, verdict: str) -> list[int]:
        """Find those of these companies that a year is judged so for, as far as the viewer may know; gives their ids.

        Every one that may be known is judged, whatever is shown of them.
        """
        if not self._viewer.is_alliance:
            rows = rows.filter(pk=self._viewer.organisation_id or 0)
        found = list(rows)
        self.announce(found)
        reports = ((row.pk, self.year(row, year)) for row in found)
        return [id_ for id_, report in reports if report is not None and report.verdict == verdict]

    def report(
        self, code: str, first: date, last: date, *, edition: str | None, as_of: date | None, terms: Terms
    ) -> Report | None:
        """Judge the own company, or any for the alliance; None for every other code, whether or not anybody has it.

        Raises:
            Refusal: `wrong_value`, before it matters whose code it is, for a period or a text; for the own company or
                one that the alliance knows, where the conditions do not ask it.
        """
        check_question(first, last, edition)
        if not self._viewer.is_alliance and code != self._viewer.organisation_code:
            return None
        try:
            return evaluate(code, first, last, edition=edition, as_of=as_of, terms=terms)
        except Refusal as refusal:
            if refusal.code == "unknown_organisation":
                return None
            raise
