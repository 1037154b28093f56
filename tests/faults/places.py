"""Databases of a campaign's own, founded, and what may be asked of them from outside."""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from traceability.settings import BASE_DIR


@dataclass(frozen=True)
class Place:
    """A founded database; commands run on it as processes of their own."""

    url: str
    folder: Path
    parties: dict[str, dict[str, str]]

    @property
    def environment(self) -> dict[str, str]:
        own = {
            "DATABASE_URL": self.url,
            "DATA_DIR": str(self.folder),
            "SECRET_KEY": "faults" * 10,
            "LOG_LEVEL": "ERROR",
        }
        return os.environ | own | {"PYTHONPATH": str(BASE_DIR), "PYTHONUNBUFFERED": "1"}

    def start(self, *command: str | Path, **options: Any) -> "subprocess.Popen[str]":
        """Start Python with these arguments, as the head of a group of processes."""
        return subprocess.Popen(
            [sys.executable, *command],
            cwd=BASE_DIR, env=self.environment, start_new_session=True, text=True, **options,
        )  # fmt: skip

    def run(self, *command: str | Path, text: str = "") -> str:
        """What Python with these arguments writes."""
        pipe = subprocess.PIPE
        with self.start(*command, stdin=pipe, stdout=pipe, stderr=pipe) as process:
            out, err = process.communicate(text, timeout=600)
        assert process.returncode == 0, err
        return str(out)

    def sql(self, statement: str) -> None:
        """Run a statement past the product."""
        if path := self.url.partition("sqlite:///")[2]:
            with closing(sqlite3.connect(path, timeout=20)) as file, file:
                file.execute(statement)
        else:
            with psycopg.connect(self.url) as connection:
                connection.execute(statement.encode())

    def judge(self, acknowledged: Iterable[str] = ()) -> "Judgement":
        """Verify, rebuild, count: nothing may be wrong with the ledger, and what was acknowledged is in it."""
        return judged(self.run("-m", "tests.faults.judge", text="once\n"), acknowledged)

    @contextmanager
    def judging(self) -> "Iterator[Callable[[Iterable[str]], Judgement]]":
        """The same for many times: the judge stays, and is asked again and again."""
        with self.start("-m", "tests.faults.judge", stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            asked, told = process.stdin, process.stdout

            def judge(acknowledged: Iterable[str]) -> Judgement:
                asked.write("once more\n")
                asked.flush()
                return judged(told.readline(), acknowledged)

            yield judge


@dataclass(frozen=True)
class Judgement:
    """A ledger that holds: how many events it has, and their keys."""

    events: int
    keys: set[str]


def judged(told: str, acknowledged: Iterable[str]) -> Judgement:
    """Read what the judge told."""
    found = json.loads(told)
    keys = set(found["keys"])
    lost = sorted(set(acknowledged) - keys)
    assert (found["faults"], found["differed"], found["missing_triggers"]) == ([], [], [])
    assert (lost, found["doubled"], found["unqueued"]) == ([], 0, 0)
    return Judgement(found["events"], keys)


def found(url: str, folder: Path) -> Place:
    """Migrate and found the database at this address."""
    empty = Place(url, folder, {})
    return Place(url, folder, json.loads(empty.run("-m", "tests.faults.founding")))
