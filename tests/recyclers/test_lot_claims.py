"""What organisations may claim of batches and lots: in their own name, of what they hold, and everything once."""

from collections.abc import Callable
from typing import Any

import pytest

from recyclers.models import Lot, LotMovement
from tests import factories
from tests.recyclers.materials import KG, batch, left, lot, lot_fact, opened, powder, record
from tests.worlds import Life, World
from traceability.errors import Refusal
from traceability.facts import Fact
from traceability.models import LifecycleEvent

pytestmark = pytest.mark.django_db
Told = tuple[str, str]


def refusals(world: World, *facts: Fact) -> list[Told]:
    """Record, and tell what was refused where; nothing may have been written."""
    before = (LifecycleEvent.objects.count(), LotMovement.objects.count())
    with pytest.raises(Refusal) as refused:
        record(world, *facts)
    assert (LifecycleEvent.objects.count(), LotMovement.objects.count()) == before
    return [(".".join(problem.path), problem.code) for problem in refused.value.problems]


def draw(number: str, kilograms: str, **more: str) -> list[dict[str, str]]:
    return [{"lot": number, "massKg": kilograms, **more}]


def retired(world: World) -> Life:
    """A pack that the recycler holds."""
    pack = world.pack().produced().installed().removed()
    return pack.dispatched(world.recycler).received(world.recycler)


@pytest.fixture
def a(world: World) -> Lot:
    """Ten kilograms in the recycler's lot A."""
    record(world, opened(world, "A", "10"))
    return lot(world, "A")


@pytest.mark.parametrize(
    ("claim", "path"),
    [
        pytest.param(lambda w: batch(w, inputs=draw("A", "10.000001")), "details.inputs.0.massKg", id="batch"),
        pytest.param(lambda w: lot_fact(w, "lot_sold", "A", massKg="11"), "details.massKg", id="sold"),
        pytest.param(
            lambda w: lot_fact(w, "lot_split", "A", into=[powder_of("A1", "6"), powder_of("A2", "5")]),
            "details.into",
            id="split",
        ),
        pytest.param(
            lambda w: lot_fact(w, "lot_merged", "M", **{"from": draw("A", "11")}), "details.from.0.massKg", id="merged"
        ),
    ],
)
def test_nobody_takes_more_than_is_left(world: World, a: Lot, claim: Callable[[World], Fact], path: str):
    assert refusals(world, claim(world)) == [(path, "overdrawn")]


def powder_of(number: str, kilograms: str) -> dict[str, str]:
    return {"lot": number, "massKg": kilograms}


def test_the_refusal_says_what_is_left(world: World, a: Lot):
    record(world, batch(world, inputs=draw("A", "7.5")))
    with pytest.raises(Refusal) as refused:
        record(world, batch(world, "B-2", inputs=draw("A", "3")))
    assert refused.value.problems[0].params == {"value": "A", "left": "2.5"}


def test_what_a_later_fact_needs_is_not_taken_by_one_told_afterwards(world: World, a: Lot):
    record(world, batch(world, inputs=draw("A", "8"), at=20))
    assert refusals(world, batch(world, "B-2", inputs=draw("A", "5"), at=10)) == [
        ("details.inputs.0.massKg", "overdrawn")
    ]
    record(world, batch(world, "B-2", inputs=draw("A", "2"), at=10))
    assert left(world, "A") == 0


def test_the_facts_of_one_list_count_one_after_the_other(world: World):
    first = [opened(world, "A", "10"), batch(world, "B-1", inputs=draw("A", "6"), outputs=[powder("P", "5")])]
    assert refusals(world, *first, batch(world, "B-2", inputs=[*draw("P", "5"), *draw("A", "5")])) == [
        ("details.inputs.1.massKg", "overdrawn")
    ]
    record(world, *first, batch(world, "B-2", inputs=[*draw("P", "5"), *draw("A", "4")]))
    assert (left(world, "A"), left(world, "P")) == (0, 0)


def test_a_number_is_given_once(world: World, a: Lot):
    record(world, batch(world, outputs=[powder("P", "5")]))
    split = lot_fact(world, "lot_split", "A", into=[powder_of("P", "1"), powder_of("A1", "1")])
    assert refusals(world, batch(world)) == [("details.number", "number_taken")]
    assert refusals(world, opened(world, "A")) == [("lot", "number_taken")]
    assert refusals(world, opened(world, "P")) == [("lot", "number_taken")]
    assert refusals(world, split) == [("details.into.0.lot", "number_taken")]
    assert refusals(world, batch(world, "B-2", outputs=[powder("A", "1")])) == [
        ("details.outputs.0.lot", "number_taken")
    ]
    record(world, batch(world, by=world.stranger, outputs=[powder("P", "5")]))


