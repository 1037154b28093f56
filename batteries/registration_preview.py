"""The first rows of a sent file as they are read, with what each column is taken for."""

import json
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Final, cast

from batteries import registration_sheets as sheets
from batteries import table_headers
from batteries.registration_rows import COLUMNS
from batteries.registration_sheets import BadLine, Row
from traceability.errors import Problem

#: So many rows are shown, and so many characters of a cell.
ROWS: Final = 20
_CELL: Final = 80
#: In so many bytes of a text its first rows stand; the file may be of any size.
_HEAD: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Column:
    """A column: what the file calls it, and what it is read as; empty where nobody knows."""

    heading: str
    name: str


@dataclass(frozen=True, slots=True)
class Preview:
    """The columns of a table, and its first rows with the lines on which they begin."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]


def preview(path: Path, name: str = "") -> Preview:
    """Read the first rows of a file; `name` is what its sender calls it.

    Raises:
        Refusal: `encoding`, `workbook`: nothing of the file can be read.
    """
    with NamedTemporaryFile(suffix=Path(name).suffix) as file:
        with path.open("rb") as whole:
            head = whole.read(_HEAD)
        # A line that was cut is none of the first.
        file.write(head if len(head) < _HEAD else head[: head.rfind(b"\n") + 1] or head)
        file.flush()
        start = Path(file.name)
        found = sheets.survey(start, name)
        if found.kind == sheets.JSON_LINES:
            return _of_objects(start)
        if found.kind == sheets.WORKBOOK:
            return _of_table(sheets.read_workbook(path))
        return _of_table(sheets.read_csv(start, found))


def _of_table(rows: Iterator[Row | BadLine]) -> Preview:
    # The process that reads a workbook ends with it.
    with closing(cast(Any, rows)):
        _line, header, below = table_headers.opened(rows)
        if isinstance(header, Problem):
            return Preview((), ())
        columns = tuple(Column(_shown(cell), COLUMNS.get(table_headers.folded(cell), "")) for cell in header)
        read = tuple((line, _cells(cells, len(columns))) for line, cells in islice(below, ROWS))
    return Preview(columns, read)


def _cells(cells: list[str] | Problem, width: int) -> tuple[str, ...]:
    if isinstance(cells, Problem):
        return (_shown(str(cells.value)),)
    # Cells beyond the last column are told as an error of the row.
    return tuple(map(_shown, cells[:width]))


def _of_objects(path: Path) -> Preview:
    with path.open(encoding="utf-8-sig", errors="replace") as text:
        lines = [(number, line) for number, line in islice(enumerate(text, 1), ROWS) if line.strip()]
    objects = [(number, _object(line)) for number, line in lines]
    names = list(dict.fromkeys(name for _number, given in objects for name in given))
    rows = tuple((number, tuple(_shown(given.get(name, "")) for name in names)) for number, given in objects)
    return Preview(tuple(Column(name, name) for name in names), rows)


def _object(line: str) -> dict[str, str]:
    try:
        given = json.loads(line)
    except ValueError:
        given = None
    if not isinstance(given, dict):
        return {"": line}
    return {name: value if isinstance(value, str) else _written(value) for name, value in _flat(given)}


def _written(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _flat(given: dict[str, object]) -> Iterable[tuple[str, object]]:
    """The fields of a record, those of its details beside them."""
    for name, value in given.items():
        yield from value.items() if name == "details" and isinstance(value, dict) else [(name, value)]


def _shown(cell: str) -> str:
    text = cell.strip()
    return text if len(text) <= _CELL else f"{text[:_CELL]}…"
