"""What a company's products are made of, as it is asked through the operations API."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.graphql_schema.asking import ask, good
from tests.recyclers.conditions.works import Works
from tests.worlds import World

DAYS = {"from": "2025-01-01", "until": "2025-12-31"}
QUESTION = """query ($recycler: String!, $from: Date!, $until: Date!) {
  recycledContent(recycler: $recycler, from: $from, until: $until) {
    recycler { code } from until
    products { material lots massKg shares { source massKg percent }
      elements { element massKg withoutFigureKg shares { source massKg percent } } } } }"""


@pytest.fixture
def works(world: World) -> Works:
    """Two kilograms of scrap to one of bought powder, smelted together, and a lot of copper of which nobody knows."""
    works = Works(world, world.recycler)
    works.opened("SCRAP", "2", origin="production_scrap", material="battery_scrap", assay={"ni": "10", "co": "0"})
    works.opened("BOUGHT", "1", assay={"ni": "30", "co": "0"})
    inputs = [{"lot": "SCRAP", "massKg": "2"}, {"lot": "BOUGHT", "massKg": "1"}]
    salt = {"lot": "NS", "material": "nickel_sulfate_hexahydrate", "massKg": "1"}
    works.batch("hydrometallurgy", inputs, [salt, {"lot": "X", "massKg": "0.5"}])
    return works


def content(who: Any, works: Works, **days: str) -> Any:
    return good(who, QUESTION, recycler=works.company.code, **(DAYS | days))["recycledContent"]


@pytest.mark.parametrize("who", ["recycler", "alliance"])
def test_the_company_and_the_alliance_are_told(works: Works, who: str) -> None:
    found = content(getattr(works.world, who), works)
    assert (found["recycler"], found["from"], found["until"]) == ({"code": works.company.code}, *DAYS.values())
    other, salt = found["products"]
    assert (other["material"], other["massKg"], other["elements"][0]["withoutFigureKg"]) == (None, "0.5", "0.5")
    assert other["elements"][0]["shares"] == []
    assert (salt["material"], salt["lots"], salt["massKg"]) == ("NICKEL_SULFATE_HEXAHYDRATE", 1, "1")
    assert salt["shares"] == [
        {"source": "PRODUCTION_SCRAP", "massKg": "0.666667", "percent": "66.6666667"},
        {"source": "BOUGHT", "massKg": "0.333333", "percent": "33.3333333"},
    ]
    assert salt["elements"] == [
        {
            "element": "ni",
            "massKg": "0.2233",
            "withoutFigureKg": "0",
            "shares": [
                {"source": "PRODUCTION_SCRAP", "massKg": "0.08932", "percent": "40"},
                {"source": "BOUGHT", "massKg": "0.13398", "percent": "60"},
            ],
        }
    ]


def test_percentages_give_100_and_masses_the_whole(works: Works) -> None:
    for product in content(works.company, works)["products"]:
        assert sum(Decimal(share["percent"]) for share in product["shares"]) == 100
        assert sum(Decimal(share["massKg"]) for share in product["shares"]) == Decimal(product["massKg"])


def test_nobody_else_is_told_that_there_is_anything(works: Works) -> None:
    works.world.pack().produced().dispatched(to=works.company)
    for who in (works.world.maker, works.world.stranger):
        assert content(who, works) is None
    question = {"recycler": "91510100MA6999999X", **DAYS}
    assert good(works.world.alliance, QUESTION, **question)["recycledContent"] is None


def test_a_company_without_products_has_an_empty_list(works: Works) -> None:
    assert content(works.company, works, **{"from": "2024-01-01", "until": "2024-12-31"})["products"] == []


@pytest.mark.parametrize("days", [("2025-01-02", "2025-01-01"), ("2015-01-01", "2025-12-31")])
def test_a_period_that_is_none_is_refused(works: Works, days: tuple[str, str]) -> None:
    answer = ask(works.company, QUESTION, recycler=works.company.code, **dict(zip(DAYS, days, strict=True)))
    [error] = answer.errors
    assert (error["extensions"]["code"], error["extensions"]["path"]) == ("wrong_value", ["until"])


def test_one_question_costs_a_fixed_number_of_queries(works: Works) -> None:
    with CaptureQueriesContext(connection) as queries:
        content(works.company.viewer, works)
    assert len(queries) == 20
