"""What products are made of by source: exact shares that add up, whatever was split, merged or drawn again."""

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from recyclers.lineage_shares import BATCH, BATTERY, LOT, REAGENT, Edge, Lineage, Node
from recyclers.recycled_content import (
    BOUGHT,
    PRODUCTION_SCRAP,
    REAGENTS,
    UNKNOWN,
    WASTE_BATTERIES,
    Product,
    Recycled,
    recycled,
)
from recyclers.recycled_reading import recycled_content
from tests.recyclers.conditions.works import Works
from tests.worlds import Party, World, rolled_back
from traceability.models import Organisation

DAYS = (date(2025, 1, 1), date(2025, 12, 31))
#: Of the powders and products below, the share that is nickel.
POWDER, SALT = Fraction(1, 10), Fraction(1, 4)


# Plain shares --------------------------------------------------------------------------------------------------------


def node(kind: str, code: str = "") -> Node:
    return Node(kind, code)


def held(shares: Mapping[Node, Fraction | None]) -> Any:
    return lambda of, mass, element: (
        Fraction(0) if element != "ni" else None if (share := shares.get(of, 0)) is None else mass * Fraction(share)
    )


SCRAP, PURCHASE, OWN = node(LOT, "scrap"), node(LOT, "bought"), node(LOT, "from packs")
BATCH_ONE, PRODUCT = node(BATCH, "1"), node(LOT, "sulfate")
SOURCES = {SCRAP: PRODUCTION_SCRAP, PURCHASE: BOUGHT}


def one(products: list[Product], edges: list[Edge], contents: Mapping[Node, Fraction | None]) -> Recycled:
    [found] = recycled(products, edges, {}, held(contents), SOURCES)
    return found


def test_acid_is_a_part_of_the_mass_and_of_no_element() -> None:
    edges = [
        Edge(node(BATTERY, "pack"), BATCH_ONE, 600),
        Edge(SCRAP, BATCH_ONE, 200),
        Edge(PURCHASE, BATCH_ONE, 100),
        Edge(node(REAGENT, "acid"), BATCH_ONE, 100),
        Edge(BATCH_ONE, PRODUCT, 400),
    ]
    contents = {node(BATTERY, "pack"): POWDER, SCRAP: POWDER, PURCHASE: 2 * POWDER, PRODUCT: SALT}
    found = one([Product(PRODUCT, "sulfate", Fraction(400))], edges, contents)
    assert found.by_mass.shares == {
        WASTE_BATTERIES: Fraction(6, 10),
        PRODUCTION_SCRAP: Fraction(2, 10),
        BOUGHT: Fraction(1, 10),
        REAGENTS: Fraction(1, 10),
    }
    assert found.elements["ni"].mg == 100
    assert found.elements["ni"].shares == {
        WASTE_BATTERIES: Fraction(6, 10),
        PRODUCTION_SCRAP: Fraction(2, 10),
        BOUGHT: Fraction(2, 10),
    }
    assert set(found.elements) == {"ni"}


@pytest.mark.parametrize(
    ("packs", "scrap", "expected"),
    [
        pytest.param(None, POWDER, {UNKNOWN: Fraction(1)}, id="of several, one without a figure"),
        pytest.param(None, Fraction(0), {WASTE_BATTERIES: Fraction(1)}, id="only they can have brought any"),
        pytest.param(Fraction(0), Fraction(0), {UNKNOWN: Fraction(1)}, id="nothing that is known brought any"),
    ],
)
def test_what_has_no_figure_is_of_unknown_origin_unless_it_stands_alone(
    packs: Fraction | None, scrap: Fraction, expected: dict[str, Fraction]
) -> None:
    edges = [
        Edge(node(BATTERY, "pack"), BATCH_ONE, 600),
        Edge(node(BATTERY, "other"), BATCH_ONE, 200),
        Edge(SCRAP, BATCH_ONE, 200),
        Edge(BATCH_ONE, PRODUCT, 400),
    ]
    contents = {node(BATTERY, "pack"): packs, node(BATTERY, "other"): packs and POWDER, SCRAP: scrap, PRODUCT: SALT}
    found = one([Product(PRODUCT, "sulfate", Fraction(400))], edges, contents)
    assert found.elements["ni"].shares == expected


