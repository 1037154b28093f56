"""The `law` command: for people in their language, for programs as JSON, without a database."""

import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.core.management.base import SystemCheckError
from django.utils import translation

from traceability import law


def said(*arguments: str) -> str:
    out = io.StringIO()
    call_command("law", *arguments, stdout=out)
    return out.getvalue()


def told(*arguments: str):
    return json.loads(said(*arguments, "--format", "json"))


def test_json_says_what_is_in_force_on_the_day():
    answer = told("--on", "2025-06-01")
    assert list(answer) == ["on", "digest", "instruments", "clauses", "deadlines", "forbiddenApplications"]
    assert (answer["on"], answer["digest"]) == ("2025-06-01", law.book().digest)
    [lithium] = [one for one in answer["clauses"] if one["clause"] == "recovery.li"]
    assert lithium == {
        "clause": "recovery.li", "instrument": "conditions", "edition": "2024", "chapter": "资源综合利用",
        "title": {"zh": "锂回收率", "en": "Recovery of lithium"},
        "text": {
            "zh": "冶炼过程中，锂的回收率不低于90%。", "en": "In smelting, at least 90 % of the lithium is recovered.",
        },
        "operator": ">=", "threshold": "90", "unit": "%", "who": ["recycler"], "process": "smelting",
        "applications": [], "inForceFrom": "2025-01-01", "inForceUntil": None, "certainty": "firm", "enforced": True,
        "source": "MIIT announcement 2024 No. 42",
    }  # fmt: skip
    assert {one["instrument"] for one in answer["instruments"]} >= {"conditions", "traceability2018"}
    assert {one["working"] for one in answer["deadlines"]} == {True}
    assert answer["forbiddenApplications"] == []
    assert told("--on", "2026-04-01")["forbiddenApplications"] == ["e_bike"]


def test_json_says_how_long_something_lasts_and_by_when_it_is_due():
    found = {one["clause"]: one for one in told("--on", "2026-04-01")["clauses"]}
    assert (found["order73.penalty_bar"]["years"], found["listing.mending"]["years"]) == (2, 1)
    assert found["annual_report"]["by"] == "03-31"
    assert not {"years", "by"} & set(found["recovery.li"])


def test_json_says_what_a_gap_rests_on():
    answer = told("--on", "2026-04-01", "--gap", "unlicensed")
    assert (answer["gap"], answer["clause"]["clause"], answer["certainty"]) == ("unlicensed", "order73.permit", "firm")
    nothing = told("--on", "2026-03-31", "--gap", "unlicensed")
    assert (nothing["clause"], nothing["certainty"], nothing["note"]) == (None, None, None)
    altered = told("--gap", "altered")
    assert altered["clause"] is None
    assert altered["note"]["en"]


def test_a_person_reads_it_in_their_language():
    with translation.override("zh-hans"):
        text = said("--on", "2026-05-01")
    for words in ("锂的回收率不低于90%", "六部门令第73号", "e_bike", "order73.report.utilisation"):
        assert words in text
    with translation.override("en"):
        text = said("--on", "2026-05-01")
    for words in ("Recovery of lithium: In smelting", "30 calendar days", "provisional, not enforced", "everyone else"):
        assert words in text
    assert "锂" not in text


def test_a_person_reads_why_a_gap_rests_on_nothing():
    with translation.override("en"):
        assert "The ledger itself was changed" in said("--gap", "altered")
        assert "We know of no clause for that day." in said("--gap", "unlicensed", "--on", "2020-01-01")
    with translation.override("zh-hans"):
        assert "账本本身被改动" in said("--gap", "altered")


def test_a_terminal_gets_a_table(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    out = Terminal()
    monkeypatch.setenv("COLUMNS", "200")
    with translation.override("en"):
        call_command("law", "--on", "2026-05-01", stdout=out)
    assert "recovery.li (2024)" in out.getvalue()
    assert "┃" in out.getvalue()


@pytest.mark.parametrize("arguments", [("--on", "2026-13-01"), ("--on", "yesterday"), ("--gap", "nothing")])
def test_what_is_no_day_and_no_gap_is_refused(arguments):
    with pytest.raises(CommandError):
        said(*arguments)


def test_broken_law_is_told_with_its_place(tmp_path: Path, settings):
    (tmp_path / "law.toml").write_text("[[clauses]]\n")
    settings.LAW_DIR = tmp_path
    told = r"law\.toml:1 clauses: .*\(unknown_table\)"
    with pytest.raises(CommandError, match=told):
        said()
    with pytest.raises(SystemCheckError, match=told):
        call_command("check")
