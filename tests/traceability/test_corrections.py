"""Corrections are events: nothing is changed, and the chain is judged as if the right thing had been said at once."""

from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from batteries.models import Battery, Installation
from tests import factories
from tests.histories import P, Told
from tests.traceability.test_order_of_arrival import correction_of, facts_of
from tests.worlds import Life, World, rolled_back
from traceability.errors import Refusal
from traceability.models import Component, LifecycleEvent, Organisation, Step, TransferItem
from traceability.verification import verify


def instead(type_: str, at: float, **details: Any) -> dict[str, Any]:
    battery = details.pop("battery", None)
    new = {"type": type_, "occurredAt": factories.moment(at), "details": details}
    return new | ({"battery": battery} if battery else {})


def told(life: Life) -> list[tuple[str, str]]:
    return [(step.type, step.key) for step in life.steps]


@pytest.fixture
def pack(world: World) -> Life:
    """Produced, installed, removed, dispatched to the recycler (days 1 to 4, keys p, i, r, d) and received (day 5)."""
    life = world.pack().produced(at=1, key="p").installed(at=2, key="i").removed(at=3, key="r")
    return life.dispatched(to=world.recycler, at=4, key="d").received(by=world.recycler, at=5, key="x")


def test_a_replacement_stands_in_the_originals_place_with_its_key(world: World, pack: Life) -> None:
    pack.corrected("d", instead("dispatched", 4.5, to=world.stranger.code, waybill="W-2"))
    assert told(pack) == [("produced", "p"), ("installed", "i"), ("removed", "r"), ("dispatched", "d"), ("received", "x")]  # fmt: skip  # noqa: E501
    assert pack.faults == [("received", "unannounced_receipt")]
    assert pack.record.claimant == world.workshop.organisation
    (item,) = TransferItem.objects.all()
    assert (item.transfer.receiver, item.transfer.waybill, item.status) == (
        world.stranger.organisation,
        "W-2",
        "diverted",
    )


def test_nothing_that_was_recorded_is_touched(world: World, pack: Life) -> None:
    before = list(LifecycleEvent.objects.values_list())
    pack.corrected("d", None)
    assert list(LifecycleEvent.objects.values_list())[: len(before)] == before
    assert [event.type for event in pack.events][-1] == "corrected"
    assert list(verify()) == []


def test_both_the_original_and_the_correction_have_a_row_but_one_counts(world: World, pack: Life) -> None:
    pack.corrected("d", instead("dispatched", 4.5, to=world.recycler.code))
    rows = Step.objects.filter(record=pack.record, key__in=["d", pack.key]).order_by("event_id")
    assert [(row.type, row.key, row.effective) for row in rows] == [
        ("dispatched", "d", False),
        ("dispatched", "d", True),
    ]
    assert rows[1].reported_ms == rows[0].reported_ms
    assert rows[1].arrival == rows[0].event_id


def test_what_is_withdrawn_never_was(world: World, pack: Life) -> None:
    pack.corrected("x", None)
    assert (pack.record.holder, pack.record.transit_to) == (world.workshop.organisation, world.recycler.organisation)
    assert [key for _, key in told(pack)] == ["p", "i", "r", "d"]


def test_a_correction_may_change_the_time_and_so_the_order(world: World, pack: Life) -> None:
    pack.corrected("x", instead("received", 3.5, massKg="440"))
    assert [key for _, key in told(pack)] == ["p", "i", "r", "x", "d"]


def test_a_fact_moves_to_the_battery_it_was_about(world: World, pack: Life) -> None:
    other = world.pack().produced(at=1).installed(at=2)
    pack.corrected(
        "r", instead("removed", 3, battery=other.code, reason="repair"), of=world.workshop, by=world.alliance
    )
    assert [key for _, key in told(pack)] == ["p", "i", "d", "x"]
    assert ("removed", "r") in told(other)
    assert (other.record.stage, other.record.holder) == ("retired", world.workshop.organisation)
    assert [fault for fault in pack.faults if fault[0] == "dispatched"] == [("dispatched", "missing_link")]
    # And back again.
    pack.corrected("r", instead("removed", 3, battery=pack.code), of=world.workshop, by=world.alliance)
    assert (pack.faults, other.record.stage) == ([], "in_vehicle")


