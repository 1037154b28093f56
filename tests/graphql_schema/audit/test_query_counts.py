"""How many queries the audit's questions take: pinned, and independent of how much there is."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.graphql_schema.audit.asking import URL, client, contract, nodes, run
from tests.worlds import Party, World

DOCUMENTS = contract()
#: Of the door: the token, the points, and who looked.
LIST = """{ batteries(first: 100) { edges { node { code stage status manufacturer { name } holder { name }
  model { number }
  inTransitTo { name } events(first: 5) { edges { node { type organisation { name } } } } } } } }"""


def counted(who: Party, query: str, **variables: Any) -> tuple[int, Any]:
    sender, body = client(who), json.dumps({"query": query, "variables": variables})
    sender.post(URL, body, content_type="application/json")  # parsed, validated, points taken
    with CaptureQueriesContext(connection) as captured:
        answer = sender.post(URL, body, content_type="application/json").json()
    assert "errors" not in answer, answer
    # SQLite's and PostgreSQL's savepoints are no questions.
    asked = [one for one in captured if not one["sql"].startswith(("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT"))]
    return len(asked), answer["data"]


def fill(world: World, size: int) -> str:
    for _ in range(size):
        pack = world.pack(modules=1).produced().installed().sold().removed()
        pack.dispatched(to=world.recycler).received(by=world.recycler)
        pack.dispatched(to=world.stranger)
    run(40)
    return pack.code


@pytest.mark.parametrize("who", ["alliance", "recycler"])
def test_a_page_of_gaps_takes_the_same_queries_for_three_batteries_and_for_twenty(world: World, who: str) -> None:
    fill(world, 3)
    party = getattr(world, who)
    few, data = counted(party, DOCUMENTS["Gaps"], first=100)
    assert len(nodes(data["gaps"])) > 3
    fill(world, 17)
    many, data = counted(party, DOCUMENTS["Gaps"], first=100)
    assert len(nodes(data["gaps"])) >= 20
    assert few == many
    assert many <= 12


@pytest.mark.parametrize("who", ["alliance", "maker", "recycler"])
def test_a_page_of_batteries_takes_the_same_queries_whatever_its_size(world: World, who: str) -> None:
    fill(world, 3)
    party = getattr(world, who)
    few, data = counted(party, LIST)
    assert len(nodes(data["batteries"])) == 3
    fill(world, 17)
    many, data = counted(party, LIST)
    assert len(nodes(data["batteries"])) == 20
    assert few == many
    assert many <= 11


def test_one_chain_takes_a_fixed_number_of_queries(world: World) -> None:
    few, _ = counted(world.alliance, DOCUMENTS["Chain"], code=fill(world, 1))
    longer = world.battery(fill(world, 1))
    longer.received(by=world.stranger)
    for _ in range(6):
        longer.inspected()
    many, data = counted(world.alliance, DOCUMENTS["Chain"], code=longer.code)
    assert len(nodes(data["battery"]["events"])) == 14
    assert many == few
    assert many <= 20


def test_recyclers_with_listings_and_permits_take_a_fixed_number(world: World) -> None:
    count, data = counted(world.alliance, DOCUMENTS["Recyclers"])
    assert len(nodes(data["recyclers"])) == 2
    assert count <= 7


@pytest.mark.parametrize("group", ["REGION", "MODEL"])
def test_completeness_takes_a_fixed_number(world: World, group: str) -> None:
    fill(world, 2)
    count, _ = counted(world.alliance, DOCUMENTS["Completeness"], groupBy=group)
    assert count <= 11
