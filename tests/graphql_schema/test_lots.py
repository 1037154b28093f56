"""Batches and lots through the operations API: told, asked for, and seen by nobody they do not concern."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from tests import factories
from tests.graphql_schema.asking import contract, good, post
from tests.recyclers.materials import batch, lot_fact, opened, powder, record
from tests.worlds import Party, World
from traceability.models import LifecycleEvent

pytestmark = pytest.mark.django_db

DAY = "2025-07-02T18:00:00+08:00"
LOT = """query ($number: String!, $organisation: String) { lot(number: $number, organisation: $organisation) {
  id number material massKg leftKg origin moisturePercent mixed assay { element percent }
  organisation { code } holder { code } inTransitTo { code } } }"""


def tell(who: Party, name: str, answer: str, **given: Any) -> Any:
    """Call a mutation, and give its answer."""
    type_ = name[0].upper() + name[1:] + "Input!"
    document = (
        f"mutation($input: {type_}) {{ {name}(input: $input) {{ {answer} replayed errors {{ code message path }} }} }}"
    )
    return good(who, document, input={"idempotencyKey": name, "occurredAt": DAY, **given})[name]


def codes(answer: Any) -> list[tuple[str, str]]:
    return [(".".join(error["path"]), error["code"]) for error in answer["errors"]]


def open_lot(who: Party, number: str = "A", kilograms: str = "1000", **more: Any) -> Any:
    given = {"idempotencyKey": f"open-{number}", "lot": number, "massKg": kilograms, "material": "ELECTRODE_POWDER"}
    return tell(who, "openLot", "lot { number leftKg }", occurredAt="2025-06-01T00:00:00Z", **given, **more)


def test_a_batch_is_recorded_as_the_contract_writes_it(world: World) -> None:
    pack = world.pack().produced().installed().removed().dispatched(world.recycler).received(world.recycler)
    open_lot(world.recycler, "IN-1", assay={"ni": "30.5"})
    given = {
        "idempotencyKey": "b",
        "occurredAt": DAY,
        "number": "B-1",
        "process": "CRUSHING",
        "startedAt": "2025-07-01T08:00:00+08:00",
        "inputs": [{"battery": pack.code, "massKg": "412.5"}, {"lot": "IN-1", "massKg": "500"}],
        "outputs": [{"lot": "BM-1", "material": "ELECTRODE_POWDER", "massKg": "280", "assay": {"ni": "22.2"}}],
        "residues": [{"kind": "slag", "massKg": "20"}],
    }
    answer = good(world.recycler, contract()["RecordBatch"], input=given)["recordBatch"]
    assert answer == {
        "batch": {
            "number": "B-1",
            "process": "CRUSHING",
            # 912.5 went in, 280 and 20 came out. The pack's model was never filed: nobody knows what it held.
            "lossPercent": "67.12",
            "recovery": [{"element": element, "percent": None} for element in ("li", "ni", "co", "mn", "cu", "al")],
            "inputs": [{"massKg": "412.5"}, {"massKg": "500"}],
            "outputs": [{"lot": {"number": "BM-1", "material": "ELECTRODE_POWDER", "massKg": "280"}}],
        },
        "errors": [],
    }
    assert good(world.recycler, contract()["RecordBatch"], input=given)["recordBatch"] == answer
    assert LifecycleEvent.objects.filter(type="batch").count() == 1
    found = good(world.recycler, contract()["Battery"], code=pack.code)["battery"]["lots"]
    assert found == [
        {
            "number": "BM-1",
            "material": "ELECTRODE_POWDER",
            "massKg": "280",
            "organisation": {"name": "遂宁再生"},
        }
    ]
    # The maker answers for the battery; what the recycler makes of it is the recycler's.
    assert good(world.maker, contract()["Battery"], code=pack.code)["battery"]["lots"] == []


def test_a_batch_tells_what_was_lost_and_recovered(world: World) -> None:
    """By hand: 440 kg of 8.55 % nickel and 500 kg of 30.5 % hold 190.12 kg; 280 kg of 22.2 % are 62.16."""
    composition = {"ni": "0.0855", "co": "0.0145"}
    world.capture([world.fact("model", world.maker, None, number="NCM-75", level="pack", composition=composition)])
    pack = world.pack().produced().installed().removed().dispatched(world.recycler).received(world.recycler)
    open_lot(world.recycler, "IN-1", assay={"ni": "30.5", "co": "0"})
    outputs = [{"lot": "BM-1", "material": "ELECTRODE_POWDER", "massKg": "280", "assay": {"ni": "22.2", "co": "1"}}]
    told = tell(
        world.recycler,
        "recordBatch",
        "batch { lossPercent recovery { element percent } }",
        number="B-1",
        process="CRUSHING",
        inputs=[{"battery": pack.code, "massKg": "440"}, {"lot": "IN-1", "massKg": "500"}],
        outputs=outputs,
        residues=[{"kind": "steel", "massKg": "655"}],
    )["batch"]
    found = {row["element"]: row["percent"] for row in told["recovery"]}
    assert (told["lossPercent"], found["ni"], found["co"], found["cu"]) == ("0.53", "32.70", "43.89", None)


def test_a_part_counts_by_the_model_of_what_it_was_built_into(world: World) -> None:
    world.capture([world.fact("model", world.maker, None, number="NCM-75", composition={"ni": "0.1"})])
    life = world.pack(modules=1).produced().installed().sold().removed(by=world.recycler)
    (module,) = life.module_codes
    life.dismantled(by=world.recycler, components=[module])
    told = tell(
        world.recycler,
        "recordBatch",
        "batch { recovery { element percent } }",
        occurredAt="2026-06-01T00:00:00Z",
        number="B-1",
        process="CRUSHING",
        inputs=[{"battery": module, "massKg": "100"}],
        outputs=[{"lot": "BM-1", "material": "ELECTRODE_POWDER", "massKg": "50", "assay": {"ni": "10"}}],
    )["batch"]
    assert {"element": "ni", "percent": "50.00"} in told["recovery"]


def test_a_refusal_says_where_in_the_input_it_is(world: World) -> None:
    open_lot(world.recycler)
    inputs = [{"reagent": "lime", "massKg": "1"}, {"lot": "A", "massKg": "1000.5"}]
    answer = tell(world.recycler, "recordBatch", "batch { number }", number="B-1", inputs=inputs)
    assert codes(answer) == [("input.inputs.1.massKg", "overdrawn")]
    assert "1000" in answer["errors"][0]["message"]
    answer = tell(world.recycler, "recordBatch", "batch { number }", number="B-1", inputs=[{"massKg": "1"}])
    assert codes(answer) == [("input.inputs.0.battery", "missing_field")]
    assert codes(open_lot(world.outlet, "X")) == [("input", "role")]


def test_lots_are_split_merged_and_sold(world: World) -> None:
    assert open_lot(world.recycler)["lot"] == {"number": "A", "leftKg": "1000"}
    into = [{"lot": "A1", "massKg": "400"}, {"lot": "A2", "massKg": "100"}]
    split = tell(world.recycler, "splitLot", "lot { leftKg } parts { number leftKg origin }", lot="A", into=into)
    assert split["lot"] == {"leftKg": "500"}
    assert [part["number"] for part in split["parts"]] == ["A1", "A2"]
    from_ = [{"lot": "A1", "massKg": "400"}, {"lot": "A2", "massKg": "50"}]
    merged = tell(world.recycler, "mergeLots", "lot { number massKg leftKg origin }", lot="M", **{"from": from_})
    assert merged["lot"] == {"number": "M", "massKg": "450", "leftKg": "450", "origin": "MERGED"}
    sold = tell(world.recycler, "sellLot", "lot { leftKg massKg }", lot="M", massKg="0.000001", to="someone")
    assert sold["lot"] == {"leftKg": "449.999999", "massKg": "450"}
    page = good(
        world.recycler,
        "{ lots(filters: {inStock: true}, first: 2) { edges { node { number } } pageInfo { hasNextPage endCursor } } }",
    )
    assert [edge["node"]["number"] for edge in page["lots"]["edges"]] == ["A", "A2"]
    rest = good(
        world.recycler,
        "query ($after: String) { lots(filters: {inStock: true}, after: $after) { edges { node { number } } } }",
        after=page["lots"]["pageInfo"]["endCursor"],
    )
    assert [edge["node"]["number"] for edge in rest["lots"]["edges"]] == ["M"]


def test_a_lot_goes_from_one_hand_to_the_next(world: World) -> None:
    open_lot(world.recycler)
    sent = tell(
        world.recycler,
        "dispatchLots",
        "transfer { waybill status items { lot { number } battery { code } sentMassKg } }",
        items=[{"lot": "A", "massKg": "1000"}],
        to=world.stranger.code,
        waybill="W-1",
    )
    assert sent["transfer"] == {
        "waybill": "W-1",
        "status": "OVERDUE",
        "items": [{"lot": {"number": "A"}, "battery": None, "sentMassKg": "1000"}],
    }
    item = {"lot": "A", "lotOf": world.recycler.code, "massKg": "980"}
    answer = "items { lot { number holder { code } } outcome warnings { code message } }"
    got = tell(world.stranger, "receiveLots", answer, occurredAt="2025-07-03T00:00:00Z", items=[item], waybill="W-1")
    assert got["items"] == [
        {
            "lot": {"number": "A", "holder": {"code": world.stranger.code}},
            "outcome": "RECEIVED_WITH_DIFFERENCES",
            "warnings": [{"code": "mass_difference", "message": got["items"][0]["warnings"][0]["message"]}],
        }
    ]
    again = tell(world.stranger, "receiveLots", answer, occurredAt="2025-07-03T00:00:00Z", items=[item], waybill="W-1")
    assert (again["replayed"], again["items"][0]["outcome"]) == (True, "RECEIVED_WITH_DIFFERENCES")
    other = tell(
        world.stranger, "receiveLots", answer, idempotencyKey="2", occurredAt="2025-07-04T00:00:00Z", items=[item]
    )
    assert other["items"][0]["outcome"] == "DUPLICATE"


def test_what_stands_on_the_dock_is_recorded_and_told(world: World) -> None:
    open_lot(world.recycler)
    items = [
        {"lot": "A", "lotOf": world.recycler.code, "massKg": "1000"},
        {"lot": "NOBODY-KNOWS", "lotOf": world.recycler.code, "massKg": "5"},
    ]
    got = tell(world.stranger, "receiveLots", "items { outcome warnings { code } }", items=items)
    assert got["items"] == [
        {"outcome": "DISPUTED", "warnings": [{"code": "held_by_another"}]},
        {"outcome": "UNANNOUNCED", "warnings": [{"code": "unknown_lot"}]},
    ]


def test_a_lot_that_is_refused_goes_back(world: World) -> None:
    open_lot(world.recycler)
    items = [{"lot": "A", "massKg": "1000"}]
    tell(world.recycler, "dispatchLots", "transfer { id }", items=items, to=world.stranger.code)
    items[0]["lotOf"] = world.recycler.code
    got = tell(world.stranger, "refuseLots", "lots { number }", occurredAt="2025-07-03T00:00:00Z", items=items)
    assert codes(got) == []
    assert good(world.recycler, LOT, number="A")["lot"]["inTransitTo"] is None
    twice = tell(
        world.recycler, "dispatchLots", "transfer { id }", idempotencyKey="x", items=items * 2, to=world.outlet.code
    )
    assert codes(twice) == [("input.items.1.lot", "wrong_value")]


def seen(world: World) -> dict[str, Any]:
    """What each party is told of the recycler's lot A."""
    asked = {party: getattr(world, party) for party in ("recycler", "stranger", "outlet", "maker", "alliance")}
    return {
        name: good(party, LOT, number="A", organisation=world.recycler.code)["lot"] for name, party in asked.items()
    }


