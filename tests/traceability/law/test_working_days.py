"""When a deadline ends; the days of the State Council's calendar are written here from its announcements."""

from datetime import date, timedelta

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from traceability import law
from traceability.errors import Refusal

FIRST, LAST = date(2018, 1, 1), date(2026, 6, 30)
days_known = st.dates(FIRST, LAST)
counts = st.integers(1, 60)


@pytest.mark.parametrize(
    ("day", "open_"),
    [
        pytest.param(date(2025, 1, 26), True, id="a Sunday that makes up for the Spring Festival"),
        pytest.param(date(2025, 1, 28), False, id="the eve of the Spring Festival, a Tuesday"),
        pytest.param(date(2025, 10, 8), False, id="the last day off of the National Day"),
        pytest.param(date(2025, 10, 11), True, id="a Saturday that makes up for it"),
        pytest.param(date(2026, 1, 1), False, id="New Year"),
        pytest.param(date(2026, 3, 28), False, id="a plain Saturday"),
        pytest.param(date(2026, 3, 31), True, id="a plain Tuesday"),
    ],
)
def test_the_calendar_is_that_of_the_state_council(day, open_):
    assert law.is_working_day(day) is open_


def test_day_1_is_the_day_after_the_fact():
    assert law.due_day(date(2026, 4, 1), 30, working=False) == date(2026, 5, 1)
    # Friday to Monday; the weekend does not count.
    assert law.due_day(date(2026, 3, 20), 1, working=True) == date(2026, 3, 23)


def test_the_spring_festival_moves_a_deadline():
    # 15 working days from Monday 2025-01-20: five and a Sunday before the festival, nine after it.
    expected = [*range(21, 25), 26, 27]
    assert law.due_day(date(2025, 1, 20), len(expected), working=True) == date(2025, 1, 27)
    assert law.due_day(date(2025, 1, 20), 15, working=True) == date(2025, 2, 14)


@given(day=days_known, days=counts)
def test_a_working_due_day_is_a_working_day_and_so_many_after_the_fact(day, days):
    due = law.due_day(day, days, working=True)
    assert law.is_working_day(due)
    between = (day + timedelta(n) for n in range(1, (due - day).days + 1))
    assert sum(map(law.is_working_day, between)) == days


@given(one=days_known, other=days_known, days=counts, working=st.booleans())
def test_a_later_fact_is_never_due_earlier(one, other, days, working):
    early, late = sorted((one, other))
    assert law.due_day(early, days, working=working) <= law.due_day(late, days, working=working)


@given(day=days_known, days=counts, working=st.booleans())
def test_one_day_more_is_due_later(day, days, working):
    assert law.due_day(day, days, working=working) < law.due_day(day, days + 1, working=working)


@given(day=days_known, days=counts)
def test_working_days_never_end_before_calendar_days(day, days):
    assert law.due_day(day, days, working=True) >= law.due_day(day, days, working=False)


@given(first=days_known, length=st.integers(0, 500), days=counts)
def test_many_days_at_once_are_due_as_each_by_itself(first, length, days):
    last = min(first + timedelta(length), LAST)
    due = law.working_due_days(first, last, days)
    asked = [first + timedelta(n) for n in range((last - first).days + 1)]
    assert due == {day: law.due_day(day, days, working=True) for day in asked}


def test_no_day_is_asked_no_day_is_given():
    assert law.working_due_days(date(2025, 1, 2), date(2025, 1, 1), 30) == {}


@pytest.mark.parametrize("days", [0, -1])
@pytest.mark.parametrize("working", [True, False])
def test_a_deadline_has_at_least_one_day(days, working):
    with pytest.raises(ValueError, match="at least one day"):
        law.due_day(date(2025, 1, 1), days, working=working)
    with pytest.raises(ValueError, match="at least one day"):
        law.working_due_days(date(2025, 1, 1), date(2025, 1, 1), days)


@pytest.mark.parametrize("day", [date(2003, 6, 1), date(2099, 6, 1), date(2098, 12, 31), date(9999, 12, 31)])
def test_a_year_without_a_calendar_is_refused_and_not_guessed(day):
    for ask in (
        lambda: law.due_day(day, 1, working=True),
        lambda: law.working_due_days(day, day, 1),
        lambda: law.is_working_day(day),
    ):
        with pytest.raises(Refusal) as refused:
            ask()
        assert refused.value.code == "unknown_calendar_year"
    with translation.override("en"):
        assert str(refused.value.problems[0].params["value"]) in refused.value.message


def test_calendar_days_need_no_calendar():
    assert law.due_day(date(2099, 6, 1), 30, working=False) == date(2099, 7, 1)


def test_every_deadline_in_working_days_can_be_counted_to_its_end():
    ends = [(one.in_force_from, one.in_force_until, one.days) for one in law.book().deadlines if one.working]
    assert ends
    for begin, until, days in ends:
        due = law.working_due_days(begin, until, days)
        assert len(due) == (until - begin).days + 1
