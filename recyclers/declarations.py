"""What companies declared for their years and were fined for, as rows: for the company itself and the alliance.

Each declaration is told as it was handed in, with what the alliance made of it since. What of several declarations
stands for a clause is for `conditions.declared`.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Window
from django.db.models.functions import RowNumber

from batteries.rows import Page
from recyclers.conditions.declared import CONFIRMED, DECLARED, OBJECTED
from recyclers.models import Declaration, DeclarationReview
from traceability.access import Viewer
from traceability.models import LifecycleEvent

_STANDINGS = {
    DECLARED: Q(reviewed=None),
    CONFIRMED: Q(reviewed=True),
    OBJECTED: Q(reviewed=False),
}


@dataclass(frozen=True, slots=True)
class DeclarationFilters:
    """Conditions that must all hold; None asks nothing. `organisation` is a code."""

    year: int | None = None
    standing: str | None = None
    organisation: str | None = None


@dataclass(frozen=True, slots=True)
class DeclarationRow:
    """A declaration, who handed it in, and the last review since.

    Args:
        arrival: its event: its place among all declarations.
        corrected: its content was corrected afterwards.
    """

    arrival: int
    organisation_id: int
    key: str
    year: int
    figures: Mapping[str, str]
    statements: Mapping[str, bool]
    documents: Collection[Mapping[str, str]]
    occurred_ms: int
    reported_ms: int
    actor: str
    corrected: bool
    standing: str
    reason: str
    reviewed_ms: int | None


def declaration_page(viewer: Viewer, filters: DeclarationFilters, size: int, after: int | None) -> Page[DeclarationRow]:
    """A page of the declarations that a viewer may know of, in the order in which they came; three queries."""
    rows = _filtered(viewer, filters).order_by("arrival")
    found = list((rows if after is None else rows.filter(arrival__gt=after))[: size + 1])
    return Page(tuple(_told(found[:size])), has_next=len(found) > size, has_previous=after is not None)


def count_declarations(viewer: Viewer, filters: DeclarationFilters) -> int:
    """How many there are in all."""
    return int(_filtered(viewer, filters).count())


def latest_declarations(organisations: Collection[int], year: int | None, size: int) -> dict[int, list[DeclarationRow]]:
    """The last declarations of each of these companies, the latest first, of one year or of all; three queries."""
    rows = _reviewed(Declaration.objects.filter(organisation__in=organisations))
    rows = rows if year is None else rows.filter(year=year)
    place = Window(RowNumber(), partition_by=F("organisation"), order_by=F("arrival").desc())
    found: dict[int, list[DeclarationRow]] = {}
    for row in _told(list(rows.annotate(place=place).filter(place__lte=size).order_by("-arrival"))):
        found.setdefault(row.organisation_id, []).append(row)
    return found


def _filtered(viewer: Viewer, filters: DeclarationFilters) -> Any:
    rows = Declaration.objects.all()
    if not viewer.is_alliance:
        rows = rows.filter(organisation=viewer.organisation_id or 0)
    if filters.year is not None:
        rows = rows.filter(year=filters.year)
    if filters.organisation is not None:
        rows = rows.filter(organisation__code=filters.organisation)
    rows = _reviewed(rows)
    return rows if filters.standing is None else rows.filter(_STANDINGS[filters.standing])


def _reviewed(rows: QuerySet[Declaration]) -> Any:
    """Each with the last review that came after it: its event, and whether it confirms."""
    later = Q(reported_ms__gt=OuterRef("reported_ms"))
    later |= Q(reported_ms=OuterRef("reported_ms"), arrival__gt=OuterRef("arrival"))
    reviews = DeclarationReview.objects.filter(later, organisation=OuterRef("organisation"), year=OuterRef("year"))
    last = reviews.order_by("-reported_ms", "-arrival")
    return rows.annotate(review=Subquery(last.values("event")[:1]), reviewed=Subquery(last.values("accepted")[:1]))


def _told(rows: Collection[Any]) -> list[DeclarationRow]:
    events = LifecycleEvent.objects.filter(id__in=[row.arrival for row in rows])
    said = {id_: (key, actor) for id_, key, actor in events.values_list("id", "key", "actor")}
    ids = [row.review for row in rows if row.review is not None]
    reviews = {review.event_id: review for review in DeclarationReview.objects.filter(event__in=ids)} if ids else {}
    return [_row(row, *said[row.arrival], reviews.get(row.review)) for row in rows]


def _row(row: Any, key: str, actor: str, review: DeclarationReview | None) -> DeclarationRow:
    standing = DECLARED if review is None else CONFIRMED if review.accepted else OBJECTED
    return DeclarationRow(
        arrival=row.arrival,
        organisation_id=row.organisation_id,
        key=key,
        year=row.year,
        figures=row.figures,
        statements=row.statements,
        documents=row.documents,
        occurred_ms=row.occurred_ms,
        reported_ms=row.reported_ms,
        actor=actor,
        corrected=row.event_id != row.arrival,
        standing=standing,
        reason=review.reason if review is not None else "",
        reviewed_ms=review.reported_ms if review is not None else None,
    )
