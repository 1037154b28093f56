"""What a claim says of other batteries: parts are given out and built in by whoever has them to move."""

from collections.abc import Callable
from typing import Any

import pytest

from tests import factories
from tests.traceability.test_corrections import instead
from tests.worlds import Life, Party, World
from traceability.errors import Refusal
from traceability.facts import Fact
from traceability.ledger import RECORDED
from traceability.models import LifecycleEvent


def judged(world: World, said: Fact, by: Party) -> tuple[str, str] | None:
    """The one problem with a claim and its place; None when it was recorded. Nothing is written of a refused one."""
    before = LifecycleEvent.objects.count()
    try:
        world.record(said, by=by)
    except Refusal as refusal:
        [problem] = refusal.problems
        assert LifecycleEvent.objects.count() == before
        assert "{" not in problem.message
        return problem.code, ".".join(problem.path)
    return None


# Where a part may be -------------------------------------------------------------------------------------------------


def nowhere(world: World, _pack: Life) -> str:
    return world.cell_code()


def in_it(_world: World, pack: Life) -> str:
    return pack.module_codes[0]


def in_a_module_of_it(_world: World, pack: Life) -> str:
    return pack.cell_codes[0]


def in_another(world: World, _pack: Life) -> str:
    return world.pack(modules=1).produced().module_codes[0]


def in_a_module_of_another(world: World, _pack: Life) -> str:
    return world.pack(modules=1, cells=1).produced().cell_codes[0]


def taken_out_by(world: World, party: Party) -> str:
    other = world.pack(modules=1).produced()
    return other.repaired(party, removed=other.module_codes).module_codes[0]


def taken_out_by_the_recorder(world: World, _pack: Life) -> str:
    return taken_out_by(world, world.dismantler)


def taken_out_by_another(world: World, _pack: Life) -> str:
    return taken_out_by(world, world.recycler)


def new_at_its_maker(world: World, _pack: Life) -> str:
    return world.module().produced(world.cell_maker).code


@pytest.mark.parametrize(
    ("where", "given", "taken"),
    [
        (nowhere, None, None),
        (in_it, None, None),
        (in_a_module_of_it, None, None),
        (in_another, "not_part", "built_in"),
        (in_a_module_of_another, "not_part", "built_in"),
        (taken_out_by_the_recorder, None, None),
        (taken_out_by_another, "not_part", "not_holder"),
        (new_at_its_maker, "not_part", None),
    ],
)
@pytest.mark.parametrize("way", ["repaired.removed", "dismantled.components", "repaired.added"])
def test_a_part_leaves_what_it_is_in_and_enters_from_the_own_hands(
    world: World, where: Callable[[World, Life], str], given: str | None, taken: str | None, way: str
) -> None:
    pack = world.pack(modules=1, cells=1).produced().installed().removed(world.dismantler)
    type_, name = way.split(".")
    code = taken if name == "added" else given
    said = world.fact(type_, world.dismantler, pack.code, **{name: [world.cell_code(), where(world, pack)]})
    assert judged(world, said, world.dismantler) == (code and (code, f"details.{name}.1"))


@pytest.mark.parametrize("where", [in_it, in_a_module_of_it])
def test_who_repairs_takes_out_what_is_in_it_without_holding_it(
    world: World, where: Callable[[World, Life], str]
) -> None:
    pack = world.pack(modules=1, cells=1).produced().installed()
    said = world.fact("repaired", world.workshop, pack.code, removed=[where(world, pack)])
    assert judged(world, said, world.workshop) is None


@pytest.mark.parametrize(
    ("where", "code"),
    [
        (nowhere, None),
        (in_another, "built_in"),
        (in_a_module_of_another, "built_in"),
        (taken_out_by_another, "not_holder"),
        (new_at_its_maker, None),
    ],
)
def test_a_new_battery_is_made_of_what_is_free(
    world: World, where: Callable[[World, Life], str], code: str | None
) -> None:
    tree = [{"code": world.module_code()}, {"code": where(world, world.pack())}]
    said = world.fact("produced", world.maker, world.pack_code(), components=tree)
    assert judged(world, said, world.maker) == (code and (code, "details.components.1.code"))


