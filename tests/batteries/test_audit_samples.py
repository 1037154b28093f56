"""Samples: the same run and seed draw the same batteries, whoever draws them and however the rows lie."""

import hashlib
from datetime import date
from decimal import Decimal
from math import ceil
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batteries.audit_samples import draw_sample
from tests.worlds import World
from traceability.audit import sampling
from traceability.audit.running import audit
from traceability.errors import Refusal
from traceability.models import AuditRun

codes = st.lists(st.text("0123456789ABCDEFGHJKLMNPRSTUVWXYZ", min_size=1, max_size=24), unique=True, max_size=200)


def run_over(world: World, day: date = date(2030, 1, 1)) -> AuditRun:
    with audit(as_of=day) as found:
        return found.run


@given(codes, st.text(min_size=1, max_size=20), st.sampled_from(sorted(sampling.RISKS)), st.randoms())
def test_a_sample_is_a_part_that_the_order_of_rows_does_not_change(
    population: list[str], seed: str, risk: str, shuffler: Random
) -> None:
    size = sampling.size_of(len(population), risk)
    seed = seed.encode("utf-8", "replace").decode()
    drawn = sampling.draw("run", seed, population, size)
    found = [code for _, code in drawn]
    assert len(found) == len(set(found)) == size
    assert set(found) <= set(population)
    shuffler.shuffle(population)
    assert sampling.draw("run", seed, population, size) == drawn
    for digest, code in drawn:
        assert digest == hashlib.sha256(f"run\n{seed}\n{code}".encode()).hexdigest()


@given(st.integers(0, 10**12), st.sampled_from(sorted(sampling.RISKS)))
def test_the_size_is_the_rule_of_the_square_root(population: int, risk: str) -> None:
    factor = Decimal(sampling.RISKS[risk].numerator) / sampling.RISKS[risk].denominator
    # Decimal has 28 digits: enough to tell a whole root from one that is a little more.
    assert sampling.size_of(population, risk) == min(population, ceil(factor * Decimal(population).sqrt()))


def test_every_battery_has_the_same_chance() -> None:
    population = [f"B{number:03}" for number in range(100)]
    times = dict.fromkeys(population, 0)
    for seed in range(2_000):
        for _, code in sampling.draw("run", str(seed), population, 10):
            times[code] += 1
    assert all(130 < count < 280 for count in times.values())


@pytest.mark.parametrize(("broken", "risk"), [(0, "low"), (2, "low"), (3, "medium"), (10, "medium"), (11, "high")])
def test_the_risk_follows_the_share_of_broken_chains(broken: int, risk: str) -> None:
    assert sampling.risk_of(100, broken) == risk
    assert sampling.risk_of(0, 0) == "low"


def test_a_sample_can_be_drawn_again_after_more_was_recorded(world: World) -> None:
    lives = [world.pack(modules=1).produced() for _ in range(12)]
    lives[0].lost()
    run = run_over(world)
    first = draw_sample(run, "2030-A", None, world.alliance.viewer)
    assert (first.population, first.broken, first.risk) == (12, 1, "medium")
    assert len(first.batteries) == sampling.size_of(12, "medium") == 6
    world.pack().produced()
    lives[1].installed().removed().dispatched(to=world.dismantler).received(by=world.dismantler).dismantled()
    lives[2].lost()
    run_over(world, date(2031, 1, 1))
    again = draw_sample(AuditRun.objects.get(pk=run.pk), "2030-A", None, world.alliance.viewer)
    assert again == first
    assert draw_sample(run, "2030-B", None, world.alliance.viewer) != first


def test_a_part_inside_a_battery_is_not_drawn_and_one_that_left_is(world: World) -> None:
    module = world.module().produced()
    pack = world.pack()
    pack.parts = [{"code": module.code}]
    pack.produced()
    other = world.pack().produced()
    provisional = world.battery("TMP-1").received(by=world.recycler)

    def drawn() -> set[str]:
        run = run_over(world)
        return {one.battery for one in draw_sample(run, "s", "high", world.alliance.viewer).batteries}

    assert drawn() == {pack.code, "TMP-1", other.code}
    provisional.identified(other)
    pack.installed().removed().dispatched(to=world.dismantler).received(by=world.dismantler).dismantled()
    assert drawn() == {pack.code, module.code, other.code}


def test_another_organisation_draws_from_what_it_sees_whole(world: World) -> None:
    own = world.pack().produced()
    world.pack().produced().dispatched(to=world.recycler).received(by=world.recycler)
    run = run_over(world)
    assert [one.battery for one in draw_sample(run, "s", None, world.maker.viewer).batteries] == [own.code]
    assert draw_sample(run, "s", None, world.stranger.viewer).population == 0


@pytest.mark.parametrize(("seed", "risk"), [("", "low"), ("x" * 65, "low"), ("a\nb", "low"), (" a", "low"), ("a", "-")])
def test_a_seed_or_a_risk_that_is_none_is_refused(world: World, seed: str, risk: str) -> None:
    world.pack().produced()
    with pytest.raises(Refusal) as caught:
        draw_sample(run_over(world), seed, risk, world.alliance.viewer)
    assert caught.value.code == "wrong_value"
