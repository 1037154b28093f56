"""What went into a batch is used up: nobody says afterwards that it was taken apart, sent on or built in; what stands
on a dock is recorded, with a warning."""

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from tests import factories
from tests.recyclers.materials import batch, powder, record
from tests.worlds import Life, World, rolled_back
from traceability import findings
from traceability.custody import dispatch, receive
from traceability.errors import Problem, Refusal
from traceability.facts import Fact
from traceability.models import LifecycleEvent, LifecycleRecord

pytestmark = pytest.mark.django_db
Claim = Callable[[World, Life], Any]
#: When batches begin and are closed here, unless a test says otherwise.
BEGUN, CLOSED = 20.0, 22.0


def in_store(world: World, modules: int = 0) -> Life:
    """A pack that the recycler holds from day 5 on."""
    pack = world.pack(modules=modules).produced(at=1).installed(at=2).removed(at=3)
    return pack.dispatched(world.recycler, at=4).received(world.recycler, at=5)


def listing(world: World, *codes: str, number: str = "B-1", at: float = CLOSED, **more: Any) -> Fact:
    """A batch that takes these in."""
    more.setdefault("startedAt", factories.moment(BEGUN))
    return batch(world, number, inputs=[{"battery": code, "massKg": "440"} for code in codes], at=at, **more)


def used(world: World, pack: Life, **more: Any) -> Life:
    record(world, listing(world, pack.code, **more))
    return pack


def refusal(work: Callable[[], Any]) -> list[Problem]:
    """Do what is refused; nothing may have been written."""
    before = LifecycleEvent.objects.count(), list(LifecycleRecord.objects.order_by("id").values())
    with pytest.raises(Refusal) as refused:
        work()
    assert before == (LifecycleEvent.objects.count(), list(LifecycleRecord.objects.order_by("id").values()))
    return list(refused.value.problems)


def told(problems: list[Problem]) -> list[tuple[str, str, str]]:
    return [(".".join(problem.path), problem.code, problem.value) for problem in problems]


#: What a recycler that is everything else as well may say of a pack in its store, on a day.
CLAIMS: dict[str, dict[str, Any]] = {
    "installed": {"vin": factories.vin(9)},
    "dispatched": {"to": "second_life", "massKg": "440"},
    "repaired": {},
    "inspected": {"sohPercent": "70"},
    "dismantled": {"components": []},
    "processed": {"batch": "B-2"},
    "exported": {"country": "NO"},
    "destroyed": {},
    "lost": {},
}


@pytest.fixture
def handyman(world: World) -> World:
    """A world whose recycler has every role of a company."""
    roles = ["recycler", "second_life", "dismantler", "service", "battery_maker"]
    code = {"code": world.recycler.code, "name": "全能", "roles": roles, "region": "510100"}
    world.capture([world.fact("organisation", world.alliance, **code, at="2020-02-01T00:00:00Z")])
    world.recycler.roles = frozenset(roles)
    world.recycler.__dict__.pop("organisation", None)
    return world


def said(world: World, pack: Life, type_: str, at: float) -> Life:
    details = {name: world.second_life.code if name == "to" else value for name, value in CLAIMS[type_].items()}
    return pack.do(type_, world.recycler, at=at, **details)


@pytest.mark.parametrize("type_", CLAIMS)
def test_what_was_used_up_is_not_touched_afterwards(handyman: World, type_: str) -> None:
    pack = used(handyman, in_store(handyman))
    for at in (CLOSED, CLOSED + 10):
        problems = refusal(lambda at=at: said(handyman, pack, type_, at))  # type: ignore[misc]
        assert told(problems) == [("battery", "already_used", pack.code)]
        with translation.override("en"):
            assert problems[0].message == f"The battery {pack.code} was used up in the batch B-1."


@pytest.mark.parametrize("type_", CLAIMS)
def test_what_happened_before_the_batch_began_is_recorded_late(handyman: World, type_: str) -> None:
    said(handyman, used(handyman, in_store(handyman)), type_, BEGUN - 1)