def test_a_part_of_a_part_is_told_at_its_place_in_the_tree(world: World) -> None:
    tree = [{"code": world.module_code(), "components": [{"code": in_a_module_of_another(world, world.pack())}]}]
    said = world.fact("produced", world.maker, world.pack_code(), components=tree)
    assert judged(world, said, world.maker) == ("built_in", "details.components.0.components.0.code")


LEVELS: dict[str, Callable[[int], str]] = {
    "cell": factories.cell_code,
    "module": factories.module_code,
    "pack": factories.pack_code,
    "product": factories.second_life_code,
}


@pytest.mark.parametrize("outer", LEVELS)
@pytest.mark.parametrize("inner", ["cell", "module", "pack"])
@pytest.mark.parametrize("name", ["removed", "added"])
def test_a_part_is_of_a_lower_level_and_a_product_may_be_made_of_packs(
    world: World, outer: str, inner: str, name: str
) -> None:
    battery = world.battery(LEVELS[outer](101)).received(by=world.workshop)
    said = world.fact("repaired", world.workshop, battery.code, **{name: [LEVELS[inner](102)]})
    below = outer == "product" or list(LEVELS).index(inner) < list(LEVELS).index(outer)
    assert judged(world, said, world.workshop) == (None if below else ("wrong_value", f"details.{name}.0"))


def test_nothing_is_a_part_of_itself(world: World) -> None:
    pack = world.pack().produced().installed().removed(world.dismantler)
    said = world.fact("dismantled", world.dismantler, pack.code, components=[pack.code])
    assert judged(world, said, world.dismantler) == ("wrong_value", "details.components.0")


def test_the_alliance_captures_what_was_told(world: World) -> None:
    pack = world.pack().produced().installed()
    for where in (in_another, taken_out_by_another):
        told = [
            world.fact("repaired", world.workshop, pack.code, added=[where(world, pack)]),
            world.fact("repaired", world.workshop, pack.code, removed=[where(world, pack)]),
            world.fact("produced", world.maker, world.pack_code(), components=[{"code": where(world, pack)}]),
        ]
        assert world.capture(told).count(RECORDED) == 3


# When ----------------------------------------------------------------------------------------------------------------


def test_a_late_claim_is_judged_by_where_the_part_was_then(world: World) -> None:
    one, two = world.pack(modules=1).produced(at=1), world.pack().produced(at=1)
    one.repaired(removed=one.module_codes, at=5)
    two.repaired(added=one.module_codes, at=9)
    for day, code in ((4, "built_in"), (6, None), (10, "built_in")):
        said = world.fact("repaired", world.workshop, world.pack().produced(at=1).code, at=day, added=one.module_codes)
        assert judged(world, said, world.workshop) == (code and (code, "details.added.0")), day


def out_of_one(world: World, one: Life) -> Fact:
    return world.fact("repaired", world.workshop, one.code, removed=one.module_codes)


def turned_up_alone(world: World, one: Life) -> Fact:
    return world.fact("received", world.workshop, one.module_codes[0])


@pytest.mark.parametrize("before", [out_of_one, turned_up_alone])
@pytest.mark.parametrize("one_call", [True, False])
def test_claims_of_one_call_are_judged_one_after_the_other(
    world: World, before: Callable[[World, Life], Fact], one_call: bool
) -> None:
    one, two, three = world.pack(modules=1).produced(), world.pack().produced(), world.pack().produced()
    told = [before(world, one)]
    told += [world.fact("repaired", world.workshop, pack.code, added=one.module_codes) for pack in (two, three)]
    calls = [told] if one_call else [[fact] for fact in told]
    entries = [entry for call in calls for entry in world.record(*call, by=world.workshop, on_error="proceed").entries]
    assert [[problem.code for problem in entry.problems] for entry in entries] == [[], [], ["built_in"]]
    assert world.battery(one.module_codes[0]).record.part_of == two.code