def test_products_without_a_figure_are_told_beside_the_others() -> None:
    silent = node(LOT, "silent")
    edges = [Edge(SCRAP, BATCH_ONE, 1000), Edge(BATCH_ONE, PRODUCT, 400), Edge(BATCH_ONE, silent, 100)]
    products = [Product(PRODUCT, "sulfate", Fraction(400)), Product(silent, "sulfate", Fraction(100))]
    found = one(products, edges, {SCRAP: POWDER, PRODUCT: SALT, silent: None})
    nickel = found.elements["ni"]
    assert (nickel.mg, nickel.without_figure_mg, nickel.shares) == (100, 100, {PRODUCTION_SCRAP: Fraction(1)})
    assert found.lots == 2


def test_more_of_an_element_than_went_in_is_of_unknown_origin() -> None:
    edges = [Edge(SCRAP, BATCH_ONE, 1000), Edge(BATCH_ONE, PRODUCT, 800)]
    found = one([Product(PRODUCT, "sulfate", Fraction(800))], edges, {SCRAP: POWDER, PRODUCT: SALT})
    assert found.elements["ni"].shares == {PRODUCTION_SCRAP: Fraction(1, 2), UNKNOWN: Fraction(1, 2)}


MASSES = st.integers(1, 1000)


@given(st.lists(st.tuples(MASSES, MASSES, MASSES), min_size=1, max_size=4), st.data())
def test_shares_add_up_to_one_through_any_number_of_steps(
    steps: list[tuple[int, int, int]], data: st.DataObject
) -> None:
    """A batch a step, of what the step before gave, packs, scrap and acid; some of it has no figure."""
    share = st.one_of(st.none(), st.fractions(0, 1, max_denominator=50))
    edges: list[Edge] = []
    contents: dict[Node, Fraction | None] = {}
    before = PURCHASE
    for number, (pack, scrap, back) in enumerate(steps):
        at, made = node(BATCH, str(number)), node(LOT, f"made {number}")
        named = (node(BATTERY, str(number)), node(LOT, f"scrap {number}"), node(REAGENT, "acid"), before)
        weights = (pack, scrap, 5, data.draw(MASSES))
        edges += [Edge(source, at, mass) for source, mass in zip(named, weights, strict=True)]
        edges += [Edge(at, made, back), Edge(made, at, data.draw(st.integers(0, back)))]
        contents |= {named[0]: data.draw(share), named[1]: data.draw(share), made: data.draw(share)}
        before = made
    found = one([Product(before, "sulfate", Fraction(7, 3))], edges, contents)
    assert sum(found.by_mass.shares.values()) == 1
    for content in found.elements.values():
        assert sum(content.shares.values()) == (1 if content.mg else 0)
        assert all(part > 0 for part in content.shares.values())


@given(st.lists(st.tuples(st.sampled_from(("pack", "scrap", "bought")), MASSES), min_size=1, max_size=6), st.data())
def test_a_mixture_is_the_mean_of_what_is_mixed(parts: list[tuple[str, int]], data: st.DataObject) -> None:
    edges = [Edge(node(LOT, what), node(LOT, f"{number}"), mass) for number, (what, mass) in enumerate(parts)]
    lineage = Lineage(edges)
    weights = {node(LOT, f"{number}"): Fraction(data.draw(MASSES), 3) for number in range(len(parts))}
    found = lineage.origins_of(weights)
    expected: dict[Node, Fraction] = {}
    for number, (what, _) in enumerate(parts):
        part = weights[node(LOT, f"{number}")] / sum(weights.values())
        expected[node(LOT, what)] = expected.get(node(LOT, what), Fraction(0)) + part
    assert found == expected


def test_a_mixture_of_what_no_edge_knows_is_that() -> None:
    parts = {node(LOT, "a"): Fraction(1), node(BATCH, "b"): Fraction(3)}
    assert {at.kind: share for at, share in Lineage([]).origins_of(parts).items()} == {
        LOT: Fraction(1, 4),
        "unknown_origin": Fraction(3, 4),
    }
    with pytest.raises(ValueError, match="nothing"):
        Lineage([]).origins_of({})