@pytest.mark.parametrize("type_", CLAIMS)
def test_while_the_batch_runs_its_own_recycler_takes_nothing_away_again(handyman: World, type_: str) -> None:
    """When it went in nobody says: it may have been looked at, and a module taken out, while the batch ran already."""
    pack = used(handyman, in_store(handyman))
    if type_ in ("inspected", "repaired"):
        said(handyman, pack, type_, BEGUN + 1)
    else:
        assert told(refusal(lambda: said(handyman, pack, type_, BEGUN + 1))) == [("battery", "already_used", pack.code)]


def test_what_came_while_the_batch_ran_is_told_late_by_who_had_it_before(world: World) -> None:
    pack = world.pack().produced(at=1).installed(at=2).removed(at=3)
    pack.received(world.recycler, at=BEGUN + 1)
    used(world, pack)
    pack.dispatched(world.recycler, by=world.workshop, at=BEGUN + 0.5)
    assert pack.faults == []


def test_without_a_beginning_a_batch_is_as_long_as_its_close(handyman: World) -> None:
    pack = in_store(handyman)
    record(handyman, batch(handyman, inputs=[{"battery": pack.code, "massKg": "440"}], at=CLOSED))
    assert told(refusal(lambda: said(handyman, pack, "destroyed", CLOSED))) == [("battery", "already_used", pack.code)]
    said(handyman, pack, "destroyed", CLOSED - 0.001)


def test_that_it_was_processed_in_this_batch_may_be_said_before_and_afterwards(world: World) -> None:
    for at in (BEGUN - 1, BEGUN + 1, CLOSED, CLOSED + 9):
        used(world, in_store(world), number=f"B-{at}").processed(batch=f"B-{at}", at=at)


def test_a_part_that_went_in_with_its_battery_was_processed_in_the_same_batch(world: World) -> None:
    pack = used(world, in_store(world, modules=1))
    module = world.battery(pack.module_codes[0])
    assert told(refusal(lambda: module.processed(world.recycler, batch="B-2", at=CLOSED + 1))) == [
        ("battery", "already_used", module.code)
    ]
    module.processed(world.recycler, batch="B-1", at=CLOSED + 1)


def test_the_batch_of_another_is_not_named(world: World) -> None:
    """Both sides of a dispute may act on a battery; what the one did with it the other learns in part."""
    pack = in_store(world).received(world.stranger, at=6)
    used(world, pack)
    (problem,) = refusal(lambda: pack.dispatched(world.maker, by=world.stranger, at=CLOSED + 1))
    with translation.override("en"):
        assert problem.message == f"The battery {pack.code} was used up in a batch of another organisation."
    with translation.override("zh-hans"):
        assert "其他单位" in problem.message


def test_the_alliance_captures_what_contradicts_the_batch(world: World) -> None:
    pack = used(world, in_store(world))
    pack.dismantled(at=CLOSED + 1, captured=True)
    assert pack.record.stage == "dismantled"


def test_what_is_said_in_one_list_counts_for_what_follows_in_it(world: World) -> None:
    pack = in_store(world)
    apart = world.fact("dismantled", world.recycler, pack.code, at=CLOSED + 1)
    assert told(refusal(lambda: record(world, listing(world, pack.code), apart))) == [
        ("battery", "already_used", pack.code)
    ]
    # The other way round it is the batch that contradicts the record.
    assert [(p.path[-1], p.code) for p in refusal(lambda: record(world, apart, listing(world, pack.code)))] == [
        ("battery", "stage")
    ]


def test_of_a_truck_the_item_is_named_that_was_used_up(world: World) -> None:
    packs = [in_store(world) for _ in range(3)]
    used(world, packs[1])
    items = [{"code": pack.code, "massKg": "440"} for pack in packs]
    sent = {"to": world.stranger.code, "occurred_at": factories.moment(60), "idempotency_key": "t"}
    assert told(refusal(lambda: dispatch(items, by=world.recycler.viewer, **sent))) == [
        ("items.1.code", "already_used", packs[1].code)
    ]


