"""Many writers at once, processes or threads with connections of their own: nothing lost, nothing twice, no fork.

On SQLite the writers share a database file, on PostgreSQL the test database.
"""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from tests.factories import given
from tests.projections import difference, snapshot
from tests.traceability.writers import answer, viewers_by_code
from tests.worlds import World
from traceability import exact, projecting
from traceability.models import LifecycleEvent, LifecycleRecord, OutboxEntry
from traceability.settings import BASE_DIR
from traceability.verification import verify

Call = dict[str, Any]
MANY = pytest.param(64, 10, "processes", marks=[pytest.mark.campaign, pytest.mark.timeout(900)])


@pytest.fixture
def url(tmp_path: Path, transactional_db: None) -> Iterator[str]:
    """The address of an empty database that other processes can open; it is the default one here meanwhile."""
    if connection.vendor == "postgresql":
        found = connection.settings_dict
        yield f"postgres://{found['USER']}:{found['PASSWORD']}@{found['HOST']}:{found['PORT']}/{found['NAME']}"
        return
    # The test database is in memory; this process turns to a file for a while and back.
    path = tmp_path / "shared.sqlite3"
    memory, name = connection.connection, connection.settings_dict["NAME"]
    with closing(sqlite3.connect(path)) as copy:
        memory.backup(copy)
    connection.connection, connection.settings_dict["NAME"] = None, str(path)
    try:
        yield f"sqlite:///{path}"
    finally:
        connection.close()
        connection.connection, connection.settings_dict["NAME"] = memory, name


def written(url: str, scripts: list[list[Call]]) -> list[list[dict[str, Any]]]:
    """What each writer was answered; they all start when all are ready."""
    environment = os.environ | {"DATABASE_URL": url, "PYTHONPATH": str(BASE_DIR), "CONN_MAX_AGE": "0"}
    with ExitStack() as stack:
        writers = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-m", "tests.traceability.writers"],
                    cwd=BASE_DIR,
                    env=environment,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for _ in scripts
        ]
        stack.callback(lambda: [writer.kill() for writer in writers if writer.poll() is None])
        for writer in writers:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "ready\n"
        for writer, script in zip(writers, scripts, strict=True):
            assert writer.stdin is not None
            # More than a pipe holds would block, and nobody reads yet.
            text = "go\n" + "".join(json.dumps(call) + "\n" for call in script)
            assert len(text) < 60_000
            writer.stdin.write(text)
            writer.stdin.close()
        answers = [[json.loads(line) for line in writer.stdout or ()] for writer in writers]
        assert [writer.wait(30) for writer in writers] == [0] * len(writers)
    return answers


def written_by_threads(scripts: list[list[Call]]) -> list[list[dict[str, Any]]]:
    """The same by threads of this process, which start at once; each has a connection of its own."""
    barrier = Barrier(len(scripts))

    def write(script: list[Call]) -> list[dict[str, Any]]:
        try:
            viewers = viewers_by_code()
            barrier.wait(30)
            return [answer(exact.loads(json.dumps(line)), viewers) for line in script]
        finally:
            connection.close()

    with ThreadPoolExecutor(len(scripts)) as pool:
        return list(pool.map(write, scripts))


def call(*records: dict[str, Any], by: str | None = None) -> Call:
    return {"call": list(records), "as": by}


@pytest.mark.parametrize(("writers", "each", "kind"), [(8, 4, "threads"), (3, 4, "processes"), MANY])
def test_writers_on_one_battery_leave_one_unbroken_chain(url: str, writers: int, each: int, kind: str) -> None:
    """Each call is sent twice, in two different writers: one records it, the other is answered the same event."""
    world = World()
    pack = world.pack().produced()

    def receipt(number: int) -> Call:
        key = f"dock-{number}"
        return call(given("received", world.recycler.code, number, battery=pack.code, key=key), by=world.recycler.code)

    own = [[receipt(writer * each + place) for place in range(each)] for writer in range(writers)]
    scripts = [
        [twice for pair in zip(mine, reversed(others), strict=True) for twice in pair]
        for mine, others in zip(own, own[1:] + own[:1], strict=True)
    ]
    answers = written(url, scripts) if kind == "processes" else written_by_threads(scripts)

    total = writers * each
    statuses = [told["statuses"][0] for script in answers for told in script]
    assert (statuses.count("recorded"), statuses.count("replayed")) == (total, total)
    assert len({told["events"][0] for script in answers for told in script}) == total
    assert [event.sequence for event in pack.events] == list(range(1, total + 2))
    assert pack.own_record.number == total + 1
    assert len(pack.steps) == total + 1
    assert OutboxEntry.objects.count() == LifecycleEvent.objects.count()
    assert list(verify()) == []


