"""Modules and cells share the life of what they are built into, and go on alone from the moment they leave it."""

import pytest

from tests.worlds import Life, World
from traceability.models import Component, LifecycleRecord, Step
from traceability.verification import verify


def first_step(life: Life) -> Step:
    return life.steps[0]


def built_in(code: str) -> list[tuple[str, bool]]:
    """Where a part was built in, and whether it is still there."""
    rows = Component.objects.filter(code=code).order_by("since_ms", "id")
    return [(row.parent_code, row.until_ms is None) for row in rows]


def test_parts_need_no_record_while_they_are_built_in(world: World) -> None:
    pack = world.pack(modules=2, cells=3).produced().installed()
    assert LifecycleRecord.objects.filter(kind="battery").count() == 1
    assert [built_in(code) for code in pack.module_codes] == [[(pack.code, True)]] * 2
    assert {parent for code in pack.cell_codes for parent, _ in built_in(code)} == set(pack.module_codes)


@pytest.mark.parametrize("one_call", [True, False])
@pytest.mark.parametrize("pack_first", [True, False])
def test_a_row_of_its_own_builds_a_part_in_as_the_tree_does(world: World, one_call: bool, pack_first: bool) -> None:
    pack, module = world.pack(), world.module()
    told = [
        world.fact("produced", world.maker, pack.code, at=1),
        world.fact("produced", world.maker, module.code, at=1.5, parent=pack.code),
    ]
    told = told if pack_first else told[::-1]
    for call in [told] if one_call else [[fact] for fact in told]:
        world.record(*call, by=world.maker)
    assert built_in(module.code) == [(pack.code, True)]
    assert module.record.part_of == pack.code
    pack.installed(at=2).removed(at=3)
    module.received(by=world.recycler, at=4)
    assert (first_step(module).type, module.steps[-1].stage_before) == ("produced", "retired")
    assert module.record.part_of == ""
    assert module.faults == [("received", "unannounced_receipt")]


# Leaving -------------------------------------------------------------------------------------------------------------


def test_dismantling_releases_the_parts_it_lists(world: World) -> None:
    pack = world.pack(modules=2).produced().installed().removed(world.dismantler)
    out, left = pack.module_codes
    pack.dismantled(components=[out])
    assert pack.record.stage == "dismantled"
    module = world.battery(out)
    assert (module.record.stage, module.record.holder) == ("retired", world.dismantler.organisation)
    assert [(step.type, step.key, step.fault) for step in module.steps] == [("released", f"{pack.key}#{out}", "")]
    assert (built_in(out), built_in(left)) == ([(pack.code, False)], [(pack.code, True)])
    module.dispatched(to=world.recycler).received(by=world.recycler).processed()
    assert (module.record.stage, module.faults) == ("processed", [])


def test_a_repair_releases_what_it_takes_out_and_builds_in_what_it_puts_in(world: World) -> None:
    pack = world.pack(modules=1).produced().installed()
    (old,) = pack.module_codes
    new = world.module().produced()
    pack.repaired(removed=[old], added=[new.code])
    assert pack.record.stage == "in_vehicle"
    assert pack.record.holder == world.maker.organisation
    assert (built_in(old), built_in(new.code)) == ([(pack.code, False)], [(pack.code, True)])
    out = world.battery(old)
    assert (out.record.stage, out.record.holder) == ("retired", world.workshop.organisation)
    assert (new.record.part_of, out.faults, new.faults) == (pack.code, [], [])


def test_a_part_that_turns_up_alone_has_left_with_its_batterys_stage_and_holder(world: World) -> None:
    pack = world.pack(modules=1, cells=1).produced().installed().removed().dispatched(to=world.dismantler)
    pack.received(by=world.dismantler)
    cell = world.battery(pack.cell_codes[0]).received(by=world.recycler)
    step = first_step(cell)
    assert (step.stage_before, step.holder_before) == ("retired", world.dismantler.id)
    assert (step.fault, step.unannounced) == ("", True)
    assert cell.record.claimant == world.dismantler.organisation
    assert built_in(cell.code) == [(pack.module_codes[0], False)]
    # What it was built into goes on as before.
    assert (pack.record.stage, built_in(pack.module_codes[0])) == ("retired", [(pack.code, True)])


