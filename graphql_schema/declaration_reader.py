"""What companies declared and were fined for: for themselves and the alliance, all companies of a request at once."""

from collections.abc import Callable, Collection, Iterable, Mapping

from batteries.rows import Page
from graphql_schema.loading import Batch, Parties, V
from recyclers.declarations import (
    DeclarationFilters,
    DeclarationRow,
    count_declarations,
    declaration_page,
    latest_declarations,
)
from recyclers.models import Penalty
from recyclers.statements import said_by
from traceability.access import Viewer
from traceability.attachments import Sent


class DeclarationReader:
    """Reads for one viewer, for the length of one request."""

    def __init__(self, viewer: Viewer, parties: Parties, want_sent: Callable[[Iterable[Sent]], None]) -> None:
        self._viewer = viewer
        self._parties = parties
        self._want_sent = want_sent
        self._latest: dict[tuple[int | None, int], Batch[int, list[DeclarationRow]]] = {}
        self._penalties: Batch[int, list[Penalty]] = Batch(_load_penalties)

    def sees(self, organisation: int) -> bool:
        """Whether the viewer may know what a company declared, and was fined for."""
        return self._viewer.is_alliance or organisation == self._viewer.organisation_id

    def page(self, filters: DeclarationFilters, size: int, after: int | None) -> Page[DeclarationRow]:
        """A page of the own declarations; of all for the alliance."""
        page = declaration_page(self._viewer, filters, size, after)
        self._parties.want(row.organisation_id for row in page.rows)
        self._meet(page.rows)
        return page

    def count(self, filters: DeclarationFilters) -> int:
        """How many declarations the list holds."""
        return count_declarations(self._viewer, filters)

    def latest(self, organisation: int, year: int | None, size: int) -> list[DeclarationRow] | None:
        """The last declarations of a company, the latest first; None where they are not the viewer's to know."""
        batch = self._latest.setdefault((year, size), Batch(lambda ids: self._load_latest(ids, year, size)))
        return self._asked(batch, organisation)

    def penalties(self, organisation: int) -> list[Penalty] | None:
        """The penalties of a company; None where they are not the viewer's to know."""
        return self._asked(self._penalties, organisation)

    def _asked(self, batch: Batch[int, list[V]], organisation: int) -> list[V] | None:
        if not self.sees(organisation):
            return None
        # Who else is in the answer is asked about in the same place.
        batch.want(id_ for id_ in self._parties.met if self.sees(id_))
        return batch.get(organisation) or []

    def _load_latest(
        self, organisations: Collection[int], year: int | None, size: int
    ) -> Mapping[int, list[DeclarationRow]]:
        found = latest_declarations(organisations, year, size)
        self._meet(row for rows in found.values() for row in rows)
        return found

    def _meet(self, rows: Iterable[DeclarationRow]) -> None:
        named = ((row.organisation_id, document.get("sha256")) for row in rows for document in row.documents)
        self._want_sent((organisation, sha256) for organisation, sha256 in named if sha256)


def _load_penalties(organisations: Collection[int]) -> Mapping[int, list[Penalty]]:
    found: dict[int, list[Penalty]] = {}
    for row in said_by(Penalty, organisations):
        found.setdefault(row.organisation_id, []).append(row)
    return found
