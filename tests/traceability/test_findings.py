"""Warnings stand with their events: travel nobody can have made, parts nobody registered, files nobody sent."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import factories
from tests.traceability.test_custody import codes, receive
from tests.worlds import Life, World
from traceability import findings
from traceability.errors import Refusal
from traceability.models import LifecycleEvent
from traceability.rebuilding import rebuild

CHENGDU = {"name": "成都", "lat": "30.5728", "lon": "104.0668"}
SHANGHAI = {"name": "上海", "lat": "31.2304", "lon": "121.4737"}
#: Between the two, at 300 km/h.
HOURS = 5.5


def found(life: Life) -> list[tuple[str, list[str]]]:
    """Each event of the chain with the codes of its warnings, in order of occurrence; those without are left out."""
    steps = life.steps
    told = findings.of_events([step.event_id for step in steps])
    return [(step.type, [one.code for one in told[step.event_id]]) for step in steps if told[step.event_id]]


def at(site: dict[str, str]) -> dict[str, Any]:
    return {"site": site}


# Travel --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "km"),
    [
        ((30.5728, 104.0668), (31.2304, 121.4737), 1660),
        ((0, 0), (0, 180), 20015),
        ((90, 0), (-90, 77), 20015),
        ((0, 179.5), (0, -179.5), 111.2),
        ((30, 104), (30, 104), 0),
    ],
)
def test_distances_are_those_of_great_circles(one: tuple[float, float], other: tuple[float, float], km: float) -> None:
    assert findings.distance_km(one, other) == pytest.approx(km, rel=0.006, abs=0.001)


_POINTS = st.tuples(st.floats(-90, 90), st.floats(-180, 180))


@given(_POINTS, _POINTS)
def test_a_distance_is_the_same_both_ways_and_agrees_with_the_chord(
    one: tuple[float, float], other: tuple[float, float]
) -> None:
    km = findings.distance_km(one, other)
    assert km == pytest.approx(findings.distance_km(other, one), abs=1e-6)
    a, b = (
        (
            math.cos(math.radians(lat)) * math.cos(math.radians(lon)),
            math.cos(math.radians(lat)) * math.sin(math.radians(lon)),
            math.sin(math.radians(lat)),
        )
        for lat, lon in (one, other)
    )
    assert 2 * findings.EARTH_KM * math.sin(km / findings.EARTH_KM / 2) == pytest.approx(
        findings.EARTH_KM * math.dist(a, b), abs=1e-3
    )


def sent_from_chengdu(world: World) -> Life:
    life = world.pack().produced(at=1).dispatched(to=world.recycler, at=2)
    return world.battery(life.code).inspected(by=world.maker, captured=True, at=3, top=at(CHENGDU))


@pytest.mark.parametrize(("hours", "warned"), [(HOURS - 0.1, True), (HOURS + 0.1, False)])
def test_a_code_is_not_at_two_sites_at_once(world: World, hours: float, warned: bool) -> None:
    life = sent_from_chengdu(world)
    [item] = receive(world.recycler, life, day=-97 + hours / 24, site=SHANGHAI)
    assert codes(item) == (["implausible_travel"] if warned else [])
    assert found(life) == ([("received", ["implausible_travel"])] if warned else [])


def test_the_speed_is_a_setting(world: World, settings: Any) -> None:
    life = sent_from_chengdu(world)
    settings.TRAVEL = {"kmh": 900, "free_km": 10}
    [item] = receive(world.recycler, life, day=-97 + 2 / 24, site=SHANGHAI)
    assert codes(item) == []
    settings.TRAVEL = {"kmh": 800, "free_km": 10}
    assert found(life) == [("received", ["implausible_travel"])]


def test_gates_of_one_site_are_no_travel(world: World) -> None:
    life = sent_from_chengdu(world)
    [item] = receive(world.recycler, life, day=-97, site={"lat": "30.6", "lon": "104.1"})
    assert codes(item) == []


def test_a_late_fact_moves_the_warning_to_where_it_belongs(world: World) -> None:
    life = sent_from_chengdu(world)
    receive(world.recycler, life, day=-90, site=SHANGHAI)
    assert found(life) == []
    # Told later, of an hour before: now nobody can have come from Chengdu to Shanghai.
    life.inspected(by=world.recycler, captured=True, at=10 - 1 / 24, top=at(CHENGDU))
    assert found(life) == [("received", ["implausible_travel"])]
    life.corrected(life.key, None, by=world.alliance, of=world.recycler)
    assert found(life) == []


def test_what_another_has_in_store_cannot_stand_here(world: World) -> None:
    """Until that other says that it sent it, also afterwards."""
    life = world.pack().produced().installed().removed()
    [item] = receive(world.recycler, life)
    assert codes(item) == ["held_by_another", "implausible_travel"]
    life.dispatched(to=world.recycler, by=world.workshop, at=104)
    assert found(life) == []


@pytest.mark.parametrize(("name", "value"), [("lat", "90.5"), ("lat", "-91"), ("lon", "180.1"), ("lon", "x")])
def test_places_beyond_the_globe_are_refused(world: World, name: str, value: str) -> None:
    life = sent_from_chengdu(world)
    before = LifecycleEvent.objects.count()
    with pytest.raises(Refusal) as error:
        receive(world.recycler, life, site=CHENGDU | {name: value})
    [problem] = error.value.problems
    assert (problem.code, problem.path, problem.value) == ("wrong_value", ("site", name), value)
    assert LifecycleEvent.objects.count() == before


# Parts ---------------------------------------------------------------------------------------------------------------


def test_parts_that_nobody_registered_are_told(world: World) -> None:
    pack = world.pack(modules=1).produced().installed().removed()
    strange = world.module_code()
    pack.dismantled(by=world.workshop, captured=True, components=[*pack.module_codes, strange])
    assert found(pack) == [("dismantled", ["unregistered_part"])]
    [told] = findings.of_events([pack.steps[-1].event_id])[pack.steps[-1].event_id]
    assert told.params == {"value": strange}
    # Going on by itself, it is no better known; one whose registration comes after is.
    module = world.battery(strange).dispatched(to=world.recycler).received(by=world.recycler)
    assert found(module) == [("received", ["unregistered_part"])]
    module.produced(by=world.maker, captured=True, at=0.5)
    assert found(pack) == found(module) == []


def test_what_a_repair_builds_in_from_nowhere_is_told(world: World) -> None:
    pack = world.pack(modules=1).produced()
    pack.repaired(removed=pack.module_codes, added=[world.module_code()])
    assert found(pack) == [("repaired", ["unregistered_part"])]


# Files and all of it -------------------------------------------------------------------------------------------------


def test_a_file_that_was_never_sent_is_told(world: World) -> None:
    life = world.pack().produced(top={"attachments": [{"sha256": "0" * 64, "name": "w.pdf"}, {"sha256": "1" * 64}]})
    told = findings.of_events([life.steps[0].event_id])[life.steps[0].event_id]
    assert [(one.code, one.value) for one in told] == [
        ("attachment_missing", f"w.pdf, {'1' * 64}"),
    ]


def test_a_rebuild_changes_no_warning(world: World) -> None:
    life = sent_from_chengdu(world)
    receive(world.recycler, life, day=-97 + 1 / 24, site=SHANGHAI)
    before = found(life)
    assert before == [("received", ["implausible_travel"])]
    assert rebuild().differed == set()
    assert found(life) == before


def test_the_answer_of_a_receipt_is_read_with_its_event_ever_after(world: World) -> None:
    life = world.pack().produced().installed().removed().dispatched(to=world.recycler)
    [item] = receive(world.recycler, {"code": life.code, "massKg": "1", "condition": "leaking"})
    assert codes(item) == ["damaged", "mass_difference"]
    assert item.event_id is not None
    assert findings.of_events([item.event_id]) == {item.event_id: list(item.warnings)}
    moment = factories.moment(105)
    assert (
        life.steps[-1].occurred_ms
        == factories.fact("lost", world.maker.code, moment, battery=life.code, key="x").occurred_ms
    )
