"""At a dismantling line: what a battery is taken apart into, what its parts bring along, and what is refused."""

from itertools import permutations
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.graphql_schema.asking import good, post
from tests.worlds import Life, Party, World, rolled_back
from traceability.models import LifecycleEvent, LifecycleRecord
from traceability.rebuilding import rebuild

pytestmark = pytest.mark.django_db

MOMENT = "2025-06-01T08:00:00+08:00"
PART = "code level stage massKg producedOn model { number } manufacturer { code } holder { code } takenFrom { code }"
DISMANTLE = f"""mutation ($input: DismantleBatteryInput!, $first: Int, $after: String) {{
  answer: dismantleBattery(input: $input) {{ replayed event {{ type details }} battery {{ code stage }}
    warnings {{ code message }} parts(first: $first, after: $after) {{ {PART} }}
    errors {{ code message path }} }} }}"""
PROCESS = """mutation ($input: ProcessBatteryInput!) { answer: processBattery(input: $input) {
  replayed event { type details } battery { code stage } warnings { code } errors { code message path } } }"""
REPAIR = """mutation ($input: RepairBatteryInput!) { answer: repairBattery(input: $input) {
  battery { code stage } errors { code message path } } }"""
READ = f"query ($code: String!) {{ battery(code: $code) {{ {PART} safety {{ nominalVoltageV }} inside }} }}"


def say(who: Party, mutation: str, **given: Any) -> Any:
    variables = {name: given.pop(name) for name in ("first", "after") if name in given}
    given = {"idempotencyKey": "k", "occurredAt": MOMENT} | given
    return good(who, mutation, input=given, **variables)["answer"]


def problems(answer: Any) -> list[tuple[str, str]]:
    return [(error["code"], ".".join(error["path"])) for error in answer["errors"]]


def at_the_line(world: World, modules: int = 2, cells: int = 0) -> Life:
    """A pack on the line of a dismantler, with its model filed."""
    details = {"number": "NCM-75", "level": "pack", "nominalVoltageV": "350", "composition": {"ni": "0.1"}}
    world.capture([world.fact("model", world.maker, None, **details)])
    return world.pack(modules=modules, cells=cells).produced().installed().sold().removed(by=world.dismantler)


# What is taken apart -------------------------------------------------------------------------------------------------


def test_every_detail_is_recorded_and_each_part_is_shown(world: World) -> None:
    pack = at_the_line(world)
    one, two = pack.module_codes
    given = {
        "components": [two],
        "uncoded": [{"level": "CELL", "count": 12, "massKg": "9.6"}],
        "residues": [
            {"material": "steel", "massKg": "80.25", "components": [one]},
            {"material": "coolant", "massKg": "4", "moisturePercent": "60", "assay": {"li": "0.01"}},
        ],
        "discharge": {"method": "盐水浸泡", "endVoltageV": "0.8", "hours": "24"},
        "attachments": [{"sha256": "0" * 64, "name": "line.jpg"}],
        "extra": {"line": 3},
    }
    answer = say(world.dismantler, DISMANTLE, battery=pack.code, **given)
    assert (answer["errors"], answer["battery"]) == ([], {"code": pack.code, "stage": "DISMANTLED"})
    told = answer["event"]["details"]
    assert told == {
        "components": [two],
        "uncoded": [{"level": "cell", "count": 12, "massKg": "9.6"}],
        "residues": given["residues"],
        "discharge": given["discharge"],
        "extra": {"line": 3},
    }
    assert [warning["code"] for warning in answer["warnings"]] == ["attachment_missing"]
    assert answer["parts"] == [
        {
            "code": two,
            "level": "MODULE",
            "stage": "RETIRED",
            "massKg": None,
            "producedOn": good(world.dismantler, READ, code=two)["battery"]["producedOn"],
            "model": {"number": "NCM-75"},
            "manufacturer": {"code": world.maker.code},
            "holder": {"code": world.dismantler.code},
            "takenFrom": [{"code": pack.code}],
        }
    ]
    assert answer["parts"][0]["producedOn"] is not None
    again = say(world.dismantler, DISMANTLE, battery=pack.code, **given)
    assert again == answer | {"replayed": True}
    assert LifecycleEvent.objects.filter(type="dismantled").count() == 1
    # What became of the pack's parts is accounted for: the audit misses none.
    chain = good(world.dismantler, "query ($c: String!) { battery(code: $c) { chain { gaps { code } } } }", c=pack.code)
    assert {"code": "COMPONENT_LOSS"} not in chain["battery"]["chain"]["gaps"]