def test_the_holder_of_the_battery_acts_on_its_parts(world: World) -> None:
    pack = world.pack(modules=1).produced().installed().removed(world.dismantler)
    module = world.battery(pack.module_codes[0])
    module.inspected(by=world.dismantler).dispatched(to=world.recycler)
    assert (module.record.stage, module.record.transit_to, module.faults) == (
        "retired",
        world.recycler.organisation,
        [],
    )


def test_a_part_out_of_a_battery_in_a_vehicle_comes_from_a_vehicle(world: World) -> None:
    pack = world.pack(modules=1).produced().installed()
    module = world.battery(pack.module_codes[0]).removed(by=world.workshop)
    assert (first_step(module).stage_before, module.record.stage, module.faults) == ("in_vehicle", "retired", [])


def test_a_released_part_of_a_battery_without_origin_has_none_either(world: World) -> None:
    pack = world.pack().received(by=world.dismantler)
    code = world.module_code()
    pack.dismantled(components=[code])
    assert world.battery(code).faults == [("released", "unknown_origin")]


def test_a_late_origin_of_the_battery_is_one_of_its_released_part_too(world: World) -> None:
    pack = world.pack().received(by=world.dismantler, at=5)
    code = world.module_code()
    pack.dismantled(components=[code], at=6)
    world.capture([world.fact("produced", world.maker, pack.code, at=1)])
    assert ("dismantled", "missing_link") in pack.faults
    assert world.battery(code).faults == []


# Going on ------------------------------------------------------------------------------------------------------------


def test_a_part_goes_on_in_another_battery(world: World) -> None:
    one, two = world.pack(modules=1).produced().installed(), world.pack().produced().installed()
    (code,) = one.module_codes
    one.repaired(removed=[code])
    two.repaired(added=[code])
    assert built_in(code) == [(one.code, False), (two.code, True)]
    module = world.battery(code)
    assert module.record.part_of == two.code
    two.removed(world.dismantler).dismantled(components=[code])
    assert (module.record.part_of, module.record.holder) == ("", world.dismantler.organisation)
    assert [step.type for step in module.steps] == ["released", "released"]
    assert built_in(code) == [(one.code, False), (two.code, False)]


def test_a_cell_follows_its_module_out_of_the_pack(world: World) -> None:
    """Level by level: the cell has the stage of the module, once the module has left the pack."""
    pack = world.pack(modules=1, cells=2).produced().installed().removed(world.dismantler).dismantled()
    module = world.battery(pack.module_codes[0]).dispatched(to=world.recycler).received(by=world.recycler)
    cell = world.battery(pack.cell_codes[0]).received(by=world.stranger)
    step = first_step(cell)
    assert (step.stage_before, step.holder_before) == ("retired", world.recycler.id)
    module.processed()
    other = world.battery(pack.cell_codes[1]).received(by=world.stranger)
    assert first_step(other).stage_before == "processed"
    assert first_step(other).fault == "missing_link"


def test_a_module_with_a_row_of_its_own_still_shares_the_packs_life_with_its_cells(world: World) -> None:
    """Being registered a second time, by its own row, does not take it out of the pack."""
    pack = world.pack(modules=1, cells=1).produced()
    world.battery(pack.module_codes[0]).produced(components=[{"code": pack.cell_codes[0]}])
    pack.installed().removed(world.dismantler)
    cell = world.battery(pack.cell_codes[0]).received(by=world.recycler)
    assert (first_step(cell).stage_before, first_step(cell).holder_before) == ("retired", world.dismantler.id)


def test_a_late_fact_of_the_pack_changes_what_its_part_left_with(world: World) -> None:
    pack = world.pack(modules=1).produced(at=1).installed(at=2)
    module = world.battery(pack.module_codes[0]).received(by=world.recycler, at=10)
    assert first_step(module).fault == "missing_link"
    pack.removed(world.workshop, at=5)
    assert (first_step(module).stage_before, first_step(module).holder_before) == ("retired", world.workshop.id)
    assert first_step(module).fault == ""
    assert module.record.claimant == world.workshop.organisation


