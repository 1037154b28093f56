"""Listings, permits, standing and due dates of organisations: to whom, for which days, in how many queries."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.graphql_schema.asking import ask, good
from tests.recyclers.stating import KINDS, listing, permit
from tests.worlds import Party, World

FIELDS = """listings { scope batchNumber announcedOn revokedOn reason }
  permits { kind number issuer validFrom validUntil }
  standing(on: $on) { on listedFor permits licensed }
  dueDates(from: $from, until: $until) { day kind what number }"""
ONE = f"query ($code: String!, $on: Date, $from: Date, $until: Date) {{ organisation(code: $code) {{ {FIELDS} }} }}"
ALL = f"""query ($on: Date, $from: Date, $until: Date) {{
  organisations {{ edges {{ node {{ code {FIELDS} }} }} }} }}"""
DAYS = {"on": "2025-06-30", "from": "2025-01-01", "until": "2025-12-31"}


def about(who: Party, company: Party, **days: Any) -> Any:
    return good(who, ONE, code=company.code, **(DAYS | days))["organisation"]


@pytest.fixture
def licensed(world: World) -> World:
    for kind in KINDS:
        permit(world, kind, number=f"N-{kind}", issuer="生态环境厅", validFrom="2024-01-01", validUntil="2025-06-30")
    listing(world, batch="5", announcedOn="2023-12-01")
    listing(world, batch="5", announcedOn="2023-12-01", revokedOn="2025-05-01", reason="整改未完成")
    listing(world, "second_life", announcedOn="2021-01-20")
    return world


@pytest.mark.parametrize("who", ["recycler", "alliance"])
def test_the_company_and_the_alliance_see_all_of_it(licensed: World, who: str) -> None:
    found = about(getattr(licensed, who), licensed.recycler)
    assert found["listings"] == [
        {
            "scope": "RECOVERY",
            "batchNumber": "5",
            "announcedOn": "2023-12-01",
            "revokedOn": "2025-05-01",
            "reason": "整改未完成",
        },
        {"scope": "SECOND_LIFE", "batchNumber": None, "announcedOn": "2021-01-20", "revokedOn": None, "reason": None},
    ]
    assert found["permits"][0] == {
        "kind": "EIA",
        "number": "N-eia",
        "issuer": "生态环境厅",
        "validFrom": "2024-01-01",
        "validUntil": "2025-06-30",
    }
    assert found["standing"] == {
        "on": "2025-06-30",
        "listedFor": ["SECOND_LIFE"],
        "permits": ["PROJECT_FILING", "EIA", "POLLUTION"],
        "licensed": True,
    }
    assert [(due["day"], due["kind"], due["what"], due["number"]) for due in found["dueDates"]] == [
        ("2025-03-31", "ANNUAL_REPORT", "2024", None),
        ("2025-05-01", "LISTING_ENDS", "recovery", "5"),
        ("2025-06-30", "PERMIT_ENDS", "eia", "N-eia"),
        ("2025-06-30", "PERMIT_ENDS", "pollution", "N-pollution"),
        ("2025-06-30", "PERMIT_ENDS", "project_filing", "N-project_filing"),
    ]


def test_the_day_after_its_last_a_permit_licenses_nobody(licensed: World) -> None:
    standing = about(licensed.recycler, licensed.recycler, on="2025-07-01")["standing"]
    assert (standing["permits"], standing["licensed"]) == ([], False)


def test_a_counterparty_sees_what_was_announced_and_no_permit(licensed: World) -> None:
    licensed.pack().produced().dispatched(to=licensed.recycler)
    found = about(licensed.maker, licensed.recycler)
    assert len(found["listings"]) == 2
    assert (found["permits"], found["dueDates"]) == (None, None)
    assert found["standing"] == {"on": "2025-06-30", "listedFor": ["SECOND_LIFE"], "permits": None, "licensed": None}


def test_who_has_nothing_to_do_with_a_company_sees_none_of_it(licensed: World) -> None:
    assert about(licensed.stranger, licensed.recycler) is None


def test_without_days_it_is_about_today_and_the_year_to_come(world: World) -> None:
    today = timezone.localdate()
    permit(world, "eia", number="last", validUntil=today.isoformat())
    permit(world, "pollution", number="over", validUntil=(today - timedelta(days=1)).isoformat())
    permit(world, "pollution", number="far", validUntil=(today + timedelta(days=400)).isoformat())
    found = about(world.recycler, world.recycler, **dict.fromkeys(DAYS))
    assert found["standing"]["on"] == today.isoformat()
    assert found["standing"]["permits"] == ["EIA", "POLLUTION"]
    assert [due["number"] for due in found["dueDates"]] == ["last"]


def test_a_report_that_never_came_is_told_until_it_is_in(world: World) -> None:
    query = """query ($code: String!, $from: Date) {
      organisation(code: $code) { dueDates(from: $from) { day kind what done overdue } } }"""
    year = timezone.localdate().year - 1
    listing(world, announcedOn=f"{year}-01-01")

    def told(**days: Any) -> list[Any]:
        found = good(world.recycler, query, code=world.recycler.code, **days)["organisation"]["dueDates"]
        return [due for due in found if due["what"] in (str(year), str(year - 1))]

    late = {"day": f"{year}-03-31", "kind": "ANNUAL_REPORT", "what": str(year - 1), "done": False, "overdue": True}
    assert late in told()
    assert late not in told(**{"from": timezone.localdate().isoformat()})
    fact = world.fact("declaration", world.recycler, year=year - 1, figures={"water.reuse": "95"})
    world.record(fact, by=world.recycler)
    assert late not in told()
    assert (late | {"done": True, "overdue": False}) in told(**{"from": f"{year}-01-01"})


@pytest.mark.parametrize(
    ("from_", "until", "refused"),
    [
        ("2020-01-01", "2030-01-01", False),
        ("2020-01-01", "2031-01-01", True),
        ("0001-01-01", None, False),
        ("9999-12-31", None, False),
        ("2025-12-31", "2025-01-01", False),
    ],
)
def test_a_calendar_has_ten_years_at_most(world: World, from_: str, until: str | None, refused: bool) -> None:
    answer = ask(world.recycler, ONE, code=world.recycler.code, **{"from": from_, "until": until})
    assert [error["extensions"]["code"] for error in answer.errors] == (["wrong_value"] if refused else [])


def test_a_page_of_organisations_takes_as_many_queries_as_one(licensed: World) -> None:
    def queries() -> int:
        viewer = licensed.alliance.viewer
        with CaptureQueriesContext(connection) as captured:
            edges = good(viewer, ALL, **DAYS)["organisations"]["edges"]
        assert len(edges) == len(licensed.parties)
        return len(captured)

    before = queries()
    assert before == 1 + 1 + 1 + 1 + 2
    for company in licensed.parties:
        permit(licensed, of=company)
        listing(licensed, of=company)
    assert queries() == before
