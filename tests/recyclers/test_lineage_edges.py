"""The edges that one query finds: by hand through every step there is, and against the pure model at random."""

from collections import defaultdict
from fractions import Fraction
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recyclers import lineage, lineage_edges
from recyclers.lineage_edges import Edges, edges_ahead, edges_behind
from recyclers.lineage_shares import BATCH, BATTERY, LOSS, LOT, REAGENT, RESIDUE, UNKNOWN, Edge, Lineage, Node, Shares
from recyclers.models import Lot
from tests import factories
from tests.recyclers.materials import batch, lot, lot_fact, opened, powder, record
from tests.worlds import Life, World, rolled_back
from traceability.errors import Refusal
from traceability.facts import Fact
from traceability.models import LifecycleEvent, LifecycleRecord

pytestmark = pytest.mark.django_db


def told(found: Edges, shares: Shares) -> dict[str, str]:
    """Shares by the names that people use."""
    numbers = dict(Lot.objects.values_list("id", "number"))
    keys = dict(LifecycleEvent.objects.values_list("id", "key"))

    def name(node: Node) -> str:
        if node.kind == LOT:
            return numbers[int(node.code)]
        return keys[int(node.code)] if node.kind in (BATCH, LOSS) else node.code or node.kind

    assert sum(shares.values()) == 1
    return {name(node): str(share) for node, share in shares.items()}


def origins(number: str, own: int | None = None) -> dict[str, str]:
    row = Lot.objects.get(number=number)
    found = edges_behind([row.pk], own)
    return told(found, Lineage(found.edges, found.masses).origins(Node(LOT, str(row.pk))))


def destinations(code: str, own: int | None = None) -> dict[str, str]:
    row = LifecycleRecord.objects.get(kind="battery", code=code)
    chain = row.chain_id or row.pk
    found = edges_ahead([chain], own)
    return told(found, Lineage(found.edges, found.masses).destinations(found.roots[chain]))


def retired(world: World, **more: Any) -> Life:
    """A pack of 440 kg that stands at the recycler."""
    return world.pack(**more).produced().installed().sold().removed(by=world.recycler)


def drawn(life: Life | str, kilograms: str) -> dict[str, str]:
    return {"battery": life if isinstance(life, str) else life.code, "massKg": kilograms}


def from_lot(number: str, kilograms: str) -> dict[str, str]:
    return {"lot": number, "massKg": kilograms}


# By hand -------------------------------------------------------------------------------------------------------------


def test_three_steps_by_hand(world: World) -> None:
    """400 and 100 kg are crushed to 300; 200 of it are split off, and smelted with 100 kg of acid to 60 of salt."""
    one, other = retired(world), retired(world)
    crushed = batch(world, inputs=[drawn(one, "400"), drawn(other, "100")], outputs=[powder("BM", "300")], key="crush")
    split = lot_fact(world, "lot_split", "BM", into=[from_lot("BM-1", "200")])
    smelted = batch(
        world,
        "B-2",
        inputs=[from_lot("BM-1", "200"), {"reagent": "acid", "massKg": "100"}],
        outputs=[{"lot": "LC", "material": "lithium_carbonate", "massKg": "60"}],
        residues=[{"kind": "slag", "massKg": "210"}],
        process="hydrometallurgy",
        key="smelt",
    )
    record(world, crushed), record(world, split), record(world, smelted)
    assert origins("BM") == origins("BM-1") == {one.code: "4/5", other.code: "1/5"}
    assert origins("LC") == {one.code: "8/15", other.code: "2/15", "acid": "1/3"}
    # Of its 440 kg 40 never went anywhere; 3/5 of the rest became powder, 2/3 of that went on, and so forth.
    assert destinations(one.code) == {
        one.code: "1/11",
        "crush": "4/11",
        "BM": "2/11",
        "smelt": str(Fraction(4, 11) * Fraction(30, 300)),
        "slag": str(Fraction(4, 11) * Fraction(210, 300)),
        "LC": str(Fraction(4, 11) * Fraction(60, 300)),
    }


