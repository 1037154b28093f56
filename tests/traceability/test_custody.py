"""Custody from one hand to the next: what a receipt finds, what is refused, and calls that are repeated."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from tests import factories
from tests.worlds import Life, Party, World, rolled_back
from traceability import custody
from traceability.custody import Outcome, ReceivedItem
from traceability.errors import Refusal
from traceability.models import LifecycleEvent, TransferItem

DAYS = 100  # after everything that a life tells by itself


def at(day: float) -> str:
    return factories.moment(DAYS + day)


def receive(by: Party, *items: Any, key: str = "r-1", day: float = 5, **more: Any) -> list[ReceivedItem]:
    given = [item if isinstance(item, dict) else {"code": item.code} for item in items]
    return custody.receive(given, occurred_at=at(day), by=by.viewer, idempotency_key=key, **more)


def dispatch(
    by: Party, to: Party, *lives: Life, key: str = "d-1", day: float = 0, mass: str = "440", **more: Any
) -> Any:
    items = [{"code": life.code, "massKg": mass} for life in lives]
    return custody.dispatch(items, to=to.code, occurred_at=at(day), by=by.viewer, idempotency_key=key, **more)


def retired(world: World) -> Life:
    """A pack that the workshop took out of a vehicle and holds."""
    return world.pack().produced().installed().sold().removed()


def on_its_way(world: World, *, count: int = 1, **more: Any) -> list[Life]:
    lives = [retired(world) for _ in range(count)]
    dispatch(world.workshop, world.recycler, *lives, **more)
    return lives


def codes(item: ReceivedItem) -> list[str]:
    return [warning.code for warning in item.warnings]


def events() -> int:
    return LifecycleEvent.objects.count()


# What a receipt finds


def announced(world: World) -> dict[str, Any]:
    return {"code": on_its_way(world)[0].code}


def recalled_on_the_way(world: World) -> dict[str, Any]:
    [life] = on_its_way(world)
    life.recalled(campaign="R-7")
    return {"code": life.code}


def held_by_another(world: World) -> dict[str, Any]:
    return {"code": retired(world).code}


def sent_to_another(world: World) -> dict[str, Any]:
    life = retired(world)
    dispatch(world.workshop, world.stranger, life)
    return {"code": life.code}


def in_a_vehicle(world: World) -> dict[str, Any]:
    return {"code": world.pack().produced().installed().code}


def processed_here(world: World) -> dict[str, Any]:
    [life] = on_its_way(world)
    life.received(by=world.recycler, at=DAYS + 1).processed(at=DAYS + 2)
    return {"code": life.code}


def part_of_anothers_pack(world: World) -> dict[str, Any]:
    pack = world.pack(modules=1).produced().installed().sold().removed()
    return {"code": pack.module_codes[0]}


def part_of_an_own_pack(world: World) -> dict[str, Any]:
    pack = world.pack(modules=1).produced().installed().sold().removed().dispatched(to=world.recycler)
    return {"code": pack.received(by=world.recycler).module_codes[0]}


def never_registered(world: World) -> dict[str, Any]:
    return {"code": world.pack_code()}


def unknown_part(world: World) -> dict[str, Any]:
    return {"code": world.module_code()}


def unreadable(_world: World) -> dict[str, Any]:
    return {"payload": "~~scratched~~"}


def found_again(world: World) -> dict[str, Any]:
    [life] = on_its_way(world)
    life.received(by=world.recycler, at=DAYS + 1).lost(at=DAYS + 2)
    return {"code": life.code}


@pytest.mark.parametrize(
    ("prepare", "said", "outcome", "warnings"),
    [
        pytest.param(announced, {"massKg": "440"}, Outcome.RECEIVED, [], id="as sent"),
        pytest.param(announced, {}, Outcome.RECEIVED, [], id="nothing said about mass or condition"),
        pytest.param(announced, {"massKg": "444.4"}, Outcome.RECEIVED, [], id="mass off by just the percent"),
        pytest.param(
            announced, {"massKg": "444.400001"}, Outcome.RECEIVED_WITH_DIFFERENCES, ["mass_difference"], id="too heavy"
        ),
        pytest.param(
            announced, {"massKg": "435.5"}, Outcome.RECEIVED_WITH_DIFFERENCES, ["mass_difference"], id="too light"
        ),
        pytest.param(announced, {"condition": "damaged"}, Outcome.RECEIVED_WITH_DIFFERENCES, ["damaged"], id="damaged"),
        pytest.param(announced, {"condition": "leaking"}, Outcome.QUARANTINED, ["damaged"], id="leaking"),
        pytest.param(
            announced,
            {"condition": "burnt", "massKg": "1"},
            Outcome.QUARANTINED,
            ["damaged", "mass_difference"],
            id="burnt, and lighter",
        ),
        pytest.param(recalled_on_the_way, {}, Outcome.RECEIVED, ["recalled"], id="recalled"),
        pytest.param(
            held_by_another, {}, Outcome.DISPUTED, ["held_by_another", "implausible_travel"], id="held by another"
        ),
        pytest.param(
            held_by_another,
            {"condition": "leaking"},
            Outcome.QUARANTINED,
            ["held_by_another", "damaged", "implausible_travel"],
            id="held by another and leaking",
        ),
        pytest.param(
            sent_to_another, {}, Outcome.DISPUTED, ["held_by_another", "announced_to_another"], id="sent to another"
        ),
        pytest.param(
            in_a_vehicle, {}, Outcome.CONFLICT, ["not_possible_here", "held_by_another"], id="still in a vehicle"
        ),
        pytest.param(
            processed_here, {}, Outcome.CONFLICT, ["not_possible_here", "not_expected_here"], id="processed here"
        ),
        pytest.param(
            part_of_anothers_pack,
            {},
            Outcome.DISPUTED,
            ["held_by_another", "implausible_travel"],
            id="part of another's pack",
        ),
        pytest.param(part_of_an_own_pack, {}, Outcome.UNANNOUNCED, ["not_expected_here"], id="part of an own pack"),
        pytest.param(never_registered, {}, Outcome.UNANNOUNCED, ["not_expected_here", "unregistered"], id="unknown"),
        pytest.param(
            unknown_part, {}, Outcome.UNANNOUNCED, ["not_expected_here", "unregistered_part"], id="unknown module"
        ),
        pytest.param(
            unreadable, {}, Outcome.QUARANTINED, ["code_unreadable", "not_expected_here"], id="cannot be read"
        ),
        pytest.param(found_again, {}, Outcome.UNANNOUNCED, ["not_expected_here"], id="lost and found here"),
    ],
)
def test_a_receipt_says_what_the_record_found(
    world: World,
    prepare: Callable[[World], dict[str, Any]],
    said: dict[str, Any],
    outcome: Outcome,
    warnings: list[str],
) -> None:
    given = prepare(world) | said
    [item] = receive(world.recycler, given)
    assert (item.outcome, codes(item)) == (outcome, warnings)
    assert item.event_id == LifecycleEvent.objects.get(key=f"r-1#{item.code}").id
    # The dock is the truth about custody, whatever the record thought.
    assert world.battery(item.code).record.holder == world.recycler.organisation


def test_the_same_call_again_gives_the_same_answers_and_writes_nothing(world: World) -> None:
    first, second = on_its_way(world, count=2)
    items = [
        {"code": first.code, "massKg": "400", "condition": "damaged"},
        {"payload": "~~"},
        {"code": world.pack_code()},
        {"code": second.code, "massKg": "440.0"},
        {"code": second.code},
    ]
    answers = receive(world.recycler, *items)
    before = events()
    again = receive(world.recycler, *items)
    assert [(a.code, a.outcome, codes(a), a.event_id) for a in again] == [
        (a.code, a.outcome, codes(a), a.event_id) for a in answers
    ]
    assert [a.replayed for a in again] == [True, True, True, True, False]
    assert events() == before


def test_a_call_repeated_after_the_battery_went_on_records_nothing_new(world: World) -> None:
    """The second item was a duplicate at first; that it has left since does not make it one to receive."""
    first, second = on_its_way(world, count=2)
    receive(world.recycler, second, key="r-0", day=4)
    answers = receive(world.recycler, first, second)
    second.dispatched(to=world.stranger, at=DAYS + 6)
    before = events()
    again = receive(world.recycler, first, second)
    assert [a.outcome for a in again] == [a.outcome for a in answers] == [Outcome.RECEIVED, Outcome.DUPLICATE]
    assert events() == before


def test_a_key_used_again_with_other_content_is_refused(world: World) -> None:
    first, second = on_its_way(world, count=2)
    receive(world.recycler, {"code": first.code, "massKg": "440"})
    before = events()
    for items, path in [
        ([{"code": first.code, "massKg": "441"}], ("idempotencyKey",)),
        ([{"code": first.code, "massKg": "440"}, {"code": second.code}], ("idempotencyKey",)),
    ]:
        with pytest.raises(Refusal) as refusal:
            receive(world.recycler, *items)
        assert [(p.code, p.path) for p in refusal.value.problems] == [("key_reused", path)]
    assert events() == before


def test_what_is_here_already_is_a_duplicate(world: World) -> None:
    [life] = on_its_way(world)
    receive(world.recycler, life, key="phone-1")
    before = events()
    [item] = receive(world.recycler, life, key="phone-2", day=6)
    assert (item.outcome, codes(item), item.event_id) == (Outcome.DUPLICATE, ["already_here"], None)
    assert "2022-04-16 08:00" in item.warnings[0].message
    assert events() == before


def test_a_battery_twice_in_one_call_is_received_once(world: World) -> None:
    [life] = on_its_way(world)
    before = events()
    spaced = f"{life.code[:14].lower()} {life.code[14:]}"
    items = receive(world.recycler, life, {"payload": spaced}, {"code": life.code, "massKg": "1"})
    assert [item.outcome for item in items] == [Outcome.RECEIVED, Outcome.DUPLICATE, Outcome.DUPLICATE]
    assert events() == before + 1


def test_a_second_phone_whose_clock_is_behind_scans_a_duplicate(world: World) -> None:
    [life] = on_its_way(world)
    receive(world.recycler, life, key="phone-1", day=5)
    [item] = receive(world.recycler, life, key="phone-2", day=4.999)
    assert item.outcome == Outcome.DUPLICATE
    assert life.faults == []


def test_a_late_scan_of_an_earlier_stay_is_recorded_at_its_place(world: World) -> None:
    """Received, sent on, come back, received: the first receipt arrives last and is none the less a receipt."""
    [life] = on_its_way(world)
    life.dispatched(to=world.recycler, by=world.recycler, at=DAYS + 2, captured=True)
    life.received(by=world.stranger, at=DAYS + 3, captured=True)
    life.dispatched(to=world.recycler, by=world.stranger, at=DAYS + 4)
    receive(world.recycler, life, key="second", day=5)
    [late] = receive(world.recycler, life, key="first", day=1)
    assert late.outcome == Outcome.RECEIVED
    assert [step.type for step in life.steps][-5:] == ["received", "dispatched", "received", "dispatched", "received"]


def test_a_disputed_battery_scanned_again_is_here_already(world: World) -> None:
    life = retired(world)
    receive(world.recycler, life, key="phone-1")
    [item] = receive(world.recycler, life, key="phone-2", day=6)
    assert item.outcome == Outcome.DUPLICATE
    assert life.record.flaws == 1


def test_a_dispute_ends_when_the_other_announces_afterwards(world: World) -> None:
    life = retired(world)
    receive(world.recycler, life)
    assert life.record.claimant == world.workshop.organisation
    dispatch(world.workshop, world.recycler, life, day=7)
    assert (life.record.claimant, life.record.holder) == (None, world.recycler.organisation)
    assert [item.outcome for item in receive(world.recycler, life, key="again", day=8)] == [Outcome.DUPLICATE]


def test_a_dispute_ends_when_the_battery_goes_back(world: World) -> None:
    life = retired(world)
    receive(world.recycler, life)
    dispatch(world.recycler, world.workshop, life, day=7)
    [item] = receive(world.workshop, life, key="back", day=8)
    assert item.outcome == Outcome.RECEIVED
    assert (life.record.claimant, life.record.holder) == (None, world.workshop.organisation)


@pytest.mark.parametrize("winner", ["workshop", "recycler"])
def test_the_alliance_decides_a_dispute(world: World, winner: str) -> None:
    life = retired(world)
    receive(world.recycler, life)
    party: Party = getattr(world, winner)
    custody.decide_dispute(
        life.code,
        holder=party.code,
        reason="the waybill says so",
        occurred_at=at(7),
        by=world.alliance.viewer,
        idempotency_key="x",
    )
    assert (life.record.claimant, life.record.intruder, life.record.holder) == (None, None, party.organisation)


def test_only_the_alliance_decides_and_only_about_what_exists(world: World) -> None:
    life = retired(world)
    before = events()
    for by, code, expected in [
        (world.recycler, life.code, ("role", ())),
        (world.alliance, world.pack_code(), ("unknown_battery", ("battery",))),
    ]:
        with pytest.raises(Refusal) as refusal:
            custody.decide_dispute(code, occurred_at=at(7), by=by.viewer, idempotency_key="x")
        assert [(p.code, p.path) for p in refusal.value.problems] == [expected]
    assert events() == before


# Consignments


def test_part_of_a_consignment_is_received_and_the_rest_stays_on_its_way(world: World) -> None:
    lives = on_its_way(world, count=3, waybill="W-1")
    receive(world.recycler, *lives[:2], waybill="W-1")
    statuses = {item.record.code: item.status for item in TransferItem.objects.select_related("record")}
    assert [statuses[life.code] for life in lives] == ["received", "received", "in_transit"]
    assert lives[2].record.transit_to == world.recycler.organisation
    [rest] = receive(world.recycler, lives[2], key="r-2", day=9, waybill="W-1")
    assert rest.outcome == Outcome.RECEIVED


def test_a_consignment_is_one_a_waybill_and_without_one_one_a_call(world: World) -> None:
    lives = [retired(world) for _ in range(4)]
    first, _ = dispatch(world.workshop, world.recycler, lives[0], key="d-1", waybill="W-1")
    second, _ = dispatch(world.workshop, world.recycler, lives[1], key="d-2", waybill="W-1")
    third, _ = dispatch(world.workshop, world.recycler, lives[2], key="d-3")
    fourth, _ = dispatch(world.workshop, world.recycler, lives[3], key="d-4")
    assert first == second
    assert (first.waybill, third.waybill) == ("W-1", None)
    assert len({first.id, third.id, fourth.id}) == 3


def test_a_dispatch_repeated_gives_the_same_consignment(world: World) -> None:
    lives = [retired(world), retired(world)]
    transfer, receipt = dispatch(world.workshop, world.recycler, *lives)
    before = events()
    again, repeated = dispatch(world.workshop, world.recycler, *lives)
    assert (again, repeated.replayed, receipt.replayed) == (transfer, True, False)
    assert [e.event_id for e in repeated.entries] == [e.event_id for e in receipt.entries]
    with pytest.raises(Refusal, match="key_reused"):
        dispatch(world.workshop, world.recycler, *lives, retired(world))
    assert events() == before + 4  # the third pack's own life


def test_what_was_refused_stays_with_the_sender(world: World) -> None:
    first, second = on_its_way(world, count=2, waybill="W-1")
    custody.refuse(
        [{"code": first.code}],
        from_=world.workshop.code,
        waybill="W-1",
        reason="not ordered",
        occurred_at=at(5),
        by=world.recycler.viewer,
        idempotency_key="n-1",
    )
    assert (first.record.holder, first.record.transit_to) == (world.workshop.organisation, None)
    assert second.record.transit_to == world.recycler.organisation
    # Refused, and then taken in after all without a new dispatch: the sender is known to hold it.
    [item] = receive(world.recycler, first, day=6)
    assert item.outcome == Outcome.DISPUTED


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param({"items": []}, ("missing_field", ("items",)), id="nothing in it"),
        pytest.param({"items": [{"code": "x"}] * 1001}, ("too_many", ("items",)), id="too many"),
        pytest.param({"to": "91510100MA6999999X"}, ("unknown_organisation", ("to",)), id="nobody"),
        pytest.param({"massKg": "-1"}, ("wrong_value", ("items", "1", "massKg")), id="a negative mass"),
        pytest.param({"code": "04Q"}, ("length", ("items", "1", "code")), id="no code"),
        pytest.param({"code": None}, ("missing_field", ("items", "1", "code")), id="no code at all"),
        pytest.param({"holder": "me"}, ("unknown_field", ("items", "1", "holder")), id="a field of its own"),
        pytest.param({"waybill": "w" * 101}, ("wrong_value", ("waybill",)), id="an overlong waybill, told once"),
        pytest.param({"idempotency_key": " "}, ("wrong_value", ("idempotencyKey",)), id="a blank key"),
        pytest.param({"idempotency_key": "k" * 171}, ("wrong_value", ("idempotencyKey",)), id="an overlong key"),
        pytest.param({"occurred_at": "yesterday"}, ("wrong_value", ("occurredAt",)), id="no time"),
        pytest.param({"twice": True}, ("wrong_value", ("items", "1", "code")), id="one battery twice"),
        pytest.param({"by": "stranger"}, ("not_holder", ("items", "0", "code")), id="not the holder"),
        pytest.param({"by": "alliance"}, ("role", ()), id="not a role of the alliance"),
    ],
)
def test_a_dispatch_that_is_refused_writes_nothing(
    world: World, change: dict[str, Any], expected: tuple[str, tuple[str, ...]]
) -> None:
    lives = [retired(world), retired(world)]
    items: list[dict[str, Any]] = [{"code": life.code, "massKg": "440"} for life in lives]
    if change.get("twice"):
        items[1] = items[0]
    items[1] = items[1] | {name: change[name] for name in change.keys() & {"code", "massKg", "holder"}}
    by: Party = getattr(world, change.get("by", "workshop"))
    before = events()
    with pytest.raises(Refusal) as refusal:
        custody.dispatch(
            change.get("items", items),
            to=change.get("to", world.recycler.code),
            waybill=change.get("waybill"),
            occurred_at=change.get("occurred_at", at(0)),
            by=by.viewer,
            idempotency_key=change.get("idempotency_key", "d-1"),
        )
    assert next((p.code, p.path) for p in refusal.value.problems) == expected
    assert len(refusal.value.problems) == (2 if change.get("by") == "stranger" else 1)
    assert events() == before


def test_a_receipt_whose_two_readings_differ_is_refused(world: World) -> None:
    first, second = on_its_way(world, count=2)
    before = events()
    with pytest.raises(Refusal) as refusal:
        receive(world.recycler, {"payload": first.code, "code": second.code})
    assert [(p.code, p.path) for p in refusal.value.problems] == [("wrong_value", ("items", "0", "code"))]
    assert events() == before


def test_a_provisional_identity_is_given_and_later_identified(world: World) -> None:
    [life] = on_its_way(world)
    [item] = receive(world.recycler, {"payload": "", "label": "missing", "massKg": "440"})
    assert item.code.startswith("TMP-")
    world.battery(item.code).identified(life, by=world.recycler, at=DAYS + 6)
    assert (life.record.holder, life.record.transit_to) == (world.recycler.organisation, None)
    # The same thing on the dock, scanned under its true code and under its tag.
    again = receive(world.recycler, life, {"code": item.code}, key="r-2", day=7)
    assert [a.outcome for a in again] == [Outcome.DUPLICATE, Outcome.DUPLICATE]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("registered", [True, False], ids=["announced", "never registered"])
def test_of_two_phones_that_scan_at_the_same_time_one_receives(committed_world: World, registered: bool) -> None:
    world = committed_world
    code = on_its_way(world)[0].code if registered else world.pack_code()
    world.recycler.viewer  # noqa: B018  read before the threads start
    start = Barrier(2)
    found: list[Any] = []

    def scan(key: str) -> None:
        try:
            start.wait(10)
            found.extend(receive(world.recycler, {"code": code}, key=key))
        except Exception as error:
            found.append(error)
        finally:
            connection.close()

    threads = [Thread(target=scan, args=(f"phone-{n}",)) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    expected = {Outcome.RECEIVED if registered else Outcome.UNANNOUNCED, Outcome.DUPLICATE}
    assert {item.outcome for item in found} == expected
    assert LifecycleEvent.objects.filter(type="received", record__code=code).count() == 1


# Whatever is scanned


def scans(codes_: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    """What scanners and people make of these codes, and of none."""
    variants = [
        variant
        for code in codes_
        for variant in (code, code.lower(), f"{code[:14]}\n{code[14:]}", f"https://x.example/b/{code}", f"[)>06{code}")
    ]
    texts = st.sampled_from(variants) | st.text(max_size=30) | st.sampled_from(["TMP-A", "tmp-a", "TMP-B"])
    conditions = st.sampled_from([None, "intact", "damaged", "leaking", "burnt"])
    given = st.fixed_dictionaries({"payload": texts, "condition": conditions})
    return given | st.fixed_dictionaries({"code": texts, "condition": conditions})


@given(data=st.data())
def test_whatever_is_scanned_is_taken_in_once_and_a_repeated_call_says_the_same(
    world: World, data: st.DataObject
) -> None:
    ours, theirs, unknown = (factories.pack_code(number) for number in (901, 902, 903))
    calls = data.draw(st.lists(st.lists(scans([ours, theirs, unknown]), min_size=1, max_size=6), max_size=3))
    with rolled_back():
        for code in (ours, theirs):
            world.pack(code=code).produced(at=1).installed(at=2).removed(at=3)
        dispatch(world.workshop, world.recycler, world.battery(ours))
        before = events()
        answers = [receive(world.recycler, *items, key=f"c{n}", day=n) for n, items in enumerate(calls)]
        recorded = [item for answer in answers for item in answer if item.event_id is not None]
        assert events() == before + len(recorded)
        # A code is here or not: after its first receipt every other scan of it is a duplicate.
        assert len({item.code for item in recorded}) == len(recorded)
        assert all((item.outcome == Outcome.DUPLICATE) == (item.event_id is None) for a in answers for item in a)
        after = events()
        again = [receive(world.recycler, *items, key=f"c{n}", day=n) for n, items in enumerate(calls)]
        assert [[(i.code, i.outcome, codes(i)) for i in answer] for answer in again] == [
            [(i.code, i.outcome, codes(i)) for i in answer] for answer in answers
        ]
        assert events() == after


# Costs


def count_of_receiving(world: World, count: int, assert_at_most: Any) -> int:
    lives = [world.pack().produced(at=1) for _ in range(count)]
    dispatch(world.maker, world.recycler, *lives, key=f"d-{count}")
    with assert_at_most(1_000) as queries:
        receive(world.recycler, *lives, key=f"r-{count}")
    # SQLite takes a thousand values a statement, so a hundred rows may be cut into several inserts.
    return sum(not query["sql"].startswith("INSERT") for query in queries.captured_queries)


def test_receiving_costs_as_many_queries_for_two_as_for_a_hundred(
    world: World, django_assert_max_num_queries: Any
) -> None:
    receive(world.recycler, {"payload": "?"}, key="first")  # what is looked up once a process
    two, hundred = (count_of_receiving(world, count, django_assert_max_num_queries) for count in (2, 100))
    assert two == hundred <= 18


def test_the_sent_mass_is_told_exactly(world: World) -> None:
    [life] = on_its_way(world, mass="440.500001")
    [item] = receive(world.recycler, {"code": life.code, "massKg": Decimal(1)})
    assert item.warnings[0].params == {"sent": "440.500001"}


def test_times_may_be_given_as_moments(world: World) -> None:
    [life] = on_its_way(world)
    moment = factories.BEGINNING + timedelta(days=DAYS + 5)
    items = [{"code": life.code}]
    first = custody.receive(items, occurred_at=moment, by=world.recycler.viewer, idempotency_key="r-1")
    second = custody.receive(items, occurred_at=at(5), by=world.recycler.viewer, idempotency_key="r-1")
    assert (first[0].replayed, second[0].replayed) == (False, True)
