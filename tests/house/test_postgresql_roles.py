"""The roles that `manage.py roles` makes: the server's role adds to the ledger and cannot rewrite it.

Everything happens inside the test's transaction, roles included, so that nothing of it stays on the server.
"""

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from io import StringIO

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, connection, transaction

from traceability import ledger
from traceability.access import Viewer, viewer_for_organisation
from traceability.facts import read_fact
from traceability.models import LifecycleEvent, LifecycleRecord, Organisation
from traceability.roles import LEDGER, Roles, sql
from traceability.verification import verify

EVENTS = LifecycleEvent._meta.db_table
ALLIANCE = "91510100MA6A1B2C3Q"
BATTERY = "04QPE76836300JBC40000903"

pytestmark = pytest.mark.django_db


def run(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def apply(names: dict[str, str]) -> str:
    """What the command says after it has applied the rights under these names."""
    out = StringIO()
    call_command("roles", "--apply", stdout=out, **names)
    return out.getvalue()


@pytest.fixture
def names() -> dict[str, str]:
    """Names of this test's own for the three roles."""
    if connection.vendor != "postgresql":
        pytest.skip("roles of PostgreSQL; SQLite knows none")
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        if not cursor.fetchone()[0]:
            pytest.skip("roles are made by a superuser")
    suffix = secrets.token_hex(4)
    return {role: f"battery_{role}_{suffix}" for role in ("owner", "app", "audit")}


@pytest.fixture
def roles(names) -> dict[str, str]:
    """The three roles, made and given their rights by the command."""
    for name in names.values():
        assert name in apply(names)
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


def test_every_role_has_exactly_its_rights_on_every_table(roles):
    """Tables of every app, those of apps to come included."""
    ledger_tables = {model._meta.db_table for model in LEDGER}
    hidden = {apps.get_model(name)._meta.db_table for name in settings.NOT_FOR_AUDITORS}
    tables = set(connection.introspection.table_names())
    assert ledger_tables | hidden | {"django_migrations", "recyclers_permit"} <= tables
    expected = {}
    for table in tables:
        kept = {"SELECT", "INSERT"} if table in ledger_tables else {"SELECT", "INSERT", "UPDATE", "DELETE"}
        expected[table, "app"] = {"SELECT"} if table == "django_migrations" else kept
        expected[table, "audit"] = set() if table in hidden else {"SELECT"}
    verbs = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")
    with connection.cursor() as cursor:
        for (table, role), rights in expected.items():
            asked = ", ".join("has_table_privilege(%s, %s, %s)" for _ in verbs)
            cursor.execute(f"SELECT {asked}", [x for verb in verbs for x in (roles[role], f'"{table}"', verb)])
            found = {verb for verb, has in zip(verbs, cursor.fetchone(), strict=True) if has}
            assert (table, role, found) == (table, role, rights)
        cursor.execute("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'")
        assert cursor.fetchall() == [(roles["owner"],)]


def test_the_owner_applies_the_rights_again_after_a_migration(roles):
    with acting_as(roles["owner"]):
        run("CREATE TABLE later_app (id int)")
        with acting_as_another(roles["app"]), pytest.raises(ProgrammingError, match="denied"), transaction.atomic():
            run("SELECT * FROM later_app")
        apply(roles)
    with acting_as(roles["app"]):
        run("INSERT INTO later_app VALUES (1)")


@contextmanager
def acting_as_another(role: str) -> Iterator[None]:
    """Act as another role for a while, then as the one before."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        [before] = cursor.fetchone()
    run("RESET ROLE", f"SET ROLE {role}")
    try:
        yield
    finally:
        run("RESET ROLE", f"SET ROLE {before}")


def test_a_server_role_that_may_act_as_the_owner_is_refused(roles):
    run(f"GRANT {roles['owner']} TO {roles['app']}")
    with pytest.raises(CommandError, match="nothing could be refused to it"):
        apply(roles)


def test_a_superuser_is_refused_as_the_servers_role(names):
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        [superuser] = cursor.fetchone()
    with pytest.raises(CommandError, match="nothing could be refused to it"):
        apply(names | {"app": superuser})


def test_the_sql_is_printed_unless_it_is_to_be_applied(names):
    out = StringIO()
    call_command("roles", stdout=out, **names)
    assert out.getvalue() == sql(Roles(**names))
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_roles WHERE rolname = ANY(%s)", [list(names.values())])
        assert cursor.fetchone() == (0,)


@pytest.mark.parametrize("option", ["--print", "--apply"])
def test_sqlite_knows_no_roles_and_says_so(option):
    if connection.vendor != "sqlite":
        pytest.skip("what the other database says")
    with pytest.raises(CommandError, match=r"PostgreSQL"):
        call_command("roles", option)


@pytest.mark.parametrize(
    "given",
    [
        pytest.param({"app": 'x"; DROP TABLE y; --'}, id="a name that is none"),
        pytest.param({"app": ""}, id="no name"),
        pytest.param({"app": "battery_owner"}, id="one role for two"),
    ],
)
def test_names_of_roles_are_plain_and_three(given):
    with pytest.raises(ValueError, match=r".*"):
        Roles(**given)


def test_every_model_that_keeps_a_secret_is_hidden_from_auditors():
    """A guess by the names of fields, so that a later table is not forgotten."""
    secret = re.compile(r"password|secret|sealed|digest$|session_data|private")
    keeps = {
        model._meta.label
        for model in apps.get_models()
        if any(secret.search(field.name) for field in model._meta.concrete_fields)
    }
    assert len(keeps) >= 4
    # The digest of a run is over gaps that auditors read anyway.
    assert keeps - {"traceability.AuditRun"} <= set(settings.NOT_FOR_AUDITORS)
