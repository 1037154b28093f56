"""Batches and lots as records: what is read, what is refused by itself, and what comes out again as it went in."""

import io
from typing import Any

import pytest

from tests import factories
from tests.recyclers.materials import batch, lot_fact, opened, powder
from tests.worlds import World
from traceability import exporting, verification
from traceability.capturing import capture
from traceability.errors import Refusal
from traceability.exact import loads
from traceability.facts import write_fact
from traceability.models import LifecycleEvent, LifecycleRecord

OWN, OTHER = factories.organisation_code(1), factories.organisation_code(2)
PACK = factories.pack_code(1)
#: As it stands in `records.md`.
CONTRACT = """{"key": "b", "type": "batch", "organisation": "OWN", "occurredAt": "2025-07-02T18:00:00+08:00",
     "details": {"number": "B-2025-0701", "process": "hydrometallurgy", "startedAt": "2025-07-01T08:00:00+08:00",
      "inputs":  [{"lot": "BM-2025-0630", "lotOf": "OTHER", "massKg": "1000"},
                  {"reagent": "sulfuric_acid", "massKg": "600"},
                  {"battery": "PACK", "massKg": "412.5"}],
      "outputs": [{"lot": "LC-17", "material": "lithium_carbonate", "massKg": "180", "moisturePercent": "0.5",
                   "purityPercent": "99.5"},
                  {"lot": "NS-9", "material": "nickel_sulfate_hexahydrate", "massKg": 300.0,
                   "assay": {"ni": "22.2", "co": "0.01"}}],
      "residues": [{"kind": "slag", "massKg": "732.5", "moisturePercent": "20", "assay": {"li": "0.2"},
                    "manifest": "5101-2025-001"}]}}"""


def given(type_: str, details: dict[str, Any], **top: Any) -> dict[str, Any]:
    """A record of a recycler's."""
    return factories.given(type_, OWN, 10, key="k", details=details, **top)


def problem(record: dict[str, Any]) -> tuple[str, str]:
    """Where the first thing is wrong, and its code."""
    with pytest.raises(Refusal) as refused:
        factories.read(record)
    return ".".join(refused.value.path), refused.value.code


def test_the_batch_of_the_contract_is_read_and_written_as_it_stands():
    record = loads(CONTRACT.replace("OWN", OWN).replace("OTHER", OTHER).replace("PACK", PACK))
    fact = factories.read(record)
    assert (fact.kind, fact.code) == ("batch", f"{OWN}/B-2025-0701")
    written = write_fact(fact, reported_ms=fact.occurred_ms)
    assert factories.read(written).same_as(fact)
    assert written["details"]["outputs"][1]["massKg"] == "300"


