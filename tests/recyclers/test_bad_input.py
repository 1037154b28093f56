"""A recycler that sends what cannot be: each is refused with code, place and value, and nothing is written."""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests import factories
from tests.graphql_schema.asking import good, post
from tests.recyclers.materials import opened, record
from tests.worlds import Life, World
from traceability.capturing import capture, capturing_viewer
from traceability.models import EventContent, LifecycleEvent, LifecycleRecord, OutboxEntry, Step

pytestmark = pytest.mark.django_db

DAY = factories.moment(60)


@dataclass
class Yard:
    """What a recycler has, and what others have."""

    world: World
    mine: Life
    loose: Life
    other: Life
    product: Life

    @property
    def foreign_module(self) -> str:
        return self.other.module_codes[0]


@pytest.fixture
def yard(world: World) -> Yard:
    mine, other = (world.pack(modules=1).produced().installed().removed() for _ in range(2))
    mine.dispatched(world.recycler).received(world.recycler)
    loose = world.pack().produced().installed().removed()
    loose.dispatched(world.second_life).received(world.second_life)
    source = world.pack().produced().installed().removed()
    source.dispatched(world.second_life).received(world.second_life)
    product = world.battery(factories.second_life_code(7)).do("assembled", world.second_life, sources=[source.code])
    record(world, opened(world, "A", "10"))
    return Yard(world, mine, loose, other, product)


def written() -> list[Any]:
    """Everything that a write would change."""
    rows = [LifecycleRecord.objects.order_by("id").values()]
    return [list(*rows), *(model.objects.count() for model in (LifecycleEvent, EventContent, OutboxEntry, Step))]


def batch(**details: Any) -> dict[str, Any]:
    return {"type": "batch", "details": {"number": "B-1", "process": "crushing", **details}}


def of(life: Life, type_: str, **details: Any) -> dict[str, Any]:
    return {"type": type_, "battery": life.code, "details": details}


def out(**more: Any) -> list[dict[str, Any]]:
    return [{"lot": "L", "massKg": "1", **more}]


#: What is sent in a file, and where what is found wrong: column, code, value.
Case = tuple[Callable[[Yard], dict[str, Any]], str, str, str]
FILED: dict[str, Case] = {
    "a wrong unit": (
        lambda y: batch(inputs=[{"battery": y.mine.code, "massKg": "1", "massG": "440000"}]),
        "details.inputs.0.massG",
        "unknown_field",
        "massG",
    ),
    "a unit in the figure": (
        lambda y: batch(inputs=[{"battery": y.mine.code, "massKg": "440 kg"}]),
        "details.inputs.0.massKg",
        "wrong_value",
        "440 kg",
    ),
    "a negative mass": (
        lambda _y: batch(inputs=[{"lot": "A", "massKg": "-1"}]),
        "details.inputs.0.massKg",
        "wrong_value",
        "-1",
    ),
    "moisture over a hundred": (
        lambda _y: batch(outputs=out(moisturePercent="100.1")),
        "details.outputs.0.moisturePercent",
        "wrong_value",
        "100.1",
    ),
    "an assay over a hundred": (
        lambda _y: batch(outputs=out(assay={"ni": "60", "co": "41"})),
        "details.outputs.0.assay",
        "wrong_value",
        "101",
    ),
    "an unknown material": (
        lambda _y: batch(outputs=out(material="gold")),
        "details.outputs.0.material",
        "wrong_value",
        "gold",
    ),
    "an unknown process": (lambda _y: batch(process="frying"), "details.process", "wrong_value", "frying"),
    "closed before it opened": (
        lambda _y: batch(startedAt=factories.moment(61)),
        "details.startedAt",
        "wrong_value",
        "2022-03-03T00:00:00.000Z",
    ),
    "more than there is": (
        lambda _y: batch(inputs=[{"lot": "A", "massKg": "10.5"}]),
        "details.inputs.0.massKg",
        "overdrawn",
        "A",
    ),
    "a battery of another": (
        lambda y: batch(inputs=[{"battery": y.other.code, "massKg": "440"}]),
        "details.inputs.0.battery",
        "not_holder",
        "other",
    ),
    "a part of another pack": (
        lambda y: of(y.mine, "dismantled", components=[y.mine.module_codes[0], y.foreign_module]),
        "details.components.1",
        "not_part",
        "foreign_module",
    ),
    "a part that is used up in a residue and goes on": (
        lambda y: of(
            y.mine, "dismantled", components=y.mine.module_codes, residues=[{"components": y.mine.module_codes}]
        ),
        "details.residues.0.components.0",
        "wrong_value",
        "own_module",
    ),
    "an inspection of what one does not hold": (
        lambda y: of(y.other, "inspected", sohPercent="70"),
        "battery",
        "not_holder",
        "other",
    ),
    "a state of health over what can be": (
        lambda y: of(y.mine, "inspected", sohPercent="201"),
        "details.sohPercent",
        "wrong_value",
        "201",
    ),
    "no code": (lambda _y: {"type": "inspected", "battery": "04QPE", "details": {}}, "battery", "length", "04QPE"),
}


