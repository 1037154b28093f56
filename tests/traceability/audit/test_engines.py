"""Engines beside the database find the same, on any history as of any day; what they need is said when missing."""

import sys
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from tests.histories import Told, tellings
from tests.traceability.audit.asking import gaps
from tests.traceability.audit.faulty import record_faults
from tests.traceability.test_order_of_arrival import facts_of
from tests.worlds import World, rolled_back
from traceability.audit import snapshot
from traceability.audit.compiling import severities
from traceability.audit.finding import Place
from traceability.audit.relations import HEADS_NOW
from traceability.audit.running import audit
from traceability.errors import Refusal
from traceability.models import AuditRun, Gap, StepDetail

#: After whatever is recorded while the tests run.
LAST = "2099-12-31"


@pytest.fixture(autouse=True)
def folder(tmp_path: Any, settings: Any) -> Any:
    """Where snapshots are taken here."""
    settings.AUDIT_SNAPSHOTS_DIR = tmp_path / "snapshots"
    return settings.AUDIT_SNAPSHOTS_DIR


def both(as_of: str) -> tuple[list[Any], list[Any]]:
    return gaps(as_of), gaps(as_of, engine="duckdb")


def test_every_rule_finds_the_same_on_duckdb(world: World) -> None:
    record_faults(world)
    here, there = both(LAST)
    assert {gap.gap for gap in here} == set(severities())
    assert there == here


@pytest.mark.parametrize("as_of", ["2021-01-01", "2022-01-20", "2022-03-15", "2026-05-31", "2026-07-20"])
def test_a_day_gone_by_is_seen_the_same_on_duckdb(world: World, as_of: str) -> None:
    record_faults(world)
    here, there = both(as_of)
    assert there == here


@settings(max_examples=settings.default.max_examples // 2)
@given(history=tellings(), day=st.integers(-1, 400))
def test_any_history_is_judged_the_same_on_duckdb(world: World, history: list[Told], day: int) -> None:
    with rolled_back():
        world.capture(facts_of(world, history))
        here, there = both((date(2026, 11, 1) + timedelta(days=day)).isoformat())
        assert there == here


def test_a_kept_run_keeps_what_the_database_would(world: World) -> None:
    record_faults(world)
    with audit(as_of=date.fromisoformat(LAST), engine="duckdb") as found:
        there = found.run
    assert (there.engine, there.opened) == ("duckdb", Gap.objects.count())
    with audit(as_of=date.fromisoformat(LAST)) as found:
        assert (found.run.digest, found.run.opened, found.run.closed) == (there.digest, 0, 0)
    assert AuditRun.objects.filter(kept=True).count() == 2


def test_texts_of_any_kind_come_back_as_they_were(world: World) -> None:
    """What CSV would tell wrongly: nothing and an empty text, quotation marks, commas, line breaks, a backslash."""
    event = world.battery(world.pack_code()).produced().events[0]
    values = ["", '"', 'a,"b"', "two\nlines\r\nor three", "\\N", "\\.", "电池", "'", "{}", "%s"]
    StepDetail.objects.bulk_create(
        StepDetail(event=event, record=event.record, name=f"n{n}", value=value) for n, value in enumerate(values)
    )
    with snapshot.taken(Place(30_000, HEADS_NOW)) as taken:
        rows = parquet.read_table(taken.files["details"]).to_pylist()
        steps = parquet.read_table(taken.files["steps"]).to_pylist()
    assert sorted(row["value"] for row in rows) == sorted(values)
    assert {(row["fault"], row["other_id"]) for row in steps} == {("", None)}


def test_nothing_of_a_snapshot_is_left(world: World, folder: Any) -> None:
    gaps(LAST, engine="duckdb")
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("extra", ["duckdb", "pyarrow"])
def test_a_missing_engine_is_named(world: World, monkeypatch: pytest.MonkeyPatch, extra: str) -> None:
    monkeypatch.delitem(sys.modules, "traceability.audit.engines.duckdb", raising=False)
    monkeypatch.delitem(sys.modules, "traceability.audit.snapshot", raising=False)
    monkeypatch.setitem(sys.modules, extra, None)
    with pytest.raises(Refusal) as refused:
        gaps(LAST, engine="duckdb")
    assert (refused.value.code, refused.value.path) == ("engine_missing", ["engine"])
    assert AuditRun.objects.count() == 0


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"engine": "abacus"}, "wrong_value"),
        ({"engine": "duckdb", "touched": True}, "engine_judges_all"),
        ({"engine": "duckdb", "battery": "04Q"}, "engine_judges_all"),
    ],
)
def test_what_an_engine_cannot_do_is_refused(world: World, options: dict[str, Any], code: str) -> None:
    with pytest.raises(Refusal) as refused:
        gaps(LAST, **options)
    assert refused.value.code == code
