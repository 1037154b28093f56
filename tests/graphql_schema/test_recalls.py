"""Recalls: everything that a batch of cells or a model is in, wherever it is now, told to the maker and to holders."""

import csv
import io
import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from python_calamine import CalamineWorkbook

from tests import factories
from tests.graphql_schema.asking import ask, contract, good
from tests.worlds import Life, Party, World
from traceability.models import LifecycleEvent

pytestmark = pytest.mark.django_db

REACH = """query ($model: String, $prefix: String, $campaign: String, $first: Int, $after: String, $living: Boolean) {
  recall(model: $model, codePrefix: $prefix, campaign: $campaign) {
    totalCount files
    holdings { holder { code } roles batteries living }
    batteries(first: $first, after: $after, living: $living) { pageInfo { hasNextPage endCursor }
      edges { cursor node { affected example region
        battery { code stage holder { code } inTransitTo { code } safety { campaigns } } } } } } }"""
RECALL = """mutation ($input: RecallBatteriesInput!) { recallBatteries(input: $input) {
  batteries { code safety { recalled recalls { campaign instruction organisation { code } } } }
  replayed errors { code message path } } }"""


def reach(who: Party, **given: Any) -> Any:
    return good(who, REACH, **given)["recall"]


def found(who: Party, **given: Any) -> dict[str, tuple[int, str]]:
    """The affected batteries: code → how many of the things affected it holds, and one of them."""
    edges = reach(who, **given)["batteries"]["edges"]
    return {edge["node"]["battery"]["code"]: (edge["node"]["affected"], edge["node"]["example"]) for edge in edges}


@pytest.fixture
def lives(world: World) -> dict[str, Life]:
    """Cells of one batch: in a pack on the road, in a module taken out, in a product, and in a pack that is no more."""
    road = world.pack(modules=1, cells=2).produced().installed().sold()
    opened = world.pack(modules=2, cells=1).produced().installed().sold().removed(by=world.second_life)
    first, second = opened.module_codes
    opened.dismantled(by=world.second_life)
    product = world.battery(factories.second_life_code(1))
    product.do("assembled", world.second_life, sources=[first], massKg="30", application="energy_storage")
    product.do("deployed", world.second_life)
    part = world.battery(second).dispatched(to=world.recycler)
    dead = world.pack(modules=1, cells=1).produced().installed().sold().removed(by=world.recycler)
    dead.processed()
    world.pack(modules=1).produced()
    return {"road": road, "opened": opened, "product": product, "part": part, "dead": dead}


CELLS = factories.cell_code(1)[:14]


def test_a_batch_of_cells_is_found_in_everything_that_it_is_in_now(world: World, lives: dict[str, Life]) -> None:
    answer = found(world.alliance, prefix=CELLS)
    assert answer == {
        lives["road"].code: (2, lives["road"].cell_codes[0]),
        lives["part"].code: (1, lives["opened"].cell_codes[1]),
        lives["product"].code: (1, lives["opened"].cell_codes[0]),
        lives["dead"].code: (1, lives["dead"].cell_codes[0]),
    }
    one = lives["opened"].cell_codes[0]
    assert found(world.alliance, prefix=one) == {lives["product"].code: (1, one)}
    assert found(world.alliance, prefix=one.lower()) == found(world.alliance, prefix=one)


def test_a_model_is_found_in_its_packs_and_in_what_was_taken_out_of_them(world: World, lives: dict[str, Life]) -> None:
    every = found(world.alliance, model="NCM-75")
    assert {life.code for life in lives.values()} < every.keys()
    assert every[lives["product"].code] == (1, lives["opened"].code)
    ended = found(world.alliance, model="NCM-75", living=False).keys()
    assert ended == {lives["opened"].code, lives["dead"].code}
    assert found(world.alliance, model="NCM-75", living=True).keys() == every.keys() - ended