def test_parts_come_in_pages_in_the_order_of_the_input(world: World) -> None:
    pack = at_the_line(world, modules=5)
    codes = pack.module_codes[::-1]
    answer = say(world.dismantler, DISMANTLE, battery=pack.code, components=codes, first=2)
    assert [part["code"] for part in answer["parts"]] == codes[:2]
    rest = say(world.dismantler, DISMANTLE, battery=pack.code, components=codes, after=codes[1])
    assert [part["code"] for part in rest["parts"]] == codes[2:]


def test_the_parts_go_on_by_themselves(world: World) -> None:
    pack = at_the_line(world, modules=1, cells=1)
    [module] = pack.module_codes
    say(world.dismantler, DISMANTLE, battery=pack.code, components=[module])
    later = {"battery": module, "components": pack.cell_codes, "occurredAt": "2025-06-02T00:00:00Z"}
    answer = say(world.dismantler, DISMANTLE, idempotencyKey="k2", **later)
    assert (answer["errors"], answer["battery"]["stage"]) == ([], "DISMANTLED")
    [cell] = answer["parts"]
    # Through its module, it is still of the pack's model.
    assert (cell["level"], cell["model"], cell["takenFrom"]) == ("CELL", {"number": "NCM-75"}, [{"code": module}])


def test_one_module_taken_out_is_a_repair_and_the_rest_stays(world: World) -> None:
    pack = at_the_line(world)
    out, left = pack.module_codes
    answer = say(world.dismantler, REPAIR, battery=pack.code, removed=[out])
    assert (answer["errors"], answer["battery"]["stage"]) == ([], "RETIRED")
    alone, inside = (good(world.dismantler, READ, code=code)["battery"] for code in (out, left))
    assert (alone["stage"], alone["inside"], alone["model"]) == ("RETIRED", None, {"number": "NCM-75"})
    assert (inside["inside"], inside["takenFrom"]) == (pack.code, [])


# What parts bring along ----------------------------------------------------------------------------------------------


def test_a_part_keeps_the_model_and_the_mass_of_its_own_that_its_maker_gave(world: World) -> None:
    pack = at_the_line(world, modules=0)
    code = world.module_code()
    tree = [{"code": code, "model": "M-12", "massKg": "20.5"}]
    other = world.pack().produced(components=tree).installed().removed(by=world.dismantler)
    answer = say(world.dismantler, DISMANTLE, battery=other.code, components=[code])
    assert (answer["parts"][0]["model"], answer["parts"][0]["massKg"]) == ({"number": "M-12"}, "20.5")
    assert pack.record.stage == "retired"
    assert rebuild().differed == set()


def test_a_part_has_not_the_voltage_of_its_pack(world: World) -> None:
    pack = at_the_line(world, modules=1)
    say(world.dismantler, DISMANTLE, battery=pack.code, components=pack.module_codes)
    whole, part = (good(world.dismantler, READ, code=code)["battery"] for code in (pack.code, *pack.module_codes))
    assert (whole["model"], whole["safety"]["nominalVoltageV"]) == (part["model"], "350")
    assert part["safety"]["nominalVoltageV"] is None


def test_a_part_that_nobody_registered_is_taken_up_and_told(world: World) -> None:
    pack = at_the_line(world, modules=1)
    strange = world.module_code()
    answer = say(world.dismantler, DISMANTLE, battery=pack.code, components=[*pack.module_codes, strange])
    [warning] = answer["warnings"]
    assert (warning["code"], strange in warning["message"]) == ("unregistered_part", True)
    part = answer["parts"][1]
    assert (part["code"], part["stage"], part["model"]) == (strange, "RETIRED", {"number": "NCM-75"})
    assert (part["takenFrom"], part["holder"]["code"]) == ([{"code": pack.code}], world.dismantler.code)
    # It comes from a battery with an origin, and answers to the same maker.
    assert world.battery(strange).faults == []
    assert world.battery(strange).record.maker == world.maker.organisation
    assert rebuild().differed == set()


def test_a_part_is_found_by_the_model_that_it_inherited(world: World) -> None:
    pack = at_the_line(world, modules=2)
    say(world.dismantler, DISMANTLE, battery=pack.code, components=pack.module_codes)
    asked = """{ batteries(filters: {model: "NCM-75", level: MODULE}) { totalCount edges { node { code } } } }"""
    found = good(world.dismantler, asked)["batteries"]
    assert [edge["node"]["code"] for edge in found["edges"]] == pack.module_codes