def test_a_lot_is_seen_by_whom_it_concerns_and_its_whereabouts_by_who_has_it(world: World) -> None:
    record(world, opened(world, "A", "10"))
    found = seen(world)
    assert {name for name, lot in found.items() if lot} == {"recycler", "alliance"}
    record(world, lot_fact(world, "dispatched", "A", to=world.stranger.code, massKg="10"))
    assert {name for name, lot in seen(world).items() if lot} == {"recycler", "stranger", "alliance"}
    record(world, lot_fact(world, "received", "A", by=world.stranger, of=world.recycler, massKg="10"))
    record(
        world,
        lot_fact(world, "dispatched", "A", by=world.stranger, of=world.recycler, to=world.outlet.code, massKg="10"),
    )
    record(world, lot_fact(world, "received", "A", by=world.outlet, of=world.recycler, massKg="10"))
    found = seen(world)
    assert {name for name, lot in found.items() if lot} == {"recycler", "stranger", "outlet", "alliance"}
    knowing = {name for name, lot in found.items() if lot and lot["holder"]}
    assert knowing == {"outlet", "alliance"} == {name for name, lot in found.items() if lot and lot["leftKg"]}


def test_who_only_claims_to_have_received_a_lot_does_not_see_it(world: World) -> None:
    record(world, opened(world, "A", "10"))
    record(world, lot_fact(world, "received", "A", by=world.outlet, of=world.recycler, massKg="10"))
    assert {name for name, lot in seen(world).items() if lot} == {"recycler", "alliance"}