def test_a_fact_moves_to_a_battery_that_nobody_knew(world: World, pack: Life) -> None:
    other = world.pack()
    pack.corrected("x", instead("received", 5, battery=other.code))
    assert (told(other), other.record.holder) == ([("received", "x")], world.recycler.organisation)
    assert Battery.objects.filter(record=other.record).exists()


def test_a_withdrawn_correction_was_never_made(world: World, pack: Life) -> None:
    pack.corrected("x", None)
    pack.corrected(pack.key, None)
    assert (pack.record.holder, pack.faults) == (world.recycler.organisation, [])
    assert told(pack)[-1] == ("received", "x")


def test_a_correction_of_a_correction_counts_in_its_place(world: World, pack: Life) -> None:
    pack.corrected("d", instead("dispatched", 4, to=world.stranger.code))
    pack.corrected(pack.key, instead("dispatched", 4, to=world.recycler.code, massKg="441"))
    assert pack.faults == []
    assert TransferItem.objects.get().sent_mg == 441_000_000


def test_the_latest_correction_decides(world: World, pack: Life) -> None:
    pack.corrected("d", None).corrected("d", instead("dispatched", 4, to=world.recycler.code))
    assert pack.faults == []
    pack.corrected("d", None)
    assert pack.faults == [("received", "unannounced_receipt")]


def test_the_alliance_corrects_for_anyone(world: World, pack: Life) -> None:
    pack.corrected("x", None, by=world.alliance, of=world.recycler)
    assert pack.record.holder == world.workshop.organisation


# Who may not, and what not -------------------------------------------------------------------------------------------


def refused(world: World, pack: Life, *arguments: Any, **more: Any) -> tuple[str, list[str]]:
    before, steps = LifecycleEvent.objects.count(), told(pack)
    with pytest.raises(Refusal) as error:
        pack.corrected(*arguments, **more)
    assert (LifecycleEvent.objects.count(), told(pack)) == (before, steps)
    return error.value.code, error.value.path


def test_nobody_corrects_what_another_recorded_nor_learns_that_it_exists(world: World, pack: Life) -> None:
    told_of_another = refused(world, pack, "d", None, by=world.recycler, of=world.workshop)
    told_of_nothing = refused(world, pack, "no-such-key", None, by=world.recycler)
    assert told_of_another == told_of_nothing == ("unknown_event", ["details", "corrects"])


def test_what_the_ledger_wrote_is_corrected_with_its_cause_only(world: World) -> None:
    pack = world.pack(modules=1).produced().installed().removed(world.dismantler).dismantled()
    module = world.battery(pack.module_codes[0])
    key = module.steps[0].key
    assert refused(world, module, key, None, by=world.dismantler) == ("unknown_event", ["details", "corrects"])


def test_a_replacement_is_judged_at_its_place(world: World, pack: Life) -> None:
    found = refused(world, pack, "d", instead("dispatched", 2.5, to=world.recycler.code))
    assert found == ("stage", ["details", "replacement", "battery"])


def test_a_replacement_needs_the_role(world: World, pack: Life) -> None:
    found = refused(world, pack, "d", instead("processed", 4, batch="B"))
    assert found == ("role", ["details", "replacement", "type"])


def test_who_corrects_needs_the_role_of_what_it_corrects(world: World, pack: Life) -> None:
    """The alliance may have captured it; to change it in the own name takes the role."""
    pack.do("installed", world.recycler, at=6, key="in", captured=True, vin=world.vin())
    assert refused(world, pack, "in", None) == ("role", ["type"])
    pack.corrected("in", None, by=world.alliance, of=world.recycler)
    assert pack.record.stage == "retired"


