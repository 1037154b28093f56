"""The `decode` command: for people, for programs, with and without a database."""

import io
import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import translation

from batteries.code_messages import MESSAGES, message
from batteries.codes import Problem
from traceability.models import CodePrefix, Organisation

EVE = "04QCB76836300JBC40000903"
CATL = "001CB240000003B3C0221953"
SECOND_LIFE = "08XPB01C8E0000001RP"
ROOT = Path(__file__).resolve().parents[2]
KEYS = [
    "code", "valid", "level", "batteryType", "manufacturerCode", "producedOn", "serial", "secondLife", "errors",
    "warnings",
]  # fmt: skip


def decode(*codes: str, **options: str) -> tuple[str, int]:
    """Run the command in this process; give what it printed and its exit code."""
    out = io.StringIO()
    try:
        call_command("decode", *codes, stdout=out, **options)
    except SystemExit as end:
        return out.getvalue(), int(end.code or 0)
    return out.getvalue(), 0


def decoded(*codes: str) -> list[dict[str, Any]]:
    answer: list[dict[str, Any]] = json.loads(decode(*codes, format="json")[0])
    return answer


def codes_of(problems: list[dict[str, str]]) -> list[str]:
    return [problem["code"] for problem in problems]


@pytest.mark.django_db
def test_json_says_what_the_contract_shows() -> None:
    text, exit_code = decode(EVE, format="json")
    (answer,) = json.loads(text)
    assert exit_code == 0
    assert list(answer) == KEYS
    warnings = answer.pop("warnings")
    assert answer == {
        "code": EVE, "valid": True, "level": "cell", "batteryType": "B", "manufacturerCode": "04Q",
        "producedOn": "2021-12-04", "serial": "0000903", "secondLife": False, "errors": [],
    }  # fmt: skip
    assert codes_of(warnings) == ["ambiguous_letter"]
    assert [set(warning) for warning in warnings] == [{"code", "message"}]


@pytest.mark.django_db
def test_an_invalid_code_is_null_where_it_says_nothing_and_ends_with_1() -> None:
    text, exit_code = decode("A765101015", EVE, format="json")
    invalid, valid = json.loads(text)
    assert exit_code == 1
    assert list(invalid) == KEYS
    assert (invalid["code"], invalid["valid"], invalid["warnings"]) == ("A765101015", False, [])
    assert [invalid[key] for key in KEYS[2:8]] == [None] * 6
    assert codes_of(invalid["errors"]) == ["length"]
    assert "10" in invalid["errors"][0]["message"]
    assert valid["valid"] is True


@pytest.mark.django_db
@pytest.mark.parametrize(
    "text",
    [
        SECOND_LIFE.lower(),
        f" {SECOND_LIFE[:5]} {SECOND_LIFE[5:]}\n",
        f"https://id.example.cn/b/{SECOND_LIFE}/?s=MFRGG",
        f"[>16A0123{SECOND_LIFE}",
        f"(01)06912345678901(21){SECOND_LIFE}",
    ],
)
def test_what_a_scanner_delivers_is_decoded_to_the_normalised_code(text: str) -> None:
    (answer,) = decoded(text)
    assert (answer["code"], answer["valid"], answer["secondLife"]) == (SECOND_LIFE, True, True)


@pytest.mark.django_db
def test_of_a_url_the_errors_are_those_of_the_code_in_it() -> None:
    (answer,) = decoded("https://id.example.cn/b/04QCB76836300JBU40000903")
    assert answer["code"] == "04QCB76836300JBU40000903"
    assert codes_of(answer["errors"]) == ["date"]


@pytest.mark.django_db
def test_without_filed_prefixes_those_seen_in_public_are_known() -> None:
    known, unknown = decoded(CATL, SECOND_LIFE)
    assert known["warnings"] == []
    assert codes_of(unknown["warnings"]) == ["unknown_manufacturer"]


