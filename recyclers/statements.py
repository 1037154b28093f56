"""What is said of companies, as rows: listings, permits, penalties, declarations and their reviews.

A row is what one standing fact says. What had been said by a moment is derived from the events of the companies'
records, so that a correction made later counts as little as a fact reported later.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final, TypeVar, cast

from recyclers.models import Declaration, DeclarationReview, Listing, Penalty, Permit, Said, Statement
from traceability import bulk
from traceability.events import Standing
from traceability.facts import subject_of
from traceability.models import LifecycleRecord, Organisation
from traceability.organisations import places_of, records_of

S = TypeVar("S", bound=Said)
COMPANY: Final = "organisation__code"


def project_listings(record_ids: Collection[int]) -> None:
    """Derive the listings of these companies again."""
    _project(Listing, record_ids)


def project_permits(record_ids: Collection[int]) -> None:
    """Derive the permits of these companies again."""
    _project(Permit, record_ids)


def project_declarations(record_ids: Collection[int]) -> None:
    """Derive the declarations of these companies again."""
    _project(Declaration, record_ids)


def project_reviews(record_ids: Collection[int]) -> None:
    """Derive the reviews of these companies' declarations again."""
    _project(DeclarationReview, record_ids)


def project_penalties(record_ids: Collection[int]) -> None:
    """Derive the penalties of these companies again."""
    _project(Penalty, record_ids)


# What a fact says, as columns ----------------------------------------------------------------------------------------


def listing_columns(details: Any) -> dict[str, Any]:
    """Give what a `listing` says as the columns of its row."""
    return {
        "scope": details["scope"],
        "batch_number": details.get("batch", ""),
        "announced_on": _day(details.get("announcedOn")),
        "revoked_on": _day(details.get("revokedOn")),
        "reason": details.get("reason", ""),
    }


def permit_columns(details: Any) -> dict[str, Any]:
    """Give what a `permit` says as the columns of its row."""
    return {
        "kind": details["kind"],
        "number": details.get("number", ""),
        "issuer": details.get("issuer", ""),
        "valid_from": _day(details.get("validFrom")),
        "valid_until": _day(details.get("validUntil")),
    }


def _declaration_columns(place: Standing) -> dict[str, Any]:
    details = place.fact.details
    return {
        "year": details["year"],
        "figures": {clause: str(Decimal(figure)) for clause, figure in details.get("figures", {}).items()},
        "statements": dict(details.get("statements", {})),
        "documents": list(details.get("documents", ())),
        "occurred_ms": place.fact.occurred_ms,
        "arrival": place.original.id,
    }


def _review_columns(place: Standing) -> dict[str, Any]:
    details = place.fact.details
    return {
        "year": details["year"],
        "accepted": details["accepted"],
        "reason": details.get("reason") or "",
        "arrival": place.original.id,
    }


def _penalty_columns(place: Standing) -> dict[str, Any]:
    details = place.fact.details
    return {
        "decided_on": _day(details.get("decidedOn")),
        "authority": details.get("authority", ""),
        "number": details.get("number", ""),
        "reason": details.get("reason", ""),
    }


#: Model → the type of its facts, and the columns that one of them fills.
_SAID: Final[dict[type[Said], tuple[str, Callable[[Standing], dict[str, Any]]]]] = {
    Listing: ("listing", lambda place: listing_columns(place.fact.details)),
    Permit: ("permit", lambda place: permit_columns(place.fact.details)),
    Declaration: ("declaration", _declaration_columns),
    DeclarationReview: ("declaration_reviewed", _review_columns),
    Penalty: ("penalty", _penalty_columns),
}


# Rows ----------------------------------------------------------------------------------------------------------------


def said_by(model: type[S], organisations: Collection[int], known_ms: int | None = None) -> list[S]:
    """Give what stands of companies, in the order of their model: now, or as it had been said by a moment.

    Args:
        organisations: their ids.
        known_ms: what was reported or corrected later is left out; of statements about the same thing the last one
            until then is current.
    """
    if known_ms is None:
        return list(cast("Any", model)._default_manager.filter(organisation__in=organisations))
    codes = set(Organisation.objects.filter(id__in=organisations).values_list("code", flat=True))
    rows = _rows(model, _records_on(model, codes), codes, until_ms=known_ms)
    return sorted(rows, key=_order)


def _order(row: Said) -> list[tuple[bool, Any]]:
    """As the database orders the rows of its model; what is not known comes first on SQLite, and here."""
    names = {"organisation": "organisation_id", "event": "event_id"}
    values = (getattr(row, names.get(name, name)) for name in map(str, type(row)._meta.ordering or ()))
    return [(value is not None, value) for value in values]


def _project(model: type[Said], record_ids: Collection[int]) -> None:
    """Write the rows of every company that these records speak of, or spoke of."""
    places = places_of(record_ids, _SAID[model][0])
    codes = {_subject(place) for place in places}
    codes |= set(LifecycleRecord.objects.filter(id__in=record_ids).values_list("code", flat=True))
    codes |= set(model._default_manager.filter(event__record__in=record_ids).values_list(COMPANY, flat=True))
    rows = _rows(model, {*record_ids, *_records_on(model, codes)}, codes)
    model._default_manager.filter(organisation__code__in=codes).delete()
    bulk.insert(rows)


def _rows(model: type[S], record_ids: Collection[int], codes: set[str], until_ms: int | None = None) -> list[S]:
    """What these records say of these companies, as rows that are not stored."""
    type_, columns = _SAID[model]
    owners = dict(Organisation.objects.filter(code__in=codes).values_list("code", "id"))
    rows = [
        model(
            event_id=place.event.id,
            reported_ms=place.original.reported_ms,
            organisation_id=owners[_subject(place)],
            **columns(place),
        )
        for place in places_of(record_ids, type_, until_ms=until_ms)
        if _subject(place) in owners
    ]
    supersede([row for row in rows if isinstance(row, Statement)])
    return rows


def _subject(place: Standing) -> str:
    """The company that a fact speaks of, which a correction may have changed."""
    return subject_of(place.fact.type, place.fact.details, place.fact.organisation)


def _records_on(model: type[Said], codes: Collection[str]) -> set[int]:
    """The records that speak of these companies: their own, and those from which a correction moved a statement."""
    moved = model._default_manager.filter(organisation__code__in=codes).values_list("event__record_id", flat=True)
    return {record.id for record in records_of(codes)} | set(moved)


def supersede(rows: Sequence[Statement]) -> None:
    """Note of statements in their order when the first later one about the same thing was reported."""
    since: dict[tuple[Any, ...], int] = {}
    for row in reversed(rows):
        subject = (type(row), *(getattr(row, name) for name in row.SUBJECT))
        row.superseded_by_ms = since.get(subject)
        since[subject] = min(row.reported_ms, since.get(subject, row.reported_ms))


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
