"""Servers of PostgreSQL: the one the tests run on, or a cluster of a campaign's own, which may be killed."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg

#: Where distributions put what is not on the PATH.
PROGRAMS = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql*/bin")


def programs() -> Path | None:
    """The folder of the newest installed server, if one is."""
    found = [path for pattern in PROGRAMS for path in Path("/").glob(f"{pattern[1:]}/initdb")]
    newest = max(
        found,
        key=lambda path: [int(word) for word in path.parent.parent.name.split("-") if word.isdigit()],
        default=None,
    )
    if newest is None and (on_path := shutil.which("initdb")):
        newest = Path(on_path)
    return newest and newest.parent


class Server:
    """A running server, on which databases are made and dropped."""

    def __init__(self, address: str) -> None:
        self.address = address

    def url(self, name: str) -> str:
        return f"{self.address}/{name}"

    def run(self, statement: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())

    def create(self, name: str, template: str = "template1") -> str:
        """Make a database like the template; gives its address."""
        self.run(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self.url(name)

    def drop(self, name: str) -> None:
        self.run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


class Cluster(Server):
    """A server of our own on a free port, durable (fsync on), that can be killed and started again."""

    def __init__(self, parent: Path | None = None, **settings: Any) -> None:
        found = programs()
        assert found is not None
        self.programs = found
        # Not under pytest's folders: the server's own user could not enter them.
        self.folder = Path(tempfile.mkdtemp(prefix="cluster-", dir=parent))
        self.folder.chmod(0o755)
        self.owner: dict[str, Any] = {}
        if os.geteuid() == 0:  # the server refuses to run as root
            shutil.chown(self.folder, "postgres", "postgres")
            self.owner = {"user": "postgres", "group": "postgres", "extra_groups": []}
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        super().__init__(f"postgres://faults@127.0.0.1:{port}")
        self.data = self.folder / "data"
        options = {
            "port": port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": self.folder,
            "fsync": "on",
            "max_connections": 100,
            "shared_buffers": "32MB",
        }
        self.options = [word for name, value in (options | settings).items() for word in ("-c", f"{name}={value}")]
        made = ["-U", "faults", "-A", "trust", "-E", "UTF8", "--locale", "C", "-k", "--wal-segsize", "1"]
        initdb = [self.programs / "initdb", "-D", self.data, *made]
        subprocess.run(initdb, cwd="/", stdout=subprocess.DEVNULL, timeout=120, check=True, **self.owner)
        self.start()

    def start(self) -> None:
        """Start, recovering from whatever happened; back when it answers."""
        # As a child of ours: a dead postmaster that nobody fetches would look alive to the next one.
        with (self.folder / "log").open("a") as log:
            self.postmaster = subprocess.Popen(
                [self.programs / "postgres", "-D", self.data, *self.options],
                cwd="/", stdout=log, stderr=log, start_new_session=True, **self.owner,
            )  # fmt: skip
        until = time.monotonic() + 60
        while True:
            try:
                return self.run("SELECT 1")
            except psycopg.OperationalError:
                if self.postmaster.poll() is not None or time.monotonic() > until:
                    raise AssertionError((self.folder / "log").read_text()[-2_000:]) from None
                time.sleep(0.05)

    @property
    def runs(self) -> bool:
        """Whether the server is there; it ends by itself where it cannot go on."""
        return self.postmaster.poll() is None

    def kill(self) -> None:
        """`kill -9` of the postmaster and of all its children, at once."""
        family = [self.postmaster.pid]
        with suppress(ProcessLookupError):
            os.kill(self.postmaster.pid, signal.SIGSTOP)  # makes no new children meanwhile
            family += children(self.postmaster.pid)
        for process in family:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        self.postmaster.wait(30)
        until = time.monotonic() + 30
        while any(is_alive(process) for process in family):
            assert time.monotonic() < until
            time.sleep(0.01)

    def remove(self) -> None:
        """End it, and leave nothing."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def children(process: int) -> list[int]:
    """The processes that this one has started."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError):
            if int(path.read_text().rpartition(")")[2].split()[1]) == process:
                found.append(int(path.parent.name))
    return found


def is_alive(process: int) -> bool:
    """Whether it still runs; one that is dead and not yet fetched does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
