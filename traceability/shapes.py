"""The details of every type of record: the tables of `records.md` as data."""

from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from traceability import law
from traceability.values import (
    AMOUNT,
    BATTERY,
    DAY,
    FLAG,
    LIST,
    MASS,
    MOMENT,
    NEW_ORGANISATION,
    ORGANISATION,
    PERCENT,
    REGION,
    SHARE,
    TEXT_BESIDE,
    VIN,
    Context,
    Kind,
    free_text,
    items,
    mapping,
    number,
    one_of,
    pattern,
    structure,
    text,
    whole,
    word,
    wrong,
)

CODES_LIMIT = 10_000
LOTS_LIMIT = 1_000
EXTRA_DEPTH = 32
_CODES = items(BATTERY, CODES_LIMIT, kept=LIST, unique=True)
_WAYBILL = text(100)
_REMOVAL = word("repair", "replacement", "scrapping", "recall", "swap")
_ELEMENTS = r"[a-z][a-z0-9_]{0,40}"
#: A clause key such as `energy.li2co3`.
_CLAUSE = r"[a-z0-9_]+(\.[a-z0-9_]+)*"


def _is_condition(key: str) -> bool:
    return law.is_condition(key)


def _read_extra(value: Any, _context: Context) -> Any:
    # It is kept as JSON text in UTF-8, written by a function that calls itself.
    if not isinstance(value, dict) or not _writable(value, EXTRA_DEPTH):
        raise wrong(value if isinstance(value, str) else "{…}", f"an object, ≤ {EXTRA_DEPTH} levels, UTF-8")
    return value


def _writable(value: Any, depth: int) -> bool:
    if isinstance(value, dict):
        return depth > 0 and all(_writable(k, 1) and _writable(v, depth - 1) for k, v in value.items())
    if isinstance(value, list):
        return depth > 0 and all(_writable(item, depth - 1) for item in value)
    # A lone surrogate can be said in JSON, and not in UTF-8.
    return not isinstance(value, str) or value.isascii() or not any("\ud800" <= c <= "\udfff" for c in value)


EXTRA: Final = Kind(_read_extra, "an object", TEXT_BESIDE)


def _tree(depth: int) -> Kind:
    """Parts and their parts: a pack's modules and their cells. Model and mass may come with each part's own row."""
    fields = {"code": BATTERY, "model": text(80), "massKg": MASS}
    if depth:
        fields["components"] = _tree(depth - 1)
    return items(structure(fields, frozenset({"code"})), CODES_LIMIT, kept=LIST)


#: Number of a batch or a lot; with the organisation before it, it fits a record's code.
LOT_NUMBER: Final = text(60)
PROCESSES: Final = ("crushing", "hydrometallurgy", "pyrometallurgy", "material_repair")
MATERIALS: Final = (
    "electrode_powder lithium_carbonate lithium_hydroxide_monohydrate lithium_phosphate nickel_sulfate_hexahydrate"
    " nickel_sulfate_heptahydrate cobalt_sulfate_heptahydrate manganese_sulfate_monohydrate"
    " copper_sulfate_pentahydrate iron_phosphate iron_phosphate_dihydrate copper aluminium graphite steel plastic"
    " cathode_material anode_material electrolyte"
).split()
#: Taken in from outside, and made by no batch.
SCRAP: Final = "battery_scrap"
LOT_ORIGINS: Final = ("production_scrap", "purchased", "opening_stock")
_ASSAY = mapping(_ELEMENTS, PERCENT)
_AMOUNT_OF = frozenset({"lot", "massKg"})
_INPUTS = items(
    one_of(
        structure(
            {
                "lot": LOT_NUMBER,
                "lotOf": ORGANISATION,
                "battery": BATTERY,
                "reagent": pattern(r"[a-z0-9][a-z0-9_]{0,59}", "a–z 0–9 _, 60"),
                "massKg": MASS,
            },
            frozenset({"massKg"}),
        ),
        ("battery", "lot", "reagent"),
    ),
    CODES_LIMIT,
    kept=LIST,
)
_OUTPUTS = items(
    structure(
        {
            "lot": LOT_NUMBER,
            "material": word(*MATERIALS),
            "massKg": MASS,
            "moisturePercent": PERCENT,
            "purityPercent": PERCENT,
            "assay": _ASSAY,
        },
        _AMOUNT_OF,
    ),
    LOTS_LIMIT,
    kept=LIST,
)
_RESIDUES = items(
    structure(
        {"kind": text(80), "massKg": MASS, "moisturePercent": PERCENT, "assay": _ASSAY, "manifest": text(100)},
        frozenset({"massKg"}),
    ),
    LOTS_LIMIT,
    kept=LIST,
)

