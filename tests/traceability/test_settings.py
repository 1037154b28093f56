"""One settings file, safe where nothing is said: each test starts the product with an environment of its own."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from traceability.settings import BASE_DIR, database

SECRET = "a-long-enough-secret-of-many-different-characters-0123456789"
PRODUCTION = {"PRODUCTION": "1", "SECRET_KEY": SECRET, "ALLOWED_HOSTS": "batteries.example.cn"}


def manage(tmp_path: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run manage.py with nothing of this environment but the way to Python."""
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=BASE_DIR,
        env=inherited | {"DATA_DIR": str(tmp_path)} | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def asked(tmp_path: Path, code: str, **environment: str) -> object:
    """What the product, started like this, says to a question."""
    question = (
        f"from django.conf import settings; from django.db import connection; import json; print(json.dumps({code}))"
    )
    done = manage(tmp_path, "shell", "--no-imports", "-c", question, **environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_production_without_a_secret_key_does_not_start(tmp_path: Path) -> None:
    done = manage(tmp_path, "check", PRODUCTION="1", ALLOWED_HOSTS="batteries.example.cn")
    assert done.returncode != 0
    assert "SECRET_KEY" in done.stderr
    assert not (tmp_path / "secret_key").exists()


def test_production_passes_the_deployment_check(tmp_path: Path) -> None:
    done = manage(tmp_path, "check", "--deploy", "--fail-level", "WARNING", **PRODUCTION)
    assert (done.returncode, done.stderr) == (0, "")


def test_debugging_is_never_on_in_production(tmp_path: Path) -> None:
    code = "[settings.DEBUG, settings.GRAPHQL_INTROSPECTION, settings.GRAPHIQL, settings.ALLOWED_HOSTS]"
    assert asked(tmp_path, code, **PRODUCTION, DEBUG="1") == [False, False, False, ["batteries.example.cn"]]


def test_the_embedded_installation_makes_its_own_key_once(tmp_path: Path) -> None:
    first = asked(tmp_path, "settings.SECRET_KEY")
    assert isinstance(first, str)
    assert len(first) > 50
    assert asked(tmp_path, "settings.SECRET_KEY") == first
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600


def test_sqlite_is_opened_durable_and_writers_queue(tmp_path: Path) -> None:
    pragmas = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
    read = f"[connection.cursor().execute('PRAGMA ' + name).fetchone()[0] for name in {pragmas}]"
    assert asked(tmp_path, read) == ["wal", 2, 1, 20_000]
    assert asked(tmp_path, "connection.cursor() and connection.transaction_mode") == "IMMEDIATE"
    assert asked(tmp_path, "str(connection.settings_dict['NAME'])") == str(tmp_path / "traceability.sqlite3")


def test_postgresql_keeps_its_connections_and_prepares_its_statements() -> None:
    found = database("postgres://user:secret@127.0.0.1:5432/ledger")
    assert (found["ENGINE"], found["NAME"]) == ("django.db.backends.postgresql", "ledger")
    assert found["OPTIONS"]["server_side_binding"] is True
    assert found["OPTIONS"]["prepare_threshold"] == 1
    assert (found["CONN_MAX_AGE"], found["CONN_HEALTH_CHECKS"]) == (600, True)


@pytest.mark.skipif(connection.vendor == "sqlite", reason="asks PostgreSQL")
def test_postgresql_prepares_on_the_first_use(db: None) -> None:
    assert connection.connection.prepare_threshold == 1
    assert type(connection.connection.cursor()).__name__ == "ServerBindingCursor"


@pytest.mark.parametrize("url", ["mysql://u:p@127.0.0.1/x", "oracle://u:p@127.0.0.1/x"])
def test_another_database_is_refused(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="SQLite or PostgreSQL"):
        database(url)


def test_chinese_comes_first(tmp_path: Path) -> None:
    code = "[settings.LANGUAGE_CODE, [code for code, _ in settings.LANGUAGES], settings.TIME_ZONE, settings.USE_TZ]"
    assert asked(tmp_path, code) == ["zh-hans", ["zh-hans", "en"], "Asia/Shanghai", True]
