"""The sender's file back, with what is wrong with each row in a column of its own."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, Final

import xlsxwriter
from django.utils.translation import gettext as _

from batteries import registration_sheets as sheets
from traceability import stored_problems
from traceability.cells import harmless
from traceability.errors import Problem
from traceability.models import ImportJob
from traceability.record_lines import BadRow, read_rows

WORKBOOK: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True)
class Copy:
    """A file to send, from its beginning."""

    file: IO[bytes]
    name: str
    media_type: str


def with_errors(job: ImportJob, path: Path) -> Copy:
    """Write the copy; sentences are in the active language, the order of rows is the sender's.

    Raises:
        Refusal: `encoding`, `workbook`: nothing of the file can be read.
    """
    # A file of records is JSON Lines, whatever it looks like.
    found = sheets.survey(path, job.name) if job.kind != ImportJob.Kind.RECORDS else None
    with ExitStack() as unless_sent:
        file = unless_sent.enter_context(TemporaryFile())
        ending, media_type = _write(file, path, job, found)
        file.seek(0)
        unless_sent.pop_all()
    return Copy(file, f"{Path(job.name).stem or 'file'}-errors.{ending}", media_type)


def _write(file: IO[bytes], path: Path, job: ImportJob, found: sheets.Survey | None) -> tuple[str, str]:
    """Write the copy; gives the ending of its name, and its media type."""
    if found is None or found.kind == sheets.JSON_LINES:
        _write_lines(file, path, job)
        return "jsonl", "application/x-ndjson"
    if found.kind == sheets.WORKBOOK:
        _write_workbook(file, _merged(sheets.read_workbook(path), job))
        return "xlsx", WORKBOOK
    _write_csv(file, _merged(sheets.read_csv(path, found), job))
    return "csv", "text/csv; charset=utf-8"


def _problems(job: ImportJob) -> Iterator[tuple[int, list[BadRow]]]:
    """What is wrong, line by line."""
    rows = job.row_errors.order_by("line", "id").values_list("line", "code", "path", "params")
    bad = (BadRow(line, stored_problems.read(*stored)) for line, *stored in rows.iterator(5_000))
    for line, some in groupby(bad, key=attrgetter("line")):
        yield line, list(some)


def _merged(
    rows: Iterable[sheets.Row | sheets.BadLine], job: ImportJob
) -> Iterator[tuple[Sequence[str], list[BadRow]]]:
    """Every row of the sender with what is wrong with it."""
    problems = _problems(job)
    line, some = next(problems, (0, []))
    for number, cells in rows:
        while some and line < number:
            line, some = next(problems, (0, []))
        told = some if some and line == number else []
        yield ([cells.value] if isinstance(cells, Problem) else cells), told


def _told(bad: Iterable[BadRow]) -> str:
    return "; ".join(f"{row.column}: {row.problem.message}" if row.column else row.problem.message for row in bad)


def _write_csv(file: IO[bytes], rows: Iterator[tuple[Sequence[str], list[BadRow]]]) -> None:
    text = io.TextIOWrapper(file, encoding="utf-8-sig", errors="replace", newline="", write_through=True)
    writer = csv.writer(text)
    width = 0
    for number, (cells, bad) in enumerate(rows):
        head = _("errors") if number == 0 else ""
        width = width or len(cells)
        # In a column of its own, also where the row was cut off.
        missing = [""] * (width - len(cells))
        writer.writerow([*map(harmless, cells), *missing, harmless(_told(bad) or head)])
    text.detach()


def _write_workbook(file: IO[bytes], rows: Iterator[tuple[Sequence[str], list[BadRow]]]) -> None:
    with xlsxwriter.Workbook(file, {"constant_memory": True, "strings_to_formulas": False}) as book:
        text, red = book.add_format({"num_format": "@"}), book.add_format({"num_format": "@", "bg_color": "#FFC7CE"})
        sheet = book.add_worksheet()
        header: list[str] = []
        for number, (cells, bad) in enumerate(rows):
            header = header or [cell.strip() for cell in cells]
            wrong = {row.column for row in bad}
            for at, cell in enumerate(cells[:16_000]):
                marked = at < len(header) and header[at] in wrong
                with suppress(IndexError):
                    sheet.write_string(number, at, cell[:32_000], red if marked else text)
            told = _told(bad) or (_("errors") if number == 0 else "")
            sheet.write_string(number, max(len(header), len(cells[:16_000])), told[:32_000], red if bad else text)


def _write_lines(file: IO[bytes], path: Path, job: ImportJob) -> None:
    """The records that were refused, each with its line and what is wrong; a machine's file has no column to add."""
    problems = _problems(job)
    line, some = next(problems, (0, []))
    with path.open("rb") as source:
        for row in read_rows(source):
            while some and line < row.line:
                line, some = next(problems, (0, []))
            if not some:
                return
            if line != row.line:
                continue
            told: dict[str, Any] = {
                "line": row.line,
                "errors": [bad.as_json() for bad in some],
                "record": row.given,
            }
            file.write(json.dumps(told, ensure_ascii=False, default=str).encode("utf-8", "replace") + b"\n")