def test_it_is_told_who_holds_them_and_how_many(world: World, lives: dict[str, Life]) -> None:
    answer = reach(world.alliance, prefix=CELLS)
    told = {one["holder"]["code"]: (one["batteries"], one["living"]) for one in answer["holdings"]}
    assert told == {world.maker.code: (1, 1), world.second_life.code: (2, 2), world.recycler.code: (1, 0)}
    assert answer["totalCount"] == 4
    nodes = [edge["node"] for edge in answer["batteries"]["edges"]]
    assert {node["region"] for node in nodes} == {"510100"}
    [sent] = [node for node in nodes if node["battery"]["code"] == lives["part"].code]
    assert sent["battery"]["inTransitTo"] == {"code": world.recycler.code}


def test_a_maker_is_told_of_its_own_and_of_holders_what_it_may_know(world: World, lives: dict[str, Life]) -> None:
    world.pack(code=factories.pack_code(1, prefix=factories.FOREIGN_PREFIX)).produced(by=world.cell_maker)
    answer = reach(world.maker, model="NCM-75")
    codes = {edge["node"]["battery"]["code"] for edge in answer["batteries"]["edges"]}
    assert lives["road"].code in codes
    assert not [code for code in codes if code.startswith(factories.FOREIGN_PREFIX)]
    # The pack went on to the recycler: its maker knows the kind of company, and that it came to its end.
    roles = [(one["holder"] and one["holder"]["code"], one["roles"]) for one in answer["holdings"]]
    assert (world.maker.code, ["BATTERY_MAKER", "VEHICLE_MAKER"]) in [(code, sorted(role)) for code, role in roles]
    assert world.recycler.code not in json.dumps(answer)
    # Of two recyclers nobody can tell how many each has.
    world.pack().produced().installed().sold().removed(by=world.stranger)
    unnamed = [one for one in reach(world.maker, model="NCM-75")["holdings"] if one["roles"] == ["RECYCLER"]]
    assert [(one["holder"], one["batteries"], one["living"]) for one in unnamed] == [(None, 2, 1)]
    assert found(world.cell_maker, model="NCM-75").keys() == {factories.pack_code(1, prefix=factories.FOREIGN_PREFIX)}


def test_a_cell_that_was_moved_is_affected_where_it_is_now(world: World) -> None:
    old, new = (world.pack(modules=1, cells=1).produced().installed().sold() for _ in range(2))
    (module,) = old.module_codes
    old.repaired(removed=[module])
    new.repaired(added=[module])
    assert found(world.alliance, prefix=old.cell_codes[0]) == {new.code: (1, old.cell_codes[0])}


@pytest.mark.parametrize(
    ("given", "code", "path", "value"),
    [
        pytest.param({}, "missing_field", "model", "codePrefix", id="neither"),
        pytest.param({"model": " "}, "missing_field", "model", "codePrefix", id="blank"),
        pytest.param({"model": "A", "prefix": "04QCE7683"}, "wrong_value", "codePrefix", "04QCE7683", id="both"),
        pytest.param({"prefix": "04Q"}, "wrong_value", "codePrefix", "04Q", id="too short"),
        pytest.param({"prefix": "04QCE%683"}, "wrong_value", "codePrefix", "04QCE%683", id="a wildcard"),
        pytest.param({"prefix": "04QXE7683"}, "wrong_value", "codePrefix", "04QXE7683", id="no level"),
        pytest.param({"prefix": "04QCE" + "7" * 20}, "wrong_value", "codePrefix", "04QCE777", id="too long"),
        pytest.param({"model": "NO-SUCH"}, "unknown_model", "model", "NO-SUCH", id="unknown model"),
        pytest.param({"campaign": "R-404"}, "unknown_campaign", "campaign", "R-404", id="unknown campaign"),
    ],
)
def test_bad_questions_are_refused_with_place_and_value(
    world: World, given: dict[str, str], code: str, path: str, value: str
) -> None:
    [error] = ask(world.maker, REACH, **given).errors
    assert (error["extensions"]["code"], error["extensions"]["path"]) == (code, [path])
    assert value in error["message"]
    paths = {"prefix": "codePrefix"}
    asked = {paths.get(name, name): text for name, text in given.items()}
    answer = get(world.maker, "csv", asked)
    assert answer.status_code == (404 if code.startswith("unknown") else 400)
    [told] = answer.json()["errors"]
    assert (told["code"], told["path"]) == (code, [path])


