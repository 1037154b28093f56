"""What a run found, in a table of its own connection: compared, counted and told from there, whatever the number."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from typing import Any, Final

from django.db import connection

from traceability.audit.finding import Place
from traceability.audit.rule import COLUMNS, Rule

FOUND: Final = "audit_found"
#: Chains that all rules judge, and those beside them that one rule does.
SCOPE: Final = "audit_scope"
BESIDE: Final = "audit_beside"
#: Records that changed, with how often they had been written to when the run began.
TAKEN: Final = "audit_taken"
#: The same records with their codes, the provisional ones that became theirs included.
CHANGED: Final = "audit_changed"
#: Chains of which a run over a part may have something new to say.
MOVED: Final = "audit_moved"
#: The steps of what is judged, where that is a part.
STEPS: Final = "audit_steps"
_SCHEMA: Final = {
    FOUND: "code VARCHAR(24) NOT NULL, record_id BIGINT NOT NULL, event_id BIGINT NOT NULL, organisation_id BIGINT,"
    " since_day BIGINT NOT NULL, evidence TEXT NOT NULL",
    SCOPE: "record_id BIGINT PRIMARY KEY",
    BESIDE: "code VARCHAR(24) NOT NULL, record_id BIGINT NOT NULL, PRIMARY KEY (code, record_id)",
    TAKEN: "record_id BIGINT PRIMARY KEY, touched BIGINT NOT NULL",
    CHANGED: "record_id BIGINT NOT NULL, code VARCHAR(80) NOT NULL",
    MOVED: "record_id BIGINT PRIMARY KEY",
}
#: For a run's few large statements on PostgreSQL: hashed in memory, looked up as solid-state disks allow, and not
#: translated to machine code first, which takes a second each.
_TUNING: Final = {"work_mem": "64MB", "jit": "off", "random_page_cost": "1.1"}


def execute(sql: str, params: Sequence[Any] | None = None) -> int:
    """Run one statement; gives how many rows it changed."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return int(cursor.rowcount)


def rows(sql: str, params: Sequence[Any] | None = None) -> list[tuple[Any, ...]]:
    """The rows of a query that gives few."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())


def one(sql: str, params: Sequence[Any] | None = None) -> Any:
    """The single value of a query."""
    return rows(sql, params)[0][0]


@contextmanager
def tables() -> Iterator[None]:
    """Temporary tables for a run: nobody else sees them, and the database's own are not locked while they fill."""
    drop()
    for name, columns in _SCHEMA.items():
        execute(f"CREATE TEMPORARY TABLE {name} ({columns})")
    tuning = _TUNING if connection.vendor == "postgresql" else {}
    for name, value in tuning.items():
        execute(f"SET {name} = '{value}'")
    try:
        yield
    finally:
        if not connection.needs_rollback:
            drop()
            for name in tuning:
                execute(f"RESET {name}")


def drop() -> None:
    """Leave nothing of a run behind."""
    temporary = "pg_temp" if connection.vendor == "postgresql" else "temp"
    for name in (*_SCHEMA, STEPS):
        execute(f"DROP TABLE IF EXISTS {temporary}.{name}")


def add(place: Place, rule: Rule, *, condition: str = "") -> int:
    """Take in what a rule finds."""
    columns = ", ".join(COLUMNS)
    where = f" WHERE {condition}" if condition else ""
    return execute(
        f"INSERT INTO {FOUND} (code, {columns}) SELECT '{rule.code}', {columns} FROM ({place.statement(rule)}) f{where}"
    )


def add_rows(found: Iterable[tuple[Any, ...]]) -> None:
    """Take in gaps that no statement finds: (code, record, event, organisation, since day, evidence)."""
    into = f"{FOUND} (code, {', '.join(COLUMNS)})"
    rows_ = iter(found)
    with connection.cursor() as cursor:
        # Not all at once, and not while what they are read from is asked of the same connection.
        while some := list(islice(rows_, 10_000)):
            if connection.vendor == "postgresql":
                with connection.wrap_database_errors, cursor.copy(f"COPY {into} FROM STDIN") as copy:
                    for row in some:
                        copy.write_row(row)
            else:
                cursor.executemany(f"INSERT INTO {into} VALUES (%s, %s, %s, %s, %s, %s)", some)


def gather(everything: Place) -> Place:
    """Write down the steps of what changed, once for all rules that will ask for them."""
    place = everything.only(f"record_id IN (SELECT record_id FROM {SCOPE})")
    steps = place.placed("SELECT * FROM steps", ("steps",))
    execute(f"CREATE TEMPORARY TABLE {STEPS} AS {steps}")
    count(STEPS)
    return replace(place, steps=STEPS)


def analyse() -> None:
    """Make what was found quick to compare."""
    execute(f"CREATE INDEX {FOUND}_record ON {FOUND} (record_id)")
    count(FOUND)


def count(table: str) -> None:
    """Tell the planner how much is in one of these tables: nobody else does, and it would expect far too much."""
    if connection.vendor == "postgresql":
        execute(f"ANALYZE {table}")
