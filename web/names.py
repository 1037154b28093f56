"""What organisations are called on the pages, in the reader's language."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import get_language

from batteries.consignments import organisations_known
from traceability.access import Viewer
from traceability.models import Organisation


@dataclass(frozen=True, slots=True)
class Party:
    """An organisation as a page names it."""

    code: str
    name: str
    #: Whether the reader may open its page.
    is_known: bool = True

    @property
    def address(self) -> str:
        """Where its page is; empty for who may not open it."""
        return reverse("organisation", args=[self.code]) if self.is_known else ""


def is_english() -> bool:
    """Whether the reader reads English."""
    return (get_language() or "").startswith("en")


def name_in_language(row: Organisation) -> str:
    """The name of an organisation; who has no English one is called by the Chinese."""
    return (is_english() and row.name_en) or row.name


def parties_of(ids: Iterable[int | None], viewer: Viewer | None = None) -> dict[int, Party]:
    """Give organisations by their ids, in one query.

    Args:
        viewer: who reads, where not all of them may be known to it; then it takes another query.
    """
    rows = list(Organisation.objects.filter(id__in={id_ for id_ in ids if id_ is not None}))
    known = {row.pk for row in rows}
    if viewer is not None and not viewer.is_alliance:
        known = set(organisations_known(viewer).filter(id__in=known).values_list("id", flat=True))
    return {row.pk: Party(row.code, name_in_language(row), row.pk in known) for row in rows}


def names_of(ids: Iterable[int | None]) -> dict[int, str]:
    """Give the names of organisations by their ids, in one query."""
    return {id_: party.name for id_, party in parties_of(ids).items()}
