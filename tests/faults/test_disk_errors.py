"""F3: every call by which SQLite touches its files fails once, at each place in turn; strace injects the error.

A write that was confirmed is there, one that failed can be made again, and the file stays whole.
"""

import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from django.db import connection

from tests.faults.answers import acknowledged, failures
from tests.faults.conftest import Fresh
from tests.faults.places import Place
from traceability.settings import BASE_DIR

CALLS = 3
#: What may go wrong with each of the calls that SQLite makes for its files.
ERRORS = {
    "pwrite64": ("EIO", "ENOSPC"),
    "fdatasync": ("EIO", "ENOSPC"),
    "fsync": ("EIO",),
    "ftruncate": ("EIO",),
    "openat": ("EIO", "EMFILE", "ENOSPC"),
    "unlink": ("EIO",),
    "mmap": ("ENOMEM",),
    "pread64": ("EIO",),
    "fcntl": ("EIO",),
}


class Injected(NamedTuple):
    """The `when`-th call of this name fails; with a `+`, all from there on."""

    call: str
    error: str
    when: str


def traced(place: Place, first: int, fault: Injected | None = None) -> tuple[list[str], str]:
    """Three calls of a writer under strace; gives what the writer told, and the trace of what concerns the files."""
    path, trace = place.url.removeprefix("sqlite:///"), place.folder / "trace"
    command = ["strace", "-f", "-qq", "-o", str(trace)]
    if fault is not None:
        inject = f"inject={fault.call}:error={fault.error}:when={fault.when}"
        command += ["--seccomp-bpf", "-e", f"trace={fault.call}", "-e", inject]
    for suffix in ("", "-wal", "-shm", "-journal"):
        command += ["-P", path + suffix]
    command += [sys.executable, "-m", "tests.faults.writer", "0", str(first), str(first + CALLS), "3"]
    done = subprocess.run(
        command, cwd=BASE_DIR, env=place.environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, (fault, done.stderr)
    return done.stdout.splitlines(), trace.read_text()


@pytest.fixture(scope="session")
def strace(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Somewhere it is not installed, somewhere processes may not be traced."""
    if not shutil.which("strace"):
        pytest.skip("strace is not installed")
    trace = tmp_path_factory.mktemp("strace") / "trace"
    tried = subprocess.run(["strace", "-f", "--seccomp-bpf", "-e", "trace=openat", "-o", trace, "true"], check=False)
    if tried.returncode or not trace.read_text():
        pytest.skip("processes may not be traced here")


def faults(counted: Counter[str], most: int) -> list[Injected]:
    """Each call at each place in turn; of the many that write, read and lock, so many places evenly."""
    found = []
    for call, errors in ERRORS.items():
        step = -(-counted[call] // most) or 1
        places = range(1, counted[call] + 1, step)
        found += [Injected(call, errors[at % len(errors)], str(place)) for at, place in enumerate(places)]
    # And a disk that does not come back while the writer lives.
    return found + [Injected(call, "EIO", f"{at}+") for call in ("pwrite64", "fdatasync") for at in (1, 4, 9)]


@pytest.mark.usefixtures("strace")
@pytest.mark.parametrize("most", [0, pytest.param(15, marks=[pytest.mark.campaign, pytest.mark.timeout(1_800)])])
def test_no_error_of_the_disk_breaks_the_ledger(fresh: Fresh, tell: dict[str, Any], most: int) -> None:
    if not most and connection.vendor != "sqlite":
        pytest.skip("the short run is for tests on SQLite")
    place = fresh("sqlite")
    said, trace = traced(place, 0)
    confirmed = acknowledged(0, said)
    planned = faults(Counter(re.findall(r"^\d+ +(\w+)\(", trace, re.MULTILINE)), most) if most else SHORT
    injected = Counter[str]()
    refused = 0
    with place.judging() as judge:
        for run, fault in enumerate(planned, start=1):
            said, trace = traced(place, run * CALLS, fault)
            confirmed += acknowledged(0, said)
            refused += len(failures(said))
            injected[fault.call] += trace.count("(INJECTED)")
            ledger = judge(confirmed)
    # A disk that is well again takes all that was not confirmed.
    place.run("-m", "tests.faults.writer", "0", "0", str((len(planned) + 1) * CALLS))
    ledger = place.judge(confirmed)
    assert injected.total() >= (57 if most else len(SHORT))
    assert not list(Path(place.folder).glob("*-journal"))
    tell |= {"runs": len(planned), "injected errors": injected.total(), "refused writes": refused}
    tell |= {"acknowledged": len(confirmed), "events": ledger.events, "lost": 0, "doubled": 0}


SHORT = [Injected("fdatasync", "EIO", "1"), Injected("pwrite64", "ENOSPC", "20"), Injected("openat", "EMFILE", "2")]
