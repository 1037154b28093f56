"""What a rule of the audit is: a name, a severity, and one expression over the relations.

A rule is written once, with Ibis, and runs on SQLite and PostgreSQL in place, on DuckDB and on Spark. So it says
nothing that they understand differently: no arrays, no JSON, no intervals; only joins, filters and counts of whole
numbers.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import ibis
import ibis.expr.types as ir

from traceability.audit.relations import Relation

BREAK: Final = "break"
FLAW: Final = "flaw"
#: Between the pieces of evidence, which are words and numbers.
SEPARATOR: Final = "|"
#: What every rule finds, in this order.
COLUMNS: Final = ("record_id", "event_id", "organisation_id", "since_day", "evidence")


class Relations:
    """The relations by name, as tables of an expression."""

    def __init__(self, relations: Mapping[str, Relation]) -> None:
        self._relations = relations

    def __getattr__(self, name: str) -> ir.Table:
        try:
            return self._relations[name].table(name)
        except KeyError:
            raise AttributeError(name) from None


@dataclass(frozen=True)
class Terms:
    """What a run judges by: the day, and the parameters of `settings.AUDIT_PARAMETERS`."""

    as_of: ir.IntegerScalar
    parameters: Mapping[str, Any]
    #: When a clause of the law is in force: its first and its last day.
    period: Callable[[str], tuple[int, int]]

    def days(self, name: str) -> int:
        """A parameter as a number of days."""
        return int(self.parameters[name])


Find = Callable[[Relations, Terms], ir.Table]
#: What else is judged anew when these records changed: the ids of further records. `steps` are those of what changed
#: and is judged by all rules anyway.
Widen = Callable[[Relations, ir.Table], ir.Table]


@dataclass(frozen=True)
class Rule:
    """One gap code of `audit.md`."""

    code: str
    severity: Literal["break", "flaw"]
    find: Find
    #: It may be found by nothing but time passing: the parameter to add to `since_day` for the day that it is from, or
    #: "" where that is the day.
    timed: str | None = None
    #: What else is judged anew when chains, organisations included, changed.
    widen: Widen | None = None
    #: Chains that reached an end and are not complete yet, for want of what this rule asks for in time: `record_id`.
    pending: Find | None = None
    #: The kind of record that it judges.
    of: Literal["battery", "batch", "lot"] = "battery"

    @property
    def name(self) -> str:
        """The one name of this rule: a gap code may be found by one rule for batteries and one for lots."""
        return self.code if self.of == "battery" else f"{self.code}_of_{self.of}"


#: What was found by a check, as a rule finds it: code, record, event, organisation, since day, evidence.
Row = tuple[str, int, int, int | None, int, str]


@dataclass(frozen=True)
class Judged:
    """What a check is asked: the last moment that is seen (ms), and which records; None for all there are."""

    end_ms: int
    parameters: Mapping[str, Any]
    records: Collection[int] | None = None


@dataclass(frozen=True)
class Check:
    """A gap code of batches that takes exact arithmetic, in Python, on every engine alike."""

    code: str
    severity: Literal["break", "flaw"]
    find: Callable[[Judged], Iterator[Row]]
    #: Which records it judges anew when others changed: given SQL for their `record_id` and `code`.
    widen: Callable[[str], Collection[int]]


def found(
    rows: ir.Table,
    *,
    record: ir.Value,
    since: ir.Value,
    event: ir.Value | None = None,
    organisation: ir.Value | None = None,
    **evidence: ir.Value | str,
) -> ir.Table:
    """Say of rows which gap each of them is."""
    none = ibis.null("int64")
    return rows.select(
        record_id=record,
        event_id=ibis.literal(0, "int64") if event is None else event,
        # Nullable everywhere, or a union of rules would take the first one's word for it.
        organisation_id=(none if organisation is None else organisation).cast(ibis.dtype("int64", nullable=True)),
        since_day=since,
        evidence=_written(evidence),
    )


def plain(text: ir.StringValue) -> ir.StringValue:
    """A text of people's own as a piece of evidence, which it cannot end."""
    return text.replace(SEPARATOR, "/")


def _written(evidence: Mapping[str, ir.Value | str]) -> ir.StringValue:
    written: Any = ibis.literal("")
    for name, value in evidence.items():
        if written is None:
            continue
        text = ibis.literal(value) if isinstance(value, str) else value.cast("string").fill_null("")
        written = written + ibis.literal(f"{name}=") + text + ibis.literal(SEPARATOR)
    return written


def write_evidence(**evidence: object) -> str:
    """Write evidence as rules do; what is None is left out."""
    told = {name: str(value).replace(SEPARATOR, "/") for name, value in evidence.items() if value is not None}
    return "".join(f"{name}={value}{SEPARATOR}" for name, value in told.items())


def read_evidence(written: str) -> dict[str, str]:
    """Take evidence apart again; what is empty is left out."""
    pairs = (piece.partition("=") for piece in written.split(SEPARATOR) if piece)
    return {name: value for name, _, value in pairs if value}


def has_role(roles: ir.StringValue, role: str) -> ir.BooleanValue:
    """Whether an organisation's roles, written with a space at both ends, hold this one."""
    return roles.contains(f" {role} ")