def test_a_batch_is_seen_by_its_recycler_and_the_alliance(world: World) -> None:
    record(world, batch(world, inputs=[{"reagent": "lime", "massKg": "1"}], outputs=[powder("P", "1")]))
    asked = 'query ($o: String) { batch(number: "B-1", organisation: $o) { id number organisation { code } } }'
    told = {
        name: good(getattr(world, name), asked, o=world.recycler.code)["batch"]
        for name in ("recycler", "stranger", "maker", "alliance")
    }
    assert {name for name, found in told.items() if found} == {"recycler", "alliance"}
    again = good(world.recycler, "query ($id: ID!) { node(id: $id) { id } }", id=told["recycler"]["id"])
    assert again["node"] == {"id": told["recycler"]["id"]}
    lot = good(world.recycler, LOT, number="P")["lot"]
    assert good(world.recycler, "query ($id: ID!) { node(id: $id) { id } }", id=lot["id"])["node"]["id"] == lot["id"]


# Queries -------------------------------------------------------------------------------------------------------------


def counted(work: Any) -> int:
    """Statements but inserts, which SQLite cuts by its number of parameters."""
    with CaptureQueriesContext(connection) as captured:
        assert not work()["errors"]
    return sum(not query["sql"].startswith("INSERT") for query in captured.captured_queries)


