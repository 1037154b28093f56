"""complianceReport: what it tells, to whom, and that a hidden company answers like none."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from recyclers.conditions.evaluation import evaluate
from recyclers.conditions.telling import as_json
from recyclers.conditions.terms import terms
from tests.graphql_schema.asking import ask, contract, good, post
from tests.recyclers.conditions.works import LATER, YEAR, Works
from tests.worlds import Party, World

pytestmark = pytest.mark.urls("graphql_schema.urls")

DOCUMENT = contract()["Compliance"]
DAYS = {"from": "2025-01-01", "until": "2025-12-31"}
METALS = {"li": "10", "ni": "10", "co": "10", "mn": "10"}
NOBODY = "91510100MA6999999X"


@pytest.fixture
def works(world: World) -> Works:
    works = Works(world, world.recycler)
    works.smelted(into=METALS, out={"li": "8.9", "ni": "9.9", "co": "9.9", "mn": "9.9"})
    works.declare_all(without=("water.reuse",))
    return works


def report(who: Party, company: str, **asked: Any) -> Any:
    return good(who, DOCUMENT, recycler=company, **(DAYS | asked))["complianceReport"]


def clauses(found: Any) -> dict[str, Any]:
    [part] = found["parts"]
    return {one["clause"]: one for one in part["clauses"]}


def refused(who: Party, company: str, **asked: Any) -> list[tuple[str, list[str]]]:
    errors = ask(who, DOCUMENT, recycler=company, **(DAYS | asked)).errors
    return [(one["extensions"]["code"], one["extensions"]["path"]) for one in errors]


# What it tells -------------------------------------------------------------------------------------------------------


def test_the_document_of_the_contract_tells_what_comply_prints(works: Works) -> None:
    answer = post(works.company, DOCUMENT, recycler=works.company.code.lower(), asOf=LATER.isoformat(), **DAYS).json()
    assert "errors" not in answer, answer
    found = answer["data"]["complianceReport"]
    printed = as_json(evaluate(works.company.code, *YEAR, as_of=LATER, terms=terms()))
    assert (found["verdict"], found["asOf"]) == ("FAIL", "2026-06-30")
    assert found["parameters"] == printed["parameters"]
    [part], [shown] = printed["parts"], found["parts"]
    assert {name: shown[name] for name in ("edition", "from", "until")} == {
        name: part[name] for name in ("edition", "from", "until")
    }
    for told, one in zip(shown["clauses"], part["clauses"], strict=True):
        title, text = told.pop("title"), told.pop("text")
        assert title
        assert (text is None) is (one["verdict"] == "not_in_force")
        words = {name: one[name] and one[name].upper() for name in ("verdict", "certainty")}
        assert told == one | words
    assert clauses(found)["recovery.li"]["measured"] == "89.00"


@pytest.mark.parametrize(
    ("language", "title", "text"),
    [
        ("en", "Recovery of lithium", "In smelting, at least 90 % of the lithium is recovered."),
        ("zh-hans", "锂回收率", "冶炼过程中，锂的回收率不低于90%。"),
    ],
)
def test_clauses_speak_the_callers_language(works: Works, language: str, title: str, text: str) -> None:
    client = Client(headers={"Authorization": f"Bearer {works.company.token}", "Accept-Language": language})
    body = {"query": DOCUMENT, "variables": {"recycler": works.company.code} | DAYS}
    answer = client.post("/graphql/", body, content_type="application/json").json()
    told = clauses(answer["data"]["complianceReport"])["recovery.li"]
    assert (told["title"], told["text"]) == (title, text)


def test_parameters_reach_the_evaluation(works: Works) -> None:
    works.smelted(into={"li": "10"}, out={"li": "10"}, number="BEST")
    months = report(works.company, works.company.code, averaging="BATCH", boundary="SITE")
    assert months["parameters"] == {"boundary": "site", "averaging": "batch", "tolerancePercent": "2"}
    assert clauses(months)["recovery.li"]["evidence"]["taken"]["values"] == 2
    old = report(works.company, works.company.code, edition="2019")
    assert clauses(old)["recovery.li"]["threshold"] == "85"
    assert clauses(old)["recovery.electrode_powder"] | {"title": None} == {
        **dict.fromkeys(clauses(old)["recovery.li"]), "clause": "recovery.electrode_powder",
        "verdict": "NOT_IN_FORCE", "enforced": False,
    }  # fmt: skip
    provisional = """query ($code: String!, $on: Boolean) { complianceReport(recycler: $code, from: "2025-01-01",
      until: "2025-12-31", provisional: $on) { parameters parts { clauses { clause enforced } } } }"""
    for on in (True, False, None):
        found = good(works.company, provisional, code=works.company.code, on=on)["complianceReport"]
        assert found["parameters"].get("provisional") is (True if on else None)
        assert clauses(found)["rnd.share"]["enforced"] is bool(on)


def test_as_of_a_past_day_it_tells_what_was_known_then(works: Works) -> None:
    before = report(works.company, works.company.code, asOf="2026-06-29")
    works.smelted(into={"li": "10"}, out={"li": "1"}, reported="2026-06-30")
    assert report(works.company, works.company.code, asOf="2026-06-29") == before
    assert report(works.company, works.company.code, asOf="2026-06-30") != before


# To whom -------------------------------------------------------------------------------------------------------------


def test_the_alliance_may_ask_about_any_company(works: Works) -> None:
    assert report(works.world.alliance, works.company.code) == report(works.company, works.company.code)
    assert report(works.world.alliance, NOBODY) is None


@pytest.mark.parametrize("who", ["maker", "stranger", "second_life"])
def test_another_company_answers_to_the_letter_like_a_code_that_nobody_has(works: Works, who: str) -> None:
    """By data, by errors, and by what is asked of the database meanwhile, which is nothing."""
    party = getattr(works.world, who)
    works.world.pack().produced().dispatched(to=works.company)
    viewer = party.viewer
    given: list[dict[str, Any]] = [
        {}, {"edition": "2024"}, {"asOf": "2026-01-01"}, {"averaging": "BATCH"}, {"edition": "2025"},
        {"from": "2026-01-01"}, {"from": "2001-01-01"},
    ]  # fmt: skip
    for asked in given:
        answers = []
        for company in (works.company.code, works.world.importer.code, NOBODY, "", "x" * 3000):
            with CaptureQueriesContext(connection) as captured:
                answers.append(ask(viewer, DOCUMENT, recycler=company, **(DAYS | asked)))
            assert len(captured) == 0
        assert len({answer.text for answer in answers}) == 1
        assert answers[0].data == {"complianceReport": None}


# What is refused -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["recycler", "alliance", "stranger"])
@pytest.mark.parametrize(
    ("asked", "path"),
    [
        ({"from": "2026-01-01"}, ["until"]),
        ({"from": "2015-01-01"}, ["until"]),
        ({"from": "9999-01-01", "until": "9999-12-31"}, ["until"]),
        ({"edition": "2025"}, ["edition"]),
        ({"edition": ""}, ["edition"]),
    ],
)
def test_a_question_that_makes_no_sense_is_refused_with_its_path(
    works: Works, who: str, asked: dict[str, str], path: list[str]
) -> None:
    assert refused(getattr(works.world, who), works.company.code, **asked) == [("wrong_value", path)]


@pytest.mark.parametrize("who", ["alliance", "maker"])
def test_a_company_that_the_conditions_do_not_ask_is_refused_where_it_is_known(world: World, who: str) -> None:
    assert refused(getattr(world, who), world.maker.code) == [("wrong_value", ["recycler"])]


def test_a_report_counts_as_many_objects_so_that_few_fit_into_a_request(works: Works) -> None:
    asked = f'(recycler: "{works.company.code}", from: "2025-01-01", until: "2025-12-31")'
    fields = [f"r{n}: complianceReport{asked} {{ verdict }}" for n in range(11)]
    query = f"{{ {' '.join(fields)} }}"
    (error,) = post(works.company, query).json()["errors"]
    assert error["extensions"]["code"] == "too_expensive"
    query = f"{{ {' '.join(fields[:3])} }}"
    assert set(post(works.company, query).json()["data"]) == {"r0", "r1", "r2"}


# How many queries ----------------------------------------------------------------------------------------------------


def test_a_report_takes_as_many_queries_for_many_batches_as_for_few(works: Works) -> None:
    def queries(who: Party) -> int:
        viewer = who.viewer
        with CaptureQueriesContext(connection) as captured:
            good(viewer, DOCUMENT, recycler=works.company.code, **DAYS)
        return len(captured)

    few = queries(works.company)
    for number in range(12):
        works.smelted(into=METALS, out=METALS, day=f"2025-{number % 12 + 1:02}-15")
        works.tell("received", "2025-06-15", battery=works.world.pack_code())
    assert queries(works.company) == queries(works.world.alliance)
    # Names of batteries and events in the evidence: there are some now.
    assert few <= queries(works.company) <= 26
