"""What is in what, and whether a batch balances: by hand, at the limits, and for any plant at all."""

import ast
import random
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recyclers.contents import content_mg, dry_mg, dry_share, merged, total
from recyclers.flows import (
    ELEMENTS,
    MATERIALS,
    WHOLE,
    Batch,
    BatteryInput,
    Lot,
    LotFacts,
    LotInput,
    Output,
    Quality,
    ReagentInput,
    Residue,
    percent_ppb,
    share_ppb,
)
from recyclers.mass_balance import balance, balances
from recyclers.stock import stock_statement
from tests.recyclers.plants import (
    MASSES,
    OTHER,
    PLANT,
    PPB,
    Plants,
    assay,
    batch,
    density,
    example,
    feed,
    lot,
    mg,
    out,
    pack,
    plants,
    powder,
    qualities,
)

ROOT = Path(__file__).parents[2]

# What is in what -----------------------------------------------------------------------------------------------------

#: CIAAW abridged standard atomic weights, rounded as in a school's table.
WEIGHTS = {"H": 1.008, "C": 12.011, "O": 15.999, "S": 32.06, "P": 30.974}
WEIGHTS |= {"Li": 6.94, "Ni": 58.693, "Co": 58.933, "Mn": 54.938, "Cu": 63.546, "Fe": 55.845}
FORMULAS = {
    "lithium_carbonate": {"Li": 2, "C": 1, "O": 3},
    "lithium_hydroxide_monohydrate": {"Li": 1, "O": 2, "H": 3},
    "lithium_phosphate": {"Li": 3, "P": 1, "O": 4},
    "nickel_sulfate_hexahydrate": {"Ni": 1, "S": 1, "O": 10, "H": 12},
    "nickel_sulfate_heptahydrate": {"Ni": 1, "S": 1, "O": 11, "H": 14},
    "cobalt_sulfate_heptahydrate": {"Co": 1, "S": 1, "O": 11, "H": 14},
    "manganese_sulfate_monohydrate": {"Mn": 1, "S": 1, "O": 5, "H": 2},
    "copper_sulfate_pentahydrate": {"Cu": 1, "S": 1, "O": 9, "H": 10},
    "iron_phosphate": {"Fe": 1, "P": 1, "O": 4},
    "iron_phosphate_dihydrate": {"Fe": 1, "P": 1, "O": 6, "H": 4},
}


@pytest.mark.parametrize("name", FORMULAS)
def test_the_share_of_each_element_in_a_compound_follows_from_atomic_weights(name):
    formula = FORMULAS[name]
    weight = sum(WEIGHTS[atom] * count for atom, count in formula.items())
    expected = {
        atom.lower(): percent_ppb(f"{100 * WEIGHTS[atom] * count / weight:.2f}")
        for atom, count in formula.items()
        if atom.lower() in (*ELEMENTS, "fe", "p")
    }
    assert MATERIALS[name].shares == expected


def test_a_product_holds_dry_mass_times_purity_times_share():
    # 180 kg × (1 - 0.5 %) × 99.5 % × 18.79 % = 33.484 625 55 kg
    carbonate = Output(lot("LC-17"), mg("180"), Quality("lithium_carbonate", percent_ppb("0.5"), percent_ppb("99.5")))
    assert content_mg(carbonate, "li") == Fraction("33484625.55")
    assert content_mg(carbonate, "ni") == 0
    assert dry_mg(carbonate.mass_mg, carbonate.quality) == mg("179.1")


