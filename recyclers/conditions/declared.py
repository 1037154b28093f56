"""What a company declared for a year, clause by clause, and what the alliance made of it.

Declarations complete each other: of two answers to one clause the later one stands (by occurrence, then arrival). A
review judges what had been declared when it was reported; what is declared after it is not reviewed yet.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, Protocol

DECLARED: Final = "declared"
CONFIRMED: Final = "confirmed"
OBJECTED: Final = "objected"


class Declaration(Protocol):
    """A row of `recyclers.models.Declaration`."""

    organisation_id: int
    year: int
    figures: Any
    statements: Any
    documents: Any
    reported_ms: int
    occurred_ms: int
    arrival: int


class Review(Protocol):
    """A row of `recyclers.models.DeclarationReview`."""

    organisation_id: int
    year: int
    accepted: bool
    reason: str
    reported_ms: int
    arrival: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What a company says to one clause.

    Args:
        value: a figure, or whether it meets the clause.
        arrival: the event that says so.
        standing: `declared`, `confirmed` or `objected`.
        reason: why the alliance objects.
        documents: what proves it: name and SHA-256 of each.
    """

    value: Decimal | bool
    arrival: int
    standing: str = DECLARED
    reason: str = ""
    documents: tuple[Mapping[str, str], ...] = ()

    @property
    def counts(self) -> bool:
        """Whether it may be judged by: nobody objected."""
        return self.standing != OBJECTED

    @property
    def proven(self) -> bool:
        """Whether a document of known content goes with it."""
        return any(document.get("sha256") for document in self.documents)


@dataclass(frozen=True, slots=True)
class Year:
    """All that was declared for one year.

    Args:
        reported_ms: when the first declaration was reported; None without any.
        arrivals: the declarations' events.
    """

    figures: Mapping[str, Answer] = field(default_factory=dict)
    statements: Mapping[str, Answer] = field(default_factory=dict)
    reported_ms: int | None = None
    arrivals: tuple[int, ...] = ()


NOTHING: Final = Year()


def years_of(declarations: Iterable[Declaration], reviews: Iterable[Review]) -> dict[int, Year]:
    """Gather what one company declared: year → answers. Rows may come in any order."""
    told: dict[int, list[Declaration]] = {}
    for row in sorted(declarations, key=lambda row: (row.occurred_ms, row.arrival)):
        told.setdefault(row.year, []).append(row)
    judged = sorted(reviews, key=lambda row: (row.reported_ms, row.arrival))
    return {year: _year(rows, [one for one in judged if one.year == year]) for year, rows in told.items()}


def _year(rows: Sequence[Declaration], reviews: Sequence[Review]) -> Year:
    documents: dict[str, dict[str, Mapping[str, str]]] = {}
    for row in rows:
        for document in row.documents:
            name = document.get("sha256") or document.get("name") or ""
            documents.setdefault(document.get("clause") or "", {})[name] = document

    def answers(column: str) -> dict[str, Answer]:
        found: dict[str, Answer] = {}
        for row in rows:
            standing, reason = _reviewed(row, reviews)
            for clause, value in getattr(row, column).items():
                proof = tuple(documents.get(clause, {}).values())
                read = value if isinstance(value, bool) else Decimal(value)
                found[clause] = Answer(read, row.arrival, standing, reason, proof)
        return found

    return Year(
        answers("figures"),
        answers("statements"),
        min(row.reported_ms for row in rows),
        tuple(row.arrival for row in rows),
    )


def _reviewed(row: Declaration, reviews: Sequence[Review]) -> tuple[str, str]:
    """The last word of the alliance that came after a declaration."""
    for review in reversed(reviews):
        if (review.reported_ms, review.arrival) > (row.reported_ms, row.arrival):
            return (CONFIRMED, "") if review.accepted else (OBJECTED, review.reason)
    return DECLARED, ""
