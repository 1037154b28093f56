"""Many writers at once, processes or threads with connections of their own: nothing lost, nothing twice, no fork.

On SQLite the writers share a database file, on PostgreSQL the test database.
"""

import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from threading import Barrier, Thread
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
MANY = [
    pytest.param(*sizes, "processes", id=name, marks=[pytest.mark.campaign, pytest.mark.timeout(1_500)])
    for name, sizes in {"late": (64, 10, 1.0), "ten-thousand": (64, 157, 0.0)}.items()
]


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
        with ThreadPoolExecutor(len(writers)) as pool:
            answers = list(pool.map(told_and_heard, writers, scripts))
        assert [writer.wait(30) for writer in writers] == [0] * len(writers)
    return answers


def told_and_heard(writer: "subprocess.Popen[str]", script: list[Call]) -> list[dict[str, Any]]:
    """Tell a writer its script while listening: neither pipe may fill up."""
    assert writer.stdin is not None
    assert writer.stdout is not None

    def tell(stdin: Any) -> None:
        with stdin:
            stdin.write("go\n" + "".join(json.dumps(call) + "\n" for call in script))

    teller = Thread(target=tell, args=[writer.stdin])
    teller.start()
    heard = [json.loads(line) for line in writer.stdout]
    teller.join()
    return heard


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


@pytest.mark.parametrize(
    ("writers", "each", "apart", "kind"), [(8, 4, 1.0, "threads"), (3, 4, 1.0, "processes"), *MANY]
)
def test_writers_on_one_battery_leave_one_unbroken_chain(
    url: str, writers: int, each: int, apart: float, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each call is sent twice, in two different writers: one records it, the other is answered the same event.

    Days `apart` most arrive late, and the chain is walked again for each; with none between them they are in order.
    """
    world = World()
    pack = world.pack().produced()

    def receipt(number: int) -> Call:
        key = f"dock-{number}"
        when = 1 + number * apart
        return call(given("received", world.recycler.code, when, battery=pack.code, key=key), by=world.recycler.code)

    own = [[receipt(writer * each + place) for place in range(each)] for writer in range(writers)]
    scripts = [
        [twice for pair in zip(mine, reversed(others), strict=True) for twice in pair]
        for mine, others in zip(own, own[1:] + own[:1], strict=True)
    ]
    began = time.monotonic()
    answers = written(url, scripts) if kind == "processes" else written_by_threads(scripts)
    seconds = time.monotonic() - began

    total = writers * each
    statuses = [told["statuses"][0] for script in answers for told in script]
    assert (statuses.count("recorded"), statuses.count("replayed")) == (total, total)
    assert len({told["events"][0] for script in answers for told in script}) == total
    assert [event.sequence for event in pack.events] == list(range(1, total + 2))
    assert pack.own_record.number == total + 1
    assert len(pack.steps) == total + 1
    assert OutboxEntry.objects.count() == LifecycleEvent.objects.count()
    assert list(verify()) == []
    if writers == 64:
        with capsys.disabled():
            sys.stdout.write(f"\n64 writers: {2 * total} calls, {total} events, 0 lost, 0 doubled; {seconds:.0f} s\n")


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
