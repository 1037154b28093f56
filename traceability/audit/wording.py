"""Gaps in words: what is missing, for the people who answer for it, in the reader's language."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

from traceability.audit.telling import Told

#: Gap code → its name, and what it says; `{…}` are pieces of evidence.
WORDS: Final[dict[str, tuple[Any, Any]]] = {
    "unknown_origin": (
        _("unknown origin"),
        _("The chain begins with “{type}”: nobody recorded how this battery came into being."),
    ),
    "missing_link": (
        _("missing link"),
        _("“{type}” is not possible at the stage “{stage}”, only at: {allowed}. Something before it is missing."),
    ),
    "custody_break": (
        _("custody break"),
        _("“{type}” was recorded by somebody other than the holder or the addressee (holder: {holder})."),
    ),
    "unannounced_receipt": (
        _("unannounced receipt"),
        _("It was received, and nobody had recorded that it was sent there."),
    ),
    "unreceived": (_("unreceived"), _("It was sent off, and neither received nor refused in time.")),
    "stalled": (_("stalled"), _("It is retired, and nothing has been recorded of it for long.")),
    "unlicensed": (
        _("unlicensed"),
        _("“{type}” by an organisation without these permits that day: {missingPermits}."),
    ),
    "unlisted": (_("unlisted"), _("“{type}” by a company that was not on the announced list that day ({scope}).")),
    "late_report": (
        _("late report"),
        _("“{type}” was reported on {reportedOn}; the last day for it was {dueOn}."),
    ),
    "future_dated": (_("dated in the future"), _("“{type}” is said to have happened after it was reported.")),
    "component_loss": (
        _("component loss"),
        _("It was dismantled, and {missing} of its parts are accounted for nowhere, {component} for one."),
    ),
    "component_conflict": (
        _("component conflict"),
        _("A part is in two batteries at once, or a code was produced twice ({component}, also in {otherBattery})."),
    ),
    "batch_missing": (_("batch missing"), _("It was processed, and no batch “{batch}” lists it.")),
    "mass_imbalance": (
        _("mass imbalance"),
        _("What came out of the batch ({leavingKg} kg) does not agree with what went in ({inputKg} kg)."),
    ),
    "forbidden_use": (_("forbidden use"), _("“{type}” for “{application}”, which is forbidden on that day.")),
    "lost": (_("lost"), _("It was reported lost, and has not been received since.")),
    "double_use": (_("double use"), _("{battery} is an input of two batches, “{otherBatch}” and “{batch}”.")),
    "vehicle_without_battery": (
        _("vehicle without battery"),
        _("The vehicle that it was installed in was scrapped, and nobody recorded its removal."),
    ),
    "altered": (
        _("altered"),
        _("Record number {sequence} is not what was recorded: its {kind} does not hold."),
    ),
}
#: What a gap says instead where its evidence names one of these causes.
CAUSES: Final[dict[tuple[str, Any], Any]] = {
    ("mass_imbalance", "element"): _("{leavingKg} kg of {subject} came out of the batch, and {inputKg} kg went in."),
    ("mass_imbalance", "unknown_lot"): _("The batch draws {leavingKg} kg from the lot {subject}, which nobody knows."),
    ("mass_imbalance", "overdrawn_lot"): _(
        "With this batch {leavingKg} kg are drawn from the lot {subject}, which had {inputKg} kg."
    ),
}
STATUSES: Final = {
    "complete": _("complete"),
    "open": _("open"),
    "flawed": _("flawed"),
    "broken": _("broken"),
}


class _Evidence(dict[str, Any]):
    def __missing__(self, name: str) -> str:
        return "—"


def name_of(gap: str) -> str:
    """What people call a gap."""
    return str(WORDS[gap][0]) if gap in WORDS else gap


def in_words(gap: Told) -> str:
    """One gap as a sentence."""
    return sentence(gap.gap, gap.evidence)


def sentence(gap: str, found: Mapping[str, Any]) -> str:
    """A gap code with its evidence as a sentence."""
    evidence = _Evidence({name: _piece(value) for name, value in found.items()})
    if gap not in WORDS:
        return gap
    return str(CAUSES.get((gap, found.get("cause")), WORDS[gap][1])).format_map(evidence)


def enumerated(several: Iterable[object]) -> str:
    """Several things one after the other, as the reader's language writes them."""
    return pgettext("between several things", ", ").join(map(str, several))


def _piece(value: Any) -> str:
    return enumerated(value) if isinstance(value, list) else str(value)
