"""Rows to a book: what a row leaves out is taken from what it belongs to; then everything is checked."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from traceability.law import checking, vocabulary
from traceability.law.book import Book, Clause, Deadline, Edition, GapRule, Instrument
from traceability.law.checking import Entry
from traceability.law.faults import BrokenLaw, Fault
from traceability.law.reading import Row, Rows, read_folder


def load(folder: Path) -> Book:
    """Read and check the law of a folder.

    Raises:
        BrokenLaw: with everything that is wrong; of what the shapes of rows hide, nothing is told until they are right.
    """
    read = read_folder(folder)
    _stop(read.faults)
    tables = {table: [row for row in read.rows if row.table == table] for table in _ORDER}
    _stop(chain(_rows_by_themselves(read), _references(tables)))
    law = _Resolved(tables)
    _stop(law.faults())
    return Book(
        digest=_digest(read.said),
        instruments=tuple(entry.item for entry in law.instruments),
        editions=tuple(entry.item for entry in law.editions),
        clauses=tuple(entry.item for entry in law.clauses),
        deadlines=tuple(entry.item for entry in law.deadlines),
        gaps=tuple(entry.item for entry in law.gaps),
    )


_ORDER = ("instrument", "edition", "clause", "deadline", "gap")


def _stop(faults: Iterable[Fault]) -> None:
    if found := list(faults):
        raise BrokenLaw(found)


def _digest(said: Mapping[str, Any]) -> str:
    """Hash what the files say: neither comments nor the way it is written change it."""
    text = json.dumps(said, default=date.isoformat, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _rows_by_themselves(read: Rows) -> Iterator[Fault]:
    for row in read.rows:
        yield from checking.alternatives(row)
        yield from checking.enforcement(row)


def _references(tables: Mapping[str, list[Row]]) -> Iterator[Fault]:
    keys = {table: {row.values["key"] for row in tables[table]} for table in ("instrument", "edition", "clause")}
    for table in ("instrument", "edition"):
        yield from checking.duplicates(tables[table])
    for row in chain.from_iterable(tables.values()):
        for key, known in keys.items():
            yield from checking.references(row, key, key, known)


class _Resolved:
    """All rows as values, with what they inherit, each beside its row."""

    def __init__(self, tables: Mapping[str, list[Row]]) -> None:
        self.instruments = [Entry(row, Instrument(**_period(row), **_named(row))) for row in tables["instrument"]]
        self._instruments = {entry.item.key: entry.item for entry in self.instruments}
        self.editions = [
            Entry(row, Edition(**_period(row), **_named(row), instrument=row.values["instrument"]))
            for row in tables["edition"]
        ]
        self._editions = {entry.item.key: entry.item for entry in self.editions}
        self.clauses = [Entry(row, self._clause(row)) for row in tables["clause"]]
        self._versions: dict[str, list[Clause]] = {}
        for entry in self.clauses:
            self._versions.setdefault(entry.item.key, []).append(entry.item)
        self.deadlines = [Entry(row, one) for row in tables["deadline"] for one in self._deadlines(row)]
        self.gaps = [Entry(row, self._gap(row)) for row in tables["gap"]]

    def faults(self) -> Iterator[Fault]:
        """Find what is wrong between the rows; periods are judged by each other only when each is one."""
        everything = [*self.instruments, *self.editions, *self.clauses, *self.deadlines, *self.gaps]
        found = list(chain.from_iterable(map(checking.backwards, everything)))
        found += chain.from_iterable(map(checking.measure, self.clauses))
        yield from _once(found or chain(self._outside(), self._successions()))

    def _outside(self) -> Iterator[Fault]:
        for edition in self.editions:
            parent = self._instruments[edition.item.instrument]
            yield from checking.outside(edition, [parent], parent.key)
        for clause in self.clauses:
            above = self._above(clause.row)
            yield from checking.outside(clause, [above], above.key)
        resting: list[Entry[Deadline] | Entry[GapRule]] = [*self.deadlines, *self.gaps]
        for entry in resting:
            if entry.item.clause is not None:
                yield from checking.outside(entry, self._versions[entry.item.clause], entry.item.clause)

    def _successions(self) -> Iterator[Fault]:
        yield from checking.succession(self.editions, lambda edition: edition.instrument)
        yield from checking.succession(self.clauses, lambda clause: clause.key)
        yield from checking.succession(self.deadlines, lambda one: f"{one.role or 'everyone_else'} {one.event}")
        yield from checking.succession(self.gaps, lambda rule: rule.gap)

    def _above(self, row: Row) -> Instrument | Edition:
        if "edition" in row.values:
            return self._editions[row.values["edition"]]
        return self._instruments[row.values["instrument"]]

    def _clause(self, row: Row) -> Clause:
        above, values = self._above(row), row.values
        return Clause(
            **_period(row, above.in_force_from, above.in_force_until),
            key=values["key"],
            instrument=above.instrument if isinstance(above, Edition) else above.key,
            edition=values.get("edition"),
            chapter=values["chapter"],
            title_zh=values["title_zh"],
            title_en=values["title_en"],
            text_zh=values["text_zh"],
            text_en=values["text_en"],
            operator=values["operator"],
            threshold=values.get("threshold"),
            unit=values.get("unit", ""),
            who=values["who"],
            process=values.get("process"),
            applications=values.get("applications", ()),
            years=values.get("years"),
            by=values.get("by"),
            enforced=_enforced(row),
            source=values.get("source", above.source),
            source_zh=values.get("source_zh") or values.get("source") or above.source_zh,
        )

    def _deadlines(self, row: Row) -> Iterator[Deadline]:
        """One for each role and event that the row names."""
        versions = self._versions[row.values["clause"]]
        make = partial(
            Deadline,
            **_period(row, min(one.in_force_from for one in versions), checking.latest(versions)),
            retired_only=row.values.get("retired_only", False),
            days=row.values["days"],
            working=row.values["working"],
            enforced=_enforced(row),
            clause=row.values["clause"],
        )
        for role in row.values.get("roles", (None,)):
            for event in row.values["events"]:
                yield make(role=role, event=event)

    def _gap(self, row: Row) -> GapRule:
        clause = row.values.get("clause")
        versions = self._versions[clause] if clause else []
        begin = min((one.in_force_from for one in versions), default=date.min)
        period = _period(row, begin, checking.latest(versions) if versions else None)
        period["certainty"] = row.values.get("certainty", versions[-1].certainty if versions else vocabulary.FIRM)
        notes = {name: row.values[name] for name in ("note_zh", "note_en")}
        return GapRule(**period, gap=row.values["code"], clause=clause, **notes)


def _period(row: Row, begin: date = date.min, until: date | None = None) -> dict[str, Any]:
    values = row.values
    return {
        "in_force_from": values.get("in_force_from", begin),
        "in_force_until": values.get("in_force_until", until),
        "certainty": values.get("certainty", ""),
    }


def _named(row: Row) -> dict[str, Any]:
    named = {name: row.values[name] for name in ("key", "title_zh", "title_en", "number", "source")}
    return named | {"source_zh": row.values.get("source_zh") or row.values["source"]}


def _enforced(row: Row) -> bool:
    return bool(row.values.get("enforced", row.values["certainty"] != vocabulary.PROVISIONAL))


def _once(faults: Iterable[Fault]) -> list[Fault]:
    """A row that names several roles is told of once."""
    told = {(one.code, one.place): one for one in reversed(list(faults))}
    return list(reversed(told.values()))
