"""F2: `kill -9` of whoever writes, at any moment: the same command again goes on, without hole or double."""

import json
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests import factories
from tests.faults.answers import acknowledged
from tests.faults.conftest import Fresh
from tests.faults.killing import Command, killed_and_run_again
from tests.faults.places import Place
from tests.worlds import PARTIES

#: Writes a file of so many rows, and gives the command that takes it.
Files = Callable[[Place, int], Command]
campaign = [pytest.mark.campaign, pytest.mark.timeout(1_200)]


def places(few: Any, many: Any) -> Any:
    """A short run where the tests run, and long ones on both databases."""
    long = [pytest.param(kind, *many, marks=campaign, id=kind) for kind in ("sqlite", "cluster")]
    return [pytest.param("here", *few, id="short"), *long]


@pytest.mark.parametrize(("kind", "kills", "calls"), places((1, 40), (20, 1_500)))
def test_a_writer_of_single_records(
    fresh: Fresh, chance: random.Random, tell: dict[str, Any], kind: str, kills: int, calls: int
) -> None:
    place = fresh(kind)

    def onward(said: list[str]) -> Command:
        # Whoever was killed knows what it was told, and begins with what it does not know.
        return ("-m", "tests.faults.writer", "0", str(len(acknowledged(0, said)) // 2), str(calls))

    killed, said = killed_and_run_again(place, onward, chance, kills=kills, longest=4 if kills > 2 else 2)
    confirmed = acknowledged(0, said)
    ledger = place.judge(confirmed)
    assert len(confirmed) == 2 * calls == len(ledger.keys & set(confirmed))
    assert ledger.events == len(PARTIES) + 2 * calls
    tell |= {"kills": killed, "acknowledged": len(confirmed), "events": ledger.events, "lost": 0, "doubled": 0}


def batteries(place: Place, rows: int) -> Path:
    """A file of packs, every twentieth with a module on a row of its own."""
    path = place.folder / "batteries.csv"
    lines = ["code,model,mass_kg,produced_at,parent_code"]
    for number in range(rows):
        pack = factories.pack_code(number)
        lines.append(f"{pack},NCM-75,440.5,2022-01-01T08:00:00+08:00,")
        if number % 20 == 0:
            lines.append(f"{factories.module_code(number)},NCM-75-M,40,2022-01-01T08:00:00+08:00,{pack}")
    path.write_text("\n".join(lines) + "\n")
    return path


def registration(place: Place, rows: int) -> Command:
    """`register` of such a file."""
    path = batteries(place, rows)
    return ("manage.py", "register", path, "--organisation", place.parties["maker"]["code"], "--format", "json")


def capture(place: Place, rows: int) -> Command:
    """`capture` of a file of records, chunk by chunk."""
    path, maker = place.folder / "records.jsonl", place.parties["maker"]["code"]
    with path.open("w") as file:
        for number in range(rows):
            pack = factories.pack_code(number // 4)
            type_ = ("produced", "recalled", "recalled", "recalled")[number % 4]
            file.write(json.dumps(factories.given(type_, maker, number % 4, battery=pack, key=f"r-{number}")) + "\n")
    return ("manage.py", "capture", path, "--on-error", "proceed", "--format", "json")


def undisturbed(place: Place, command: Command) -> float:
    """How long the command takes when nobody kills it: the kills then come at any moment of it."""
    began = time.monotonic()
    place.run(*command)
    return time.monotonic() - began


@pytest.mark.parametrize(
    ("file", "kind", "kills", "rows"),
    [
        pytest.param(registration, "here", 1, 3_000, id="register-short"),
        pytest.param(registration, "sqlite", 20, 25_000, marks=campaign, id="register-sqlite"),
        pytest.param(registration, "cluster", 20, 25_000, marks=campaign, id="register-cluster"),
        pytest.param(capture, "sqlite", 10, 10_000, marks=campaign, id="capture-sqlite"),
        pytest.param(capture, "cluster", 10, 10_000, marks=campaign, id="capture-cluster"),
    ],
)
def test_a_command_that_takes_a_file(
    fresh: Fresh, chance: random.Random, tell: dict[str, Any], file: Files, kind: str, kills: int, rows: int
) -> None:
    """When it has come to its end before it was killed often enough, another one begins, in another database."""
    done = events = files = 0
    longest = undisturbed(place := fresh(kind), file(place, rows)) if kills > 2 else 3
    while done < kills:
        place = fresh(kind)
        command = file(place, rows)
        killed, said = killed_and_run_again(place, command, chance, kills=kills - done, longest=longest)
        assert json.loads(said[-1])["refused"] == 0
        # The same file again changes nothing.
        again = json.loads(place.run(*command))
        assert (again.get("new"), again.get("recorded")) in [(0, None), (None, 0)]
        ledger = place.judge()
        assert ledger.events == len(PARTIES) + rows
        done, events, files = done + killed, events + ledger.events, files + 1
        if kills <= 2:
            break
    tell |= {"kills": done, "files": files, "events": events, "lost": 0, "doubled": 0}


#: A worker that was killed says nothing any more; nobody waits here until that is sure.
SILENT = "UPDATE traceability_importjob SET lease_until = '2000-01-01 00:00:00' WHERE lease_until IS NOT NULL"


@pytest.mark.parametrize(
    ("kind", "kills", "rows"),
    [
        pytest.param("here", 1, 3_000, id="short"),
        pytest.param("sqlite", 10, 25_000, marks=campaign, id="sqlite"),
        pytest.param("cluster", 10, 25_000, marks=campaign, id="cluster"),
    ],
)
def test_a_worker_of_files_that_were_sent(
    fresh: Fresh, chance: random.Random, tell: dict[str, Any], kind: str, kills: int, rows: int
) -> None:
    """The next worker takes the file over. How many were killed before does not matter, as long as it gets on."""
    done = events = files = 0
    longest = undisturbed(place := fresh(kind), registration(place, rows)) if kills > 2 else 3
    while done < kills:
        place = fresh(kind)
        path, maker = batteries(place, rows), place.parties["maker"]["code"]
        job = place.run("-m", "tests.faults.sending", path, maker)

        def next_worker(said: list[str], place: Place = place) -> Command:
            place.sql(SILENT)
            return ("manage.py", "worker", "--once")

        killed, _ = killed_and_run_again(place, next_worker, chance, kills=kills - done, longest=longest)
        parts = rows // 20
        told = json.loads(place.run("-m", "tests.faults.sending", job))
        assert (told["status"], told["refused"], told["new"] + told["same"]) == ("done", 0, rows + parts), told
        again = place.run("-m", "tests.faults.sending", path, maker)
        place.run("manage.py", "worker", "--once")
        told = json.loads(place.run("-m", "tests.faults.sending", again))
        assert (told["status"], told["new"], told["same"]) == ("done", 0, rows + parts)
        ledger = place.judge()
        assert ledger.events == len(PARTIES) + rows
        done, events, files = done + killed, events + ledger.events, files + 1
        if kills <= 2:
            break
    tell |= {"kills": done, "files": files, "events": events, "lost": 0, "doubled": 0}