@pytest.mark.parametrize(
    ("type_", "details", "top", "path", "code"),
    [
        pytest.param("batch", {}, {}, "details.number", "missing_field", id="no number"),
        pytest.param("batch", {"number": "x" * 61}, {}, "details.number", "wrong_value", id="long number"),
        pytest.param("batch", {"process": "cooking"}, {}, "details.process", "wrong_value", id="process"),
        pytest.param("batch", {"colour": "red"}, {}, "details.colour", "unknown_field", id="unknown field"),
        pytest.param("batch", {}, {"battery": PACK}, "battery", "unknown_field", id="battery at the top"),
        pytest.param("batch", {}, {"lot": "L"}, "lot", "unknown_field", id="lot at the top"),
        pytest.param(
            "batch", {"startedAt": "2022-01-11T00:00:01Z"}, {}, "details.startedAt", "wrong_value", id="ends first"
        ),
        pytest.param(
            "batch", {"inputs": [{"massKg": "1"}]}, {}, "details.inputs.0.battery", "missing_field", id="of what?"
        ),
        pytest.param(
            "batch",
            {"inputs": [{"lot": "L", "reagent": "lime", "massKg": "1"}]},
            {},
            "details.inputs.0.reagent",
            "wrong_value",
            id="two things at once",
        ),
        pytest.param("batch", {"inputs": [{"lot": "L"}]}, {}, "details.inputs.0.massKg", "missing_field", id="no mass"),
        pytest.param(
            "batch",
            {"inputs": [{"lot": "L", "massKg": "-1"}]},
            {},
            "details.inputs.0.massKg",
            "wrong_value",
            id="negative",
        ),
        pytest.param(
            "batch",
            {"inputs": [{"lot": "L", "massKg": "0.0000001"}]},
            {},
            "details.inputs.0.massKg",
            "wrong_value",
            id="finer than a milligram",
        ),
        pytest.param(
            "batch",
            {"inputs": [{"reagent": "Sulfuric acid", "massKg": "1"}]},
            {},
            "details.inputs.0.reagent",
            "wrong_value",
            id="reagent",
        ),
        pytest.param(
            "batch",
            {"inputs": [{"battery": PACK, "massKg": "1"}, {"battery": PACK, "massKg": "2"}]},
            {},
            "details.inputs.1.battery",
            "duplicate",
            id="the same battery twice",
        ),
        pytest.param(
            "batch",
            {"inputs": [{"lot": "L", "massKg": "1"}, {"lot": "L", "lotOf": OWN, "massKg": "2"}]},
            {},
            "details.inputs.1.lot",
            "duplicate",
            id="the same lot twice",
        ),
        pytest.param(
            "batch",
            {"outputs": [powder("L", "1"), powder("L", "1")]},
            {},
            "details.outputs.1.lot",
            "duplicate",
            id="the same output twice",
        ),
        pytest.param(
            "batch",
            {"outputs": [powder("L", "1", moisturePercent="100.1")]},
            {},
            "details.outputs.0.moisturePercent",
            "wrong_value",
            id="moisture",
        ),
        pytest.param(
            "batch",
            {"outputs": [{"lot": "L", "material": "gold", "massKg": "1"}]},
            {},
            "details.outputs.0.material",
            "wrong_value",
            id="material",
        ),
        pytest.param(
            "batch",
            {"residues": [{"kind": "slag", "massKg": "1", "assay": {"li": "101"}}]},
            {},
            "details.residues.0.assay.li",
            "wrong_value",
            id="assay",
        ),
        pytest.param("lot_opened", {"massKg": "1"}, {}, "lot", "missing_field", id="no lot"),
        pytest.param("lot_opened", {}, {"lot": "L"}, "details.massKg", "missing_field", id="lot without mass"),
        pytest.param("lot_split", {"into": []}, {"lot": "L"}, "details.into", "missing_field", id="into nothing"),
        pytest.param(
            "lot_split",
            {"into": [{"lot": "L", "massKg": "1"}]},
            {"lot": "L"},
            "details.into.0.lot",
            "duplicate",
            id="into itself",
        ),
        pytest.param(
            "lot_sold", {"to": "market"}, {"lot": "L"}, "details.massKg", "missing_field", id="sold how much?"
        ),
        pytest.param("dispatched", {"to": OTHER}, {"lot": "L"}, "details.massKg", "missing_field", id="handed over"),
        pytest.param("refused", {}, {"lot": "L"}, "details.massKg", "missing_field", id="refused"),
        pytest.param(
            "refused", {"massKg": "1"}, {"battery": PACK}, "details.massKg", "unknown_field", id="a battery's"
        ),
        pytest.param("received", {"massKg": "1"}, {"battery": PACK, "lot": "L"}, "lot", "unknown_field", id="both"),
        pytest.param("received", {}, {"lotOf": OWN}, "lotOf", "unknown_field", id="maker of no lot"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(type_: str, details: dict[str, Any], top: Any, path: str, code: str):
    needed = {"number": "B-1"} if type_ == "batch" and path != "details.number" else {}
    assert problem(given(type_, needed | details, **top)) == (path, code)


@pytest.mark.django_db
def test_an_export_captured_into_an_empty_system_says_the_same_again(world: World):
    facts = [
        opened(world, "IN-1", "500", assay={"ni": "30.5"}, evidence="合同 7", **{"from": "某供应商"}),
        batch(
            world,
            inputs=[{"lot": "IN-1", "massKg": "300.000001"}, {"reagent": "lime", "massKg": "5"}],
            outputs=[powder("BM-1", "280", moisturePercent="1.25")],
            residues=[{"kind": "slag", "massKg": "20"}],
        ),
        lot_fact(world, "lot_split", "BM-1", into=[{"lot": "BM-1a", "massKg": "100"}]),
        lot_fact(world, "lot_merged", "BM-2", **{"from": [{"lot": "BM-1", "massKg": "180"}]}),
        lot_fact(world, "dispatched", "BM-2", to=world.stranger.code, massKg="180", waybill="W-1"),
        lot_fact(world, "received", "BM-2", by=world.stranger, of=world.recycler, massKg="179.5"),
        lot_fact(world, "lot_sold", "BM-1a", massKg="100", to="market"),
    ]
    world.capture(facts)
    correction = world.fact(
        "corrected",
        world.recycler,
        corrects=facts[4].key,
        replacement={
            "type": "dispatched",
            "occurredAt": "2022-03-01T00:00:00Z",
            "details": {"to": world.stranger.code, "massKg": "180", "waybill": "W-2"},
        },
    )
    world.capture([correction])
    assert list(verification.verify()) == []
    lines = list(exporting.export())
    replayed = capture(io.BytesIO("\n".join(lines).encode()), by=world.alliance.viewer)
    assert (replayed.recorded, replayed.refused) == (0, 0)
    said = [loads(line) for line in lines]
    assert {"lot": "BM-2", "lotOf": world.recycler.code}.items() <= said[-1].items()
    assert said[-3]["lotOf"] == world.recycler.code
    kinds = LifecycleRecord.objects.exclude(kind__in=("organisation", "battery")).values_list("kind", flat=True)
    assert sorted(kinds) == ["batch", "lot", "lot", "lot", "lot"]


@pytest.mark.django_db
def test_the_same_key_with_the_same_content_is_recorded_once(world: World):
    first = opened(world, "IN-1", "500", key="o")
    world.record(first, by=world.recycler)
    again = opened(world, "IN-1", "500.000", key="o", at=first_day(first))
    assert world.record(again, by=world.recycler).replayed
    with pytest.raises(Refusal) as refused:
        world.record(opened(world, "IN-2", "500", key="o"), by=world.recycler)
    assert refused.value.code == "key_reused"
    assert LifecycleEvent.objects.filter(type="lot_opened").count() == 1


def first_day(fact: Any) -> str:
    """The moment of a fact, as a record has it."""
    return str(write_fact(fact, reported_ms=0)["occurredAt"])


@pytest.mark.django_db
@pytest.mark.parametrize("type_", ["batch", "lot_opened"])
def test_only_recyclers_tell_of_batches_and_new_lots(world: World, type_: str):
    fact = batch(world, by=world.outlet) if type_ == "batch" else opened(world, "L", by=world.outlet)
    with pytest.raises(Refusal) as refused:
        world.record(fact, by=world.outlet)
    assert (refused.value.code, refused.value.path) == ("role", ["type"])


@pytest.mark.django_db
def test_who_made_a_lot_has_to_exist(world: World):
    nobody = factories.organisation_code(99)
    fact = batch(world, inputs=[{"lot": "L", "lotOf": nobody, "massKg": "1"}])
    receipt = world.capture([fact], on_error="proceed")
    [problem_] = receipt.problems
    assert (problem_.code, problem_.path) == ("unknown_organisation", ("details", "inputs", "0", "lotOf"))
