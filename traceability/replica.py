"""Reading from a second database: a replica, or the same one under the auditors' role.

`settings.DATABASES["audit"]` is it (AUDIT_DATABASE_URL); without it all is read where it is written.

    with replica.reading():
        …            # every read goes to the replica, every write to the default database
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper

ALIAS: Final = "audit"
_reading: ContextVar[bool] = ContextVar("reading", default=False)


@contextmanager
def reading() -> Iterator[None]:
    """Read from the replica inside, where there is one."""
    with _set(True):
        yield


@contextmanager
def primary() -> Iterator[None]:
    """Read from the default database inside, whatever is around it."""
    with _set(False):
        yield


@contextmanager
def _set(value: bool) -> Iterator[None]:
    token = _reading.set(value)
    try:
        yield
    finally:
        _reading.reset(token)


def alias() -> str:
    """Name the database that is read from here."""
    return ALIAS if _reading.get() and ALIAS in connections.settings else DEFAULT_DB_ALIAS


def connection() -> BaseDatabaseWrapper:
    """Give the connection that is read through here, for SQL of our own."""
    return connections[alias()]


class ReplicaRouter:
    """Sends reads where `alias` says, writes and migrations to the default database."""

    def db_for_read(self, _model: Any, **_hints: Any) -> str:
        """Read inside `reading()` from the replica."""
        return alias()

    def db_for_write(self, _model: Any, **_hints: Any) -> str:
        """Write to the default database only."""
        return DEFAULT_DB_ALIAS

    def allow_relation(self, _one: Any, _other: Any, **_hints: Any) -> bool:
        """Both are the same data."""
        return True

    def allow_migrate(self, db: str, _app_label: str, **_hints: Any) -> bool:
        """A replica gets its tables from the database it follows."""
        return db == DEFAULT_DB_ALIAS
