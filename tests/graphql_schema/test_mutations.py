"""The writing half of the operations API, through the door: what is recorded, what is refused, and nothing besides."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from graphql import GraphQLInputObjectType, get_named_type

from tests import factories
from tests.graphql_schema.asking import SCHEMA, contract, post
from tests.worlds import Life, Party, World
from traceability.models import LifecycleEvent, Organisation, User

pytestmark = pytest.mark.urls("graphql_schema.urls")

FIELDS = SCHEMA.mutation_type.fields  # type: ignore[union-attr]
CONTRACT = contract()
DAYS = 100  # after everything that a life tells by itself


def at(day: float) -> str:
    return factories.moment(DAYS + day)


def ask(party: Party, query: str, /, **given: Any) -> Any:
    """The only field of the answer; GraphQL's own errors fail the test."""
    answer = post(party, query, input=given).json()
    assert "errors" not in answer, answer
    [result] = answer["data"].values()
    return result


def document(name: str) -> str:
    """A document that asks for what every answer has, and for event and battery where there are any."""
    field = FIELDS[name]
    offered = get_named_type(field.type).fields  # type: ignore[union-attr]
    wanted = {
        "event": "event { id key type }",
        "battery": "battery { code stage holder { code } }",
        "organisation": "organisation { code }",
        "key": "key",
        "batteries": "batteries { code stage }",
        "transfer": "transfer { id status }",
        "items": "items { code outcome }",
    }
    asked = " ".join(text for member, text in wanted.items() if member in offered)
    asked += " replayed errors { code message path }"
    return f"mutation M($input: {field.args['input'].type}) {{ {name}(input: $input) {{ {asked} }} }}"


def do(party: Party, name: str, /, **given: Any) -> Any:
    return ask(party, document(name), **({"idempotencyKey": "k", "occurredAt": at(0)} | given))


def problems(result: Any) -> list[tuple[str, list[str]]]:
    return [(problem["code"], problem["path"]) for problem in result["errors"]]


def events() -> int:
    return LifecycleEvent.objects.count()


def produced(world: World) -> Life:
    return world.pack().produced()


def installed(world: World) -> Life:
    return produced(world).installed()


def retired(world: World) -> Life:
    return installed(world).sold().removed()


def at_the_recycler(world: World) -> Life:
    return retired(world).dispatched(to=world.recycler).received(by=world.recycler)


def provisional(world: World) -> Life:
    return world.battery("TMP-7").received(by=world.recycler)


def disputed(world: World) -> Life:
    return retired(world).received(by=world.recycler)


# The contract


def test_the_documents_of_the_contract_run_as_they_stand(world: World) -> None:
    names = ("RegisterBatteries", "InstallBattery", "DispatchBatteries", "ReceiveBatteries")
    register, install, dispatch, receive = (CONTRACT[name] for name in names)
    pack, module, cell = world.pack_code(), world.module_code(), world.cell_code()
    components = [{"code": module, "components": [{"code": cell}]}]
    battery = {"code": pack, "model": "NCM-75", "massKg": "440.5", "producedAt": at(0), "components": components}
    registered = ask(world.maker, register, idempotencyKey="r", onError="ROLLBACK", batteries=[battery])
    assert registered == {
        "batteries": [
            {
                "id": f"Battery:{pack}",
                "code": pack,
                "stage": "PRODUCED",
                "level": "PACK",
                "batteryType": "E",
                "producedOn": "2021-12-04",
                "manufacturer": {"code": world.maker.code, "name": "蓉城汽车"},
            }
        ],
        "replayed": False,
        "errors": [],
    }
    vin = factories.vin(1)
    done = ask(world.maker, install, idempotencyKey="i", battery=pack, vin=vin, occurredAt=at(1))
    assert done == {
        "event": {
            "id": f"Event:{pack}/2",
            "key": f"i#{pack}",
            "type": "INSTALLED",
            "occurredAt": "2022-04-12T00:00:00.000Z",
        },
        "battery": {"code": pack, "stage": "IN_VEHICLE", "vehicle": {"vin": vin}},
        "errors": [],
    }
    world.battery(pack).removed(at=DAYS + 2)
    items = [{"code": pack, "massKg": 440}]
    to = world.recycler.code
    sent = ask(
        world.workshop,
        dispatch,
        idempotencyKey="d",
        items=items,
        to=to,
        waybill="W-1",
        occurredAt=at(3),
    )
    assert sent["errors"] == []
    assert sent["transfer"] | {"id": ""} == {
        "id": "",
        "status": "OVERDUE",  # sent in 2022, and not received yet
        "waybill": "W-1",
        "sender": {"code": world.workshop.code},
        "receiver": {"code": to},
        "items": [{"battery": {"code": pack}, "status": "IN_TRANSIT"}],
    }
    scanned = [
        {"payload": f"https://example.org/b/{pack}", "massKg": "440", "condition": "INTACT", "label": "READ"},
        {"payload": "~~", "massKg": "12.5", "condition": "DAMAGED", "label": "UNREADABLE"},
    ]
    received = ask(
        world.recycler, receive, idempotencyKey="x", occurredAt=at(4), waybill="W-1", items=scanned,
        **{"from": world.workshop.code},
    )  # fmt: skip
    assert received["errors"] == []
    first, second = received["items"]
    assert first == {
        "battery": {"code": pack, "stage": "RETIRED", "holder": {"code": to}},
        "outcome": "RECEIVED",
        "warnings": [],
    }
    assert second["battery"]["code"].startswith("TMP-")
    assert second["outcome"] == "QUARANTINED"
    assert [w["code"] for w in second["warnings"]] == ["code_unreadable", "not_expected_here", "damaged"]


