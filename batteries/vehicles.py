"""Vehicles that are gone: projected from the dismantlers' `vehicle_scrapped` events."""

from collections.abc import Collection

from batteries.models import ScrappedVehicle
from traceability import bulk
from traceability.models import Organisation
from traceability.organisations import places_of, records_by_id


def project_scrapped(record_ids: Collection[int]) -> None:
    """Derive again which vehicles these organisations scrapped."""
    codes = records_by_id(record_ids)
    owners = dict(Organisation.objects.filter(code__in=codes.values()).values_list("code", "id"))
    ScrappedVehicle.objects.filter(organisation__in=owners.values()).delete()
    bulk.insert(
        ScrappedVehicle(
            # The gap hangs on the statement, whatever became of its content: its key is the one that is told.
            event_id=place.original.id,
            organisation_id=owners[place.fact.organisation],
            vin=place.fact.details.get("vin", ""),
            key=place.fact.key,
            occurred_ms=place.fact.occurred_ms,
            reported_ms=place.original.reported_ms,
        )
        for place in places_of(record_ids, "vehicle_scrapped")
    )
