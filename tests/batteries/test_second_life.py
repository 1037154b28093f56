"""Second life, from a product's code to the day it is taken back: codes that never collide, sources, forbidden uses."""

from datetime import date
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection

from batteries.codes import parse
from batteries.models import ProductCode
from batteries.second_life import propose_product_code
from tests.graphql_schema.asking import good
from tests.graphql_schema.test_intake import say
from tests.worlds import Life, Party, World
from traceability.errors import Refusal
from traceability.models import LifecycleEvent

DAY = date(2022, 8, 14)
ANSWER = "warnings { code } battery { code stage secondLife } errors { code message path }"
PROPOSE = """mutation ($input: ProposeProductCodeInput!) { proposeProductCode(input: $input) {
  code replayed errors { code message path } } }"""


def mutation(name: str) -> str:
    type_ = f"{name[0].upper()}{name[1:]}Input"
    return f"mutation ($input: {type_}!) {{ answer: {name}(input: $input) {{ {ANSWER} }} }}"


def propose(by: Party, key: str = "p-1", **more: Any) -> Any:
    asked = {"level": "pack", "battery_type": "B", "specification": "01", "produced_on": DAY}
    return propose_product_code(by=by.viewer, idempotency_key=key, **(asked | more))


def ask(by: Party, **more: Any) -> Any:
    given = {"idempotencyKey": "p-1", "level": "PACK", "batteryType": "B", "specification": "01"}
    return good(by, PROPOSE, input=given | more)["proposeProductCode"]


def retired(world: World, by: Party) -> Life:
    life = world.pack().produced().installed().removed()
    return life.dispatched(to=by).received(by=by)


def product(world: World, *sources: Life, code: str | None = None, **details: Any) -> Life:
    life = world.battery(code or propose(world.second_life, key=f"p-{LifecycleEvent.objects.count()}").code)
    said = {"sources": [source.code for source in sources], "massKg": "300"} | details
    return life.do("assembled", world.second_life, **said)


# Codes ---------------------------------------------------------------------------------------------------------------


def test_a_proposal_is_a_code_by_the_standard(world: World) -> None:
    first = propose(world.second_life)
    assert (first.code, first.replayed) == ("08XPB01C8E0000001RP", False)
    code = parse(first.code, today=DAY)
    assert (code.produced_on, code.level, code.battery_type, code.second_life) == (DAY, "pack", "B", True)
    # The serial counts the day's products, of whatever kind.
    assert propose(world.second_life, "p-2", level="module", battery_type="E").code == "08XME01C8E0000002RM"
    assert propose(world.second_life, "p-3", produced_on=date(2022, 8, 31)).code == "08XPB01C800000001RP"


def test_the_same_call_gives_the_same_code(world: World) -> None:
    first = propose(world.second_life)
    again = propose(world.second_life)
    assert (again.code, again.replayed) == (first.code, True)
    with pytest.raises(Refusal) as error:
        propose(world.second_life, level="module")
    assert (error.value.code, error.value.path) == ("key_reused", ["idempotencyKey"])
    assert ProductCode.objects.count() == 1


def test_a_code_that_a_product_has_is_not_proposed(world: World) -> None:
    product(world, retired(world, world.second_life), code="08XPB01C8E0000001RP")
    assert propose(world.second_life).code == "08XPB01C8E0000002RP"


def test_by_default_a_product_is_of_today_in_the_makers_own_code(world: World) -> None:
    answer = ask(world.second_life)
    assert (answer["errors"], answer["replayed"], answer["code"][:7]) == ([], False, "08XPB01")
    assert ask(world.second_life) == answer | {"replayed": True}


@pytest.mark.parametrize(
    ("who", "given", "code", "path"),
    [
        ("recycler", {}, "role", ["input"]),
        ("second_life", {"specification": "1"}, "wrong_value", ["input", "specification"]),
        ("second_life", {"specification": "é1"}, "wrong_value", ["input", "specification"]),
        ("second_life", {"producedOn": "2999-01-01"}, "future_date", ["input", "producedOn"]),
        ("second_life", {"producedOn": "2010-12-31"}, "wrong_value", ["input", "producedOn"]),
        ("second_life", {"manufacturerCode": "04Q"}, "wrong_value", ["input", "manufacturerCode"]),
        ("second_life", {"idempotencyKey": " "}, "wrong_value", ["input", "idempotencyKey"]),
    ],
)
def test_what_makes_no_code_is_refused_with_its_place(
    world: World, who: str, given: dict[str, str], code: str, path: list[str]
) -> None:
    answer = ask(getattr(world, who), **given)
    assert [(error["code"], error["path"]) for error in answer["errors"]] == [(code, path)]
    assert not ProductCode.objects.exists()


def test_who_filed_no_code_or_several_is_told(world: World) -> None:
    def filed(*prefixes: str) -> None:
        details = {"code": world.second_life.code, "codePrefixes": list(prefixes), "roles": ["second_life"]}
        world.capture([world.fact("organisation", world.alliance, **details)])

    filed()
    assert [error["code"] for error in ask(world.second_life)["errors"]] == ["no_prefix"]
    filed("08X", "08Y")
    [error] = ask(world.second_life)["errors"]
    assert (error["code"], error["path"]) == ("missing_field", ["input", "manufacturerCode"])
    assert ask(world.second_life, manufacturerCode="08Y")["code"].startswith("08Y")