# One mutation, one event

Given = dict[str, Any]


@pytest.mark.parametrize(
    ("name", "prepare", "by", "more", "type_", "stage"),
    [
        ("installBattery", produced, "maker", {"vin": factories.vin(5)}, "INSTALLED", "IN_VEHICLE"),
        ("sellBattery", installed, "maker", {"region": "510100"}, "SOLD", "IN_VEHICLE"),
        ("removeBattery", installed, "workshop", {"reason": "SCRAPPING"}, "REMOVED", "RETIRED"),
        ("repairBattery", retired, "outlet", {"added": [factories.module_code(99)]}, "REPAIRED", "RETIRED"),
        ("exportBattery", retired, "workshop", {"country": "NO"}, "EXPORTED", "EXPORTED"),
        ("destroyBattery", retired, "workshop", {"reason": "fire"}, "DESTROYED", "DESTROYED"),
        ("loseBattery", retired, "workshop", {"reason": "stolen"}, "LOST", "LOST"),
        ("identifyBattery", provisional, "recycler", {"as": factories.pack_code(777)}, "IDENTIFIED", "RETIRED"),
        ("recallBattery", installed, "maker", {"campaign": "R-1"}, "RECALLED", "IN_VEHICLE"),
        ("recallBattery", installed, "alliance", {"campaign": "R-1"}, "RECALLED", "IN_VEHICLE"),
        ("decideDispute", disputed, "alliance", {"reason": "waybill"}, "DISPUTE_DECIDED", "RETIRED"),
    ],
)
def test_each_event_has_its_mutation_and_repeating_it_writes_nothing(
    world: World,
    name: str,
    prepare: Callable[[World], Life],
    by: str,
    more: Given,
    type_: str,
    stage: str,
) -> None:
    life, party = prepare(world), getattr(world, by)
    more = more | {"extra": {"line": 7, "ratio": 1.25}, "site": {"name": "Plant 2", "lat": 30.5}}
    before = events()
    result = do(party, name, battery=life.code, **more)
    assert result["errors"] == []
    assert result["event"]["type"] == type_
    assert result["event"]["key"] == f"k#{life.code}"
    assert result["battery"]["stage"] == stage
    assert events() == before + 1
    assert do(party, name, battery=life.code, **more) == result | {"replayed": True}
    assert events() == before + 1
    other = do(party, name, battery=life.code, **(more | {"extra": {"line": 8}}))
    assert problems(other) == [("key_reused", ["input", "idempotencyKey"])]
    assert other["event"] is other["battery"] is None
    assert events() == before + 1


