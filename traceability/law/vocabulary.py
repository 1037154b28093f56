"""The words that the law's files may use; what is not here is a mistake in a file."""

from typing import Final

from traceability.stages import ROLES as ROLES
from traceability.stages import RULES

FIRM, REPORTED, PROVISIONAL = "firm", "reported", "provisional"
CERTAINTIES: Final = (FIRM, REPORTED, PROVISIONAL)

#: How a measured figure stands to a threshold.
COMPARISONS: Final = (">=", ">", "<=", "<")
#: Nothing of the kind may occur · a statement with a document as evidence.
NONE, STATEMENT = "none", "statement"
#: What a company is measured or asked by, in the conditions of an edition.
CONDITIONS: Final = (*COMPARISONS, NONE, STATEMENT)
#: What has to be done, and what must not be: judged from the chain, not from a figure.
DUTY, BAN = "duty", "ban"
OPERATORS: Final = (*CONDITIONS, DUTY, BAN)

PERCENT: Final = "%"
#: Units of each operator; none at all where it is not named.
MEASURES: Final = (PERCENT, "kgce/t", "t/a")
UNITS: Final = dict.fromkeys(COMPARISONS, MEASURES) | {NONE: ("count",)}

#: A process as clauses name it → the processes of batches that it means.
PROCESSES: Final = {
    "crushing": ("crushing",),
    "smelting": ("hydrometallurgy", "pyrometallurgy"),
    "hydrometallurgy": ("hydrometallurgy",),
    "pyrometallurgy": ("pyrometallurgy",),
    "material_repair": ("material_repair",),
}

#: Facts that somebody reports: all but what the ledger writes by itself.
EVENTS: Final = tuple(event for event in RULES if event not in {"released", "reassembled"})

#: What the audit may find missing.
GAPS: Final = tuple(
    "unknown_origin missing_link custody_break unannounced_receipt unreceived stalled unlicensed unlisted late_report"
    " future_dated component_loss component_conflict batch_missing mass_imbalance forbidden_use lost double_use"
    " vehicle_without_battery altered".split()
)
