"""What can be wrong in the law's files; all of it is told at once, with file, line and place in the table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

#: code → sentence. Codes never change their meaning.
MESSAGES: dict[str, Any] = {
    "no_files": _("There are no files of law (*.toml) here."),
    "unreadable": _("The file cannot be read: {value}."),
    "toml": _("This is not valid TOML: {value}."),
    "unknown_table": _("{value} is not a table of the law; the tables are: {expected}."),
    "not_tables": _("Write it as a list of tables: [[{value}]]."),
    "unknown_key": _("The key {value} is not known here; the keys are: {expected}."),
    "missing_key": _("The key {value} must be given."),
    "wrong_value": _("{value} is not allowed here; expected: {expected}."),
    "unknown_reference": _("{value} is not the key of any {table}."),
    "duplicate": _("{value} occurs more than once."),
    "one_parent": _("Name either an edition or an instrument."),
    "one_role": _("Name either roles or everyone_else = true."),
    "retired_only": _("Only `received` can be about retired batteries alone."),
    "threshold": _("The operator {operator} needs a threshold."),
    "no_threshold": _("The operator {operator} has no threshold."),
    "unit": _("The unit {value} does not go with the operator {operator}; expected: {expected}."),
    "percent": _("{value} is more than 100 %."),
    "enforced": _("What is provisional cannot be enforced."),
    "backwards": _("It ends on {until}, before it begins on {begin}."),
    "outside": _("It reaches beyond the time in which {value} is in force ({begin} to {until})."),
    "overlap": _("From {begin} on {value} is in force twice; the other one is at {place}."),
    "gap": _("Nothing is in force for {value} from {begin} to {until}; the one before is at {place}."),
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: file, line, and the path of the table (tables of one name are counted from 1)."""

    file: str
    line: int = 0
    path: str = ""

    def __str__(self) -> str:
        line = f":{self.line}" if self.line else ""
        return f"{self.file}{line}{f' {self.path}' if self.path else ''}"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong in one place."""

    code: str
    place: Place
    params: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.place}: {str(MESSAGES[self.code]).format_map(self.params)} ({self.code})"


def fault(code: str, place: Place, /, **params: Any) -> Fault:
    """Make a fault; a value from the file is shortened."""
    if "value" in params:
        params["value"] = str(params["value"])[:120]
    return Fault(code, place, params)


class BrokenLaw(ImproperlyConfigured):
    """The law's files cannot be used as they are; `faults` says everything that is wrong."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(faults)
        self.faults = tuple(faults)

    def __str__(self) -> str:
        return "\n".join(map(str, self.faults))
