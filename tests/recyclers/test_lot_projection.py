"""What becomes of lots: where they come from, who has them, what is left, whatever the order in which it is told."""

import pytest

from recyclers.models import Batch, BatchInput, BatchOutput, Lot, LotMovement, Residue
from tests.recyclers.materials import KG, batch, left, lot, lot_fact, opened, powder, record
from tests.worlds import World
from traceability import rebuilding
from traceability.facts import Fact
from traceability.models import Transfer, TransferItem

pytestmark = pytest.mark.django_db


def test_a_batch_is_kept_with_what_went_in_what_came_out_and_what_was_left_behind(world: World):
    pack = world.pack().produced().installed().removed()
    pack.dispatched(world.recycler, by=world.workshop).received(world.recycler)
    record(world, opened(world, "IN-1", "500"))
    record(
        world,
        batch(
            world,
            inputs=[
                {"battery": pack.code, "massKg": "412.5"},
                {"lot": "IN-1", "massKg": "300"},
                {"reagent": "lime", "massKg": "5"},
            ],
            outputs=[powder("BM-1", "280", moisturePercent="1.25", assay={"ni": "22.2"})],
            residues=[{"kind": "slag", "massKg": "20", "manifest": "M-1"}],
            startedAt="2022-01-02T00:00:00Z",
        ),
    )
    row = Batch.objects.get()
    assert (row.organisation.code, row.number, row.process) == (world.recycler.code, "B-1", "crushing")
    inputs = [(i.battery, i.lot and i.lot.number, i.reagent, i.mass_mg) for i in BatchInput.objects.all()]
    assert inputs == [
        (pack.code, None, "", 412_500_000),
        ("", "IN-1", "", 300 * KG),
        ("", None, "lime", 5 * KG),
    ]
    output = BatchOutput.objects.get()
    assert (output.lot.number, output.moisture_ppb, output.assay) == ("BM-1", 12_500_000, {"ni": 222_000_000})
    assert (Residue.objects.get().kind, Residue.objects.get().mass_mg) == ("slag", 20 * KG)
    made = lot(world, "BM-1")
    assert (made.origin, made.material, made.mass_mg, made.holder) == (
        "batch",
        "electrode_powder",
        280 * KG,
        world.recycler.organisation,
    )
    assert (left(world, "IN-1"), left(world, "BM-1")) == (200 * KG, 280 * KG)


def test_a_split_has_the_content_of_its_lot_and_the_rest_stays(world: World):
    record(world, opened(world, "A", "10", moisturePercent="3"))
    record(world, lot_fact(world, "lot_split", "A", into=[{"lot": "A1", "massKg": "4"}, {"lot": "A2", "massKg": "5"}]))
    assert [left(world, number) for number in ("A", "A1", "A2")] == [1 * KG, 4 * KG, 5 * KG]
    part = lot(world, "A1")
    assert (part.origin, part.material, part.moisture_ppb) == ("split", "electrode_powder", 30_000_000)


def test_a_merger_has_the_content_of_its_lots_where_they_agree(world: World):
    record(world, opened(world, "A", "10", moisturePercent="3"), opened(world, "B", "10", moisturePercent="3"))
    record(world, opened(world, "C", "10", moisturePercent="4"))
    taken = [{"lot": "A", "massKg": "10"}, {"lot": "B", "massKg": "1"}]
    record(world, lot_fact(world, "lot_merged", "AB", **{"from": taken}))
    record(
        world,
        lot_fact(world, "lot_merged", "ABC", **{"from": [{"lot": "AB", "massKg": "11"}, {"lot": "C", "massKg": "2"}]}),
    )
    assert [left(world, number) for number in ("A", "B", "C", "AB", "ABC")] == [0, 9 * KG, 8 * KG, 0, 13 * KG]
    same, mixed = lot(world, "AB"), lot(world, "ABC")
    assert (same.moisture_ppb, same.mixed) == (30_000_000, False)
    assert (mixed.material, mixed.moisture_ppb, mixed.mixed) == ("electrode_powder", None, True)


def test_a_late_batch_gives_its_content_to_all_that_was_made_of_its_lots(world: World):
    split = lot_fact(world, "lot_split", "BM-1", into=[{"lot": "BM-1a", "massKg": "1"}], at=20)
    world.capture([split, lot_fact(world, "lot_split", "BM-1a", into=[{"lot": "BM-1b", "massKg": "1"}], at=21)])
    before = lot(world, "BM-1b")
    assert (before.material, before.origin, left(world, "BM-1")) == ("", "split", -1 * KG)
    assert LotMovement.objects.get(lot__number="BM-1").fault == "unknown_lot"
    world.capture([batch(world, outputs=[powder("BM-1", "280")], at=10)])
    assert lot(world, "BM-1b").material == "electrode_powder"
    assert left(world, "BM-1") == 279 * KG
    assert not LotMovement.objects.exclude(fault="").exists()


def test_a_corrected_batch_takes_its_lots_with_it(world: World):
    made = batch(world, outputs=[powder("BM-1", "280"), powder("BM-9", "1")])
    record(world, made)
    replacement = {
        "type": "batch",
        "occurredAt": "2022-03-01T00:00:00Z",
        "details": {"number": "B-7", "outputs": [powder("BM-1", "281")]},
    }
    record(world, world.fact("corrected", world.recycler, corrects=made.key, replacement=replacement))
    assert [(row.number, row.process) for row in Batch.objects.all()] == [("B-7", "")]
    assert (left(world, "BM-1"), Lot.objects.filter(number="BM-9").exists()) == (281 * KG, False)
    record(world, world.fact("corrected", world.recycler, corrects=made.key))
    assert not Batch.objects.exists()
    assert not Lot.objects.exists()