@pytest.mark.parametrize(
    ("name", "by"),
    [
        ("installBattery", "outlet"),
        ("sellBattery", "recycler"),
        ("removeBattery", "cell_maker"),
        ("repairBattery", "cell_maker"),
        ("recallBattery", "recycler"),
        ("decideDispute", "recycler"),
        # It captures the history of others, but has no batteries, workshops or docks of its own.
        *(
            (f"{verb}Battery", "alliance")
            for verb in ("install", "sell", "remove", "repair", "export", "destroy", "lose")
        ),
    ],
)
def test_who_has_not_the_role_is_refused(world: World, name: str, by: str) -> None:
    life = retired(world)
    before = events()
    more = {"vin": factories.vin(5)} if name == "installBattery" else {}
    result = do(getattr(world, by), name, battery=life.code, **more)
    assert problems(result) == [("role", ["input"])]
    assert events() == before


@pytest.mark.parametrize(
    ("name", "prepare", "by", "more", "expected"),
    [
        pytest.param(
            "installBattery",
            produced,
            "maker",
            {"vin": "LFV2A21J970002010"},
            ("wrong_value", ["input", "vin"]),
            id="a VIN whose check digit is wrong",
        ),
        pytest.param(
            "installBattery", installed, "maker", {"vin": factories.vin(5)}, ("stage", ["input", "battery"]), id="twice"
        ),
        pytest.param(
            "installBattery",
            produced,
            "importer",
            {"vin": factories.vin(5)},
            ("not_holder", ["input", "battery"]),
            id="another's",
        ),
        pytest.param(
            "sellBattery", installed, "maker", {"region": "51"}, ("wrong_value", ["input", "region"]), id="no region"
        ),
        pytest.param(
            "sellBattery",
            installed,
            "maker",
            {"site": {"lat": "30.1234567891"}},
            ("wrong_value", ["input", "site", "lat"]),
            id="finer than anything",
        ),
        pytest.param(
            "loseBattery",
            retired,
            "workshop",
            {"attachments": [{"sha256": "x"}]},
            ("wrong_value", ["input", "attachments", "0", "sha256"]),
            id="no hash",
        ),
        pytest.param(
            "loseBattery", retired, "workshop", {"extra": [1]}, ("wrong_value", ["input", "extra"]), id="no object"
        ),
        pytest.param(
            "repairBattery",
            retired,
            "workshop",
            {"removed": ["04Q"]},
            ("length", ["input", "removed", "0"]),
            id="no code in a list",
        ),
        pytest.param(
            "identifyBattery",
            retired,
            "workshop",
            {"as": factories.pack_code(9)},
            ("not_provisional", ["input", "battery"]),
            id="a true code",
        ),
        pytest.param(
            "decideDispute",
            disputed,
            "alliance",
            {"holder": "91510100MA6999999X"},
            ("unknown_organisation", ["input", "holder"]),
            id="nobody",
        ),
        pytest.param(
            "recallBattery", produced, "cell_maker", {}, ("not_maker", ["input", "battery"]), id="not its maker"
        ),
        pytest.param(
            "loseBattery", retired, "workshop", {"idempotencyKey": ""}, ("wrong_value", ["input", "idempotencyKey"]),
            id="no key",
        ),
    ],
)  # fmt: skip
def test_a_refusal_is_data_and_writes_nothing(
    world: World,
    name: str,
    prepare: Callable[[World], Life],
    by: str,
    more: Given,
    expected: tuple[str, list[str]],
) -> None:
    life = prepare(world)
    before = events()
    result = do(getattr(world, by), name, battery=life.code, **more)
    assert problems(result) == [expected]
    assert result["event"] is result["battery"] is None
    assert not re.search(r"{\w+}", result["errors"][0]["message"])
    assert events() == before


@pytest.mark.parametrize("by", ["maker", "alliance"])
@pytest.mark.parametrize("name", ["loseBattery", "recallBattery", "decideDispute"])
def test_what_is_not_known_is_refused_to_everybody(world: World, name: str, by: str) -> None:
    before = events()
    result = do(getattr(world, by), name, battery=world.pack_code())
    assert problems(result)[0][0] in ("unknown_battery", "role")
    assert events() == before


# Corrections