def test_a_batch_that_was_refused_uses_nothing_up(world: World) -> None:
    pack = in_store(world)
    wrong = listing(world, pack.code, world.pack_code())
    apart = world.fact("dismantled", world.recycler, pack.code, at=CLOSED + 1)
    receipt = world.record(wrong, apart, by=world.recycler, on_error="proceed")
    assert [entry.status for entry in receipt.entries] == ["refused", "recorded"]


def test_a_batch_that_was_taken_back_uses_nothing_up(world: World) -> None:
    pack, other = in_store(world), in_store(world)
    first = listing(world, pack.code)
    record(world, first)
    replacement = {
        "type": "batch",
        "occurredAt": factories.moment(CLOSED),
        "details": {"number": "B-1", "inputs": [{"battery": other.code, "massKg": "440"}]},
    }
    record(world, world.fact("corrected", world.recycler, corrects=first.key, replacement=replacement))
    pack.dismantled(at=CLOSED + 1)
    assert told(refusal(lambda: other.dismantled(at=CLOSED + 1))) == [("battery", "already_used", other.code)]
    record(world, world.fact("corrected", world.recycler, corrects=first.key))
    other.dismantled(at=CLOSED + 2)


def test_a_correction_says_nothing_either_that_the_batch_contradicts(world: World) -> None:
    pack = in_store(world).inspected(at=10)
    used(world, pack)
    apart = {"type": "dismantled", "occurredAt": factories.moment(CLOSED + 1), "details": {}}
    assert told(refusal(lambda: pack.corrected(pack.events[-1].key, apart))) == [
        ("details.replacement.battery", "already_used", pack.code)
    ]
    pack.corrected(pack.events[-1].key, apart | {"occurredAt": factories.moment(BEGUN - 1)})


def test_who_held_it_before_may_say_afterwards_that_it_was_sent_to_who_used_it(world: World) -> None:
    pack = world.pack().produced(at=1).installed(at=2).removed(at=3).received(world.recycler, at=5)
    used(world, pack)
    pack.dispatched(world.recycler, by=world.workshop, at=CLOSED + 5)
    assert pack.record.intruder is None
    assert told(refusal(lambda: pack.dispatched(world.stranger, by=world.recycler, at=CLOSED + 6))) == [
        ("battery", "already_used", pack.code)
    ]


# Parts ---------------------------------------------------------------------------------------------------------------


def loose(world: World) -> tuple[Life, Life]:
    """A pack that the recycler holds, and its module, which was taken out on day 10."""
    pack = in_store(world, modules=2)
    pack.repaired(world.recycler, removed=pack.module_codes[:1], at=10)
    return pack, world.battery(pack.module_codes[0])


def test_a_used_part_does_not_come_out_of_anything_and_is_not_built_in(handyman: World) -> None:
    pack, module = loose(handyman)
    other = in_store(handyman)
    used(handyman, module)
    mass = {"material": "steel", "massKg": "1"}
    late: dict[str, tuple[str, dict[str, Any]]] = {
        "details.components.0": ("dismantled", {"components": [module.code]}),
        "details.removed.0": ("repaired", {"removed": [module.code]}),
        "details.residues.1.components.0": (
            "dismantled",
            {"residues": [mass, {**mass, "components": [module.code]}]},
        ),
    }
    for path, (type_, details) in late.items():
        problems = refusal(lambda t=type_, d=details: pack.do(t, handyman.recycler, at=CLOSED + 1, **d))  # type: ignore[misc]
        assert told(problems) == [(path, "already_used", module.code)]
    problems = refusal(lambda: other.repaired(handyman.recycler, added=[module.code], at=CLOSED + 1))
    assert told(problems) == [("details.added.0", "already_used", module.code)]
    product = handyman.battery(factories.second_life_code(7))
    problems = refusal(lambda: product.do("assembled", handyman.recycler, sources=[module.code], at=CLOSED + 1))
    assert told(problems) == [("details.sources.0", "already_used", module.code)]
    new = handyman.pack()
    tree = [{"code": module.code}]
    problems = refusal(lambda: new.produced(handyman.recycler, components=tree, at=CLOSED + 1))
    assert told(problems) == [("details.components.0.code", "already_used", module.code)]


