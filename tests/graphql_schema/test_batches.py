"""The list of batches: a recycler finds its own, the alliance all, in pages that keep their place."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from tests.graphql_schema.asking import ask, good
from tests.recyclers.materials import batch, opened, powder, record
from tests.worlds import Party, World, rolled_back

pytestmark = pytest.mark.django_db

LIST = """query ($filters: BatchFilter, $first: Int, $after: String) {
  batches(filters: $filters, first: $first, after: $after) {
    edges { cursor node { id number process closedAt organisation { code } } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount } }"""
LIME = [{"reagent": "lime", "massKg": "1"}]


def told(world: World, number: str, at: Any, by: Party | None = None, process: str = "crushing") -> None:
    by = by or world.recycler
    details = {"number": number, "process": process, "inputs": LIME, "outputs": [powder(f"P-{number}", "1")]}
    world.record(world.fact("batch", by, at=at, **details), by=by)


def numbers(who: Party, **asked: Any) -> list[str]:
    return [edge["node"]["number"] for edge in good(who, LIST, **asked)["batches"]["edges"]]


def test_a_recycler_sees_its_own_the_alliance_all_and_others_none(world: World) -> None:
    told(world, "A-1", 1)
    told(world, "X-1", 2, by=world.stranger)
    assert numbers(world.recycler) == ["A-1"]
    assert numbers(world.stranger) == ["X-1"]
    assert numbers(world.alliance) == ["X-1", "A-1"]
    assert numbers(world.alliance, filters={"organisation": world.recycler.code}) == ["A-1"]
    assert numbers(world.maker) == numbers(world.recycler, filters={"organisation": world.stranger.code}) == []
    [edge] = good(world.recycler, LIST)["batches"]["edges"]
    assert edge["node"]["organisation"] == {"code": world.recycler.code}
    again = good(
        world.recycler, "query ($id: ID!) { node(id: $id) { ... on Batch { number } } }", id=edge["node"]["id"]
    )
    assert again["node"] == {"number": "A-1"}


def test_the_latest_closed_comes_first_whenever_it_was_told(world: World) -> None:
    for number, at in (("B", 5), ("C", 9), ("A", 1), ("B2", 5)):
        told(world, number, at)
    assert numbers(world.recycler) == ["C", "B2", "B", "A"]


def test_pages_keep_their_place_while_batches_are_added(world: World) -> None:
    for number in range(5):
        told(world, f"B-{number}", number)
    first = good(world.recycler, LIST, first=2)["batches"]
    assert [edge["node"]["number"] for edge in first["edges"]] == ["B-4", "B-3"]
    assert (first["totalCount"], first["pageInfo"]["hasNextPage"], first["pageInfo"]["hasPreviousPage"]) == (
        5,
        True,
        False,
    )
    told(world, "B-9", 9)
    told(world, "B-1.5", 1.5)
    rest = good(world.recycler, LIST, after=first["pageInfo"]["endCursor"])["batches"]
    assert [edge["node"]["number"] for edge in rest["edges"]] == ["B-2", "B-1.5", "B-1", "B-0"]
    assert (rest["totalCount"], rest["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasPreviousPage"]) == (
        7,
        False,
        True,
    )


@given(days=st.lists(st.integers(0, 3), max_size=6), size=st.integers(1, 4))
def test_page_by_page_everything_is_seen_once(world: World, days: list[int], size: int) -> None:
    with rolled_back():
        for number, day in enumerate(days):
            told(world, f"B-{number}", day)
        whole, pages, after = numbers(world.recycler), [], None
        while True:
            page = good(world.recycler, LIST, first=size, after=after)["batches"]
            pages += [edge["node"]["number"] for edge in page["edges"]]
            after = page["pageInfo"]["endCursor"]
            if not page["pageInfo"]["hasNextPage"]:
                break
        assert pages == whole
        assert sorted(whole) == sorted(f"B-{number}" for number in range(len(days)))


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({}, ["b-4", "B-3", "B-2", "B-1"]),
        ({"process": "CRUSHING"}, ["b-4", "B-1"]),
        ({"process": "PYROMETALLURGY"}, []),
        ({"from": "2025-07-02"}, ["b-4", "B-3", "B-2"]),
        ({"until": "2025-07-01"}, ["B-1"]),
        ({"from": "2025-07-02", "until": "2025-07-02"}, ["B-3", "B-2"]),
        ({"from": "2025-07-04"}, []),
        ({"from": "0001-01-01", "until": "9999-12-31"}, ["b-4", "B-3", "B-2", "B-1"]),
        ({"numberPrefix": "B-"}, ["B-3", "B-2", "B-1"]),
        ({"numberPrefix": "b"}, ["b-4"]),
        ({"numberPrefix": "B_"}, []),
        ({"numberPrefix": ""}, ["b-4", "B-3", "B-2", "B-1"]),
        ({"numberPrefix": "B", "process": "CRUSHING", "from": "2025-01-01"}, ["B-1"]),
    ],
)
def test_conditions_must_all_hold(world: World, filters: dict[str, str], found: list[str]) -> None:
    """Days are those of China, to the millisecond."""
    told(world, "B-1", "2025-07-01T23:59:59.999+08:00")
    told(world, "B-2", "2025-07-02T00:00:00+08:00", process="hydrometallurgy")
    told(world, "B-3", "2025-07-02T23:59:59.999+08:00", process="hydrometallurgy")
    told(world, "b-4", "2025-07-03T00:00:00+08:00")
    assert numbers(world.recycler, filters=filters) == found
    assert good(world.recycler, LIST, filters=filters)["batches"]["totalCount"] == len(found)


@pytest.mark.parametrize(
    ("asked", "code", "path"),
    [
        ({"first": 101}, "too_many", ["batches", "first"]),
        ({"first": -1}, "wrong_value", ["batches", "first"]),
        ({"after": "nonsense"}, "wrong_value", ["batches", "after"]),
        ({"after": "MTc"}, "wrong_value", ["batches", "after"]),
    ],
)
def test_a_page_that_there_is_not_is_refused(world: World, asked: dict[str, Any], code: str, path: list[str]) -> None:
    [error] = ask(world.recycler, LIST, **asked).errors
    assert error["extensions"]["code"] == code
    assert path[1] in error["extensions"]["path"]


def test_a_corrected_batch_stands_where_the_correction_puts_it(world: World) -> None:
    told(world, "B-1", 1)
    first = world.fact("batch", world.recycler, at=2, key="b", number="B-2", inputs=LIME)
    world.record(first, by=world.recycler)
    moved = {"type": "batch", "occurredAt": "2020-01-01T00:00:00Z", "details": {"number": "B-2", "inputs": LIME}}
    world.record(world.fact("corrected", world.recycler, corrects="b", replacement=moved), by=world.recycler)
    assert numbers(world.recycler) == ["B-1", "B-2"]
    world.record(world.fact("corrected", world.recycler, corrects="b"), by=world.recycler)
    assert numbers(world.recycler) == ["B-1"]


WHOLE = """query { batches(first: 100) { totalCount edges { node { number organisation { name } lossPercent
  recovery { element percent } inputs(first: 5) { massKg lot { number leftKg } } residues(first: 5) { kind }
  outputs(first: 5) { massKg lot { number holder { code } } } } } } }"""


def test_a_page_of_many_batches_takes_as_many_queries_as_one_of_two(world: World) -> None:
    def fill(prefix: str, size: int) -> None:
        for n in range(size):
            name = f"{prefix}{n}"
            record(world, opened(world, f"L-{name}", "2", at=1))
            inputs = [{"lot": f"L-{name}", "massKg": "1"}, {"battery": world.pack().produced().code, "massKg": "1"}]
            outputs, residues = [powder(f"P-{name}", "1")], [{"kind": "slag", "massKg": "0.5"}]
            given = {"number": f"B-{name}", "process": "crushing", "inputs": inputs, "outputs": outputs}
            world.capture([world.fact("batch", world.recycler, residues=residues, **given)])

    def counted(size: int) -> int:
        viewer = world.recycler.viewer
        with CaptureQueriesContext(connection) as captured:
            edges = good(viewer, WHOLE)["batches"]["edges"]
        assert len(edges) == size
        for edge in edges:
            node = edge["node"]
            assert (len(node["inputs"]), len(node["outputs"]), node["lossPercent"]) == (2, 1, "25.00")
            assert (node["inputs"][0]["lot"]["leftKg"], node["residues"]) == ("1", [{"kind": "slag"}])
        return len(captured)

    fill("few", 2)
    few = counted(2)
    fill("many", 30)
    assert counted(32) == few <= 24


def test_a_list_without_its_items_takes_three_queries(world: World) -> None:
    told(world, "B-1", 1)
    viewer = world.recycler.viewer
    with CaptureQueriesContext(connection) as captured:
        good(viewer, LIST)
    # The page, its recyclers, the count.
    assert len(captured) == 3


def test_the_items_of_a_batch_come_in_pages(world: World) -> None:
    inputs = [{"reagent": f"r{n}", "massKg": "1"} for n in range(5)]
    record(world, batch(world, inputs=inputs, outputs=[powder("P", "1")]))
    asked = "query ($after: Int) { batches { edges { node { inputs(first: 2, after: $after) { place reagent } } } } }"
    seen, after = [], None
    while rows := good(world.recycler, asked, after=after)["batches"]["edges"][0]["node"]["inputs"]:
        assert len(rows) <= 2
        seen += [row["reagent"] for row in rows]
        after = rows[-1]["place"]
    assert seen == [f"r{n}" for n in range(5)]
