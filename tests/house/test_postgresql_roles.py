"""The roles of docs/postgresql-roles.sql, as written there: the server's role adds to the ledger and cannot rewrite it.

Everything happens inside the test's transaction, roles included, so that nothing of it stays on the server.
"""

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest
from django.db import ProgrammingError, connection, transaction

from traceability import ledger
from traceability.access import Viewer, viewer_for_organisation
from traceability.facts import read_fact
from traceability.models import LifecycleEvent, LifecycleRecord, Organisation
from traceability.verification import verify

SQL = (Path(__file__).parents[2] / "docs" / "postgresql-roles.sql").read_text()
EVENTS = LifecycleEvent._meta.db_table
ALLIANCE = "91510100MA6A1B2C3Q"
BATTERY = "04QPE76836300JBC40000903"

pytestmark = pytest.mark.django_db


def run(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


@pytest.fixture
def roles() -> dict[str, str]:
    """The three roles, under names of this test's own, with the rights of the file."""
    if connection.vendor != "postgresql":
        pytest.skip("roles of PostgreSQL; SQLite knows none")
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        if not cursor.fetchone()[0]:
            pytest.skip("roles are made by a superuser")
    suffix = secrets.token_hex(4)
    names = {role: f"battery_{role}_{suffix}" for role in ("owner", "app", "audit")}
    run(*(f"CREATE ROLE {name}" for name in names.values()))
    text = re.sub(r"battery_(owner|app|audit)\b", lambda found: names[found[1]], SQL)
    text = re.sub(r"--.*", "", text)
    run(*(statement for statement in text.split(";") if statement.strip()))
    return names


@contextmanager
def acting_as(role: str) -> Iterator[None]:
    """Ask the database as another role; what failed inside a savepoint leaves the role as it was."""
    run(f"SET ROLE {role}")
    try:
        yield
    finally:
        run("RESET ROLE")


def record(by: Viewer, type_: str, organisation: str, battery: str | None = None, **details: object) -> None:
    given = {
        "key": f"{type_}-{details.get('code', battery)}",
        "type": type_,
        "organisation": organisation,
        "occurredAt": "2022-01-01T08:00:00+08:00",
        "details": details,
    }
    fact = read_fact(given | ({"battery": battery} if battery else {}), today=date(2026, 1, 1))
    ledger.record([fact], by=by)


def two_events() -> None:
    """Found the system and register a battery, with a personal value beside one event."""
    founder = Viewer(None, ALLIANCE, frozenset({"alliance"}), "command")
    record(founder, "organisation", ALLIANCE, code=ALLIANCE, name="联盟", roles=["alliance", "vehicle_maker"])
    alliance = viewer_for_organisation(Organisation.objects.get(code=ALLIANCE), "command")
    record(alliance, "produced", ALLIANCE, BATTERY, massKg="412.5")
    record(alliance, "installed", ALLIANCE, BATTERY, vin="LSVAA49J132047371")


def test_the_servers_role_can_do_its_work(roles):
    with acting_as(roles["app"]):
        two_events()
        assert LifecycleRecord.objects.get(code=BATTERY).stage == "in_vehicle"
        assert list(verify()) == []


@pytest.mark.parametrize(
    "attempt",
    [
        pytest.param(f"UPDATE {EVENTS} SET actor = 'nobody'", id="update"),
        pytest.param(f"DELETE FROM {EVENTS}", id="delete"),
        pytest.param(f"TRUNCATE {EVENTS} CASCADE", id="truncate"),
        pytest.param(f"ALTER TABLE {EVENTS} DISABLE TRIGGER ALL", id="disable the triggers"),
        pytest.param(f"DROP TRIGGER ledger_no_change ON {EVENTS}", id="drop a trigger"),
        pytest.param("SET session_replication_role = replica", id="act as a replica, which fires no triggers"),
        pytest.param(f"ALTER TABLE {EVENTS} RENAME TO gone", id="put another table in its place"),
        pytest.param("CREATE TABLE public.own (a int)", id="make tables"),
        pytest.param(
            "CREATE OR REPLACE FUNCTION public.ledger_refuse() RETURNS trigger LANGUAGE plpgsql"
            " AS 'BEGIN RETURN NEW; END'",
            id="replace the triggers' function",
        ),
        pytest.param("UPDATE traceability_eventcontent SET value = ''", id="change what stands beside an event"),
        pytest.param("DELETE FROM traceability_outboxentry", id="keep an event from the log"),
        pytest.param("DELETE FROM django_migrations", id="unsay a migration"),
    ],
)
def test_the_servers_role_cannot_rewrite_the_ledger(roles, attempt):
    two_events()
    count = LifecycleEvent.objects.count()
    with acting_as(roles["app"]):
        with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"), transaction.atomic():
            run(attempt)
        assert LifecycleEvent.objects.count() == count
    assert list(verify()) == []


def test_the_auditors_role_reads_and_writes_nothing(roles):
    two_events()
    with acting_as(roles["audit"]):
        assert list(verify()) == []
        for attempt in (
            "UPDATE traceability_lifecyclerecord SET stage = ''",
            f"INSERT INTO {EVENTS} DEFAULT VALUES",
            "SELECT * FROM traceability_user",
            "SELECT * FROM traceability_apitoken",
        ):
            with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
                run(attempt)
