"""What the page of a battery calls things, in the reader's language."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from batteries.codes import BATTERY_TYPES

Words = Mapping[str, Any]

#: Stage → its name, and what that means to somebody who stands in front of the battery.
STAGES: Final[dict[str, tuple[Any, Any]]] = {
    "": (_("Not registered as produced"), _("Nobody has recorded how it came into being.")),
    "produced": (_("Produced"), _("It is new, or made for a second life, and in no vehicle.")),
    "in_vehicle": (_("In a vehicle"), _("It drives a vehicle. A battery that lies about does not belong there.")),
    "retired": (
        _("Retired"),
        _("It was taken out of use, and waits to be tested, used again or recovered. It may still be charged."),
    ),
    "in_second_life": (_("In second life"), _("It is used again, for something else than driving.")),
    "dismantled": (_("Dismantled"), _("It was taken apart: as a whole it should not exist any more.")),
    "reassembled": (
        _("Reassembled into a product"),
        _("It was built into a second-life product, which has a code of its own."),
    ),
    "processed": (_("Recovered"), _("Its materials were recovered: it should not exist any more.")),
    "exported": (_("Exported"), _("It left the country.")),
    "destroyed": (_("Destroyed"), _("It was destroyed: it should not exist any more.")),
    "lost": (_("Lost"), _("It was reported lost. Whoever finds it should tell the nearest recovery outlet.")),
}
LEVELS: Final = {"pack": _("pack"), "module": _("module"), "cell": _("cell")}
ROLES: Final = {
    "battery_maker": _("battery maker"),
    "vehicle_maker": _("vehicle maker"),
    "importer": _("importer"),
    "service": _("repair and swap service"),
    "outlet": _("recovery outlet"),
    "dismantler": _("vehicle dismantler"),
    "second_life": _("second-life company"),
    "recycler": _("recycler"),
    "alliance": _("the alliance"),
}
TYPES: Final = {
    "produced": _("Produced"),
    "installed": _("Installed in a vehicle"),
    "sold": _("Vehicle sold"),
    "removed": _("Removed from its vehicle"),
    "dispatched": _("Dispatched"),
    "received": _("Received"),
    "refused": _("Refused by the addressee"),
    "repaired": _("Repaired"),
    "inspected": _("Inspected"),
    "dismantled": _("Dismantled"),
    "assembled": _("Assembled as a second-life product"),
    "deployed": _("Deployed in its second life"),
    "decommissioned": _("Taken out of its second life"),
    "processed": _("Processed in a batch"),
    "exported": _("Exported"),
    "destroyed": _("Destroyed"),
    "lost": _("Lost"),
    "identified": _("Identified under its true code"),
    "recalled": _("Recalled"),
    "quarantine_lifted": _("Quarantine lifted"),
    "label_issued": _("Label issued"),
    "label_revoked": _("Label revoked"),
    "dispute_decided": _("Dispute decided"),
    "released": _("Released from the battery it was part of"),
    "reassembled": _("Reassembled into a product"),
    "corrected": _("Correction of an earlier record"),
}
#: Label status → its name, what to do, and how good that is.
LABELS: Final[dict[str, tuple[Any, Any, str]]] = {
    "valid": (
        _("Genuine label"),
        _("It was signed here, and is the label that the battery has now. A photograph of it would say the same."),
        "good",
    ),
    "replaced": (
        _("Genuine, but replaced"),
        _("A later label was issued: this one should be on no battery any more."),
        "warn",
    ),
    "revoked": (_("Revoked label"), _("Do not rely on it; ask who sold or sent the battery for another."), "bad"),
    "altered": (
        _("Altered label"),
        _("It is not what was signed. Do not trust it: the battery may be another than it says."),
        "bad",
    ),
    "foreign": (_("Not a label of this system"), _("Nobody here can say whether it is genuine."), "warn"),
    "unknown": (_("Label cannot be judged"), _("Nothing is signed, or nothing like it is on record."), "warn"),
    "misread": (
        _("Label was misread"),
        _("The scanner changed its letters. Scan it with the camera of the telephone."),
        "warn",
    ),
}
ROUTES: Final = {
    "reuse": _("use it again as it is"),
    "second_life": _("second life"),
    "recovery": _("recovery of its materials"),
    "return": _("return it to who sent it"),
}
SEVERITIES: Final = {"break": _("break"), "flaw": _("flaw")}
#: What the details of events are called.
FIELDS: Final = {
    "model": _("Model"),
    "massKg": _("Mass"),
    "components": _("Parts"),
    "parent": _("Built into"),
    "code": _("Code"),
    "vin": _("VIN"),
    "region": _("Region"),
    "reason": _("Reason"),
    "to": _("To"),
    "from": _("From"),
    "waybill": _("Waybill"),
    "condition": _("Condition"),
    "label": _("Label"),
    "removed": _("Parts taken out"),
    "added": _("Parts put in"),
    "sohPercent": _("State of health"),
    "capacityAh": _("Capacity"),
    "energyKwh": _("Energy"),
    "voltageV": _("Voltage"),
    "insulationMohm": _("Insulation"),
    "visual": _("Looks"),
    "temperatureC": _("Temperature"),
    "currentA": _("Current"),
    "instrument": _("Instrument"),
    "operator": _("Operator"),
    "method": _("Method"),
    "grade": _("Grade"),
    "decision": _("Decision"),
    "uncoded": _("Parts without a code"),
    "level": _("Level"),
    "count": _("Number"),
    "residues": _("Residues"),
    "material": _("Material"),
    "moisturePercent": _("Moisture"),
    "assay": _("Assay"),
    "discharge": _("Discharge"),
    "endVoltageV": _("Final voltage"),
    "hours": _("Hours"),
    "sources": _("Made of"),
    "application": _("Application"),
    "monitoring": _("Monitoring"),
    "batch": _("Batch"),
    "country": _("Country"),
    "as": _("True code"),
    "evidence": _("Evidence"),
    "campaign": _("Campaign"),
    "instruction": _("What to do"),
    "serial": _("Serial"),
    "keyId": _("Key"),
    "holder": _("Holder"),
    "corrects": _("Corrects"),
    "organisation": _("Organisation"),
    "into": _("Built into"),
    "extra": _("The sender's own data"),
    "name": _("Name"),
    "lat": _("Latitude"),
    "lon": _("Longitude"),
    "site": _("Place"),
    "origin": _("Origin"),
}
UNITS: Final = {
    "massKg": "kg",
    "sohPercent": "%",
    "capacityAh": "Ah",
    "energyKwh": "kWh",
    "voltageV": "V",
    "insulationMohm": "MΩ",
    "temperatureC": "°C",
    "currentA": "A",
}
#: Words among the values of details, by the name of the detail.
VALUES: Final[dict[str, Words]] = {
    "condition": {
        "intact": _("intact"),
        "damaged": _("damaged"),
        "leaking": _("leaking"),
        "burnt": _("burnt"),
    },
    "label": {"read": _("legible"), "unreadable": _("illegible"), "missing": _("missing")},
    "decision": ROUTES,
    "level": LEVELS,
}


def spoken(words: Any) -> Any:
    """Turn lazy words into text, as scripts need them."""
    return {key: spoken(value) for key, value in words.items()} if isinstance(words, dict) else str(words)


def chemistry_of(letter: str) -> str:
    """What a battery type is called (position 5 of the code)."""
    names = BATTERY_TYPES.get(letter)
    return "" if names is None else names.english if is_english() else names.chinese


def is_english() -> bool:
    """Whether the reader reads English."""
    return (get_language() or "").startswith("en")