def test_a_record_is_corrected_by_who_made_it(world: World) -> None:
    life = produced(world)
    first, second = factories.vin(1), factories.vin(2)
    do(world.maker, "installBattery", battery=life.code, vin=first)
    replacement = {"type": "INSTALLED", "occurredAt": at(1), "details": {"vin": second}}
    given = {"idempotencyKey": "c", "corrects": f"k#{life.code}", "reason": "typing error", "replacement": replacement}
    result = do(world.maker, "correctBattery", **given)
    assert result["errors"] == []
    # What is shown is the record as it counts now: under the key of the original.
    assert result["event"] == {"id": f"Event:{life.code}/3", "key": f"k#{life.code}", "type": "INSTALLED"}
    assert LifecycleEvent.objects.get(record__code=life.code, sequence=3).key == f"c#{life.code}"
    assert do(world.maker, "correctBattery", **given) == result | {"replayed": True}
    withdrawn = do(world.maker, "correctBattery", idempotencyKey="w", corrects=f"k#{life.code}")
    assert withdrawn["battery"]["stage"] == "PRODUCED"


def test_what_another_recorded_cannot_be_corrected(world: World) -> None:
    life = produced(world)
    before = events()
    theirs = do(world.recycler, "correctBattery", corrects=life.key)
    assert problems(theirs) == [("unknown_event", ["input", "corrects"])]
    named = do(world.recycler, "correctBattery", corrects=life.key, organisation=world.maker.code)
    assert problems(named) == [("unknown_event", ["input", "corrects"])]
    wrong = {"type": "INSTALLED", "occurredAt": at(0), "details": {"vin": "nonsense"}}
    mine = do(world.maker, "correctBattery", corrects=life.key, replacement=wrong)
    assert problems(mine) == [("wrong_value", ["input", "replacement", "details", "vin"])]
    assert events() == before
    ours = do(world.alliance, "correctBattery", corrects=life.key, organisation=world.maker.code)
    assert ours["errors"] == []


# Registration


def test_registration_records_all_or_what_is_right(world: World) -> None:
    good, bad = world.pack_code(), "04Q"
    batteries = [{"code": good, "massKg": 440.5}, {"code": bad}, {"code": world.pack_code(), "massKg": "-1"}]
    before = events()
    refused = do_register(world.maker, batteries)
    expected = [("length", ["input", "batteries", "1", "code"]), ("wrong_value", ["input", "batteries", "2", "massKg"])]
    assert (problems(refused), refused["batteries"]) == (expected, [])
    assert events() == before
    proceeded = do_register(world.maker, batteries, onError="PROCEED")
    assert problems(proceeded) == expected
    assert [battery["code"] for battery in proceeded["batteries"]] == [good]
    assert events() == before + 1
    again = do_register(world.maker, batteries[:1])
    assert (again["replayed"], events()) == (True, before + 1)


def do_register(party: Party, batteries: list[Given], **more: Any) -> Any:
    return ask(party, document("registerBatteries"), **({"idempotencyKey": "r", "batteries": batteries} | more))


@pytest.mark.parametrize("name", ["registerBatteries", "dispatchBatteries", "receiveBatteries", "refuseBatteries"])
def test_a_list_has_at_most_a_thousand(world: World, name: str) -> None:
    before = events()
    items = [{"code": "x"}] * 1_001
    given: Given = {"idempotencyKey": "k", "occurredAt": at(0), "items": items}
    if name == "dispatchBatteries":
        given["to"] = world.recycler.code
    if name == "registerBatteries":
        given = {"idempotencyKey": "k", "batteries": items}
    result = ask(world.maker, document(name), **given)
    assert problems(result) == [("too_many", ["input", "batteries" if name == "registerBatteries" else "items"])]
    assert events() == before


# Custody


def test_a_consignment_is_refused_and_its_sender_goes_on_holding(world: World) -> None:
    life = retired(world)
    do(world.workshop, "dispatchBatteries", items=[{"code": life.code}], to=world.recycler.code)
    given = {"items": [{"code": life.code}], "reason": "not ordered", "occurredAt": at(1)}
    assert problems(do(world.stranger, "refuseBatteries", **given)) == [
        ("not_addressee", ["input", "items", "0", "code"])
    ]
    result = do(world.recycler, "refuseBatteries", **given)
    assert (result["errors"], [battery["code"] for battery in result["batteries"]]) == ([], [life.code])
    assert do(world.recycler, "refuseBatteries", **given) == result | {"replayed": True}
    assert life.record.holder == world.workshop.organisation