def test_a_part_that_was_taken_up_counts_by_the_model_of_its_pack(world: World) -> None:
    pack = at_the_line(world, modules=0)
    strange = world.module_code()
    say(world.dismantler, DISMANTLE, battery=pack.code, components=[strange])
    world.battery(strange).dispatched(to=world.recycler, at=1300).received(by=world.recycler, at=1301)
    document = """mutation ($input: RecordBatchInput!) { recordBatch(input: $input) {
      batch { recovery { element percent } } errors { code path } } }"""
    given = {
        "idempotencyKey": "b",
        "occurredAt": "2026-06-01T00:00:00Z",
        "number": "B-1",
        "process": "CRUSHING",
        "inputs": [{"battery": strange, "massKg": "100"}],
        "outputs": [{"lot": "P", "material": "ELECTRODE_POWDER", "massKg": "50", "assay": {"ni": "10"}}],
    }
    answer = good(world.recycler, document, input=given)["recordBatch"]
    assert {"element": "ni", "percent": "50.00"} in answer["batch"]["recovery"]


def test_in_whatever_order_it_is_told_a_part_inherits_the_same(world: World) -> None:
    """The pack's own word may come last, and may be corrected; the part follows."""
    pack, module, strange = world.pack(), world.module_code(), world.module_code()
    facts = [
        world.fact("produced", world.maker, pack.code, at=1, key="p", model="X-1", components=[{"code": module}]),
        world.fact("removed", world.dismantler, pack.code, at=2),
        world.fact("dismantled", world.dismantler, pack.code, at=3, components=[module, strange]),
        world.fact("inspected", world.dismantler, strange, at=4),
    ]
    for order in permutations(facts):
        with rolled_back():
            for fact in order:
                world.capture([fact])
            found = [good(world.alliance, READ, code=code)["battery"] for code in (module, strange)]
            assert [(part["model"], part["stage"]) for part in found] == [({"number": "X-1"}, "RETIRED")] * 2
            makers = LifecycleRecord.objects.filter(code__in=[module, strange]).values_list("maker__code", flat=True)
            assert list(makers) == [world.maker.code] * 2
            said = {"type": "produced", "occurredAt": "2021-01-01T00:00:00Z", "details": {"model": "X-2"}}
            pack.corrected("p", said, battery=pack.code)
            told = good(world.alliance, READ, code=strange)["battery"]
            assert told["model"] == {"number": "X-2"}
            assert rebuild().differed == set()


def test_an_origin_that_comes_after_the_end_is_inherited_all_the_same(world: World) -> None:
    pack, strange = world.pack().received(by=world.dismantler, at=1), world.module_code()
    pack.dismantled(components=[strange], at=2)
    pack.produced(model="X-1", at=3, captured=True)
    assert good(world.alliance, READ, code=strange)["battery"]["model"] == {"number": "X-1"}
    assert rebuild().differed == set()


# What is refused -----------------------------------------------------------------------------------------------------


def refused(who: Party, mutation: str, **given: Any) -> list[tuple[str, str]]:
    """The problems; what they are about is named, and nothing was written."""
    before = LifecycleEvent.objects.count(), LifecycleRecord.objects.count()
    answer = say(who, mutation, **given)
    assert (answer["event"], answer["battery"], answer.get("parts", [])) == (None, None, [])
    assert (LifecycleEvent.objects.count(), LifecycleRecord.objects.count()) == before
    return problems(answer)