def test_a_part_with_an_unreadable_label_goes_on_under_its_true_code(world: World) -> None:
    found = world.battery("TMP-M1").received(by=world.workshop)
    pack = world.pack().produced().installed().repaired(added=[found.code])
    true = world.module_code()
    found.identified(true, by=world.alliance, at=50)
    assert [(row.since_ms, row.parent_code) for row in Component.objects.all()] != []
    assert world.battery(true).record.code == true
    assert list(verify()) == []
    assert pack.record.stage == "in_vehicle"


def test_parts_of_a_provisional_battery_are_parts_of_the_true_one(world: World) -> None:
    found = world.battery("TMP-P1").received(by=world.workshop)
    module = world.module().produced()
    found.repaired(added=[module.code])
    true = world.pack()
    found.identified(true, by=world.workshop)
    assert built_in(module.code) == [(true.code, True)]
    assert module.record.part_of == true.code


# Stated to be in several ---------------------------------------------------------------------------------------------


def in_two(world: World) -> tuple[Life, Life, Life]:
    """Two packs and the module that both are stated to be made of."""
    one, two, module = world.pack(), world.pack(), world.module()
    tree = [{"code": module.code}]
    for day, pack in enumerate((one, two), start=1):
        world.capture([world.fact("produced", world.maker, pack.code, at=day, components=tree)])
    assert built_in(module.code) == [(one.code, True), (two.code, True)]
    return one, two, module


@pytest.mark.parametrize("captured", [True, False])
def test_a_part_of_two_batteries_is_in_neither_once_it_acts_by_itself(world: World, captured: bool) -> None:
    one, two, module = in_two(world)
    module.do("received", world.recycler, at=5, captured=captured)
    assert built_in(module.code) == [(one.code, False), (two.code, False)]
    assert {row.until_ms for row in Component.objects.all()} == {module.steps[0].occurred_ms}
    assert (module.record.part_of, module.record.holder) == ("", world.recycler.organisation)
    # What becomes of either says nothing of it any more.
    one.installed(at=6).removed(at=7)
    two.destroyed(at=8)
    assert (module.record.stage, module.record.holder) == ("produced", world.recycler.organisation)


@pytest.mark.parametrize("first", [True, False])
def test_taken_out_of_one_of_them_it_is_in_neither(world: World, first: bool) -> None:
    one, two, module = in_two(world)
    pack = one if first else two
    pack.repaired(removed=[module.code], at=5, captured=True)
    assert built_in(module.code) == [(one.code, False), (two.code, False)]
    assert (module.record.stage, module.record.holder) == ("retired", world.workshop.organisation)


def test_only_what_it_left_is_left(world: World) -> None:
    """It may go on into a third, and that one it is in; a withdrawn departure puts it back into both."""
    one, two, module = in_two(world)
    three = world.pack().produced(at=1)
    two.repaired(removed=[module.code], at=5, key="out")
    three.repaired(added=[module.code], at=6)
    assert built_in(module.code) == [(one.code, False), (two.code, False), (three.code, True)]
    two.corrected("out", None)
    assert built_in(module.code) == [(one.code, True), (two.code, True), (three.code, True)]


# Second life ---------------------------------------------------------------------------------------------------------


def test_what_is_assembled_ends_the_chains_of_its_sources(world: World) -> None:
    sources = [
        world.pack().produced().installed().removed().dispatched(to=world.second_life).received(by=world.second_life)
        for _ in range(2)
    ]
    product = Life(world, "08XPB01C8E0000001RP")
    product.do("assembled", world.second_life, sources=[source.code for source in sources], application="storage")
    assert (product.record.stage, product.record.second_life) == ("produced", True)
    assert [source.record.stage for source in sources] == ["reassembled", "reassembled"]
    assert [source.faults for source in sources] == [[], []]
    product.do("deployed").do("decommissioned", world.recycler)
    assert (product.record.stage, product.faults) == ("retired", [])