# Read from the records -----------------------------------------------------------------------------------------------


def content(works: Works, viewer: Party | None = None, *days: date) -> dict[str, Recycled]:
    company = Organisation.objects.get(code=works.company.code)
    who = (viewer or works.company).viewer
    return {one.material: one for one in recycled_content(who, company, *(days or DAYS))}


@pytest.fixture
def works(world: World) -> Works:
    return Works(world, world.recycler)


def pack(works: Works, kilograms: str = "500") -> dict[str, str]:
    """A pack of a fifth nickel, as an input."""
    code = works.world.pack_code()
    model = {"number": "NI", "level": "pack", "composition": {"ni": "0.2", "co": "0", "li": "0"}}
    works.tell("model", "2021-01-01", by=works.world.maker, **model)
    works.tell("produced", "2021-12-04", by=works.world.maker, battery=code, model="NI")
    return {"battery": code, "massKg": kilograms}


def lot_of(works: Works, lot: str, kilograms: str, nickel: str = "20", **more: Any) -> dict[str, str]:
    """A lot from outside, as an input."""
    said = {"material": "battery_scrap", "assay": {"ni": nickel, "co": "0", "li": "0"}}
    works.opened(lot, kilograms, **(said | more))
    return {"lot": lot, "massKg": kilograms}


def powder(lot: str, kilograms: str, nickel: str = "20") -> dict[str, Any]:
    assay = {"ni": nickel, "co": "0", "li": "0"}
    return {"lot": lot, "material": "electrode_powder", "massKg": kilograms, "assay": assay}


def sulfate(lot: str, kilograms: str) -> dict[str, Any]:
    return {"lot": lot, "material": "nickel_sulfate_hexahydrate", "massKg": kilograms}


def test_a_company_that_crushes_and_leaches_tells_what_its_salt_is_made_of(works: Works) -> None:
    scrap = lot_of(works, "SCRAP", "300", origin="production_scrap")
    works.batch("crushing", [pack(works), scrap, lot_of(works, "STOCK", "200", origin="opening_stock")],
                [powder("BM", "800"), {"lot": "CU", "material": "copper", "massKg": "100"}])  # fmt: skip
    inputs = [{"lot": "BM", "massKg": "800"}, {"reagent": "sulfuric_acid", "massKg": "200"}]
    works.batch("hydrometallurgy", inputs, [sulfate("NS", "500")])
    found = content(works)
    assert set(found) == {"copper", "nickel_sulfate_hexahydrate"}
    assert found["copper"].by_mass.shares == {
        WASTE_BATTERIES: Fraction(1, 2),
        PRODUCTION_SCRAP: Fraction(3, 10),
        UNKNOWN: Fraction(2, 10),
    }
    salt = found["nickel_sulfate_hexahydrate"]
    assert salt.by_mass.shares[REAGENTS] == Fraction(1, 5)
    assert salt.elements["ni"].shares == found["copper"].by_mass.shares
    assert salt.elements["ni"].mg == 500_000_000 * Fraction(2233, 10000)


def test_what_the_company_drew_again_is_no_product_of_its(works: Works) -> None:
    works.batch("crushing", [lot_of(works, "S", "1000")], [powder("BM", "800")], day="2025-12-30")
    assert content(works)["electrode_powder"].by_mass.mg == 800_000_000
    works.batch("hydrometallurgy", [{"lot": "BM", "massKg": "600"}], [sulfate("NS", "300")], day="2026-01-05")
    assert content(works)["electrode_powder"].by_mass.mg == 200_000_000
    next_year = content(works, None, date(2026, 1, 1), date(2026, 12, 31))
    assert next_year["nickel_sulfate_hexahydrate"].by_mass.shares == {BOUGHT: Fraction(1)}