def test_a_pack_is_found_through_the_modules_that_were_taken_out_of_it(world: World) -> None:
    life = retired(world, modules=2, cells=1)
    first, second = life.module_codes
    (cell, _) = life.cell_codes
    life.dismantled(by=world.recycler, components=[first, second])
    world.battery(first).dismantled(by=world.recycler, components=[cell])
    record(world, batch(world, inputs=[drawn(second, "30"), drawn(cell, "10")], outputs=[powder("BM", "40")], at=90))
    assert origins("BM") == {life.code: "1"}
    # Nobody registered what the first module weighs: its cell's mass is not lost, it stands where it is known to be.
    assert destinations(second) == {"BM": "1"}
    assert destinations(cell) == {"BM": "1"}
    assert set(destinations(life.code)) == {"BM", life.code}


def test_a_part_that_nobody_registered_leads_to_what_it_was_taken_out_of(world: World) -> None:
    life = retired(world)
    module = world.module_code()
    life.dismantled(by=world.recycler, components=[module])
    record(world, batch(world, inputs=[drawn(module, "30")], outputs=[powder("BM", "30")], at=90))
    assert origins("BM") == {life.code: "1"}
    assert destinations(life.code)["BM"] == "3/44"


def test_a_module_that_a_repair_built_in_is_not_made_of_that_pack(world: World) -> None:
    life = world.pack(modules=1).produced().installed().sold()
    module = world.module().produced()
    life.repaired(added=[module.code]).removed(by=world.recycler)
    life.dismantled(by=world.recycler, components=[module.code])
    record(world, batch(world, inputs=[drawn(module, "30")], outputs=[powder("BM", "30")], at=90))
    assert origins("BM") == {module.code: "1"}


@pytest.mark.parametrize("code", [factories.second_life_code(1), factories.pack_code(999)], ids=["19", "24"])
def test_a_pack_is_found_through_a_second_life(world: World, code: str) -> None:
    sources = [world.pack().produced().installed().sold().removed(by=world.second_life) for _ in range(2)]
    product = world.battery(code)
    codes = [life.code for life in sources]
    product.do("assembled", world.second_life, sources=codes, massKg="880", application="energy_storage")
    product.do("deployed", world.second_life).do("decommissioned", world.second_life)
    product.dispatched(to=world.recycler).received(by=world.recycler)
    record(world, batch(world, inputs=[drawn(product, "880")], outputs=[powder("BM", "880")], at=90))
    assert origins("BM") == dict.fromkeys(codes, "1/2")
    assert destinations(codes[0]) == {"BM": "1"}


def test_a_provisional_identity_counts_as_the_battery_that_it_turned_out_to_be(world: World) -> None:
    life = world.pack().produced().installed().sold().removed()
    found = world.battery("TMP-DOCK-1").received(by=world.recycler, label="missing")
    world.capture([batch(world, inputs=[drawn(found, "440")], outputs=[powder("BM", "440")], key="b")])
    assert origins("BM") == {"TMP-DOCK-1": "1"}
    found.identified(life, by=world.alliance)
    assert origins("BM") == {life.code: "1"}
    assert destinations(life.code) == {"BM": "1"}


def test_a_lot_that_goes_round_ends_the_query(world: World) -> None:
    """A liquor is fed into the batch that it came out of: of what is lost, each round loses its part."""
    life = retired(world)
    round_ = batch(
        world,
        inputs=[drawn(life, "440"), from_lot("L", "50")],
        outputs=[powder("L", "50"), powder("BM", "390")],
        key="b",
    )
    world.capture([round_])
    assert origins("BM") == origins("L") == {life.code: "1"}
    assert destinations(life.code) == {"BM": "39/44", "b": "5/44"}


# What may be seen ----------------------------------------------------------------------------------------------------


