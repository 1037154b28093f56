"""What organisations are called on the pages, in the reader's language."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import get_language

from traceability.models import Organisation


@dataclass(frozen=True, slots=True)
class Party:
    """An organisation as a page names it."""

    code: str
    name: str

    @property
    def address(self) -> str:
        """Where its page is."""
        return reverse("organisation", args=[self.code])


def is_english() -> bool:
    """Whether the reader reads English."""
    return (get_language() or "").startswith("en")


def name_in_language(row: Organisation) -> str:
    """The name of an organisation; who has no English one is called by the Chinese."""
    return (is_english() and row.name_en) or row.name


def parties_of(ids: Iterable[int | None]) -> dict[int, Party]:
    """Give organisations by their ids, in one query."""
    rows = Organisation.objects.filter(id__in={id_ for id_ in ids if id_ is not None})
    return {row.pk: Party(row.code, name_in_language(row)) for row in rows}


def names_of(ids: Iterable[int | None]) -> dict[int, str]:
    """Give the names of organisations by their ids, in one query."""
    return {id_: party.name for id_, party in parties_of(ids).items()}
