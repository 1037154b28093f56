"""Declarations, their reviews and penalties: who sees them, what waits for review, in how many queries."""

import hashlib
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from recyclers.conditions.declared import years_of
from recyclers.declarations import DeclarationFilters, count_declarations, declaration_page
from recyclers.models import Declaration, DeclarationReview
from tests.graphql_schema.asking import ask, good
from tests.recyclers.conditions.works import Works
from tests.worlds import Party, World, rolled_back
from traceability import attachments

FIELDS = """key year figures statements documents { clause name sha256 stored url } occurredAt reportedAt actor
  corrected standing reason reviewedAt organisation { code }"""
ONE = f"""query ($code: String!, $year: Int, $first: Int) {{ organisation(code: $code) {{
  declarations(year: $year, first: $first) {{ {FIELDS} }} penalties {{ decidedOn authority number reason }} }} }}"""
LIST = f"""query ($filters: DeclarationFilter, $first: Int, $after: String) {{
  declarations(filters: $filters, first: $first, after: $after) {{
    edges {{ cursor node {{ {FIELDS} }} }} pageInfo {{ hasNextPage endCursor }} totalCount }} }}"""
KEYS = """query ($filters: DeclarationFilter, $first: Int, $after: String) {
  declarations(filters: $filters, first: $first, after: $after) {
    edges { node { key standing } } pageInfo { hasNextPage endCursor } totalCount } }"""


@pytest.fixture
def works(world: World) -> Works:
    return Works(world, world.recycler)


def of(who: Party, company: Party, **more: Any) -> Any:
    return good(who, ONE, code=company.code, **more)["organisation"]


def keys(who: Party, **more: Any) -> list[str]:
    found = good(who, KEYS, **more)["declarations"]
    return [edge["node"]["key"] for edge in found["edges"]]


# One company's -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["recycler", "alliance"])
def test_the_company_and_the_alliance_see_all_of_a_declaration(works: Works, who: str) -> None:
    proof = {"clause": "permit.eia", "sha256": "ab" * 32, "name": "eia.pdf"}
    works.declare(
        key="d-1", figures={"water.reuse": "92.50"}, statements={"permit.eia": True}, documents=[proof, {"name": "x"}]
    )
    works.review(accepted=False, reason="The meters were not calibrated.")
    [found] = of(getattr(works.world, who), works.company)["declarations"]
    assert found == {
        "key": "d-1",
        "year": 2025,
        "figures": {"water.reuse": "92.5"},
        "statements": {"permit.eia": True},
        "documents": [
            proof | {"stored": False, "url": None},
            {"clause": None, "name": "x", "sha256": None, "stored": False, "url": None},
        ],
        "occurredAt": "2026-02-01T04:00:00.000Z",
        "reportedAt": "2026-02-02T04:00:00.000Z",
        "actor": "test",
        "corrected": False,
        "standing": "OBJECTED",
        "reason": "The meters were not calibrated.",
        "reviewedAt": "2026-03-02T04:00:00.000Z",
        "organisation": {"code": works.company.code},
    }


def test_a_document_that_was_sent_is_there_to_be_fetched(works: Works, settings: Any, tmp_path: Any) -> None:
    settings.ATTACHMENTS_DIR = tmp_path
    content = b"%PDF-1.7\n%%EOF\n"
    kept = attachments.keep([content], name="eia.pdf", by=works.company.viewer)
    assert kept.sha256 == hashlib.sha256(content).hexdigest()
    works.declare(documents=[{"clause": "permit.eia", "sha256": kept.sha256}])
    [found] = of(works.world.alliance, works.company)["declarations"]
    assert found["documents"] == [
        {"clause": "permit.eia", "name": None, "sha256": kept.sha256, "stored": True,
         "url": f"/files/attachments/{kept.sha256}"},
    ]  # fmt: skip


def test_others_see_that_a_company_is_there_and_nothing_of_this(works: Works) -> None:
    works.declare(figures={"water.reuse": "92"})
    works.tell("penalty", "2026-01-05", by=works.world.alliance, organisation=works.company.code, number="P-1")
    works.world.pack().produced().dispatched(to=works.company)
    assert of(works.world.maker, works.company) == {"declarations": None, "penalties": None}
    assert good(works.world.stranger, ONE, code=works.company.code)["organisation"] is None
    for who in (works.world.maker, works.world.stranger):
        found = good(who, KEYS, filters={"organisation": works.company.code})["declarations"]
        assert (found["edges"], found["totalCount"]) == ([], 0)


