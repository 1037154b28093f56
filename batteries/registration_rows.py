"""Reading registration files: CSV as people and their systems write it, or JSON Lines of `produced` records.

A day without a time, or a time without an offset, is taken at +08:00: people fill in days of the Chinese calendar.
A row without `produced_at` was produced on the day that its code says, at 00:00.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from hashlib import sha256
from typing import Any, Final

from batteries.registration import CHINA, read_produced
from traceability import identity
from traceability.errors import Problem, Refusal, refuse
from traceability.facts import Fact, read_fact
from traceability.record_lines import BadRow, read_rows

#: Header as written (half-width, lower case, without blanks) → what it says.
COLUMNS: Final = {
    "code": "code",
    "model": "model",
    "mass_kg": "massKg",
    "produced_at": "producedAt",
    "parent_code": "parent",
    "编码": "code",
    "型号": "model",
    "质量": "massKg",
    "质量(kg)": "massKg",
    "生产时间": "producedAt",
    "生产日期": "producedAt",
    "上级编码": "parent",
}
_ENGLISH: Final = "code, model, mass_kg, produced_at, parent_code"
_DELIMITERS: Final = ",;\t"
#: A record's path → what a row's column says.
_SAID: Final = {"battery": "code", "occurredAt": "producedAt"}
_DAY: Final = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T]*(\d\d?:\d\d(?::\d\d)?))?", re.ASCII)


@dataclass(slots=True)
class Item:
    """One good row: a battery as a `produced` fact, with the battery it is built into, if it names one."""

    line: int
    fact: Fact
    parent: str | None
    #: What the file calls the column of the parent.
    parent_path: tuple[str, ...]


@dataclass(slots=True)
class Rows:
    """A file as it was read: its good rows, and what is wrong with the others."""

    items: list[Item] = field(default_factory=list)
    problems: list[BadRow] = field(default_factory=list)
    #: Lines with a row on them, good or bad.
    count: int = 0
    #: The header is wrong: nothing can be taken.
    unusable: bool = False

    def refuse(self, line: int, *problems: Problem) -> None:
        """Note what is wrong with a row."""
        self.problems += [BadRow(line, problem) for problem in problems]


def read_file(data: bytes, *, organisation: str, today: date, json_lines: bool = False) -> Rows:
    """Read a whole file; every row has the key `<SHA-256 of the file>#<code>`.

    Raises:
        Refusal: `encoding`, when it is text in neither UTF-8 nor GB 18030.
    """
    key = sha256(data).hexdigest()
    rows = Rows()
    start = data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if json_lines or start == b"{":
        _read_json(data, rows, organisation, key, today)
    else:
        _read_csv(_decoded(data), rows, organisation, key, today)
    _drop_repeated(rows)
    return rows


def _drop_repeated(rows: Rows) -> None:
    """A battery has one row; any other is a mistake, also when it says the same."""
    seen: set[str] = set()
    items = []
    for item in rows.items:
        if item.fact.code in seen:
            rows.refuse(item.line, Problem("duplicate", (item.fact.path[-1],), {"value": item.fact.code}))
        else:
            items.append(item)
        seen.add(item.fact.code)
    rows.items = items


# CSV -----------------------------------------------------------------------------------------------------------------


def _decoded(data: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            pass
    raise refuse("encoding")


def _read_csv(text: str, rows: Rows, organisation: str, key: str, today: date) -> None:
    header_line = next((line for line in io.StringIO(text) if line.strip()), "")
    delimiter = max(_DELIMITERS, key=header_line.count)
    # Line breaks are left to the csv module, which knows those inside quotes.
    lines = _lines(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True), rows)
    header_at, header = next(lines, (1, []))
    names = _read_header(header_at, header, rows)
    for line, cells in lines:
        rows.count += 1
        _read_cells(line, cells, header, names, rows, organisation, key, today)


def _lines(reader: Any, rows: Rows) -> Iterator[tuple[int, list[str]]]:
    """Give the rows that say anything, trimmed, with the line each begins on; text that is no CSV ends them."""
    while True:
        line = reader.line_num + 1
        try:
            cells = [cell.strip() for cell in next(reader)]
        except StopIteration:
            return
        except csv.Error as error:
            rows.refuse(line, Problem("wrong_value", (), {"value": str(error), "expected": "CSV"}))
            rows.unusable = True
            return
        if any(cells):
            yield line, cells


def _read_header(line: int, header: Sequence[str], rows: Rows) -> list[str]:
    """Give what each column says; a wrong header is told once, and no row of the file is taken."""
    names = [COLUMNS.get(_folded(cell), "") for cell in header]
    for cell, name in zip(header, names, strict=True):
        if not name:
            rows.refuse(line, Problem("unknown_field", (cell,), {"value": cell, "expected": _ENGLISH}))
        elif names.count(name) > 1:
            rows.refuse(line, Problem("duplicate", (cell,), {"value": cell}))
    if "code" not in names:
        rows.refuse(line, Problem("missing_field", ("code",), {"value": "code"}))
    rows.unusable = bool(rows.problems)
    return names


def _folded(cell: str) -> str:
    return "".join(unicodedata.normalize("NFKC", cell).lower().split())


def _read_cells(
    line: int,
    cells: Sequence[str],
    header: Sequence[str],
    names: Sequence[str],
    rows: Rows,
    organisation: str,
    key: str,
    today: date,
) -> None:
    columns = dict(zip(names, header, strict=True))
    given: dict[str, Any] = {name: cell for name, cell in zip(names, cells) if cell and name}  # noqa: B905 (rows may be short)
    problems = [Problem("unknown_field", (), {"value": cell[:200]}) for cell in cells[len(header) :] if cell]
    if "producedAt" in given:
        given["producedAt"] = in_china(given["producedAt"])
    try:
        fact = read_produced(given, organisation, key=key, today=today, path=(str(line), columns.get("code", "code")))
        if identity.is_provisional(fact.code):
            problems.append(Problem("wrong_value", ("battery",), {"value": fact.code, "expected": "GB/T 34014"}))
    except Refusal as refusal:
        problems += [replace(problem, path=problem.path[2:]) for problem in refusal.problems]
    if problems:
        told = [replace(problem, path=_column(problem.path, columns)) for problem in problems]
        rows.refuse(line, *told)
        return
    rows.items.append(_item(line, fact, (columns.get("parent", "parent_code"),)))


def _column(path: tuple[str, ...], columns: Mapping[str, str]) -> tuple[str, ...]:
    """Name the column of the file that a path into the record came from."""
    if not path:
        return ()
    name = path[1] if path[0] == "details" and len(path) > 1 else _SAID.get(path[0], path[0])
    return (columns.get(name, name),)


def in_china(text: str) -> str:
    """Complete a day, or a time without an offset, to a moment at +08:00; anything else stays as it is."""
    match = _DAY.fullmatch(unicodedata.normalize("NFKC", text))
    if match is not None:
        year, month, day, time = match.groups()
        clock = (time or "0:00").zfill(8 if time and time.count(":") > 1 else 5)
        text = f"{year}-{month:0>2}-{day:0>2}T{clock}"
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return (moment if moment.tzinfo else moment.replace(tzinfo=CHINA)).isoformat()


# JSON Lines ----------------------------------------------------------------------------------------------------------


def _read_json(data: bytes, rows: Rows, organisation: str, key: str, today: date) -> None:
    for row in read_rows(io.BytesIO(data)):
        rows.count += 1
        if row.problem is not None:
            rows.refuse(row.line, row.problem)
            continue
        try:
            fact = _read_record(row.given, organisation, key, today)
        except Refusal as refusal:
            rows.refuse(row.line, *refusal.problems)
            continue
        rows.items.append(_item(row.line, replace(fact, path=(str(row.line), "battery")), ("details", "parent")))


def _read_record(given: Any, organisation: str, key: str, today: date) -> Fact:
    """Read one record; one without a key of its own has the file's, one without an organisation the caller's."""
    if isinstance(given, Mapping):
        default = {"type": "produced", "organisation": organisation, "key": f"{key}#{given.get('battery')}"[:200]}
        given = {**default, **given}
    fact = read_fact(given, today=today)
    if fact.type != "produced":
        raise refuse("wrong_value", ("type",), value=fact.type, expected="produced")
    if fact.organisation != organisation:
        raise refuse("not_own_name", ("organisation",), value=fact.organisation)
    if identity.is_provisional(fact.code):
        raise refuse("wrong_value", ("battery",), value=fact.code, expected="GB/T 34014")
    if "key" not in given or given["key"].startswith(f"{key}#"):
        # The code as it was normalised, so that the key does not depend on how it was written.
        return replace(fact, key=f"{key}#{fact.code}")
    return fact


def _item(line: int, fact: Fact, parent_path: tuple[str, ...]) -> Item:
    return Item(line, fact, fact.details.get("parent"), parent_path)
