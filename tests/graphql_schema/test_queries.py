"""What the operations API answers: batteries, scans, chains, parts, consignments, ids."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests import factories
from tests.graphql_schema.asking import ask, contract, good
from tests.worlds import Life, Party, World

SCAN = contract()["ResolveScan"]
EVENTS = """query ($code: String!, $first: Int, $after: String, $last: Int, $before: String) { battery(code: $code) {
  events(first: $first, after: $after, last: $last, before: $before) {
    edges { cursor node { id key type sequence hash previousHash actor effective details recordedUnder } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }"""
CHAIN = """query ($code: String!) { battery(code: $code) { code stage inside holder { code } holderRoles
  vehicle { vin } chain { status gaps { code severity since eventKey evidence clause organisation { code } } } } }"""


def battery(who: Party, code: str, query: str = CHAIN) -> Any:
    return good(who, query, code=code)["battery"]


def events(who: Party, code: str, **window: Any) -> Any:
    return good(who, EVENTS, code=code, **window)["battery"]["events"]


def refusal(who: Party, query: str, **variables: Any) -> dict[str, Any]:
    (error,) = ask(who, query, **variables).errors
    return dict(error["extensions"])


def recycled(world: World) -> Life:
    pack = world.pack().produced().installed().sold().removed()
    return pack.dispatched(to=world.recycler, waybill="W-1").received(by=world.recycler)


# Who sees what -------------------------------------------------------------------------------------------------------


def test_each_sees_its_own_part_and_the_maker_the_stage_to_the_end(world: World) -> None:
    pack = recycled(world)
    maker, workshop, recycler = (battery(who, pack.code) for who in (world.maker, world.workshop, world.recycler))
    assert [view["stage"] for view in (maker, workshop, recycler)] == ["RETIRED"] * 3
    # The maker's part ended with the sale: whom the battery went to is told by its roles only.
    assert maker["holder"] == {"code": world.maker.code}
    assert maker["holderRoles"] == ["RECYCLER"]
    assert workshop["holder"] == recycler["holder"] == {"code": world.recycler.code}
    assert [len(events(who, pack.code)["edges"]) for who in (world.maker, world.workshop, world.recycler)] == [3, 6, 6]
    assert battery(world.stranger, pack.code) is None


def test_the_stage_of_who_only_took_part_is_that_of_its_part(world: World) -> None:
    pack = recycled(world).processed()
    assert battery(world.workshop, pack.code)["stage"] == "RETIRED"
    assert battery(world.maker, pack.code)["stage"] == "PROCESSED"


def test_filters_judge_by_what_is_seen(world: World) -> None:
    """Otherwise a filter would tell what the answer hides."""
    recycled(world).processed()
    query = "query ($filters: BatteryFilter) { batteries(filters: $filters) { totalCount } }"

    def count(who: Party, **filters: Any) -> int:
        return int(good(who, query, filters=filters)["batteries"]["totalCount"])

    assert count(world.workshop, stage="PROCESSED") == 0
    assert count(world.workshop, stage="RETIRED") == 1
    assert count(world.maker, holder=world.recycler.code) == 0
    assert count(world.workshop, holder=world.recycler.code) == 1
    assert count(world.alliance, stage="PROCESSED", holder=world.recycler.code) == 1


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        pytest.param({"level": "PACK"}, True, id="level"),
        pytest.param({"level": "CELL"}, False, id="another level"),
        pytest.param({"batteryType": "E", "model": "NCM-75"}, True, id="type and model"),
        pytest.param({"batteryType": "B"}, False, id="another type"),
        pytest.param({"producedFrom": "2021-12-04", "producedUntil": "2021-12-04"}, True, id="the day"),
        pytest.param({"producedFrom": "2021-12-05"}, False, id="after the day"),
        pytest.param({"codePrefix": "04qpe"}, True, id="prefix in lower case"),
        pytest.param({"codePrefix": "%"}, False, id="no wildcard"),
        pytest.param({"chainStatus": "OPEN"}, True, id="status"),
        pytest.param({"chainStatus": "BROKEN"}, False, id="another status"),
        pytest.param({"manufacturer": factories.organisation_code(2)}, True, id="manufacturer"),
        pytest.param({"manufacturer": factories.organisation_code(3)}, False, id="another manufacturer"),
    ],
)
def test_the_list_is_narrowed_by(world: World, filters: dict[str, Any], found: bool) -> None:
    world.pack().produced()
    query = "query ($filters: BatteryFilter) { batteries(filters: $filters) { edges { node { code } } } }"
    assert bool(good(world.maker, query, filters=filters)["batteries"]["edges"]) is found


def test_who_received_in_dispute_gets_the_intake_view_and_the_holder_its_chain(world: World) -> None:
    pack = world.pack().produced().received(by=world.recycler)
    seen = battery(world.recycler, pack.code)
    assert (seen["stage"], seen["holder"], seen["chain"], seen["holderRoles"]) == ("PRODUCED", None, None, [])
    assert events(world.recycler, pack.code)["edges"] == []
    assert [gap["code"] for gap in of_steps(world.maker, pack.code)] == ["UNANNOUNCED_RECEIPT"]
    # Once the holder has sent it there, it is a receipt like any other.
    pack.dispatched(to=world.recycler, by=world.maker)
    assert battery(world.recycler, pack.code)["holder"] == {"code": world.recycler.code}


#: What these histories are full of, told years after the fact; the rules have tests of their own.
BY_TIME = {"LATE_REPORT", "STALLED", "UNRECEIVED"}


def of_steps(party: Party, code: str) -> list[dict[str, Any]]:
    return [gap for gap in battery(party, code)["chain"]["gaps"] if gap["code"] not in BY_TIME]


# Chains --------------------------------------------------------------------------------------------------------------


def test_gaps_say_what_is_missing_since_when_and_whose_it_is(world: World) -> None:
    pack = world.pack()
    world.capture([world.fact("sold", world.maker, pack.code, at="2024-03-31T20:00:00Z", key="late")])
    chain = battery(world.alliance, pack.code)["chain"]
    assert chain["status"] == "BROKEN"
    assert of_steps(world.alliance, pack.code) == [
        {
            "code": "UNKNOWN_ORIGIN",
            "severity": "BREAK",
            "since": "2024-04-01",  # the day at +08:00
            "eventKey": "late",
            "evidence": {"type": "sold"},
            "clause": "platform.origin",
            "organisation": {"code": world.maker.code},
        }
    ]


def test_a_missing_link_names_the_stages_that_would_be_right(world: World) -> None:
    pack = world.pack().produced()
    world.capture([world.fact("removed", world.workshop, pack.code)])
    (gap,) = of_steps(world.alliance, pack.code)
    assert gap["code"] == "MISSING_LINK"
    assert gap["evidence"] == {"type": "removed", "stage": "produced", "allowed": ["in_vehicle"]}


def test_an_unannounced_receipt_is_answered_by_who_it_came_from(world: World) -> None:
    one, other = (world.battery(world.pack_code()) for _ in range(2))
    world.capture([
        world.fact("produced", world.maker, one.code),
        world.fact("received", world.recycler, one.code, **{"from": world.maker.code}),
        world.fact("produced", world.maker, other.code),
        world.fact("received", world.recycler, other.code),
    ])  # fmt: skip
    gaps = [of_steps(world.alliance, life.code)[0] for life in (one, other)]
    assert [gap["organisation"]["code"] for gap in gaps] == [world.maker.code, world.recycler.code]
    assert {gap["severity"] for gap in gaps} == {"FLAW"}


def test_a_second_production_is_a_conflict(world: World) -> None:
    pack = world.pack().produced()
    world.capture([world.fact("produced", world.importer, pack.code)])
    assert [gap["code"] for gap in of_steps(world.alliance, pack.code)] == ["COMPONENT_CONFLICT"]


def test_who_sees_a_part_gets_the_status_of_the_part(world: World) -> None:
    pack = recycled(world)
    world.capture([world.fact("sold", world.recycler, pack.code)])
    assert of_steps(world.maker, pack.code) == []
    assert battery(world.maker, pack.code)["chain"]["status"] == "FLAWED"
    assert battery(world.recycler, pack.code)["chain"]["status"] == "BROKEN"


def test_events_are_paged_from_both_ends(world: World) -> None:
    pack = recycled(world)
    whole = [edge["node"]["type"] for edge in events(world.recycler, pack.code)["edges"]]
    assert whole == ["PRODUCED", "INSTALLED", "SOLD", "REMOVED", "DISPATCHED", "RECEIVED"]
    first = events(world.recycler, pack.code, first=4)
    rest = events(world.recycler, pack.code, first=4, after=first["pageInfo"]["endCursor"])
    assert [edge["node"]["type"] for page in (first, rest) for edge in page["edges"]] == whole
    assert [page["pageInfo"]["hasNextPage"] for page in (first, rest)] == [True, False]
    last = events(world.recycler, pack.code, last=4)
    before = events(world.recycler, pack.code, last=4, before=last["pageInfo"]["startCursor"])
    assert [edge["node"]["type"] for page in (before, last) for edge in page["edges"]] == whole
    assert [page["pageInfo"]["hasPreviousPage"] for page in (last, before)] == [True, False]


def test_events_are_linked_by_their_hashes_and_told_with_all_their_details(world: World) -> None:
    pack = world.pack(modules=1).produced().installed()
    one, two = (edge["node"] for edge in events(world.maker, pack.code)["edges"])
    assert two["previousHash"] == one["hash"]
    assert one["details"]["components"] == [{"code": pack.module_codes[0]}]
    assert two["details"]["vin"] == battery(world.maker, pack.code)["vehicle"]["vin"]
    assert one["actor"] == "test"
    assert battery(world.maker, pack.code, EVENTS)["events"]["edges"][0]["node"]["id"] == f"Event:{pack.code}/1"


def test_who_recorded_an_event_is_hidden_from_others(world: World) -> None:
    pack = recycled(world)
    actors = [edge["node"]["actor"] for edge in events(world.recycler, pack.code)["edges"]]
    assert actors == [None] * 5 + ["test"]
    assert None not in [edge["node"]["actor"] for edge in events(world.alliance, pack.code)["edges"]]


def test_a_correction_stands_under_the_key_of_what_it_corrects(world: World) -> None:
    pack = world.pack().produced().installed(vin=factories.vin(1))
    key = pack.key
    pack.corrected(key, {"type": "installed", "occurredAt": factories.moment(2), "details": {"vin": factories.vin(2)}})
    found = [edge["node"] for edge in events(world.maker, pack.code)["edges"] if edge["node"]["type"] == "INSTALLED"]
    assert [(node["effective"], node["details"]["vin"]) for node in found] == [
        (False, factories.vin(1)),
        (True, factories.vin(2)),
    ]
    assert {node["key"] for node in found} == {key}


# Codes, parts, provisional identities --------------------------------------------------------------------------------


def test_a_provisional_code_leads_to_the_true_battery(world: World) -> None:
    true = world.pack()
    world.battery("TMP-7").received(by=world.recycler).identified(true)
    seen = battery(world.recycler, "tmp-7")
    assert seen["code"] == true.code
    assert {edge["node"]["recordedUnder"] for edge in events(world.recycler, true.code)["edges"]} == {"TMP-7"}


def test_a_part_still_built_in_shares_the_life_of_its_battery(world: World) -> None:
    pack = world.pack(modules=1, cells=1).produced().installed()
    cell = battery(world.maker, pack.cell_codes[0])
    assert (cell["stage"], cell["inside"]) == ("IN_VEHICLE", pack.module_codes[0])
    assert cell["vehicle"] == battery(world.maker, pack.code)["vehicle"]
    assert battery(world.stranger, pack.cell_codes[0]) is None


def test_a_released_part_tells_its_own_life(world: World) -> None:
    pack = world.pack(modules=2, cells=1).produced().installed().removed(by=world.dismantler)
    pack.dismantled(by=world.dismantler, components=pack.module_codes[:1])
    parts = "query ($code: String!) { battery(code: $code) { components { code stage components { code stage } } } }"
    first, second = battery(world.dismantler, pack.code, parts)["components"]
    assert (first["stage"], second["stage"]) == ("RETIRED", "DISMANTLED")
    assert first["components"] == [{"code": pack.cell_codes[0], "stage": "RETIRED"}]


def test_parts_are_paged_by_code(world: World) -> None:
    pack = world.pack(modules=5).produced()
    query = 'query ($code: String!) { battery(code: $code) { components(first: 2, after: "%s") { code } } }'
    found = battery(world.maker, pack.code, query % sorted(pack.module_codes)[1])
    assert [part["code"] for part in found["components"]] == sorted(pack.module_codes)[2:4]


def test_a_second_life_product_knows_its_originals_and_they_know_it(world: World) -> None:
    one, other = (world.pack().produced().installed().removed(by=world.second_life) for _ in range(2))
    product = world.battery(factories.second_life_code(1))
    product.do("assembled", world.second_life, sources=[one.code, other.code])
    ties = "query ($code: String!) { battery(code: $code) { secondLife sources { code stage } products { code } } }"
    found = battery(world.second_life, product.code, ties)
    assert found["secondLife"] is True
    assert [source["code"] for source in found["sources"]] == [one.code, other.code]
    assert {source["stage"] for source in found["sources"]} == {"REASSEMBLED"}
    assert battery(world.second_life, one.code, ties)["products"] == [{"code": product.code}]
    # The maker of an original has no part in the product.
    assert battery(world.maker, one.code, ties)["products"] == []


# Scans ---------------------------------------------------------------------------------------------------------------


def test_a_stranger_who_scans_gets_the_fixed_intake_view(world: World) -> None:
    pack = recycled(world).recalled(captured=True)
    found = good(world.stranger, SCAN, payload=pack.code)["resolveScan"]
    assert found["battery"]["stage"] == "RETIRED"
    assert found["battery"]["manufacturer"]["code"] == world.maker.code
    assert found["battery"]["model"]["number"] == "NCM-75"
    assert (found["battery"]["holder"], found["battery"]["chain"]) == (None, None)
    assert found["battery"]["events"]["edges"] == []
    assert found["expectedTransfer"] is None
    assert {warning["code"] for warning in found["warnings"]} == {"recalled", "not_expected_here"}


@pytest.mark.parametrize(
    ("payload", "kind", "codes"),
    [
        pytest.param(factories.pack_code(98), "BATTERY_CODE", {"unregistered", "ambiguous_letter"}, id="unregistered"),
        pytest.param("hello", "UNKNOWN", {"length", "character"} - {"character"}, id="no code"),
        pytest.param("", "UNKNOWN", {"length"}, id="empty"),
        pytest.param("9" * 10_000, "UNKNOWN", {"length"}, id="endless"),
        pytest.param("TMP-404", "BATTERY_CODE", {"unregistered"}, id="unknown provisional"),
        pytest.param(f"https://x.example/b/{factories.pack_code(98)}", "LABEL", {"unregistered", "ambiguous_letter"},
                     id="label"),
    ],
)  # fmt: skip
def test_a_scan_of_nothing_known_says_so(world: World, payload: str, kind: str, codes: set[str]) -> None:
    found = good(world.recycler, SCAN, payload=payload)["resolveScan"]
    assert (found["kind"], found["battery"]) == (kind, None)
    assert {warning["code"] for warning in found["warnings"]} == codes
    assert all(warning["message"] for warning in found["warnings"])


def test_safety_tells_voltage_and_recall(world: World) -> None:
    world.record(
        world.fact("model", world.maker, number="NCM-75", level="pack", batteryType="E", nominalVoltageV="350",
                   nominalEnergyKwh="75", composition={"li": "0.0155"}),
        by=world.maker,
    )  # fmt: skip
    pack = world.pack().produced().recalled(campaign="R-7")
    query = """query ($code: String!) { battery(code: $code) {
      model { number nominalVoltageV composition } safety { chemistry highVoltage recalled campaigns } } }"""
    found = battery(world.maker, pack.code, query)
    assert found["safety"] == {"chemistry": "E", "highVoltage": True, "recalled": True, "campaigns": ["R-7"]}
    assert found["model"] == {"number": "NCM-75", "nominalVoltageV": "350", "composition": {"li": "0.0155"}}
    pack.dispatched(to=world.recycler)
    assert battery(world.recycler, pack.code, query)["model"]["composition"] is None


# Consignments --------------------------------------------------------------------------------------------------------

TRANSFERS = """query ($filters: TransferFilter) { transfers(filters: $filters) { edges { node { id status waybill
  itemCount openCount sender { code } items { status receivedMassKg condition battery { code } } } } } }"""


def transfers(who: Party, **filters: Any) -> list[Any]:
    return [edge["node"] for edge in good(who, TRANSFERS, filters=filters)["transfers"]["edges"]]


def test_a_consignment_tells_its_state_by_its_items(world: World) -> None:
    sent, arrived = timezone.now() - timedelta(days=2), timezone.now() - timedelta(days=1)
    one, two = (world.pack().produced().dispatched(to=world.recycler, waybill="W-1", at=sent) for _ in range(2))
    states = [transfers(world.recycler)[0]["status"]]
    one.received(by=world.recycler, at=arrived)
    states.append(transfers(world.maker)[0]["status"])
    two.received(by=world.recycler, at=arrived, massKg="400")
    states.append(transfers(world.maker)[0]["status"])
    assert states == ["IN_TRANSIT", "PARTLY_RECEIVED", "RECEIVED_WITH_DIFFERENCES"]
    assert transfers(world.stranger) == []


def test_what_was_sent_long_ago_is_overdue(world: World) -> None:
    world.pack().produced().dispatched(to=world.recycler)
    (node,) = transfers(world.recycler, overdue=True, direction="RECEIVED", open=True)
    assert (node["status"], node["itemCount"], node["openCount"]) == ("OVERDUE", 1, 1)
    assert transfers(world.recycler, overdue=False) == transfers(world.recycler, direction="SENT") == []
    assert len(transfers(world.recycler, counterparty=world.maker.code)) == 1
    assert transfers(world.recycler, counterparty=world.recycler.code) == []


def test_what_was_received_elsewhere_tells_the_addressee_no_more(world: World) -> None:
    pack = world.pack().produced().dispatched(to=world.recycler).received(by=world.stranger, condition="burnt")
    (node,) = transfers(world.recycler)
    assert node["status"] == "DIVERTED"
    assert node["items"][0] | {"battery": None} == {
        "status": "DIVERTED", "receivedMassKg": None, "condition": None, "battery": None,
    }  # fmt: skip
    assert transfers(world.maker)[0]["items"][0]["condition"] == "BURNT"
    assert node["items"][0]["battery"]["code"] == pack.code


# Ids, organisations, cursors -----------------------------------------------------------------------------------------

NODE = """query ($id: ID!) { node(id: $id) { __typename id } }"""


def test_every_id_that_is_answered_can_be_asked_for(world: World) -> None:
    pack = world.pack().produced().dispatched(to=world.recycler)
    (transfer,) = transfers(world.recycler)
    for id_ in (f"Battery:{pack.code}", f"Event:{pack.code}/1", transfer["id"], f"Organisation:{world.maker.code}"):
        assert good(world.recycler, NODE, id=id_)["node"] == {"__typename": id_.partition(":")[0], "id": id_}
        assert good(world.stranger, NODE, id=id_)["node"] is None
    ids = [f"Battery:{pack.code}", "nonsense", transfer["id"]]
    found = good(world.recycler, "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=ids)["nodes"]
    assert [node and node["id"] for node in found] == [ids[0], None, ids[2]]


@pytest.mark.parametrize(
    "id_", ["", ":", "Battery:", "Event:/", "Event:x/-1", "Event:x/²", "Transfer:", "Transfer:-1",
            f"Transfer:{10**30}", "Organisation:", "User:1", "Battery:" + "9" * 9_999, "Event:" + "/1" * 300],
)  # fmt: skip
def test_a_malformed_id_names_nothing(world: World, id_: str) -> None:
    assert good(world.recycler, NODE, id=id_)["node"] is None
    assert good(world.recycler, "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=[id_])["nodes"] == [None]


@pytest.mark.parametrize("cursor", ["", "x", "====", "MToy", "LTE", "é", "9" * 500, "OTk5OTk5OTk5OTk5OTk5OTk5OTk5"])
@pytest.mark.parametrize("field", ["batteries", "transfers", "models", "organisations"])
def test_a_foreign_cursor_is_refused_with_a_code(world: World, field: str, cursor: str) -> None:
    query = f"query ($after: String) {{ {field}(after: $after) {{ pageInfo {{ hasNextPage }} }} }}"
    assert refusal(world.recycler, query, after=cursor) == {"code": "wrong_value", "path": ["after"]}


@pytest.mark.parametrize(
    ("window", "code", "path"),
    [({"first": 101}, "too_many", "first"), ({"last": -1}, "wrong_value", "last"),
     ({"first": 1, "last": 1}, "wrong_value", "last"), ({"after": "MQ"}, "wrong_value", "after")],
)  # fmt: skip
def test_a_page_of_events_that_makes_no_sense_is_refused(
    world: World, window: dict[str, Any], code: str, path: str
) -> None:
    pack = world.pack().produced()
    assert refusal(world.maker, EVENTS, code=pack.code, **window) == {"code": code, "path": [path]}


def test_organisations_are_the_own_and_those_one_deals_with(world: World) -> None:
    world.pack().produced().dispatched(to=world.recycler)
    query = "{ organisations { edges { node { code } } } }"

    def known(who: Party) -> set[str]:
        return {edge["node"]["code"] for edge in good(who, query)["organisations"]["edges"]}

    assert known(world.recycler) == known(world.maker) == {world.maker.code, world.recycler.code}
    assert known(world.stranger) == {world.stranger.code}
    assert known(world.alliance) == {party.code for party in world.parties}
    one = "query ($code: String!) { organisation(code: $code) { name roles } }"
    assert good(world.recycler, one, code=world.maker.code)["organisation"]["name"] == "蓉城汽车"
    assert good(world.recycler, one, code=world.stranger.code)["organisation"] is None


def test_models_are_those_that_one_filed(world: World) -> None:
    world.record(world.fact("model", world.maker, number="NCM-75", level="pack"), by=world.maker)
    query = "{ models { edges { node { number organisation { code } } } } }"
    assert good(world.maker, query)["models"]["edges"] == [
        {"node": {"number": "NCM-75", "organisation": {"code": world.maker.code}}}
    ]
    assert good(world.recycler, query)["models"]["edges"] == []
