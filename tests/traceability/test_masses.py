"""Masses that cannot be are recorded and warned of: 44 t where a pack weighs 440 kg is a slip of the unit."""

import pytest
from django.utils import translation

from tests.traceability.test_custody import codes, receive
from tests.worlds import Life, World
from traceability import findings
from traceability.models import LifecycleEvent

pytestmark = pytest.mark.django_db


def warned(life: Life) -> list[str]:
    """The types of the events that are warned of for their mass, in order of occurrence."""
    told = findings.of_events([step.event_id for step in life.steps])
    return [s.type for s in life.steps if "implausible_mass" in [problem.code for problem in told[s.event_id]]]


@pytest.mark.parametrize(
    ("kilograms", "is_warned"),
    [("880", False), ("880.000001", True), ("44", False), ("43.999999", True), ("0", True), ("44000", True)],
)
def test_more_than_twice_or_less_than_a_tenth_of_what_was_registered_is_warned_of(
    world: World, kilograms: str, is_warned: bool
) -> None:
    pack = world.pack().produced().dispatched(to=world.recycler, massKg=kilograms)
    assert warned(pack) == (["dispatched"] if is_warned else [])
    assert LifecycleEvent.objects.filter(type="dispatched").count() == 1


def test_what_differs_from_what_was_sent_is_told_as_that(world: World) -> None:
    pack = world.pack().produced().dispatched(to=world.recycler)
    [item] = receive(world.recycler, {"code": pack.code, "massKg": "44000"})
    assert codes(item) == ["mass_difference"]
    other = world.pack().produced().dispatched(to=world.recycler, massKg="44000")
    [item] = receive(world.recycler, {"code": other.code, "massKg": "44000"})
    assert codes(item) == ["implausible_mass"]
    with translation.override("en"):
        assert item.warnings[0].message == "Such a mass cannot be right: 44000 kg (44–880 kg)."


def test_where_nobody_registered_it_its_model_says_what_it_weighs(world: World) -> None:
    world.record(world.fact("model", world.maker, number="LIGHT", massKg="20"), by=world.maker)
    pack = world.pack().produced(model="LIGHT", massKg=None).dispatched(to=world.recycler, massKg="41")
    assert warned(pack) == ["dispatched"]
    part = world.module()
    whole = world.pack().produced(model="LIGHT", components=[{"code": part.code}], massKg=None).installed().removed()
    # What the battery around it weighs says little of a part.
    part.received(by=world.recycler, massKg="1")
    assert (warned(whole), warned(part)) == ([], [])


@pytest.mark.parametrize(("level", "most"), [("pack", "5000"), ("module", "1000"), ("cell", "50")])
def test_where_nobody_knows_it_no_battery_of_its_level_weighs_more(world: World, level: str, most: str) -> None:
    one, other = (getattr(world, level)() for _ in range(2))
    assert warned(one.received(by=world.recycler, massKg=most)) == []
    assert warned(other.received(by=world.recycler, massKg=f"{most}.000001")) == ["received"]


def test_what_its_maker_says_is_measured_by_its_level_alone(world: World) -> None:
    assert warned(world.pack().produced(massKg="44000")) == ["produced"]
    assert warned(world.pack().produced(massKg="5000")) == []


def test_what_is_not_said_is_not_warned_of(world: World) -> None:
    assert warned(world.pack().produced(massKg=None).dispatched(to=world.recycler, massKg=None)) == []


def test_the_limits_are_configuration(world: World, settings: pytest.FixtureRequest) -> None:
    settings.IMPLAUSIBLE_MASS = {**settings.IMPLAUSIBLE_MASS, "times": "1.5"}  # type: ignore[attr-defined]
    pack = world.pack().produced().dispatched(to=world.recycler, massKg="661")
    assert warned(pack) == ["dispatched"]


def test_a_provisional_identity_may_be_anything(world: World) -> None:
    life = world.battery("TMP-1").received(by=world.recycler, massKg="4999")
    assert warned(life) == []