def test_a_bad_item_refuses_the_whole_dispatch(world: World) -> None:
    first, second = retired(world), retired(world)
    before = events()
    items = [{"code": first.code}, {"code": second.code, "massKg": "0.0000001"}]
    result = do(world.workshop, "dispatchBatteries", items=items, to=world.recycler.code)
    assert (problems(result), result["transfer"]) == ([("wrong_value", ["input", "items", "1", "massKg"])], None)
    assert events() == before


def test_nothing_is_dispatched_to_who_sends_it(world: World) -> None:
    lives = [retired(world), retired(world)]
    before = events()
    result = do(world.workshop, "dispatchBatteries", items=[{"code": life.code} for life in lives], to=world.workshop.code)  # fmt: skip  # noqa: E501
    # Both items are wrong for the same reason; it is told once.
    assert (problems(result), result["transfer"]) == ([("wrong_value", ["input", "to"])], None)
    assert events() == before


def test_parts_of_another_battery_are_refused_at_their_place(world: World) -> None:
    life, other = retired(world), world.pack(modules=1).produced()
    before = events()
    for name, code in (("removed", "not_part"), ("added", "built_in")):
        result = do(world.workshop, "repairBattery", battery=life.code, **{name: other.module_codes})
        assert problems(result) == [(code, ["input", name, "0"])]
    tree = [{"code": other.module_codes[0]}]
    result = do_register(world.maker, [{"code": world.pack_code(), "components": tree, "producedAt": at(1)}])
    assert problems(result) == [("built_in", ["input", "batteries", "0", "components", "0", "code"])]
    assert events() == before


def test_an_identification_is_refused_at_the_true_code(world: World) -> None:
    found, true = provisional(world), produced(world)
    before = events()
    result = do(world.recycler, "identifyBattery", battery=found.code, **{"as": true.code})
    assert problems(result) == [("not_holder", ["input", "as"])]
    assert events() == before


def test_a_repeated_receipt_gives_the_same_answer(world: World) -> None:
    life = retired(world)
    items = [{"code": life.code, "condition": "LEAKING"}, {"payload": "?"}, {"code": life.code}]
    first = do(world.recycler, "receiveBatteries", items=items)
    assert [item["outcome"] for item in first["items"]] == ["QUARANTINED", "QUARANTINED", "DUPLICATE"]
    before = events()
    assert do(world.recycler, "receiveBatteries", items=items) == first | {"replayed": True}
    assert events() == before


def test_a_disputed_receiver_gets_the_intake_view_only(world: World) -> None:
    life = retired(world)
    query = """mutation M($input: ReceiveBatteriesInput!) { receiveBatteries(input: $input) {
        items { outcome battery { code stage holder { code } chain { status }
            events { edges { node { id } } } } } } }"""
    result = ask(world.recycler, query, idempotencyKey="k", occurredAt=at(0), items=[{"code": life.code}])
    [item] = result["items"]
    assert item == {
        "outcome": "DISPUTED",
        "battery": {"code": life.code, "stage": "RETIRED", "holder": None, "chain": None, "events": {"edges": []}},
    }


# Master data


@pytest.mark.parametrize(
    ("name", "by", "more"),
    [
        ("recordOrganisation", "alliance", {"code": factories.organisation_code(50), "roles": ["OUTLET"]}),
        ("recordModel", "maker", {"number": "LFP-60", "level": "PACK", "composition": {"li": "0.0155"}, "massKg": 440}),
        ("recordListing", "alliance", {"organisation": "recycler", "scope": "RECOVERY", "announcedOn": "2023-12-01"}),
        ("recordPermit", "alliance", {"organisation": "recycler", "kind": "EIA", "validFrom": "2024-01-01"}),
        ("recordDeclaration", "recycler", {"year": 2025, "figures": {"rnd.share": 3.1}}),
        ("reviewDeclaration", "alliance", {"organisation": "recycler", "year": 2025, "accepted": True}),
        ("recordPenalty", "alliance", {"organisation": "recycler", "decidedOn": "2025-05-05"}),
        ("scrapVehicle", "dismantler", {"vin": factories.vin(3), "certificate": "Z-1"}),
    ],
)  # fmt: skip
def test_master_data_is_recorded_by_who_may_and_by_nobody_else(world: World, name: str, by: str, more: Given) -> None:
    if "organisation" in more:
        more = more | {"organisation": getattr(world, more["organisation"]).code}
    before = events()
    refused = do(world.workshop, name, **more)
    assert (problems(refused), refused["organisation"]) == ([("role", ["input"])], None)
    assert events() == before
    party: Party = getattr(world, by)
    result = do(party, name, **more)
    subject = more.get("code") or more.get("organisation") or party.code
    assert (result["errors"], result["key"]) == ([], f"k#{subject}")
    assert result["organisation"] == {"code": subject}
    assert do(party, name, **more) == result | {"replayed": True}
    assert events() == before + 1


