"""What campaigns share: founded databases to break, and a line of counts at the end of each."""

import random
import shutil
import time
from collections.abc import Callable, Iterator
from itertools import count
from os import getpid
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from tests.faults.places import Place, found
from tests.faults.servers import Cluster, Server, programs

Fresh = Callable[[str], Place]
_numbers = count()


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A server of PostgreSQL that may be killed."""
    if programs() is None:
        pytest.skip("no server of PostgreSQL is installed here (initdb)")
    own = Cluster()
    yield own
    own.remove()


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Place]]:
    """Founded databases by where they are, each made once."""
    return {}


@pytest.fixture
def fresh(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, templates: dict[str, Place]
) -> Iterator[Fresh]:
    """Makes founded databases: on `sqlite`, on a `cluster` of PostgreSQL, or `here`, where the tests run."""
    dropped: list[tuple[Server, str]] = []

    def make(kind: str) -> Place:
        folder = tmp_path_factory.mktemp("place")
        if kind == "sqlite" or (kind == "here" and connection.vendor == "sqlite"):
            return _copied(folder)
        server = request.getfixturevalue("cluster") if kind == "cluster" else _here()
        name = f"faults_{getpid()}_{next(_numbers)}"
        dropped.append((server, name))
        if server.address not in templates:
            template = f"faults_{getpid()}_template"
            templates[server.address] = found(server.create(template), folder)
            if kind == "here":
                request.session.addfinalizer(lambda: server.drop(template))
        parties = templates[server.address].parties
        template = templates[server.address].url.rpartition("/")[2]
        return Place(server.create(name, template), folder, parties)

    def _copied(folder: Path) -> Place:
        if "sqlite" not in templates:
            own = tmp_path_factory.mktemp("template")
            templates["sqlite"] = found(f"sqlite:///{own / 'founded.sqlite3'}", own)
        # Its last connection was closed: the file is whole.
        path = shutil.copy(templates["sqlite"].folder / "founded.sqlite3", folder / "records.sqlite3")
        return Place(f"sqlite:///{path}", folder, templates["sqlite"].parties)

    yield make
    for server, name in dropped:
        server.drop(name)


def _here() -> Server:
    given = connection.settings_dict
    password = f":{given['PASSWORD']}" if given["PASSWORD"] else ""
    return Server(f"postgres://{given['USER']}{password}@{given['HOST']}:{given['PORT'] or 5432}")


@pytest.fixture
def chance() -> random.Random:
    """Another one each time: a campaign looks where none has looked before."""
    return random.Random()


@pytest.fixture
def tell(request: pytest.FixtureRequest) -> Iterator[dict[str, Any]]:
    """Counts, to be filled in; they are written as one line when the campaign has ended well."""
    counts: dict[str, Any] = {}
    began = time.monotonic()
    yield counts
    terminal = request.config.pluginmanager.get_plugin("terminalreporter")
    if counts and terminal is not None and request.node.get_closest_marker("campaign"):
        said = ", ".join(f"{value} {name}" for name, value in counts.items())
        with request.config.pluginmanager.get_plugin("capturemanager").global_and_fixture_disabled():
            terminal.ensure_newline()
            terminal.write_line(f"{request.node.name}: {said}; {time.monotonic() - began:.0f} s")