def test_a_part_may_have_come_out_while_the_batch_ran_that_it_went_into(world: World) -> None:
    pack, module = loose(world)
    used(world, module)
    pack.dismantled(components=[module.code], at=BEGUN + 1)


def test_what_is_in_a_used_battery_is_used(world: World) -> None:
    pack = used(world, in_store(world, modules=1))
    module = world.battery(pack.module_codes[0])
    assert told(refusal(lambda: module.inspected(world.recycler, at=CLOSED + 1))) == [
        ("battery", "already_used", module.code)
    ]
    assert told(refusal(lambda: pack.repaired(world.recycler, removed=[module.code], at=CLOSED + 1))) == [
        ("battery", "already_used", pack.code)
    ]
    module.inspected(world.recycler, at=BEGUN - 1)


def test_a_whole_and_its_part_go_into_no_two_batches_of_one_list(world: World) -> None:
    """The module left the pack after the pack had gone in: as history, for in its own words nobody says so."""
    pack = in_store(world, modules=2)
    module = world.battery(pack.module_codes[0])
    pack.repaired(world.recycler, removed=[module.code], at=30)
    whole = listing(world, pack.code, number="B-1")
    part = listing(world, module.code, number="B-2", at=40, startedAt=factories.moment(39))
    for facts, code in (((whole, part), module.code), ((part, whole), pack.code)):
        assert told(refusal(lambda facts=facts: record(world, *facts))) == [  # type: ignore[misc]
            ("details.inputs.0.battery", "already_used", code)
        ]
    for inputs in ((pack.code, module.code), (module.code, pack.code)):
        both = listing(world, *inputs)
        assert told(refusal(lambda both=both: record(world, both))) == [  # type: ignore[misc]
            ("details.inputs.1.battery", "already_used", inputs[1])
        ]


@pytest.mark.parametrize("turned", [False, True])
def test_a_whole_and_its_part_go_into_no_two_batches_told_one_after_the_other(world: World, turned: bool) -> None:
    pack = in_store(world, modules=1)
    module = world.battery(pack.module_codes[0])
    pack.repaired(world.recycler, removed=[module.code], at=30)
    facts = [
        listing(world, pack.code, number="B-1"),
        listing(world, module.code, number="B-2", at=40, startedAt=factories.moment(39)),
    ]
    first, second = reversed(facts) if turned else facts
    record(world, first)
    assert [problem.code for problem in refusal(lambda: record(world, second))] == ["already_used"]


def test_a_cell_that_left_its_pack_with_its_module_unseen_is_used_once(world: World) -> None:
    pack = world.pack(modules=1, cells=2).produced(at=1).installed(at=2).removed(at=3)
    pack.dispatched(world.recycler, at=4).received(world.recycler, at=5)
    cell = world.battery(pack.cell_codes[0]).inspected(world.recycler, at=30)
    late = listing(world, cell.code, number="B-2", at=40)
    record(world, late)
    assert told(refusal(lambda: record(world, listing(world, pack.code)))) == [
        ("details.inputs.0.battery", "already_used", pack.code)
    ]
    # On the day on which the cell was out already, the rest of the pack goes in.
    record(world, listing(world, pack.code, at=31))


def test_what_a_part_was_made_into_is_used_once(world: World) -> None:
    pack = in_store(world, modules=2)
    module = world.battery(pack.module_codes[0])
    pack.repaired(world.recycler, removed=[module.code], at=30)
    module.dispatched(world.second_life, at=31).received(world.second_life, at=32)
    product = world.battery(factories.second_life_code(7))
    product.do("assembled", world.second_life, sources=[module.code], at=33).do("deployed", world.second_life, at=34)
    product.do("decommissioned", world.recycler, at=35)
    record(world, listing(world, product.code, number="B-2", at=40, startedAt=factories.moment(39)))
    assert told(refusal(lambda: record(world, listing(world, pack.code)))) == [
        ("details.inputs.0.battery", "already_used", pack.code)
    ]
    record(world, listing(world, pack.code, at=31))


