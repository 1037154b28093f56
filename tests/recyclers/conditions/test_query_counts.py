"""What an evaluation costs the database does not grow with what the company did."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.recyclers.conditions.works import LATER, Works


def cost(works: Works, **options: object) -> int:
    with CaptureQueriesContext(connection) as queries:
        works.report(**options)
    return len(queries)


def some_year(works: Works, batches: int) -> None:
    for number in range(batches):
        works.smelted(into={"li": "10"}, out={"li": "9.5"}, day=f"2025-{number % 12 + 1:02}-15")
        works.crushed(powder="490", assay={"al": "1.4", "cu": "1.4"})
        works.tell("received", "2025-06-15", battery=works.world.pack_code())
    works.declare_all()


@pytest.mark.parametrize(
    ("day", "most"),
    [
        pytest.param(None, 26, id="as of today"),
        pytest.param(LATER, 39, id="as of a past day, when some things were declared and others not"),
    ],
)
def test_as_many_queries_for_many_batches_as_for_few(works: Works, day: object, most: int) -> None:
    options = {"as_of": day or timezone.localdate()}
    some_year(works, 2)
    few = cost(works, **options)
    some_year(works, 12)
    assert cost(works, **options) == few
    assert few <= most


def test_averaging_and_sites_cost_no_query_more(works: Works) -> None:
    some_year(works, 3)
    assert cost(works) == cost(works, terms={"averaging": "batch", "boundary": "site"})
