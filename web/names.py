"""What organisations are called on the pages, in the reader's language."""

from collections.abc import Iterable

from django.utils.translation import get_language

from traceability.models import Organisation


def names_of(ids: Iterable[int | None]) -> dict[int, str]:
    """Give the names of organisations by their ids, in one query; who has no English name is called by the Chinese."""
    english = (get_language() or "").startswith("en")
    rows = Organisation.objects.filter(id__in={id_ for id_ in ids if id_ is not None})
    found = rows.values_list("id", "name", "name_en")
    return {id_: name_en if english and name_en else name for id_, name, name_en in found}
