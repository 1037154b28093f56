"""A table as XLSX: numbers and days are what they are, the header is frozen, every column has a filter."""

from collections.abc import Iterator
from itertools import islice
from typing import Any, BinaryIO, Final

import xlsxwriter

from traceability.audit.exporting.lines import json_text
from traceability.audit.exporting.tables import Column, Row, Table

#: A sheet has 1,048,576 rows; what is more goes on on the next one.
SHEET_ROWS: Final = 1_000_000
#: A cell has 32,767 characters.
_CELL: Final = 32_000
_STYLES: Final = {
    "text": {"num_format": "@"},
    "json": {"num_format": "@"},
    "whole": {"num_format": "#,##0"},
    "percent": {"num_format": "0.00"},
    "number": {"num_format": "General", "align": "right"},
    "mass": {"num_format": "#,##0.000###"},
    "truth": {"align": "center"},
    "day": {"num_format": "yyyy-mm-dd"},
    "head": {"bold": True, "bg_color": "#D9E2F3", "bottom": 1, "text_wrap": True, "valign": "top"},
}


def write(table: Table, file: BinaryIO) -> None:
    """Write a workbook with the table, in the active language."""
    with xlsxwriter.Workbook(file, {"constant_memory": True, "strings_to_formulas": False}) as book:
        add(book, table)


def add(book: Any, table: Table, *, rows: int = SHEET_ROWS) -> None:
    """Add a table to a workbook, on as many sheets as it takes."""
    formats = {name: book.add_format(style) for name, style in _STYLES.items()}
    source = iter(table.rows)
    number, some = 1, list(islice(source, 1))
    while some or number == 1:
        title = str(table.title) if number == 1 else f"{table.title} {number}"
        _write_sheet(book.add_worksheet(title), table.columns, _joined(some, source, rows), formats)
        number, some = number + 1, list(islice(source, 1))


def _joined(first: list[Row], source: Iterator[Row], rows: int) -> Iterator[Row]:
    yield from first
    yield from islice(source, rows - 1)


def _write_sheet(sheet: Any, columns: Any, rows: Iterator[Row], formats: dict[str, Any]) -> None:
    for at, column in enumerate(columns):
        sheet.set_column(at, at, column.width)
        sheet.write_string(0, at, str(column.title), formats["head"])
    last = 0
    for last, row in enumerate(rows, start=1):
        for at, (column, value) in enumerate(zip(columns, row, strict=True)):
            if value is not None:
                _write_cell(sheet, (last, at), column, value, formats[column.kind])
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, last, len(columns) - 1)


def _write_cell(sheet: Any, place: tuple[int, int], column: Column, value: Any, style: Any) -> None:
    if column.kind in ("whole", "percent", "number", "mass"):
        sheet.write_number(*place, value, style)
    elif column.kind == "truth":
        sheet.write_boolean(*place, value, style)
    elif column.kind == "day":
        sheet.write_datetime(*place, value, style)
    else:
        text = value if isinstance(value, str) else json_text(value)
        sheet.write_string(*place, text[:_CELL], style)
