"""What has to hold between rows: periods inside each other, versions that neither overlap nor leave a hole, units."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any, Generic, TypeVar

from traceability.law import vocabulary
from traceability.law.book import Clause, Dated
from traceability.law.faults import Fault, fault
from traceability.law.reading import Row

_DAY = timedelta(days=1)
D_co = TypeVar("D_co", bound=Dated, covariant=True)


@dataclass(frozen=True, slots=True)
class Entry(Generic[D_co]):
    """A value of the law and the row it was read from."""

    row: Row
    item: D_co


def backwards(entry: Entry[Dated]) -> Iterator[Fault]:
    """Find a period that ends before it begins."""
    begin, until = entry.item.in_force_from, entry.item.in_force_until
    if until is not None and until < begin:
        yield fault("backwards", entry.row.place("in_force_until"), begin=begin, until=until)


def outside(entry: Entry[Dated], parents: Iterable[Dated], name: str) -> Iterator[Fault]:
    """Find a period that reaches beyond that of what the row belongs to, all its versions together."""
    parents = list(parents)
    begin = min(parent.in_force_from for parent in parents)
    until = latest(parents)
    told = {"value": name, "begin": begin, "until": until or "…"}
    if entry.item.in_force_from < begin:
        yield fault("outside", entry.row.place("in_force_from"), **told)
    if until is not None and (entry.item.in_force_until is None or entry.item.in_force_until > until):
        yield fault("outside", entry.row.place("in_force_until"), **told)


def latest(items: Iterable[Dated]) -> date | None:
    """Give the last day of several periods; None when one of them has no end."""
    ends = [item.in_force_until for item in items]
    known = [end for end in ends if end is not None]
    return max(known) if len(known) == len(ends) else None


def succession(entries: Iterable[Entry[D_co]], name: Callable[[D_co], str]) -> Iterator[Fault]:
    """Find versions of one thing that are in force at the same time, or leave a time between them."""
    ordered = sorted(entries, key=lambda entry: (name(entry.item), entry.item.in_force_from))
    for one, two in pairwise(ordered):
        if name(one.item) != name(two.item):
            continue
        begin, end = two.item.in_force_from, one.item.in_force_until
        told: dict[str, Any] = {"value": name(two.item), "place": one.row.place()}
        if end is None or begin <= end:
            yield fault("overlap", two.row.place("in_force_from"), begin=begin, **told)
        elif begin > end + _DAY:
            yield fault("gap", two.row.place("in_force_from"), begin=end + _DAY, until=begin - _DAY, **told)


def duplicates(rows: Iterable[Row]) -> Iterator[Fault]:
    """Find a key that two rows have."""
    seen = set()
    for row in rows:
        if row.values["key"] in seen:
            yield fault("duplicate", row.place("key"), value=row.values["key"])
        seen.add(row.values["key"])


def measure(entry: Entry[Clause]) -> Iterator[Fault]:
    """Find an operator without its threshold and unit, or with what it has no use for."""
    clause, row = entry.item, entry.row
    compared = clause.operator in vocabulary.COMPARISONS
    if compared and clause.threshold is None:
        yield fault("threshold", row.place(), operator=clause.operator)
    if not compared and clause.threshold is not None:
        yield fault("no_threshold", row.place("threshold"), operator=clause.operator)
    allowed = vocabulary.UNITS.get(clause.operator, ("",))
    if clause.unit not in allowed:
        expected = ", ".join(allowed) or "–"
        yield fault("unit", row.place("unit"), value=clause.unit or "–", operator=clause.operator, expected=expected)
    if clause.unit == vocabulary.PERCENT and clause.threshold is not None and clause.threshold > 100:
        yield fault("percent", row.place("threshold"), value=clause.threshold)


def enforcement(row: Row) -> Iterator[Fault]:
    """Find what would be enforced without being certain enough."""
    if row.values.get("enforced") and row.values["certainty"] == vocabulary.PROVISIONAL:
        yield fault("enforced", row.place("enforced"))


def references(row: Row, key: str, table: str, known: Iterable[str]) -> Iterator[Fault]:
    """Find a reference that leads nowhere."""
    if key in row.values and row.values[key] not in known:
        yield fault("unknown_reference", row.place(key), value=row.values[key], table=table)


def alternatives(row: Row) -> Iterator[Fault]:
    """Find a row that leaves open what it belongs to or whom it is about."""
    if row.table == "clause" and ("edition" in row.values) == ("instrument" in row.values):
        yield fault("one_parent", row.place())
    if row.table == "deadline":
        if ("roles" in row.values) == bool(row.values.get("everyone_else")):
            yield fault("one_role", row.place())
        if row.values.get("retired_only") and row.values["events"] != ("received",):
            yield fault("retired_only", row.place("retired_only"))