@pytest.mark.parametrize(
    ("given", "code", "path", "value"),
    [
        ({"residues": [{"massKg": "-1"}]}, "wrong_value", "residues.0.massKg", "-1"),
        ({"residues": [{}, {"massKg": "0.0000001"}]}, "wrong_value", "residues.1.massKg", "1E-7"),
        ({"residues": [{"moisturePercent": "100.5"}]}, "wrong_value", "residues.0.moisturePercent", "100.5"),
        ({"residues": [{"material": " "}]}, "wrong_value", "residues.0.material", ""),
        ({"residues": [{"assay": {"ni": "101"}}]}, "wrong_value", "residues.0.assay.ni", "101"),
        ({"residues": [{"assay": {"Ni": "1"}}]}, "unknown_field", "residues.0.assay.Ni", "Ni"),
        ({"residues": [{"components": ["nonsense"]}]}, "length", "residues.0.components.0", "NONSENSE"),
        ({"uncoded": [{"level": "PACK", "count": 1}]}, "wrong_value", "uncoded.0.level", "pack"),
        ({"uncoded": [{"count": -1}]}, "wrong_value", "uncoded.0.count", "-1"),
        ({"uncoded": [{"massKg": "-0.5"}]}, "wrong_value", "uncoded.0.massKg", "-0.5"),
        ({"discharge": {"hours": "-1"}}, "wrong_value", "discharge.hours", "-1"),
        ({"discharge": {"endVoltageV": "-3"}}, "wrong_value", "discharge.endVoltageV", "-3"),
        ({"components": ["nonsense"]}, "length", "components.0", "NONSENSE"),
    ],
)
def test_bad_values_are_told_at_their_place(
    world: World, given: dict[str, Any], code: str, path: str, value: str
) -> None:
    pack = at_the_line(world)
    asked = {"idempotencyKey": "k", "occurredAt": MOMENT, "battery": pack.code, **given}
    before = LifecycleEvent.objects.count()
    [error] = post(world.dismantler, DISMANTLE, input=asked).json()["data"]["answer"]["errors"]
    assert (error["code"], error["path"]) == (code, ["input", *path.split(".")])
    assert value in error["message"].upper() or value in error["message"]
    assert LifecycleEvent.objects.count() == before


def test_a_mass_with_its_unit_is_no_mass(world: World) -> None:
    pack = at_the_line(world)
    for given in ({"residues": [{"massKg": "12 g"}]}, {"residues": [{"massGrams": "12"}]}):
        asked = {"idempotencyKey": "k", "occurredAt": MOMENT, "battery": pack.code, **given}
        [error] = post(world.dismantler, DISMANTLE, input=asked).json()["errors"]
        assert error["extensions"]["code"] == "invalid_variables"
        assert "input.residues[0]" in error["message"]
    assert pack.record.stage == "retired"


def test_a_part_is_given_once(world: World) -> None:
    pack = at_the_line(world)
    one, two = pack.module_codes
    twice = refused(world.dismantler, DISMANTLE, battery=pack.code, components=[one, two, one.lower()])
    assert twice == [("wrong_value", "input.components.2")]
    residues = [{"massKg": "1", "components": [two]}]
    both = refused(world.dismantler, DISMANTLE, battery=pack.code, components=[one, two], residues=residues)
    assert both == [("wrong_value", "input.residues.0.components.0")]
    # What is crushed with others may end up in several materials.
    residues = [{"material": "copper", "components": [two]}, {"material": "aluminium", "components": [two]}]
    answer = say(world.dismantler, DISMANTLE, battery=pack.code, components=[one], residues=residues)
    assert answer["errors"] == []


@pytest.mark.parametrize("holder", ["dismantler", "workshop"])
def test_a_part_of_another_pack_does_not_come_out_of_this_one(world: World, holder: str) -> None:
    """Not even where both stand in the same hall: one of the two was scanned by mistake."""
    pack, other = at_the_line(world), world.pack(modules=1, cells=1).produced().installed()
    other.removed(by=getattr(world, holder))
    for code in (*other.module_codes, *other.cell_codes):
        given = {"battery": pack.code, "components": [pack.module_codes[0], code]}
        assert refused(world.dismantler, DISMANTLE, **given) == [("not_part", "input.components.1")]
        given = {"battery": pack.code, "residues": [{}, {"components": [code]}]}
        assert refused(world.dismantler, DISMANTLE, **given) == [("not_part", "input.residues.1.components.0")]


def test_what_two_packs_are_said_to_hold_may_come_out_of_either(world: World) -> None:
    pack, module = at_the_line(world, modules=0), world.module_code()
    lives = [world.pack() for _ in range(2)]
    facts = [world.fact("produced", world.maker, life.code, components=[{"code": module}]) for life in lives]
    facts += [world.fact("removed", world.dismantler, life.code) for life in lives]
    world.capture(facts)
    assert refused(world.dismantler, DISMANTLE, battery=pack.code, components=[module]) == [
        ("not_part", "input.components.0")
    ]
    for life in lives:
        with rolled_back():
            assert say(world.dismantler, DISMANTLE, battery=life.code, components=[module])["errors"] == []


def test_a_pack_is_no_part_of_a_pack(world: World) -> None:
    pack, other = at_the_line(world), world.pack().produced()
    given = {"battery": pack.code, "components": [other.code]}
    assert refused(world.dismantler, DISMANTLE, **given) == [("wrong_value", "input.components.0")]


