"""What closes a gap: only a later record does, and this is which, for the people who answer for it."""

from typing import Any, Final

from django.utils.translation import gettext_lazy as _

_CORRECT: Final = _("If what was recorded is wrong, correct it (the original stays on record).")
REMEDIES: Final[dict[str, tuple[Any, ...]]] = {
    "unknown_origin": (_("Its maker registers it; where the maker is gone, the alliance captures what is known."),),
    "missing_link": (_("Who did the step in between records it, with the day on which it happened."), _CORRECT),
    "custody_break": (
        _("Who had it dispatches it to who has it, or who has it records how it came there."),
        _("Where both claim it, the alliance decides the dispute."),
    ),
    "unannounced_receipt": (_("Who sent it records the dispatch, with the day on which it left."),),
    "unreceived": (
        _("The addressee receives or refuses it; if it never came, who sent it says so to the alliance."),
        _("Where it came to somebody else, that organisation receives it."),
    ),
    "stalled": (_("Its holder records what became of it: tested, sent on, dismantled, processed."),),
    "unlicensed": (
        _("The permits that were in force that day are recorded by the alliance, with number and days."),
        _("If there were none, the finding stands, and the authority is told."),
    ),
    "unlisted": (
        _("The announcement that lists the company is recorded by the alliance; otherwise the finding stands."),
    ),
    "late_report": (_("It cannot be undone: explain it, and report the next ones in time."),),
    "future_dated": (_("Correct the day on which it happened; see to the clock of the sending system."),),
    "component_loss": (
        _("Who dismantled it names the parts that are missing, or the residue that they went into."),
        _CORRECT,
    ),
    "component_conflict": (_("One of the two records is wrong: who recorded it corrects it."),),
    "batch_missing": (_("The recycler records the batch, with this battery among its inputs."), _CORRECT),
    "mass_imbalance": (
        _("Weigh again what is left, and record the outputs and residues that are missing."),
        _CORRECT,
    ),
    "forbidden_use": (_("Take it out of this use and record that; tell the authority where it was sold."),),
    "lost": (_("Who finds it receives it; until then it stays lost."),),
    "double_use": (_("One of the two batches does not hold it: who recorded that batch corrects it."),),
    "vehicle_without_battery": (
        _("Who took the battery out records its removal; a swap or a replacement is recorded with its document."),
    ),
    "altered": (_("Restore the record from a backup and let the alliance see who changed the database."),),
}


def remedies_for(gap: str) -> list[str]:
    """What to do about a gap, in the reader's language; nothing for a code that is new."""
    return [str(remedy) for remedy in REMEDIES.get(gap, ())]
