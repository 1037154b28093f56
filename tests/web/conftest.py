"""A demo that was run, once for all tests that look at it."""

from collections import defaultdict
from pathlib import Path

import pytest

from tests.web.demo_runs import Record, lines, run


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("demo")
    answer = run(folder, "--packs", "60", "--seed", "3")
    assert answer.returncode == 0, answer.stderr
    return folder, answer.stdout


@pytest.fixture(scope="session")
def records(played: tuple[Path, str]) -> dict[str, list[Record]]:
    """Everything that the demo's ledger exports, by type, in order of occurrence."""
    found = defaultdict(list)
    for record in sorted(lines(played[0], "export"), key=lambda record: record["occurredAt"]):
        found[record["type"]].append(record)
    return found


@pytest.fixture(scope="session")
def gaps(played: tuple[Path, str]) -> list[Record]:
    return lines(played[0], "audit", "--format", "jsonl")
