"""A copy of the embedded database that is whole, while others go on writing."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from django.db import connection

from traceability import append_only


class NotCopied(Exception):
    """The copy could not be made, or is not what it should be; nothing of it stays."""


def back_up(path: Path) -> int:
    """Write a consistent copy of the SQLite database to a new file; gives the number of its events.

    The file appears under its name only when it is complete, checked and on disk. It is readable by its owner alone,
    as it holds what people sign in with.

    Raises:
        FileExistsError: a backup is never written over.
        NotCopied, OSError, DatabaseError: and nothing stays.
    """
    if path.exists():
        raise FileExistsError(path)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    os.close(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        with connection.cursor() as cursor:
            # One read transaction: a snapshot, whatever is written meanwhile; what was deleted is not in it.
            cursor.execute("VACUUM INTO %s", [str(unfinished)])
        events = _checked(unfinished)
        _sync(unfinished)
        unfinished.rename(path)
        _sync(path.parent)
    finally:
        unfinished.unlink(missing_ok=True)
    return events


def _checked(path: Path) -> int:
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as copy:
        [said] = copy.execute("PRAGMA quick_check(1)").fetchone()
        triggers = {name for (name,) in copy.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")}
        lost = [name for name in append_only.NAMES["sqlite"] if name not in triggers]
        if said != "ok" or lost:
            raise NotCopied(", ".join([said, *lost]))
        [events] = copy.execute(f"SELECT count(*) FROM {append_only.EVENTS}").fetchone()  # noqa: S608 (a name of our own)
    return int(events)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
