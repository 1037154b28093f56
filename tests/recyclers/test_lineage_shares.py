"""Where mass went and what a lot is made of: by hand, round in circles, against every path walked one by one."""

import time
from collections import defaultdict
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recyclers import lineage_shares
from recyclers.lineage_shares import (
    BATCH,
    BATTERY,
    COMPONENT,
    LOSS,
    LOT,
    PRODUCT,
    REAGENT,
    RESIDUE,
    UNKNOWN,
    UNKNOWN_ORIGIN,
    Edge,
    Lineage,
    Node,
    TangledLineage,
    by_maker,
)

KINDS = {"P": BATTERY, "C": COMPONENT, "S": PRODUCT, "L": LOT, "B": BATCH, "R": REAGENT, "W": RESIDUE, "X": LOSS}


def node(code: str) -> Node:
    return Node(KINDS[code[0]], code)


def edges(*written: str) -> list[Edge]:
    """Read edges such as `P1 > B1 400`, `P1 > C1 ?`."""
    found = []
    for one in written:
        source, _, target, mass = one.split()
        found.append(Edge(node(source), node(target), None if mass == "?" else int(mass)))
    return found


def told(shares: dict[Node, Fraction]) -> dict[str, str]:
    assert sum(shares.values()) == 1
    return {one.code or one.kind: str(share) for one, share in sorted(shares.items())}


def origins(code: str, *written: str, **masses: int) -> dict[str, str]:
    return told(Lineage(edges(*written), {node(one): mass for one, mass in masses.items()}).origins(node(code)))


def destinations(code: str, *written: str, **masses: int) -> dict[str, str]:
    return told(Lineage(edges(*written), {node(one): mass for one, mass in masses.items()}).destinations(node(code)))


# By hand -------------------------------------------------------------------------------------------------------------

#: Three packs are crushed: 1000 in, 600 powder, 350 copper, 50 lost. Powder is smelted with 400 of acid: 1000 in, 250
#: of salt and 750 of slag. Of the salt 200 go on into L3, with 100 of L9, which somebody else made.
PLANT = (
    "P1 > B1 500",
    "P2 > B1 300",
    "P3 > B1 200",
    "B1 > L1 600",
    "B1 > L2 350",
    "L1 > B2 600",
    "R1 > B2 400",
    "B2 > L4 250",
    "B2 > W1 750",
    "L4 > L3 200",
    "L9 > L3 100",
)


def test_what_a_lot_is_made_of_by_hand():
    assert origins("L1", *PLANT) == {"P1": "1/2", "P2": "3/10", "P3": "1/5"}
    # 600 of 1000 from L1: × 1/2, 3/10, 1/5
    assert origins("L4", *PLANT) == {"P1": "3/10", "P2": "9/50", "P3": "3/25", "R1": "2/5"}
    # Two thirds of that
    assert origins("L3", *PLANT) == {"L9": "1/3", "P1": "1/5", "P2": "3/25", "P3": "2/25", "R1": "4/15"}


def test_where_a_batterys_mass_went_by_hand():
    # 5 % lost, 35 % copper; of the 60 % in powder a quarter is salt, of which a fifth stays where it is.
    assert destinations("P1", *PLANT) == {"B1": "1/20", "L2": "7/20", "L3": "3/25", "L4": "3/100", "W1": "9/20"}
    lost = Lineage(edges(*PLANT)).destinations(node("P1"))[Node(LOSS, "B1")]
    assert lost == Fraction(1, 20)


def test_shares_are_gathered_by_maker_and_the_rest_has_a_name():
    shares = Lineage(edges(*PLANT)).origins(node("L3"))
    makers = {node("P1"): "A", node("P2"): "B", node("P3"): "A"}
    assert by_maker(shares, makers) == {
        "A": Fraction(7, 25),
        "B": Fraction(3, 25),
        REAGENT: Fraction(4, 15),
        UNKNOWN_ORIGIN: Fraction(1, 3),
    }