@pytest.mark.parametrize("type_", ["lot_opened", "lot_merged"])
def test_a_new_lot_bears_the_name_of_who_makes_it(world: World, a: Lot, type_: str):
    details: dict[str, Any] = {"massKg": "1"} if type_ == "lot_opened" else {"from": draw("A", "1")}
    assert refusals(world, lot_fact(world, type_, "N", of=world.stranger, **details)) == [("lotOf", "not_own_name")]


def uses(world: World, by: Any) -> list[tuple[Fact, str]]:
    """Everything that takes from the recycler's lot A, or sends it on, with the place of the lot in it."""
    maker = {"lotOf": world.recycler.code}
    own = {"by": by, "of": world.recycler}
    return [
        (batch(world, "B-9", by=by, inputs=draw("A", "1", **maker)), "details.inputs.0.lot"),
        (lot_fact(world, "lot_sold", "A", massKg="1", **own), "lot"),
        (lot_fact(world, "lot_split", "A", into=[powder_of("A1", "1")], **own), "lot"),
        (lot_fact(world, "lot_merged", "M", by=by, **{"from": draw("A", "1", **maker)}), "details.from.0.lot"),
        (lot_fact(world, "dispatched", "A", to=world.outlet.code, massKg="10", **own), "lot"),
    ]


def test_a_lot_that_nobody_told_of_cannot_be_used(world: World):
    for fact, path in uses(world, world.recycler):
        assert refusals(world, fact) == [(path, "unknown_lot")]
    refused = lot_fact(world, "refused", "A", massKg="1")
    assert refusals(world, refused) == [("lot", "unknown_lot")]


def test_only_its_holder_uses_a_lot(world: World, a: Lot):
    for fact, path in uses(world, world.stranger):
        assert refusals(world, fact) == [(path, "not_holder")]


def test_what_is_on_its_way_is_not_used(world: World, a: Lot):
    record(world, lot_fact(world, "dispatched", "A", to=world.stranger.code, massKg="10"))
    for fact, path in uses(world, world.recycler):
        assert refusals(world, fact) == [(path, "in_transit")]
    refused = lot_fact(world, "refused", "A", by=world.outlet, of=world.recycler, massKg="10")
    assert refusals(world, refused) == [("lot", "not_addressee")]


def test_a_lot_changes_hands_as_a_whole(world: World, a: Lot):
    partly = lot_fact(world, "dispatched", "A", to=world.stranger.code, massKg="6")
    assert refusals(world, partly) == [("details.massKg", "not_whole")]
    own = lot_fact(world, "dispatched", "A", to=world.recycler.code, massKg="10")
    assert refusals(world, own) == [("details.to", "wrong_value")]
    # Two scales differ.
    record(world, lot_fact(world, "dispatched", "A", to=world.stranger.code, massKg="10.09"))


def test_what_was_received_is_the_receivers_to_use(world: World, a: Lot):
    record(world, lot_fact(world, "dispatched", "A", to=world.stranger.code, massKg="10"))
    record(world, lot_fact(world, "received", "A", by=world.stranger, of=world.recycler, massKg="10"))
    record(world, batch(world, by=world.stranger, inputs=draw("A", "9", lotOf=world.recycler.code)))
    assert left(world, "A") == 1 * KG
    for fact, path in uses(world, world.recycler):
        assert refusals(world, fact) == [(path, "not_holder")]


def test_different_materials_are_not_merged(world: World, a: Lot):
    record(world, opened(world, "C", "10", material="copper"))
    merged = lot_fact(world, "lot_merged", "M", **{"from": [*draw("A", "1"), *draw("C", "1")]})
    assert refusals(world, merged) == [("details.from.1.lot", "wrong_value")]


# Batteries -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("processed_first", [True, False])
def test_a_battery_goes_into_a_batch_before_or_after_it_is_said_to_be_processed(world: World, processed_first: bool):
    pack = retired(world)
    told = [lambda: pack.processed(), lambda: record(world, batch(world, inputs=[battery(pack)]))]
    for tell in told if processed_first else reversed(told):
        tell()
    assert pack.record.stage == "processed"