#: type → field → kind. Every field but those of REQUIRED may be missing: unknown, not zero.
FIELDS: Final[dict[str, dict[str, Kind]]] = {
    "produced": {"model": text(80), "massKg": MASS, "components": _tree(2), "parent": BATTERY},
    "installed": {"vin": VIN},
    "sold": {"region": REGION},
    "removed": {"vin": VIN, "reason": _REMOVAL},
    "dispatched": {"to": ORGANISATION, "waybill": _WAYBILL, "massKg": MASS},
    "received": {
        "from": ORGANISATION,
        "waybill": _WAYBILL,
        "massKg": MASS,
        "condition": word("intact", "damaged", "leaking", "burnt"),
        "label": word("read", "unreadable", "missing"),
    },
    "refused": {"from": ORGANISATION, "waybill": _WAYBILL, "reason": free_text()},
    "repaired": {"vin": VIN, "removed": _CODES, "added": _CODES},
    "inspected": {
        # Ranges of what can be measured on a battery of this kind; a new one may well have more than its rated energy.
        "sohPercent": number("0", "200", 7, _("percent, 0 to 200, at most 7 decimals")),
        "capacityAh": number("0", "100000", 9, _("ampere-hours, 0 to 100,000")),
        "energyKwh": number("0", "100000", 9, _("kilowatt-hours, 0 to 100,000")),
        "voltageV": number("0", "10000", 9, _("volts, 0 to 10,000")),
        "insulationMohm": number("0", "1000000", 9, _("megohms, 0 to 1,000,000")),
        "visual": free_text(),
        "temperatureC": number("-273.15", "1000", 9, _("degrees Celsius, -273.15 to 1,000")),
        "currentA": number("-100000", "100000", 9, _("amperes, -100,000 to 100,000")),
        "instrument": text(),
        "operator": free_text(200),
        "method": text(),
        "grade": text(40),
        "decision": word("second_life", "recovery", "reuse", "return"),
    },
    "dismantled": {
        "components": _CODES,
        "uncoded": items(
            structure({"level": word("module", "cell"), "count": whole(0, 1_000_000), "massKg": MASS}), 100
        ),
        "residues": items(
            structure(
                {
                    "material": text(80),
                    "massKg": MASS,
                    "moisturePercent": PERCENT,
                    "assay": _ASSAY,
                    "components": _CODES,
                }
            ),
            200,
            kept=LIST,
        ),
        "discharge": structure({"method": text(), "endVoltageV": AMOUNT, "hours": AMOUNT}),
    },
    "assembled": {"sources": _CODES, "model": text(80), "massKg": MASS, "application": text(80)},
    "deployed": {"application": text(80), "region": REGION, "monitoring": text()},
    "decommissioned": {"reason": free_text()},
    "processed": {"batch": text(60), "massKg": MASS},
    "exported": {"country": text(80), "to": text()},
    "destroyed": {"reason": free_text()},
    "lost": {"reason": free_text()},
    "identified": {"as": BATTERY, "evidence": free_text()},
    "recalled": {"campaign": text(80), "reason": free_text(), "instruction": free_text()},
    "quarantine_lifted": {"reason": free_text()},
    "label_issued": {"serial": text(80), "keyId": text(80), "reason": free_text()},
    "label_revoked": {"serial": text(80), "keyId": text(80), "reason": free_text()},
    "dispute_decided": {"holder": ORGANISATION, "reason": free_text()},
    "batch": {
        "number": LOT_NUMBER,
        "process": word(*PROCESSES),
        "startedAt": MOMENT,
        "inputs": _INPUTS,
        "outputs": _OUTPUTS,
        "residues": _RESIDUES,
    },
    "lot_opened": {
        "material": word(*MATERIALS, SCRAP),
        "massKg": MASS,
        "moisturePercent": PERCENT,
        "assay": _ASSAY,
        "origin": word(*LOT_ORIGINS),
        "from": text(),
        "evidence": free_text(),
    },
    "lot_split": {"into": items(structure({"lot": LOT_NUMBER, "massKg": MASS}, _AMOUNT_OF), LOTS_LIMIT, kept=LIST)},
    "lot_merged": {
        "from": items(
            structure({"lot": LOT_NUMBER, "lotOf": ORGANISATION, "massKg": MASS}, _AMOUNT_OF), LOTS_LIMIT, kept=LIST
        )
    },
    "lot_sold": {"to": text(), "massKg": MASS},
    # `replacement` is read with the shape of its own type: see facts.py.
    "corrected": {"corrects": text(400), "organisation": ORGANISATION, "reason": free_text()},
    "vehicle_scrapped": {"vin": VIN, "certificate": text(100)},
    "organisation": {
        "code": NEW_ORGANISATION,
        "name": text(),
        "nameEn": text(),
        "roles": items(
            word(
                "battery_maker",
                "vehicle_maker",
                "importer",
                "service",
                "outlet",
                "dismantler",
                "second_life",
                "recycler",
                "alliance",
            ),
            9,
            unique=True,
        ),
        "region": REGION,
        "codePrefixes": items(pattern(r"[0-9A-Z]{3}", "A–Z 0–9, 3"), 1000, unique=True),
    },
    "permit": {
        "organisation": ORGANISATION,
        "kind": word("project_filing", "eia", "pollution"),
        "number": text(100),
        "issuer": text(),
        "validFrom": DAY,
        "validUntil": DAY,
    },
    "listing": {
        "organisation": ORGANISATION,
        "scope": word("recovery", "second_life"),
        "batch": text(40),
        "announcedOn": DAY,
        "revokedOn": DAY,
        "reason": text(500),
    },
    "model": {
        "number": text(80),
        "level": word("pack", "module", "cell"),
        "batteryType": word(*"ABCDEFGZ"),
        "nominalVoltageV": AMOUNT,
        "ratedCapacityAh": AMOUNT,
        "nominalEnergyKwh": AMOUNT,
        "massKg": MASS,
        "cells": whole(0, 100_000),
        "gtin": pattern(r"\d{8}|\d{12,14}", "GTIN"),
        "composition": mapping(_ELEMENTS, SHARE),
    },
    "declaration": {
        "year": whole(2000, 2100),
        "figures": mapping(_CLAUSE, AMOUNT, known=_is_condition),
        "statements": mapping(_CLAUSE, FLAG, known=_is_condition),
        "documents": items(
            structure({"clause": text(80), "sha256": pattern(r"[0-9a-f]{64}", "SHA-256"), "name": text()}), 200
        ),
    },
    "declaration_reviewed": {
        "organisation": ORGANISATION,
        "year": whole(2000, 2100),
        "accepted": FLAG,
        "reason": free_text(),
    },
    "penalty": {
        "organisation": ORGANISATION,
        "decidedOn": DAY,
        "authority": text(),
        "number": text(100),
        "reason": text(500),
    },
}
for _fields in FIELDS.values():
    _fields["extra"] = EXTRA