@pytest.mark.parametrize(
    ("code", "written", "masses", "expected"),
    [
        pytest.param("P1", [], {}, {"P1": "1"}, id="a-pack-is-itself"),
        pytest.param("B1", ["B1 > L1 10"], {}, {UNKNOWN_ORIGIN: "1"}, id="a-batch-without-inputs"),
        pytest.param("L1", ["B1 > L1 10"], {}, {UNKNOWN_ORIGIN: "1"}, id="a-lot-of-such-a-batch"),
        pytest.param(
            "L1", ["P1 > B1 80", "B1 > L1 100"], {}, {"P1": "4/5", UNKNOWN_ORIGIN: "1/5"}, id="more-out-than-in"
        ),
        pytest.param(
            "L1", ["P1 > B1 100", "B1 > L1 80", "L1 > B2 100"], {}, {"P1": "4/5", UNKNOWN_ORIGIN: "1/5"}, id="overdrawn"
        ),
        pytest.param(
            "S1", ["C1 > S1 30"], {"S1": 40}, {"C1": "3/4", UNKNOWN_ORIGIN: "1/4"}, id="heavier-than-its-parts"
        ),
        pytest.param("S1", ["P1 > C1 30", "P1 > C2 30", "C1 > S1 30", "C2 > S1 10"], {}, {"P1": "1"}, id="two-ways"),
        pytest.param("C1", ["P1 > C1 ?"], {"C1": 9}, {"P1": "1"}, id="nobody-weighed-the-only-source"),
        pytest.param("S1", ["P1 > S1 ?", "P2 > S1 30"], {}, {UNKNOWN_ORIGIN: "1"}, id="nor-one-of-two"),
        pytest.param(
            "S1", ["P1 > S1 ?", "P2 > S1 30"], {"S1": 40}, {"P2": "3/4", UNKNOWN_ORIGIN: "1/4"}, id="but-the-whole"
        ),
        pytest.param("L1", ["P1 > B1 0", "B1 > L1 0"], {}, {UNKNOWN_ORIGIN: "1"}, id="nothing-of-nothing"),
        pytest.param("L1", ["P1 > L1 10", "P1 > L1 30", "P2 > L1 40"], {}, {"P1": "1/2", "P2": "1/2"}, id="twice"),
    ],
)
def test_origins(code, written, masses, expected):
    assert origins(code, *written, **masses) == expected


@pytest.mark.parametrize(
    ("code", "written", "masses", "expected"),
    [
        pytest.param("P1", [], {}, {"P1": "1"}, id="it-is-where-it-was"),
        pytest.param("P1", ["P1 > B1 400"], {}, {"B1": "1"}, id="in-a-batch-that-gave-nothing-out-yet"),
        pytest.param("P1", ["P1 > C1 30"], {"P1": 40}, {"C1": "3/4", "P1": "1/4"}, id="some-stays"),
        pytest.param("P1", ["P1 > C1 30", "P1 > C2 30"], {"P1": 40}, {"C1": "1/2", "C2": "1/2"}, id="heavier-parts"),
        pytest.param("P1", ["P1 > C1 ?"], {"P1": 40}, {"P1": "1"}, id="nobody-weighed-what-left"),
        pytest.param("P1", ["P1 > B1 80", "B1 > L1 100"], {}, {"L1": "1"}, id="gained-in-a-batch"),
    ],
)
def test_destinations(code, written, masses, expected):
    assert destinations(code, *written, **masses) == expected


@pytest.mark.parametrize("mass", [-1, 1.5, "3"])
def test_what_is_no_mass_is_refused(mass):
    with pytest.raises(ValueError, match="is no mass"):
        Lineage([Edge(node("P1"), node("B1"), mass)])


# Circles -------------------------------------------------------------------------------------------------------------


def test_a_lot_fed_into_later_batches_is_no_circle():
    written = ["P1 > B1 100", "B1 > L1 40", "B1 > L2 60", "L1 > B2 40", "P2 > B2 60", "B2 > L3 50", "B2 > L4 50"]
    assert origins("L4", *written) == {"P1": "2/5", "P2": "3/5"}


def test_a_lot_that_is_fed_back_is_solved():
    # The liquor L1 goes round: of B1's 150, 50 are liquor, which is as B1 is.
    written = ["P1 > B1 60", "P2 > B1 40", "L1 > B1 50", "B1 > L1 50", "B1 > L2 100"]
    assert origins("L2", *written) == {"P1": "3/5", "P2": "2/5"}
    assert origins("L1", *written) == {"P1": "3/5", "P2": "2/5"}
    assert destinations("P1", *written) == {"L2": "1"}
    # A third goes round again and again; 30 of each 150 that pass are lost: 30 ÷ (30 + 70).
    lossy = [*written[:4], "B1 > L2 70"]
    assert destinations("P1", *lossy) == {"B1": "3/10", "L2": "7/10"}


