"""The calendar: what falls due for whom, from one day to another."""

from datetime import date, timedelta
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from recyclers.due_dates import ANNUAL_REPORT, LISTING_ENDS, PERMIT_ENDS, Due, due_calendar
from tests.recyclers.stating import FIRST, days, listing, permit
from tests.worlds import Party, World, rolled_back
from traceability.values import read_moment


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


def declare(world: World, year: int, *, of: Party | None = None, reported: str = "2026-02-02") -> str:
    fact = world.fact("declaration", of or world.recycler, at=f"{reported}T08:00:00+08:00",
                      top={"reportedAt": f"{reported}T12:00:00+08:00"}, year=year)  # fmt: skip
    world.capture([fact])
    return fact.key


def reports(first: date, last: date, **options: Any) -> list[tuple[str, bool]]:
    found = due_calendar(first, last, **options)
    return [(due.what, due.done) for due in found if due.kind == ANNUAL_REPORT]


def test_a_report_is_done_once_anything_was_declared_for_its_year(world: World) -> None:
    listing(world, announcedOn="2021-01-20")
    listing(world, of=world.stranger, announcedOn="2021-01-20")
    key = declare(world, 2025)
    own = {due.organisation: due.done for due in due_calendar(date(2026, 3, 31), date(2026, 3, 31))}
    assert own == {world.recycler.id: True, world.stranger.id: False}
    assert reports(date(2025, 1, 1), date(2027, 3, 31), organisations=[world.recycler.id]) == [
        ("2024", False), ("2025", True), ("2026", False),
    ]  # fmt: skip
    world.capture([world.fact("corrected", world.recycler, at="2026-03-01T08:00:00+08:00", corrects=key)])
    assert reports(date(2026, 3, 31), date(2026, 3, 31), organisations=[world.recycler.id]) == [("2025", False)]


def test_by_an_earlier_moment_a_report_that_came_later_was_not_in(world: World) -> None:
    listing(world, announcedOn="2021-01-20", reportedAt="2021-01-21T00:00:00Z")
    declare(world, 2025, reported="2026-02-02")
    day = date(2026, 3, 31)
    for moment, done in (("2026-02-02T03:59:59Z", False), ("2026-02-02T04:00:00Z", True)):
        assert reports(day, day, known_ms=read_moment(moment)) == [("2025", done)]


def test_reports_that_never_came_are_asked_for_ten_years_long(world: World) -> None:
    listing(world)
    declare(world, 2021)
    today = date(2026, 11, 1)
    assert reports(today, today) == []
    assert [what for what, _ in reports(today, today, overdue=True)] == ["2019", "2020", "2022", "2023", "2024", "2025"]
    found = due_calendar(date(2026, 3, 31), date(2027, 3, 31))
    assert [due.is_overdue(date(2026, 3, 31)) for due in found] == [False, False]
    assert [due.is_overdue(date(2026, 4, 1)) for due in found] == [True, False]
    # Its listing ended: what it had to report before, it still has to.
    listing(world, announcedOn="2024-01-01", revokedOn="2025-06-01")
    assert [what for what, _ in reports(today, today, overdue=True)] == ["2023", "2024"]


def test_who_was_listed_before_there_were_conditions_reports_on_no_year_before_them(world: World) -> None:
    listing(world, announcedOn="2016-01-01")
    assert reports(date(2016, 1, 1), date(2021, 3, 31)) == [("2019", False), ("2020", False)]


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