@pytest.mark.parametrize("writers", [6])
def test_writers_that_open_the_same_record_open_it_once(url: str, writers: int) -> None:
    """Nobody has seen these batteries: there is no row yet that could be locked."""
    world = World()
    codes = [world.pack_code() for _ in range(5)]
    scripts = [
        [
            call(given("received", party.code, day, battery=code, key=f"{writer}-{code}"), by=party.code)
            for day, code in enumerate(codes)
        ]
        for writer in range(writers)
        for party in [world.parties[-1 - writer]]
    ]
    answers = written_by_threads(scripts)
    assert {told["statuses"][0] for script in answers for told in script} == {"recorded"}
    for code in codes:
        record = LifecycleRecord.objects.get(code=code)
        assert (record.number, record.events.count()) == (writers, writers)
    assert list(verify()) == []


def test_one_key_with_two_contents_is_recorded_once(url: str) -> None:
    """Whoever comes first is taken, the other is told that the key was used."""
    world = World()
    codes = [world.pack_code() for _ in range(8)]
    scripts = [
        [
            call(
                given("received", world.recycler.code, 1, battery=code, key=f"k-{code}", details={"massKg": mass}),
                by=world.recycler.code,
            )
            for code in codes
        ]
        for mass in ("440", "441", "440.0", "441.0")
    ]
    answers = written_by_threads(scripts)
    for place, code in enumerate(codes):
        assert LifecycleEvent.objects.filter(record__code=code).count() == 1
        found = [script[place] for script in answers]
        statuses = sorted(told.get("refused") or told["statuses"][0] for told in found)
        assert statuses == ["key_reused", "key_reused", "recorded", "replayed"]
    assert list(verify()) == []


def test_two_lists_over_the_same_batteries_in_opposite_order_do_not_deadlock(url: str) -> None:
    world = World()
    codes = [world.pack_code() for _ in range(20)]
    world.capture([world.fact("produced", world.maker, code, at=0) for code in codes])
    scripts = [
        [
            call(
                *(
                    given("recalled", world.maker.code, day + 1, battery=code, key=f"{name}-{day}-{code}")
                    for code in order
                )
            )
            for day in range(4)
        ]
        for name, order in (("up", codes), ("down", codes[::-1]), ("again", codes))
    ]
    answers = written_by_threads(scripts)
    assert all(told.get("statuses") == ["recorded"] * 20 for script in answers for told in script)
    assert set(LifecycleRecord.objects.filter(code__in=codes).values_list("number", flat=True)) == {13}
    assert list(verify()) == []


def test_a_part_that_acts_while_its_pack_moves_ends_up_as_if_in_turn(url: str) -> None:
    """The part's life is read from its battery's, which another writer changes at the same moment."""
    world = World()
    packs = [world.pack(modules=1).produced() for _ in range(6)]
    pack_calls = [
        call(
            given(
                "installed", world.maker.code, 10, battery=pack.code, key=f"i-{pack.code}", details={"vin": world.vin()}
            ),
            given("removed", world.workshop.code, 11, battery=pack.code, key=f"r-{pack.code}"),
        )
        for pack in packs
    ]
    part_calls = [
        call(given("received", world.recycler.code, 12, battery=pack.module_codes[0], key=f"m-{pack.code}"))
        for pack in packs
    ]
    answers = written_by_threads([pack_calls, part_calls])
    assert all("statuses" in told for script in answers for told in script)
    before = snapshot()
    projecting.tell_projections([], projecting.project(list(LifecycleRecord.objects.filter(kind="battery"))))
    assert difference(before, snapshot()) == {}
    assert list(verify()) == []