def test_two_batches_that_feed_each_other_are_solved_by_hand():
    # B1 = 80 P1 + 20 L2; B2 = 50 P2 + 50 L1; L1 is B1, L2 is B2. x = share of P1 in B1: x = 0.8 + 0.2 y, y = 0.5 x.
    written = [
        *("P1 > B1 80", "L2 > B1 20", "B1 > L1 50", "B1 > L3 50"),
        *("P2 > B2 50", "L1 > B2 50", "B2 > L2 20", "B2 > L4 80"),
    ]
    assert origins("L3", *written) == {"P1": "8/9", "P2": "1/9"}
    assert origins("L4", *written) == {"P1": "4/9", "P2": "5/9"}


def test_a_thing_that_feeds_itself_is_solved():
    written = ["P1 > B1 50", "B1 > B1 50", "B1 > L1 50"]
    assert origins("L1", *written) == {"P1": "1"}
    assert destinations("P1", *written) == {"L1": "1"}


def test_a_circle_that_nothing_enters_has_no_origin():
    written = ["L1 > B1 50", "B1 > L1 50"]
    assert origins("L1", *written) == destinations("L1", *written) == {UNKNOWN_ORIGIN: "1"}
    assert origins("B1", "B1 > B1 5") == {UNKNOWN_ORIGIN: "1"}
    assert origins("L1", "L1 > L1 ?") == origins("L1", "L1 > B1 ?", "B1 > L1 ?") == {UNKNOWN_ORIGIN: "1"}
    # What is taken out of one came from somewhere.
    assert origins("L2", *written, "B1 > L2 10") == {UNKNOWN_ORIGIN: "1"}


def test_a_tangle_too_large_to_solve_is_refused_by_name(monkeypatch):
    knot = [Edge(node(f"B{one}"), node(f"B{two}"), 1) for one in range(9) for two in range(9) if one != two]
    assert sum(Lineage([*knot, *edges("P1 > B1 9")]).origins(node("B3")).values()) == 1
    monkeypatch.setattr(lineage_shares, "MOST_PRODUCTS", 100)
    with pytest.raises(TangledLineage, match="9 batches and lots feed each other"):
        Lineage(knot[:-1]).origins(node("B3"))


# For any lineage -----------------------------------------------------------------------------------------------------

CODES = ("P1", "P2", "P3", "C1", "C2", "S1", "L1", "L2", "L3", "L4", "B1", "B2", "B3")
WEIGHTS = st.integers(0, 20)


@st.composite
def lineages(draw, circles: bool = True) -> tuple[list[Edge], dict[Node, int]]:
    """Edges among a few things; without circles, only forward in one order."""
    order = draw(st.permutations(CODES))
    pairs = [(one, two) for place, one in enumerate(order) for two in (order if circles else order[place + 1 :])]
    # What comes of a battery never makes one: that would be a product.
    chosen = draw(st.lists(st.sampled_from([pair for pair in pairs if pair[1][0] != "P"]), max_size=24))
    found = [Edge(node(source), node(target), draw(WEIGHTS)) for source, target in chosen]
    masses = draw(
        st.dictionaries(st.sampled_from([node(code) for code in CODES if code[0] != "B"]), WEIGHTS, max_size=6)
    )
    return found, masses


def passing(found: list[Edge], masses: dict[Node, int]) -> dict[Node, int]:
    through: dict[Node, list[int]] = defaultdict(lambda: [0, 0, 0])
    for one in found:
        through[one.source][0] += one.mass_mg
        through[one.target][1] += one.mass_mg
    for one, mass in masses.items():
        through[one][2] = mass
    return {one: max(sums) for one, sums in through.items()}


def walked(at: Node, found: list[Edge], through: dict[Node, int], share: Fraction, ends: dict[Node, Fraction]) -> None:
    """Walk every path upward, one by one."""
    into = [one for one in found if one.target == at]
    rest = share
    for one in into:
        if one.mass_mg:
            walked(one.source, found, through, share * one.mass_mg / through[at], ends)
            rest -= share * one.mass_mg / through[at]
    ends[UNKNOWN if into or at.kind == BATCH else at] += rest


@given(lineages(circles=False), st.sampled_from(CODES))
def test_origins_are_what_every_path_walked_one_by_one_adds_up_to(lineage, code):
    ends: dict[Node, Fraction] = defaultdict(Fraction)
    walked(node(code), lineage[0], passing(*lineage), Fraction(1), ends)
    assert Lineage(*lineage).origins(node(code)) == {one: share for one, share in ends.items() if share}


@given(lineages(), st.data())
def test_shares_add_up_to_exactly_one_whatever_was_not_weighed(lineage, data):
    found, masses = lineage
    forgotten = data.draw(st.sets(st.sampled_from(range(len(found))))) if found else set()
    found = [replace(one, mass_mg=None) if place in forgotten else one for place, one in enumerate(found)]
    read = Lineage(found, masses)
    for code in CODES:
        for shares in (read.origins(node(code)), read.destinations(node(code))):
            assert sum(shares.values()) == 1
            assert min(shares.values()) > 0


