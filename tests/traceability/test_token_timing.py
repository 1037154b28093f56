"""The time that a wrong token takes tells nothing of which prefixes exist, nor of how much of a secret is right.

A long measurement, for quiet machines: `make campaign`.
"""

import gc
import random
import secrets
import time
from collections.abc import Callable
from statistics import fmean, variance

import pytest

from tests.worlds import World
from traceability import tokens

pytestmark = pytest.mark.campaign

CALLS = 20_000


def welch(left: list[float], right: list[float]) -> float:
    """How far apart two means are, in their common uncertainty."""
    return (fmean(left) - fmean(right)) / (variance(left) / len(left) + variance(right) / len(right)) ** 0.5


def measured(kinds: list[Callable[[], str]]) -> list[list[float]]:
    """The time of each call, in turns that no rhythm of the machine can follow; the slowest tenth is the machine's."""
    texts = [(kind, make()) for kind, make in enumerate(kinds) for _ in range(CALLS // len(kinds))]
    random.shuffle(texts)
    times: list[list[float]] = [[] for _ in kinds]
    gc.disable()
    try:
        for kind, text in texts:
            began = time.perf_counter()
            found = tokens.authenticate(text)
            times[kind].append(time.perf_counter() - began)
            assert found is None
    finally:
        gc.enable()
    limit = sorted(moment for row in times for moment in row)[int(CALLS * 0.9)]
    return [[moment for moment in row if moment < limit] for row in times]


@pytest.mark.parametrize(
    "others",
    [
        pytest.param(lambda prefix, secret: (secrets.token_hex(6), secrets.token_urlsafe(32)), id="unknown prefix"),
        pytest.param(lambda prefix, secret: (prefix, secret[:-1] + "~"), id="all but the last character right"),
    ],
)
def test_wrong_tokens_take_the_same_time(world: World, others: Callable[[str, str], tuple[str, str]]) -> None:
    _, text = tokens.issue(world.recycler.organisation, name="MES")
    _, prefix, secret = text.split("_", 2)
    for _ in range(20):
        tokens.issue(world.recycler.organisation, name="other")

    def known() -> str:
        return f"evb_{prefix}_{secrets.token_urlsafe(32)}"

    def other() -> str:
        return "evb_{}_{}".format(*others(prefix, secret))

    left, right = measured([known, other])
    assert abs(welch(left, right)) < 4.5