def value_of(yard: Yard, value: str) -> str:
    named = {"other": yard.other.code, "foreign_module": yard.foreign_module, "own_module": yard.mine.module_codes[0]}
    return named.get(value, value)


@pytest.mark.parametrize("case", FILED)
def test_a_file_tells_code_place_and_value(yard: Yard, case: str) -> None:
    send, column, code, value = FILED[case]
    world = yard.world
    line = {"key": "k", "organisation": world.recycler.code, "occurredAt": DAY, **send(yard)}
    before = written()
    data = io.BytesIO(json.dumps(line).encode() + b"\n")
    result = capture(data, by=capturing_viewer(world.recycler.code, "command"), on_error="proceed")
    found = [(bad.column, bad.problem.code, bad.problem.value) for bad in result.problems]
    assert found == [(column, code, value_of(yard, value))]
    assert (result.recorded, written()) == (0, before)


TOLD: dict[str, tuple[str, Callable[[Yard], dict[str, Any]], str, str, str]] = {
    "a negative mass": (
        "recordBatch",
        lambda _y: {"number": "B-1", "inputs": [{"lot": "A", "massKg": "-1"}]},
        "input.inputs.0.massKg",
        "wrong_value",
        "-1",
    ),
    "moisture over a hundred": (
        "recordBatch",
        lambda _y: {"number": "B-1", "outputs": out(moisturePercent="100.1")},
        "input.outputs.0.moisturePercent",
        "wrong_value",
        "100.1",
    ),
    "an assay over a hundred": (
        "openLot",
        lambda _y: {"lot": "N", "massKg": "1", "assay": {"ni": "60", "co": "41"}},
        "input.assay",
        "wrong_value",
        "101",
    ),
    "closed before it opened": (
        "recordBatch",
        lambda _y: {"number": "B-1", "startedAt": factories.moment(61)},
        "input.startedAt",
        "wrong_value",
        "2022-03-03",
    ),
    "a part of another pack": (
        "dismantleBattery",
        lambda y: {"battery": y.mine.code, "components": [y.foreign_module]},
        "input.components.0",
        "not_part",
        "foreign_module",
    ),
    "an inspection of what one does not hold": (
        "inspectBattery",
        lambda y: {"battery": y.other.code, "sohPercent": "70"},
        "input.battery",
        "not_holder",
        "",
    ),
    "a process of what one does not hold": (
        "processBattery",
        lambda y: {"battery": y.other.code, "batch": "B-1"},
        "input.battery",
        "not_holder",
        "",
    ),
    "a lot that nobody knows": (
        "sellLot",
        lambda _y: {"lot": "NONE", "massKg": "1"},
        "input.lot",
        "unknown_lot",
        "NONE",
    ),
}


def called(name: str, given: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    type_ = f"{name[0].upper()}{name[1:]}Input!"
    document = f"mutation ($input: {type_}) {{ {name}(input: $input) {{ errors {{ code message path }} }} }}"
    return document, {"input": {"idempotencyKey": "k", "occurredAt": DAY, **given}}


@pytest.mark.parametrize("case", TOLD)
def test_a_mutation_tells_code_and_place_and_names_the_value(yard: Yard, case: str) -> None:
    name, send, path, code, value = TOLD[case]
    before = written()
    document, variables = called(name, send(yard))
    answer = good(yard.world.recycler, document, **variables)[name]
    assert [(".".join(error["path"]), error["code"]) for error in answer["errors"]] == [(path, code)]
    assert value_of(yard, value) in answer["errors"][0]["message"]
    assert written() == before


def test_the_code_of_a_product_that_exists_is_no_new_one(yard: Yard) -> None:
    """Not even for its own company, with other originals."""
    before = written()
    given = {"battery": yard.product.code, "sources": [yard.loose.code]}
    document, variables = called("assembleBattery", given)
    answer = good(yard.world.second_life, document, **variables)["assembleBattery"]
    assert [(".".join(error["path"]), error["code"]) for error in answer["errors"]] == [("input.battery", "stage")]
    assert written() == before


@pytest.mark.parametrize(
    ("given", "place"),
    [
        pytest.param({"inputs": [{"lot": "A", "massG": "1000"}]}, "massG", id="wrong unit"),
        pytest.param({"outputs": out(material="GOLD")}, "GOLD", id="unknown material"),
        pytest.param({"process": "FRYING"}, "FRYING", id="unknown process"),
        pytest.param({"inputs": [{"lot": "A", "massKg": "440 kg"}]}, "inputs[0].massKg", id="a unit in the figure"),
        pytest.param({"inputs": [{"lot": "A", "massKg": "NaN"}]}, "inputs[0].massKg", id="no number"),
    ],
)
def test_what_the_schema_does_not_know_is_a_broken_request_that_says_where(
    yard: Yard, given: dict[str, Any], place: str
) -> None:
    yard.world.recycler.token  # noqa: B018 (issued before anything is counted)
    before = written()
    document, variables = called("recordBatch", {"number": "B-1", **given})
    (error, *_) = post(yard.world.recycler, document, **variables).json()["errors"]
    assert error["extensions"]["code"] == "invalid_variables"
    assert place in error["message"], error
    assert written() == before
