"""Recovery over a period: by hand, where there is no figure, and against a simulation that moves milligrams about."""

import random
from collections import defaultdict
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recyclers.contents import content_mg
from recyclers.flows import Batch, BatteryInput, LotFacts, Output, Quality, Residue, percent_ppb
from recyclers.recovery import (
    CLAUSES,
    MEASURED,
    NO_EVIDENCE,
    NOT_APPLICABLE,
    Figure,
    closed_between,
    lowest,
    measured,
    measured_apart,
    powder_content,
    printed,
    recoveries,
    recovery,
    turnover,
)
from tests.recyclers.plants import (
    MASSES,
    OTHER,
    PLANT,
    PROCESSES,
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

HYDRO = "hydrometallurgy"


def states(figure: Figure) -> tuple[str, bool]:
    return figure.state, figure.implausible


# One batch -----------------------------------------------------------------------------------------------------------


def test_the_recovery_of_the_contracts_batch_by_hand():
    # Li: 33.484 625 55 of LC-17 ÷ (1000 × 3 % + 412.5 × 1.55 %) = 33.484 625 55 ÷ 36.393 75 = 92.0065 %
    # Ni: 66.6 ÷ (1000 × 20 % + 412.5 × 8.55 %) = 66.6 ÷ 235.268 75 = 28.3080 %; slag is not recovered.
    found = recoveries(example(li="3", ni="20"))
    assert found["li"].value == 100 * Fraction("33.48462555") / Fraction("36.39375")
    assert (printed(found["li"].value), printed(found["ni"].value)) == (Decimal("92.01"), Decimal("28.31"))
    assert found["co"].state == found["cu"].state == NO_EVIDENCE
    known = found["li"].evidence
    # The pack, the black mass and the acid; LC-17 and NS-9, of which the one has none of it.
    assert (known.batches, known.inputs, known.inputs_without_figure, known.outputs) == (1, 3, 0, 2)
    assert found["co"].evidence.inputs_without_figure == 1


def test_without_an_assay_of_the_black_mass_there_is_no_evidence():
    assert {figure.state for figure in recoveries(example()).values()} == {NO_EVIDENCE}


@pytest.mark.parametrize(
    ("exact", "expected"),
    [
        ("97.995", "98.00"),
        ("97.985", "97.98"),
        ("97.9949999", "97.99"),
        ("98", "98.00"),
        ("0", "0.00"),
        ("100.0051", "100.01"),
    ],
)
def test_figures_are_rounded_for_print_only(exact, expected):
    assert str(printed(Fraction(exact))) == expected


# What is no figure ---------------------------------------------------------------------------------------------------

SALT = out("L", "5", "lithium_carbonate")
METAL = out("C", "0.9", "copper")


@pytest.mark.parametrize(
    ("inputs", "outputs", "what", "expected"),
    [
        pytest.param([feed("A", "10", powder(ni="1"))], [SALT], "li", NO_EVIDENCE, id="the-assay-is-silent"),
        pytest.param([feed("A", "10", powder(ni="1"))], [], "li", NO_EVIDENCE, id="even-if-no-product-has-any"),
        pytest.param(
            [feed("A", "10", powder(li="10")), feed("B", "0.000001", Quality())],
            [SALT],
            "li",
            NO_EVIDENCE,
            id="a-milligram-of-something",
        ),
        pytest.param([], [SALT], "li", NO_EVIDENCE, id="nobody-says-what-went-in"),
        pytest.param([BatteryInput("P", 5)], [SALT], "li", NO_EVIDENCE, id="a-battery-without-composition"),
        pytest.param([feed("A", "10", powder(li="10"))], [SALT], "li", MEASURED, id="measured"),
        pytest.param([feed("A", "10", powder(li="10"))], [], "li", MEASURED, id="none-of-it-recovered"),
        pytest.param([pack("P", "400", "B", li="0.01")], [SALT], "ni", NOT_APPLICABLE, id="phosphate"),
        pytest.param([feed("A", "1", powder(ni="0"))], [SALT], "ni", NOT_APPLICABLE, id="said-to-have-none"),
        pytest.param(
            [feed("A", "1", powder(cu="10"))],
            [out("E", "1", "electrode_powder")],
            "cu",
            NO_EVIDENCE,
            id="no-product-was-measured",
        ),
        pytest.param(
            [feed("A", "10", powder(cu="10"))],
            [METAL, out("E", "1", "electrode_powder")],
            "cu",
            MEASURED,
            id="what-was-not-measured-only-lowers-it",
        ),
    ],
)
def test_a_figure_is_measured_or_there_is_none(inputs, outputs, what, expected):
    figure = recovery([batch("B", HYDRO, inputs, outputs)], what)
    assert states(figure) == (expected, False)
    assert (figure.value is None) == (expected != MEASURED)


def test_without_a_batch_of_the_process_nothing_applies():
    assert {measured(clause, []).state for clause in CLAUSES} == {NOT_APPLICABLE}
    repair = batch("B", "material_repair", [feed("A", "1", powder(cathode_material="60", anode_material="40"))])
    told = {clause: measured(clause, [repair]).state for clause in CLAUSES}
    assert told.pop("recovery.material_repair") == MEASURED
    assert set(told.values()) == {NOT_APPLICABLE}


def test_products_without_a_figure_are_counted_and_left_out():
    # Copper in: 1 kg; out: 0.9 kg of metal, and what is in a powder that nobody assayed.
    one = batch("B", "crushing", [feed("A", "10", powder(cu="10"))], [METAL, out("E", "1", "electrode_powder")])
    figure = recovery([one], "cu")
    assert (figure.value, figure.evidence.outputs, figure.evidence.outputs_without_figure) == (90, 2, 1)
    assert turnover([one], "cu").output_mg is None


@pytest.mark.parametrize(
    ("kilograms", "implausible"),
    [pytest.param("1", False, id="all-of-it"), pytest.param("1.000001", True, id="a-milligram-more")],
)
def test_more_than_all_of_it_is_implausible(kilograms, implausible):
    inputs = [feed("A", "10", powder(cu="10", al="50"))]
    one = batch("B", "crushing", inputs, [out("C", kilograms, "copper"), out("D", "4", "aluminium")])
    assert recovery([one], "cu").implausible is implausible
    # The lowest is aluminium, 80 %; that copper cannot be is said of it all the same.
    figure = measured("recovery.cu_al", [one])
    assert (figure.value, figure.lowest, figure.implausible) == (80, "al", implausible)


def test_something_that_came_of_a_stated_nothing_is_implausible_and_no_evidence():
    one = batch("B", HYDRO, [feed("A", "10", powder(li="0"))], [SALT])
    assert states(recovery([one], "li")) == (NO_EVIDENCE, True)
    phosphate = batch("B", HYDRO, [pack("P", "400", "B", li="0.01")], [out("N", "1", "copper", ni="0.001")])
    assert states(recovery([phosphate], "ni")) == (NO_EVIDENCE, False)


# The clauses ---------------------------------------------------------------------------------------------------------


def test_the_lowest_of_three_is_the_one_that_is_printed():
    # In: 20 Ni, 5 Co, 5 Mn. Out: 22.33 × 0.88 = 19.6504 Ni; 20.97 × 0.23 = 4.8231 Co; 32.51 × 0.152 = 4.94152 Mn
    products = [
        out("N", "88", "nickel_sulfate_hexahydrate"),
        out("C", "23", "cobalt_sulfate_heptahydrate"),
        out("M", "15.2", "manganese_sulfate_monohydrate"),
    ]
    one = batch("B", HYDRO, [feed("A", "100", powder(ni="20", co="5", mn="5"))], products)
    figure = measured("recovery.ni_co_mn", [one])
    values = {name: part.value for name, part in figure.parts.items()}
    assert values == {"ni": Fraction("98.252"), "co": Fraction("96.462"), "mn": Fraction("98.8304")}
    assert (figure.value, figure.lowest, figure.state) == (Fraction("96.462"), "co", MEASURED)


def test_of_several_what_has_no_evidence_decides_and_what_does_not_apply_is_left_out():
    high, low = Figure(Fraction(99), MEASURED), Figure(Fraction(50), MEASURED)
    none, nothing = Figure(None, NO_EVIDENCE), Figure(None, NOT_APPLICABLE)
    assert lowest({"ni": high, "co": low, "mn": nothing}).value == 50
    assert lowest({"ni": high, "co": none, "mn": low}).state == NO_EVIDENCE
    assert lowest({"ni": nothing, "co": nothing}).state == NOT_APPLICABLE
    assert lowest({"ni": high, "co": none}).parts == {"ni": high, "co": none}


def test_smelting_is_both_metallurgies_and_a_lot_from_one_to_the_other_leaves_and_enters():
    first = batch(
        "P", "pyrometallurgy", [feed("A", "10", powder(li="10"))], [out("S", "5", "electrode_powder", li="16")]
    )
    second = batch(
        "H", HYDRO, [feed("S", "5", powder(li="16"))], [out("L", "4", "lithium_carbonate", li="15")], closed=1
    )
    # (0.8 + 0.6) ÷ (1 + 0.8); each by itself 80 % and 75 %
    assert measured("recovery.li", [first, second]).value == 100 * Fraction("1.4") / Fraction("1.8")
    assert [recovery([one], "li").value for one in (first, second)] == [80, 75]


def test_electrode_powder_and_what_is_left_in_it_by_hand():
    # Packs: 1000 kg × 31 % = 310 kg powder. Out: 250 kg at 2 % moisture = 245 dry, and 60 dry: 305 ÷ 310 = 98.39 %.
    # Al: (245 × 1.4 % + 60 × 0.8 %) ÷ 305 = 3.91 ÷ 305 = 1.282 %; Cu: only the second says, 0.5 %.
    wet = Output(lot("E1"), mg("250"), Quality("electrode_powder", percent_ppb("2"), assay=assay(al="1.4")))
    dry = out("E2", "60", "electrode_powder", al="0.8", cu="0.5")
    scrap = out("S", "5", "battery_scrap", electrode_powder="50")
    one = batch("B", "crushing", [pack("P", "1000", electrode_powder="0.31")], [wet, dry, scrap])
    assert measured("recovery.electrode_powder", [one]).value == 100 * Fraction(305, 310)
    al, cu = measured("powder.al", [one]), measured("powder.cu", [one])
    assert (al.value, al.evidence.outputs_without_figure) == (100 * Fraction("3.91") / 305, 0)
    assert (cu.value, cu.evidence.outputs, cu.evidence.outputs_without_figure) == (Fraction("0.5"), 2, 1)
    assert powder_content([replace(one, outputs=(scrap,))], "al").state == NO_EVIDENCE


def test_powder_that_is_crushed_again_does_not_leave():
    first = batch("B1", "crushing", [pack("P", "100")], [out("E1", "40", "electrode_powder", al="9")])
    again = batch(
        "B2", "crushing", [feed("E1", "30", powder(al="9"))], [out("E2", "20", "electrode_powder", al="1")], closed=1
    )
    # 10 kg of E1 leave with 9 %, 20 kg of E2 with 1 %: 1.1 ÷ 30
    assert powder_content([first, again], "al").value == 100 * Fraction("1.1") / 30
    assert powder_content([first], "al").value == 9


def test_material_repair_by_hand():
    # In: 100 kg × (60 + 35) % = 95; out: 58 cathode and 40 kg × 90 % = 36 anode: 94 ÷ 95
    repaired = [
        out("C", "58", "cathode_material"),
        Output(lot("A"), mg("40"), Quality("anode_material", percent_ppb("10"))),
        out("G", "5", "graphite"),
    ]
    inputs = [feed("E", "100", powder(cathode_material="60", anode_material="35"))]
    assert measured("recovery.material_repair", [batch("B", "material_repair", inputs, repaired)]).value == Fraction(
        9400, 95
    )
    half_known = [feed("E", "100", powder(cathode_material="60"))]
    figure = measured("recovery.material_repair", [batch("B", "material_repair", half_known, repaired)])
    assert figure.state == NO_EVIDENCE
    cathodes = [feed("K", "100", Quality("cathode_material"))]
    figure = measured("recovery.material_repair", [batch("B", "material_repair", cathodes, repaired)])
    assert figure.value == 94


# Lots that go round --------------------------------------------------------------------------------------------------


def two_batches(drawn: str = "40", quality: Quality | None = None, by: str = PLANT) -> list[Batch]:
    """B1: 100 kg with 4 % Li → I, 40 kg with 5 % Li, and L1, 10 kg × 18.79 %. B2: of I → L2, 9 kg × 18.79 %."""
    inside = powder(li="5") if quality is None else quality
    first = batch(
        "B1",
        HYDRO,
        [feed("A", "100", powder(li="4"))],
        [Output(lot("I"), mg("40"), inside), out("L1", "10", "lithium_carbonate")],
        closed=10,
    )
    product = Output(lot("L2", by), mg("9"), Quality("lithium_carbonate"))
    return [first, batch("B2", HYDRO, [feed("I", drawn, inside)], [product], closed=20, by=by)]


def test_an_intermediate_lot_is_counted_once_where_the_element_leaves():
    # (1.879 + 1.6911) ÷ 4 = 89.2525 %; counted twice it would be (2 + 1.879 + 1.6911) ÷ (4 + 2) = 92.8 %
    figure = recovery(two_batches(), "li")
    assert figure.value == Fraction("89.2525")
    assert (figure.evidence.inputs, figure.evidence.outputs, figure.evidence.intermediate_lots) == (1, 2, 1)
    assert figure.evidence.input_mg == mg("4")


def test_what_is_left_of_an_intermediate_lot_leaves():
    # 10 of 40 kg leave, with 0.5 kg: (0.5 + 1.879 + 1.6911) ÷ 4
    assert recovery(two_batches("30"), "li").value == 100 * Fraction("4.0701") / 4


def test_what_is_drawn_beyond_an_intermediate_lot_is_feed():
    # 50 of 40 kg drawn: 10 kg with 0.5 kg from nowhere: (1.879 + 1.6911) ÷ 4.5
    assert recovery(two_batches("50"), "li").value == 100 * Fraction("3.5701") / Fraction("4.5")


def test_an_intermediate_lot_needs_no_figure():
    assert recovery(two_batches(quality=Quality("electrode_powder")), "li").value == Fraction("89.2525")
    assert recovery(two_batches("50", Quality("electrode_powder")), "li").state == NO_EVIDENCE
    left = recovery(two_batches("30", Quality("electrode_powder")), "li")
    assert (left.value, left.evidence.outputs_without_figure) == (Fraction("89.2525"), 1)


def test_what_another_company_or_process_draws_is_a_product_and_feed():
    expected = 100 * Fraction("5.5701") / 6
    assert recovery(two_batches(by=OTHER), "li").value == expected
    first, second = two_batches()
    assert recovery([replace(first, process="pyrometallurgy"), second], "li").value == expected


def test_the_batches_of_the_period_are_the_boundary():
    batches = two_batches()
    assert [one.number for one in closed_between(batches, 10, 20)] == ["B1"]
    assert [one.number for one in closed_between(batches, 11, 21)] == ["B2"]
    # Apart, I leaves the one period and enters the other: (2 + 1.879) ÷ 4, 1.6911 ÷ 2.
    assert recovery(closed_between(batches, 0, 20), "li").value == Fraction("96.975")
    assert recovery(closed_between(batches, 20, 30), "li").value == Fraction("84.555")


def test_the_boundary_may_be_drawn_around_the_process_instead():
    # I is inside though its batches are of two periods: 1.879 ÷ 4; then 1.6911 came of what went in before.
    first, second = two_batches()
    assert recovery([first], "li", around=[second]).value == Fraction("46.975")
    later = recovery([second], "li", around=[first])
    assert (states(later), later.evidence.output_mg) == ((NO_EVIDENCE, False), mg("1.6911"))
    assert measured("recovery.li", [first], around=[second]).value == Fraction("46.975")


def test_another_name_makes_no_product_of_an_intermediate_lot():
    # I is split, and a half merged with 20 kg bought at 1 % Li: all of M is drawn.
    first, second = two_batches()
    half, mixed = lot("I-1"), lot("M")
    facts = {
        half: LotFacts(half, mg("20"), ((lot("I"), mg("20")),)),
        lot("X"): LotFacts(lot("X"), mg("20")),
        mixed: LotFacts(mixed, mg("40"), ((half, mg("20")), (lot("X"), mg("20")))),
    }
    second = replace(second, inputs=(feed("M", "40", powder(li="3")),))
    # In: 4 + 0.2; out: the other half of I, 1 kg, 1.879 and 1.6911.
    figure = recovery([first, second], "li", facts=facts)
    assert figure.value == 100 * Fraction("4.5701") / Fraction("4.2")
    assert (figure.implausible, figure.evidence.input_mg) == (True, mg("4.2"))


def test_what_is_drawn_beyond_a_part_of_it_is_feed():
    # 20 of the 40 kg are split off, and 30 drawn of them: 10 kg with 0.5 kg from nowhere; the other 20 of I leave.
    first, second = two_batches()
    half = lot("I-1")
    facts = {half: LotFacts(half, mg("20"), ((lot("I"), mg("20")),))}
    drawn = (feed("I-1", "12", powder(li="5")), feed("I-1", "18", powder(li="5")))
    figure = recovery([first, replace(second, inputs=drawn)], "li", facts=facts)
    assert figure.value == 100 * Fraction("4.5701") / Fraction("4.5")


def test_a_part_of_it_that_another_company_draws_is_feed_there_and_a_product_here():
    first, second = two_batches(by=OTHER)
    part = lot("I-1", OTHER)
    facts = {part: LotFacts(part, mg("40"), ((lot("I"), mg("40")),))}
    second = replace(second, inputs=(feed("I-1", "40", powder(li="5"), OTHER),))
    figure = recovery([first, second], "li", facts=facts)
    assert (figure.value, figure.evidence.intermediate_lots) == (100 * Fraction("5.5701") / 6, 0)


def test_a_lot_that_a_batch_made_is_of_that_batch_whatever_else_is_said_to_be_in_it():
    first, second = two_batches()
    half = lot("I-1")
    facts = {
        lot("I"): LotFacts(lot("I"), mg("40"), ((lot("X"), mg("20")),)),
        half: LotFacts(half, mg("20"), ((lot("I"), mg("20")),)),
    }
    second = replace(second, inputs=(feed("I-1", "20", powder(li="5")),))
    assert recovery([first, second], "li", facts=facts).evidence.input_mg == mg("4")


def test_turnover_tells_input_products_residues_and_loss():
    first, second = two_batches()
    slag = Residue("slag", mg("10"), Quality(moisture_ppb=percent_ppb("50"), assay=assay(li="2")))
    told = turnover([first, replace(second, residues=(slag,))], "li")
    assert (told.input_mg, told.output_mg, told.residue_mg) == (mg("4"), mg("3.5701"), mg("0.1"))
    assert (told.loss_mg, told.recovery.value) == (mg("0.3299"), Fraction("89.2525"))
    assert turnover([first, replace(second, residues=(Residue("slag", 1),))], "li").loss_mg is None


# For any plant -------------------------------------------------------------------------------------------------------


@given(plants(), st.integers())
def test_no_order_changes_a_figure(found, seed):
    chance = random.Random(seed)
    mixed = [
        replace(one, inputs=tuple(chance.sample(one.inputs, len(one.inputs))), outputs=one.outputs[::-1])
        for one in chance.sample(found.batches, len(found.batches))
    ]
    for clause in CLAUSES:
        assert measured(clause, mixed, found.facts) == measured(clause, found.batches, found.facts)


@given(plants())
def test_what_batches_contribute_adds_up_to_the_figure(found):
    for clause in CLAUSES:
        whole = measured(clause, found.batches, found.facts)
        apart = [figure for _, figure in measured_apart(clause, found.batches, found.facts)]
        for name, figure in (whole.parts or {"": whole}).items():
            parts = [(one.parts[name] if name else one).evidence for one in apart]
            known = figure.evidence
            assert sum(part.output_mg for part in parts) == known.output_mg
            inputs = [part.input_mg for part in parts]
            assert (None if None in inputs else sum(inputs)) == known.input_mg
            silent = [part.inputs_without_figure + part.outputs_without_figure for part in parts]
            assert sum(silent) == known.inputs_without_figure + known.outputs_without_figure


@given(plants(), st.sampled_from(PROCESSES))
def test_recovery_is_never_more_than_gross_output_over_gross_input(found, process):
    batches = [one for one in found.batches if one.process == process]
    known = recovery(batches, "li", facts=found.facts).evidence
    inputs = [content_mg(item, "li") for one in batches for item in one.inputs]
    outputs = [content_mg(output, "li") or 0 for one in batches for output in one.outputs]
    assert 0 <= known.output_mg <= sum(outputs)
    if known.input_mg is not None and None not in inputs:
        assert 0 <= known.input_mg <= sum(inputs)
        # The same is taken out on both sides; so where less came out than went in, the share falls.
        if sum(outputs) <= sum(inputs) and known.input_mg:
            assert known.output_mg * sum(inputs) <= known.input_mg * sum(outputs)


@given(st.lists(st.tuples(MASSES, qualities()), min_size=1, max_size=6))
def test_powder_content_is_a_mean(lots):
    outputs = [Output(lot(f"E{place}"), mass, quality) for place, (mass, quality) in enumerate(lots)]
    figure = powder_content([batch("B", "crushing", [], outputs)], "li")
    known = [100 * Fraction(quality.assay["li"], 10**9) for _, quality in lots if quality.assay]
    assert figure.evidence.outputs_without_figure == len(lots) - len(known)
    if known:
        assert min(known) <= figure.value <= max(known)
    else:
        assert figure.state == NO_EVIDENCE


# The oracle ----------------------------------------------------------------------------------------------------------


class Simulation:
    """Moves every milligram, in order of time: each lot is a heap of what it came of, drawn from evenly.

    Of the batches of one period, company and process it finds the lithium that came in from outside (None: not known),
    what went out for good, and how many products do not say.
    """

    def __init__(self, found: Plants, period: tuple[Batch, ...]) -> None:
        self.qualities, self.period = found.qualities, {one.number for one in period}
        self.made_here = {output.lot for one in period for output in one.outputs}
        self.heaps: dict = {}
        self.went_round: dict = defaultdict(Fraction)
        self.came_in: Fraction | None = Fraction(0)
        for kind, *told in found.story:
            getattr(self, kind)(*told)
        self.came_out, self.silent = Fraction(0), 0
        for output in (output for one in period for output in one.outputs):
            left, each = output.mass_mg - self.went_round[output.lot], density(output.quality)
            self.silent += each is None and left > 0
            self.came_out += 0 if each is None else each * left

    def open(self, at, mass_mg: int) -> None:
        self.heaps[at] = {at: Fraction(mass_mg)}

    def take(self, at, mass_mg: int) -> dict:
        size = sum(self.heaps[at].values())
        taken = {root: held * mass_mg / size for root, held in self.heaps[at].items()}
        self.heaps[at] = {root: held - taken[root] for root, held in self.heaps[at].items()}
        return taken

    def regroup(self, at, parts) -> None:
        heap: dict = defaultdict(Fraction)
        for part, mass_mg in parts:
            for root, held in self.take(part, mass_mg).items():
                heap[root] += held
        self.heaps[at] = heap

    def batch(self, run: Batch) -> None:
        taken = [self.take(fed.lot, fed.mass_mg) for fed in run.fed]
        for output in run.outputs:
            self.open(output.lot, output.mass_mg)
        if run.number not in self.period:
            return
        for heap in taken:
            outside = {root: held for root, held in heap.items() if root not in self.made_here}
            for root in heap.keys() - outside.keys():
                self.went_round[root] += heap[root]
            known = not outside or all(density(self.qualities[root]) is not None for root in heap)
            lithium = (density(self.qualities[root]) * held for root, held in outside.items()) if known else ()
            self.add(sum(lithium, Fraction(0)) if known else None)
        for item in run.inputs:
            if isinstance(item, BatteryInput):
                self.add(Fraction(item.mass_mg * item.composition["li"], 10**9))
        if not run.inputs:
            self.add(None)

    def add(self, amount: Fraction | None) -> None:
        self.came_in = None if amount is None or self.came_in is None else self.came_in + amount


@given(plants(), st.integers(0, 6), st.integers(1, 10))
def test_recovery_over_a_period_is_what_a_simulation_finds(found, first, length):
    for by in (PLANT, OTHER):
        for process in PROCESSES:
            own = [one for one in found.batches if (one.organisation, one.process) == (by, process)]
            period = closed_between(own, first, first + length)
            figure = recovery(period, "li", facts=found.facts)
            told, known = Simulation(found, period), figure.evidence
            assert (known.input_mg, known.output_mg) == (told.came_in, told.came_out)
            assert known.outputs_without_figure == told.silent
            if figure.state == MEASURED:
                assert figure.value == 100 * told.came_out / told.came_in
            elif period and told.came_in:
                assert (told.came_out, told.silent > 0) == (0, True)
