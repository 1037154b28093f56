"""The audit on a standalone cluster of Spark finds what the database finds; without Java this campaign fails."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.spark import SparkCluster
from tests.traceability.audit.asking import gaps
from tests.traceability.audit.faulty import record_faults
from tests.worlds import World
from traceability.audit.compiling import severities

pytestmark = [
    pytest.mark.campaign,
    pytest.mark.timeout(1_800),
    # Spark's own bridge to Java leaves sockets to the collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module")
def spark() -> Iterator[SparkCluster]:
    folder = Path(tempfile.mkdtemp(prefix="spark-"))
    cluster = SparkCluster(folder)
    yield cluster
    cluster.remove()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def province(world: World, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    settings.AUDIT_SNAPSHOTS_DIR = tmp_path / "snapshots"
    # Nothing of another Spark's configuration counts here.
    for name in [name for name in os.environ if name.startswith("SPARK_")]:
        monkeypatch.delenv(name)
    record_faults(world)
    return world


def test_all_four_engines_find_the_same(province: World, spark: SparkCluster, tell: dict[str, Any]) -> None:
    """This test runs on SQLite and on PostgreSQL: with DuckDB and Spark that makes four."""
    days = ("2099-12-31", "2022-03-15", "2026-07-20")
    for day in days:
        here = gaps(day)
        assert gaps(day, engine="spark", master=spark.address) == here
        assert gaps(day, engine="duckdb") == here
        tell[f"gaps by {day}"] = len(here)
    assert {gap.gap for gap in gaps(days[0])} == set(severities())
    assert spark.executors() == 2
    tell["workers"] = 2
