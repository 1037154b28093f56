"""The audit API reads from a second database where there is one: here the same, under the auditors' role."""

import secrets
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import ProgrammingError
from django.test.utils import CaptureQueriesContext

from tests.graphql_schema.audit.asking import contract, good, nodes, run
from tests.worlds import World
from traceability import replica
from traceability.models import AuditAccess, LifecycleRecord, Organisation

DOCUMENTS = contract()


def let_connect(second: BaseDatabaseWrapper) -> None:
    """Django's tests refuse connections that were not named before they began; this one is made by the test itself."""

    def ensure_connection() -> None:
        if second.connection is None:
            with second.wrap_database_errors:
                second.connect()

    second.ensure_connection = ensure_connection  # type: ignore[method-assign]


@pytest.fixture
def auditors(committed_world: World) -> Iterator[World]:
    """A second connection as the auditors' role of `manage.py roles`, laid over what was committed."""
    if connection.vendor != "postgresql":
        pytest.skip("roles of PostgreSQL; SQLite knows none")
    suffix = secrets.token_hex(4)
    names = {role: f"battery_{role}_{suffix}" for role in ("owner", "app", "audit")}
    call_command("roles", "--apply", stdout=StringIO(), **names)
    settings = {**connection.settings_dict}
    settings["OPTIONS"] = {**settings["OPTIONS"], "options": f"-c role={names['audit']}"}
    connections.settings[replica.ALIAS] = settings
    let_connect(connections[replica.ALIAS])
    try:
        yield committed_world
    finally:
        connections[replica.ALIAS].close()
        del connections.settings[replica.ALIAS], connections[replica.ALIAS]
        quoted = ", ".join(names.values())
        with connection.cursor() as cursor:
            cursor.execute(f"REASSIGN OWNED BY {quoted} TO CURRENT_USER")
            cursor.execute(f"DROP OWNED BY {quoted}")
            cursor.execute(f"DROP ROLE {quoted}")
            cursor.execute("GRANT USAGE ON SCHEMA public TO PUBLIC")


def test_all_questions_of_the_contract_are_answered_by_the_auditors_role(auditors: World) -> None:
    world = auditors
    pack = world.pack().produced().installed().sold().removed().received(by=world.recycler)
    run()
    variables: dict[str, dict[str, Any]] = {
        "Completeness": {"groupBy": "REGION"},
        "Chain": {"code": pack.code},
        "MassBalance": {"organisation": world.recycler.code, "from": "2025-01-01", "until": "2025-12-31"},
    }
    expected = {name: good(world.alliance, text, **variables.get(name, {})) for name, text in DOCUMENTS.items()}
    second = connections[replica.ALIAS]
    for name, text in DOCUMENTS.items():
        with CaptureQueriesContext(second) as read, CaptureQueriesContext(connection) as written:
            assert good(world.alliance, text, **variables.get(name, {})) == expected[name]
        assert len(read) > 0 or name == "MassBalance"
        # The token, the points, and who looked; nothing of the record.
        assert not any("traceability_gap" in one["sql"] or "traceability_step" in one["sql"] for one in written)
    assert nodes(expected["Gaps"]["gaps"])
    assert AuditAccess.objects.count() == 2 * len(DOCUMENTS)


@pytest.mark.parametrize(
    "attempt",
    [
        "UPDATE traceability_lifecyclerecord SET stage = ''",
        "INSERT INTO traceability_auditaccess DEFAULT VALUES",
        "DELETE FROM traceability_gap",
        "SELECT * FROM traceability_apitoken",
    ],
)
def test_a_write_on_that_connection_is_refused(auditors: World, attempt: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), connections[replica.ALIAS].cursor() as cursor:
        cursor.execute(attempt)
    with pytest.raises(ProgrammingError, match="permission denied"):
        Organisation(code="x", name="x").save(using=replica.ALIAS)


def test_reads_are_sent_there_and_writes_never(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connections.settings, replica.ALIAS, connections.settings[DEFAULT_DB_ALIAS])
    router = replica.ReplicaRouter()
    assert router.db_for_read(LifecycleRecord) == DEFAULT_DB_ALIAS
    with replica.reading():
        assert (router.db_for_read(LifecycleRecord), replica.alias()) == (replica.ALIAS, replica.ALIAS)
        assert router.db_for_write(LifecycleRecord) == DEFAULT_DB_ALIAS
        with replica.primary():
            assert replica.alias() == DEFAULT_DB_ALIAS
        assert replica.alias() == replica.ALIAS
    assert not router.allow_migrate(replica.ALIAS, "traceability")
    assert router.allow_migrate(DEFAULT_DB_ALIAS, "traceability")


def test_without_a_second_database_all_is_read_from_the_first() -> None:
    with replica.reading():
        assert replica.alias() == DEFAULT_DB_ALIAS