WRONG = {
    "in a vehicle": (lambda w: w.pack().produced().installed(), "stage"),
    "held by another": (lambda w: w.pack().produced().installed().removed(by=w.workshop), "not_holder"),
    "not arrived yet": (
        lambda w: w.pack().produced().installed().removed(by=w.workshop).dispatched(to=w.recycler),
        "not_holder",
    ),
    "known to nobody": (lambda w: w.pack(), "unknown_battery"),
    "taken apart": (lambda w: w.pack().produced().installed().removed(by=w.recycler).dismantled(), "stage"),
    "set apart": (
        lambda w: (
            w.pack().produced().installed().removed().dispatched(w.recycler).received(w.recycler, condition="burnt")
        ),
        "quarantined",
    ),
}


@pytest.mark.parametrize("which", WRONG)
@pytest.mark.parametrize(("mutation", "more"), [(DISMANTLE, {}), (PROCESS, {"batch": "B-1"})])
def test_what_cannot_be_taken_apart_or_used_up_is_refused(
    world: World, which: str, mutation: str, more: dict[str, Any]
) -> None:
    make, code = WRONG[which]
    life = make(world)
    assert refused(world.recycler, mutation, battery=life.code, **more) == [(code, "input.battery")]


def test_only_who_may_dismantles_and_processes(world: World) -> None:
    pack = world.pack().produced().installed().removed(by=world.workshop)
    assert refused(world.workshop, DISMANTLE, battery=pack.code) == [("role", "input")]
    other = at_the_line(world)
    assert refused(world.dismantler, PROCESS, battery=other.code, batch="B-1") == [("role", "input")]


# What goes into a batch ----------------------------------------------------------------------------------------------


def at_the_recycler(world: World) -> Life:
    return world.pack().produced().installed().removed().dispatched(to=world.recycler).received(by=world.recycler)


def test_a_battery_is_processed(world: World) -> None:
    pack = at_the_recycler(world)
    answer = say(world.recycler, PROCESS, battery=pack.code, batch="B-1", massKg="431.25")
    assert (answer["errors"], answer["battery"]["stage"]) == ([], "PROCESSED")
    assert answer["event"] == {"type": "PROCESSED", "details": {"batch": "B-1", "massKg": "431.25"}}
    assert say(world.recycler, PROCESS, battery=pack.code, batch="B-1", massKg="431.250")["replayed"]
    changed = refused(world.recycler, PROCESS, battery=pack.code, batch="B-2", massKg="431.25")
    assert changed == [("key_reused", "input.idempotencyKey")]


@pytest.mark.parametrize(
    ("given", "path"), [({"massKg": "-1"}, "massKg"), ({"batch": " "}, "batch"), ({"batch": "x" * 61}, "batch")]
)
def test_a_wrong_mass_or_number_of_a_batch_is_refused(world: World, given: dict[str, Any], path: str) -> None:
    pack = at_the_recycler(world)
    assert refused(world.recycler, PROCESS, **{"battery": pack.code, "batch": "B", **given}) == [
        ("wrong_value", f"input.{path}")
    ]


@pytest.mark.parametrize(("mutation", "more"), [(DISMANTLE, {}), (PROCESS, {"batch": "B-1"})])
def test_what_is_used_up_while_it_is_on_its_way_is_told(world: World, mutation: str, more: dict[str, Any]) -> None:
    """Its holder may, as long as nobody has received it; somebody waits for it, and one of the two records is wrong."""
    pack = at_the_recycler(world)
    other = at_the_recycler(world).dispatched(to=world.stranger)
    told = [say(world.recycler, mutation, idempotencyKey=p.code, battery=p.code, **more) for p in (pack, other)]
    assert [[one["code"] for one in answer["warnings"]] for answer in told] == [[], ["in_transit"]]


# Queries -------------------------------------------------------------------------------------------------------------


def test_many_parts_take_no_more_queries_than_few(world: World) -> None:
    def counted(modules: int, strange: int) -> int:
        pack = at_the_line(world, modules=modules)
        codes = [*pack.module_codes, *(world.module_code() for _ in range(strange))]
        with CaptureQueriesContext(connection) as captured:
            answer = say(world.dismantler, DISMANTLE, idempotencyKey=pack.code, battery=pack.code, components=codes)
        assert len(answer["parts"]) == min(100, len(codes))
        assert all(part["model"] and part["takenFrom"] for part in answer["parts"])
        return sum(not query["sql"].startswith("INSERT") for query in captured.captured_queries)

    counted(1, 1)
    assert counted(2, 2) == counted(150, 50) <= 75
