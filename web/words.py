"""What the pages call things: levels, chemistries, events, roles, conditions, processes, materials.

The one place for words that more than one page uses; stages and gaps are named by the domain (`traceability.errors`,
`traceability.audit.wording`).
"""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from traceability.audit.wording import enumerated
from traceability.errors import STAGES

Words = Mapping[str, Any]

LEVELS: Final[dict[str, Promise]] = {"pack": _("pack"), "module": _("module"), "cell": _("cell")}
#: GB/T 34014, position 5.
CHEMISTRIES: Final[dict[str, Promise]] = {
    "A": _("nickel–metal hydride"),
    "B": _("lithium iron phosphate"),
    "C": _("lithium manganese oxide"),
    "D": _("lithium cobalt oxide"),
    "E": _("ternary (NCM, NCA)"),
    "F": _("supercapacitor"),
    "G": _("lithium titanate"),
    "Z": _("other chemistry"),
}
#: Types of events.
TYPES: Final[Words] = {
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
    "batch": _("Batch closed"),
    "lot_opened": _("Lot taken in from outside"),
    "lot_split": _("Lot split"),
    "lot_merged": _("Lots merged"),
    "lot_sold": _("Sold from a lot"),
}
ROLES: Final[Words] = {
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
CONDITIONS: Final[Words] = {
    "intact": _("intact"),
    "damaged": _("damaged"),
    "leaking": _("leaking"),
    "burnt": _("burnt"),
}
#: Why a battery was taken out of its vehicle.
REMOVALS: Final[Words] = {
    "repair": _("to be repaired"),
    "replacement": _("replaced by another"),
    "scrapping": _("the vehicle is scrapped"),
    "recall": _("recalled by its maker"),
    "swap": _("swapped at a station"),
}
ROUTES: Final[Words] = {
    "reuse": _("use it again as it is"),
    "second_life": _("second life"),
    "recovery": _("recovery of its materials"),
    "return": _("return it to who sent it"),
}
#: Announced lists, and permits.
SCOPES: Final[Words] = {"recovery": _("recovery"), "second_life": _("second life")}
PERMITS: Final[Words] = {
    "project_filing": _("project filing"),
    "eia": _("EIA approval"),
    "pollution": _("pollution permit"),
}
#: Where a lot from outside comes from.
LOT_SOURCES: Final[Words] = {
    "production_scrap": _("production scrap"),
    "purchased": _("purchased"),
    "opening_stock": _("stock when the records began"),
}
SEVERITIES: Final[Words] = {"break": _("break"), "flaw": _("flaw")}
PROCESSES: Final[dict[str, Promise]] = {
    "crushing": _("crushing"),
    "hydrometallurgy": _("hydrometallurgy"),
    "pyrometallurgy": _("pyrometallurgy"),
    "material_repair": _("material repair"),
}
MATERIALS: Final[dict[str, Promise]] = {
    "electrode_powder": _("electrode powder (black mass)"),
    "lithium_carbonate": _("lithium carbonate"),
    "lithium_hydroxide_monohydrate": _("lithium hydroxide monohydrate"),
    "lithium_phosphate": _("lithium phosphate"),
    "nickel_sulfate_hexahydrate": _("nickel sulfate hexahydrate"),
    "nickel_sulfate_heptahydrate": _("nickel sulfate heptahydrate"),
    "cobalt_sulfate_heptahydrate": _("cobalt sulfate heptahydrate"),
    "manganese_sulfate_monohydrate": _("manganese sulfate monohydrate"),
    "copper_sulfate_pentahydrate": _("copper sulfate pentahydrate"),
    "iron_phosphate": _("iron phosphate"),
    "iron_phosphate_dihydrate": _("iron phosphate dihydrate"),
    "copper": _("copper"),
    "aluminium": _("aluminium"),
    "graphite": _("graphite"),
    "steel": _("steel"),
    "plastic": _("plastic"),
    "cathode_material": _("cathode material"),
    "anode_material": _("anode material"),
    "electrolyte": _("electrolyte"),
    "battery_scrap": _("battery scrap"),
    # What a flow may be besides.
    "batteries": pgettext_lazy("material", "batteries"),
    "reagents": _("reagents"),
    "unknown": _("material that nobody named"),
    "residues": _("residues"),
    "loss": _("loss"),
}
#: What a share of mass is of.
THINGS: Final[Words] = {
    "battery": _("battery, part or product"),
    "lot": _("lot of material"),
    "reagent": _("reagent"),
    "residue": _("residue"),
    "loss": _("lost in processing"),
    "batch": _("in a batch that gave nothing out yet"),
    "unknown_origin": _("of unknown origin"),
}
#: Words among the values of details, by the name of the detail.
VALUES: Final[Mapping[str, Words]] = {
    "condition": CONDITIONS,
    "label": {"read": _("legible"), "unreadable": _("illegible"), "missing": _("missing")},
    "reason": REMOVALS,
    "decision": ROUTES,
    "level": LEVELS,
    "material": MATERIALS,
    "process": PROCESSES,
    "origin": LOT_SOURCES,
}
#: What the pieces of evidence of a gap are called.
EVIDENCE: Final[Words] = {
    "type": _("event"),
    "stage": _("stage before"),
    "allowed": _("possible only at"),
    "holder": _("holder"),
    "inTransitTo": _("on its way to"),
    "otherOrganisation": _("other organisation"),
    "missingPermits": _("missing permits"),
    "scope": _("announced list"),
    "dueOn": _("due on"),
    "reportedOn": _("reported on"),
    "missing": _("parts not accounted for"),
    "component": _("part"),
    "battery": _("battery"),
    "otherBattery": _("other battery"),
    "batch": _("batch"),
    "otherBatch": _("other batch"),
    "application": _("application"),
    "sequence": _("record number"),
    "kind": _("what does not hold"),
    "cause": _("cause"),
    "subject": _("of what"),
    "inputKg": _("went in, kg"),
    "leavingKg": _("came out, kg"),
    "percent": _("came out, % of what went in"),
    "tolerancePercent": _("tolerance, %"),
    "imbalances": _("imbalances in all"),
    "aheadMs": _("ahead of its report, ms"),
}
#: Words in the evidence of gaps, by the name of the piece.
_EVIDENCE: Final[Mapping[str, Words]] = {
    "cause": {
        "mass": _("mass"),
        "element": _("an element"),
        "unknown_lot": _("a lot that nobody knows"),
        "overdrawn_lot": _("a lot drawn beyond its mass"),
    },
    "type": TYPES,
    "stage": STAGES,
    "allowed": STAGES,
    "scope": SCOPES,
    "missingPermits": PERMITS,
    "kind": {
        "hash": _("hash"),
        "link": _("link to the record before"),
        "body": _("row"),
        "content": _("value beside it"),
        "head": _("place at the end of the chain"),
    },
}


def evidence_in_words(told: Mapping[str, Any]) -> dict[str, Any]:
    """Types, stages, lists and permits in evidence, in words."""
    return {name: _in_words(_EVIDENCE.get(name), value) for name, value in told.items()}


def _in_words(known: Words | None, value: Any) -> Any:
    if known is None:
        return value
    some = value if isinstance(value, list) else [value]
    return enumerated(known.get(one, one) for one in some)