def handed(world: World, kilograms: str = "1000", received: str | None = None) -> list[Fact]:
    """A lot that is opened here and goes to the stranger, who may receive it."""
    record(world, opened(world, "A", kilograms))
    facts = [
        lot_fact(world, "dispatched", "A", to=world.stranger.code, massKg=kilograms, waybill="W-1"),
    ]
    if received is not None:
        facts.append(lot_fact(world, "received", "A", by=world.stranger, of=world.recycler, massKg=received))
    for fact in facts:
        record(world, fact)
    return facts


def test_a_lot_changes_hands_as_a_whole_and_what_the_other_scale_said_is_kept(world: World):
    handed(world)
    own = lot(world, "A")
    assert (own.holder, own.transit_to) == (world.recycler.organisation, world.stranger.organisation)
    record(world, lot_fact(world, "received", "A", by=world.stranger, of=world.recycler, massKg="998"))
    own = lot(world, "A")
    assert (own.holder, own.transit_to, left(world, "A")) == (world.stranger.organisation, None, 1000 * KG)
    item = TransferItem.objects.get()
    assert (item.status, item.sent_mg, item.received_mg) == ("received", 1000 * KG, 998 * KG)
    assert Transfer.objects.get().waybill == "W-1"


def test_a_refused_lot_stays_with_its_sender(world: World):
    handed(world)
    record(world, lot_fact(world, "refused", "A", by=world.stranger, of=world.recycler, massKg="1000"))
    own = lot(world, "A")
    assert (own.holder, own.transit_to) == (world.recycler.organisation, None)
    assert TransferItem.objects.get().status == "refused"


def test_lots_and_batteries_under_one_waybill_are_one_consignment(world: World):
    handed(world)
    world.pack().produced(by=world.maker).installed().removed(by=world.recycler).dispatched(
        world.stranger, waybill="W-1"
    )
    assert Transfer.objects.count() == 1
    assert Transfer.objects.get().items.count() == 2


def test_what_nobody_announced_is_recorded_and_disputed_while_another_holds_it(world: World):
    record(world, opened(world, "A"))
    record(world, lot_fact(world, "received", "A", by=world.stranger, of=world.recycler, massKg="1000"))
    own = lot(world, "A")
    assert (own.claimant, own.intruder) == (world.recycler.organisation, world.stranger.organisation)
    movement = LotMovement.objects.get(kind="received")
    assert (movement.unannounced, movement.disputed, movement.keeper) == (True, True, None)
    record(world, lot_fact(world, "dispatched", "A", to=world.stranger.code, massKg="1000"))
    own = lot(world, "A")
    assert (own.holder, own.claimant, own.intruder) == (world.stranger.organisation, None, None)
    assert TransferItem.objects.get().status == "received"


def test_a_lot_without_papers_weighs_what_it_weighed_at_its_first_receipt_until_its_maker_speaks(world: World):
    record(world, lot_fact(world, "received", "X", by=world.stranger, of=world.recycler, massKg="70"))
    assert (lot(world, "X").origin, left(world, "X")) == ("received", 70 * KG)
    record(world, batch(world, outputs=[powder("X", "71")], at=0.5))
    assert (lot(world, "X").origin, left(world, "X")) == ("batch", 71 * KG)


def test_history_that_contradicts_itself_is_stored_and_marked(world: World):
    drawn = [{"lot": "A", "massKg": "8"}]
    world.capture(
        [
            opened(world, "A", "10"),
            batch(world, "B-1", inputs=drawn, outputs=[powder("P", "5")]),
            batch(world, "B-1", inputs=drawn, outputs=[powder("P", "5")]),
            lot_fact(world, "lot_sold", "A", by=world.stranger, of=world.recycler, massKg="0"),
        ]
    )
    assert (left(world, "A"), left(world, "P"), Batch.objects.count()) == (-6 * KG, 10 * KG, 2)
    faults = LotMovement.objects.exclude(fault="").order_by("occurred_ms", "place")
    assert list(faults.values_list("lot__number", "kind", "fault")) == [
        ("A", "drawn", "overdrawn"),
        ("P", "output", "made_twice"),
        ("A", "sold", "custody_break"),
    ]


def test_a_moved_hand_over_belongs_to_the_other_lot(world: World):
    record(world, opened(world, "B"))
    [sent] = handed(world)
    replacement = {
        "type": "dispatched",
        "occurredAt": "2022-03-01T00:00:00Z",
        "lot": "B",
        "details": {"to": world.stranger.code, "massKg": "1000", "waybill": "W-1"},
    }
    record(world, world.fact("corrected", world.recycler, corrects=sent.key, replacement=replacement))
    assert (lot(world, "A").transit_to, lot(world, "B").transit_to) == (None, world.stranger.organisation)
    assert TransferItem.objects.get().record.code == f"{world.recycler.code}/B"
    assert rebuilding.rebuild().differed == set()


def test_a_rebuild_finds_what_was_tampered_with_and_puts_it_right(world: World):
    handed(world, received="998")
    record(world, batch(world, outputs=[powder("P", "5")]))
    assert rebuilding.rebuild().differed == set()
    Lot.objects.filter(number="A").update(holder=None)
    LotMovement.objects.filter(lot__number="P").update(mg=1)
    Batch.objects.update(process="material_repair")
    code = world.recycler.code
    assert rebuilding.rebuild().differed == {f"{code}/A", f"{code}/P", f"{code}/B-1"}
    assert left(world, "P") == 5 * KG
    assert rebuilding.rebuild().differed == set()