@given(lineages())
def test_a_share_satisfies_the_equation_of_mixing(lineage):
    """What a thing is made of is the mean of what went in, circles or not; that is all a share means."""
    found, masses = lineage
    read, through = Lineage(found, masses), passing(found, masses)
    shares = {one: read.origins(one) for one in map(node, CODES)}
    for at in shares:
        into = [one for one in found if one.target == at and one.mass_mg]
        if not into or shares[at].get(UNKNOWN) == 1:
            continue
        mixed: dict[Node, Fraction] = defaultdict(Fraction)
        mixed[UNKNOWN] = Fraction(through[at] - sum(one.mass_mg for one in into), through[at])
        for one in into:
            for origin, share in shares[one.source].items():
                mixed[origin] += share * one.mass_mg / through[at]
        assert shares[at] == {origin: share for origin, share in mixed.items() if share}


@given(lineages())
def test_what_went_from_here_to_there_is_what_came_there_from_here(lineage):
    """Backward and forward agree on each milligram between a thing that came of nothing and one where things end."""
    found, masses = lineage
    read, through = Lineage(found, masses), passing(found, masses)
    first = [
        one for one in map(node, CODES) if one in through and one.kind != BATCH and all(e.target != one for e in found)
    ]
    last = [one for one in map(node, CODES) if one in through and all(e.source != one for e in found)]
    for source in first:
        went = read.destinations(source)
        for end in last:
            if source != end:
                came = read.origins(end).get(source, Fraction(0)) * through[end]
                assert went.get(end, Fraction(0)) * through[source] == came


@given(lineages(), st.randoms(use_true_random=False), st.sampled_from(CODES))
def test_the_order_of_edges_and_splitting_one_change_nothing(lineage, chance, code):
    found, masses = lineage
    pieces = []
    for one in found:
        part = chance.randint(0, one.mass_mg)
        pieces += [Edge(one.source, one.target, part), Edge(one.source, one.target, one.mass_mg - part)]
    chance.shuffle(pieces)
    before, after = Lineage(found, masses), Lineage(pieces, masses)
    assert after.origins(node(code)) == before.origins(node(code))
    assert after.destinations(node(code)) == before.destinations(node(code))


# At scale ------------------------------------------------------------------------------------------------------------


def chain_of_plants(packs: int) -> list[Edge]:
    """Packs are dismantled into modules, crushed in 100 batches, smelted in 10, and blended into one lot."""
    found = []
    crushed: dict[int, int] = defaultdict(int)
    for one in range(packs):
        mass = 400_000_000 + 7919 * one
        crushed[one % 100] += mass
        found += [
            Edge(Node(BATTERY, f"P{one}"), Node(COMPONENT, f"C{one}"), mass),
            Edge(Node(COMPONENT, f"C{one}"), Node(BATCH, f"crush{one % 100}"), mass),
        ]
    for one, mass in crushed.items():
        powder, smelt = Node(LOT, f"powder{one}"), Node(BATCH, f"smelt{one % 10}")
        found += [Edge(Node(BATCH, f"crush{one}"), powder, mass * 3 // 5), Edge(powder, smelt, mass * 3 // 5)]
    for one in range(10):
        salt = Node(LOT, f"salt{one}")
        found += [Edge(Node(BATCH, f"smelt{one}"), salt, 10**11 + one), Edge(salt, Node(LOT, "blend"), 10**10 + one)]
    return found


def test_ten_thousand_packs_through_three_steps_take_no_time():
    found = chain_of_plants(10_000)
    before = time.process_time()
    shares = Lineage(found).origins(Node(LOT, "blend"))
    took = time.process_time() - before
    assert (len(shares), sum(shares.values())) == (10_000, 1)
    assert took < 3, f"{len(found)} edges took {took:.2f} s"


def test_a_liquor_that_goes_round_through_hundreds_of_batches_is_solved():
    liquor = Node(LOT, "liquor")
    found = []
    for one in range(300):
        run = Node(BATCH, f"B{one}")
        found += [
            Edge(liquor, run, 1000 + one),
            Edge(run, liquor, 999 - one),
            Edge(Node(BATTERY, f"P{one}"), run, 77 + one),
        ]
    shares = Lineage(found).origins(liquor)
    assert sum(shares.values()) == 1
    assert len(shares) == 301
