"""`dynamic_list`: for people, for programs, as a table for sheets."""

import csv
import io
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from recyclers.dynamic_list.reading import listed_companies
from recyclers.dynamic_list.telling import as_json
from tests.recyclers.conditions.works import Works
from tests.recyclers.dynamic_list.test_standing import listing, penalty, permit, year
from tests.worlds import World

DAY = "2026-06-30"


@pytest.fixture
def works(works: Works) -> Works:
    listing(works)
    year(works, lithium="8.9", capacity__load="55", capacity__recycler="5000")
    permit(works, "pollution", validUntil="2026-12-31")
    penalty(works, "2026-05-10")
    other = Works(works.world, works.world.stranger)
    listing(other, revokedOn="2026-02-01", reason="Equipment stood idle")
    return works


def said(*arguments: str) -> str:
    out = io.StringIO()
    with translation.override("en"):
        call_command("dynamic_list", *arguments, stdout=out, stderr=io.StringIO())
    return out.getvalue()


def test_json_says_what_the_door_gives(works: Works) -> None:
    answer = json.loads(said("--on", DAY, "--format", "json"))
    assert (answer["on"], answer["asOf"]) == (DAY, DAY)
    assert answer["parameters"]["mendingYears"] == 1
    assert answer["companies"] == [as_json(one) for one in listed_companies(date.fromisoformat(DAY))]
    [company, revoked] = answer["companies"]
    assert (company["verdict"], company["urgentOn"]) == ("fail", "2026-12-31")
    assert [one["clause"] for one in company["mending"]] == ["recovery.li"]
    assert (revoked["listed"], revoked["listings"][0]["until"]) == (False, "2026-01-31")


def test_a_person_reads_what_has_to_be_done(works: Works) -> None:
    text = said("--on", DAY)
    for words in (
        "2 companies",
        "listed since 2023-12-01; 2025: not met",
        "barred from applying until 2028-05-10",
        "89.00 in 2025, asked ≥ 90 %; to be mended by 2027-03-31",
        "load 2025: declared 55 %, by the records 0.02 %",
        "annual report 2025: handed in",
        "2026-12-31 a permit ends: pollution N-pollution",
        "listed until 2026-01-31 (Equipment stood idle)",
    ):
        assert words in text
    assert "(overdue)" in said("--on", "2027-04-01")


def test_a_person_reads_it_in_chinese(works: Works) -> None:
    out = io.StringIO()
    with translation.override("zh-hans"):
        call_command("dynamic_list", "--on", DAY, stdout=out)
    assert "锂回收率" in out.getvalue()


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_csv_has_a_row_a_company(works: Works, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    said("--on", DAY, "--format", "csv", "--output", str(path))
    [company, revoked] = rows(path)
    assert (company["organisation"], company["from"], company["until"]) == (works.company.code, "2023-12-01", "")
    assert (company["mending"], company["overdue"], company["due"]) == ("recovery.li", "", "2026-12-31")
    assert (company["load_declared"], company["load_recorded"], company["barred_until"]) == ("55", "0.02", "2028-05-10")
    assert (revoked["until"], revoked["reason"], revoked["due"]) == ("2026-01-31", "Equipment stood idle", "")


def test_a_workbook_has_days_and_numbers_as_such(works: Works, tmp_path: Path) -> None:
    from python_calamine import CalamineWorkbook

    path = tmp_path / "list.xlsx"
    said("--on", DAY, "--format", "xlsx", "--output", str(path))
    sheet: Any = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()
    names = [column.lower() for column in sheet[0]]
    company = dict(zip(names, sheet[1], strict=True))
    assert company["listed from"] == date(2023, 12, 1)
    assert company["load as declared, %"] == 55
    assert len(sheet) == 3


def test_an_empty_list_is_empty(world: World, tmp_path: Path) -> None:
    assert json.loads(said("--format", "json"))["companies"] == []
    assert "0 companies" in said()
    said("--format", "csv", "--output", str(tmp_path / "list.csv"))
    assert rows(tmp_path / "list.csv") == []


@pytest.mark.parametrize("arguments", [("--on", "yesterday"), ("--output", "/nowhere/list.json", "--format", "json")])
def test_what_cannot_be_done_is_said(world: World, arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        said(*arguments)