def test_a_truck_of_five_hundred_lots_takes_no_more_queries_than_one_of_two(world: World) -> None:
    def sent(prefix: str, size: int) -> int:
        record(world, *(opened(world, f"{prefix}{n}", "1", at=1) for n in range(size)))
        items = [{"lot": f"{prefix}{n}", "massKg": "1"} for n in range(size)]
        given = {"idempotencyKey": prefix, "items": items, "to": world.stranger.code, "waybill": prefix}
        return counted(lambda: tell(world.recycler, "dispatchLots", "transfer { items { lot { number } } }", **given))

    def received(prefix: str, size: int) -> int:
        items = [{"lot": f"{prefix}{n}", "lotOf": world.recycler.code, "massKg": "1"} for n in range(size)]
        given = {"idempotencyKey": prefix, "items": items, "occurredAt": "2025-07-03T00:00:00Z"}
        return counted(lambda: tell(world.stranger, "receiveLots", "items { outcome lot { number } }", **given))

    sent("warm", 2), received("warm", 2)
    few, many = (sent("few", 2), received("few", 2)), (sent("many", 500), received("many", 500))
    assert many == few
    assert max(many) <= 40


def test_a_batch_of_two_thousand_inputs_takes_no_more_queries_than_one_of_two(world: World) -> None:
    def recorded(prefix: str, size: int) -> int:
        record(world, *(opened(world, f"{prefix}{n}", "1", at=1) for n in range(size)))
        inputs = [{"lot": f"{prefix}{n}", "massKg": "1"} for n in range(size)]
        given = {"idempotencyKey": prefix, "number": prefix, "inputs": inputs}
        given["outputs"] = [{"lot": f"{prefix}-out", "massKg": "1", "material": "COPPER"}]
        shown = "batch { inputs { massKg lot { number } } outputs { lot { number } } }"
        return counted(lambda: tell(world.recycler, "recordBatch", shown, **given))

    recorded("warm", 2)
    few, many = recorded("few", 2), recorded("many", 2_000)
    assert many == few <= 40


