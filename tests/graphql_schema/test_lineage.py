"""What a lot is made of and where a battery went: shares that add up, told to whom they may be told."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.graphql_schema.asking import ask, good
from tests.recyclers.materials import batch, lot_fact, opened, powder, record
from tests.worlds import Life, Party, World

pytestmark = pytest.mark.django_db

LOT = """query ($number: String!, $organisation: String!, $first: Int, $after: Int) {
  lot(number: $number, organisation: $organisation) {
    origins(first: $first, after: $after) {
      place kind code reagent massKg percent battery { code } lot { number } manufacturer { code } }
    madeOf { kind origins massKg percent manufacturer { code } } } }"""
BATTERY = """query ($code: String!) { battery(code: $code) { lots { number material massKg organisation { name } }
  destinations { kind code residue material massKg percent lot { number } battery { code } } } }"""


@pytest.fixture
def pack(world: World) -> Life:
    """A pack of 440 kg, crushed with 110 kg of bought scrap to 500 kg; of that 250 went to the stranger's salt."""
    life = world.pack().produced().installed().sold().removed(by=world.recycler)
    record(world, opened(world, "SCRAP", "110", at=1))
    inputs = [{"battery": life.code, "massKg": "440"}, {"lot": "SCRAP", "massKg": "110"}]
    record(world, batch(world, inputs=inputs, outputs=[powder("BM", "500")]))
    record(world, lot_fact(world, "lot_split", "BM", into=[{"lot": "BM-1", "massKg": "250"}]))
    record(world, lot_fact(world, "dispatched", "BM-1", to=world.stranger.code, massKg="250"))
    record(world, lot_fact(world, "received", "BM-1", by=world.stranger, of=world.recycler, massKg="250"))
    inputs = [{"lot": "BM-1", "lotOf": world.recycler.code, "massKg": "250"}, {"reagent": "acid", "massKg": "50"}]
    salt = {"lot": "LC", "material": "lithium_carbonate", "massKg": "100"}
    slag = [{"kind": "slag", "massKg": "200"}]
    record(world, batch(world, inputs=inputs, outputs=[salt], residues=slag, by=world.stranger))
    return life


def origins(who: Party, number: str, of: Party, **page: Any) -> Any:
    return good(who, LOT, number=number, organisation=of.code, **page)["lot"]


def briefly(shares: Any) -> list[tuple[Any, ...]]:
    """Kind, name, mass and percentage of each."""
    return [
        (one["kind"], one.get("code") or (one.get("lot") or {}).get("number"), one["massKg"], one["percent"])
        for one in shares
    ]


def destinations(who: Party, life: Life) -> list[tuple[Any, ...]]:
    found = good(who, BATTERY, code=life.code)["battery"]["destinations"]
    return [(*one, shown["material"]) for one, shown in zip(briefly(found), found, strict=True)]


def test_a_lot_is_made_of_packs_reagents_and_what_was_bought(world: World, pack: Life) -> None:
    found = origins(world.alliance, "LC", world.stranger)
    # Of 300 kg 250 are powder, of which 440/550 come from the pack; 100 kg × 5/6 × 4/5.
    assert briefly(found["origins"]) == [
        ("BATTERY", pack.code, "66.666667", "66.6666667"),
        ("LOT", "SCRAP", "16.666667", "16.6666667"),
        ("REAGENT", None, "16.666666", "16.6666666"),
    ]
    assert [one["place"] for one in found["origins"]] == [0, 1, 2]
    assert found["origins"][2]["reagent"] == "acid"
    assert found["origins"][0]["battery"] == {"code": pack.code}
    assert found["origins"][0]["manufacturer"] == {"code": world.maker.code}
    assert found["madeOf"][0] == {
        "kind": "BATTERY",
        "origins": 1,
        "massKg": "66.666667",
        "percent": "66.6666667",
        "manufacturer": {"code": world.maker.code},
    }
    for shares in (found["origins"], found["madeOf"]):
        assert sum(Decimal(one["percent"]) for one in shares) == 100
        assert sum(Decimal(one["massKg"]) for one in shares) == 100
    page = origins(world.alliance, "LC", world.stranger, first=1, after=0)
    assert page["origins"] == found["origins"][1:2]


def test_what_came_from_anothers_batch_stands_under_the_lot_that_came(world: World, pack: Life) -> None:
    own = origins(world.stranger, "LC", world.stranger)
    assert briefly(own["origins"]) == [
        ("LOT", "BM-1", "83.333333", "83.3333333"),
        ("REAGENT", None, "16.666667", "16.6666667"),
    ]
    assert pack.code not in ask(world.stranger, LOT, number="BM-1", organisation=world.recycler.code).text
    assert {one["manufacturer"] and one["manufacturer"]["code"] for one in own["madeOf"]} == {None}
    crushed = origins(world.recycler, "BM", world.recycler)
    assert briefly(crushed["origins"]) == [("BATTERY", pack.code, "400", "80"), ("LOT", "SCRAP", "100", "20")]


