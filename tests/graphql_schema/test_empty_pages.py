"""Pages that are asked to be empty, or to begin before the beginning: both surfaces say the same of them."""

from typing import Any

import pytest

from tests.graphql_schema import asking
from tests.graphql_schema.audit import asking as audit
from tests.recyclers.materials import batch, opened, powder, record
from tests.worlds import World

pytestmark = pytest.mark.django_db

INFO = "edges { cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
NOTHING = {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None}


def over_http(world: World, surface: str, query: str) -> Any:
    """Ask as the alliance; the data, or the code and the path of the first error."""
    post = asking.post if surface == "operations" else audit.post
    answer = post(world.alliance, query).json()
    if "errors" in answer:
        error = answer["errors"][0]["extensions"]
        return error["code"], error.get("path", [])
    return answer["data"]


SHARED = ("batteries", "organisations", "gaps")
LISTS = [("operations", name) for name in (*SHARED, "transfers", "lots", "batches", "models", "importJobs")]
LISTS += [("audit", name) for name in (*SHARED, "recyclers", "runs")]


@pytest.fixture
def full(world: World) -> World:
    """A world with something in every list."""
    for _ in range(2):
        world.pack().produced().installed().removed().dispatched(world.recycler)
        world.capture([world.fact("removed", world.workshop, world.pack_code())])
    record(world, opened(world, "A"), opened(world, "B"))
    world.record(*(world.fact("model", world.maker, number=number) for number in "MN"), by=world.maker)
    for number in ("B-1", "B-2"):
        inputs = [{"reagent": name, "massKg": "1"} for name in ("lime", "soda", "water")]
        record(world, batch(world, number, inputs=inputs, outputs=[powder(f"{number}-{n}", "1") for n in range(3)]))
    audit.run()
    audit.run(1)
    return world


@pytest.mark.parametrize(("surface", "name"), LISTS)
def test_an_empty_page_has_no_next_one_for_it_has_no_cursor_to_go_on_from(full: World, surface: str, name: str) -> None:
    page = over_http(full, surface, f"{{ {name}(first: 0) {{ {INFO} }} }}")[name]
    assert page == {"edges": [], "pageInfo": NOTHING}
    one = over_http(full, surface, f"{{ {name}(first: 1) {{ {INFO} }} }}")[name]
    if name != "importJobs":
        assert one["pageInfo"]["hasNextPage"] is True
        after = one["pageInfo"]["endCursor"]
        page = over_http(full, surface, f'{{ {name}(first: 0, after: "{after}") {{ {INFO} }} }}')[name]
        assert page == {"edges": [], "pageInfo": NOTHING}


@pytest.mark.parametrize(("surface", "name"), LISTS)
def test_a_page_of_less_than_nothing_is_refused(full: World, surface: str, name: str) -> None:
    assert over_http(full, surface, f"{{ {name}(first: -1) {{ {INFO} }} }}") == ("page_negative", [])


@pytest.mark.parametrize(("surface", "name"), LISTS)
@pytest.mark.parametrize("after", ["LTE", "-1", ""], ids=["minus one as a cursor", "minus one", "nothing"])
def test_a_page_after_what_is_no_cursor_is_refused(full: World, surface: str, name: str, after: str) -> None:
    code, path = over_http(full, surface, f'{{ {name}(after: "{after}") {{ {INFO} }} }}')
    assert (code, path[-1]) == ("wrong_value", "after")


@pytest.mark.parametrize("surface", ["operations", "audit"])
def test_an_empty_page_of_events_has_no_neighbours(full: World, surface: str) -> None:
    code = full.pack().produced().installed().sold().code
    sizes = ["first: 0", "last: 0"] if surface == "operations" else ["first: 0"]
    for size in sizes:
        page = over_http(full, surface, f'{{ battery(code: "{code}") {{ events({size}) {{ {INFO} }} }} }}')
        assert page["battery"]["events"] == {"edges": [], "pageInfo": NOTHING}


def test_the_events_of_all_chains_come_in_no_empty_page_that_goes_on(full: World) -> None:
    days = 'occurredFrom: "2022-01-01", occurredUntil: "2022-12-31"'
    assert over_http(full, "audit", f"{{ events({days}, first: 0) {{ {INFO} }} }}")["events"]["pageInfo"] == NOTHING


def nodes(answer: dict[str, Any]) -> list[Any]:
    (connection,) = answer.values()
    return audit.nodes(connection)


PLACES = {
    "inputs": "{ batches(first: 1) { edges { node { inputs(%s) { place } } } } }",
    "outputs": "{ batches(first: 1) { edges { node { outputs(%s) { place } } } } }",
    "residues": "{ batches(first: 1) { edges { node { residues(%s) { place } } } } }",
    "origins": "{ lots(first: 1) { edges { node { origins(%s) { place } } } } }",
    "destinations": "{ batteries(first: 1) { edges { node { destinations(%s) { place } } } } }",
    "lots": "{ batteries(first: 1) { edges { node { lots(%s) { number } } } } }",
}


@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize("after", ["-1", "-5"])
def test_a_page_that_begins_before_the_first_place_is_refused(full: World, name: str, after: str) -> None:
    code, path = over_http(full, "operations", PLACES[name] % f"first: 2, after: {after}")
    assert (code, path[-1]) == ("wrong_value", "after")
    assert over_http(full, "operations", PLACES[name] % "first: -2") == ("page_negative", [])
    (node,) = nodes(over_http(full, "operations", PLACES[name] % "first: 0"))
    assert node == {name: []}


def test_the_items_of_a_consignment_come_in_pages(world: World) -> None:
    for _ in range(3):
        world.pack().produced().installed().removed().dispatched(world.recycler, waybill="W-1")
    asked = "query ($after: ID) { transfers { edges { node { items(first: 2, after: $after) { id } } } } }"
    seen, after = [], None
    while rows := asking.good(world.workshop, asked, after=after)["transfers"]["edges"][0]["node"]["items"]:
        seen += [row["id"] for row in rows]
        after = rows[-1]["id"]
    assert len(seen) == len(set(seen)) == 3
