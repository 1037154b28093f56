"""The demo as tests run it: as a command, in a folder of its own, and what other commands then say of its database."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from web.demo.companies import CARELESS, CRUSHER, REFINERY, WASTEFUL

#: The demo makes an embedded database of its own, whichever the tests run on.
only_embedded = pytest.mark.skipif(connection.vendor != "sqlite", reason="the demo knows only the embedded database")
Record = dict[str, Any]


def run(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("DATABASE_URL", "DJANGO"))}
    environment |= {"DATA_DIR": str(folder), "PYTHONIOENCODING": "utf-8"}
    return manage(environment, "demo", "--no-server", *options)


def manage(environment: dict[str, str], *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )


def lines(folder: Path, *command: str) -> list[Record]:
    """What a command says of the demo's database, as JSON Lines."""
    answer = manage(_at(folder), *command)
    assert answer.returncode == 0, answer.stderr
    return [json.loads(line) for line in answer.stdout.splitlines()]


def lines_of_each(folder: Path, *commands: tuple[str, ...]) -> list[list[Record]]:
    """What several commands say, one after the other by one process, which has less to load."""
    script = "import django, json, sys; from django.core.management import call_command as call; django.setup()\n"
    script += "for command in json.loads(sys.argv[1]): call(*command); print()"
    answer = subprocess.run(
        [sys.executable, "-c", script, json.dumps(commands)],
        cwd=settings.BASE_DIR,
        env=_at(folder) | {"DJANGO_SETTINGS_MODULE": "traceability.settings"},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    return [[json.loads(line) for line in told.splitlines()] for told in answer.stdout.strip().split("\n\n")]


def _at(folder: Path) -> dict[str, str]:
    """The environment in which commands speak of the demo's database."""
    url = f"sqlite:///{folder / 'demo' / 'demo.sqlite3'}"
    return os.environ | {"DATABASE_URL": url, "PYTHONIOENCODING": "utf-8"}


def verdicts(told: str) -> dict[str, list[str]]:
    """The printed table, in English: company → listed, declared, verdict, the first of what is amiss."""
    row = (
        r"^(.+ \(demo\)) +(since|revoked on) [\d-]+ +(objected to|confirmed|not reviewed) +"
        r"(\w+(?: \w+)?)  +([^·]+?)(?: ·.*| *)$"
    )
    english = told.partition("Industry conditions")[2]
    return {name: found for name, *found in re.findall(row, english, re.MULTILINE)}


#: What it prints of each recycler, however many packs there are.
PRINTED = {
    CRUSHER.name_en: ["since", "objected to", "no evidence", "Reuse of process waste water"],
    REFINERY.name_en: ["since", "confirmed", "met", "—"],
    WASTEFUL.name_en: ["since", "not reviewed", "not met", "Recovery of lithium"],
    CARELESS.name_en: ["revoked on", "not reviewed", "not met", "Aluminium in the powder"],
}