def test_where_a_pack_went_is_told_as_far_as_each_may_know(world: World, pack: Life) -> None:
    # 440 kg: 1/11 lost in crushing; half of the rest stays powder, a third of the other half is salt once acid is in.
    assert destinations(world.alliance, pack) == [
        ("LOT", "BM", "200", "45.4545455", "ELECTRODE_POWDER"),
        ("RESIDUE", None, "133.333333", "30.3030303", None),
        ("LOT", "LC", "66.666667", "15.1515151", "LITHIUM_CARBONATE"),
        ("LOSS", None, "40", "9.0909091", None),
    ]
    # The recycler lost sight of what it sold; the maker is told what became of it, and nobody's numbers.
    assert destinations(world.recycler, pack) == [
        ("LOT", "BM", "200", "45.4545455", "ELECTRODE_POWDER"),
        ("LOT", "BM-1", "200", "45.4545454", "ELECTRODE_POWDER"),
        ("LOSS", None, "40", "9.0909091", None),
    ]
    assert destinations(world.maker, pack) == [
        ("LOT", None, "200", "45.4545455", "ELECTRODE_POWDER"),
        ("RESIDUE", None, "133.333333", "30.3030303", None),
        ("LOT", None, "66.666667", "15.1515151", "LITHIUM_CARBONATE"),
        ("LOSS", None, "40", "9.0909091", None),
    ]
    answer = ask(world.maker, BATTERY, code=pack.code).text
    assert not [told for told in ("BM", "LC", "slag", "遂宁再生", "达州再生") if told in answer]
    assert good(world.stranger, BATTERY, code=pack.code)["battery"] is None


def test_the_lots_of_a_battery_are_those_of_every_step(world: World, pack: Life) -> None:
    def lots(who: Party) -> list[str]:
        return [one["number"] for one in good(who, BATTERY, code=pack.code)["battery"]["lots"]]

    assert lots(world.alliance) == ["BM", "BM-1", "LC"]
    assert lots(world.recycler) == ["BM", "BM-1"]
    assert lots(world.maker) == []


def test_who_took_no_part_in_the_metal_sees_the_battery_where_it_left_it(world: World, pack: Life) -> None:
    life = world.pack().produced().installed().sold().removed(by=world.workshop).dispatched(to=world.recycler)
    life.received(by=world.recycler)
    record(world, batch(world, "B-9", inputs=[{"battery": life.code, "massKg": "440"}], outputs=[powder("X", "440")]))
    assert destinations(world.workshop, life) == [("BATTERY", life.code, "440", "100", None)]
    assert destinations(world.maker, life) == [("LOT", None, "440", "100", "ELECTRODE_POWDER")]


def test_a_part_that_is_still_built_in_goes_nowhere_by_itself(world: World) -> None:
    life = world.pack(modules=1).produced()
    assert good(world.maker, BATTERY, code=life.module_codes[0])["battery"]["destinations"] == []


def test_more_than_ten_at_once_are_refused(world: World) -> None:
    record(world, *(opened(world, f"L{number}", "1", at=1) for number in range(11)))
    answer = ask(world.recycler, "{ lots { edges { node { origins { percent } } } } }")
    assert {error["extensions"]["code"] for error in answer.errors} == {"too_many"}
    few = good(world.recycler, "{ lots(first: 10) { edges { node { number origins { lot { number } percent } } } } }")
    for edge in few["lots"]["edges"]:
        assert edge["node"]["origins"] == [{"lot": {"number": edge["node"]["number"]}, "percent": "100"}]


# Queries -------------------------------------------------------------------------------------------------------------


def counted(who: Party, document: str, **variables: Any) -> int:
    with CaptureQueriesContext(connection) as captured:
        good(who, document, **variables)
    return len(captured)


def chain(world: World, prefix: str, packs: int, steps: int) -> list[Life]:
    """Packs that are crushed together, and go through so many steps more."""
    lives = [world.pack().produced().installed().sold().removed(by=world.recycler) for _ in range(packs)]
    inputs = [{"battery": life.code, "massKg": "440"} for life in lives]
    record(world, batch(world, prefix, inputs=inputs, outputs=[powder(f"{prefix}-0", "440")]))
    for step in range(steps):
        fed = [{"lot": f"{prefix}-{step}", "massKg": "440"}]
        record(world, batch(world, f"{prefix}{step}", inputs=fed, outputs=[powder(f"{prefix}-{step + 1}", "440")]))
    return lives


@pytest.mark.parametrize("who", ["recycler", "alliance", "maker"])
def test_the_queries_do_not_grow_with_packs_or_steps(world: World, who: str) -> None:
    party = getattr(world, who)
    few, many = chain(world, "F", 1, 1), chain(world, "M", 12, 9)
    counted(party, BATTERY, code=few[0].code)  # who asks is known from here on
    assert counted(party, BATTERY, code=few[0].code) == counted(party, BATTERY, code=many[0].code) <= 12
    if who != "maker":
        given = {"organisation": world.recycler.code}
        assert counted(party, LOT, number="F-1", **given) == counted(party, LOT, number="M-9", **given) <= 10
    page = "query ($n: Int) { batteries(first: $n) { edges { node { lots { number } destinations { percent } } } } }"
    assert counted(party, page, n=2) == counted(party, page, n=10) <= 12
