"""Nothing holds more than there is of it: assays and compositions whose elements add up to more than the whole."""

import io
import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import factories
from tests.graphql_schema.test_lots import codes, open_lot, tell
from tests.recyclers.materials import batch, lot_fact, opened, powder, record
from tests.worlds import World, rolled_back
from traceability.capturing import capture, capturing_viewer
from traceability.errors import Refusal
from traceability.facts import Fact
from traceability.models import LifecycleEvent
from traceability.shares import problems

pytestmark = pytest.mark.django_db

WHOLE = {"ni": "40", "co": "30", "mn": "29.9999999", "li": "0.0000001"}
MORE = {**WHOLE, "li": "0.0000002"}


def told(world: World, fact: Fact) -> list[tuple[str, str, str]]:
    before = LifecycleEvent.objects.count()
    with pytest.raises(Refusal) as refused:
        world.record(fact, by=world.party(fact.organisation))
    assert LifecycleEvent.objects.count() == before
    return [(".".join(problem.path), problem.code, problem.value) for problem in refused.value.problems]


def saying(world: World, assay: dict[str, str]) -> dict[str, Fact]:
    """Every fact that says what something holds, by the place where it does."""
    pack = world.pack().produced().installed().removed(world.recycler)
    slag = {"kind": "slag", "massKg": "1", "assay": assay}
    steel = {"material": "steel", "massKg": "1", "assay": assay}
    return {
        "details.outputs.1.assay": batch(world, outputs=[powder("A", "1"), powder("B", "1", assay=assay)]),
        "details.residues.0.assay": batch(world, "B-2", residues=[slag]),
        "details.assay": opened(world, "C", assay=assay),
        "details.residues.1.assay": world.fact(
            "dismantled", world.recycler, pack.code, residues=[{"material": "steel"}, steel]
        ),
    }


def test_elements_of_more_than_the_whole_are_refused_wherever_they_are_said(world: World) -> None:
    for path, fact in saying(world, MORE).items():
        assert told(world, fact) == [(path, "wrong_value", "100.0000001")]


def test_the_whole_is_taken(world: World) -> None:
    for fact in saying(world, WHOLE).values():
        record(world, fact)


@pytest.mark.parametrize(
    "assay",
    [
        {"electrode_powder": "100", "cathode_material": "60", "anode_material": "40", "ni": "50"},
        {"nickel_sulfate": "100", "ni": "22.3"},
        {"li2co3": "99.5", "li": "18.7", "c": "16"},
    ],
    ids=["components", "compounds", "formulas"],
)
def test_what_is_made_of_the_same_elements_is_not_added_to_them(world: World, assay: dict[str, str]) -> None:
    record(world, opened(world, "A", assay=assay))


def test_a_composition_of_more_than_the_battery_is_refused(world: World) -> None:
    over = {"ni": "0.7", "al": "0.300000001", "electrode_powder": "0.9"}
    model = {"number": "M-1", "level": "pack", "composition": over}
    assert told(world, world.fact("model", world.maker, **model)) == [
        ("details.composition", "wrong_value", "1.000000001")
    ]
    whole = {"composition": {**over, "al": "0.3"}}
    record(world, world.fact("model", world.maker, **(model | whole)))


def test_a_correction_says_no_more_than_there_is_either(world: World) -> None:
    record(world, first := opened(world, "A", "10", assay=WHOLE))
    wrong = {"type": "lot_opened", "occurredAt": factories.moment(3), "details": {"massKg": "10", "assay": MORE}}
    corrected = world.fact("corrected", world.recycler, corrects=first.key, replacement=wrong)
    assert told(world, corrected) == [("details.replacement.details.assay", "wrong_value", "100.0000001")]
    record(world, model := world.fact("model", world.maker, number="M-1", composition={"ni": "0.5"}))
    wrong = {"type": "model", "occurredAt": factories.moment(9)}
    wrong["details"] = {"number": "M-1", "composition": {"ni": "0.5", "al": "0.6"}}
    corrected = world.fact("corrected", world.maker, corrects=model.key, replacement=wrong)
    assert told(world, corrected) == [("details.replacement.details.composition", "wrong_value", "1.1")]


def test_history_is_captured_as_it_was_told(world: World) -> None:
    assert not world.capture(list(saying(world, MORE).values())).problems


def test_a_file_tells_the_line_the_place_and_the_sum(world: World) -> None:
    assay = {"ni": "99", "co": "2.5"}
    good = factories.given("lot_opened", world.recycler.code, 1, key="1", lot="A", details={"massKg": "1"})
    bad = factories.given(
        "lot_opened", world.recycler.code, 1, key="2", lot="B", details={"massKg": "1", "assay": assay}
    )
    data = b"".join(json.dumps(line).encode() + b"\n" for line in (good, bad))
    result = capture(io.BytesIO(data), by=capturing_viewer(world.recycler.code, "command"), on_error="proceed")
    assert (result.recorded, result.refused) == (1, 1)
    assert [(b.line, b.column, b.problem.code, b.problem.value) for b in result.problems] == [
        (2, "details.assay", "wrong_value", "101.5")
    ]


def test_a_mutation_tells_the_place_in_its_input(world: World) -> None:
    outputs = [{"lot": "P", "massKg": "1", "material": "ELECTRODE_POWDER", "assay": {"ni": "60", "co": "50"}}]
    answer = tell(world.recycler, "recordBatch", "batch { number }", number="B-1", outputs=outputs)
    assert codes(answer) == [("input.outputs.0.assay", "wrong_value")]
    assert "110" in answer["errors"][0]["message"]
    assert codes(open_lot(world.recycler, assay={"ni": "60", "co": "50"})) == [("input.assay", "wrong_value")]


@given(
    shares=st.dictionaries(
        st.sampled_from(["li", "ni", "co", "electrode_powder", "zzz"]), st.integers(0, 10**9), max_size=5
    )
)
def test_the_sum_is_exact(world: World, shares: dict[str, int]) -> None:
    percents = {what: str(Decimal(ppb).scaleb(-7)) for what, ppb in shares.items()}
    total = sum(ppb for what, ppb in shares.items() if what in ("li", "ni", "co"))
    found = list(problems("lot_opened", {"assay": percents}))
    assert bool(found) == (total > 10**9)
    with rolled_back():
        fact = lot_fact(world, "lot_opened", "A", massKg="1", assay=percents)
        receipt = world.record(fact, by=world.recycler, on_error="proceed")
        assert bool(receipt.problems) == bool(found)
