"""A table as CSV: UTF-8 with a byte order mark, as spreadsheets want it, and no cell that they would run."""

import csv
import io
from collections.abc import Iterable
from datetime import date
from typing import Any, BinaryIO

from traceability.audit.exporting.lines import json_text
from traceability.audit.exporting.tables import Table
from traceability.cells import harmless


def write(table: Table, file: BinaryIO) -> None:
    """Write the names of the columns, then every row; lines end as RFC 4180 has it."""
    text = io.TextIOWrapper(file, encoding="utf-8-sig", errors="replace", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow([column.name for column in table.columns])
    writer.writerows(map(_cells, table.rows))
    text.detach()


def _cells(row: Iterable[Any]) -> list[Any]:
    return [_cell(value) for value in row]


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, str):
        return harmless(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, date):
        return value.isoformat()
    return json_text(value) if isinstance(value, dict | list) else value