def test_an_organisation_follows_what_it_did_itself(world: World) -> None:
    life, other = retired(world), world.pack().produced().installed().sold().removed(by=world.stranger)
    record(world, batch(world, inputs=[drawn(life, "440")], outputs=[powder("BM", "440")], key="crush"))
    mass = {"massKg": "440"}
    record(world, lot_fact(world, "dispatched", "BM", to=world.stranger.code, **mass))
    record(world, lot_fact(world, "received", "BM", by=world.stranger, of=world.recycler, **mass))
    into = [{**from_lot("BM", "440"), "lotOf": world.recycler.code}, drawn(other, "440")]
    record(world, batch(world, inputs=into, outputs=[powder("LC", "880")], by=world.stranger))
    assert origins("LC") == {life.code: "1/2", other.code: "1/2"}
    assert origins("LC", world.stranger.id) == {"BM": "1/2", other.code: "1/2"}
    assert origins("LC", world.recycler.id) == origins("LC", world.maker.id) == {"LC": "1"}
    assert destinations(life.code) == {"LC": "1"}
    assert destinations(life.code, world.recycler.id) == {"BM": "1"}
    assert destinations(life.code, world.stranger.id) == destinations(life.code, world.maker.id) == {life.code: "1"}


def test_where_a_part_came_from_is_told_who_took_part_until_it_came_out(world: World) -> None:
    life = world.pack(modules=1).produced().installed().sold().removed(by=world.dismantler)
    (module,) = life.module_codes
    life.dismantled(by=world.dismantler)
    part = world.battery(module).dispatched(to=world.recycler).received(by=world.recycler)
    record(world, batch(world, inputs=[drawn(part, "30")], outputs=[powder("BM", "30")]))
    assert origins("BM") == {life.code: "1"}
    assert origins("BM", world.recycler.id) == {module: "1"}
    assert set(destinations(life.code, world.dismantler.id)) == {life.code}


# Limits --------------------------------------------------------------------------------------------------------------