def battery(pack: Life) -> dict[str, str]:
    return {"battery": pack.code, "massKg": "440"}


def test_a_battery_is_used_once(world: World):
    pack = retired(world)
    record(world, batch(world, inputs=[battery(pack)]))
    assert refusals(world, batch(world, "B-2", inputs=[battery(pack)])) == [
        ("details.inputs.0.battery", "already_used")
    ]
    both = [
        batch(world, "B-3", inputs=[battery(other := retired(world))]),
        batch(world, "B-4", inputs=[battery(other)]),
    ]
    assert refusals(world, *both) == [("details.inputs.0.battery", "already_used")]


def test_a_battery_is_used_once_under_whichever_of_its_names(world: World):
    pack = retired(world)
    pack.dispatched(world.stranger)
    world.battery("TMP-7").received(world.stranger).identified(pack, by=world.stranger)
    pack.received(world.stranger)
    record(world, batch(world, by=world.stranger, inputs=[{"battery": "TMP-7", "massKg": "440"}]))
    again = batch(world, "B-2", by=world.stranger, inputs=[battery(pack)])
    assert refusals(world, again) == [("details.inputs.0.battery", "already_used")]


def test_only_what_is_held_here_and_retired_goes_into_a_batch(world: World):
    unknown, driving = world.pack(), world.pack().produced().installed()
    elsewhere, whole = world.pack().produced().installed().removed(), world.pack(modules=1).produced()
    inputs = [battery(pack) for pack in (unknown, driving, elsewhere, world.battery(whole.module_codes[0]))]
    assert refusals(world, batch(world, inputs=inputs)) == [
        ("details.inputs.0.battery", "unknown_battery"),
        ("details.inputs.1.battery", "stage"),
        ("details.inputs.2.battery", "not_holder"),
        ("details.inputs.3.battery", "built_in"),
    ]


def test_what_was_received_in_the_same_list_goes_into_its_batch(world: World):
    pack = world.pack().produced().installed().removed().dispatched(world.recycler)
    received = world.fact("received", world.recycler, pack.code, massKg="440")
    record(world, received, batch(world, inputs=[battery(pack)]))


# Corrections ---------------------------------------------------------------------------------------------------------


def corrected(world: World, fact: Fact, replacement: dict[str, Any] | None) -> Fact:
    details = {"corrects": fact.key} | ({} if replacement is None else {"replacement": replacement})
    return world.fact("corrected", world.party(fact.organisation), **details)


def test_a_correction_makes_no_milligram_out_of_nothing(world: World):
    made = batch(world, outputs=[powder("P", "5")])
    record(world, made)
    record(world, lot_fact(world, "lot_sold", "P", massKg="4"))
    less = {
        "type": "batch",
        "occurredAt": "2022-01-02T00:00:00Z",
        "details": {"number": "B-1", "outputs": [powder("P", "3")]},
    }
    assert refusals(world, corrected(world, made, less)) == [("details.corrects", "overdrawn")]
    assert refusals(world, corrected(world, made, None)) == [("details.corrects", "overdrawn")]
    less["details"]["outputs"][0]["massKg"] = "4"
    record(world, corrected(world, made, less))
    assert left(world, "P") == 0


def test_a_correction_is_asked_what_a_new_fact_is_asked(world: World, a: Lot):
    sold = lot_fact(world, "lot_sold", "A", massKg="4")
    record(world, sold)
    more = {"type": "lot_sold", "occurredAt": "2022-03-01T00:00:00Z", "details": {"massKg": "10"}}
    record(world, corrected(world, sold, more))
    more["details"] = {"massKg": "11"}
    assert refusals(world, corrected(world, sold, more)) == [("details.replacement.details.massKg", "overdrawn")]
    other = {"type": "lot_sold", "occurredAt": "2022-03-01T00:00:00Z", "lot": "N", "details": {"massKg": "1"}}
    assert refusals(world, corrected(world, sold, other)) == [("details.replacement.lot", "unknown_lot")]
    batch_ = {"type": "batch", "occurredAt": "2022-03-01T00:00:00Z", "details": {"number": "B-1"}}
    assert refusals(world, corrected(world, sold, batch_)) == [("details.replacement.type", "wrong_value")]


