"""From the dock to the decision, as people and machines ask for it: warnings, quarantine, identification."""

from dataclasses import replace
from typing import Any

from tests.graphql_schema.asking import good
from tests.worlds import Life, Party, World
from traceability.access import Viewer

ANSWER = "replayed warnings { code } battery { code stage quarantined } errors { code message path }"
LIFT = f"mutation ($input: LiftQuarantineInput!) {{ answer: liftQuarantine(input: $input) {{ {ANSWER} }} }}"
IDENTIFY = f"mutation ($input: IdentifyBatteryInput!) {{ answer: identifyBattery(input: $input) {{ {ANSWER} }} }}"
RECEIVE = """mutation ($input: ReceiveBatteriesInput!) { answer: receiveBatteries(input: $input) {
  items { code outcome warnings { code } battery { quarantined } } errors { code path } } }"""
CHAIN = """query ($code: String!) { battery(code: $code) { code quarantined
  identities { code identifiedAt evidence organisation { code } }
  events(last: 20) { edges { node { type recordedUnder warnings { code } } } } } }"""
MOMENT = "2022-06-01T00:00:00Z"


def say(who: Party | Viewer, mutation: str, **given: Any) -> Any:
    given = {"idempotencyKey": "k-1", "occurredAt": MOMENT} | given
    return good(who, mutation, input=given)["answer"]


def told(answer: Any) -> list[str]:
    return [one["code"] for one in answer["warnings"]]


def on_its_way(world: World) -> Life:
    return world.pack().produced().installed().removed().dispatched(to=world.recycler)


def test_a_leaking_battery_waits_for_a_second_person(world: World) -> None:
    life = on_its_way(world)
    [item] = say(world.recycler, RECEIVE, items=[{"code": life.code, "condition": "LEAKING"}])["items"]
    assert (item["outcome"], item["battery"]) == ("QUARANTINED", {"quarantined": True})
    later = {"battery": life.code, "occurredAt": "2022-06-02T00:00:00Z", "reason": "取样合格"}
    again = say(world.recycler, LIFT, idempotencyKey="k-2", **later)
    [error] = again["errors"]
    assert (error["code"], error["path"], again["battery"]) == ("same_person", ["input", "battery"], None)
    second = replace(world.recycler.viewer, actor="user:77")
    lifted = say(second, LIFT, idempotencyKey="k-3", **later)
    assert (lifted["errors"], lifted["battery"]["quarantined"]) == ([], False)
    assert say(second, LIFT, idempotencyKey="k-3", **later)["replayed"]
    # Who sees a part of the chain is not told.
    assert good(world.maker, CHAIN, code=life.code)["battery"]["quarantined"] is None


def test_both_histories_are_read_under_either_code(world: World) -> None:
    life = on_its_way(world)
    [item] = say(world.recycler, RECEIVE, items=[{"payload": "~~", "label": "UNREADABLE"}])["items"]
    found = item["code"]
    answer = say(
        world.recycler,
        IDENTIFY,
        battery=found,
        **{"as": life.code, "idempotencyKey": "k-2", "occurredAt": "2022-06-02T00:00:00Z", "evidence": "铭牌在内侧"},
    )
    assert (answer["errors"], answer["warnings"], answer["battery"]["code"]) == ([], [], life.code)
    one, other = (good(world.recycler, CHAIN, code=code)["battery"] for code in (life.code, found))
    assert one == other
    [identity] = one["identities"]
    assert identity == {
        "code": found,
        "identifiedAt": "2022-06-02T00:00:00.000Z",
        "evidence": "铭牌在内侧",
        "organisation": {"code": world.recycler.code},
    }
    events = [(edge["node"]["type"], edge["node"]["recordedUnder"]) for edge in one["events"]["edges"]]
    assert events == [
        ("PRODUCED", life.code),
        ("INSTALLED", life.code),
        ("REMOVED", life.code),
        ("DISPATCHED", life.code),
        ("RECEIVED", found),
        ("IDENTIFIED", found),
    ]
    # The maker's part ends before: it learns nothing of what came after.
    assert good(world.maker, CHAIN, code=life.code)["battery"]["identities"] == []


def test_a_true_code_that_another_holds_is_a_dispute_and_one_that_is_used_up_a_contradiction(world: World) -> None:
    """Both are recorded and told; the alliance, or the other's own word, resolves them."""
    held = world.pack().produced().installed().removed()
    gone = on_its_way(world).received(by=world.recycler).processed()
    for number, (life, expected) in enumerate(
        [(held, ["held_by_another"]), (gone, ["not_possible_here", "held_by_another"])]
    ):
        found = world.battery(f"TMP-{number}").received(by=world.stranger)
        later = {"as": life.code, "idempotencyKey": f"i-{number}"}
        answer = say(world.stranger, IDENTIFY, battery=found.code, **later)
        assert (answer["errors"], told(answer)) == ([], expected)
        assert (life.record.claimant is None, life.record.intruder) == (False, world.stranger.organisation)
    held.dispatched(to=world.stranger, by=world.workshop, at="2022-06-03T00:00:00Z")
    assert held.record.intruder is None
    # What was so when it was said stands with the event.
    last = good(world.alliance, CHAIN, code=held.code)["battery"]["events"]["edges"][-2]["node"]
    assert (last["type"], last["warnings"]) == ("IDENTIFIED", [{"code": "held_by_another"}])


def test_what_became_anothers_anew_is_refused_and_the_alliance_says_it(world: World) -> None:
    found = world.battery("TMP-1").received(by=world.recycler)
    life = world.pack().produced()
    answer = say(world.recycler, IDENTIFY, battery="TMP-1", **{"as": life.code})
    [error] = answer["errors"]
    assert (error["code"], error["path"]) == ("not_holder", ["input", "as"])
    assert found.own_record.chain is None
    assert say(world.alliance, IDENTIFY, battery="TMP-1", **{"as": life.code})["errors"] == []