def test_across_companies_the_alliance_sees_through_and_the_company_what_it_bought(works: Works) -> None:
    other = Works(works.world, works.world.stranger)
    other.batch("crushing", [pack(works), lot_of(other, "SCRAP", "500", origin="production_scrap")],
                [powder("BM", "800")])  # fmt: skip
    other.tell("dispatched", "2025-07-01", top={"lot": "BM"}, to=works.company.code, massKg="800")
    works.tell("received", "2025-07-02", top={"lot": "BM", "lotOf": other.company.code}, massKg="800",
               **{"from": other.company.code})  # fmt: skip
    drawn = {"lot": "BM", "lotOf": other.company.code, "massKg": "800"}
    works.batch("hydrometallurgy", [drawn], [sulfate("NS", "300")], day="2025-08-01")
    for viewer, shares in (
        (works.company, {BOUGHT: Fraction(1)}),
        (works.world.alliance, {WASTE_BATTERIES: Fraction(1, 2), PRODUCTION_SCRAP: Fraction(1, 2)}),
    ):
        salt = content(works, viewer)["nickel_sulfate_hexahydrate"]
        assert (salt.by_mass.shares, salt.elements["ni"].shares) == (shares, shares)


def test_a_lot_received_without_papers_is_of_unknown_origin(works: Works) -> None:
    works.tell("received", "2025-03-01", top={"lot": "STRAY"}, massKg="100")
    works.batch("hydrometallurgy", [{"lot": "STRAY", "massKg": "100"}], [sulfate("NS", "50")])
    salt = content(works)["nickel_sulfate_hexahydrate"]
    assert (salt.by_mass.shares, salt.elements["ni"].shares) == ({UNKNOWN: Fraction(1)}, {UNKNOWN: Fraction(1)})


def test_a_company_that_made_nothing_has_no_products(works: Works) -> None:
    assert content(works) == {}


@given(st.permutations(["split", "merge", "again"]), st.lists(st.integers(1, 9), min_size=1, max_size=3, unique=True))
def test_neither_splits_nor_mergers_nor_their_order_change_the_shares(
    world: World, order: list[str], cuts: list[int]
) -> None:
    with rolled_back():
        works = Works(world, world.recycler)
        inputs = [pack(works, "700"), lot_of(works, "SCRAP", "300", origin="production_scrap")]
        works.batch("crushing", inputs, [powder("BM", "1000")], day="2025-02-01")
        held, number = {"BM": 1000}, 0
        for step, what in enumerate(order):
            day = f"2025-0{step + 3}-01"
            if what == "merge":
                number += 1
                parts = [{"lot": lot, "massKg": str(mass)} for lot, mass in held.items()]
                works.tell("lot_merged", day, top={"lot": f"M-{number}"}, **{"from": parts})
                held = {f"M-{number}": 1000}
            else:
                lot, mass = max(held.items(), key=lambda item: item[1])
                taken = [cut for cut in cuts if sum(cuts[: cuts.index(cut) + 1]) * 10 < mass]
                into = [{"lot": f"{lot}-{what}-{cut}", "massKg": str(cut * 10)} for cut in taken]
                if into:
                    works.tell("lot_split", day, top={"lot": lot}, into=into)
                    held |= {part["lot"]: int(part["massKg"]) for part in into}
                    held[lot] = mass - sum(int(part["massKg"]) for part in into)
        drawn = [{"lot": lot, "massKg": str(mass)} for lot, mass in held.items()]
        works.batch("hydrometallurgy", drawn, [sulfate("NS", "400")], day="2025-09-01")
        [salt] = content(works).values()
        expected = {WASTE_BATTERIES: Fraction(7, 10), PRODUCTION_SCRAP: Fraction(3, 10)}
        assert (salt.by_mass.shares, salt.elements["ni"].shares) == (expected, expected)


def test_as_many_queries_for_many_batches_as_for_few(works: Works) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            content(works, works.world.alliance)
        return len(queries) - 1

    def more(count: int) -> None:
        for _ in range(count):
            name = works.world.pack_code()
            works.batch("crushing", [pack(works), lot_of(works, f"S-{name}", "100")], [powder(f"BM-{name}", "500")])
            works.batch("hydrometallurgy", [{"lot": f"BM-{name}", "massKg": "400"}], [sulfate(f"NS-{name}", "200")])

    more(1)
    few = cost()
    more(6)
    assert cost() == few == 24
