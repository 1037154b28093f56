"""What every test may use: the world, Hypothesis profiles, and the one door for tests that commit.

Most tests run inside a transaction that is rolled back. A test that has to commit (threads, processes, triggers) says
`@pytest.mark.django_db(transaction=True)` or takes `transactional_db`: its tables are flushed afterwards, for which
the ledger's triggers are laid aside and back (see `the_ledger_can_be_flushed`). Nothing else ever lays them aside.
"""

import os
from collections.abc import Iterator

import pytest
from django.test import TransactionTestCase
from django.utils import translation
from hypothesis import HealthCheck, Phase, settings

from recyclers.conditions.keeping import SHELF
from tests.worlds import World
from traceability import append_only
from traceability.door import budgets

# One example may be a whole history in a database: no deadline, and few enough that the suite stays quick. The same
# examples each time: whether the suite passes says something of the change, not of luck. Looking further is for the
# random profiles below.
_quiet = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]
_plain = settings(deadline=None, suppress_health_check=_quiet, database=None, print_blob=True)
settings.register_profile("default", _plain, max_examples=25, derandomize=True)
settings.register_profile("random", _plain, max_examples=60, derandomize=False)
# Finds that something is wrong much sooner than what the smallest example of it is.
_no_shrink = [phase for phase in Phase if phase not in (Phase.shrink, Phase.explain)]
settings.register_profile("quick", settings.get_profile("random"), max_examples=400, phases=_no_shrink)
settings.register_profile("campaign", settings.get_profile("random"), max_examples=2_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or "default")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the long campaigns out, unless `-m` chooses."""
    if not config.option.markexpr:
        long = [item for item in items if item.get_closest_marker("campaign")]
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in long]


@pytest.fixture(autouse=True, scope="session")
def the_ledger_can_be_flushed() -> Iterator[None]:
    """The documented door: the flush after a test that commits passes the triggers that refuse it."""
    flush = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]

    def flush_past_the_triggers(case: TransactionTestCase) -> None:
        with append_only.laid_aside():
            flush(case)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", flush_past_the_triggers)
        yield


@pytest.fixture(autouse=True)
def no_points_are_left_over() -> Iterator[None]:
    """Points that a process took belong to rows which the end of a test takes back."""
    budgets.forget_leases()
    yield
    budgets.forget_leases()


@pytest.fixture(autouse=True)
def no_judgement_is_left_over() -> None:
    """What was kept of another test's companies: rows that were rolled back have the same ids again."""
    SHELF.clear()


@pytest.fixture(autouse=True)
def no_language_is_left_over() -> None:
    """Of the last request of the test before; each begins in the product's own."""
    translation.deactivate()


@pytest.fixture
def world(db: None) -> World:
    """A small province: the alliance, makers, workshops, recyclers and a stranger, recorded through the ledger."""
    return World()


@pytest.fixture
def committed_world(transactional_db: None) -> World:
    """The same, committed: for tests with threads or processes."""
    return World()
