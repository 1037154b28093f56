"""F4: the disk is full. Writes are refused with an error; when there is space again, they go on within seconds."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from tests.faults.answers import acknowledged, failures
from tests.faults.conftest import Fresh
from tests.faults.killing import kill, lines_of
from tests.faults.places import Place, found
from tests.faults.servers import Cluster, programs

#: The service is back so many seconds after there is space (docs: reliability figures).
BACK = 30
Disk = Callable[[int], Path]


@pytest.fixture
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Disk]:
    """Makes a small disk of its own (a tmpfs), of so many megabytes."""
    mounted: list[Path] = []

    def mount(megabytes: int) -> Path:
        # Beside pytest's folders, which the user of PostgreSQL could not enter.
        path = Path("/tmp") / f"faults-disk-{os.getpid()}-{len(mounted)}"
        path.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "tmpfs", str(path)]
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=10)
        except (OSError, subprocess.CalledProcessError):
            path.rmdir()
            pytest.skip("a disk of our own cannot be mounted here: that needs root")
        mounted.append(path)
        return path

    yield mount
    for path in mounted:
        subprocess.run(["umount", "-l", str(path)], check=True, timeout=10)
        path.rmdir()


@contextmanager
def filled(disk: Path) -> Iterator[None]:
    """Not a byte is free, until the block ends."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            while True:
                try:
                    file.write(b"x" * size)
                except OSError:
                    break
    try:
        yield
    finally:
        filler.unlink()


def until(met: Callable[[], bool], seconds: float) -> float:
    """Wait; gives how long it took."""
    began = time.monotonic()
    while not met():
        assert time.monotonic() - began < seconds
        time.sleep(0.05)
    return time.monotonic() - began


def writes_through(place: Place, disk: Path, rounds: int, revive: Callable[[], None], tell: dict[str, Any]) -> None:
    """A writer writes on while the disk fills up and empties again."""
    said = place.folder / "said"
    with said.open("w") as out:
        writer = place.start("-m", "tests.faults.writer", "0", "0", "50000", stdout=out)

    def answers() -> int:
        return len(acknowledged(0, said.read_text().splitlines()[:-1]))

    def refusals() -> int:
        return len(failures(said.read_text().splitlines()[:-1]))

    longest = 0.0
    try:
        for _ in range(rounds):
            before = answers()
            until(lambda known=before: answers() > known, 60)  # type: ignore[misc]
            with filled(disk):
                known = refusals()
                until(lambda known=known: refusals() > known + 2, 120)  # type: ignore[misc]
            before = answers()
            began = time.monotonic()
            revive()
            until(lambda known=before: answers() > known, BACK)  # type: ignore[misc]
            longest = max(longest, time.monotonic() - began)
    finally:
        kill(writer)
        writer.wait(30)
    told = lines_of(said)
    confirmed = acknowledged(0, told)
    assert all(why.startswith("OperationalError") for why in failures(told)), set(failures(told))
    ledger = place.judge(confirmed)
    tell |= {
        "times full": rounds,
        "refused writes": len(failures(told)),
        "seconds to be back at most": round(longest, 1),
    }
    tell |= {"acknowledged": len(confirmed), "events": ledger.events, "lost": 0, "doubled": 0}


@pytest.mark.timeout(900)
@pytest.mark.parametrize("rounds", [1, pytest.param(10, marks=pytest.mark.campaign)])
def test_sqlite_on_a_full_disk(fresh: Fresh, disk: Disk, tell: dict[str, Any], rounds: int) -> None:
    if rounds == 1 and connection.vendor != "sqlite":
        pytest.skip("the short run is for tests on SQLite")
    place, small = fresh("sqlite"), disk(80)
    path = small / "records.sqlite3"
    path.write_bytes(Path(place.url.removeprefix("sqlite:///")).read_bytes())
    writes_through(replace(place, url=f"sqlite:///{path}"), small, rounds, lambda: None, tell)


@pytest.mark.campaign
@pytest.mark.timeout(900)
def test_postgresql_on_a_full_disk(tmp_path: Path, disk: Disk, tell: dict[str, Any]) -> None:
    """It may give up (PANIC, when its log has no space): whatever watches over it starts it again."""
    if programs() is None:
        pytest.skip("no server of PostgreSQL is installed here (initdb)")
    small = disk(160)
    cluster = Cluster(small, max_wal_size="8MB", min_wal_size="4MB")
    starts = 0

    def revive() -> None:
        nonlocal starts
        if not cluster.runs:
            starts += 1
            cluster.start()

    try:
        place = found(cluster.create("records"), tmp_path)
        writes_through(place, small, 10, revive, tell)
    finally:
        cluster.remove()
    tell["restarts"] = starts