def test_a_batch_of_two_thousand_batteries_takes_no_more_queries_than_one_of_two(world: World) -> None:
    """Packs with a model, some modules on their own; also what was lost and recovered is told of all together."""
    world.capture([world.fact("model", world.maker, None, number="NCM-75", composition={"ni": "0.1"})])

    def retired(size: int) -> list[str]:
        packs = [world.pack(modules=number < size // 20) for number in range(size - size // 20)]
        made = [world.fact("produced", world.maker, p.code, at=1, model="NCM-75", components=p.parts) for p in packs]
        world.record(*made, by=world.maker)
        facts = [world.fact("removed", world.recycler, pack.code, at=2) for pack in packs]
        facts += [
            world.fact("repaired", world.recycler, p.code, at=3, removed=p.module_codes) for p in packs if p.parts
        ]
        world.capture(facts)
        return [code for pack in packs for code in (pack.code, *pack.module_codes)]

    def recorded(number: str, size: int) -> int:
        inputs = [{"battery": code, "massKg": "1"} for code in retired(size)]
        outputs = [{"lot": number, "massKg": str(size), "material": "ELECTRODE_POWDER", "assay": {"ni": "8"}}]
        given = {"idempotencyKey": number, "number": number, "process": "CRUSHING", "inputs": inputs}
        document = """mutation ($input: RecordBatchInput!) { recordBatch(input: $input) { errors { code }
          batch { inputs { battery massKg } lossPercent recovery { element percent } } } }"""
        variables = {"input": {"occurredAt": DAY, "outputs": outputs, **given}}
        world.recycler.token  # noqa: B018 (issued before anything is counted)
        with CaptureQueriesContext(connection) as captured:
            # Through the door: its limits have to let so many inputs pass.
            answer = post(world.recycler, document, **variables).json()["data"]["recordBatch"]
        assert answer["errors"] == []
        assert {"element": "ni", "percent": "80.00"} in answer["batch"]["recovery"]
        assert len(answer["batch"]["inputs"]) == min(size, 100)
        return sum(not query["sql"].startswith("INSERT") for query in captured.captured_queries)

    recorded("warm", 20)
    few, many = recorded("few", 40), recorded("many", 2_000)
    # Two of them ask for what parts were built into, and whether that was used.
    assert many == few <= 42


def test_a_batch_of_batteries_that_nobody_knows_takes_no_more_queries_than_one_of_two(world: World) -> None:
    def refused(number: str, size: int) -> int:
        inputs = [{"battery": factories.pack_code(serial), "massKg": "1"} for serial in range(size)]
        given = {"idempotencyKey": number, "number": number, "inputs": inputs}
        with CaptureQueriesContext(connection) as captured:
            answer = tell(world.recycler, "recordBatch", "batch { number }", **given)
        assert {code for _, code in codes(answer)} == {"unknown_battery"}
        return len(captured)

    refused("warm", 2)
    assert refused("few", 2) == refused("many", 200)


def test_who_does_not_hold_a_lot_is_not_told_of_a_battery(world: World) -> None:
    open_lot(world.recycler)
    given = {"number": "B-1", "inputs": [{"lot": "A", "lotOf": world.recycler.code, "massKg": "1"}]}
    with translation.override("zh-hans"):
        answer = tell(world.stranger, "recordBatch", "batch { number }", **given)
    assert codes(answer) == [("input.inputs.0.lot", "not_holder")]
    assert "电池" not in answer["errors"][0]["message"]
