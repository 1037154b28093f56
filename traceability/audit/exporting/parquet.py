"""A table as Parquet, through DuckDB where that is installed: rows pass over the disk, not through memory."""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO, Final

from traceability.audit.exporting.lines import json_line, json_text
from traceability.audit.exporting.tables import Table
from traceability.errors import refuse

_TYPES: Final = {
    "text": "VARCHAR",
    "json": "VARCHAR",
    "whole": "BIGINT",
    "percent": "DECIMAL(5,2)",
    "number": "DECIMAL(38,9)",
    "mass": "DECIMAL(38,6)",
    "truth": "BOOLEAN",
    "day": "DATE",
}


def write(table: Table, file: BinaryIO) -> None:
    """Write one file, its columns as they are named for programs.

    Raises:
        Refusal: `engine_missing`.
    """
    try:
        import duckdb
    except ImportError:
        raise refuse("engine_missing", ("format",), value="duckdb") from None
    with TemporaryDirectory() as folder, duckdb.connect() as database:
        rows, made = Path(folder) / "rows.jsonl", Path(folder) / "rows.parquet"
        _write_rows(table, rows)
        # Names of our own, and of a folder made here: none comes from outside.
        columns = ", ".join(f"'{column.name}': '{_TYPES[column.kind]}'" for column in table.columns)
        source = f"read_json('{rows}', format='newline_delimited', columns={{{columns}}})"
        database.execute("SET preserve_insertion_order = true")
        database.execute(f"COPY (SELECT * FROM {source}) TO '{made}' (FORMAT parquet, COMPRESSION zstd)")
        with made.open("rb") as written:
            shutil.copyfileobj(written, file)


def _write_rows(table: Table, path: Path) -> None:
    names = [column.name for column in table.columns]
    with path.open("wb") as file:
        for row in table.rows:
            file.write(json_line({name: _flat(value) for name, value in zip(names, row, strict=True)}))


def _flat(value: Any) -> Any:
    return json_text(value) if isinstance(value, dict | list) else value
