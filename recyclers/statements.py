"""The alliance's statements about companies as rows: `listing` and `permit` events, and which of them stand."""

from collections.abc import Callable, Collection, Sequence
from datetime import date
from typing import Any, Final, TypeVar

from recyclers.models import Listing, Permit, Statement
from traceability import bulk
from traceability.models import LifecycleRecord, Organisation
from traceability.organisations import places_of, records_of

S = TypeVar("S", bound=Statement)
COMPANY: Final = "organisation__code"


def project_listings(record_ids: Collection[int]) -> None:
    """Derive the listings of these companies again."""
    _project(Listing, "listing", record_ids, listing_columns)


def project_permits(record_ids: Collection[int]) -> None:
    """Derive the permits of these companies again."""
    _project(Permit, "permit", record_ids, permit_columns)


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


def _project(model: type[S], type_: str, record_ids: Collection[int], columns: Callable[[Any], dict[str, Any]]) -> None:
    """Write the rows of every company that these records speak of, or spoke of."""
    places = places_of(record_ids, type_)
    codes = {place.fact.details["organisation"] for place in places}
    codes |= set(LifecycleRecord.objects.filter(id__in=record_ids).values_list("code", flat=True))
    codes |= set(model._default_manager.filter(event__record__in=record_ids).values_list(COMPANY, flat=True))
    if others := _records_on(model, codes) - set(record_ids):
        places = places_of({*record_ids, *others}, type_)
    owners = dict(Organisation.objects.filter(code__in=codes).values_list("code", "id"))
    rows = [
        model(
            event_id=place.event.id,
            reported_ms=place.original.reported_ms,
            organisation_id=owners[place.fact.details["organisation"]],
            **columns(place.fact.details),
        )
        for place in places
        if place.fact.details["organisation"] in owners
    ]
    supersede(rows)
    model._default_manager.filter(organisation__in=owners.values()).delete()
    bulk.insert(rows)


def _records_on(model: type[Statement], codes: Collection[str]) -> set[int]:
    """The records that speak of these companies: their own, and those from which a correction moved a statement."""
    moved = model._default_manager.filter(organisation__code__in=codes).values_list("event__record_id", flat=True)
    return {record.id for record in records_of(codes)} | set(moved)


def supersede(rows: Sequence[Statement]) -> None:
    """Note of statements in their order when the first later one about the same thing was reported."""
    since: dict[tuple[Any, ...], int] = {}
    for row in reversed(rows):
        subject = tuple(getattr(row, name) for name in row.SUBJECT)
        row.superseded_by_ms = since.get(subject)
        since[subject] = min(row.reported_ms, since.get(subject, row.reported_ms))


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