REQUIRED: Final[dict[str, frozenset[str]]] = {
    "dispatched": frozenset({"to"}),
    "installed": frozenset({"vin"}),
    "vehicle_scrapped": frozenset({"vin"}),
    "processed": frozenset({"batch"}),
    "batch": frozenset({"number"}),
    "lot_opened": frozenset({"massKg"}),
    "lot_split": frozenset({"into"}),
    "lot_merged": frozenset({"from"}),
    "lot_sold": frozenset({"massKg"}),
    "corrected": frozenset({"corrects"}),
    "identified": frozenset({"as"}),
    "organisation": frozenset({"code"}),
    "permit": frozenset({"organisation", "kind"}),
    "listing": frozenset({"organisation", "scope"}),
    "model": frozenset({"number"}),
    "declaration": frozenset({"year"}),
    "declaration_reviewed": frozenset({"organisation", "year", "accepted"}),
    "penalty": frozenset({"organisation"}),
}

#: Types whose record is the organisation's, not a battery's.
ORGANISATION_TYPES: Final = frozenset(
    "organisation permit listing model declaration declaration_reviewed penalty vehicle_scrapped".split()
)
#: Who may record what has no row in the table of stages.
ORGANISATION_ROLES: Final[dict[str, frozenset[str]]] = {
    "vehicle_scrapped": frozenset({"dismantler"}),
    "model": frozenset("battery_maker vehicle_maker importer second_life".split()),
    "declaration": frozenset({"second_life", "recycler"}),
    **dict.fromkeys(("organisation", "permit", "listing", "declaration_reviewed", "penalty"), frozenset({"alliance"})),
}
LOT_TYPES: Final = frozenset({"lot_opened", "lot_split", "lot_merged", "lot_sold"})
BATCH: Final = "batch"
#: A lot changes hands as batteries do: the same types, with `lot` in place of `battery` and its mass.
HANDED: Final = frozenset({"dispatched", "received", "refused"})
LOT_FIELDS: Final[dict[str, dict[str, Kind]]] = {type_: {**FIELDS[type_], "massKg": MASS} for type_ in HANDED}
LOT_REQUIRED: Final[dict[str, frozenset[str]]] = {
    type_: REQUIRED.get(type_, frozenset()) | {"massKg"} for type_ in HANDED
}
#: Who may record what is no battery's and no organisation's.
LOT_ROLES: Final = frozenset({"recycler"})

SITE: Final = structure(
    {
        "name": text(),
        "region": REGION,
        "lat": number("-90", "90", 9, _("degrees, -90 to 90, at most 9 decimals")),
        "lon": number("-180", "180", 9, _("degrees, -180 to 180, at most 9 decimals")),
    }
)
ATTACHMENTS: Final = items(
    structure(
        {
            "sha256": pattern(r"[0-9a-f]{64}", "SHA-256"),
            "name": text(),
            "mediaType": text(100),
            "bytes": whole(0, 10_000_000_000),
        },
        frozenset({"sha256"}),
    ),
    100,
)
OCCURRED: Final = MOMENT