def test_calls_at_once_never_get_the_same_code(committed_world: World) -> None:
    world, calls, found, faults = committed_world, 4, [], []
    viewer = world.second_life.viewer
    start = Barrier(calls)

    def call(number: int) -> None:
        try:
            start.wait()
            for turn in range(3):
                asked = {"level": "pack", "battery_type": "B", "specification": "01", "produced_on": DAY}
                found.append(propose_product_code(by=viewer, idempotency_key=f"{number}-{turn}", **asked).code)
        except Exception as fault:
            faults.append(fault)
        finally:
            connection.close()

    threads = [Thread(target=call, args=(number,)) for number in range(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert sorted(found) == [f"08XPB01C8E{number:07d}RP" for number in range(1, 3 * calls + 1)]


# Sources and uses ----------------------------------------------------------------------------------------------------


def test_sources_are_retired_and_held_and_nothing_is_half_written(world: World) -> None:
    own, new = retired(world, world.second_life), world.pack().produced()
    anothers = retired(world, world.recycler)
    for number, (source, code) in enumerate([(new, "stage"), (anothers, "not_holder"), (own, "")]):
        before = LifecycleEvent.objects.count()
        answer = say(
            world.second_life,
            mutation("assembleBattery"),
            battery="08XPB01C8E0000001RP",
            sources=[own.code, source.code] if source is not own else [own.code],
            idempotencyKey=f"a-{number}",
        )
        expected = [(code, ["input", "sources", "1"])] if code else []
        assert [(error["code"], error["path"]) for error in answer["errors"]] == expected
        assert LifecycleEvent.objects.count() == before + (0 if code else 2)
    assert own.record.stage == "reassembled"


@pytest.mark.parametrize("word", ["e_bike", "E-Bike", "e bike"])
@pytest.mark.parametrize(
    ("day", "refused"), [("2026-03-31T23:59:59+08:00", False), ("2026-04-01T00:00:00+08:00", True)]
)
def test_a_forbidden_use_is_refused_from_the_day_it_is_forbidden(
    world: World, word: str, day: str, refused: bool
) -> None:
    source = retired(world, world.second_life)
    given = {"battery": "08XPB01C8E0000001RP", "sources": [source.code], "application": word, "occurredAt": day}
    answer = say(world.second_life, mutation("assembleBattery"), **given)
    if refused:
        [error] = answer["errors"]
        assert (error["code"], error["path"]) == ("forbidden_use", ["input", "application"])
        assert "2026-04-01" in error["message"]
        assert word in error["message"]
        assert source.record.stage == "retired"
    else:
        assert answer["errors"] == []
        deployed = say(
            world.second_life,
            mutation("deployBattery"),
            battery=given["battery"],
            application=word,
            occurredAt="2026-04-02T00:00:00+08:00",
            idempotencyKey="d",
        )
        assert [error["code"] for error in deployed["errors"]] == ["forbidden_use"]


def test_history_with_a_forbidden_use_is_stored(world: World) -> None:
    source = retired(world, world.second_life)
    world.battery("08XPB01C8E0000001RP").do(
        "assembled",
        world.second_life,
        captured=True,
        at="2026-05-01T00:00:00Z",
        sources=[source.code],
        application="e_bike",
    )
    assert source.record.stage == "reassembled"


# End to end ----------------------------------------------------------------------------------------------------------


def test_a_product_lives_and_is_taken_back(world: World) -> None:
    one, other = (retired(world, world.second_life) for _ in range(2))
    code = ask(world.second_life)["code"]
    moments = iter(f"2026-{month:02d}-01T00:00:00+08:00" for month in range(1, 13))

    def act(who: Party, name: str, **given: Any) -> Any:
        given = {"battery": code, "occurredAt": next(moments), "idempotencyKey": name} | given
        answer = say(who, mutation(name), **given)
        assert answer["errors"] == []
        return answer["battery"]

    sources = [one.code, other.code]
    made = act(world.second_life, "assembleBattery", sources=sources, massKg="700", application="storage")
    assert made == {"code": code, "stage": "PRODUCED", "secondLife": True}
    labels = good(
        world.second_life,
        """mutation ($input: IssueLabelsInput!) { issueLabels(input: $input) {
          labels { code text } errors { code } } }""",
        input={"idempotencyKey": "l", "occurredAt": next(moments), "items": [{"code": code}]},
    )["issueLabels"]
    assert (labels["errors"], labels["labels"][0]["text"][-19:]) == ([], code)
    assert act(world.second_life, "deployBattery", application="storage", region="510100")["stage"] == "IN_SECOND_LIFE"
    assert act(world.outlet, "decommissionBattery", reason="容量不足")["stage"] == "RETIRED"
    life = world.battery(code)
    assert (life.record.holder, life.faults) == (world.outlet.organisation, [])
    life.dispatched(to=world.recycler, at=next(moments))
    received = good(
        world.recycler,
        """mutation ($input: ReceiveBatteriesInput!) { receiveBatteries(input: $input) {
          items { outcome warnings { code } battery { stage holder { code } } } errors { code } } }""",
        input={
            "idempotencyKey": "r",
            "occurredAt": next(moments),
            "items": [{"payload": labels["labels"][0]["text"], "condition": "INTACT"}],
        },
    )["receiveBatteries"]
    assert received["items"] == [
        {
            "outcome": "RECEIVED",
            "warnings": [],
            "battery": {"stage": "RETIRED", "holder": {"code": world.recycler.code}},
        }
    ]
    life.processed(at=next(moments))
    assert (life.record.stage, life.faults) == ("processed", [])
    query = "query ($code: String!) { battery(code: $code) { sources { code } products { code } } }"
    assert good(world.alliance, query, code=code)["battery"]["sources"] == [{"code": each} for each in sources]
    assert good(world.alliance, query, code=one.code)["battery"]["products"] == [{"code": code}]
