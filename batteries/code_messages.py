"""The sentence for each problem of `batteries.codes`, in the language of the reader."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from batteries.codes import Problem

MESSAGES: dict[str, str | Promise] = {
    "length": _("A battery code has 24 characters, or 19 for a second-life product; this has %(found)s."),
    "character": _("“%(found)s” at position %(position)s is neither a letter A–Z nor a digit."),
    "product_type": _("Position 4 says pack (P), module (M) or cell (C), not “%(found)s”."),
    "battery_type": _("Position 5 says the battery type (A–G or Z), not “%(found)s”."),
    "date": _("“%(found)s” from position %(position)s is not a date."),
    "future_date": _("The date of production, %(found)s, is in the future."),
    "second_life_suffix": _(
        "A second-life code ends in R and the level letter of position 4 (RP, RM or RC), not in “%(found)s”."
    ),
    "ambiguous_letter": _("“%(found)s” at position %(position)s may be a misread 1 or 0: I, O and Q are rarely used."),
    "serial_letters": _("The serial number “%(found)s” has letters."),
    "early_date": _("The date of production, %(found)s, is before the coding rule of 2018-02-01."),
    "unknown_manufacturer": _("Nobody has filed the manufacturer code “%(found)s”."),
    "vin_length": _("A VIN has 17 characters; this has %(found)s."),
    "vin_character": _("“%(found)s” at position %(position)s cannot stand in a VIN."),
    "vin_check_digit": _("The check digit of the VIN (position 9, “%(found)s”) does not fit; please compare it again."),
    "org_code_length": _("A unified social credit code has 18 characters; this has %(found)s."),
    "org_code_character": _("“%(found)s” at position %(position)s cannot stand in a unified social credit code."),
    "org_code_check_digit": _(
        "The check character of the unified social credit code (the last, “%(found)s”) does not fit; "
        "please compare it again."
    ),
}


def message(problem: Problem) -> str:
    """Tell `problem` in the active language, with what was found and where."""
    return str(MESSAGES[problem.code]) % {"found": printable(problem.found), "position": problem.position}


def printable(text: str) -> str:
    """Escape what would move a cursor or cannot be encoded: control characters, lone surrogates."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
