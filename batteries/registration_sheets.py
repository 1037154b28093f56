"""A sender's table, row by row: CSV in UTF-8 or GB 18030, and workbooks (XLSX), in little memory whatever their size.

A file is surveyed once before it is read: its digest, its kind, its encoding. What cannot be read on one line is a
problem of that line; only what is no table at all is refused whole.
"""

import csv
import io
import re
import subprocess
import sys
from codecs import getincrementaldecoder
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

import orjson

from traceability.errors import Problem, refuse

CSV, WORKBOOK, JSON_LINES = "csv", "xlsx", "jsonl"
BLOCK: Final = 1 << 20
#: A line that is longer is no row: a row has a few cells of some dozen characters.
LINE_LIMIT: Final = 4 * 1024 * 1024
#: A cell that is longer is not kept whole: no value has so many characters.
CELL_LIMIT: Final = 1 << 20
#: A row does not go on over more lines: then a quotation mark was left open.
ROW_LINES: Final = 100
_BOM: Final = b"\xef\xbb\xbf"
_JSON_NAMES: Final = (".jsonl", ".ndjson", ".json")
#: Bytes that the encoding does not have, as Python keeps them.
_UNDECODED: Final = re.compile("[\ud800-\udfff]")
#: Stands for a line that was too long to keep.
_CUT: Final = "\uffff"

csv.field_size_limit(CELL_LIMIT)


class Number(str):
    """The text of a cell that a workbook keeps as a number: a spreadsheet shortens long ones."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Survey:
    """What has to be known of a file before its first row is read."""

    kind: str
    digest: str
    size: int
    lines: int
    encoding: str = ""
    #: Some line is longer than a row can be.
    overlong: bool = False
    #: It has quotation marks, within which a row may go on over several lines.
    quoted: bool = False

    @property
    def has_row_lines(self) -> bool:
        """Whether every line of the table is a row of its own, of a length to keep."""
        return self.kind == CSV and not self.quoted and not self.overlong


Row = tuple[int, list[str]]
BadLine = tuple[int, Problem]


def survey(path: Path, name: str = "") -> Survey:
    """Read a file once through; `name` is what its sender calls it.

    Raises:
        Refusal: `encoding`, when it is text in neither UTF-8 nor GB 18030.
    """
    digest, size, lines, longest, start, since, quoted = sha256(), 0, 0, 0, b"", 0, False
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
            start = start or block[:4096]
            size += len(block)
            quoted = quoted or b'"' in block
            first, last = block.find(b"\n"), block.rfind(b"\n")
            # A line within one block is shorter than the limit.
            longest = max(longest, since + (first if first >= 0 else len(block)))
            since = len(block) - last - 1 if last >= 0 else since + len(block)
            lines += block.count(b"\n")
    kind = _kind(name.lower(), start)
    encoding = _encoding(path, start) if kind == CSV else ""
    # Carriage returns alone end lines, too.
    return Survey(
        kind, digest.hexdigest(), size, lines + (since > 0), encoding, max(longest, since) > LINE_LIMIT, quoted
    )


def _kind(name: str, start: bytes) -> str:
    if start.startswith(b"PK\x03\x04"):
        return WORKBOOK
    if name.endswith(_JSON_NAMES) or start.removeprefix(_BOM).lstrip()[:1] == b"{":
        return JSON_LINES
    return CSV


# Encodings -----------------------------------------------------------------------------------------------------------


def _encoding(path: Path, start: bytes) -> str:
    """Choose the encoding of a whole file; where lines differ, what most of them are in."""
    if _decodes(path, "utf-8"):
        return "utf-8-sig"
    votes = {"utf-8-sig": 0, "gb18030": 0, "": 0}
    with path.open("rb") as file:
        while line := file.readline(LINE_LIMIT):
            if not line.isascii():
                votes[_of_line(line)] += 1
    if start.startswith(_BOM):
        return "utf-8-sig"
    if votes[""] >= max(votes["utf-8-sig"], votes["gb18030"]):
        raise refuse("encoding")
    return "gb18030" if votes["gb18030"] > votes["utf-8-sig"] else "utf-8-sig"


def _decodes(path: Path, encoding: str) -> bool:
    decoder = getincrementaldecoder(encoding)()
    try:
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                decoder.decode(block)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _of_line(line: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            line.decode(encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    return ""


def undecoded(cells: list[str]) -> str:
    """The first byte of a row that is not in the file's encoding, as `0x..`; empty when all are."""
    for cell in cells:
        if not cell.isascii() and (found := _UNDECODED.search(cell)):
            return f"0x{ord(found[0]) & 0xFF:02x}"
    return ""


# CSV -----------------------------------------------------------------------------------------------------------------


def read_csv(path: Path, found: Survey) -> Iterator[Row | BadLine]:
    """Give each row that says anything, with the line it begins on; cells as written."""
    with path.open("rb") as file:
        text = io.TextIOWrapper(file, encoding=found.encoding, errors="surrogateescape", newline="")
        lines: Any = _cut(text) if found.overlong else text
        delimiter = _delimiter(text)
        if found.quoted:
            yield from _read_quoted(lines, delimiter)
            return
        yield from _rows(lines, delimiter)


def _rows(lines: Iterable[str], delimiter: str, before: int = 0) -> Iterator[Row | BadLine]:
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        try:
            for cells in reader:
                if cells:
                    yield before + reader.line_num, cells
            return
        except csv.Error:
            # A cell that is longer than any.
            yield before + reader.line_num, Problem("broken_row")


