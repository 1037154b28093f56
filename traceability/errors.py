"""Every refusal of the product, each with a stable code.

    Refusal            an expected "no": a problem, or several, in one exception
      Conflict         the same, but trying again later may succeed

A `Problem` is the value behind it: code, path into the input, and what the sentence needs. The sentence is made in the
language of whoever reads it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.utils.translation import gettext_lazy as _

#: code → sentence. `{value}` is what was found. Sentences say what to do where that helps.
MESSAGES: dict[str, Any] = {
    # shape
    "not_an_object": _("A record is a JSON object."),
    "invalid_json": _("This line is not valid JSON: {value}."),
    "unknown_field": _("The field {value} is not known here; keep your own data under `extra`."),
    "missing_field": _("The field {value} must be given."),
    "wrong_value": _("{value} is not allowed here; expected: {expected}."),
    "unknown_type": _("{value} is not a type of record."),
    "too_many": _("{value} are too many at once; the limit is {limit}."),
    "bad_header": _("The column {value} is not known; the columns are: {expected}."),
    "encoding": _("The file is neither UTF-8 nor GB 18030."),
    "line_encoding": _("This line is not UTF-8."),
    "broken_row": _(
        "The row cannot be read: a quotation mark is left open, or a cell holds a quotation mark or a line break."
    ),
    "cell_count": _("The row has {value} cells where the header has {expected}."),
    "line_length": _("This line is longer than {limit} bytes."),
    "numeric_code": _(
        "{value} stands in the file as a number, of which spreadsheets drop digits; format the column as text."
    ),
    "workbook": _("The file is not a workbook that can be read; send it as CSV."),
    "too_many_attempts": _("Too many wrong tokens came from here; stop, and wait."),
    "csrf": _("The CSRF token is missing or wrong; reload the page."),
    "too_large": _("The file is larger than the {limit} bytes that are taken."),
    "missing_file": _("No file was sent: send it as the field `file` of a form, or as the body itself."),
    "length_required": _("Say how long the file is (Content-Length), or send it as the field `file` of a form."),
    "cut_off": _("The file ended before all of it had come; send it again."),
    "media_type": _("The file is no JPEG, PNG, WebP or PDF, or it is not whole."),
    "polyglot": _("The file can be read as two kinds of file at once; send the picture or the document alone."),
    "over_budget": _("Your organisation has used up its points; they come back in {seconds} s."),
    "import_failed": _("The file could not be worked off; ask the operator."),
    "gap_closed": _("The gap {value} was closed by a later record."),
    "import_ended": _("The import has ended already."),
    "duplicate": _("{value} occurs more than once."),
    "unknown_calendar_year": _(
        "The working days of {value} are not known here; renew chinesecalendar, which has the State Council's calendar."
    ),
    "engine_missing": _("This needs {value}, which is not installed here; install the extra `{value}`."),
    "engine_judges_all": _("The engine {value} judges all batteries at once; ask the database for less."),
    "java_missing": _("The engine {value} needs Java 17 or newer, which is not found here; set JAVA_HOME."),
    # who
    "role": _("{organisation} has not the role to record `{value}`."),
    "not_own_name": _("Only facts of your own organisation can be recorded, not of {value}."),
    "not_maker": _("Only the maker or the alliance may do this."),
    "unknown_organisation": _("The organisation {value} is not registered."),
    "no_organisation": _("You act for no organisation; ask the administrator to assign you to one."),
    "sign_in": _("Sign in, or send a token."),
    # what
    "unknown_battery": _("The battery {value} is not known."),
    "unknown_model": _("No model {value} was filed, and no battery that you see has it."),
    "unknown_campaign": _("No battery that you see is recalled under {value}."),
    "unknown_event": _("No record with the key {value} is known."),
    "not_found": _("Nothing was found under {value}."),
    "stage": _("`{type}` is not possible while the battery is {stage}; possible: {allowed}."),
    "not_holder": _("Only its holder may do this, and {organisation} does not hold it."),
    "not_addressee": _("It is not on its way to {organisation}."),
    "not_part": _("{value} is not a part of {battery}."),
    "built_in": _("{value} is built into another battery; it has to be taken out of it first."),
    "quarantined": _("The battery {value} is set apart; somebody else than who received it has to lift that first."),
    "same_person": _("Who received the battery cannot lift its quarantine; another person has to."),
    "in_transit": _("It is already on its way; it has to be received or refused first."),
    "already_identified": _("{value} has already been identified."),
    "not_provisional": _("Only a provisional identity (TMP-…) can be identified, not {value}."),
    "not_recorder": _("Only who recorded the original, or the alliance, may correct it."),
    "key_reused": _("The key {value} was used before with other content."),
    "concurrent_change": _("The record was changed at the same time; send it again."),
    # batches and lots
    "unknown_lot": _("The lot {value} is not known."),
    "number_taken": _("The number {value} is taken already."),
    "overdrawn": _("Of the lot {value} only {left} kg are left."),
    "not_whole": _("A lot changes hands as a whole: of {value}, {left} kg are left; split off first what stays."),
    "in_dispute": _(
        "The receipt of the lot {value} is disputed: no more is used or sent on than was received and is there."
    ),
    "already_used": _("The battery {value} was used up in {batch}."),
    "no_process": _("The batch {value} names no process: neither its masses nor its elements are balanced."),
    "unknown_content": _(
        "Of nothing that went into the batch {value} is it known what it holds: its elements are not balanced."
    ),
    "lineage_too_large": _(
        "More than {limit} steps of lineage would have to be followed; ask about something smaller."
    ),
    "lineage_tangled": _("Too many batches and lots feed each other in circles to say what they are made of."),
    # labels
    "unknown_label": _("No label with the serial {value} was issued for this battery."),
    "label_too_long": _("The label of {value} would be too fine to read; LABEL_HOST ({host}) has to be shorter."),
    "no_label": _("The battery {value} has no label that is valid and was issued here."),
    "label_altered": _("The label is not what was signed: do not trust it; the code beside it may be another's."),
    "label_revoked": _("The label was revoked; ask its maker for another."),
    "label_replaced": _("A later label was issued for this battery; this one should be on no battery any more."),
    "label_misread": _("The scanner changed the label's letters; set it to deliver the text as it is printed."),
    # codes (GB/T 34014, VIN, GB 32100)
    "length": _("{value} has the wrong length: a battery code has 24 characters, a second-life code 19."),
    "character": _("{value} has a character other than A–Z and 0–9."),
    "product_type": _("{value}: the fourth character must be P (pack), M (module) or C (cell)."),
    "battery_type": _("{value}: the fifth character is no battery type (A to G, Z)."),
    "date": _("{value}: the date of production does not exist."),
    "future_date": _("{value}: the date of production is in the future."),
    "second_life_suffix": _("{value}: a second-life code ends in R and the level P, M or C."),
    "ambiguous_letter": _("The letters I, O and Q should not occur in the first 14 characters."),
    "serial_letters": _("The serial number has letters."),
    "early_date": _("The date of production is before the standard (2018-02-01)."),
    "unknown_manufacturer": _("Nobody has filed the manufacturer code of {value}."),
    "no_prefix": _("The organisation {value} has filed no manufacturer code; the alliance records it."),
    "forbidden_use": _("{value} is a use that waste batteries are forbidden for since {since}."),
    "foreign_prefix": _("The manufacturer code belongs to {owner}."),
    "already_registered": _("The battery {value} is already registered: with other content, or by others."),
    "several_alliances": _("Several organisations have the role alliance; name the one that captures: {value}."),
    "unregistered": _("The battery was never registered."),
    "code_unreadable": _("The code cannot be read; a provisional identity was given."),
    "mass_difference": _("The received mass differs from the sent one ({sent} kg)."),
    "implausible_mass": _("Such a mass cannot be right: {value}."),
    "damaged": _("The battery arrived {value}."),
    "announced_to_another": _("It is on its way to another organisation."),
    "held_by_another": _("Another organisation holds it; the receipt is disputed."),
    "not_expected_here": _("It was not announced."),
    "not_possible_here": _("The receipt contradicts the record: the battery is {stage}."),
    "implausible_travel": _(
        "Nobody can have brought the battery here: it was far away, or in another's store. Its label may be a copy."
    ),
    "unregistered_part": _("Nobody registered this part: {value}."),
    "attachment_missing": _("The file {value} is named, but was never sent."),
    "already_here": _("Already here since {when}; nothing was recorded."),
    "in_quarantine": _("The battery is set apart until another person lifts that."),
    "not_inspected": _("The battery has not been inspected yet."),
    "not_graded": _("Neither its grade nor its state of health is known."),
    "grade_too_low": _("Its grade {value} is not for this."),
    "decided_otherwise": _("Its last inspection decided otherwise ({value})."),
    "recalled": _("The battery is recalled: {value}."),
}


#: Stages as a sentence names them, and the parameters that hold them.
STAGES: dict[str, Any] = {
    "": _("not registered"),
    "produced": _("produced"),
    "in_vehicle": _("in a vehicle"),
    "retired": _("retired"),
    "in_second_life": _("in second life"),
    "dismantled": _("dismantled"),
    "reassembled": _("reassembled into a product"),
    "processed": _("processed"),
    "exported": _("exported"),
    "destroyed": _("destroyed"),
    "lost": _("lost"),
}
_STAGED = frozenset({"stage", "allowed"})


def _told(words: str) -> str:
    """Name stages in the reader's language; several are separated by commas."""
    return ", ".join(str(STAGES.get(word, word)) for word in str(words).split(", "))


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: where, and with which value."""

    code: str
    path: tuple[str, ...] = ()
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def message(self) -> str:
        """The sentence in the reader's language."""
        template = str(MESSAGES.get(self.code, self.code))
        told = {name: _told(value) if name in _STAGED else value for name, value in self.params.items()}
        if str(told.get("value", "-")).strip() == "":
            told["value"] = _("(empty)")
        try:
            return template.format_map(told)
        except (KeyError, IndexError):
            return template

    @property
    def value(self) -> str:
        """The offending value as text, shortened."""
        return "" if self.code == "missing_field" else str(self.params.get("value", ""))[:200]

    def under(self, *path: str) -> "Problem":
        """Say the same with the path seen from further out."""
        return replace(self, path=(*path, *self.path))


class Refusal(Exception):
    """The input was refused; nothing was written."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(", ".join(problem.code for problem in problems))
        self.problems = problems

    @property
    def code(self) -> str:
        """The stable code of the first problem."""
        return self.problems[0].code

    @property
    def message(self) -> str:
        """The sentence of the first problem."""
        return self.problems[0].message

    @property
    def path(self) -> list[str]:
        """The path of the first problem."""
        return list(self.problems[0].path)


class Conflict(Refusal):
    """Somebody else wrote at the same moment; sending the same again may succeed."""


def refuse(code: str, path: Iterable[str] = (), **params: Any) -> Refusal:
    """Make a refusal of one problem; `value` is shortened so that a megabyte is never echoed."""
    if "value" in params:
        params["value"] = str(params["value"])[:200]
    return Refusal(Problem(code, tuple(path), params))
