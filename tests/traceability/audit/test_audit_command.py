"""`audit`: which chains are complete, printed for people and for programs."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone, translation

from tests.worlds import Life, World
from traceability.models import AuditRun, Gap


def run(**options: Any) -> str:
    out = StringIO()
    words = [f"--{name.replace('_', '-')}" + ("" if value is True else f"={value}") for name, value in options.items()]
    call_command("audit", *words, stdout=out)
    return out.getvalue()


@pytest.fixture
def lost(world: World) -> Life:
    return world.pack().produced(at="2022-03-01T00:00:00Z").lost(at="2022-03-02T00:00:00Z")


def test_a_line_a_gap_as_the_contract_writes_it(lost: Life) -> None:
    lines = [json.loads(line) for line in run(format="jsonl", as_of="2100-01-01").splitlines()]
    (gap,) = [line for line in lines if line["gap"] == "lost"]
    assert gap == {
        "battery": lost.code,
        "gap": "lost",
        "severity": "break",
        "event": lost.key,
        "organisation": lost.world.maker.code,
        "since": "2022-03-02",
        "clause": None,
        "evidence": {},
    }
    assert [line["battery"] for line in lines] == sorted(line["battery"] for line in lines)


def test_one_object_tells_the_parameters_the_digest_and_every_gap(lost: Life) -> None:
    told = json.loads(run(format="json"))
    assert (told["asOf"], told["kept"], told["batteries"]) == (timezone.localdate().isoformat(), True, 1)
    assert told["parameters"]["unreceived_days"] == 30
    assert {gap["gap"] for gap in told["found"]} == {"lost", "late_report"}
    again = json.loads(run(format="json"))
    assert (again["digest"], again["opened"], again["closed"]) == (told["digest"], 0, 0)


def test_a_day_yet_to_come_is_told_and_the_run_of_today_is_kept_after_it(lost: Life) -> None:
    told = json.loads(run(format="json", as_of="2100-01-01"))
    assert ({gap["gap"] for gap in told["found"]}, told["kept"]) == ({"lost", "late_report"}, False)
    assert not Gap.objects.exists()
    assert json.loads(run(format="json"))["kept"] is True
    assert Gap.objects.filter(code="lost").exists()


def test_the_table_tells_the_figures_and_the_first_gaps_in_words(lost: Life) -> None:
    with translation.override("en"):
        told = run(as_of="2100-01-01")
    assert "It was reported lost, and has not been received since." in told
    assert lost.code in told
    with translation.override("zh-hans"):
        assert "丢失" in run(as_of="2100-01-01")


def test_one_battery_is_told_and_nothing_is_kept(lost: Life) -> None:
    other = lost.world.pack().produced().lost()
    lines = run(format="jsonl", battery=lost.code, as_of="2100-01-01").splitlines()
    assert {json.loads(line)["battery"] for line in lines} == {lost.code} != {other.code}
    assert not Gap.objects.exists()
    assert not AuditRun.objects.exists()


def test_the_table_tells_what_was_judged(lost: Life) -> None:
    used = lost.world.pack().produced().installed().sold()
    with translation.override("en"):
        assert f"{lost.code}: broken" in run(battery=lost.code.lower())
        assert f"{used.code}: " in run(battery=used.code)
        assert "nothing was kept" in run(no_keep=True)
        assert "changed since" not in run()
        assert "changed since the run before" in run(touched=True)


def test_it_is_written_to_a_file(lost: Life, tmp_path: Path) -> None:
    assert run(format="jsonl", output=tmp_path / "gaps.jsonl", as_of="2100-01-01") == ""
    assert "lost" in (tmp_path / "gaps.jsonl").read_text()


@pytest.mark.parametrize("form", ["jsonl", "csv", "xlsx"])
def test_a_file_that_cannot_be_written_is_an_error(lost: Life, tmp_path: Path, form: str) -> None:
    with pytest.raises(CommandError, match="nowhere"):
        run(format=form, output=tmp_path / "nowhere" / f"gaps.{form}")


def test_an_unknown_battery_and_a_wrong_day_are_errors(world: World) -> None:
    with pytest.raises(CommandError, match="04QPE76836300JBC49999999"):
        run(battery="04QPE76836300JBC49999999")
    with pytest.raises(CommandError):
        call_command("audit", "--as-of", "2024-13-01")
