"""Both surfaces are asked the same, and say the same."""

from typing import Any

import pytest
from django.utils import translation
from graphql import GraphQLEnumType

from tests.graphql_schema import asking as operations
from tests.graphql_schema.audit import asking as audit
from tests.graphql_schema.audit.asking import nodes
from tests.recyclers.conditions.works import Works
from tests.worlds import World

CLAUSES = """verdict asOf from until parameters law parts { edition from until verdict
  clauses { clause title text measured unit operator threshold verdict certainty enforced evidence } }"""
REPORT = f"""query ($code: String!) {{
  complianceReport(recycler: $code, from: "2025-01-01", until: "2025-12-31") {{ {CLAUSES} }} }}"""
YEAR = (
    f"""query ($id: ID!) {{ node(id: $id) {{ ... on Organisation {{ compliance(year: 2025) {{ {CLAUSES} }} }} }} }}"""
)
WHO = ("alliance", "maker", "workshop", "recycler", "stranger")
BATTERY = """query ($code: String!) { battery(code: $code) {
  id code stage level batteryType secondLife provisional producedOn massKg
  manufacturer { code name } holder { code name region roles } inTransitTo { code } model { number }
  chain { status gaps { code severity since evidence organisation { code } } }
  events(first: 100) { edges { node { id key sequence type occurredAt recordedAt reportedAt effective stageAfter
    hash previousHash details organisation { code name } } } pageInfo { hasNextPage endCursor } } } }"""
LIST = """{ batteries(first: 100) { edges { cursor node { code stage holder { code } } }
  pageInfo { hasNextPage endCursor } totalCount }
  organisations { edges { cursor node { code name listings { scope } } } } }"""


@pytest.fixture
def lives(world: World) -> list[str]:
    first = world.pack(modules=2).produced().installed().sold().removed()
    first.received(by=world.recycler).dismantled()
    second = world.pack().produced().installed().sold().removed().dispatched(to=world.recycler)
    world.capture([world.fact("removed", world.workshop, second.code)])
    third = world.pack().produced()
    replacement = {"type": "produced", "battery": third.code, "occurredAt": "2022-01-20T08:00:00+08:00"}
    third.corrected(third.key, replacement | {"details": {"model": "LFP-52", "massKg": "400"}})
    return [first.code, *first.module_codes, second.code, third.code, "04QPE76836300JBC40999999"]


@pytest.mark.parametrize("who", WHO)
def test_a_battery_its_chain_and_its_events_are_the_same(world: World, lives: list[str], who: str) -> None:
    party = getattr(world, who)
    for code in lives:
        asked = operations.good(party, BATTERY, code=code)
        assert audit.good(party, BATTERY, code=code) == asked


@pytest.mark.parametrize("who", WHO)
def test_lists_are_the_same_cursors_included(world: World, lives: list[str], who: str) -> None:
    party = getattr(world, who)
    assert audit.good(party, LIST) == operations.good(party, LIST)


@pytest.mark.parametrize("who", WHO)
def test_the_shared_filters_mean_the_same(world: World, lives: list[str], who: str) -> None:
    party = getattr(world, who)
    filters = {
        "stage": ("RETIRED", "PRODUCED"),
        "level": ("PACK", "MODULE"),
        "batteryType": ("E",),
        "model": ("NCM-75", "LFP-52"),
        "manufacturer": (world.maker.code,),
        "holder": (world.recycler.code, world.workshop.code),
        "producedFrom": ("2021-12-04", "2021-12-05"),
        "producedUntil": ("2021-12-03", "2021-12-04"),
        "codePrefix": ("04q", lives[0]),
    }
    for name, values in filters.items():
        for value in values:
            given = value if name in ("stage", "level", "batteryType") else f'"{value}"'
            query = "{ batteries(%s) { edges { node { code } } totalCount } }"
            asked = operations.good(party, query % f"filters: {{{name}: {given}}}")
            assert audit.good(party, query % f"{name}: {given}") == asked, (name, value)


@pytest.mark.parametrize("who", WHO)
def test_events_of_all_chains_are_those_of_the_chains(world: World, lives: list[str], who: str) -> None:
    party = getattr(world, who)
    query = """{ events(occurredFrom: "2022-01-01", occurredUntil: "2022-12-31", first: 100)
      { edges { node { id } } }
      batteries(first: 100) { edges { node { events(first: 50) { edges { node { id } } } } } } }"""
    found = audit.good(party, query)
    listed = [event["id"] for event in nodes(found["events"])]
    assert len(listed) == len(set(listed))
    assert set(listed) == {event["id"] for one in nodes(found["batteries"]) for event in nodes(one["events"])}


@pytest.mark.parametrize("who", WHO)
def test_a_company_is_judged_the_same_and_by_whom_it_may_be(world: World, who: str) -> None:
    party = getattr(world, who)
    works = Works(world, world.recycler)
    works.smelted(into={"li": "10"}, out={"li": "8.9"})
    works.crushed(powder="490", assay={"al": "1.4", "cu": "1.6"})
    works.tell("received", "2025-06-15", battery=world.pack_code())
    # Everybody but the stranger has to do with the recycler, and may know that it is there.
    world.pack().produced().dispatched(to=world.recycler)

    def compared() -> Any:
        with translation.override("en"):
            own = operations.good(party, REPORT, code=world.recycler.code)["complianceReport"]
        found = audit.good(party, YEAR, id=f"Organisation:{world.recycler.code}")["node"]
        assert (found["compliance"] if found else None) == own
        return own

    first = compared()
    works.declare_all(water__reuse="80")
    second = compared()
    if who in ("alliance", "recycler"):
        assert first["verdict"] == second["verdict"] == "FAIL"
        assert first["parts"] != second["parts"]
    else:
        assert first is second is None


def test_enums_have_the_same_values_and_descriptions() -> None:
    shared = set(audit.SCHEMA.type_map) & set(operations.SCHEMA.type_map)
    compared = 0
    for name in shared:
        one, other = audit.SCHEMA.type_map[name], operations.SCHEMA.type_map[name]
        if not name.startswith("__") and isinstance(one, GraphQLEnumType):
            assert isinstance(other, GraphQLEnumType)
            assert {key: value.description for key, value in one.values.items()} == {
                key: value.description for key, value in other.values.items()
            }
            assert one.description == other.description
            compared += 1
    assert compared >= 9


def test_no_enum_was_made_of_a_models_choices() -> None:
    """graphene-django would name one after the model, and drop its descriptions."""
    enums = {name for name, one in audit.SCHEMA.type_map.items() if isinstance(one, GraphQLEnumType)}
    assert [name for name in enums if name.endswith("Choices") or name.startswith("Traceability")] == []
