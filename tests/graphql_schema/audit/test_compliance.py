"""Recyclers and how they meet the conditions: chosen by it, judged for a page at once, told to whom it may be."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from recyclers.conditions.keeping import SHELF
from tests.graphql_schema.audit.asking import URL, client, contract, good, nodes, post, refused
from tests.recyclers.conditions.works import Works
from tests.worlds import Party, World
from traceability.models import AuditAccess

DOCUMENT = contract()["Recyclers"]
FOUND = """query ($verdict: Verdict, $year: Int, $listed: Boolean, $first: Int) {
  recyclers(verdict: $verdict, year: $year, listed: $listed, first: $first) {
    totalCount edges { node { code compliance(year: 2025) { verdict } } } } }"""
METALS = {"li": "10", "ni": "10", "co": "10", "mn": "10"}
YEAR = timezone.localdate().year - 1


def passing(works: Works, year: int = 2025) -> None:
    """Everything is met in this year."""
    works.smelted(into=METALS, out={"li": "9.5", "ni": "9.9", "co": "9.9", "mn": "9.9"}, day=f"{year}-06-15")
    works.declare_all(year=year)


def failing(works: Works, year: int = 2025) -> None:
    """All but lithium is met in this year."""
    works.smelted(into=METALS, out={"li": "8.4", "ni": "9.9", "co": "9.9", "mn": "9.9"}, day=f"{year}-06-15")
    works.declare_all(year=year)


def codes(who: Party, **asked: Any) -> list[str]:
    return [one["code"] for one in nodes(good(who, FOUND, **asked)["recyclers"])]


def cost(who: Party, query: str, **variables: Any) -> int:
    """What a question takes when its text is known and its points are taken."""
    sender, body = client(who), json.dumps({"query": query, "variables": variables})
    sender.post(URL, body, content_type="application/json")
    with CaptureQueriesContext(connection) as captured:
        answer = sender.post(URL, body, content_type="application/json").json()
    assert "errors" not in answer, answer
    return sum(not one["sql"].startswith(("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT")) for one in captured)


# Chosen by it --------------------------------------------------------------------------------------------------------


def test_recyclers_are_chosen_by_their_last_full_year_unless_it_is_said_which(world: World) -> None:
    good_one, bad_one = Works(world, world.recycler), Works(world, world.stranger)
    passing(good_one, YEAR)
    failing(bad_one, YEAR)
    failing(good_one, YEAR - 1)
    assert codes(world.alliance, verdict="PASS") == [world.recycler.code]
    assert codes(world.alliance, verdict="FAIL") == [world.stranger.code]
    assert codes(world.alliance, verdict="FAIL", year=YEAR - 1) == [world.recycler.code]
    assert codes(world.alliance, verdict="NO_EVIDENCE", year=YEAR - 1) == [world.stranger.code]
    assert codes(world.alliance, verdict="NOT_IN_FORCE", year=2018) == [world.recycler.code, world.stranger.code]
    assert codes(world.alliance, verdict="IMPLAUSIBLE") == []
    assert len(codes(world.alliance, verdict=None, year=2018)) == 2


def test_what_is_recorded_counts_in_the_next_answer(world: World) -> None:
    works = Works(world, world.recycler)
    passing(works)
    for _ in range(2):
        found = good(world.alliance, DOCUMENT, verdict="PASS", first=10)["recyclers"]
        if YEAR == 2025:
            assert [one["code"] for one in nodes(found)] == [world.recycler.code]
    works.declare(figures={"capacity.load": "9"})
    verdicts = {one["code"]: one["compliance"]["verdict"] for one in nodes(good(world.alliance, FOUND)["recyclers"])}
    assert verdicts == {world.recycler.code: "FAIL", world.stranger.code: "NO_EVIDENCE"}
    assert codes(world.alliance, verdict="PASS", year=2025) == []


def test_filters_go_together_and_counts_are_of_what_is_chosen(world: World) -> None:
    details = {"organisation": world.stranger.code, "scope": "recovery", "announcedOn": "2021-01-01"}
    world.record(world.fact("listing", world.alliance, at=1, **details), by=world.alliance)
    found = good(world.alliance, FOUND, verdict="NO_EVIDENCE", listed=True)["recyclers"]
    assert ([one["code"] for one in nodes(found)], found["totalCount"]) == ([world.stranger.code], 1)
    assert good(world.alliance, FOUND, verdict="NO_EVIDENCE", first=1)["recyclers"]["totalCount"] == 2


# To whom -------------------------------------------------------------------------------------------------------------


def test_a_company_is_told_of_itself_and_of_nobody_else(world: World) -> None:
    failing(Works(world, world.stranger))
    world.pack().produced().installed().sold().removed().dispatched(to=world.recycler, waybill="W-1")
    pack = world.pack().produced().installed().sold().removed(by=world.recycler)
    pack.dispatched(to=world.stranger)
    for who, seen in ((world.recycler, {world.recycler.code: True, world.stranger.code: False}),
                      (world.workshop, {world.recycler.code: False})):  # fmt: skip
        found = {one["code"]: one["compliance"] is not None for one in nodes(good(who, FOUND)["recyclers"])}
        assert found == seen
        for verdict in ("PASS", "FAIL", "NO_EVIDENCE", "NOT_IN_FORCE", "IMPLAUSIBLE", "NOT_APPLICABLE"):
            answer = good(who, FOUND, verdict=verdict, year=2025)["recyclers"]
            own = [who.code] if who is world.recycler and verdict == "NO_EVIDENCE" else []
            assert ([one["code"] for one in nodes(answer)], answer["totalCount"]) == (own, len(own))


def test_asking_for_others_asks_nothing_of_their_records(world: World) -> None:
    failing(Works(world, world.stranger))
    pack = world.pack().produced().installed().sold().removed().dispatched(to=world.stranger)
    assert pack.code
    bare = FOUND.replace("compliance(year: 2025) { verdict }", "")
    assert cost(world.workshop, FOUND, year=2025) == cost(world.workshop, bare)


def test_who_is_no_recycler_has_a_year_if_it_does_second_life_and_else_none(world: World) -> None:
    query = "{ organisations(first: 20) { edges { node { code compliance(year: 2025) { verdict } } } } }"
    found = {one["code"]: one["compliance"] for one in nodes(good(world.alliance, query)["organisations"])}
    asked = {code for code, compliance in found.items() if compliance is not None}
    assert asked == {world.recycler.code, world.stranger.code, world.second_life.code}
    assert good(world.maker, query)["organisations"]["edges"][0]["node"]["compliance"] is None


# What is refused, and what is noted ----------------------------------------------------------------------------------


@pytest.mark.parametrize("year", [0, 1999, 9999, -2025, 2**31 - 1])
def test_a_year_that_no_company_has_is_refused(world: World, year: int) -> None:
    query = f"{{ recyclers {{ edges {{ node {{ compliance(year: {year}) {{ verdict }} }} }} }} }}"
    assert refused(world.alliance, query) == ("wrong_value", ["year"])
    for verdict in ("PASS", None):
        assert refused(world.alliance, FOUND, year=year, verdict=verdict) == ("wrong_value", ["year"])


def test_a_page_of_many_is_not_free(world: World) -> None:
    response = client(world.alliance).post(
        URL, {"query": DOCUMENT, "variables": {"first": 20}}, content_type="application/json",
        headers={"X-Query-Cost": "1"},
    )  # fmt: skip
    assert response.json()["extensions"]["cost"]["objects"] == 20 * (1 + 10 + 10 + 50 + 10 * 11) + 500
    assert refused(world.alliance, DOCUMENT, first=60)[0] == "too_expensive"
    assert nodes(good(world.alliance, DOCUMENT, first=50)["recyclers"])


def test_one_request_asks_about_ten_years_at_most(world: World) -> None:
    fields = " ".join(f"y{year}: compliance(year: {year}) {{ verdict }}" for year in range(2015, 2026))
    query = f"{{ recyclers(first: 1) {{ edges {{ node {{ {fields} }} }} }} }}"
    assert refused(world.alliance, query)[0] == "too_many"


def test_who_asked_is_written_down(world: World) -> None:
    good(world.alliance, DOCUMENT, verdict="PASS")
    row = AuditAccess.objects.get()
    assert (row.operation, row.fields, row.organisation_id) == ("Recyclers", "recyclers", world.alliance.id)


# How many queries ----------------------------------------------------------------------------------------------------


def test_a_page_that_was_judged_before_takes_one_query_more_than_without(world: World) -> None:
    for company in (world.recycler, world.stranger):
        for _ in range(4):
            failing(Works(world, company))
    bare = "query ($first: Int) { recyclers(first: $first) { edges { node { code } } } }"
    with_year = "query ($first: Int) { recyclers(first: $first) { edges { node { code compliance(year: 2025) { verdict } } } } }"  # noqa: E501
    assert cost(world.alliance, with_year) == cost(world.alliance, bare) + 1
    # Chosen by it, too: the companies that are judged, and those of the page.
    assert cost(world.alliance, FOUND, verdict="FAIL", year=2025) == cost(world.alliance, FOUND) + 1


def test_a_page_that_is_judged_takes_as_many_queries_for_many_batches_as_for_few(world: World) -> None:
    def fresh() -> int:
        SHELF.clear()
        body = {"query": FOUND, "variables": {}}
        with CaptureQueriesContext(connection) as captured:
            assert "errors" not in client(world.alliance).post(URL, body, content_type="application/json").json()
        return len(captured)

    post(world.alliance, FOUND)
    for company in (world.recycler, world.stranger):
        failing(Works(world, company))
    few = fresh()
    for company in (world.recycler, world.stranger):
        for _ in range(6):
            failing(Works(world, company))
    assert fresh() == few
    assert few <= 10 + 2 * 26
