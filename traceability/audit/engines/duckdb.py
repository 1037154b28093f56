"""The audit on DuckDB: one machine, in the memory it is given, over a snapshot."""

from typing import Final

import duckdb
from django.conf import settings

from traceability.audit import snapshot

DIALECT: Final = "duckdb"


def ask(taken: snapshot.Snapshot, master: str | None = None) -> None:
    """Ask every rule, and write what it finds into the snapshot."""
    options: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": settings.AUDIT_DUCKDB_MEMORY,
        "temp_directory": str(taken.spill),
        # The order is the telling's business, and remembering it costs memory.
        "preserve_insertion_order": False,
        # Nothing is ever fetched from elsewhere.
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    with duckdb.connect(config=options) as connection:
        for name, path in taken.files.items():
            connection.execute(f'CREATE VIEW "{name}" AS SELECT * FROM read_parquet({_text(path)})')
        for statement, path in taken.statements(DIALECT):
            connection.execute(f"COPY ({statement}) TO {_text(path)} (FORMAT PARQUET)")


def _text(path: object) -> str:
    return "'" + str(path).replace("'", "''") + "'"