@pytest.mark.parametrize("who", ["recycler", "second_life", "workshop"])
def test_who_may_recall_nothing_is_told_nothing(world: World, lives: dict[str, Life], who: str) -> None:
    [error] = ask(getattr(world, who), REACH, prefix=CELLS).errors
    assert error["extensions"]["code"] == "not_maker"
    assert get(getattr(world, who), "csv", {"codePrefix": CELLS}).status_code == 403


@pytest.mark.parametrize("name", ["model", "campaign", "codePrefix"])
def test_an_address_with_a_character_that_no_text_has_is_a_bad_question(world: World, name: str) -> None:
    answer = get(world.maker, "csv", {name: "A\0"})
    assert answer.status_code == (400 if name == "codePrefix" else 404)


# The export ----------------------------------------------------------------------------------------------------------


def get(who: Party | None, form: str, asked: dict[str, str]) -> Any:
    client = Client(headers={"Authorization": f"Bearer {who.token}"} if who else {})
    answer = client.get(f"/files/recalls/affected.{form}", asked)
    answer.taken = b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]
    return answer


def test_the_export_has_every_battery_in_every_format(world: World, lives: dict[str, Life]) -> None:
    asked = {"codePrefix": CELLS}
    table = list(csv.DictReader(io.StringIO(get(world.alliance, "csv", asked).taken.decode("utf-8-sig"))))
    assert {row["battery"]: int(row["affected"]) for row in table} == {
        code: count for code, (count, _) in found(world.alliance, prefix=CELLS).items()
    }
    [sent] = [row for row in table if row["battery"] == lives["part"].code]
    assert (sent["stage"], sent["holder"], sent["in_transit_to"]) == (
        "retired",
        world.second_life.code,
        world.recycler.code,
    )
    lines = [json.loads(line) for line in get(world.alliance, "jsonl", asked).taken.splitlines()]
    assert [line["battery"] for line in lines] == [row["battery"] for row in table]
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(get(world.alliance, "xlsx", asked).taken)).get_sheet_by_index(0)
    assert len(sheet.to_python()) == len(table) + 1
    paths = reach(world.alliance, prefix=CELLS)["files"]
    assert paths == [f"/files/recalls/affected.{form}?codePrefix={CELLS}" for form in ("csv", "xlsx", "jsonl")]


def test_the_export_tells_a_maker_no_more_than_the_question_does(world: World, lives: dict[str, Life]) -> None:
    text = get(world.maker, "jsonl", {"codePrefix": CELLS}).taken.decode()
    assert world.recycler.code not in text
    [dead] = [told for told in map(json.loads, text.splitlines()) if told["battery"] == lives["dead"].code]
    assert (dead["stage"], dead["holder"], dead["holder_roles"], dead["region"]) == (
        "processed",
        None,
        "recycler",
        None,
    )
    assert get(None, "csv", {"codePrefix": CELLS}).status_code == 401


# Recalling -----------------------------------------------------------------------------------------------------------


def recall(who: Party, codes: list[str], **more: Any) -> Any:
    given = {
        "idempotencyKey": "recall-1",
        "occurredAt": "2026-01-01T08:00:00+08:00",
        "items": [{"code": code} for code in codes],
        "campaign": "R-7",
        "reason": "weld seam",
        "instruction": "Do not charge; store outdoors.",
    }
    return good(who, RECALL, input=given | more)["recallBatteries"]


