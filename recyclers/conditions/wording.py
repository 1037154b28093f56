"""Verdicts, clauses and limits in the reader's words."""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from recyclers.conditions.judging import (
    FAIL,
    IMPLAUSIBLE,
    NO_EVIDENCE,
    NOT_APPLICABLE,
    NOT_IN_FORCE,
    PASS,
    Judged,
)
from recyclers.conditions.telling import plain
from traceability import law
from traceability.law import Clause, Edition, Instrument

VERDICTS: Final[dict[str, Promise]] = {
    PASS: _("met"),
    FAIL: _("not met"),
    IMPLAUSIBLE: _("implausible"),
    NO_EVIDENCE: _("no evidence"),
    NOT_APPLICABLE: _("not applicable"),
    NOT_IN_FORCE: _("not in force"),
}
CERTAINTIES: Final[dict[str, Promise]] = {
    "firm": _("firm"),
    "reported": _("reported"),
    "provisional": _("provisional"),
}
_SIGNS: Final = {">=": "≥", "<=": "≤", ">": ">", "<": "<"}


def limit_of(clause: Clause) -> str:
    """Say what a clause asks for: `≥ 90 %`."""
    if clause.threshold is not None:
        return f"{_SIGNS[clause.operator]} {plain(clause.threshold)} {clause.unit}"
    return str(_("none")) if clause.operator == "none" else str(_("proven"))


def title_of(judged: Judged) -> str:
    """Name a clause, also one that the text does not have."""
    clause = judged.clause or next((one for one in law.book().clauses if one.key == judged.key), None)
    if clause is None:
        return judged.key
    return clause.title_en if _reads_english() else clause.title_zh


def text_of(judged: Judged) -> str | None:
    """Say what a clause asks for in a sentence; None where the text does not have it."""
    if judged.clause is None:
        return None
    return judged.clause.text_en if _reads_english() else judged.clause.text_zh


def name_of_text(key: str) -> str:
    """Name a text that a company is held against: an edition, or an instrument without editions."""
    book = law.book()
    every: tuple[Edition | Instrument, ...] = (*book.editions, *book.instruments)
    found = next((one for one in every if one.key == key), None)
    if found is None:
        return key
    return found.title_en if _reads_english() else found.title_zh


def _reads_english() -> bool:
    return (get_language() or "").startswith("en")
