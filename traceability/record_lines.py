"""Reading JSON Lines: one record a line, as it was sent, with what is wrong named by its line."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

from traceability import exact
from traceability.errors import Problem, Refusal

#: A line that is longer is no record: 100,000 parts fit.
LINE_LIMIT: Final = 4 * 1024 * 1024
_BOM: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a file: what it says, or why it cannot be read. `end` is the offset of the byte after it."""

    line: int
    end: int
    given: Any = None
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class BadRow:
    """One thing that is wrong with one line of a file."""

    line: int
    problem: Problem

    @property
    def column(self) -> str:
        """Where in the line: the path into it, `details.massKg`."""
        return ".".join(self.problem.path)

    def as_json(self) -> dict[str, Any]:
        """Write it for programs; the sentence is in the active language."""
        told = self.problem
        return {
            "line": self.line,
            "path": list(told.path),
            "column": self.column,
            "value": told.value,
            "code": told.code,
            "message": told.message,
        }

    def __str__(self) -> str:
        place = f"{self.line}: {self.column}" if self.problem.path else f"{self.line}"
        return f"{place}: {self.problem.message} ({self.problem.code})"


def read_rows(file: BinaryIO) -> Iterator[Row]:
    """Read a file line by line: UTF-8, blank lines skipped, numbers exact, lines of at most 4 MiB."""
    end = 0
    line = 0
    while chunk := file.readline(LINE_LIMIT + 1):
        line += 1
        end += len(chunk)
        if len(chunk) > LINE_LIMIT and not chunk.endswith(b"\n"):
            end += _skip_rest(file)
            yield Row(line, end, problem=Problem("line_length", (), {"limit": LINE_LIMIT}))
            continue
        if line == 1:
            chunk = chunk.removeprefix(_BOM)
        if chunk.strip():
            yield _read_row(line, end, chunk)


def _skip_rest(file: BinaryIO) -> int:
    """Pass over the rest of a line without keeping it; gives its length."""
    skipped = 0
    while chunk := file.readline(LINE_LIMIT):
        skipped += len(chunk)
        if chunk.endswith(b"\n"):
            break
    return skipped


def _read_row(line: int, end: int, chunk: bytes) -> Row:
    try:
        return Row(line, end, exact.loads(chunk.decode()))
    except UnicodeDecodeError as error:
        found = chunk[error.start : error.start + 1].hex()
        return Row(line, end, problem=Problem("line_encoding", (), {"value": f"0x{found}"}))
    except Refusal as refusal:
        return Row(line, end, problem=refusal.problems[0])