def test_the_latest_come_first_and_only_of_the_year_that_is_asked_for(works: Works) -> None:
    told = [works.declare(year=year) for year in (2024, 2025, 2025)]
    all_ = [one["key"] for one in of(works.company, works.company)["declarations"]]
    assert all_ == told[::-1]
    assert [one["key"] for one in of(works.company, works.company, year=2025)["declarations"]] == told[:0:-1]
    assert [one["key"] for one in of(works.company, works.company, first=1)["declarations"]] == told[2:]
    assert ask(works.company, ONE, code=works.company.code, first=101).errors[0]["extensions"]["code"] == "too_many"


def test_a_correction_is_told_under_the_key_of_what_it_corrects(works: Works) -> None:
    key = works.declare(figures={"water.reuse": "80"})
    said = {"type": "declaration", "occurredAt": "2026-02-01T12:00:00+08:00",
            "details": {"year": 2025, "figures": {"water.reuse": "90"}}}  # fmt: skip
    works.tell("corrected", "2026-02-10", corrects=key, replacement=said)
    [found] = of(works.company, works.company)["declarations"]
    assert (found["key"], found["figures"], found["corrected"]) == (key, {"water.reuse": "90"}, True)
    works.tell("corrected", "2026-02-11", corrects=key)
    assert of(works.company, works.company)["declarations"] == []


def test_penalties_are_told(works: Works) -> None:
    details = {"decidedOn": "2026-01-05", "authority": "生态环境局", "number": "P-1", "reason": "超标排放"}
    works.tell("penalty", "2026-01-05", by=works.world.alliance, organisation=works.company.code, **details)
    works.tell("penalty", "2026-01-06", by=works.world.alliance, organisation=works.company.code)
    bare = {"decidedOn": None, "authority": None, "number": None, "reason": None}
    for who in (works.company, works.world.alliance):
        found = of(who, works.company)["penalties"]
        # A day that is not known comes first on SQLite, and last on PostgreSQL.
        assert sorted(found, key=lambda one: one["number"] or "") == [bare, details]


# What waits for review -----------------------------------------------------------------------------------------------


def test_the_alliance_works_off_what_waits_in_the_order_in_which_it_came(works: Works) -> None:
    world = works.world
    other = Works(world, world.stranger)
    first, theirs = works.declare(), other.declare()
    works.review(accepted=True)
    second = works.declare(day="2026-03-10")
    waiting = {"filters": {"standing": "DECLARED"}}
    assert keys(world.alliance, **waiting) == [theirs, second]
    assert keys(world.alliance, filters={"standing": "CONFIRMED"}) == [first]
    other.review(accepted=False, reason="no proof")
    assert keys(world.alliance, **waiting) == [second]
    assert keys(world.alliance, filters={"standing": "OBJECTED"}) == [theirs]
    assert keys(world.alliance, filters={"organisation": f" {world.stranger.code.lower()} "}) == [theirs]
    assert keys(world.alliance, filters={"year": 2024}) == []
    assert keys(world.recycler) == [first, second]


def test_pages_keep_their_place_while_declarations_come_and_are_reviewed(works: Works) -> None:
    told = [works.declare(year=year) for year in range(2020, 2025)]
    page = good(works.world.alliance, LIST, first=2)["declarations"]
    assert [edge["node"]["key"] for edge in page["edges"]] == told[:2]
    assert (page["totalCount"], page["pageInfo"]["hasNextPage"]) == (5, True)
    assert page["pageInfo"]["endCursor"] == page["edges"][-1]["cursor"]
    works.review(accepted=True, year=2021)
    told.append(works.declare(year=2025))
    after = {"after": page["pageInfo"]["endCursor"], "first": 10}
    assert keys(works.world.alliance, **after) == told[2:]
    bad = ask(works.world.alliance, LIST, after="x")
    assert [error["extensions"]["code"] for error in bad.errors] == ["wrong_value"]


