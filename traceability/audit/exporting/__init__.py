"""Gaps, figures and samples as files: CSV, XLSX, JSON Lines and Parquet, in memory that does not grow with the rows."""

from collections.abc import Callable, Iterable
from typing import BinaryIO, Final

from traceability.audit.exporting import lines, parquet, separated, workbook
from traceability.audit.exporting.tables import Table, figures_table, gaps_table
from traceability.audit.reading import Figures
from traceability.audit.telling import Told
from traceability.errors import refuse

__all__ = ["FORMATS", "MEDIA_TYPES", "Table", "write_figures", "write_gaps", "write_table"]

_WRITERS: Final[dict[str, Callable[[Table, BinaryIO], None]]] = {
    "csv": separated.write,
    "xlsx": workbook.write,
    "jsonl": lines.write,
    "parquet": parquet.write,
}
FORMATS: Final = tuple(_WRITERS)
MEDIA_TYPES: Final = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "jsonl": "application/x-ndjson",
    "parquet": "application/vnd.apache.parquet",
}


def write_table(table: Table, file: BinaryIO, format_: str) -> None:
    """Write a table in one of `FORMATS`.

    Raises:
        Refusal: `wrong_value` for a format that there is not; `engine_missing` for Parquet without DuckDB.
    """
    if format_ not in _WRITERS:
        raise refuse("wrong_value", ("format",), value=format_, expected=", ".join(FORMATS))
    _WRITERS[format_](table, file)


def write_gaps(found: Iterable[Told], file: BinaryIO, format_: str) -> None:
    """Write gaps, one row or line each, in the order in which they come."""
    write_table(gaps_table(found), file, format_)


def write_figures(rows: Iterable[Figures], file: BinaryIO, format_: str) -> None:
    """Write figures, one row a group; gap codes that occur have a column each."""
    write_table(figures_table(rows), file, format_)