def test_a_correction_wins_nobody_a_lot(world: World, a: Lot):
    record(world, sent := lot_fact(world, "dispatched", "A", to=world.stranger.code, massKg="10"))
    record(world, lot_fact(world, "received", "A", by=world.stranger, of=world.recycler, massKg="10"))
    # Without its dispatch the receipt is disputed, and the sender is one of the two: it has not won it back.
    record(world, corrected(world, sent, None))
    own = lot(world, "A")
    assert (own.holder, own.claimant) == (world.stranger.organisation, world.recycler.organisation)


def test_the_alliance_captures_what_contradicts_itself(world: World, a: Lot):
    facts = [fact for fact, _ in uses(world, world.stranger)]
    assert not world.capture([*facts, opened(world, "A"), batch(world, inputs=draw("N", "1"))]).problems


def test_what_is_quarantined_goes_into_no_batch(world: World):
    pack = world.pack().produced().installed().removed().dispatched(world.recycler)
    pack.received(world.recycler, condition="burnt")
    told = batch(world, inputs=[{"battery": pack.code, "massKg": "440"}], outputs=[powder("L", "440")])
    assert refusals(world, told) == [("details.inputs.0.battery", "quarantined")]


def taken_apart(world: World, at: float) -> tuple[Life, Life]:
    """A pack that the recycler holds, and its module that was taken out on a day."""
    module = world.module()
    pack = world.pack().produced(components=[{"code": module.code}], at=1).installed(at=2).removed(at=3)
    pack.dispatched(world.recycler, at=4).received(world.recycler, at=5)
    pack.repaired(world.recycler, removed=[module.code], at=at)
    return pack, module


@pytest.mark.parametrize(("out", "found"), [(10, []), (30, [("details.inputs.0.battery", "already_used")])])
def test_what_was_in_a_battery_when_that_was_used_was_used_with_it(world: World, out: float, found: list[Told]):
    pack, module = taken_apart(world, out)
    whole = [{"battery": pack.code, "massKg": "440"}]
    record(world, batch(world, "B-1", inputs=whole, outputs=[powder("L", "440")], at=20))
    part = [{"battery": module.code, "massKg": "25"}]
    again = batch(world, "B-2", inputs=part, outputs=[powder("M", "25")], at=40)
    if found:
        assert refusals(world, again) == found
    else:
        record(world, again)


def test_a_product_of_what_was_used_was_used_with_it(world: World):
    pack = world.pack().produced(at=1).installed(at=2).removed(at=3)
    pack.dispatched(world.recycler, at=4).received(world.recycler, at=5)
    whole = [{"battery": pack.code, "massKg": "440"}]
    record(world, batch(world, "B-1", inputs=whole, outputs=[powder("L", "440")], at=20))
    # As history: in its own words nobody sends on, or builds in, what was used up.
    pack.dispatched(world.second_life, at=21, captured=True).received(world.second_life, at=22)
    product = world.battery(factories.second_life_code(7))
    product.do("assembled", world.second_life, sources=[pack.code], at=23, captured=True)
    product.do("deployed", world.second_life, at=24, captured=True)
    product.do("decommissioned", world.recycler, at=25)
    part = [{"battery": product.code, "massKg": "440"}]
    again = batch(world, "B-2", inputs=part, outputs=[powder("M", "440")], at=40)
    assert refusals(world, again) == [("details.inputs.0.battery", "already_used")]


@pytest.mark.parametrize("received", ["2", "9000"])
def test_a_disputed_receiver_uses_no_more_than_it_received_and_learns_of_nothing_else(
    world: World, a: Lot, received: str
):
    thief = world.stranger
    record(world, lot_fact(world, "received", "A", by=thief, of=world.recycler, massKg=received, condition="intact"))
    for kilograms in ("2.5", "9001") if received == "2" else ("10.5",):
        inputs = draw("A", kilograms, lotOf=world.recycler.code)
        told = batch(world, inputs=inputs, outputs=[powder("L", kilograms)], by=thief)
        assert refusals(world, told) == [("details.inputs.0.massKg", "in_dispute")]
    sent = lot_fact(world, "dispatched", "A", by=thief, of=world.recycler, to=world.maker.code, massKg="7")
    assert refusals(world, sent) == [("details.massKg", "in_dispute")]
    mine = draw("A", "2", lotOf=world.recycler.code)
    record(world, batch(world, inputs=mine, outputs=[powder("L", "2")], by=thief))