@given(st.data())
def test_a_declaration_stands_as_it_counts_in_an_evaluation(world: World, data: st.DataObject) -> None:
    """Whatever the order in which declarations and reviews are told, and however often on one day."""
    with rolled_back():
        works = Works(world, world.recycler)
        for what in data.draw(st.lists(st.sampled_from(("declare", "confirm", "object")), max_size=6)):
            day = data.draw(st.sampled_from(("2026-02-01", "2026-02-02", "2026-02-03")))
            year = data.draw(st.sampled_from((2024, 2025)))
            if what == "declare":
                works.declare(year=year, day=day, figures={"water.reuse": "92"})
            else:
                works.review(accepted=what == "confirm", year=year, day=day)
        shown = declaration_page(world.alliance.viewer, DeclarationFilters(), 100, None).rows
        counted = years_of(Declaration.objects.all(), DeclarationReview.objects.all())
        # The last word on a clause is that of the declaration that was made last.
        for year, found in counted.items():
            answer = found.figures["water.reuse"]
            [row] = [row for row in shown if row.arrival == answer.arrival]
            assert (row.year, row.standing) == (year, answer.standing)
            assert row.reason == answer.reason or answer.standing != "objected"
        for standing in ("declared", "confirmed", "objected"):
            number = count_declarations(world.alliance.viewer, DeclarationFilters(standing=standing))
            assert number == sum(row.standing == standing for row in shown)


# Writing -------------------------------------------------------------------------------------------------------------

RECORDED = """organisation { declarations { year standing reason } penalties { number }
  dueDates(from: "2026-01-01", until: "2026-12-31") { what done } } errors { code path }"""


def write(who: Party, mutation: str, key: str, **given: Any) -> Any:
    type_ = mutation[0].upper() + mutation[1:] + "Input!"
    query = f"mutation ($input: {type_}) {{ {mutation}(input: $input) {{ {RECORDED} }} }}"
    call = {"idempotencyKey": key, "occurredAt": "2026-02-01T08:00:00+08:00", **given}
    found = good(who, query, input=call)[mutation]
    assert found["errors"] == []
    return found["organisation"]


def test_the_answers_of_the_mutations_show_what_was_recorded(world: World) -> None:
    company = world.recycler.code
    write(world.alliance, "recordListing", "l", organisation=company, scope="RECOVERY", announcedOn="2025-06-01")
    found = write(world.recycler, "recordDeclaration", "d", year=2025, figures={"water.reuse": "92"})
    assert found["declarations"] == [{"year": 2025, "standing": "DECLARED", "reason": None}]
    assert found["dueDates"] == [{"what": "2025", "done": True}]
    found = write(world.alliance, "reviewDeclaration", "r", organisation=company, year=2025, accepted=True)
    assert found["declarations"][0]["standing"] == "CONFIRMED"
    found = write(world.alliance, "reviewDeclaration", "s", organisation=company, year=2025, accepted=False, reason="x")
    assert found["declarations"] == [{"year": 2025, "standing": "OBJECTED", "reason": "x"}]
    found = write(world.alliance, "recordPenalty", "p", organisation=company, number="P-9")
    assert found["penalties"] == [{"number": "P-9"}]


# How many queries ----------------------------------------------------------------------------------------------------


def test_a_page_takes_as_many_queries_for_many_declarations_as_for_few(works: Works) -> None:
    world = works.world
    companies = (world.recycler, world.stranger, world.second_life)
    query = """{ organisations { edges { node { declarations { key documents { stored } } penalties { number } } } }
      declarations(first: 100) { edges { node { key documents { stored } organisation { name } } } } }"""

    def queries() -> int:
        viewer = world.alliance.viewer
        with CaptureQueriesContext(connection) as captured:
            good(viewer, query)
        return len(captured)

    counts = []
    for number in (1, 8):
        for company in companies:
            own = Works(world, company)
            for _ in range(number):
                own.declare_all()
                own.review(accepted=True)
                own.tell("penalty", "2026-01-05", by=world.alliance, organisation=company.code)
        counts.append(queries())
    assert counts[0] == counts[1] == 1 + 3 + 1 + 1 + 3