class Lines(NamedTuple):
    """Lines of a table in which each is a row, the number of lines before them, and what divides cells."""

    before: int
    texts: list[str]
    delimiter: str

    def rows(self) -> Iterator[Row | BadLine]:
        """Give each row that says anything, as `read_csv` does."""
        return _rows(self.texts, self.delimiter, self.before)

    def columns(self, width: int) -> list[list[str]] | None:
        """Give the cells column by column; None when some row is not so wide."""
        text = "".join(self.texts).replace("\r\n", "\n").removesuffix("\n")
        if "\r" in text:
            return None
        # A mark of its own behind each row: a cell too many here and one too few there would else go unseen.
        cells = f"{text}\n".replace("\n", f"{self.delimiter}\n{self.delimiter}").split(self.delimiter)
        marks = cells[width :: width + 1]
        if len(cells) != len(self.texts) * (width + 1) + 1 or marks.count("\n") != len(self.texts):
            return None
        # Nothing stands behind the last mark.
        del cells[-1]
        return [cells[at :: width + 1] for at in range(width)]


def read_lines(path: Path, found: Survey, after: int) -> Iterator[Lines]:
    """Give what stands below a line of a table in which every line is a row, in blocks."""
    with path.open("rb") as file:
        text = io.TextIOWrapper(file, encoding=found.encoding, errors="surrogateescape", newline="")
        delimiter = _delimiter(text)
        before = sum(1 for _ in islice(text, after))
        while lines := text.readlines(BLOCK // 2):
            yield Lines(before, lines, delimiter)
            before += len(lines)


class _Lines:
    """Lines that can be given back: those of a row whose quotation marks do not come out even."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._back: deque[str] = deque()
        self.taken: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if len(self.taken) >= ROW_LINES:
            raise csv.Error
        line = self._back.popleft() if self._back else next(self._lines)
        self.taken.append(line)
        return line

    def keep_first(self) -> str:
        """Take the first line of the row, and give the others back."""
        first, *others = self.taken
        self._back.extendleft(reversed(others))
        return first


def _read_quoted(lines: Iterator[str], delimiter: str) -> Iterator[Row | BadLine]:
    """Read a table with quotation marks: an open one spoils its own row, and swallows none of those that follow."""
    source = _Lines(lines)
    reader = csv.reader(source, delimiter=delimiter, strict=True)
    line, in_header = 1, True
    while True:
        source.taken.clear()
        try:
            cells = next(reader, None)
        except csv.Error:
            broken = True
        else:
            if cells is None:
                return
            # Only headings are written on several lines.
            broken = (
                len(source.taken) > 1 and not in_header and any("\n" in c or "\r" in c for c in map(str.strip, cells))
            )
        if broken:
            yield line, Problem("broken_row", (), {"value": source.keep_first().strip()[:500]})
            reader = csv.reader(source, delimiter=delimiter, strict=True)
            line, in_header = line + 1, False
            continue
        if cells:
            yield line, cells
            in_header = in_header and not any(map(str.strip, cells))
        line += len(source.taken)


def _delimiter(text: io.TextIOWrapper) -> str:
    """What divides the first line that says anything."""
    head = ""
    while not head.strip() and (line := text.readline(LINE_LIMIT)):
        head = line
    text.seek(0)
    return max(",;\t", key=head.count)


def _cut(text: io.TextIOWrapper) -> Iterator[str]:
    """The lines of a file, with a mark in place of those that no row has."""
    while line := text.readline(LINE_LIMIT):
        if len(line) < LINE_LIMIT or line.endswith(("\n", "\r")):
            yield line
            continue
        while (rest := text.readline(LINE_LIMIT)) and not rest.endswith(("\n", "\r")):
            pass
        yield f"{_CUT}\n"


def is_cut(cells: list[str]) -> bool:
    """Whether a row stands for a line that was too long."""
    return any(_CUT in cell for cell in cells)


# Workbooks -----------------------------------------------------------------------------------------------------------

#: What a workbook that cannot be read costs: address space of the process that tries, seconds, bytes once inflated.
MEMORY: Final = 1536 * 1024 * 1024
SECONDS: Final = 300
INFLATED: Final = 1 << 30
MEMBERS: Final = 10_000


def read_workbook(path: Path) -> Iterator[Row]:
    """Give each row of the first sheet that says anything, with its number.

    The sheet is opened in a process of its own with bounds on memory and time: a workbook may claim any size.

    Raises:
        Refusal: `workbook`, when it cannot be read within those bounds.
    """
    command = [sys.executable, "-m", "batteries.workbook_reader", str(path)]
    bounds = [str(MEMORY), str(SECONDS), str(INFLATED), str(MEMBERS)]
    process = subprocess.Popen(  # noqa: S603 (our own module, no shell)
        [*command, *bounds], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=Path(__file__).parents[1]
    )
    try:
        assert process.stdout is not None
        with closing(process.stdout) as rows:
            yield from _sheet_rows(rows)
        if process.wait() != 0:
            raise refuse("workbook")
    finally:
        process.kill()
        process.wait()


def _sheet_rows(rows: BinaryIO | Any) -> Iterator[Row]:
    for line in rows:
        number, *cells = orjson.loads(line)
        yield number, [cell if isinstance(cell, str) else Number(_digits(cell)) for cell in cells]


def _digits(cell: float) -> str:
    """A number as a spreadsheet shows it: with 15 digits, and not with those that a sum leaves behind."""
    return repr(cell if isinstance(cell, int) else float(f"{cell:.15g}")).removesuffix(".0")
