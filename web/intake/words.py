"""What the scripts of the intake page say; the shell hands it to them. `{…}` are filled in by them."""

from typing import Any, Final

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from web.words import CONDITIONS

#: outcome → (what is shown large, what to do next)
_OUTCOMES: Final = {
    "saved": (_("Saved on this device"), _("On the list. It is sent as soon as there is a network.")),
    "saved_unannounced": (
        _("Saved, not on the list"),
        _("Nobody announced it to this device. It is sent as soon as there is a network."),
    ),
    "received": (pgettext_lazy("outcome", "Received"), _("As announced. Take the next one.")),
    "received_with_differences": (_("Received, with a difference"), _("Mass or condition differ from what was sent.")),
    "unannounced": (_("Received, not announced"), _("Recorded. Ask the sender to announce what is sent.")),
    "disputed": (
        _("Received, disputed"),
        _("Another is known to hold it. Keep it apart until the sender or the alliance settles that."),
    ),
    "conflict": (
        _("Recorded, but contradicts the record"),
        _("Set it apart, compare label and battery, and tell your supervisor."),
    ),
    "quarantined": (
        _("Quarantine"),
        _("Take it to the quarantine area. Another person has to lift that before work goes on."),
    ),
    "duplicate": (_("Already received"), _("Nothing was recorded again. Take the next one.")),
    "unreadable": (
        _("Cannot be read"),
        _("Nothing was recorded. Scan again, type the code, or take it in without a code."),
    ),
    "refused": (_("Not recorded"), _("The record refused it, see why. It stays in the list.")),
    "unsaved": (
        _("NOT SAVED"),
        _("The device's memory is full or closed. Write the code on paper, and free memory."),
    ),
    "undone": (_("Taken back"), _("A correction is recorded; the first record stays readable.")),
    "amended": (_("Amended"), _("Mass and condition are as said now; what was recorded before stays readable.")),
    "half": (_("First half read"), _("Scan the second line of the code.")),
    "changed": (_("Handed over"), _("What is scanned from now on is recorded under this name.")),
}