def test_parts_that_were_taken_out_before_go_into_the_same_batch_as_the_rest(world: World) -> None:
    pack, module = loose(world)
    record(world, listing(world, pack.code, module.code))


def test_what_was_taken_apart_in_a_file_goes_into_a_batch_of_the_same_file(world: World) -> None:
    pack = in_store(world, modules=2)
    apart = world.fact("dismantled", world.recycler, pack.code, at=10, components=pack.module_codes)
    record(world, apart, listing(world, *pack.module_codes))


def test_a_corrected_batch_takes_in_nothing_twice_either(world: World) -> None:
    pack = in_store(world, modules=2)
    module = world.battery(pack.module_codes[0])
    pack.repaired(world.recycler, removed=[module.code], at=30)
    first = listing(world, pack.code)
    record(world, first)
    both = [{"battery": code, "massKg": "440"} for code in (pack.code, module.code)]
    details = {"number": "B-1", "inputs": both}
    replacement = {"type": "batch", "occurredAt": factories.moment(CLOSED), "details": details}
    corrected = world.fact("corrected", world.recycler, corrects=first.key, replacement=replacement)
    assert told(refusal(lambda: record(world, corrected))) == [
        ("details.replacement.details.inputs.1.battery", "already_used", module.code)
    ]
    replacement["occurredAt"] = factories.moment(31)
    record(world, world.fact("corrected", world.recycler, corrects=first.key, replacement=replacement))


# Provisional identities ----------------------------------------------------------------------------------------------


def tagged(world: World, modules: int = 0) -> tuple[Life, Life]:
    """A pack whose label could not be read when the recycler received it, and the pack it turns out to be."""
    true = world.pack(modules=modules).produced(at=1).installed(at=2).removed(at=3)
    true.dispatched(world.recycler, at=4)
    return world.battery("TMP-7").received(world.recycler, at=5).do("quarantine_lifted", at=6, captured=True), true


def test_what_went_in_under_a_provisional_code_is_met_by_its_true_one(world: World) -> None:
    tag, true = tagged(world)
    used(world, tag)
    tag.identified(true, by=world.recycler, at=CLOSED + 1)
    for life in (true, tag):
        again = listing(world, life.code, number="B-2", at=CLOSED + 2)
        assert told(refusal(lambda again=again: record(world, again))) == [  # type: ignore[misc]
            ("details.inputs.0.battery", "already_used", life.code)
        ]
    assert told(refusal(lambda: true.dismantled(world.recycler, at=CLOSED + 2))) == [
        ("battery", "already_used", true.code)
    ]
    true.processed(world.recycler, batch="B-1", at=CLOSED + 2)


def test_what_went_in_under_its_true_code_is_met_by_its_provisional_one(world: World) -> None:
    tag, true = tagged(world)
    tag.identified(true, by=world.recycler, at=7)
    used(world, true)
    again = listing(world, tag.code, number="B-2", at=CLOSED + 2)
    assert told(refusal(lambda: record(world, again))) == [("details.inputs.0.battery", "already_used", tag.code)]


@pytest.mark.parametrize("turned", [False, True])
def test_a_part_of_what_went_in_under_a_provisional_code_was_used_with_it(world: World, turned: bool) -> None:
    tag, true = tagged(world, modules=1)
    module = world.battery(true.module_codes[0])
    tag.identified(true, by=world.recycler, at=7)
    true.repaired(world.recycler, removed=[module.code], at=30)
    facts = [
        listing(world, tag.code, number="B-1"),
        listing(world, module.code, number="B-2", at=40, startedAt=factories.moment(39)),
    ]
    if turned:
        facts.reverse()
    assert [problem.code for problem in refusal(lambda: record(world, *facts))] == ["already_used"]
    record(world, facts[0])
    assert [problem.code for problem in refusal(lambda: record(world, facts[1]))] == ["already_used"]


