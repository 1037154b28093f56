"""An organisation's points: one bucket for all processes, charged by one statement for many requests."""

import threading
from typing import Any

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from tests.traceability.test_concurrency import url  # noqa: F401 (a fixture: a database that threads share)
from tests.worlds import World
from traceability.access import ANONYMOUS, Viewer
from traceability.door import budgets
from traceability.door.models import Budget

pytestmark = pytest.mark.django_db

MES = Viewer(organisation_id=1, token_id=1)
ERP = Viewer(organisation_id=1, token_id=2)
OTHER = Viewer(organisation_id=2, token_id=3)
NOBODYS = Viewer(user_id=9)


@pytest.fixture(autouse=True)
def a_small_bucket(settings: Any) -> None:
    settings.GRAPHQL_POINTS = {"size": 1_000, "a_minute": 600}


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A clock that is set by hand, in seconds."""

    class Clock:
        seconds = 1_000_000.0

    monkeypatch.setattr(budgets, "now_ms", lambda: int(Clock.seconds * 1_000))
    return Clock


def spend_all(viewer: Viewer, points: int) -> int:
    """How many requests of so many points pass before one is refused."""
    for number in range(10_000):
        try:
            budgets.spend(viewer, points)
        except budgets.OverBudget:
            return number
    raise AssertionError("nothing is ever refused")


def test_a_bucket_holds_what_it_holds(clock: Any) -> None:
    assert spend_all(MES, 10) == 100
    assert spend_all(ERP, 10) == 0
    assert spend_all(OTHER, 10) == 100


def test_it_fills_again_at_its_rate(clock: Any) -> None:
    spend_all(MES, 10)
    clock.seconds += 10
    assert spend_all(MES, 10) == 10
    clock.seconds += 10_000
    assert spend_all(MES, 10) == 100


def test_the_wait_that_is_told_is_enough_and_hardly_more(clock: Any) -> None:
    spend_all(MES, 10)
    with pytest.raises(budgets.OverBudget) as no:
        budgets.spend(MES, 300)
    assert no.value.seconds == 30
    clock.seconds += 28
    with pytest.raises(budgets.OverBudget):
        budgets.spend(MES, 300)
    clock.seconds += 2
    budgets.spend(MES, 300)


def test_a_refusal_costs_nothing(clock: Any) -> None:
    budgets.spend(MES, 900)
    for _ in range(50):
        with pytest.raises(budgets.OverBudget):
            budgets.spend(MES, 500)
    assert spend_all(MES, 10) == 10


def test_what_is_dearer_than_a_bucket_takes_all_of_it(clock: Any) -> None:
    budgets.spend(MES, 50_000)
    with pytest.raises(budgets.OverBudget):
        budgets.spend(MES, 1)


def test_many_cheap_requests_take_few_statements(clock: Any, settings: Any) -> None:
    settings.GRAPHQL_POINTS = {"size": 100_000, "a_minute": 600}
    with CaptureQueriesContext(connection) as captured:
        for _ in range(2_000):
            budgets.spend(MES, 2)
    assert len(captured) == 4


def test_other_processes_know_what_one_has_spent(clock: Any) -> None:
    """Another process has leases of its own, and sees the row."""
    spend_all(MES, 10)
    budgets.forget_leases()
    assert spend_all(MES, 10) == 0


def test_what_a_process_keeps_for_a_minute_is_forfeited(clock: Any) -> None:
    budgets.spend(MES, 1)
    assert Budget.objects.get().spent == 10
    clock.seconds += 61
    budgets.spend(MES, 1)
    assert Budget.objects.get().spent == 10


def test_a_clock_that_is_behind_gives_nothing_away(clock: Any) -> None:
    spend_all(MES, 10)
    clock.seconds -= 3_600
    assert spend_all(MES, 10) == 0
    clock.seconds += 3_600
    assert spend_all(MES, 10) == 0


def test_a_person_without_an_organisation_has_a_bucket_and_a_stranger_none(clock: Any) -> None:
    assert spend_all(NOBODYS, 10) == 100
    assert budgets.spend(ANONYMOUS, 10) is None


def test_nothing_is_counted_where_the_size_is_nothing(clock: Any, settings: Any) -> None:
    settings.GRAPHQL_POINTS = {"size": 0, "a_minute": 0}
    assert budgets.spend(MES, 10**9) is None
    assert not Budget.objects.exists()


@pytest.mark.usefixtures("url")
def test_threads_together_spend_no_more_than_there_is(settings: Any) -> None:
    settings.GRAPHQL_POINTS = {"size": 1_000, "a_minute": 0}
    passed = []

    def work() -> None:
        try:
            passed.append(spend_all(MES, 7))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(passed) * 7 <= 1_000
    assert Budget.objects.get().spent <= 1_000


def test_the_door_says_429_with_the_time_to_wait(world: World, settings: Any) -> None:
    from tests.graphql_schema.asking import post

    settings.GRAPHQL_POINTS = {"size": 120, "a_minute": 60}
    query = "{ batteries(first: 50) { edges { node { code holder { code } } } } }"
    answer = post(world.recycler, query)
    assert (answer.status_code, "errors" in answer.json()) == (200, False)
    answer = post(world.recycler, query)
    (error,) = answer.json()["errors"]
    assert answer.status_code == 429
    assert error["extensions"]["code"] == "over_budget"
    seconds = error["extensions"]["retryAfter"]
    assert seconds == int(answer["Retry-After"])
    assert 72 <= seconds <= 82  # a point a second, and the machine may be slow
    assert error["message"] == f"Your organisation has used up its points; they come back in {seconds} s."
    assert post(world.maker, query).status_code == 200


def test_a_refused_query_and_a_large_body_cost_as_well(world: World, settings: Any) -> None:
    from tests.graphql_schema.asking import post

    settings.GRAPHQL_POINTS = {"size": 100, "a_minute": 0}
    for _ in range(3):
        assert "errors" in post(world.recycler, "{ nope }", padding="x" * 30_000).json()
    assert post(world.recycler, "{ nope }", padding="x" * 30_000).status_code == 429


def test_the_cost_and_what_is_left_are_told(world: World) -> None:
    import json

    from django.test import Client

    client = Client(headers={"Authorization": f"Bearer {world.recycler.token}", "X-Query-Cost": "1"})
    left = []
    for _ in range(2):
        body = json.dumps({"query": "{ batteries(first: 20) { edges { node { code } } } }"})
        cost = client.post("/graphql/", body, content_type="application/json").json()["extensions"]["cost"]
        assert (cost["points"], cost["objects"]) == (21, 20)
        left.append(cost["pointsLeft"])
    assert left == [979, 958]
