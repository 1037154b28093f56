"""F1: `kill -9` of PostgreSQL, the postmaster and all its children, while writers write.

They try again under the same keys. On its own cluster, with fsync on, as a database that keeps what it has confirmed.
"""

import json
import random
import time
from typing import Any

import pytest
from django.db import connection

from tests.faults.answers import acknowledged
from tests.faults.conftest import Fresh
from tests.faults.killing import kill, lines_of
from tests.faults.servers import Cluster
from tests.faults.test_killed_writers import SILENT, batteries
from tests.worlds import PARTIES

FOREVER = 50_000


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("kills", "longest"), [(1, 0.2), pytest.param(25, 1.2, marks=pytest.mark.campaign)])
def test_a_database_that_is_killed_keeps_what_it_has_confirmed(
    fresh: Fresh, cluster: Cluster, chance: random.Random, tell: dict[str, Any], kills: int, longest: float
) -> None:
    if kills == 1 and connection.vendor == "sqlite":
        pytest.skip("the short run is for tests on PostgreSQL")
    place = fresh("cluster")
    said = [place.folder / f"writer-{number}" for number in range(3)]
    writers = []
    for number, path in enumerate(said):
        with path.open("w") as out:
            writers.append(place.start("-m", "tests.faults.writer", str(number), "0", str(FOREVER), stdout=out))
    try:
        for done in range(kills):
            _wait_for_more(said)
            time.sleep(chance.uniform(0, longest))
            cluster.kill()
            cluster.start()
            assert [writer.poll() for writer in writers] == [None] * len(writers), done
        _wait_for_more(said)
    finally:
        for writer in writers:
            kill(writer)
            writer.wait(30)
    before = {number: acknowledged(number, lines_of(path)) for number, path in enumerate(said)}
    confirmed = [key for keys in before.values() for key in keys]
    failures = sum('"failed"' in line for path in said for line in lines_of(path))
    place.judge(confirmed)
    # All of it once more: nothing is recorded again but, at most, the one call each that nobody was told of.
    said = [place.folder / f"again-{number}" for number in before]
    for (number, keys), path in zip(before.items(), said, strict=True):
        with path.open("w") as out:
            again = ("-m", "tests.faults.writer", str(number), "0", str(len(keys) // 2))
            writers[number] = place.start(*again, stdout=out)
    for (number, keys), path in zip(before.items(), said, strict=True):
        assert writers[number].wait(600) == 0
        assert acknowledged(number, lines_of(path)) == keys
        assert all('"replayed", "replayed"' in line for line in lines_of(path))
    ledger = place.judge(confirmed)
    beyond = len([key for key in ledger.keys if "-" in key]) - len(confirmed)
    assert 0 <= beyond <= 2 * len(writers)
    tell |= {"kills": kills, "calls that failed and were made again": failures}
    tell |= {"acknowledged": len(confirmed), "events": ledger.events, "lost": 0, "doubled": 0}


@pytest.mark.campaign
@pytest.mark.timeout(900)
def test_a_worker_of_files_outlives_the_database(
    fresh: Fresh, cluster: Cluster, chance: random.Random, tell: dict[str, Any]
) -> None:
    """It stays, waits for the database, and takes its file up again where that ended."""
    place, rows = fresh("cluster"), 60_000
    job = place.run("-m", "tests.faults.sending", batteries(place, rows), place.parties["maker"]["code"])
    with (place.folder / "worker").open("w") as log:
        worker = place.start("manage.py", "worker", "--poll", "0.2", stdout=log, stderr=log)
    recorded = kills = 0
    try:
        until = time.monotonic() + 600
        while (told := json.loads(place.run("-m", "tests.faults.sending", job)))["status"] != "done":
            assert told["status"] in ("queued", "checking", "writing"), told
            assert worker.poll() is None, (place.folder / "worker").read_text()
            assert time.monotonic() < until
            # A file that never gets on is given up; this one may get on a little between two kills.
            if kills < 10 and (kills < 2 or told["new"] > recorded):
                recorded = told["new"]
                time.sleep(chance.uniform(0, 2))
                cluster.kill()
                kills += 1
                time.sleep(chance.uniform(0, 1))
                cluster.start()
                # Once it is waited for that the worker's silence is long enough.
                if kills != 5:
                    place.sql(SILENT)
    finally:
        kill(worker)
        worker.wait(30)
    ledger = place.judge()
    assert (told["new"] + told["same"], ledger.events) == (rows + rows // 20, len(PARTIES) + rows)
    tell |= {"kills": kills, "rows": rows, "events": ledger.events, "lost": 0, "doubled": 0}


def _wait_for_more(said: list[Any]) -> None:
    """Until every writer has been answered once more."""
    sizes = [sum("statuses" in line for line in path.read_text().splitlines()) for path in said]
    until = time.monotonic() + 60
    while any(
        sum("statuses" in line for line in path.read_text().splitlines()) <= size
        for path, size in zip(said, sizes, strict=True)
    ):
        assert time.monotonic() < until, "the writers get no answers"
        time.sleep(0.05)
