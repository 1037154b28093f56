"""Triggers that make the ledger append-only inside the database, on SQLite and on PostgreSQL.

They refuse UPDATE, DELETE and TRUNCATE of events, and a new event that does not link to the head of its record. SQLite
needs a BEFORE INSERT trigger as well: `INSERT OR REPLACE` would pass the others. Who owns the database can still lay
them aside: what is promised against that person rests on hashes kept elsewhere.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.core.checks import CheckMessage
from django.core.checks import Warning as CheckWarning
from django.db import DEFAULT_DB_ALIAS, connections

EVENTS: Final = "traceability_lifecycleevent"
NAMES: Final = {
    "sqlite": ("ledger_no_update", "ledger_no_delete", "ledger_link"),
    "postgresql": ("ledger_no_change", "ledger_no_truncate", "ledger_link"),
}

_SQLITE: Final = (
    f"""
    CREATE TRIGGER IF NOT EXISTS ledger_no_update BEFORE UPDATE ON {EVENTS}
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: no update'); END
    """,
    f"""
    CREATE TRIGGER IF NOT EXISTS ledger_no_delete BEFORE DELETE ON {EVENTS}
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: no delete'); END
    """,
    f"""
    CREATE TRIGGER IF NOT EXISTS ledger_link BEFORE INSERT ON {EVENTS}
    BEGIN
      SELECT RAISE(ABORT, 'the ledger is append-only: the event exists (unique)') WHERE EXISTS (
        SELECT 1 FROM {EVENTS} e WHERE e.id = NEW.id)
        OR EXISTS (SELECT 1 FROM {EVENTS} e WHERE e.record_id = NEW.record_id AND e.sequence = NEW.sequence)
        OR EXISTS (SELECT 1 FROM {EVENTS} e WHERE e.organisation_id = NEW.organisation_id AND e.key = NEW.key)
        OR EXISTS (SELECT 1 FROM {EVENTS} e WHERE e.hash = NEW.hash);
      SELECT RAISE(ABORT, 'the ledger is append-only: the event does not link to the one before')
      WHERE CASE NEW.sequence WHEN 1 THEN NEW.previous_hash IS NOT NULL ELSE NEW.previous_hash IS NOT (
        SELECT e.hash FROM {EVENTS} e WHERE e.record_id = NEW.record_id AND e.sequence = NEW.sequence - 1) END;
    END
    """,
)

_POSTGRESQL: Final = f"""
CREATE OR REPLACE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the ledger is append-only: no %', lower(TG_OP) USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE OR REPLACE FUNCTION ledger_check_link() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE before bytea;
BEGIN
  IF NEW.hash IS DISTINCT FROM sha256(NEW.body) THEN
    RAISE EXCEPTION 'the ledger is append-only: the hash is not that of the body'
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF NEW.sequence > 1 THEN
    SELECT hash INTO before FROM {EVENTS} WHERE record_id = NEW.record_id AND sequence = NEW.sequence - 1;
    IF before IS NULL THEN
      RAISE EXCEPTION 'the ledger is append-only: the event before is missing'
        USING ERRCODE = 'integrity_constraint_violation';
    END IF;
  END IF;
  IF NEW.previous_hash IS DISTINCT FROM before THEN
    RAISE EXCEPTION 'the ledger is append-only: the event does not link to the one before'
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
DROP TRIGGER IF EXISTS ledger_no_change ON {EVENTS};
CREATE TRIGGER ledger_no_change BEFORE UPDATE OR DELETE ON {EVENTS} FOR EACH ROW EXECUTE FUNCTION ledger_refuse();
DROP TRIGGER IF EXISTS ledger_no_truncate ON {EVENTS};
CREATE TRIGGER ledger_no_truncate BEFORE TRUNCATE ON {EVENTS} FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
DROP TRIGGER IF EXISTS ledger_link ON {EVENTS};
CREATE TRIGGER ledger_link BEFORE INSERT ON {EVENTS} FOR EACH ROW EXECUTE FUNCTION ledger_check_link();
"""


def lay(using: str = DEFAULT_DB_ALIAS) -> None:
    """Lay the triggers, if the ledger's table is there."""
    connection = connections[using]
    if EVENTS not in connection.introspection.table_names():
        return
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            for statement in _SQLITE:
                cursor.execute(statement)
        else:
            # Without parameters psycopg sends the statements as one simple query, also under server-side binding.
            cursor.connection.execute(_POSTGRESQL, prepare=False)


def missing(using: str = DEFAULT_DB_ALIAS) -> list[str]:
    """Name the triggers that ought to be there and are not."""
    connection = connections[using]
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s", [EVENTS])
        else:
            # tgenabled 'O': on for ordinary sessions.
            cursor.execute(
                "SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal AND tgenabled = 'O'",
                [EVENTS],
            )
        present = {name for (name,) in cursor.fetchall()}
    return [name for name in NAMES[connection.vendor] if name not in present]


def check_triggers(databases: list[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """System check (`check --database default`): the ledger of a migrated database has its triggers.

    A warning, because `migrate`, which lays them, stops at errors.
    """
    found: list[CheckMessage] = []
    for using in databases or ():
        if EVENTS not in connections[using].introspection.table_names():
            continue
        found += [
            CheckWarning(
                f"The ledger's trigger {name} is missing.", hint="Run `manage.py migrate`.", id="traceability.W001"
            )
            for name in missing(using)
        ]
    return found


@contextmanager
def laid_aside(using: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
    """Lay the triggers aside and back: for tests that commit and have to flush, and for nothing else."""
    connection = connections[using]
    with connection.cursor() as cursor:
        for name in NAMES[connection.vendor]:
            on = "" if connection.vendor == "sqlite" else f" ON {EVENTS}"
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}{on}")
    try:
        yield
    finally:
        lay(using)
