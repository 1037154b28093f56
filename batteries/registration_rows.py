"""What makers write down, row by row: one battery a row of a table, or `produced` records in JSON Lines.

A day without a time, or a time without an offset, is taken at +08:00: people fill in days of the Chinese calendar.
A row without `produced_at` was produced on the day that its code says, at 00:00.

Most rows of a large file are plain: they pass in blocks, column by column, by tables of what was read before. Every
other row is read with care, by the functions that read a single battery; a test keeps both at the same answers.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

from batteries import table_headers
from batteries.battery_code import are_plain, day_of
from batteries.registration import CHINA, read_produced, start_of
from batteries.registration_families import listed
from batteries.registration_packing import Packer
from batteries.registration_sheets import BadLine, Lines, Number, Row
from batteries.registration_staging import RANKS, Columns, Staged, Staging
from traceability import body, identity
from traceability.errors import Problem, Refusal, refuse
from traceability.facts import Fact, exact_json, read_fact
from traceability.record_lines import read_rows
from traceability.shapes import FIELDS
from traceability.values import Context, read_moment

#: Header as written (half-width, lower case, without blanks) → what it says.
COLUMNS: Final = {
    "code": "code",
    "model": "model",
    "mass_kg": "massKg",
    "produced_at": "producedAt",
    "parent_code": "parent",
    "编码": "code",
    "电池编码": "code",
    "型号": "model",
    "质量": "massKg",
    "质量(kg)": "massKg",
    "生产时间": "producedAt",
    "生产日期": "producedAt",
    "上级编码": "parent",
}
_ENGLISH: Final = "code, model, mass_kg, produced_at, parent_code"
_NAMES: Final = ("code", "model", "massKg", "producedAt", "parent")
#: A record's path → what a row's column says.
_SAID: Final = {"battery": "code", "occurredAt": "producedAt"}
_DAY: Final = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T]*(\d\d?:\d\d(?::\d\d)?))?", re.ASCII)
BATCH: Final = 10_000
_REMEMBERED: Final = 50_000
_PRODUCED: Final = FIELDS["produced"]


class _Memory(dict[str, Any]):
    """Remembers what a text was read as; None for one that has to be read with care."""

    def __init__(self, read: Callable[[str], Any]) -> None:
        super().__init__()
        self._read = read

    def __missing__(self, text: str) -> Any:
        if len(self) >= _REMEMBERED:
            self.clear()
        try:
            value = self._read(text.strip())
        except Refusal:
            value = None
        self[text] = value
        return value


class TableReader:
    """Reads the rows of one table into a staging."""

    def __init__(self, staging: Staging, organisation: str, digest: str, today: date) -> None:
        self._staging = staging
        self._organisation = organisation
        self._digest = digest
        self._today = today
        self._names: list[str] = []
        self._headings: list[str] = []
        #: What the file calls each column.
        self.said: Mapping[str, str] = {}
        context = Context(today)
        self._days = _Memory(lambda letters: self._start(f"{'0' * 14}{letters}"))
        self._models = _Memory(lambda text: _PRODUCED["model"].read(text, context) if text else "")
        self._masses = _Memory(lambda text: _PRODUCED["massKg"].read(text, context) if text else "")
        self._moments = _Memory(lambda text: read_moment(in_china(text)) if text else -1)

    def _start(self, code: str) -> int | None:
        """The moment at which the day that a code says begins; None for no day, or one to come."""
        day = day_of(code)
        return read_moment(start_of(day)) if day is not None and day <= self._today else None

    def read(
        self,
        rows: Iterator[Row | BadLine],
        heard: Callable[[int], None],
        lines: Callable[[int], Iterator[Lines]] | None = None,
    ) -> None:
        """Take the header and every row.

        Args:
            heard: called with the line now and then.
            lines: gives what stands below a line, quicker than `rows`, where every line of the table is a row.
        """
        line, header, below = table_headers.opened(rows)
        names = self._header(line, header)
        if names is None:
            self._staging.unusable = True
            self._staging.count = sum(isinstance(cells, Problem) or any(map(str.strip, cells)) for _, cells in below)
            return
        assert not isinstance(header, Problem)
        self._names, self._headings = names, [cell.strip() for cell in header]
        self.said = dict(zip(names, self._headings, strict=True))
        packer = Packer(self._staging)
        if lines is not None and below is rows:
            for block in lines(line):
                packer.add(self._of_lines(block))
                heard(block.before)
        else:
            for some in _blocks(below):
                packer.add(self._good(some))
                heard(some[-1][0])
        packer.close()

    def _of_lines(self, block: Lines) -> Columns:
        """The good rows among lines."""
        columns = block.columns(len(self._names))
        first = block.before + 1
        plain = self._plain(range(first, first + len(block.texts)), columns) if columns else None
        return self._good(list(block.rows())) if plain is None else plain

    def _good(self, rows: list[Row | BadLine]) -> Columns:
        """The good ones of these rows; a row that says anything unusual is found by halves, and read with care."""
        cells = [cells for _line, cells in rows if type(cells) is list and len(cells) == len(self._names)]
        if rows and len(cells) == len(rows):
            columns = [list(map(itemgetter(at), cells)) for at in range(len(self._names))]
            plain = self._plain([line for line, _cells in rows], columns)
            if plain is not None:
                return plain
        if len(rows) > 1:
            middle = len(rows) // 2
            return self._good(rows[:middle]).followed_by(self._good(rows[middle:]))
        return self._careful(*rows[0]) if rows else Columns.none()

    def _plain(self, lines: Sequence[int], columns: Sequence[list[str]]) -> Columns | None:
        """Read rows that say nothing unusual; None when there is any other."""
        cells = dict.fromkeys(_NAMES, [""] * len(lines)) | dict(zip(self._names, columns, strict=True))
        codes, parents = cells["code"], cells["parent"]
        built_in = set(parents) - {""}
        if not are_plain(codes) or not are_plain(built_in):
            return None
        days = {letters: self._days[letters] for letters in {code[14:17] for code in (*codes, *built_in)}}
        models = list(map(self._models.__getitem__, cells["model"]))
        masses = list(map(self._masses.__getitem__, cells["massKg"]))
        moments = list(map(self._moments.__getitem__, cells["producedAt"]))
        if None in days.values() or None in models or None in masses or None in moments:
            return None
        self._staging.count += len(lines)
        return Columns(
            list(lines),
            codes,
            parents,
            models,
            [mass or None for mass in masses],
            [days[code[14:17]] if ms == -1 else ms for code, ms in zip(codes, moments, strict=True)],
        )

    def _header(self, line: int, header: Sequence[str] | Problem) -> list[str] | None:
        """Give what each column says; a wrong header is told once, and no row of the file is taken."""
        names, problems = table_headers.names_of(header, COLUMNS, ("code",), _ENGLISH)
        self._staging.refuse(line, *problems)
        return None if problems else names

    def _careful(self, line: int, cells: list[str] | Problem) -> Columns:
        """Read a row with everything that may be wrong with it."""
        staging, names, header = self._staging, self._names, self._headings
        if isinstance(cells, Problem):
            staging.count += 1
            staging.refuse(line, cells)
            return Columns.none()
        trimmed = [cell if isinstance(cell, Number) else cell.strip() for cell in cells]
        if not any(trimmed):
            return Columns.none()
        staging.count += 1
        if unreadable := table_headers.unreadable(cells, len(header)):
            staging.refuse(line, unreadable)
            return Columns.none()
        columns = dict(zip(names, header, strict=True))
        given: dict[str, Any] = {name: cell for name, cell in zip(names, trimmed) if cell and name}  # noqa: B905 (rows may be long)
        problems = [Problem("unknown_field", (), {"value": cell[:200]}) for cell in trimmed[len(header) :] if cell]
        numeric = [name for name in ("code", "parent") if isinstance(given.get(name), Number)]
        problems += [Problem("numeric_code", (columns[name],), {"value": given[name]}) for name in numeric]
        if "producedAt" in given:
            given["producedAt"] = in_china(given["producedAt"])
        fact = None
        try:
            fact = read_produced(given, self._organisation, key=self._digest, today=self._today, path=("", ""))
            if identity.is_provisional(fact.code):
                wrong = {"value": fact.code, "expected": "GB/T 34014"}
                problems.append(Problem("wrong_value", (columns["code"],), wrong))
        except Refusal as refusal:
            found = [replace(problem, path=_column(problem.path[2:], columns)) for problem in refusal.problems]
            # That a code is a number says why it is wrong.
            problems += [p for p in found if p.path not in {(columns[name],) for name in numeric}]
        if problems or fact is None:
            staging.refuse(line, *problems)
            return Columns.none()
        said = fact.details
        parent, model, mass = said.get("parent", ""), said.get("model", ""), said.get("massKg")
        return Columns([line], [fact.code], [parent], [model], [mass], [fact.occurred_ms])


def _blocks(rows: Iterable[Row | BadLine]) -> Iterator[list[Row | BadLine]]:
    """Rows in lists that are bounded in what they hold, however long a cell is."""
    block: list[Row | BadLine] = []
    size = 0
    for row in rows:
        block.append(row)
        size += 1 if isinstance(row[1], Problem) else 1 + sum(map(len, row[1])) // 100
        if size >= BATCH:
            yield block
            block, size = [], 0
    if block:
        yield block


def _column(path: tuple[str, ...], columns: Mapping[str, str]) -> tuple[str, ...]:
    """Name the column of the file that a path into the record came from."""
    if not path:
        return ()
    name = path[1] if path[0] == "details" and len(path) > 1 else _SAID.get(path[0], path[0])
    return (columns.get(name, name),)


def in_china(text: str) -> str:
    """Complete a day, or a time without an offset, to a moment at +08:00; anything else stays as it is."""
    match = _DAY.fullmatch(unicodedata.normalize("NFKC", text[:100]))
    if match is not None:
        year, month, day, time = match.groups()
        clock = (time or "0:00").zfill(8 if time and time.count(":") > 1 else 5)
        text = f"{year}-{month:0>2}-{day:0>2}T{clock}"
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return (moment if moment.tzinfo else moment.replace(tzinfo=CHINA)).isoformat()


# Records -------------------------------------------------------------------------------------------------------------


def read_records(
    path: Path, staging: Staging, organisation: str, digest: str, today: date, heard: Callable[[int], None]
) -> None:
    """Take every record of a JSON Lines file."""
    with path.open("rb") as file:
        for row in read_rows(file):
            staging.count += 1
            if staging.count % 1_000 == 0:
                heard(row.line)
            if row.problem is not None:
                staging.refuse(row.line, row.problem)
                continue
            try:
                fact = _read_record(row.given, organisation, digest, today)
            except Refusal as refusal:
                staging.refuse(row.line, *refusal.problems)
                continue
            staging.add([_staged(row.line, fact, digest)])
            if parts := fact.details.get("components"):
                staging.add_parts(row.line, listed(fact.code, parts))


def _read_record(given: Any, organisation: str, digest: str, today: date) -> Fact:
    """Read one record; one without a key of its own has the file's, one without an organisation the caller's."""
    if isinstance(given, Mapping):
        default = {"type": "produced", "organisation": organisation, "key": f"{digest}#{given.get('battery')}"[:200]}
        given = {**default, **given}
    fact = read_fact(given, today=today)
    if fact.type != "produced":
        raise refuse("wrong_value", ("type",), value=fact.type, expected="produced")
    if fact.organisation != organisation:
        raise refuse("not_own_name", ("organisation",), value=fact.organisation)
    if identity.is_provisional(fact.code):
        raise refuse("wrong_value", ("battery",), value=fact.code, expected="GB/T 34014")
    if "key" not in given or given["key"].startswith(f"{digest}#"):
        # The code as it was normalised, so that the key does not depend on how it was written.
        return replace(fact, key=f"{digest}#{fact.code}")
    return fact


def _staged(line: int, fact: Fact, digest: str) -> Staged:
    details = fact.details
    tree = body.canonical(details["components"]).decode() if details.get("components") else None
    rest = {"site": fact.site, "attachments": fact.attachments, "extra": details.get("extra")}
    told = {name: value for name, value in rest.items() if value}
    return Staged(
        line,
        fact.code,
        details.get("parent"),
        RANKS[fact.code[3]],
        details.get("model", ""),
        details.get("massKg"),
        fact.occurred_ms,
        None if fact.key == f"{digest}#{fact.code}" else fact.key,
        tree,
        exact_json(told) if told else None,
        # A part that is of no lower level is for the ledger to refuse.
        int(any(RANKS[code[3]] >= RANKS[fact.code[3]] for code in _codes(details.get("components", ())))),
    )


def _codes(parts: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for part in parts:
        yield part["code"]
        yield from _codes(part.get("components", ()))