def test_the_alliance_needs_the_role_for_what_it_corrects_in_its_own_name(world: World, pack: Life) -> None:
    pack.recalled(by=world.alliance, at=6, key="rc")
    instead_of_it = refused(world, pack, "rc", instead("lost", 6), by=world.alliance)
    assert instead_of_it == ("role", ["details", "replacement", "type"])
    pack.corrected("rc", instead("recalled", 6, campaign="R-2"), by=world.alliance)
    # Nobody else is quoted with what only the alliance may say.
    quoted = refused(world, pack, "x", instead("dispute_decided", 5), by=world.alliance, of=world.recycler)
    assert quoted == ("role", ["details", "replacement", "type"])
    pack.corrected("x", instead("lost", 5), by=world.alliance, of=world.recycler)
    assert pack.record.stage == "lost"


def test_the_alliance_corrects_its_own_correction_of_another(world: World, pack: Life) -> None:
    pack.corrected("x", None, by=world.alliance, of=world.recycler)
    quoted = refused(world, pack, pack.key, instead("dispute_decided", 5), by=world.alliance)
    assert quoted == ("role", ["details", "replacement", "type"])
    pack.corrected(pack.key, instead("received", 5, massKg="441"), by=world.alliance)
    assert pack.record.holder == world.recycler.organisation


def test_a_replacement_does_not_dispatch_to_its_sender(world: World, pack: Life) -> None:
    found = refused(world, pack, "d", instead("dispatched", 4, to=world.workshop.code))
    assert found == ("wrong_value", ["details", "replacement", "details", "to"])


def test_who_filed_the_code_corrects_its_recall_of_what_it_never_registered(world: World) -> None:
    pack = world.pack().received(by=world.recycler).recalled(by=world.maker, key="rc")
    pack.corrected("rc", instead("recalled", 3, campaign="R-2"))
    assert pack.faults == [("received", "unknown_origin")]


def test_a_battery_fact_does_not_become_one_of_an_organisation(world: World, pack: Life) -> None:
    found = refused(
        world, pack, "d", instead("vehicle_scrapped", 4, vin=world.vin()), by=world.alliance, of=world.workshop
    )
    assert found == ("wrong_value", ["details", "replacement", "type"])


def test_a_replacement_needs_an_addressee_that_exists(world: World, pack: Life) -> None:
    found = refused(world, pack, "d", instead("dispatched", 4, to=factories.organisation_code(99)))
    assert found == ("unknown_organisation", ["details", "replacement", "details", "to"])


def test_another_battery_than_the_originals_is_refused(world: World, pack: Life) -> None:
    assert refused(world, pack, "d", None, battery=world.pack_code())[0] == "wrong_value"


# What cannot be won by it --------------------------------------------------------------------------------------------


def test_withdrawing_a_dispatch_does_not_bring_the_battery_back(world: World, pack: Life) -> None:
    """Taken in again in dispute, it would be the recycler's as if it had never sent it."""
    pack.dispatched(to=world.stranger, at=6, key="on").received(by=world.stranger, at=7).received(by=world.recycler, at=8)  # fmt: skip  # noqa: E501
    assert (pack.record.claimant, pack.record.intruder) == (world.stranger.organisation, world.recycler.organisation)
    assert refused(world, pack, "on", None) == ("not_holder", ["details", "corrects"])
    pack.corrected("on", None, by=world.alliance, of=world.recycler)
    assert (pack.record.claimant, pack.record.holder) == (None, world.recycler.organisation)


def test_a_removal_put_later_does_not_take_the_battery_from_who_built_it_in_since(world: World, pack: Life) -> None:
    pack.dispatched(to=world.maker, at=6).received(by=world.maker, at=7).installed(at=8)
    assert refused(world, pack, "r", instead("removed", 9)) == ("not_holder", ["details", "corrects"])
    assert (pack.record.stage, pack.record.holder) == ("in_vehicle", world.maker.organisation)


def undisputed_holder(life: Life) -> int | None:
    record = life.record
    return record.holder_id if record.holder_id != record.intruder_id else None


