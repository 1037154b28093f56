"""A company's standing: listings and permits, projected from what the alliance recorded."""

from collections.abc import Collection
from datetime import date

from recyclers.models import Listing, Permit
from traceability import bulk
from traceability.models import LifecycleRecord, Organisation
from traceability.organisations import standing_with_events


def project_listings(record_ids: Collection[int]) -> None:
    """Derive the listings of these companies again."""
    owners = _owners(record_ids)
    Listing.objects.filter(organisation__in=owners.values()).delete()
    bulk.insert(
        Listing(
            event_id=event_id,
            organisation_id=owners[fact.code],
            scope=fact.details["scope"],
            batch_number=fact.details.get("batch", ""),
            announced_on=_day(fact.details.get("announcedOn")),
            revoked_on=_day(fact.details.get("revokedOn")),
            reason=fact.details.get("reason", ""),
        )
        for event_id, fact in standing_with_events(record_ids, "listing")
    )


def project_permits(record_ids: Collection[int]) -> None:
    """Derive the permits of these companies again."""
    owners = _owners(record_ids)
    Permit.objects.filter(organisation__in=owners.values()).delete()
    bulk.insert(
        Permit(
            event_id=event_id,
            organisation_id=owners[fact.code],
            kind=fact.details["kind"],
            number=fact.details.get("number", ""),
            issuer=fact.details.get("issuer", ""),
            valid_from=_day(fact.details.get("validFrom")),
            valid_until=_day(fact.details.get("validUntil")),
        )
        for event_id, fact in standing_with_events(record_ids, "permit")
    )


def _owners(record_ids: Collection[int]) -> dict[str, int]:
    codes = LifecycleRecord.objects.filter(id__in=record_ids).values("code")
    return dict(Organisation.objects.filter(code__in=codes).values_list("code", "id"))


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
