"""The one writer: what is appended, hashed, linked, repeated and refused."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from tests import factories
from tests.worlds import World, rolled_back
from traceability import body, events, exact, ledger
from traceability.access import viewer_for_organisation
from traceability.errors import Refusal
from traceability.facts import Fact, write_fact
from traceability.ledger import RECORDED, REFUSED, REPLAYED
from traceability.models import EventContent, LifecycleEvent, LifecycleRecord, Organisation, OutboxEntry
from traceability.verification import verify

# Append --------------------------------------------------------------------------------------------------------------


def test_events_of_a_record_are_numbered_and_linked_by_their_hashes(world: World) -> None:
    pack = world.pack().produced().installed().sold()
    found = pack.events
    assert [event.sequence for event in found] == [1, 2, 3]
    previous = None
    for event in found:
        assert bytes(event.hash) == hashlib.sha256(event.body).digest()
        assert (event.previous_hash and bytes(event.previous_hash)) == previous
        assert orjson.loads(event.body).get("previousHash") == (previous.hex() if previous else None)
        previous = bytes(event.hash)
    record = pack.own_record
    assert (record.number, bytes(record.head or b"")) == (3, previous)


def test_the_body_says_all_of_it_in_canonical_form(world: World) -> None:
    now_ms = 1_700_000_000_123
    fact = factories.fact(
        "dispatched",
        world.maker.code,
        "2022-03-01T08:00:00.5+08:00",
        battery=world.pack().produced().code,
        key="chengdu-7/0001",
        details={"to": world.recycler.code, "waybill": "运单-é", "massKg": "412.50"},
        site={"name": "成都", "lat": "30.6700"},
        attachments=[{"sha256": "ab" * 32, "bytes": 12}],
    )
    world.record(fact, by=world.maker, now_ms=now_ms)
    event = LifecycleEvent.objects.get(key="chengdu-7/0001")
    assert orjson.loads(event.body) == {
        "v": 1,
        "record": fact.code,
        "sequence": 2,
        "previousHash": bytes(event.previous_hash).hex(),
        "type": "dispatched",
        "occurredAt": "2022-03-01T00:00:00.500Z",
        "recordedAt": "2023-11-14T22:13:20.123Z",
        "organisation": world.maker.code,
        "actor": "test",
        "key": "chengdu-7/0001",
        "site": {"name": "成都", "lat": "30.67"},
        "attachments": [{"sha256": "ab" * 32, "bytes": 12}],
        "details": {"to": world.recycler.code, "waybill": "运单-é", "massKg": "412.5"},
    }
    assert event.body == rfc8785.dumps(orjson.loads(event.body))


def test_every_event_waits_for_the_log_from_its_own_transaction_on(world: World) -> None:
    world.pack(modules=2).produced().installed()
    assert set(OutboxEntry.objects.values_list("event_id", flat=True)) == set(
        LifecycleEvent.objects.values_list("id", flat=True)
    )


@pytest.mark.parametrize("given_to", ["maker", "alliance"])
def test_the_time_of_report_is_honoured_from_the_alliance_only(world: World, given_to: str) -> None:
    by = getattr(world, given_to)
    fact = world.fact("produced", world.maker, world.pack_code(), top={"reportedAt": "2022-01-02T00:00:00Z"})
    world.record(fact, by=by)
    event = LifecycleEvent.objects.get(key=fact.key)
    assert event.reported_at == (datetime(2022, 1, 2, tzinfo=UTC) if given_to == "alliance" else None)


words = st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=12).filter(str.strip)
masses = st.decimals("0", "1000000", places=6).map(str)
facts = st.builds(
    lambda key, waybill, mass, name, lat, extra: factories.fact(
        "received",
        factories.organisation_code(1),
        battery=factories.pack_code(1),
        key=key,
        details={"waybill": waybill, "massKg": mass, "extra": extra},
        site={"name": name, "lat": lat},
    ),
    words,
    words,
    masses,
    words,
    st.decimals("-90", "90", places=9).map(str),
    st.dictionaries(words, st.none() | words | st.integers() | st.booleans(), max_size=3),
)


@given(facts, st.integers(1, 2**31), st.binary(min_size=32, max_size=32))
def test_every_body_is_what_the_standard_writes(fact: Fact, sequence: int, previous: bytes) -> None:
    sealed, contents = body.seal(fact)
    stored, digest = body.write(
        fact, sealed, record=fact.code, sequence=sequence, previous=previous, recorded_ms=1, actor="t"
    )
    assert stored == rfc8785.dumps(orjson.loads(stored))
    assert digest == hashlib.sha256(stored).digest()
    _, again = body.read(stored, [(content.name, content.value) for content in contents])
    assert again == fact
    assert again.same_as(fact)


# What stands beside the body -----------------------------------------------------------------------------------------


def test_personal_data_never_enters_a_body(world: World) -> None:
    vin, name = world.vin(), "张三 13800000000"
    pack = world.pack().produced().installed(vin=vin).removed(vin=vin)
    pack.inspected(operator=name, visual=f"seen by {name}").lost(reason=name)
    world.record(world.fact("vehicle_scrapped", world.dismantler, vin=vin, certificate="C-1"), by=world.dismantler)
    replacement = {
        "type": "lost", "occurredAt": factories.moment(20), "details": {"reason": f"again {name}"},
    }  # fmt: skip
    pack.corrected(pack.key, replacement, reason=name)
    for event in LifecycleEvent.objects.all():
        assert vin.encode() not in event.body
        assert "张三" not in event.body.decode()
    (stored,) = [event for event in events.stored(pack.events) if event.fact.type == "installed"]
    assert stored.fact.details["vin"] == vin


def test_two_commitments_to_one_value_differ_so_that_nobody_can_look_it_up(world: World) -> None:
    vin = world.vin()
    one, two = world.pack().produced().installed(vin=vin), world.pack().produced().installed(vin=vin)
    sealed = [orjson.loads(life.events[-1].body)["details"]["vin"] for life in (one, two)]
    assert sealed[0] != sealed[1]
    assert all(set(value) == {"hmac"} and len(value["hmac"]) == 64 for value in sealed)


def test_the_ledger_still_holds_when_a_personal_value_is_erased(world: World) -> None:
    pack = world.pack().produced().installed()
    assert EventContent.objects.filter(name="vin").delete()[0] == 1
    assert list(verify()) == []
    (_, installed) = events.stored(pack.events)
    assert "vin" not in installed.fact.details


def test_a_repetition_after_the_erasure_is_still_the_same(world: World) -> None:
    pack = world.pack().produced().installed()
    EventContent.objects.all().delete()
    assert world.record(pack.last.fact, by=world.maker).replayed


def test_a_list_stands_beside_the_body_and_may_not_be_lost(world: World) -> None:
    pack = world.pack(modules=2, cells=3).produced()
    sealed = orjson.loads(pack.events[0].body)["details"]["components"]
    assert sealed == {"sha256": hashlib.sha256(rfc8785.dumps(pack.parts)).hexdigest()}
    EventContent.objects.filter(name="components").delete()
    (fault,) = verify()
    assert (fault.kind, fault.code, fault.sequence) == ("content", pack.code, 1)


def test_a_value_beside_the_body_cannot_be_exchanged(world: World) -> None:
    pack = world.pack().produced().installed()
    EventContent.objects.filter(name="vin").update(value=world.vin())
    (fault,) = verify()
    assert (fault.kind, fault.code) == ("content", pack.code)


def test_extra_is_kept_to_the_digit_and_never_interpreted(world: World) -> None:
    extra = exact.loads('{"b": 0.10, "a": [1e400, -0.0, 12345678901234567890123], "ключ": {"x": null}}')
    pack = world.pack().produced(extra=extra)
    (stored,) = events.stored(pack.events)
    assert stored.fact.details["extra"] == extra
    assert str(stored.fact.details["extra"]["b"]) == "0.10"
    assert list(verify()) == []


# Repetition ----------------------------------------------------------------------------------------------------------


def spelt(**changed: Any) -> dict[str, Any]:
    record: dict[str, Any] = {
        "key": "k-1",
        "type": "received",
        "battery": factories.pack_code(7),
        "organisation": factories.organisation_code(9),
        "occurredAt": "2022-03-01T08:00:00+08:00",
        "details": {"massKg": "412.5", "waybill": "W-1", "condition": "intact"},
    }
    details = record["details"] | changed.pop("details", {})
    return record | changed | {"details": details}


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"details": {"massKg": "412.500000"}},
        {"details": {"massKg": Decimal("412.50")}},
        {"details": {"massKg": "4.125e2"}},
        {"occurredAt": "2022-03-01T00:00:00Z"},
        {"occurredAt": "2022-02-28T19:00:00.0-05:00"},
        {"battery": factories.pack_code(7).lower()},
        {"details": {"from": None}},
        {"reportedAt": "2022-03-05T00:00:00Z"},
        {"site": None},
        {"site": {}},
        {"attachments": []},
    ],
)
def test_the_same_content_in_another_spelling_is_replayed(world: World, changed: dict[str, Any]) -> None:
    first = world.record(factories.read(spelt()), by=world.recycler)
    again = world.record(factories.read(spelt(**changed)), by=world.recycler)
    assert again.replayed
    assert again.entries[0].event_id == first.entries[0].event_id
    assert again.entries[0].record_id == first.entries[0].record_id
    assert LifecycleEvent.objects.filter(type="received").count() == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"details": {"massKg": "412.6"}},
        {"details": {"massKg": None}},
        {"details": {"from": factories.organisation_code(2)}},
        {"occurredAt": "2022-03-01T08:00:00.001+08:00"},
        {"battery": factories.pack_code(8)},
        {"site": {"name": "x"}},
        {"attachments": [{"sha256": "ab" * 32}]},
        {"details": {"extra": {"a": 1}}},
    ],
)
def test_other_content_under_the_same_key_is_refused(world: World, changed: dict[str, Any]) -> None:
    world.record(factories.read(spelt()), by=world.recycler)
    refused(world, lambda: factories.read(spelt(**changed)), "key_reused", ["key"])


def test_another_type_under_the_same_key_is_refused(world: World) -> None:
    pack = world.battery(factories.pack_code(7)).received(by=world.recycler, key="k-1")
    refused(world, lambda: world.fact("lost", world.recycler, pack.code, key="k-1"), "key_reused", ["key"])


def test_two_organisations_may_use_the_same_key(world: World) -> None:
    world.record(factories.read(spelt()), by=world.recycler)
    other = factories.read(spelt(organisation=world.stranger.code, battery=factories.pack_code(8)))
    assert world.record(other, by=world.stranger).count(RECORDED) == 1


def test_a_key_given_twice_in_one_call_counts_once(world: World) -> None:
    fact = factories.read(spelt())
    receipt = world.record(fact, fact, by=world.recycler)
    assert [entry.status for entry in receipt.entries] == [RECORDED, REPLAYED]
    assert LifecycleEvent.objects.filter(type="received").count() == 1


def test_the_keys_that_the_ledger_gives_cannot_be_sent(world: World) -> None:
    pack = world.pack(modules=1).produced().installed().removed(world.dismantler).dismantled()
    (module,) = pack.module_codes
    derived = LifecycleEvent.objects.get(type="released")
    assert derived.key == f"{pack.key}#{module}"
    copy = world.fact("received", world.dismantler, module, key=derived.key)
    refused(world, lambda: copy, "key_reused", ["key"], by="dismantler")


@given(cut=st.integers(0, 6))
def test_a_list_sent_again_after_any_part_of_it_was_taken_changes_nothing_more(world: World, cut: int) -> None:
    with rolled_back():
        pack = world.pack()
        told = [
            world.fact("produced", world.maker, pack.code),
            world.fact("installed", world.maker, pack.code, vin=world.vin()),
            world.fact("sold", world.maker, pack.code),
            world.fact("removed", world.workshop, pack.code),
            world.fact("dispatched", world.workshop, pack.code, to=world.recycler.code),
            world.fact("received", world.recycler, pack.code),
        ]
        world.capture(told[:cut])
        receipt = world.capture(told)
        assert [entry.status for entry in receipt.entries] == [REPLAYED] * cut + [RECORDED] * (6 - cut)
        assert world.capture(told).replayed
        assert [step.key for step in pack.steps] == [fact.key for fact in told]
        assert pack.faults == []


# Refusals ------------------------------------------------------------------------------------------------------------


def counts() -> tuple[int, int, int]:
    return LifecycleEvent.objects.count(), LifecycleRecord.objects.count(), EventContent.objects.count()


def refused(world: World, told: Callable[[], Fact], code: str, path: list[str], by: str = "recycler") -> Refusal:
    """It is refused for this one reason, at this place, and nothing was written."""
    before = counts()
    with pytest.raises(Refusal) as error:
        world.record(told(), by=getattr(world, by))
    assert [(problem.code, list(problem.path)) for problem in error.value.problems] == [(code, path)]
    assert counts() == before
    assert error.value.message
    assert "{" not in error.value.message
    return error.value


def test_nobody_records_in_a_role_it_has_not(world: World) -> None:
    refused(world, lambda: world.fact("produced", world.recycler, world.pack_code()), "role", ["type"])


@pytest.mark.parametrize("type_", ["organisation", "listing", "permit", "penalty"])
def test_master_data_of_the_alliance_is_its_alone(world: World, type_: str) -> None:
    details = {
        "organisation": {"code": factories.organisation_code(77), "name": "x"},
        "listing": {"organisation": world.recycler.code, "scope": "recovery"},
        "permit": {"organisation": world.recycler.code, "kind": "eia"},
        "penalty": {"organisation": world.stranger.code},
    }[type_]
    refused(world, lambda: world.fact(type_, world.recycler, **details), "role", ["type"])
    # Not even the alliance may say that somebody else had said it.
    refused(world, lambda: world.fact(type_, world.recycler, **details), "role", ["type"], by="alliance")


def test_nobody_records_in_the_name_of_another(world: World) -> None:
    told = world.fact("received", world.stranger, world.pack_code())
    refused(world, lambda: told, "not_own_name", ["organisation"])


def test_what_the_stage_forbids_is_refused(world: World) -> None:
    pack = world.pack().produced().installed()
    refused(world, lambda: world.fact("dispatched", world.maker, pack.code, to=world.recycler.code), "stage", ["battery"], by="maker")  # fmt: skip  # noqa: E501


def test_a_second_registration_is_refused(world: World) -> None:
    pack = world.pack().produced()
    refused(world, lambda: world.fact("produced", world.maker, pack.code), "stage", ["battery"], by="maker")


def test_who_does_not_hold_it_cannot_act_on_it(world: World) -> None:
    pack = world.pack().produced()
    told = world.fact("dispatched", world.recycler, pack.code, to=world.stranger.code)
    refused(world, lambda: told, "not_holder", ["battery"])


def test_who_is_not_the_addressee_cannot_refuse_it(world: World) -> None:
    pack = world.pack().produced().dispatched(to=world.stranger)
    refused(world, lambda: world.fact("refused", world.recycler, pack.code), "not_addressee", ["battery"])


def test_what_is_on_its_way_is_not_dispatched_again(world: World) -> None:
    pack = world.pack().produced().dispatched(to=world.stranger)
    told = world.fact("dispatched", world.maker, pack.code, to=world.recycler.code)
    refused(world, lambda: told, "in_transit", ["battery"], by="maker")


def test_nobody_dispatches_to_itself(world: World) -> None:
    pack = world.pack().produced()
    told = world.fact("dispatched", world.maker, pack.code, to=world.maker.code)
    assert refused(world, lambda: told, "wrong_value", ["details", "to"], by="maker").problems[0].value == world.maker.code  # fmt: skip  # noqa: E501
    # As history it is kept.
    assert world.capture([told]).count(RECORDED) == 1


def test_what_nobody_knows_is_not_acted_on(world: World) -> None:
    told = world.fact("removed", world.recycler, world.pack_code())
    refused(world, lambda: told, "unknown_battery", ["battery"])


def test_only_the_maker_recalls(world: World) -> None:
    pack = world.pack().produced()
    refused(world, lambda: world.fact("recalled", world.cell_maker, pack.code), "not_maker", ["battery"], by="cell_maker")  # fmt: skip  # noqa: E501


def test_an_addressee_has_to_be_registered(world: World) -> None:
    pack = world.pack().produced()
    told = world.fact("dispatched", world.maker, pack.code, to=factories.organisation_code(99))
    refused(world, lambda: told, "unknown_organisation", ["details", "to"], by="maker")


def test_a_recorder_has_to_be_registered(world: World) -> None:
    told = factories.fact("received", factories.organisation_code(99), battery=world.pack_code(), key="k")
    refused(world, lambda: told, "unknown_organisation", ["organisation"], by="alliance")


def test_an_unknown_sender_is_history_and_not_refused(world: World) -> None:
    told = world.fact("received", world.recycler, world.pack_code(), **{"from": factories.organisation_code(99)})
    assert world.record(told, by=world.recycler).count(RECORDED) == 1


SHAPES: list[tuple[dict[str, Any], str, list[str]]] = [
    ({"colour": "red"}, "unknown_field", ["colour"]),
    ({"details": {"colour": "red"}}, "unknown_field", ["details", "colour"]),
    ({"site": {"colour": "red"}}, "unknown_field", ["site", "colour"]),
    ({"key": None}, "missing_field", ["key"]),
    ({"type": None}, "missing_field", ["type"]),
    ({"organisation": None}, "missing_field", ["organisation"]),
    ({"occurredAt": None}, "missing_field", ["occurredAt"]),
    ({"details": {"massKg": "-1"}}, "wrong_value", ["details", "massKg"]),
    ({"details": {"massKg": "1.0000001"}}, "wrong_value", ["details", "massKg"]),
    ({"details": {"massKg": 412.5}}, "wrong_value", ["details", "massKg"]),
    ({"details": {"condition": "fine"}}, "wrong_value", ["details", "condition"]),
    ({"details": "x"}, "wrong_value", ["details"]),
    ({"occurredAt": "2022-03-01T08:00:00"}, "wrong_value", ["occurredAt"]),
    ({"occurredAt": 1646092800}, "wrong_value", ["occurredAt"]),
    ({"type": "released"}, "wrong_value", ["type"]),
    ({"type": "reassembled"}, "wrong_value", ["type"]),
    ({"battery": factories.pack_code(7)[:-1]}, "length", ["battery"]),
    ({"battery": "TMP-"}, "wrong_value", ["battery"]),
    ({"key": "x" * 256}, "wrong_value", ["key"]),
    ({"attachments": [{"name": "x"}]}, "missing_field", ["attachments", "0", "sha256"]),
    ({"attachments": [{"sha256": "ab" * 32}] * 101}, "too_many", ["attachments"]),
]


@pytest.mark.parametrize(("changed", "code", "path"), SHAPES)
def test_a_record_of_another_shape_is_refused_where_it_is_wrong(
    changed: dict[str, Any], code: str, path: list[str]
) -> None:
    record = spelt() | changed
    if isinstance(changed.get("details"), dict):
        record = spelt(**changed)
    with pytest.raises(Refusal) as error:
        factories.read({name: value for name, value in record.items() if value is not None})
    assert [(problem.code, list(problem.path)) for problem in error.value.problems] == [(code, path)]
    assert "{" not in error.value.message


@pytest.mark.parametrize(
    ("type_", "field"),
    [
        ("dispatched", "to"),
        ("installed", "vin"),
        ("vehicle_scrapped", "vin"),
        ("processed", "batch"),
        ("corrected", "corrects"),
        ("identified", "as"),
    ],
)
def test_what_an_event_cannot_do_without_has_to_be_given(type_: str, field: str) -> None:
    battery = None if type_ == "vehicle_scrapped" else factories.pack_code(7)
    with pytest.raises(Refusal) as error:
        factories.fact(type_, factories.organisation_code(1), battery=battery, key="k")
    assert [(problem.code, list(problem.path)) for problem in error.value.problems] == [
        ("missing_field", ["details", field])
    ]


def test_all_that_is_wrong_is_said_at_once() -> None:
    record = spelt(details={"massKg": "x", "condition": "y"}, occurredAt="never", colour="red")
    with pytest.raises(Refusal) as error:
        factories.read(record)
    assert {".".join(problem.path) for problem in error.value.problems} == {
        "colour",
        "occurredAt",
        "details.massKg",
        "details.condition",
    }


def test_a_list_with_one_bad_fact_writes_nothing(world: World) -> None:
    good, bad = world.pack_code(), world.pack_code()
    told = [world.fact("received", world.recycler, good), world.fact("removed", world.recycler, bad)]
    before = counts()
    with pytest.raises(Refusal):
        world.record(*told, by=world.recycler)
    assert counts() == before


def test_on_error_proceed_writes_the_good_ones(world: World) -> None:
    good, bad = world.pack_code(), world.pack_code()
    told = [world.fact("removed", world.recycler, bad), world.fact("received", world.recycler, good)]
    receipt = world.record(*told, by=world.recycler, on_error="proceed")
    assert [entry.status for entry in receipt.entries] == [REFUSED, RECORDED]
    assert not LifecycleRecord.objects.filter(code=bad).exists()


def test_a_dry_run_says_the_same_and_writes_nothing(world: World) -> None:
    told = [world.fact("removed", world.recycler, world.pack_code()), world.fact("received", world.recycler, world.pack_code())]  # fmt: skip  # noqa: E501
    before = counts()
    receipt = world.record(*told, by=world.recycler, dry_run=True)
    assert [entry.status for entry in receipt.entries] == [REFUSED, RECORDED]
    assert counts() == before


# The alliance --------------------------------------------------------------------------------------------------------


def test_the_alliance_captures_history_with_its_contradictions(world: World) -> None:
    pack = world.pack()
    receipt = world.capture(
        [
            world.fact("installed", world.recycler, pack.code, vin=world.vin()),
            world.fact("dispatched", world.stranger, pack.code, to=world.recycler.code),
            world.fact("produced", world.maker, pack.code),
        ]
    )
    assert receipt.count(RECORDED) == 3
    assert pack.faults == [
        ("installed", "unknown_origin"),
        ("dispatched", "missing_link"),
        ("produced", "missing_link"),
    ]
    assert [entry.outcome and entry.outcome.fault for entry in receipt.entries] == [
        "unknown_origin",
        "missing_link",
        "missing_link",
    ]


#: What companies do, with what it takes to say it.
BUSINESS: dict[str, dict[str, Any]] = {
    "produced": {},
    "installed": {"vin": factories.vin(1)},
    "removed": {},
    "dispatched": {"to": factories.organisation_code(2)},
    "received": {},
    "repaired": {},
    "inspected": {},
    "dismantled": {},
    "assembled": {},
    "processed": {"batch": "B-1"},
    "lost": {},
    "label_issued": {},
}


@pytest.mark.parametrize("type_", BUSINESS)
def test_in_its_own_name_the_alliance_needs_the_role(world: World, type_: str) -> None:
    pack = world.pack()
    refused(world, lambda: world.fact(type_, world.alliance, pack.code, **BUSINESS[type_]), "role", ["type"], by="alliance")  # fmt: skip  # noqa: E501
    assert world.capture([world.fact(type_, world.recycler, pack.code, **BUSINESS[type_])]).count(RECORDED) == 1


def test_nor_does_the_alliance_declare_or_file_models_in_its_own_name(world: World) -> None:
    for type_, details in (("declaration", {"year": 2025}), ("model", {"number": "X"})):
        refused(world, lambda t=type_, d=details: world.fact(t, world.alliance, **d), "role", ["type"], by="alliance")
        assert world.capture([world.fact(type_, world.second_life, **details)]).count(RECORDED) == 1


def test_an_alliance_that_also_makes_batteries_records_them(world: World) -> None:
    roles = ["alliance", "battery_maker"]
    world.capture([world.fact("organisation", world.alliance, code=world.alliance.code, name="甲", roles=roles)])
    both = viewer_for_organisation(Organisation.objects.get(code=world.alliance.code), "test")
    pack = world.pack()
    ledger.record([world.fact("produced", world.alliance, pack.code)], by=both)
    assert pack.record.holder_id == both.organisation_id


def test_a_receipt_is_never_refused(world: World) -> None:
    """What stands on the dock is recorded."""
    for pack in (
        world.pack(),
        world.pack().produced(),
        world.pack().produced().installed(),
        world.pack().produced().dispatched(to=world.stranger),
        world.pack().produced().lost(),
        world.pack().produced().exported(),
    ):
        assert pack.received(by=world.recycler).last.status == RECORDED


def test_a_record_written_back_is_read_as_the_same_fact(world: World) -> None:
    pack = world.pack(modules=1, cells=2).produced().installed().sold().removed()
    pack.dispatched(to=world.recycler, waybill="W-1")
    for stored in events.stored(pack.events):
        record = write_fact(stored.fact, reported_ms=stored.reported_ms)
        assert factories.read(exact.loads(orjson.dumps(record).decode())).same_as(stored.fact)
