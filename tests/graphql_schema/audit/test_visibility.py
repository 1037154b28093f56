"""Everybody sees their own part through the audit API, by every way there is."""

from random import Random
from typing import Any

import pytest
from graphene_django import DjangoObjectType
from graphene_django.registry import get_global_registry
from graphql import GraphQLList, GraphQLNonNull, GraphQLObjectType, get_named_type, is_leaf_type
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.graphql_schema.audit.asking import SCHEMA, good, nodes, post, run
from tests.graphql_schema.test_visibility import DRAWN, EXAMPLES, NEVER_TOLD, PHASES, hidden_codes, marks_for, play
from tests.histories import Told, tellings
from tests.worlds import Party, World, rolled_back
from traceability.audit.telling import parties_in
from traceability.models import AuditRun, Gap, LifecycleEvent, LifecycleRecord, Organisation

WHO = ("maker", "recycler", "stranger")
NODE = """query ($id: ID!) { node(id: $id) { __typename id ... on Battery { code stage holder { code name } }
  ... on Event { key details organisation { code } }
  ... on Gap { missing: code evidence battery { code } event { key } }
  ... on Organisation { name listings { scope } permits { number } } ... on AuditRun { found: gaps } } }"""
EVERYTHING = """{
  batteries(first: 20) { totalCount edges { node { code stage status holder { code name } manufacturer { code }
    inTransitTo { code } chain { status gaps { code evidence organisation { code name } eventKey } }
    events(first: 20) { edges { node { key details organisation { code name } } } } } } }
  organisations { totalCount edges { node { code name permits { number } } } }
  runs { totalCount edges { node { id gaps } } } }"""
GAPS = """{ gaps { totalCount edges { node { id code evidence organisation { code name } openedIn { id }
    battery { code stage holder { code name } events(first: 20) { edges { node { key details } } } }
    event { key details } } } }
  newGaps { totalCount edges { node { id } } }
  completeness(groupBy: ORGANISATION) { key label batteries } trend(groupBy: REGION) { totalCount } }"""
EVENTS = """{ events(occurredFrom: "2022-01-01", occurredUntil: "2022-12-31", first: 100) {
  edges { node { key details organisation { code name } } } } }"""
BATTERY = "query ($code: String!) { battery(code: $code) { code lineage { nodes { id } edges { source target } } } }"


def ids(world: World) -> list[str]:
    """Every id that there is, and some that there are not."""
    codes = LifecycleRecord.objects.filter(kind="battery").values_list("code", flat=True)
    events = LifecycleEvent.objects.filter(record__kind="battery").select_related("record")
    found = [f"Battery:{code}" for code in codes] + [f"Event:{event.record.code}/{event.sequence}" for event in events]
    found += [f"Organisation:{party.code}" for party in world.parties]
    found += [f"Gap:{gap.pk}" for gap in Gap.objects.all()]
    return found + [f"AuditRun:{one.public_id}" for one in AuditRun.objects.all()]


NONE = [
    "",
    "x",
    ":",
    "Gap:",
    "Gap:x",
    "Gap:²",
    "Gap:-1",
    f"Gap:{1 << 70}",
    "AuditRun:",
    "AuditRun:x",
    "Event:/",
    "Event:x/²",
]
NONE += ["Event:x/99999999999", "Battery:", "Nothing:1", "R2FwOjE=", "Organisation:", "User:1", "Query:1"]


@pytest.mark.parametrize("id_", NONE)
def test_an_id_of_nothing_gives_null(world: World, id_: str) -> None:
    assert good(world.alliance, NODE, id=id_) == {"node": None}


def own_gap_texts(who: Party) -> str:
    """What a gap tells who answers for it: the battery it hangs on, and its evidence."""
    gaps = list(Gap.objects.filter(organisation=who.id).select_related("record"))
    named = Organisation.objects.filter(id__in={id_ for gap in gaps for id_ in parties_in(gap.evidence)})
    return " ".join([*(gap.record.code for gap in gaps), *(one.code for one in named)])


@settings(max_examples=EXAMPLES, phases=PHASES)
@given(history=tellings(size=12), chosen=st.randoms(use_true_random=False))
def test_nobody_sees_what_is_not_their_own(world: World, history: list[Told], chosen: Random) -> None:
    # What signs them in is no part of the example.
    assert all(getattr(world, name).token for name in ("alliance", *WHO))
    with rolled_back():
        play(world, history)
        run()
        for name in WHO:
            who: Party = getattr(world, name)
            marks = marks_for(world, who)
            also = own_gap_texts(who)
            for query in (EVERYTHING, EVENTS):
                assert marks.leaked(post(who, query).content.decode(), also) == set(), (name, query)
            every = ids(world)
            for id_ in chosen.sample(every, min(DRAWN, len(every))):
                answer = post(who, NODE, id=id_)
                assert marks.leaked(answer.content.decode(), f"{also} {id_}") == set(), (name, id_)
                if id_.startswith("AuditRun:"):
                    assert answer.json() == {"data": {"node": None}}
            hidden_here = sorted(hidden_codes(who))
            for code in chosen.sample(hidden_here, min(3, len(hidden_here))):
                hidden, never = (post(who, BATTERY, code=one).json() for one in (code, NEVER_TOLD))
                assert hidden == never == {"data": {"battery": None}}


