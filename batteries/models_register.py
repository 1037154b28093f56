"""The register of battery models, projected from their makers' `model` events."""

from collections.abc import Collection
from typing import Any, TypeAlias

from django.db.models import F, Q

from batteries.models import BatteryModel
from traceability import bulk
from traceability.models import LifecycleRecord, Organisation
from traceability.organisations import standing_of
from traceability.values import milligrams

_TEXTS = {
    "level": "level",
    "batteryType": "battery_type",
    "nominalVoltageV": "nominal_voltage_v",
    "ratedCapacityAh": "rated_capacity_ah",
    "nominalEnergyKwh": "nominal_energy_kwh",
    "gtin": "gtin",
}
_FIELDS = [*_TEXTS.values(), "mass_mg", "cells", "composition"]


#: Who made a battery, the manufacturer code in its own code, and its model's number.
ModelKey: TypeAlias = tuple[int | None, str, str]


def filed(keys: Collection[ModelKey]) -> dict[ModelKey, BatteryModel]:
    """Find models in one query: as the battery's maker filed it, else as the owner of its manufacturer code did."""
    makers, prefixes = {maker for maker, _, _ in keys}, {prefix for _, prefix, _ in keys}
    rows = BatteryModel.objects.filter(
        Q(organisation__in=makers - {None}) | Q(organisation__prefixes__prefix__in=prefixes - {""}),
        number__in={number for _, _, number in keys},
    ).annotate(prefix=F("organisation__prefixes__prefix"))
    by_maker: dict[tuple[Any, str], BatteryModel] = {}
    by_prefix: dict[tuple[Any, str], BatteryModel] = {}
    for row in rows:
        by_maker[row.organisation_id, row.number] = row
        by_prefix[row.prefix, row.number] = row
    found = {key: by_maker.get((key[0], key[2])) or by_prefix.get((key[1], key[2])) for key in keys}
    return {key: row for key, row in found.items() if row is not None}


def project(record_ids: Collection[int]) -> None:
    """Derive the models of these organisations again: the latest statement on a number replaces earlier ones."""
    facts = standing_of(record_ids, "model")
    ids = dict(Organisation.objects.filter(code__in={fact.organisation for fact in facts}).values_list("code", "id"))
    rows = {}
    for fact in facts:
        details = fact.details
        rows[fact.organisation, details["number"]] = BatteryModel(
            organisation_id=ids[fact.organisation],
            number=details["number"],
            mass_mg=milligrams(details.get("massKg")),
            cells=details.get("cells"),
            composition=details.get("composition", {}),
            **{column: details.get(name, "") for name, column in _TEXTS.items()},
        )
    owners = Organisation.objects.filter(code__in=_codes(record_ids))
    stale = BatteryModel.objects.filter(organisation__in=owners).values_list("id", "organisation__code", "number")
    BatteryModel.objects.filter(id__in=[id_ for id_, code, number in stale if (code, number) not in rows]).delete()
    bulk.insert(
        list(rows.values()), update_conflicts=True, unique_fields=["organisation", "number"], update_fields=_FIELDS
    )


def _codes(record_ids: Collection[int]) -> list[str]:
    return list(LifecycleRecord.objects.filter(id__in=record_ids).values_list("code", flat=True))