def test_the_holders_next_scan_tells_campaign_and_instruction(world: World, lives: dict[str, Life]) -> None:
    codes = [life.code for name, life in lives.items() if name in ("road", "part", "product")]
    answer = recall(world.alliance, codes)
    assert answer["errors"] == []
    assert [one["code"] for one in answer["batteries"]] == codes
    assert answer["batteries"][0]["safety"] == {
        "recalled": True,
        "recalls": [
            {
                "campaign": "R-7",
                "instruction": "Do not charge; store outdoors.",
                "organisation": {"code": world.alliance.code},
            }
        ],
    }
    assert recall(world.alliance, codes) | {"replayed": False} == answer
    for who, name in ((world.second_life, "product"), (world.recycler, "part"), (world.stranger, "road")):
        scanned = good(who, contract()["ResolveScan"], payload=lives[name].code)["resolveScan"]
        [warning] = [one for one in scanned["warnings"] if one["code"] == "recalled"]
        assert "R-7: Do not charge; store outdoors." in warning["message"]
    # A part that is still built in is what its battery is.
    scanned = good(world.stranger, contract()["ResolveScan"], payload=lives["road"].cell_codes[0])["resolveScan"]
    assert "recalled" in {one["code"] for one in scanned["warnings"]}
    assert found(world.alliance, campaign="R-7").keys() == set(codes)
    nodes = reach(world.maker, campaign="R-7")["batteries"]["edges"]
    assert {edge["node"]["battery"]["code"] for edge in nodes} == {lives["road"].code, lives["part"].code}


def test_what_was_recalled_is_found_where_it_went_since(world: World) -> None:
    life = world.pack(modules=1).produced().recalled(campaign="R-9").installed().sold().removed(by=world.recycler)
    life.dismantled(by=world.recycler)
    assert found(world.alliance, campaign="R-9").keys() == {life.code, life.module_codes[0]}
    life.corrected(life.receipts[1].entries[0].fact.key, None)
    [error] = ask(world.alliance, REACH, campaign="R-9").errors
    assert error["extensions"]["code"] == "unknown_campaign"


def test_a_corrected_instruction_is_told_in_the_place_of_the_first(world: World) -> None:
    life = world.pack().produced().recalled(at=3, key="rc", campaign="R-7", instruction="Keep driving.")
    replacement = {"type": "recalled", "occurredAt": factories.moment(3)}
    life.corrected("rc", {**replacement, "details": {"campaign": "R-7", "instruction": "Stop at once."}})
    scanned = good(world.stranger, contract()["ResolveScan"], payload=life.code)["resolveScan"]
    [warning] = [one for one in scanned["warnings"] if one["code"] == "recalled"]
    assert "R-7: Stop at once." in warning["message"]


def test_a_recall_of_many_is_all_or_none(world: World) -> None:
    own, other = world.pack().produced(), world.pack(code=factories.pack_code(1, prefix=factories.FOREIGN_PREFIX))
    other.produced(by=world.cell_maker)
    before = LifecycleEvent.objects.count()
    answer = recall(world.maker, [own.code, other.code])
    assert [(error["code"], error["path"]) for error in answer["errors"]] == [
        ("not_maker", ["input", "items", "1", "code"])
    ]
    assert LifecycleEvent.objects.count() == before
    assert {error["code"] for error in recall(world.maker, [])["errors"]} == {"missing_field"}
    assert {error["code"] for error in recall(world.recycler, [own.code])["errors"]} == {"role"}
    assert recall(world.maker, [own.code])["errors"] == []


def test_what_is_wrong_is_told_at_its_place_and_in_the_language_of_the_reader(world: World) -> None:
    pack = world.pack().produced()
    [error] = recall(world.maker, [pack.code], campaign="x" * 81)["errors"]
    assert (error["code"], error["path"]) == ("wrong_value", ["input", "campaign"])
    with translation.override("zh-hans"):
        [error] = recall(world.maker, [pack.code, pack.code])["errors"]
    assert error["path"] == ["input", "items", "1", "code"]
    assert "不得重复" in error["message"]


# Queries -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["maker", "alliance"])
def test_the_queries_do_not_grow_with_what_is_affected(world: World, who: str) -> None:
    party = getattr(world, who)

    def counted() -> int:
        with CaptureQueriesContext(connection) as captured:
            reach(party, model="NCM-75")
        return len(captured)

    for _ in range(2):
        world.pack(modules=1, cells=1).produced().recalled(instruction="Stop.")
    counted()
    few = counted()
    for _ in range(20):
        world.pack(modules=2, cells=2).produced().recalled(instruction="Stop.").installed().sold().removed()
    assert counted() == few <= 12
