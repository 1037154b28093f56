"""A report as files: its JSON form, its clauses as CSV, and all of it with its evidence as XLSX."""

from collections.abc import Callable
from typing import BinaryIO, Final

from recyclers.conditions.evaluation import Report
from recyclers.conditions.exporting import workbook
from recyclers.conditions.exporting.clauses import clauses_table
from recyclers.conditions.telling import json_line
from traceability.audit.exporting import MEDIA_TYPES as TABLES
from traceability.audit.exporting import write_table

__all__ = ["FORMATS", "MEDIA_TYPES", "write_report"]


def _write_json(report: Report, file: BinaryIO) -> None:
    file.write(json_line(report).encode())


def _write_csv(report: Report, file: BinaryIO) -> None:
    write_table(clauses_table(report), file, "csv")


_WRITERS: Final[dict[str, Callable[[Report, BinaryIO], None]]] = {
    "json": _write_json,
    "csv": _write_csv,
    "xlsx": workbook.write,
}
FORMATS: Final = tuple(_WRITERS)
MEDIA_TYPES: Final = {"json": "application/json", "csv": TABLES["csv"], "xlsx": TABLES["xlsx"]}


def write_report(report: Report, file: BinaryIO, form: str) -> None:
    """Write a report in one of `FORMATS`, its words in the active language; JSON has none."""
    _WRITERS[form](report, file)