@st.composite
def handed_about(draw: st.DrawFn, by: str | None = None) -> Told:
    """One of two companies that both build in and take out does something with the pack."""
    by = by or draw(st.sampled_from(["maker", "importer"]))
    type_ = draw(st.sampled_from(["dispatched", "dispatched", "received", "received", "installed", "removed"]))
    details = {"dispatched": {"to": "importer" if by == "maker" else "maker"}, "installed": {"vin": factories.vin(1)}}
    return Told(type_, by, P, tuple(details.get(type_, {}).items()))


@given(data=st.data())
def test_no_correction_wins_its_recorder_the_battery(world: World, data: st.DataObject) -> None:
    history = [Told("produced", "maker", P), *data.draw(st.lists(handed_about(), min_size=2, max_size=6))]
    number = data.draw(st.integers(1, len(history) - 1))
    right = history[number]
    who = getattr(world, right.by)
    with rolled_back():
        world.capture(facts_of(world, history))
        life = world.battery(P)
        before = undisputed_holder(life)
        new = data.draw(st.none() | st.just(right) | handed_about(right.by))
        day = data.draw(st.integers(1, len(history))) + 0.5
        correction = correction_of(world, f"f{number + 1}", right.by, new, day, 1)
        receipt = world.record(correction, by=who, on_error="proceed")
        event(receipt.entries[0].status)
        assert before == who.id or undisputed_holder(life) != who.id


# What hangs on it ----------------------------------------------------------------------------------------------------


def test_an_installation_is_corrected_with_its_vehicle(world: World, pack: Life) -> None:
    vin = world.vin()
    pack.corrected("i", instead("installed", 2.5, vin=vin))
    (row,) = Installation.objects.all()
    assert (row.vin, row.since_ms) == (vin, pack.steps[1].occurred_ms)


def test_a_tree_of_parts_is_corrected(world: World) -> None:
    pack = world.pack(modules=2).produced(key="p", at=1)
    right = world.module_code()
    pack.corrected("p", instead("produced", 1, model="NCM-80", components=[{"code": right}]))
    assert list(Component.objects.values_list("code", "parent_code")) == [(right, pack.code)]
    assert Battery.objects.get(record=pack.record).model_number == "NCM-80"


@pytest.fixture
def repaired(world: World) -> Life:
    life = world.pack(modules=2).produced(at=1).installed(at=2)
    return life.repaired(removed=[life.module_codes[0]], at=3, key="rep")


def parts_alive(life: Life) -> list[bool]:
    """Which of the modules are out: have a release that stands."""
    return [
        Step.objects.filter(record__code=code, type="released", effective=True).exists() for code in life.module_codes
    ]


def test_a_corrected_repair_releases_other_parts(world: World, repaired: Life) -> None:
    assert parts_alive(repaired) == [True, False]
    repaired.corrected("rep", instead("repaired", 3, removed=[repaired.module_codes[1]]))
    assert parts_alive(repaired) == [False, True]
    repaired.corrected("rep", instead("repaired", 3, removed=repaired.module_codes))
    assert parts_alive(repaired) == [True, True]
    repaired.corrected("rep", None)
    assert parts_alive(repaired) == [False, False]
    assert [stay.until_ms for stay in Component.objects.all()] == [None, None]
    repaired.corrected(repaired.key, None)
    assert parts_alive(repaired) == [True, True]
    assert list(verify()) == []


def test_a_withdrawn_dismantling_puts_the_parts_back(world: World) -> None:
    pack = world.pack(modules=2).produced().installed().removed(world.dismantler).dismantled()
    assert parts_alive(pack) == [True, True]
    pack.corrected(pack.key, None)
    assert (pack.record.stage, parts_alive(pack)) == ("retired", [False, False])
    assert world.battery(pack.module_codes[0]).record.part_of == pack.code


# Identification ------------------------------------------------------------------------------------------------------


