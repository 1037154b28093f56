"""What the page of a battery calls things, in the reader's language."""

from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from batteries.codes import BATTERY_TYPES
from web.names import is_english

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
    "type": _("Type"),
    "occurred": _("Occurred"),
    "recorded": _("Recorded"),
    "actor": _("Recorded by"),
    "record": _("On the record of"),
    "sequence": _("Number"),
    "key": _("Record key"),
    "hash": "SHA-256",
    "previous": _("Links to"),
    "attachments": _("Files"),
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

#: What verifying in the browser says; `{…}` are filled in there.
SAID: Final = {
    "working": _("Verifying …"),
    "holds": _(
        "Everything holds: {events} records recomputed, {links} links followed, {shown} records on this page compared."
    ),
    "held": _("holds"),
    "fails": _("{count} records do not hold. Do not rely on this page, and tell the alliance."),
    "withheld": _("{count} records were not open to you: of these only the hash was followed."),
    "unlinked": _("{count} records link to one that lies beyond your part of the chain."),
    "committed": _("{count} personal values are not in the record, only commitments to them: they were not compared."),
    "hash": _("the bytes do not have this hash"),
    "unreadable": _("the bytes cannot be read"),
    "place": _("the bytes are those of another place"),
    "link": _("it does not link to the record before"),
    "missing": _("the record before is missing"),
    "head": _("the end of the record {code} is not its last record"),
    "content": _("a list is not the one that the record names"),
    "differs": _("the page shows something else than the record: {fields}"),
    "unknown": _("the page shows a record that there is not"),
    "hidden": _("record no. {sequence} of {code} is not shown on this page"),
    "unsupported": _("This browser cannot compute hashes here: open the page over HTTPS."),
    "unreachable": _("The stored bytes could not be fetched. Try again, or sign in anew."),
}


def spoken(words: Any) -> Any:
    """Turn lazy words into text, as scripts need them."""
    return {key: spoken(value) for key, value in words.items()} if isinstance(words, dict) else str(words)


def chemistry_of(letter: str) -> str:
    """What a battery type is called (position 5 of the code)."""
    names = BATTERY_TYPES.get(letter)
    return "" if names is None else names.english if is_english() else names.chinese
