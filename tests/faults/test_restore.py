"""A copy restored elsewhere is the same ledger: triggers, hashes, projections, and a chain that goes on.

The commands are those of docs/operations.md.
"""

import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from tests.projections import difference, snapshot
from tests.traceability.test_rebuild import a_province
from tests.worlds import World
from traceability import append_only
from traceability.models import LifecycleEvent

DUMP = ["pg_dump", "--format", "custom", "--file"]
RESTORE = ["pg_restore", "--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction", "--dbname"]


@pytest.fixture
def on_sqlite(transactional_db: None) -> None:
    """PostgreSQL has pg_dump."""
    if connection.vendor != "sqlite":
        pytest.skip("of the embedded database")


@contextmanager
def turned_to(name: str) -> Iterator[None]:
    """This process's default database is another one for a while."""
    before, own = connection.connection, connection.settings_dict["NAME"]
    connection.connection, connection.settings_dict["NAME"] = None, name
    try:
        yield
    finally:
        connection.close()
        connection.connection, connection.settings_dict["NAME"] = before, own


@pytest.fixture
def restored(tmp_path: Path, committed_world: World) -> Iterator[str]:
    """The name of a database restored from a copy of a filled one."""
    a_province(committed_world)
    if connection.vendor == "sqlite":
        call_command("backup", str(tmp_path / "copy.sqlite3"), stdout=StringIO())
        yield shutil.copy(tmp_path / "copy.sqlite3", tmp_path / "elsewhere.sqlite3")
        return
    if not shutil.which("pg_dump") or not shutil.which("pg_restore"):
        pytest.skip("pg_dump and pg_restore are not here")
    found = connection.settings_dict
    server = f"postgres://{found['USER']}@{found['HOST']}:{found['PORT']}"
    name, dump = f"{found['NAME']}_restored", str(tmp_path / "batteries.dump")
    environment = os.environ | {"PGPASSWORD": found["PASSWORD"]}

    def run(*command: str) -> None:
        subprocess.run(command, check=True, env=environment, timeout=60)

    run(*DUMP, dump, f"{server}/{found['NAME']}")
    with connection.cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
        cursor.execute(f'CREATE DATABASE "{name}"')
    try:
        run(*RESTORE, f"{server}/{name}", dump)
        yield name
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def said(command: str, *args: str, **options: Any) -> str:
    out = StringIO()
    call_command(command, *args, stdout=out, stderr=out, **options)
    return out.getvalue()


def test_a_restored_ledger_holds_refuses_changes_and_goes_on(restored: str, committed_world: World) -> None:
    before, events = snapshot(), LifecycleEvent.objects.count()
    with turned_to(restored):
        # As docs/operations.md says after a restore. Each command exits with 1 (SystemExit) when anything is wrong.
        said("migrate", check_unapplied=True)
        assert "W001" not in said("check", databases=["default"])
        assert f'"events": {events}' in said("verify", form="json")
        assert '"differed": 0' in said("rebuild", form="json")
        assert difference(before, snapshot()) == {}
        assert append_only.missing() == []
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE {append_only.EVENTS} SET actor = 'nobody'")
        committed_world.pack().produced().installed()
        committed_world.battery("TMP-2").received(by=committed_world.stranger)
        assert f'"events": {events + 3}' in said("verify", form="json")
        assert '"differed": 0' in said("rebuild", form="json")
    assert LifecycleEvent.objects.count() == events


def test_what_is_newer_than_the_copy_is_captured_from_an_export(
    restored: str, committed_world: World, tmp_path: Path
) -> None:
    committed_world.pack(modules=1).produced().installed().removed()
    committed_world.battery("TMP-3").received(by=committed_world.stranger)
    said("export", output=str(tmp_path / "export.jsonl"))
    live = snapshot()
    with turned_to(restored):
        told = json.loads(said("capture", str(tmp_path / "export.jsonl"), on_error="proceed", form="json"))
        assert (told["recorded"], told["refused"]) == (4, 0)
        assert difference(live, snapshot()) == {}
        said("verify")


@pytest.mark.usefixtures("on_sqlite")
def test_a_backup_is_whole_while_another_transaction_is_open(tmp_path: Path, committed_world: World) -> None:
    """What is not committed is not in it; nobody waits for it."""
    path, copy = tmp_path / "live.sqlite3", tmp_path / "copy.sqlite3"
    call_command("backup", str(path), stdout=StringIO())
    with turned_to(str(path)):
        committed_world.pack().produced()
        events = LifecycleEvent.objects.count()
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            other.execute("DELETE FROM traceability_outboxentry")
            assert said("backup", str(copy)).startswith(f"{events} ")
            other.execute("ROLLBACK")
    with turned_to(str(copy)):
        assert f'"events": {events}' in said("verify", form="json")
    assert copy.stat().st_mode & 0o777 == 0o600


@pytest.mark.usefixtures("on_sqlite")
def test_a_backup_is_never_written_over_and_leaves_nothing_half_done(tmp_path: Path, transactional_db: None) -> None:
    there = tmp_path / "there"
    there.write_text("an older backup")
    for path in (there, tmp_path / "no-such-folder" / "copy"):
        with pytest.raises(CommandError):
            said("backup", str(path))
    with append_only.laid_aside(), pytest.raises(CommandError, match="ledger_"):
        said("backup", str(tmp_path / "without-triggers"))
    assert [path.name for path in tmp_path.iterdir()] == ["there"]
    assert there.read_text() == "an older backup"


def test_postgresql_is_backed_up_with_its_own_tools(tmp_path: Path, db: None) -> None:
    if connection.vendor == "sqlite":
        pytest.skip("what the other database says")
    with pytest.raises(CommandError, match="pg_dump"):
        said("backup", str(tmp_path / "copy"))