def test_a_provisional_battery_goes_on_as_the_true_one(world: World, pack: Life) -> None:
    pack.dispatched(to=world.stranger, at=6)
    found = world.battery("TMP-1").received(by=world.stranger, at=7)
    found.identified(pack, at=8)
    assert pack.record.holder == world.stranger.organisation
    assert pack.faults == []
    assert found.record == pack.record
    found.processed(at=9)
    assert (pack.record.stage, pack.faults) == ("processed", [])


def test_a_wrong_identification_is_corrected(world: World, pack: Life) -> None:
    wrong = world.pack().produced(at=1)
    found = world.battery("TMP-1").received(by=world.stranger, at=7).identified(wrong, at=8, key="id")
    assert wrong.record.holder == world.stranger.organisation
    found.corrected("id", instead("identified", 8, **{"as": pack.code}))
    assert (wrong.record.holder, wrong.record.stage) == (world.maker.organisation, "produced")
    assert wrong.faults == []
    assert (pack.record.holder, found.record) == (world.stranger.organisation, pack.record)


def test_a_withdrawn_identification_leaves_two_chains(world: World, pack: Life) -> None:
    found = world.battery("TMP-1").received(by=world.stranger, at=7).identified(pack, at=8, key="id")
    found.corrected("id", None)
    assert pack.record.holder == world.recycler.organisation
    assert (found.record.code, found.record.holder) == ("TMP-1", world.stranger.organisation)
    assert told(found) == [("received", found.steps[0].key)]
    found.identified(pack, at=9)
    assert pack.record.holder == world.stranger.organisation


def test_a_battery_is_identified_once(world: World, pack: Life) -> None:
    found = world.battery("TMP-1").received(by=world.stranger, at=7).identified(pack, at=8)
    with pytest.raises(Refusal) as error:
        found.identified(world.pack(), by=world.stranger, at=9)
    assert error.value.code == "already_identified"
    with pytest.raises(Refusal) as error:
        pack.identified(world.pack(), by=world.stranger)
    assert error.value.code == "not_provisional"


def test_a_provisional_code_of_another_is_taken(world: World) -> None:
    world.battery("TMP-1").received(by=world.recycler)
    with pytest.raises(Refusal) as error:
        world.battery("TMP-1").received(by=world.stranger)
    assert (error.value.code, error.value.path) == ("wrong_value", ["battery"])


# Late facts ----------------------------------------------------------------------------------------------------------


def test_a_late_fact_takes_its_place(world: World) -> None:
    pack = world.pack().produced(at=1).installed(at=2)
    pack.received(by=world.recycler, at=9)
    assert pack.faults == [("received", "missing_link")]
    pack.removed(world.workshop, at=5).dispatched(to=world.recycler, by=world.workshop, at=6)
    assert [step.type for step in pack.steps] == ["produced", "installed", "removed", "dispatched", "received"]
    assert (pack.faults, pack.record.holder, pack.record.claimant) == ([], world.recycler.organisation, None)


def test_a_late_claim_is_judged_at_its_place_and_later_facts_are_not_judged_again(world: World) -> None:
    pack = world.pack().produced(at=1).installed(at=5)
    pack.dispatched(to=world.recycler, by=world.maker, at=3)
    assert pack.record.stage == "in_vehicle"
    with pytest.raises(Refusal) as error:
        pack.dispatched(to=world.recycler, by=world.maker, at=6)
    assert error.value.code == "stage"


# Master data ---------------------------------------------------------------------------------------------------------


def test_what_was_said_of_an_organisation_is_corrected(world: World) -> None:
    code = factories.organisation_code(50)
    fact = world.fact("organisation", world.alliance, key="o", at=1, code=code, name="甲", roles=["outlet"])
    world.capture([fact])
    replacement = instead("organisation", 1, code=code, name="乙", roles=["recycler"])
    world.capture([world.fact("corrected", world.alliance, corrects="o", replacement=replacement)])
    row = Organisation.objects.get(code=code)
    assert (row.name, row.role_set) == ("乙", frozenset({"recycler"}))