def test_what_is_too_large_is_refused_by_name(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    life = retired(world)
    record(world, batch(world, inputs=[drawn(life, "440")], outputs=[powder("BM", "440")]))
    monkeypatch.setattr(lineage_edges, "MOST_EDGES", 2)
    with pytest.raises(Refusal) as no:
        lineage.origins(world.alliance.viewer, [lot(world, "BM")])
    assert no.value.code == "lineage_too_large"


@pytest.mark.parametrize("steps", [1, 12])
def test_one_query_whatever_the_depth(world: World, steps: int) -> None:
    life = retired(world)
    record(world, batch(world, inputs=[drawn(life, "440")], outputs=[powder("L0", "440")]))
    for step in range(steps):
        made = batch(world, f"N{step}", inputs=[from_lot(f"L{step}", "440")], outputs=[powder(f"L{step + 1}", "440")])
        record(world, made)
    with CaptureQueriesContext(connection) as captured:
        found = edges_behind([lot(world, f"L{steps}").pk], None)
    assert len(captured) == 2  # the lot itself, and the edges
    assert len(found.edges) >= 2 * steps
    assert origins(f"L{steps}") == {life.code: "1"}
    assert destinations(life.code) == {f"L{steps}": "1"}


# At random -----------------------------------------------------------------------------------------------------------

NUMBERS, PACKS = ("A", "B", "C", "D", "E"), (1, 2, 3)
grams = st.integers(0, 12)
lots_with_masses = st.lists(st.tuples(st.sampled_from(NUMBERS), grams), max_size=3, unique_by=lambda one: one[0])
#: What happened, its lot, what it took, what it gave, which packs went in, and whether acid did.
happened = st.tuples(
    st.sampled_from("opened batch batch batch split merged".split()),
    st.sampled_from(NUMBERS),
    lots_with_masses,
    lots_with_masses,
    st.lists(st.tuples(st.sampled_from(PACKS), grams), max_size=2, unique_by=lambda one: one[0]),
    st.booleans(),
)


class Model:
    """The same history as facts, and as the edges that it means."""

    def __init__(self, world: World, history: list[Any]) -> None:
        self.facts: list[Fact] = []
        self.edges: list[Edge] = []
        self.opened: dict[Node, int] = defaultdict(int)
        for place, (kind, number, taken, given_, packs, acid) in enumerate(history):
            common = {"key": f"f{place}", "at": float(place + 1)}
            here, run = Node(LOT, number), Node(BATCH, f"f{place}")
            others = [(name, kg) for name, kg in taken if name != number]
            if kind == "opened":
                self.opened[here] += 7
                self.facts.append(opened(world, number, "7", **common))
            elif kind == "batch":
                inputs = [from_lot(name, str(kg)) for name, kg in taken]
                inputs += [drawn(factories.pack_code(one), str(kg)) for one, kg in packs]
                inputs += [{"reagent": "acid", "massKg": "3"}] if acid else []
                residues = [{"kind": "slag", "massKg": "2"}] if acid else []
                outputs = [powder(name, str(kg)) for name, kg in given_]
                self.facts.append(
                    batch(world, f"N{place}", inputs=inputs, outputs=outputs, residues=residues, **common)
                )
                self.edges += [Edge(Node(LOT, name), run, kg) for name, kg in taken]
                self.edges += [Edge(Node(BATTERY, factories.pack_code(one)), run, kg) for one, kg in packs]
                self.edges += [Edge(run, Node(LOT, name), kg) for name, kg in given_]
                self.edges += [Edge(Node(REAGENT, "acid"), run, 3), Edge(run, Node(RESIDUE, "slag"), 2)] if acid else []
            elif others and kind == "split":
                into = [from_lot(name, str(kg)) for name, kg in others]
                self.facts.append(lot_fact(world, "lot_split", number, into=into, **common))
                self.edges += [Edge(here, Node(LOT, name), kg) for name, kg in others]
            elif others:
                from_ = [from_lot(name, str(kg)) for name, kg in others]
                self.facts.append(lot_fact(world, "lot_merged", number, **common, **{"from": from_}))
                self.edges += [Edge(Node(LOT, name), here, kg) for name, kg in others]

    @property
    def lineage(self) -> Lineage:
        masses: dict[Node, int] = defaultdict(int, self.opened)
        for edge in self.edges:
            if edge.target.kind == LOT:
                masses[edge.target] += edge.mass_mg or 0
        return Lineage(self.edges, masses)


def named(shares: Shares) -> dict[str, str]:
    """Shares of the model, whose names are those that people use."""
    return {node.code or UNKNOWN.kind: str(share) for node, share in shares.items()}


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(history=st.lists(happened, min_size=2, max_size=8))
def test_any_history_gives_the_shares_of_the_pure_model(world: World, history: list[Any]) -> None:
    """Splits, mergers, lots fed back into what made them, drawn beyond their mass, told twice: all as captured."""
    with rolled_back():
        model = Model(world, history)
        world.capture([world.fact("produced", world.maker, factories.pack_code(one)) for one in PACKS])
        for fact in model.facts:
            world.capture([fact])
        for number in Lot.objects.values_list("number", flat=True):
            assert origins(number) == named(model.lineage.origins(Node(LOT, number)))
        for code in map(factories.pack_code, PACKS):
            assert destinations(code) == named(model.lineage.destinations(Node(BATTERY, code)))


@given(st.lists(st.integers(0, 50), min_size=1, max_size=40).filter(any), st.integers(0, 10**12))
def test_parts_of_a_whole_add_up_to_it(weights: list[int], whole: int) -> None:
    shares = [Fraction(weight, sum(weights)) for weight in weights]
    parts = lineage.apportion(shares, whole)
    assert sum(parts) == whole
    assert all(abs(part - share * whole) < 1 for part, share in zip(parts, shares, strict=True))
