"""The register of battery models, projected from their makers' `model` events."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import Any, TypeAlias

from django.db.models import F, Q

from batteries.models import BatteryModel
from traceability import bulk
from traceability.models import CodePrefix, LifecycleRecord, Organisation
from traceability.organisations import places_of, records_of
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


def filed(keys: Collection[ModelKey], *, known_ms: int | None = None) -> dict[ModelKey, BatteryModel]:
    """Find models in one query: as the battery's maker filed it, else as the owner of its manufacturer code did.

    Args:
        known_ms: as they had been filed by this moment, read from the events of those organisations.
    """
    makers = {maker for maker, _, _ in keys if maker is not None}
    prefixes = {prefix for _, prefix, _ in keys if prefix}
    by_maker: dict[tuple[Any, str], BatteryModel] = {}
    by_prefix: dict[tuple[Any, str], BatteryModel] = {}
    for row, prefix in _filed(makers, prefixes, {number for _, _, number in keys}, known_ms):
        by_maker[row.organisation_id, row.number] = row
        by_prefix[prefix, row.number] = row
    found = {key: by_maker.get((key[0], key[2])) or by_prefix.get((key[1], key[2])) for key in keys}
    return {key: row for key, row in found.items() if row is not None}


def _filed(
    makers: Collection[int | None], prefixes: Collection[str], numbers: Collection[str], known_ms: int | None
) -> Iterator[tuple[BatteryModel, str]]:
    """Models of these makers or owners of codes, each with every code of its organisation."""
    if known_ms is None:
        rows = BatteryModel.objects.filter(
            Q(organisation__in=makers) | Q(organisation__prefixes__prefix__in=prefixes), number__in=numbers
        )
        yield from ((row, row.prefix) for row in rows.annotate(prefix=F("organisation__prefixes__prefix")))
        return
    owned: dict[int, list[str]] = defaultdict(list)
    for prefix, owner in CodePrefix.objects.filter(Q(organisation__in=makers) | Q(prefix__in=prefixes)).values_list(
        "prefix", "organisation_id"
    ):
        owned[owner].append(prefix)
    codes = Organisation.objects.filter(id__in={*makers, *owned}).values_list("code", flat=True)
    for row in _stated({record.id for record in records_of(list(codes))}, known_ms).values():
        if row.number in numbers:
            yield from ((row, prefix) for prefix in owned.get(row.organisation_id, [""]))


def project(record_ids: Collection[int]) -> None:
    """Derive the models of these organisations again: the latest statement on a number replaces earlier ones."""
    rows = _stated(record_ids)
    owners = Organisation.objects.filter(code__in=_codes(record_ids))
    stale = BatteryModel.objects.filter(organisation__in=owners).values_list("id", "organisation_id", "number")
    BatteryModel.objects.filter(id__in=[id_ for id_, owner, number in stale if (owner, number) not in rows]).delete()
    bulk.insert(
        list(rows.values()), update_conflicts=True, unique_fields=["organisation", "number"], update_fields=_FIELDS
    )


def _stated(record_ids: Collection[int], until_ms: int | None = None) -> dict[tuple[int, str], BatteryModel]:
    """What these organisations' records say of models, as rows that are not stored: the last word on each."""
    facts = [place.fact for place in places_of(record_ids, "model", until_ms=until_ms)]
    ids = dict(Organisation.objects.filter(code__in={fact.organisation for fact in facts}).values_list("code", "id"))
    rows = {}
    for fact in facts:
        details = fact.details
        rows[ids[fact.organisation], details["number"]] = BatteryModel(
            organisation_id=ids[fact.organisation],
            number=details["number"],
            mass_mg=milligrams(details.get("massKg")),
            cells=details.get("cells"),
            composition=details.get("composition", {}),
            **{column: details.get(name, "") for name, column in _TEXTS.items()},
        )
    return rows


def _codes(record_ids: Collection[int]) -> list[str]:
    return list(LifecycleRecord.objects.filter(id__in=record_ids).values_list("code", flat=True))