@settings(max_examples=EXAMPLES, phases=PHASES)
@given(history=tellings(size=12))
def test_gaps_are_just_those_that_one_answers_for(world: World, history: list[Told]) -> None:
    # What signs them in is no part of the example.
    assert all(getattr(world, name).token for name in ("alliance", *WHO))
    with rolled_back():
        play(world, history)
        run()
        total = Gap.objects.filter(closed_in=None).count()
        assert good(world.alliance, GAPS)["gaps"]["totalCount"] == total
        for name in WHO:
            who: Party = getattr(world, name)
            found = good(who, GAPS)
            own = Gap.objects.filter(closed_in=None, organisation=who.id)
            assert {one["id"] for one in nodes(found["gaps"])} == {f"Gap:{gap.pk}" for gap in own[:50]}
            assert found["gaps"]["totalCount"] == own.count()
            assert {one["organisation"]["code"] for one in nodes(found["gaps"])} <= {who.code}
            assert {one["openedIn"] for one in nodes(found["gaps"])} <= {None}
            assert {row["key"] for row in found["completeness"]} <= {who.code}
            assert found["trend"]["totalCount"] == 0
            for gap in Gap.objects.exclude(organisation=who.id):
                assert good(who, NODE, id=f"Gap:{gap.pk}")["node"] is None


def test_a_filter_for_somebody_else_tells_nothing_of_them(world: World) -> None:
    world.pack().produced().installed().sold().removed().received(by=world.recycler)
    run()
    for code in (world.recycler.code, world.alliance.code, "91510100MA6999999X"):
        query = f'{{ gaps(organisation: "{code}") {{ totalCount }} batteries(holder: "{code}") {{ totalCount }} }}'
        assert good(world.stranger, query) == {"gaps": {"totalCount": 0}, "batteries": {"totalCount": 0}}


def test_a_hidden_organisation_is_not_reached_through_a_battery(world: World) -> None:
    """graphene-django follows a foreign key past `get_queryset`; here no type follows one by itself."""
    pack = world.pack().produced().installed().sold().removed().dispatched(to=world.recycler)
    pack.received(by=world.recycler).dispatched(to=world.stranger).received(by=world.stranger)
    query = "query ($code: String!) { battery(code: $code) { stage holder { code } } }"
    assert good(world.maker, query, code=pack.code)["battery"] == {
        "stage": "RETIRED",
        "holder": {"code": world.maker.code},
    }
    assert good(world.stranger, query, code=pack.code)["battery"]["holder"] == {"code": world.stranger.code}


def test_a_recyclers_permits_are_for_itself_and_the_alliance(world: World) -> None:
    details = {"organisation": world.recycler.code, "kind": "eia", "number": "E-1"}
    world.capture([world.fact("permit", world.alliance, **details)])
    pack = world.pack().produced().dispatched(to=world.recycler)
    assert pack.code
    query = "{ recyclers { edges { node { code permits { number } } } } }"
    for who, permits in (
        (world.alliance, [{"number": "E-1"}]),
        (world.recycler, [{"number": "E-1"}]),
        (world.maker, None),
    ):
        found = {one["code"]: one["permits"] for one in nodes(good(who, query)["recyclers"])}
        assert found[world.recycler.code] == permits


# What holds for the whole schema, also for what is added tomorrow ----------------------------------------------------

#: Lists of objects without pages, and what bounds each.
BOUNDED = {
    "Query.completeness": "one a group: organisations, regions, makers, models, or months",
    "Query.massBalance": "one an element",
    "Completeness.gaps": "one a code",
    "Chain.gaps": "at most one gap a rule and event of one chain",
    "Compliance.parts": "one an edition",
    "CompliancePart.clauses": "one a condition that any edition ever had",
    "Lineage.nodes": "200",
    "Lineage.edges": "those between 200",
    "Organisation.listings": "one a scope and batch that the alliance announced the company in",
    "Organisation.permits": "one a kind and number",
}


def test_every_list_has_pages_or_a_bound_that_is_named() -> None:
    endless = set()
    for type_ in SCHEMA.type_map.values():
        if not isinstance(type_, GraphQLObjectType) or type_.name.startswith("__"):
            continue
        for name, field in type_.fields.items():
            inner = field.type.of_type if isinstance(field.type, GraphQLNonNull) else field.type
            connected = "pageInfo" in getattr(get_named_type(field.type), "fields", {})
            if connected:
                assert {"first", "after"} <= set(field.args), (type_.name, name)
                assert field.args["first"].default_value == 50
            elif isinstance(inner, GraphQLList) and not is_leaf_type(get_named_type(inner)) and name != "edges":
                endless.add(f"{type_.name}.{name}")
    endless.add("Lineage.edges")
    assert endless == set(BOUNDED)


def test_every_type_over_a_model_says_who_sees_it_and_shows_no_column_by_itself() -> None:
    types: list[Any] = [one for one in get_global_registry()._registry.values() if issubclass(one, DjangoObjectType)]
    types = [one for one in types if one.__module__.startswith("graphql_schema")]
    assert {one._meta.name for one in types} == {"Organisation", "Gap", "AuditRun"}
    for one in types:
        assert one.get_queryset.__func__ is not DjangoObjectType.get_queryset.__func__, one
        shown = SCHEMA.type_map[one._meta.name]
        assert isinstance(shown, GraphQLObjectType)
        assert all(field.description for field in shown.fields.values()), one
        assert not any(
            name.endswith("Set") or name in ("stated_ms", "statedMs", "people", "tokens") for name in shown.fields
        )
