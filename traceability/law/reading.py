"""Files to rows: TOML, the known tables and keys, each value of its kind; and at which line it stands."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from traceability.law.faults import Fault, Place, fault
from traceability.law.tables import OPTIONAL, TABLES, Unreadable

_HEADER: Final = re.compile(r"\s*\[\[?\s*([\w-]+)\s*\]\]?\s*(?:#.*)?")
_ASSIGNED: Final = re.compile(r"\s*([\w-]+)\s*=")
_AT_LINE: Final = re.compile(r"\s*\(at line (\d+), column \d+\)")
_LONG: Final = ('"""', "'''")


@dataclass(frozen=True, slots=True)
class Row:
    """One table of a file, its values read."""

    table: str
    values: Mapping[str, Any]
    file: str
    number: int
    lines: Mapping[str, int]

    def place(self, key: str = "") -> Place:
        """Say where a key stands; for one that was left out, where the table begins."""
        path = f"{self.table}[{self.number}]"
        return Place(self.file, self.lines.get(key, self.lines.get("", 0)), f"{path}.{key}" if key else path)


@dataclass(slots=True)
class Rows:
    """Everything that a folder holds: rows, what the files said, and what was wrong with them."""

    rows: list[Row] = field(default_factory=list)
    said: dict[str, Any] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


def read_folder(folder: Path) -> Rows:
    """Read every file of law in a folder, in order of name."""
    read = Rows()
    paths = sorted(folder.glob("*.toml"))
    if not paths:
        read.faults.append(fault("no_files", Place(str(folder))))
    for path in paths:
        _read_file(path, read)
    return read


def _read_file(path: Path, read: Rows) -> None:
    try:
        # Some editors put a mark before UTF-8, which TOML does not know.
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        read.faults.append(fault("unreadable", Place(path.name), value=error))
        return
    try:
        said = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        read.faults.append(_not_toml(path.name, text, str(error)))
        return
    read.said[path.name] = said
    lines = _lines(text)
    for table, rows in said.items():
        place = Place(path.name, lines.get((table, 1), {}).get("", 0) or _line_of(text, table), table)
        if table not in TABLES:
            read.faults.append(fault("unknown_table", place, value=table, expected=", ".join(TABLES)))
        elif not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            read.faults.append(fault("not_tables", place, value=table))
        else:
            for number, values in enumerate(rows, start=1):
                row = Row(table, values, path.name, number, lines.get((table, number), {}))
                read.rows.append(_read_row(row, read.faults))


def _read_row(row: Row, faults: list[Fault]) -> Row:
    """Give the row with its values read; what cannot be read is left out and told."""
    kinds, values = TABLES[row.table], {}
    for key, value in row.values.items():
        if key not in kinds:
            faults.append(fault("unknown_key", row.place(key), value=key, expected=", ".join(kinds)))
            continue
        try:
            values[key] = kinds[key].read(value)
        except Unreadable:
            faults.append(fault("wrong_value", row.place(key), value=value, expected=kinds[key].expected))
    missing = [key for key in kinds if key not in row.values and key not in OPTIONAL[row.table]]
    faults += [fault("missing_key", row.place(), value=key) for key in missing]
    return Row(row.table, values, row.file, row.number, row.lines)


def _not_toml(name: str, text: str, told: str) -> Fault:
    """Take the line out of the parser's sentence; it calls the last one by another name."""
    found = _AT_LINE.search(told)
    line = int(found[1]) if found else text.count("\n") + 1
    return fault("toml", Place(name, line), value=_AT_LINE.sub("", told))


def _lines(text: str) -> dict[tuple[str, int], dict[str, int]]:
    """Find where each table and each of its keys stand: (table, number) → key → line; "" is the table itself.

    The parser keeps no lines. This knows as much of TOML as a tidy file needs; a line that is missed is told as that
    of its table.
    """
    found: dict[tuple[str, int], dict[str, int]] = {}
    counts: dict[str, int] = {}
    keys: dict[str, int] = {}
    for number, line in _outside_long_texts(text):
        if header := _HEADER.fullmatch(line):
            table = header[1]
            counts[table] = counts.get(table, 0) + 1
            keys = found[table, counts[table]] = {"": number}
        elif assigned := _ASSIGNED.match(line):
            keys.setdefault(assigned[1], number)
    return found


def _outside_long_texts(text: str) -> Iterator[tuple[int, str]]:
    """Number the lines that do not begin inside a text of several lines."""
    inside = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if not inside:
            yield number, line
        for mark in _LONG:
            if inside in ("", mark) and line.count(mark) % 2:
                inside = "" if inside else mark


def _line_of(text: str, key: str) -> int:
    """Where a key outside all tables stands."""
    for number, line in _outside_long_texts(text):
        if (assigned := _ASSIGNED.match(line)) and assigned[1] == key:
            return number
    return 0