def test_what_was_identified_after_it_went_in_takes_its_parts_along(world: World) -> None:
    tag, true = tagged(world, modules=1)
    used(world, tag)
    tag.identified(true, by=world.recycler, at=CLOSED + 1)
    module = world.battery(true.module_codes[0])
    assert told(refusal(lambda: module.inspected(world.recycler, at=CLOSED + 2))) == [
        ("battery", "already_used", module.code)
    ]


# On the dock ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("at", "codes"), [(CLOSED - 0.5, []), (CLOSED, ["already_used"]), (60, ["already_used"])])
def test_what_stands_on_the_dock_is_recorded_though_it_was_used_up(world: World, at: float, codes: list[str]) -> None:
    pack = in_store(world)
    used(world, pack)
    given = {"items": [{"code": pack.code, "massKg": "440"}], "occurred_at": factories.moment(at)}
    (item,) = receive(by=world.stranger.viewer, idempotency_key="r", **given)
    assert pack.record.holder == world.stranger.organisation
    assert [warning.code for warning in item.warnings if warning.code == "already_used"] == codes
    assert item.outcome.name == ("CONFLICT" if codes else "DISPUTED")
    assert item.event_id is not None
    assert tuple(findings.of_events([item.event_id])[item.event_id]) == item.warnings
    (again,) = receive(by=world.stranger.viewer, idempotency_key="r", **given)
    assert again.warnings == item.warnings
    with translation.override("en"):
        assert all("B-1" not in warning.message for warning in item.warnings)


def test_a_receipt_is_warned_of_when_the_batch_is_told_afterwards(world: World) -> None:
    pack = in_store(world)
    record_ = pack.received(world.stranger, at=60).steps[-1]
    assert "already_used" not in [problem.code for problem in findings.of_events([record_.event_id])[record_.event_id]]
    used(world, pack)
    assert "already_used" in [problem.code for problem in findings.of_events([record_.event_id])[record_.event_id]]


# Any order -----------------------------------------------------------------------------------------------------------

STEPS = st.sampled_from(["batch of the pack", "batch of the module", "take out", "dismantle", "inspect the module"])


@given(steps=st.lists(st.tuples(STEPS, st.integers(10, 30)), min_size=2, max_size=5), together=st.booleans())
def test_in_no_order_of_telling_a_module_is_used_twice(
    world: World, steps: list[tuple[str, int]], together: bool
) -> None:
    """What was accepted never has the module both in a batch of its own and in the pack when that went in."""
    with rolled_back():
        pack = in_store(world, modules=1)
        module = pack.module_codes[0]
        facts = []
        for number, (step, at) in enumerate(steps):
            own = {
                "take out": ("repaired", {"removed": [module]}),
                "dismantle": ("dismantled", {"components": [module]}),
                "inspect the module": ("inspected", {}),
            }.get(step)
            if own is not None:
                code = module if step.startswith("inspect") else pack.code
                facts.append(world.fact(own[0], world.recycler, code, at=at, **own[1]))
            else:
                code = pack.code if step.endswith("pack") else module
                facts.append(batch(world, f"B-{number}", inputs=[{"battery": code, "massKg": "1"}], at=at))
        if together:
            world.record(*facts, by=world.recycler, on_error="proceed")
        else:
            for fact in facts:
                world.record(fact, by=world.recycler, on_error="proceed")
        assert uses_of(pack.code, module) <= 1


def uses_of(pack: str, module: str) -> int:
    """How often the module's mass went into a batch, by what stands."""
    from recyclers.models import BatchInput
    from traceability.models import Component

    own = BatchInput.objects.filter(battery=module).count()
    (stay,) = Component.objects.filter(code=module)
    wholes = BatchInput.objects.filter(battery=pack).values_list("batch__closed_ms", flat=True)
    inside = sum(stay.until_ms is None or closed < stay.until_ms for closed in wholes)
    return own + inside


def test_what_comes_out_of_the_batch_is_not_asked(world: World) -> None:
    """A batch with its outputs: the powder is a lot, and no battery."""
    pack = in_store(world)
    record(world, listing(world, pack.code, outputs=[powder("L", "440")]))
