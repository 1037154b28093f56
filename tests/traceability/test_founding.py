"""Many new batteries at once: the quick way writes what the ordinary way writes, to the column."""

import gc
from typing import Any

import orjson
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from tests import factories
from tests.projections import difference, snapshot
from tests.worlds import World, rolled_back
from traceability import body, bulk, ledger, rebuilding
from traceability.errors import Refusal, refuse
from traceability.facts import Fact
from traceability.founding import New, Part, Parts, known_codes
from traceability.models import EventContent, LifecycleEvent, OutboxEntry
from traceability.verification import verify

NOW = 1_700_000_000_000
MODELS = st.sampled_from(["", "NCM-75", "磷酸铁锂\\“甲”\t一型"])
MASSES = st.none() | st.sampled_from(["0", "440.1", "25.000001"])


@st.composite
def batteries(draw: st.DrawFn) -> list[New]:
    """Packs and loose modules, some with parts, some of whose parts have parts."""
    found = []
    for number in range(draw(st.integers(1, 4))):
        parts: list[Part] = []
        tree: list[dict[str, Any]] = []
        code = draw(st.sampled_from([factories.pack_code, factories.module_code]))(number)
        for at in range(draw(st.integers(0, 2)) if code[3] == "P" else 0):
            module, model, mass = factories.module_code(100 + 10 * number + at), draw(MODELS), draw(MASSES)
            cells = [factories.cell_code(100 * number + 10 * at + k) for k in range(at)]
            parts += [(module, code, model, mass), *((cell, module, "", None) for cell in cells)]
            inner = {"components": [{"code": cell} for cell in cells]} if cells else {}
            said = {"model": model, "massKg": mass}
            tree.append({"code": module, **inner, **{name: value for name, value in said.items() if value}})
        components = body.canonical(tree).decode() if tree else None
        ms = 1_640_000_000_000 + draw(st.integers(0, 10**9))
        found.append(New(code, f"k“{number}”#{code}", ms, draw(MODELS), draw(MASSES), components, Parts.of(parts)))
    return found


def as_fact(new: New, organisation: str) -> Fact:
    components = orjson.loads(new.components) if new.components else None
    said = {"model": new.model, "massKg": new.mass_kg, "components": components}
    details = {name: value for name, value in said.items() if value}
    return Fact(new.key, "produced", organisation, new.occurred_ms, new.code, details=details)


def stored() -> list[tuple[Any, ...]]:
    events = LifecycleEvent.objects.filter(type="produced").order_by("record__code")
    rows = events.values_list("key", "sequence", "occurred_at", "recorded_at", "reported_at", "actor", "hash", "body")
    contents = EventContent.objects.order_by("event__key").values_list("event__key", "name", "value", "salt")
    outbox = OutboxEntry.objects.filter(event__type="produced").order_by("event__key").values_list("event__key")
    return [*rows, *contents, *outbox]


@given(new=batteries())
def test_the_quick_way_writes_what_the_ordinary_way_writes(world: World, new: list[New]) -> None:
    by = world.maker.viewer
    assert by.organisation_code is not None
    with rolled_back():
        ledger.record([as_fact(one, by.organisation_code) for one in new], by=by, now_ms=NOW)
        expected, events = snapshot(), stored()
    with rolled_back():
        assert ledger.found(new, by=by, now_ms=NOW) == set()
        assert difference(expected, snapshot()) == {}
        assert stored() == events
        assert not list(verify())
        assert not rebuilding.rebuild().differed


def test_what_anybody_has_spoken_of_is_left_to_the_ordinary_way(world: World) -> None:
    known = world.pack(modules=1).produced()
    part = known.parts[0]["code"]
    fresh = [factories.pack_code(n) for n in (901, 902, 903)]
    news = [
        New(known.code, "a", 1_640_000_000_000),
        New(part, "b", 1_640_000_000_000),
        New(fresh[0], "c", 1_640_000_000_000, components="[]", parts=Parts.of([(part, fresh[0], "", None)])),
        New(fresh[1], "d", 1_640_000_000_000),
    ]
    told: list[list[str]] = []
    left = ledger.found(news, by=world.maker.viewer, within=lambda codes: told.append(list(codes)))
    assert left == {known.code, part, fresh[0]}
    assert told == [[fresh[1]]]


def test_a_key_that_something_else_bears_leaves_the_list_to_the_ordinary_way(world: World) -> None:
    world.pack().produced(key="taken")
    news = [New(factories.pack_code(901), "free", 0), New(factories.pack_code(902), "taken", 0)]
    before = LifecycleEvent.objects.count()
    assert ledger.found(news, by=world.maker.viewer) == {new.code for new in news}
    assert LifecycleEvent.objects.count() == before


def test_cycles_are_looked_for_again_after_a_chunk_whatever_became_of_it() -> None:
    def fail() -> None:
        with bulk.uncollected():
            assert not gc.isenabled()
            raise refuse("role")

    with pytest.raises(Refusal):
        fail()
    assert gc.isenabled()


def test_only_makers_found(world: World) -> None:
    with pytest.raises(Refusal) as refused:
        ledger.found([New(factories.pack_code(901), "k", 0)], by=world.recycler.viewer)
    assert refused.value.code == "role"


def test_it_costs_as_many_statements_for_two_as_for_two_hundred(world: World) -> None:
    def cost(first: int, count: int) -> int:
        news = [New(factories.pack_code(first + n), f"k{first + n}", 1_640_000_000_000) for n in range(count)]
        with CaptureQueriesContext(connection) as queries:
            assert ledger.found(news, by=world.maker.viewer) == set()
        return len(queries)

    cost(900, 1)  # what is looked up once
    assert cost(1000, 2) == cost(2000, 200) <= 14


@given(known=st.sets(st.integers(0, 60), max_size=8), asked=st.sets(st.integers(0, 60), min_size=1))
def test_runs_of_serial_numbers_are_looked_up_without_missing_one(
    world: World, known: set[int], asked: set[int]
) -> None:
    with rolled_back():
        for number in known:
            world.pack(code=factories.pack_code(number)).produced()
        codes = [factories.pack_code(number) for number in asked]
        assert known_codes(codes) == {factories.pack_code(number) for number in known & asked}