def test_an_assay_decides_what_it_names_and_the_compound_the_rest():
    # By formula 300 kg would hold 66.99 kg of nickel; by assay, which leaves purity out, 66.6 kg.
    sulfate = Output(
        lot("NS-9"),
        mg("300"),
        Quality("nickel_sulfate_hexahydrate", purity_ppb=WHOLE // 2, assay=assay(ni="22.2", co="0.01")),
    )
    assert content_mg(sulfate, "ni") == mg("66.6")
    assert content_mg(sulfate, "co") == mg("0.03")
    assert content_mg(sulfate, "li") == 0
    silent = replace(sulfate, quality=Quality("nickel_sulfate_hexahydrate", assay=assay(co="0.01")))
    assert content_mg(silent, "ni") == mg("66.99")


@pytest.mark.parametrize(
    ("flow", "what", "expected"),
    [
        pytest.param(feed("BM", "10", powder(li="4")), "ni", None, id="powder-whose-assay-is-silent"),
        pytest.param(feed("X", "10", Quality()), "li", None, id="a-lot-nobody-knows"),
        pytest.param(feed("X", "10", Quality("battery_scrap")), "electrode_powder", None, id="scrap"),
        pytest.param(feed("X", "0", Quality()), "li", 0, id="nothing-of-a-lot-nobody-knows"),
        pytest.param(feed("LFP", "10", powder(li="4", fe="33", p="18")), "ni", 0, id="iron-phosphate-has-no-nickel"),
        pytest.param(feed("LFP", "10", powder(li="4", fe="33", p="18")), "cu", None, id="but-perhaps-copper"),
        pytest.param(feed("LMFP", "10", powder(fe="9", p="18", mn="9")), "ni", None, id="with-manganese-who-knows"),
        pytest.param(pack("P", "400", "B", li="0.0138"), "ni", 0, id="a-phosphate-battery-has-no-nickel"),
        pytest.param(pack("P", "400", "E", li="0.0138"), "ni", None, id="a-ternary-one-does-not-say"),
        pytest.param(pack("P", "400", "E", ni="0"), "ni", 0, id="unless-it-says-none"),
        pytest.param(BatteryInput("TMP-1", 1), "li", None, id="a-battery-without-a-model"),
        pytest.param(ReagentInput("sulfuric_acid", 5), "li", 0, id="acid"),
        pytest.param(ReagentInput("copper_sulfate_pentahydrate", 10_000), "cu", 2545, id="a-reagent-that-holds-some"),
        pytest.param(ReagentInput("electrode_powder", 5), "li", None, id="a-reagent-that-is-feed"),
        pytest.param(Residue("slag", 5), "li", None, id="slag-without-an-assay"),
        pytest.param(out("C", "10", "copper"), "cu", mg("10"), id="copper-is-copper"),
        pytest.param(out("G", "10", "graphite"), "li", 0, id="graphite-is-none-of-them"),
        pytest.param(out("S", "10", "steel"), "fe", None, id="steel-has-iron-somehow"),
        pytest.param(out("E", "10", "electrode_powder"), "electrode_powder", mg("10"), id="powder-is-powder"),
        pytest.param(
            LotInput(lot("E"), mg("10"), Quality("electrode_powder", purity_ppb=WHOLE // 2)),
            "electrode_powder",
            mg("10"),
            id="pure-or-not",
        ),
        pytest.param(out("E", "10", "cathode_material"), "anode_material", 0, id="cathode-is-no-anode"),
    ],
)
def test_what_nobody_says_is_unknown_and_never_zero(flow, what, expected):
    assert content_mg(flow, what) == expected


@pytest.mark.parametrize(
    "make",
    [
        lambda: LotInput(lot("L"), -1),
        lambda: LotInput(lot("L"), 1.5),
        lambda: BatteryInput("P", 1, {"li": WHOLE + 1}),
        lambda: BatteryInput("P", 1, {"li": 0.5}),
        lambda: Quality(moisture_ppb=-1),
        lambda: Batch(PLANT, "B", "alchemy", 0),
        lambda: LotFacts(lot("L"), 1, withdrawals=((0, -1),)),
        lambda: percent_ppb("0.00000001"),
        lambda: share_ppb("0.0000000001"),
    ],
)
def test_what_is_no_mass_share_or_process_is_refused(make):
    with pytest.raises(ValueError, match=r"is no|finer"):
        make()


@given(st.lists(st.tuples(MASSES, qualities()), min_size=1, max_size=5), st.sampled_from(("li", "ni")))
def test_merging_creates_and_loses_nothing(parts, what):
    whole = merged(parts)
    mass_mg = sum(mass for mass, _ in parts)
    before = total(content_mg(Output(lot("L"), mass, quality), what) for mass, quality in parts)
    assert content_mg(Output(lot("M"), mass_mg, whole), what) == before
    assert dry_mg(mass_mg, whole) == sum(dry_mg(*part) for part in parts)
    assert merged([(mass_mg, whole)]) == whole


def test_lots_of_different_materials_merge_into_one_that_holds_both():
    salt, metal = Quality("lithium_carbonate", purity_ppb=percent_ppb("98")), Quality("copper")
    mixed = merged([(300, salt), (100, metal)])
    # 300 × 98 % × 18.79 % = 55.2426 of 400; copper 100 of 400; nickel none in either
    assert dry_share(mixed, "li") == Fraction("55.2426") / 400
    assert (dry_share(mixed, "cu"), dry_share(mixed, "ni")) == (Fraction(1, 4), 0)
    assert dry_share(merged([(1, salt), (1, Quality("electrolyte"))]), "li") is None


# Crushing and repair: by mass ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("process", ["crushing", "material_repair"])
@pytest.mark.parametrize(
    ("leaving", "loss_percent", "balanced"),
    [
        pytest.param("980", "2", True, id="loss-at-the-limit"),
        pytest.param("979.999999", "2.0000001", False, id="loss-one-milligram-beyond"),
        pytest.param("1000", "0", True, id="all-of-it"),
        pytest.param("1020", "-2", True, id="gain-at-the-limit"),
        pytest.param("1020.000001", "-2.0000001", False, id="gain-one-milligram-beyond"),
    ],
)
def test_what_goes_in_comes_out_but_for_two_percent(process, leaving, loss_percent, balanced):
    inputs = [pack("P", "600"), ReagentInput("binder", mg("400"))]
    rest = Residue("dust", mg(leaving) - mg("500"))
    found = balance(batch("B", process, inputs, [out("L", "500", "plastic")], [rest]))
    assert found.loss_percent == Fraction(loss_percent)
    assert (found.balanced, found.input_mg, found.loss_mg) == (balanced, mg("1000"), mg("1000") - mg(leaving))
    if not balanced:
        [imbalance] = found.imbalances
        assert (imbalance.cause, imbalance.limit) == ("mass", Fraction("0.02"))
        assert (imbalance.input_mg, imbalance.leaving_mg) == (mg("1000"), mg(leaving))
        assert imbalance.share == Fraction(leaving) / 1000


def test_the_tolerance_is_a_parameter():
    crushed = batch("B", "crushing", [pack("P", "1000")], [out("L", "970", "plastic")])
    assert not balance(crushed).balanced
    assert balance(crushed, tolerance=Fraction(3, 100)).balanced


def test_a_batch_that_nothing_went_into_gives_out_nothing():
    assert balance(batch("B", "crushing", [])).balanced
    made = balance(batch("B", "crushing", [], [out("L", "0.000001", "plastic")]))
    assert [(one.cause, one.share) for one in made.imbalances] == [("mass", None)]
    assert made.loss_percent is None


# Smelting: by element ------------------------------------------------------------------------------------------------


def test_the_example_of_the_contract_by_hand():
    # Black mass with 3 % Li, 20 % Ni; pack 412.5 kg × 1.55 % Li, 8.55 % Ni, 10 % Cu.
    # Li in: 30 + 6.393 75 = 36.393 75; out: LC-17 33.484 625 55, slag 732.5 × 0.8 × 0.2 % = 1.172 → 95.2 %.
    # Ni in: 200 + 35.268 75 = 235.268 75; out: NS-9 66.6, the slag does not say.
    found = balance(example(li="3", ni="20"), {lot("BM-2025-0630"): LotFacts(lot("BM-2025-0630"), mg("1000"))})
    li, ni, co, _, cu, _ = found.elements
    assert (li.input_mg, li.output_mg, li.residue_mg) == (36393750, Fraction("33484625.55"), mg("1.172"))
    assert li.share == Fraction("34656625.55") / 36393750
    assert (ni.input_mg, ni.leaving_mg, ni.without_figure) == (mg("235.26875"), mg("66.6"), 1)
    # Cobalt and copper: the black mass does not say, so there is no known input.
    assert (co.input_mg, co.output_mg, cu.input_mg) == (None, mg("0.03"), None)
    # 1000 + 600 + 412.5 = 2012.5 in; 480 + 732.5 = 1212.5 out: water and sulfate, no imbalance.
    assert (found.loss_mg, found.balanced) == (mg("800"), True)


@pytest.mark.parametrize(
    ("leaving_mg", "balanced"),
    [pytest.param(1020, True, id="at-the-limit"), pytest.param(1021, False, id="beside-it")],
)
def test_no_element_leaves_with_more_than_102_percent(leaving_mg, balanced):
    # 10 g of powder with 10 % copper: 1000 mg in. Copper metal out, as product and in slag.
    slag = Residue("slag", 200, Quality(assay=assay(cu="10")))
    inputs = [LotInput(lot("BM"), 10_000, powder(cu="10"))]
    facts = {lot("BM"): LotFacts(lot("BM"), 10_000)}
    for process in ("hydrometallurgy", "pyrometallurgy"):
        outputs = [Output(lot("C"), leaving_mg - 20, Quality("copper"))]
        found = balance(batch("B", process, inputs, outputs, [slag]), facts)
        told = [(one.cause, one.subject, one.input_mg, one.leaving_mg) for one in found.imbalances]
        assert told == ([] if balanced else [("element", "cu", 1000, 1021)])
        assert found.imbalances == () or found.imbalances[0].share == Fraction(1021, 1000)


def test_an_element_whose_input_is_not_known_is_not_judged():
    facts = {lot(name): LotFacts(lot(name), mg("10")) for name in ("A", "B")}
    silent = [feed("A", "1", powder(li="1")), feed("B", "1", powder(ni="1"))]
    assert balance(batch("B", "hydrometallurgy", silent, [out("L", "9", "lithium_carbonate")]), facts).balanced
    both = [feed("A", "1", powder(li="1")), feed("B", "1", powder(li="0", ni="1"))]
    assert not balance(batch("B", "hydrometallurgy", both, [out("L", "9", "lithium_carbonate")]), facts).balanced


def test_traces_of_what_no_input_speaks_of_are_no_imbalance_but_nothing_comes_of_a_stated_nothing():
    facts = {lot("A"): LotFacts(lot("A"), mg("10"))}
    salt = [feed("A", "1", Quality("nickel_sulfate_hexahydrate"))]
    purer = [out("L", "0.9", "nickel_sulfate_hexahydrate", ni="22.3", co="0.01")]
    assert balance(batch("B", "hydrometallurgy", salt, purer), facts).balanced
    blend = merged([(one.mass_mg, one.quality) for one in (*salt, *salt)])
    assert balance(batch("B", "hydrometallurgy", [feed("A", "1", blend)], purer), facts).balanced
    stated = [feed("A", "1", Quality("nickel_sulfate_hexahydrate", assay=assay(co="0")))]
    found = balance(batch("B", "hydrometallurgy", stated, purer), facts)
    assert [(one.subject, one.share) for one in found.imbalances] == [("co", None)]


# Lots that are drawn -------------------------------------------------------------------------------------------------


def test_a_lot_that_nobody_knows_is_an_imbalance():
    found = balance(batch("B", "crushing", [feed("X", "1", Quality())], [out("L", "1", "plastic")]))
    [imbalance] = found.imbalances
    assert (imbalance.cause, imbalance.subject, imbalance.input_mg) == ("unknown_lot", f"{PLANT}/X", None)
    assert (imbalance.leaving_mg, imbalance.share) == (mg("1"), None)


def drawing(*draws: str) -> list[Batch]:
    return [
        batch(f"B{place}", "crushing", [feed("X", part, Quality()) for part in draw.split()], closed=place)
        for place, draw in enumerate(draws)
    ]


@pytest.mark.parametrize(
    ("draws", "withdrawals", "amiss"),
    [
        pytest.param(["60", "40"], (), [], id="to-the-last-milligram"),
        pytest.param(["60", "40.000001"], (), ["B1"], id="one-beyond"),
        pytest.param(["60 40.000001"], (), ["B0"], id="twice-in-one-batch"),
        pytest.param(["60", "50", "1"], (), ["B1", "B2"], id="and-every-later-one"),
        pytest.param(["60", "40"], ((0, 1),), ["B1"], id="sold-in-between"),
        pytest.param(["60", "40"], ((1, 1),), [], id="sold-as-it-was-drawn"),
    ],
)
def test_the_batch_that_takes_a_lot_beyond_its_mass_is_an_imbalance(draws, withdrawals, amiss):
    facts = {lot("X"): LotFacts(lot("X"), mg("100"), withdrawals=withdrawals)}
    batches = drawing(*draws)
    for order in (batches, batches[::-1]):
        found = balances(order, facts)
        overdrawn = [one.number for one in found for why in one.imbalances if why.cause == "overdrawn_lot"]
        assert overdrawn == amiss


# For any plant -------------------------------------------------------------------------------------------------------


def shuffled(found: Plants, seed: int) -> list[Batch]:
    chance = random.Random(seed)
    return chance.sample(
        [
            replace(
                one,
                inputs=tuple(chance.sample(one.inputs, len(one.inputs))),
                outputs=tuple(chance.sample(one.outputs, len(one.outputs))),
                residues=tuple(chance.sample(one.residues, len(one.residues))),
            )
            for one in found.batches
        ],
        len(found.batches),
    )


@given(plants(), st.integers())
def test_no_order_changes_a_balance(found, seed):
    assert balances(shuffled(found, seed), found.facts) == balances(found.batches, found.facts)


@given(plants())
def test_what_is_drawn_within_its_mass_from_known_lots_is_no_imbalance_of_lots(found):
    causes = {why.cause for one in balances(found.batches, found.facts) for why in one.imbalances}
    assert causes <= {"mass", "element"}


@given(MASSES, MASSES, PPB)
def test_an_input_in_two_parts_is_the_input(first, second, share):
    whole = Quality("electrode_powder", assay={"li": share})
    facts = {lot("X"): LotFacts(lot("X"), first + second)}
    outputs = [Output(lot("L"), (first + second) // 2, Quality("lithium_carbonate"))]
    one = batch("B", "hydrometallurgy", [LotInput(lot("X"), first + second, whole)], outputs)
    two = batch("B", "hydrometallurgy", [LotInput(lot("X"), part, whole) for part in (first, second)], outputs)
    assert balance(one, facts) == balance(two, facts)


# Stock ---------------------------------------------------------------------------------------------------------------


def test_a_stock_statement_by_hand():
    # Begun at 5 and closed at 15: 100 in, I 30 and L 60 out, 8 slag, 2 lost. Of I, 20 are drawn by a batch begun at 18
    # and closed at 40 together with 50 from outside; 10 of I leave.
    one = batch("B1", "hydrometallurgy", [feed("X", "100", powder())], closed=15, started=5)
    outputs = (out("I", "30", "electrode_powder"), out("L", "60", "copper"))
    one = replace(one, outputs=outputs, residues=(Residue("slag", mg("8")),))
    two = batch(
        "B2",
        "hydrometallurgy",
        [feed("I", "20", powder()), feed("Y", "50", powder())],
        [out("M", "70", "copper")],
        closed=40,
        started=18,
    )

    def told(from_ms: int, until_ms: int) -> list[int]:
        found = stock_statement([one, two], from_ms, until_ms)
        figures = (found.opening, found.received, found.delivered, found.residues, found.lost, found.closing)
        return [int(figure / mg("1")) for figure in figures]

    assert told(0, 10) == [0, 100, 0, 0, 0, 100]
    assert told(10, 18) == [100, 0, 70, 8, 2, 20]
    assert told(18, 40) == [20, 50, 0, 0, 0, 70]
    assert told(40, 50) == [70, 0, 70, 0, 0, 0]
    assert told(0, 50) == [0, 150, 140, 8, 2, 0]


def test_a_batch_that_says_it_began_after_it_ended_began_as_it_ended():
    late = batch("B", "crushing", [pack("P", "100")], [out("L", "100", "plastic")], closed=10, started=20)
    told = stock_statement([late], 5, 15)
    assert (told.opening, told.received, told.delivered, told.closing) == (0, mg("100"), mg("100"), 0)


@given(plants(), st.integers(-4, 12), st.integers(0, 12), st.sampled_from(("mass", "li")))
def test_a_stock_statement_always_closes(found, first, length, what):
    for by in (PLANT, OTHER):
        for process in ("hydrometallurgy", "crushing"):
            own = [one for one in found.batches if (one.organisation, one.process) == (by, process)]
            told = stock_statement(own, first, first + length, what=what, facts=found.facts)
            figures = (told.opening, told.received, told.delivered, told.residues, told.lost, told.closing)
            if what == "mass":
                assert None not in figures
            if None not in figures:
                opening, received, delivered, residues, lost, closing = figures
                assert opening + received - delivered - residues - lost == closing
            if what == "mass" and first == -4 and length == 12:
                assert told.opening == 0


@given(plants())
def test_after_the_last_batch_nothing_is_inside_but_what_went_round_is_counted_once(found):
    for by in (PLANT, OTHER):
        own = [one for one in found.batches if (one.organisation, one.process) == (by, "crushing")]
        told = stock_statement(own, -10, 100, facts=found.facts)
        assert (told.opening, told.closing) == (0, 0)
        gross = sum(item.mass_mg for one in own for item in one.inputs)
        assert 0 <= told.received <= gross
        assert told.received - told.delivered == told.residues + told.lost


@given(plants())
def test_no_element_is_in_a_lot_that_was_not_in_what_it_was_split_from_or_merged_out_of(found):
    for at, facts in found.facts.items():
        if facts.parts:
            before = total(
                None if (each := density(found.qualities[part])) is None else each * mass for part, mass in facts.parts
            )
            assert content_mg(LotInput(at, facts.mass_mg, found.qualities[at]), "li") == before
            assert sum(mass for _, mass in facts.parts) == facts.mass_mg


@pytest.mark.parametrize(
    "name", ["flows", "contents", "mass_balance", "intermediates", "recovery", "stock", "lineage_shares"]
)
def test_masses_know_neither_floats_nor_django(name):
    tree = ast.parse((ROOT / "recyclers" / f"{name}.py").read_text())
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    pure = {"contents", "flows", "intermediates", "lineage_shares"}
    assert {one.removeprefix("recyclers.") for one in imported if one not in sys.stdlib_module_names} <= {
        "collections.abc",
        *pure,
    }
    constants = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    assert not any(isinstance(value, float) for value in constants)
    assert not any(isinstance(node, ast.Name) and node.id == "float" for node in ast.walk(tree))


def test_a_lot_is_named_by_its_organisation_and_number():
    assert str(Lot(PLANT, "LC/17")) == f"{PLANT}/LC/17"
