"""Inspections: every figure with its unit and range, grades by a scheme that is no law, and the routes that follow."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from recyclers import grades
from tests.graphql_schema.asking import good
from tests.graphql_schema.test_intake import say
from tests.recyclers.materials import batch, record
from tests.worlds import Life, Party, World
from traceability.models import LifecycleEvent

INSPECT = """mutation ($input: InspectBatteryInput!) { answer: inspectBattery(input: $input) {
  event { id } warnings { code } errors { code path message } battery { code } } }"""
STEPS = """query ($code: String!) { battery(code: $code) {
  inspection { occurredAt sohPercent capacityAh energyKwh voltageV insulationMohm visual temperatureC currentA
    instrument operator method grade gradeByHealth decision organisation { code } }
  nextSteps { route open reasons { code } } } }"""
FULL = {
    "sohPercent": "71.5",
    "capacityAh": "153.2",
    "energyKwh": "53.6",
    "voltageV": "347.25",
    "insulationMohm": "21.5",
    "visual": "外壳轻微划痕",
    "temperatureC": "-5.5",
    "currentA": "-107",
    "instrument": "BTS-5V300A",
    "operator": "李工",
    "method": "GB/T 34015-2017",
    "grade": "B",
    "decision": "SECOND_LIFE",
}


def retired(world: World, **details: Any) -> Life:
    life = world.pack().produced().installed().removed().dispatched(to=world.recycler)
    return life.received(by=world.recycler, **details)


def inspect(world: World, life: Life, **given: Any) -> Any:
    key = f"i-{LifecycleEvent.objects.count()}"
    return say(world.recycler, INSPECT, battery=life.code, idempotencyKey=key, **given)


def asked(who: Party, life: Life) -> Any:
    return good(who, STEPS, code=life.code)["battery"]


def open_to(world: World, life: Life) -> list[str]:
    return [step["route"] for step in asked(world.recycler, life)["nextSteps"] if step["open"]]


def against(world: World, life: Life, route: str) -> list[str]:
    [step] = [step for step in asked(world.recycler, life)["nextSteps"] if step["route"] == route]
    return [reason["code"] for reason in step["reasons"]]


def test_every_figure_of_an_inspection_is_read_as_it_was_told(world: World) -> None:
    life = retired(world)
    assert inspect(world, life, sohPercent="90")["errors"] == []
    answer = inspect(world, life, occurredAt="2022-06-02T00:00:00Z", **FULL)
    assert (answer["errors"], answer["warnings"]) == ([], [])
    expected = {"gradeByHealth": "B", "organisation": {"code": world.recycler.code}}
    assert asked(world.recycler, life)["inspection"] == FULL | expected | {"occurredAt": "2022-06-02T00:00:00.000Z"}
    # Both stand in its chain.
    assert sum(step.type == "inspected" for step in life.steps) == 2


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sohPercent", "-0.1"),
        ("sohPercent", "200.1"),
        ("capacityAh", "-1"),
        ("energyKwh", "100001"),
        ("voltageV", "10000.1"),
        ("insulationMohm", "-0.001"),
        ("temperatureC", "-273.16"),
        ("currentA", "100001"),
    ],
)
def test_what_cannot_be_measured_is_refused_with_its_place(world: World, name: str, value: str) -> None:
    life = retired(world)
    before = LifecycleEvent.objects.count()
    [error] = inspect(world, life, **(FULL | {name: value}))["errors"]
    assert (error["code"], error["path"], value in error["message"]) == ("wrong_value", ["input", name], True)
    assert LifecycleEvent.objects.count() == before


@pytest.mark.parametrize(
    ("details", "said", "expected"),
    [
        pytest.param({}, None, ["RECOVERY", "RETURN"], id="not inspected"),
        pytest.param({}, {"voltageV": "300"}, ["RECOVERY", "RETURN"], id="not graded"),
        pytest.param({}, {"sohPercent": "80"}, ["REUSE", "SECOND_LIFE", "RECOVERY", "RETURN"], id="good"),
        pytest.param({}, {"sohPercent": "79.9999999"}, ["SECOND_LIFE", "RECOVERY", "RETURN"], id="middling"),
        pytest.param({}, {"sohPercent": "59"}, ["RECOVERY", "RETURN"], id="bad"),
        pytest.param({}, {"sohPercent": "90", "grade": "C"}, ["RECOVERY", "RETURN"], id="the inspector says worse"),
        pytest.param({}, {"sohPercent": "70", "grade": "X9"}, ["SECOND_LIFE", "RECOVERY", "RETURN"], id="own grade"),
        pytest.param(
            {}, {"sohPercent": "90", "decision": "SECOND_LIFE"}, ["SECOND_LIFE", "RECOVERY", "RETURN"], id="2nd"
        ),
        pytest.param({}, {"sohPercent": "90", "decision": "RECOVERY"}, ["RECOVERY", "RETURN"], id="recovery"),
        pytest.param({}, {"sohPercent": "90", "decision": "RETURN"}, ["RETURN"], id="return"),
        pytest.param(
            {"condition": "damaged"}, {"sohPercent": "90"}, ["SECOND_LIFE", "RECOVERY", "RETURN"], id="damaged"
        ),
        pytest.param({"condition": "leaking"}, {"sohPercent": "90"}, ["RETURN"], id="in quarantine"),
    ],
)
def test_routes_follow_from_what_is_known(
    world: World, details: dict[str, str], said: dict[str, str] | None, expected: list[str]
) -> None:
    life = retired(world, **details)
    if said is not None:
        assert inspect(world, life, **said)["errors"] == []
    assert open_to(world, life) == expected


def test_a_route_that_is_closed_says_why(world: World) -> None:
    life = retired(world, condition="leaking")
    assert against(world, life, "RECOVERY") == ["quarantined"]
    assert against(world, life, "REUSE") == ["quarantined", "damaged", "not_inspected"]
    inspect(world, life, sohPercent="50", decision="RETURN")
    assert against(world, life, "SECOND_LIFE") == ["quarantined", "damaged", "grade_too_low", "decided_otherwise"]
    # Lifted, it may be recovered and is no battery to use again.
    life.do("quarantine_lifted", world.recycler, captured=True, at="2022-06-05T00:00:00Z")
    inspect(world, life, occurredAt="2022-06-06T00:00:00Z", sohPercent="90", decision="RECOVERY")
    assert open_to(world, life) == ["RECOVERY", "RETURN"]
    assert "damaged" in against(world, life, "SECOND_LIFE")


def test_what_another_decided_binds_nobody_after_the_next_receipt(world: World) -> None:
    life = retired(world)
    inspect(world, life, sohPercent="90", decision="RETURN")
    life.dispatched(to=world.stranger, at="2022-06-03T00:00:00Z")
    life.received(by=world.stranger, at="2022-06-04T00:00:00Z")
    steps = asked(world.stranger, life)["nextSteps"]
    assert all(step["open"] for step in steps)
    # Whose part has ended learns no more of it.
    assert asked(world.recycler, life)["nextSteps"] == []


def test_only_what_is_retired_has_routes(world: World) -> None:
    assert asked(world.maker, world.pack().produced())["nextSteps"] == []
    assert asked(world.recycler, retired(world).processed())["nextSteps"] == []


# The scheme ----------------------------------------------------------------------------------------------------------


def test_the_scheme_says_that_it_is_no_law(world: World) -> None:
    found = good(world.recycler, "{ gradeScheme { key source grades { name sohFrom routes } } }")["gradeScheme"]
    assert "并非法规" in found["source"]
    assert found["grades"][0] == {"name": "A", "sohFrom": "80", "routes": ["REUSE", "SECOND_LIFE"]}


def test_another_file_takes_its_place(world: World, settings: Any, tmp_path: Path) -> None:
    own = Path(settings.GRADES_FILE).read_text(encoding="utf-8").replace('soh_from = "80"', 'soh_from = "85.5"')
    settings.GRADES_FILE = tmp_path / "grades.toml"
    settings.GRADES_FILE.write_text(own, encoding="utf-8")
    assert grades.scheme().by_health("85") == grades.scheme().by_name("B")
    assert grades.scheme().grades[0].soh_from == Decimal("85.5")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('soh_from = "80"', 'soh_from = "60"'),
        ('soh_from = "80"', 'soh_from = "much"'),
        ('name = "B"', 'name = "A"'),
        ('routes = ["second_life"]', 'routes = ["export"]'),
        ("key =", "label ="),
        ("[[grade]]", "[["),
    ],
)
def test_a_broken_scheme_is_named(settings: Any, tmp_path: Path, old: str, new: str) -> None:
    text = Path(settings.GRADES_FILE).read_text(encoding="utf-8")
    settings.GRADES_FILE = tmp_path / "grades.toml"
    settings.GRADES_FILE.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ImproperlyConfigured, match=r"grades\.toml"):
        grades.scheme()


def test_what_went_into_a_batch_goes_nowhere_else(world: World) -> None:
    life, other = retired(world), retired(world)
    record(world, batch(world, inputs=[{"battery": life.code, "massKg": "440"}]))
    for route in ("REUSE", "SECOND_LIFE", "RECOVERY", "RETURN"):
        assert against(world, life, route)[0] == "already_used"
    assert "already_used" not in against(world, other, "RECOVERY")
