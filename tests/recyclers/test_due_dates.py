"""The calendar: what falls due for whom, from one day to another."""

from datetime import date, timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from recyclers.due_dates import ANNUAL_REPORT, LISTING_ENDS, PERMIT_ENDS, Due, due_calendar
from tests.recyclers.stating import FIRST, days, listing, permit
from tests.worlds import World, rolled_back


def test_ends_and_reports_come_in_order_of_days(world: World) -> None:
    permit(world, "pollution", number="P-9", validUntil="2025-08-31")
    permit(world, "eia", number="E-1")
    listing(world, batch="3", announcedOn="2021-01-20", revokedOn="2026-07-01")
    own = world.recycler.id
    assert due_calendar(date(2025, 1, 1), date(2026, 12, 31)) == [
        Due(date(2025, 3, 31), own, ANNUAL_REPORT, "2024"),
        Due(date(2025, 8, 31), own, PERMIT_ENDS, "pollution", "P-9"),
        Due(date(2026, 3, 31), own, ANNUAL_REPORT, "2025"),
        Due(date(2026, 7, 1), own, LISTING_ENDS, "recovery", "3"),
    ]


@given(days(), st.integers(0, 10), days())
def test_an_end_is_due_within_the_days_asked_for_ends_included(
    world: World, first: date, length: int, end: date
) -> None:
    with rolled_back():
        permit(world, validUntil=end.isoformat())
        listing(world, announcedOn=FIRST.replace(year=2020).isoformat(), revokedOn=end.isoformat())
        last = first + timedelta(days=length)
        kinds = [due.kind for due in due_calendar(first, last)]
        assert kinds == ([LISTING_ENDS, PERMIT_ENDS] if first <= end <= last else [])


def test_a_report_is_due_once_a_year_from_who_is_listed_on_that_day(world: World) -> None:
    listing(world, "recovery", batch="1", announcedOn="2024-03-31")
    listing(world, "second_life", batch="2", announcedOn="2023-01-01", revokedOn="2025-03-31")
    listing(world, of=world.stranger, announcedOn="2024-04-01", revokedOn="2025-03-31")
    asked = due_calendar(date(2024, 3, 31), date(2025, 3, 31))
    reports = [(due.organisation, due.what) for due in asked if due.kind == ANNUAL_REPORT]
    assert reports == [(world.recycler.id, "2023"), (world.recycler.id, "2024")]


def test_what_was_superseded_is_not_due(world: World) -> None:
    permit(world, number="E-1", validUntil="2025-06-30")
    permit(world, number="E-1", validUntil="2030-06-30")
    assert due_calendar(date(2025, 1, 1), date(2025, 12, 31)) == []


def test_the_calendar_takes_two_queries_for_however_many(world: World) -> None:
    for company in (world.recycler, world.stranger, world.second_life):
        permit(world, of=company, validUntil="2025-06-30")
        listing(world, of=company)
    with CaptureQueriesContext(connection) as captured:
        assert len(due_calendar(date(2025, 1, 1), date(2029, 12, 31))) == 3 * (1 + 5)
    assert len(captured) == 2
    assert {due.organisation for due in due_calendar(date(2025, 1, 1), date(2025, 12, 31), [world.stranger.id])} == {
        world.stranger.id
    }
