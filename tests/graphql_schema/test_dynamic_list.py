"""Where companies stand on the announced list, as it is asked through the operations API: to whom, pages, cost."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.graphql_schema.asking import ask, good
from tests.recyclers.conditions.works import Works
from tests.recyclers.dynamic_list.test_standing import listing, penalty, permit, year
from tests.worlds import Party, World

STANDING = """on asOf listed since listings { scope batchNumber from until revokedOn reason } barredUntil
  penalties { decidedOn authority number reason barredUntil } year verdict
  toMend { clause title year since verdict measured unit operator threshold until overdue }
  load { year declaredPercent recordedPercent fedKg capacityTonnes }
  annualReport { year due state handedInOn } toDo { day kind what number overdue } urgentOn parameters"""
ONE = f"""query ($code: String!, $on: Date) {{ organisation(code: $code) {{
  conditionsStanding(on: $on) {{ {STANDING} }} }} }}"""
LIST = f"""query ($on: Date, $first: Int, $after: String) {{ dynamicList(on: $on, first: $first, after: $after) {{
  totalCount edges {{ cursor node {{ organisation {{ code }} standing {{ {STANDING} }} }} }}
  pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }} }}"""
DAY = "2026-06-30"


@pytest.fixture
def works(world: World) -> Works:
    """A recycler that fails on lithium and pollution, and one that does nothing."""
    works = Works(world, world.recycler)
    listing(works)
    year(works, lithium="8.9", capacity__load="55", capacity__recycler="5000")
    permit(works, "pollution", validUntil="2026-12-31")
    penalty(works, "2026-05-10", number="2026-7")
    listing(works, of=world.stranger)
    return works


def standing(who: Party, works: Works, on: str | None = DAY) -> Any:
    found = good(who, ONE, code=works.company.code, on=on)["organisation"]
    return found and found["conditionsStanding"]


def the_list(who: Party, **page: Any) -> Any:
    return good(who, LIST, **({"on": DAY} | page))["dynamicList"]


@pytest.mark.parametrize("who", ["recycler", "alliance"])
def test_the_company_and_the_alliance_see_where_it_stands(works: Works, who: str) -> None:
    found = standing(getattr(works.world, who), works)
    assert found.pop("parameters").items() >= {
        "reportBy": "03-31", "mendingYears": 1, "barYears": 2, "yearsLookedAt": 5, "boundary": "company",
    }.items()  # fmt: skip
    title = found["toMend"][0].pop("title")
    assert title
    assert found == {
        "on": DAY, "asOf": DAY, "listed": True, "since": "2023-12-01",
        "listings": [{"scope": "RECOVERY", "batchNumber": "5", "from": "2023-12-01", "until": None, "revokedOn": None,
                      "reason": None}],
        "barredUntil": "2028-05-10",
        "penalties": [{"decidedOn": "2026-05-10", "authority": "生态环境厅", "number": "2026-7", "reason": "超标排放",
                       "barredUntil": "2028-05-10"}],
        "year": 2025, "verdict": "FAIL",
        "toMend": [{"clause": "recovery.li", "year": 2025, "since": 2025, "verdict": "FAIL", "measured": "89.00",
                    "unit": "%", "operator": ">=", "threshold": "90", "until": "2027-03-31", "overdue": False}],
        "load": {"year": 2025, "declaredPercent": "55", "recordedPercent": "0.02", "fedKg": "1000",
                 "capacityTonnes": "5000"},
        "annualReport": {"year": 2025, "due": "2026-03-31", "state": "HANDED_IN", "handedInOn": "2026-02-02"},
        "toDo": [
            {"day": "2026-12-31", "kind": "PERMIT_ENDS", "what": "pollution", "number": "N-pollution",
             "overdue": False},
            {"day": "2027-03-31", "kind": "MENDING", "what": "recovery.li", "number": None, "overdue": False},
        ],
        "urgentOn": "2026-12-31",
    }  # fmt: skip


def test_a_counterparty_sees_the_listing_and_not_where_it_stands(works: Works) -> None:
    works.world.pack().produced().dispatched(to=works.company)
    assert standing(works.world.maker, works) is None
    assert good(works.world.maker, ONE, code=works.company.code)["organisation"] == {"conditionsStanding": None}
    assert good(works.world.outlet, ONE, code=works.company.code)["organisation"] is None


def test_the_list_is_for_the_alliance_alone(works: Works) -> None:
    assert the_list(works.company) is None
    assert the_list(works.world.maker) is None
    found = the_list(works.world.alliance)
    # The stranger's report is missing since March: that is the most urgent.
    assert [edge["node"]["organisation"]["code"] for edge in found["edges"]] == [
        works.world.stranger.code, works.company.code,
    ]  # fmt: skip
    assert found["totalCount"] == 2
    assert found["edges"][1]["node"]["standing"] == standing(works.world.alliance, works)


def test_pages_follow_each_other(works: Works) -> None:
    whole = the_list(works.world.alliance)["edges"]
    first = the_list(works.world.alliance, first=1)
    assert first["pageInfo"]["hasNextPage"] is True
    second = the_list(works.world.alliance, first=1, after=first["pageInfo"]["endCursor"])
    assert (second["pageInfo"]["hasNextPage"], second["pageInfo"]["hasPreviousPage"]) == (False, True)
    assert first["edges"] + second["edges"] == whole
    assert second["totalCount"] == 2
    assert the_list(works.world.alliance, first=0)["edges"] == []


@pytest.mark.parametrize("page", [{"first": 101}, {"first": -1}, {"after": "nothing"}])
def test_a_page_that_is_none_is_refused(works: Works, page: dict[str, Any]) -> None:
    assert ask(works.world.alliance, LIST, on=DAY, **page).errors


def test_one_request_asks_about_three_days_at_most(works: Works) -> None:
    days = [f'd{number}: conditionsStanding(on: "2026-0{number}-01") {{ listed }}' for number in range(1, 5)]
    question = "query ($code: String!) { organisation(code: $code) { " + " ".join(days) + " } }"
    answer = ask(works.company, question, code=works.company.code)
    assert [error["extensions"]["code"] for error in answer.errors] == ["too_many"]


@pytest.mark.parametrize("day", ["0001-01-01", "2020-04-01", "9999-12-31"])
def test_any_day_of_the_calendar_may_be_asked_about(works: Works, day: str) -> None:
    found = standing(works.company, works, day)
    assert (found["on"], found["listed"]) == (day, day == "9999-12-31")
    assert (the_list(works.world.alliance, on=day)["totalCount"] > 0) == (day == "9999-12-31")


def test_without_a_day_it_is_about_today(works: Works) -> None:
    from django.utils import timezone

    assert standing(works.company, works, None)["on"] == timezone.localdate().isoformat()


def test_a_page_of_organisations_takes_as_many_queries_as_one(works: Works) -> None:
    question = "query ($on: Date) { organisations { edges { node { code conditionsStanding(on: $on) { listed } } } } }"

    def queries() -> int:
        viewer = works.world.alliance.viewer
        with CaptureQueriesContext(connection) as captured:
            edges = good(viewer, question, on=DAY)["organisations"]["edges"]
        assert len(edges) == len(works.world.parties)
        return len(captured)

    before = queries()
    assert before <= 54
    for party in (works.world.stranger, works.world.second_life):
        own = Works(works.world, party)
        listing(own, batch="6")
        year(own)
    assert queries() == before