def test_a_source_of_two_products_in_one_call_goes_into_the_first(world: World) -> None:
    source = world.pack().produced().installed().removed(world.second_life)
    told = [
        world.fact("assembled", world.second_life, factories.second_life_code(number), sources=[source.code])
        for number in (1, 2)
    ]
    first, second = world.record(*told, by=world.second_life, on_error="proceed").entries
    assert (first.problems, [problem.code for problem in second.problems]) == ((), ["stage"])


# Corrections ---------------------------------------------------------------------------------------------------------


def corrected(life: Life, key: str, new: dict[str, Any], by: Party) -> tuple[str, str] | None:
    before = LifecycleEvent.objects.count()
    try:
        life.corrected(key, new, by=by)
    except Refusal as refusal:
        assert LifecycleEvent.objects.count() == before
        [problem] = refusal.problems
        return problem.code, ".".join(problem.path)
    return None


@pytest.mark.parametrize(
    ("where", "name", "code"),
    [
        (nowhere, "removed", None),
        (in_it, "removed", None),
        (in_another, "removed", "not_part"),
        (in_another, "added", "built_in"),
        (taken_out_by_another, "removed", "not_part"),
        (taken_out_by_another, "added", "not_holder"),
    ],
)
def test_a_correction_brings_in_no_part_that_a_claim_could_not(
    world: World, where: Callable[[World, Life], str], name: str, code: str | None
) -> None:
    pack = world.pack(modules=1).produced().repaired(key="rep")
    new = instead("repaired", 90, **{name: [where(world, pack)]})
    expected = code and (code, f"details.replacement.details.{name}.0")
    assert corrected(pack, "rep", new, world.workshop) == expected


def test_the_parts_a_fact_named_before_are_not_asked_for_again(world: World) -> None:
    """A wrong battery, time or word is put right, wherever the parts have gone since."""
    pack, other = world.pack(modules=1).produced(at=1), world.pack().produced(at=1)
    pack.repaired(removed=pack.module_codes, added=[new := world.module_code()], at=5, key="rep")
    world.battery(pack.module_codes[0]).dispatched(to=world.recycler, at=6).received(by=world.recycler, at=7)
    named = {"removed": pack.module_codes, "added": [new]}
    assert corrected(pack, "rep", instead("repaired", 8, **named), world.workshop) is None
    assert corrected(pack, "rep", instead("repaired", 5, battery=other.code, **named), world.workshop) is None
    assert world.battery(new).received(by=world.workshop, at=9).steps[0].stage_before == "produced"


def test_a_new_part_put_in_is_not_taken_out_by_a_correction(world: World) -> None:
    pack, new = world.pack().produced(at=1), world.module().produced(world.cell_maker, at=1)
    pack.repaired(added=[new.code], at=5, key="rep")
    swapped = instead("repaired", 5, removed=[new.code])
    expected = ("not_part", "details.replacement.details.removed.0")
    assert corrected(pack, "rep", swapped, world.workshop) == expected
    assert new.record.holder == world.cell_maker.organisation


def test_a_correction_adds_no_source_that_its_recorder_does_not_hold(world: World) -> None:
    own, foreign = (world.pack().produced(at=1).installed(at=2).removed(by, at=3) for by in (world.second_life, world.dismantler))  # fmt: skip  # noqa: E501
    product = world.battery(factories.second_life_code(1))
    product.do("assembled", world.second_life, sources=[own.code], at=5, key="as")
    more = instead("assembled", 5, sources=[own.code, foreign.code])
    expected = ("not_holder", "details.replacement.details.sources.1")
    assert corrected(product, "as", more, world.second_life) == expected
    assert (foreign.record.stage, foreign.record.holder) == ("retired", world.dismantler.organisation)
    # What it was made of stands; the rest is put right.
    assert corrected(product, "as", instead("assembled", 5, sources=[own.code], massKg="9"), world.second_life) is None
    assert own.record.stage == "reassembled"