@pytest.mark.django_db
def test_filed_prefixes_decide_once_there_are_any() -> None:
    organisation = Organisation.objects.create(code="91110105MA009PJM56", name="Example")
    CodePrefix.objects.create(prefix="08X", organisation=organisation)
    unknown, known = decoded(CATL, f"https://id.example.cn/b/{SECOND_LIFE}")
    assert codes_of(unknown["warnings"]) == ["unknown_manufacturer"]
    assert known["warnings"] == []


@pytest.mark.django_db
def test_a_person_reads_lines_in_their_language() -> None:
    with translation.override("en"):
        text, exit_code = decode(EVE, "04QCB76836300JBU4000090电")
    assert exit_code == 1
    first, second = text.strip().split("\n\n")
    assert first.splitlines()[0] == f"{EVE}  valid"
    for said in ("cell", "lithium iron phosphate", "EVE", "2021-12-04", "0000903", "ambiguous_letter"):
        assert said in first
    assert "invalid" in second
    assert "(date)" in second
    assert "“电” at position 24" in second
    with translation.override("zh-hans"):
        assert "磷酸铁锂" in decode(EVE)[0]


@pytest.mark.django_db
def test_a_terminal_gets_a_table_without_losing_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    out = Terminal()
    monkeypatch.setenv("COLUMNS", "120")
    with translation.override("en"), pytest.raises(SystemExit):
        call_command("decode", EVE, "[red]\x1b[2J", stdout=out)
    for said in (EVE, "lithium iron phosphate", "2021-12-04", "[RED]", "(length)"):
        assert said in out.getvalue()
    assert "\x1b[2J" not in out.getvalue()


def run(*codes: str, database: str, directory: Path) -> subprocess.CompletedProcess[bytes]:
    """Run the command as a user would, on an installation of its own."""
    environment = os.environ | {"DATABASE_URL": database, "DATA_DIR": str(directory)}
    arguments = [sys.executable, "manage.py", "decode", "--format", "json", *codes]
    return subprocess.run(arguments, cwd=ROOT, env=environment, capture_output=True, timeout=60, check=False)


def test_decode_works_before_there_is_a_database_and_makes_none(tmp_path: Path) -> None:
    file = tmp_path / "none.sqlite3"
    ended = run(CATL, SECOND_LIFE, database=f"sqlite:///{file}", directory=tmp_path)
    assert ended.returncode == 0, ended.stderr
    known, unknown = json.loads(ended.stdout)
    assert (known["warnings"], codes_of(unknown["warnings"])) == ([], ["unknown_manufacturer"])
    assert not file.exists()


def test_decode_works_beside_a_database_that_is_empty_or_down(tmp_path: Path) -> None:
    empty = tmp_path / "empty.sqlite3"
    empty.touch()
    for database in (f"sqlite:///{empty}", "postgres://nobody@127.0.0.1:1/none"):
        ended = run(CATL, database=database, directory=tmp_path)
        assert (ended.returncode, json.loads(ended.stdout)[0]["warnings"]) == (0, []), ended.stderr


def test_bytes_that_are_no_text_are_answered_in_valid_json(tmp_path: Path) -> None:
    ended = run("\udcff\x1b[31m", database=f"sqlite:///{tmp_path}/none.sqlite3", directory=tmp_path)
    (answer,) = json.loads(ended.stdout.decode("utf-8"))
    assert (ended.returncode, codes_of(answer["errors"])) == (1, ["length", "character", "character", "character"])


def test_every_problem_has_a_sentence_with_what_was_found() -> None:
    for code in MESSAGES:
        for language in ("en", "zh-hans"):
            with translation.override(language):
                sentence = message(Problem(code, 7, "found!"))
            assert "found!" in sentence
            assert "%" not in sentence


def test_the_sentence_of_a_future_date_says_the_date() -> None:
    with translation.override("en"):
        assert date(2031, 1, 2).isoformat() in message(Problem("future_date", 15, "2031-01-02"))