def test_a_permit_of_nobody_is_refused_at_its_field(world: World) -> None:
    before = events()
    result = do(world.alliance, "recordPermit", organisation="91510100MA6999999X", kind="EIA")
    assert problems(result) == [("unknown_organisation", ["input", "organisation"])]
    assert events() == before


# Who asks


def test_who_acts_for_no_organisation_is_told_so(world: World) -> None:
    life = retired(world)
    before = events()
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(User.objects.create_user("nobody"))
    for name, more in {
        "loseBattery": {"battery": life.code},
        "receiveBatteries": {"items": [{"code": life.code}]},
        "recordModel": {"number": "X"},
    }.items():
        given = {"idempotencyKey": "k", "occurredAt": at(0)} | more
        body = json.dumps({"query": document(name), "variables": {"input": given}})
        answer = client.post("/graphql/", body, content_type="application/json").json()
        assert problems(answer["data"][name]) == [("no_organisation", ["input"])]
    assert events() == before


def test_a_sentence_is_in_the_language_of_the_caller(world: World) -> None:
    life = retired(world)
    result = do(world.stranger, "loseBattery", battery=life.code)
    assert "Only its holder may do this" in result["errors"][0]["message"]


# What the schema does not take


@pytest.mark.parametrize("name", sorted(FIELDS))
@pytest.mark.parametrize(
    "field",
    ["organisationId", "recordedAt", "sequence", "seq", "hash", "actor", "key", "reportedAt", "stage", "holderId"],
)
def test_what_the_ledger_itself_decides_cannot_be_assigned(world: World, name: str, field: str) -> None:
    given = {"idempotencyKey": "k", "occurredAt": at(0), field: "1"}
    before = events(), Organisation.objects.count()
    answer = post(world.maker, document(name), input=given).json()
    assert answer.get("data") is None
    assert any(field in error["message"] for error in answer["errors"])
    assert (events(), Organisation.objects.count()) == before


def test_everything_that_can_be_written_is_described_in_both_languages() -> None:
    pending = [field.args["input"].type for field in FIELDS.values()]
    seen: set[str] = set()
    undescribed = [name for name, field in FIELDS.items() if not in_both_languages(field.description)]
    while pending:
        type_ = get_named_type(pending.pop())
        if type_.name in seen or not isinstance(type_, GraphQLInputObjectType):
            continue
        seen.add(type_.name)
        for name, member in type_.fields.items():
            pending.append(member.type)
            undescribed += [] if in_both_languages(member.description) else [f"{type_.name}.{name}"]
        undescribed += [] if in_both_languages(type_.description) else [type_.name]
    assert undescribed == []
    assert len(seen) > 20


def in_both_languages(text: str | None) -> bool:
    chinese, _, english = (text or "").partition("\n")
    return bool(re.search(r"[\u4e00-\u9fff]", chinese)) and english.isascii() and english.strip() != ""


# Costs


def test_one_installation_costs_a_fixed_number_of_queries(world: World, django_assert_max_num_queries: Any) -> None:
    lives = [produced(world), produced(world)]
    do(world.maker, "installBattery", battery=lives[0].code, vin=factories.vin(1))
    with django_assert_max_num_queries(22):
        do(world.maker, "installBattery", idempotencyKey="k2", battery=lives[1].code, vin=factories.vin(2))
