"""A table as JSON Lines: one object a row, keys sorted, decimals as exact text."""

from datetime import date
from decimal import Decimal
from typing import Any, BinaryIO

import orjson

from traceability.audit.exporting.tables import Table


def write(table: Table, file: BinaryIO) -> None:
    """Write one line a row."""
    if table.lines is not None:
        file.writelines(table.lines())
        return
    names = [column.name for column in table.columns]
    file.writelines(json_line(dict(zip(names, row, strict=True))) for row in table.rows)


def json_line(value: Any) -> bytes:
    """A value as one line."""
    return orjson.dumps(value, default=_exact, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)


def json_text(value: Any) -> str:
    """A value as text for a cell, keys sorted."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def _exact(value: Any) -> str:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(type(value).__name__)
