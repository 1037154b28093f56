"""The heading of a sender's table: its columns in any order and either language, and what stands beside them."""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from batteries.registration_sheets import LINE_LIMIT, BadLine, Row, is_cut, undecoded
from traceability.cells import harmless
from traceability.errors import Problem

#: Headings of columns that say nothing of a row: none, and that of the errors in a copy.
_IGNORED: Final = frozenset({"", "errors", "错误"})
#: A header of more columns is no header of ours.
WIDEST: Final = 1_000


def opened(rows: Iterator[Row | BadLine]) -> tuple[int, list[str] | Problem, Iterator[Row | BadLine]]:
    """Take the first row that says anything as the header: its line, its cells, and the rows below as wide as it."""
    first = next((row for row in rows if isinstance(row[1], Problem) or any(c.strip() for c in row[1])), None)
    line, header = first or (1, [])
    if isinstance(header, Problem):
        return line, header, rows
    width = _width(header)
    if width == len(header):
        return line, header, rows
    return line, header[:width], _narrowed(rows, width, header)


def names_of(
    header: Sequence[str] | Problem, columns: Mapping[str, str], required: Iterable[str], expected: str
) -> tuple[list[str], list[Problem]]:
    """Tell what each column says, and what is wrong with the header.

    Args:
        columns: heading as `folded` gives it → name of what it says.
        required: the names that must be there.
        expected: the headings as a sender is told of them.
    """
    if isinstance(header, Problem):
        return [], [header]
    if len(header) > WIDEST:
        return [], [Problem("too_many", (), {"value": len(header), "limit": WIDEST})]
    cells = [cell.strip() for cell in header]
    names = [columns.get(folded(cell), "") for cell in cells]
    problems = [
        Problem("unknown_field", (cell[:100],), {"value": cell[:200], "expected": expected})
        for cell, name in zip(cells, names, strict=True)
        if not name
    ]
    problems += [
        Problem("duplicate", (cell,), {"value": cell})
        for cell, name in zip(cells, names, strict=True)
        if name and names.count(name) > 1
    ]
    problems += [Problem("missing_field", (name,), {"value": name}) for name in required if name not in names]
    return names, problems


def folded(cell: str) -> str:
    """A heading as it is looked up: half-width, lower case, without blanks."""
    return "".join(unicodedata.normalize("NFKC", cell[:200]).lower().split())


def unreadable(cells: list[str], width: int) -> Problem | None:
    """Say why a row cannot be read at all: too long, in another encoding, cut off."""
    if is_cut(cells):
        return Problem("line_length", (), {"limit": LINE_LIMIT})
    if found := undecoded(cells):
        return Problem("line_encoding", (), {"value": found})
    if len(cells) < width:
        # A row that was cut off says less than its writer meant.
        return Problem("cell_count", (), {"value": len(cells), "expected": width})
    return None


def _width(header: Sequence[str]) -> int:
    """How many columns a table has before empty ones and before the errors of a copy that comes back corrected."""
    width = len(header)
    while width and folded(header[width - 1]) in _IGNORED:
        width -= 1
    return width


def _narrowed(rows: Iterable[Row | BadLine], width: int, header: Sequence[str]) -> Iterator[Row | BadLine]:
    """Leave out what stands under the errors of a copy, and what is empty; give back cells as they were sent."""
    errors = {at for at in range(width, len(header)) if header[at].strip()}
    for line, cells in rows:
        if isinstance(cells, Problem):
            yield line, cells
            continue
        surplus = [cell for at, cell in enumerate(cells[width:], start=width) if at not in errors]
        cells = [*cells[:width], *(surplus if any(map(str.strip, surplus)) else ())]
        yield line, [_restored(cell) for cell in cells] if errors else cells


def _restored(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and harmless(cell[1:]) == cell else cell