WORDS: Final[dict[str, Any]] = {
    **{f"outcome.{name}": title for name, (title, _then) in _OUTCOMES.items()},
    **{f"then.{name}": then for name, (_title, then) in _OUTCOMES.items()},
    "then.asking": _("Asking the record … the next one can be scanned meanwhile."),
    "since": _("since {when}, by {who}"),
    "somebody": _("another device"),
    "colour.good": _("Good"),
    "colour.warn": _("Attention"),
    "colour.bad": _("Stop"),
    # the queue
    "badge.none": _("All sent"),
    "badge.waiting": _("To send: {count}"),
    "badge.refused": _("Not recorded: {count}"),
    "trouble.offline": _("No network: the scans are kept here and sent later."),
    "trouble.server": _("The server is in trouble; sending goes on by itself."),
    "trouble.busy": _("Too much at once; sending goes on by itself."),
    "trouble.sign_in": _("The sign-in has ended. The scans are kept; sign in to send them."),
    "trouble.operator": _("Scans of {who} wait: this person has to show the PIN, or sign in."),
    "trouble.full": _("The device's memory is full. Free memory: what waits here is sent again until it is known."),
    "trouble.storage": _("The device's memory is nearly full ({percent}%). Send what waits and free memory."),
    "trouble.old": _("Scans wait here since {when}. Bring the device to a network."),
    "trouble.clock": _("This device's clock is {minutes} min off. Set it right: scans bear its time."),
    "trouble.stale": _("The list of what is expected is from {when}."),
    "trouble.cut": _("More is expected than this device keeps; ask the network for the rest."),
    "trouble.unkept": _("This browser keeps no data for this page: scan only with a network."),
    # rows
    "state.waiting": _("waits"),
    "state.done": _("sent"),
    "state.refused": _("not recorded"),
    "state.undone": _("taken back"),
    "undo": _("Take back"),
    "undo.reason": _("Taken back at the dock"),
    "undo.row": _("Taking back {code}"),
    "amend": _("Mass, condition"),
    "amend.reason": _("Mass or condition amended at the dock"),
    "amend.row": _("Mass, condition of {code}"),
    "amend.lost": _("The record to amend was not found: it belongs to another battery now. Amend it there."),
    "retry": _("Send again"),
    "nocode": _("without a code"),
    "empty": _("Nothing yet."),
    # counts
    "count": _("{count} in this batch"),
    "mass": _("{mass} kg"),
    "missing": _("{count} missing"),
    "transfer": _("{name}, {count} missing"),
    "nowaybill": _("no waybill"),
    "everything": _("All that is expected"),
    # camera
    "camera.denied": _("The camera was not allowed. Allow it in the browser's settings, or use gun, photo or keys."),
    "camera.none": _("No camera was found. Use gun, photo or keys."),
    "camera.insecure": _("The camera needs a secure address (https). Use gun, photo or keys."),
    "camera.failed": _("The camera cannot be used now. Use gun, photo or keys."),
    "camera.on": _("Hold the code in front of the camera."),
    "photo.none": _("No code was found in the photo."),
    "photo.reading": _("Reading the photo …"),
    "torch.on": _("Light on"),
    "torch.off": _("Light off"),
    # codes
    "code.length": _("A code has 24 characters (second life: 19); this has {count}."),
    "code.character": _("Only A–Z and 0–9 occur in a code."),
    "code.form": _("The characters do not make a battery code."),
    "code.date": _("The date of production in it does not exist."),
    "code.future_date": _("The date of production in it is in the future."),
    # labels
    "label.genuine": _("The label is genuine."),
    "label.altered": _("The label is not what was signed: do not trust it."),
    "label.revoked": _("The label was revoked."),
    "label.replaced": _("A later label was issued for this battery: this one should be on none any more."),
    "label.foreign": _("The label is not from this system."),
    "label.misread": _("The scanner changed the label's letters; set it to deliver what is printed."),
    "label.unchecked": _("The label's signature cannot be checked on this device."),
    # conditions
    **{f"condition.{word.upper()}": name for word, name in CONDITIONS.items()},
    "mass.wrong": _("A mass is a number of kilograms, such as 412.5."),
    "photo.kept": _("Photo kept: {size} kB"),
    "photo.failed": _("The photo cannot be used."),
    # people
    "pin.wrong": _("The PIN is wrong."),
    "pin.later": _("There is no network: the PIN is asked for when there is one, before these scans are sent."),
    "pin.missing": _("has no PIN yet"),
    "details.on": _("Ask mass and condition: yes"),
    "details.off": _("Ask mass and condition: no"),
    "signIn": _("Sign in"),
    "receipt.58": _("58 mm"),
    "receipt.80": _("80 mm"),
    "receipt.a4": _("A4"),
    "receipt.wait": _("Not everything is sent: the record confirms the receipt after that."),
    "receipt.offline": _("There is no network: the confirmed receipt can be printed when there is."),
    "receipt.of": _("Batch of {when}, {count} scanned"),
    "receipt.none": _("Nothing was received in this batch."),
    # the receipt that the device prints by itself
    "paper.title": _("Receipt of batteries"),
    "paper.unconfirmed": _(
        "NOT YET CONFIRMED by the record: what the device scanned. The confirmed receipt bears a QR symbol to check it."
    ),
    "paper.by": _("Received by"),
    "paper.giver": _("Handed over by"),
    "paper.operator": _("Operator"),
    "paper.scanned": _("Scanned"),
    "paper.waybill": _("Waybill"),
    "paper.batteries": _("Batteries"),
    "paper.mass": _("Mass, kg"),
    "paper.batch": _("Batch"),
    "paper.printed": _("Printed"),
}
