"""When a deadline ends: calendar days, or working days by the State Council's calendar with its make-up days.

The calendar is announced a year at a time, and the library that carries it is released after that. A year it does not
know is refused (`unknown_calendar_year`): taking plain weekdays would give a wrong day without saying so.
"""

from bisect import bisect_right
from datetime import date, timedelta
from functools import cache

import chinese_calendar

from traceability.errors import refuse

_DAY = timedelta(days=1)


def is_working_day(day: date) -> bool:
    """Tell whether offices were open: weekdays that are no holiday, and weekends that make up for one."""
    year = _working_days(day.year)
    return year[bisect_right(year, day) - 1] == day if year[0] <= day else False


def due_day(day: date, days: int, *, working: bool) -> date:
    """Give the last day that is in time for a fact of `day`; day 1 is the day after it.

    Raises:
        Refusal: `unknown_calendar_year`, for working days in a year without a calendar.
    """
    _check(days)
    if not working:
        return day + days * _DAY
    year, left = day.year, days
    while True:
        known = _working_days(year)
        start = bisect_right(known, day)
        if start + left <= len(known):
            return known[start + left - 1]
        left -= len(known) - start
        year += 1


def working_due_days(first: date, last: date, days: int) -> dict[date, date]:
    """Give the due day of every day from `first` to `last`, in one pass: what a set-wise audit joins with."""
    _check(days)
    if last < first:
        return {}
    year = first.year
    known = list(_working_days(year))
    while bisect_right(known, last) + days > len(known):
        year += 1
        known += _working_days(year)
    due, at = {}, bisect_right(known, first)
    for offset in range((last - first).days + 1):
        day = first + offset * _DAY
        if known[at] == day:
            at += 1
        due[day] = known[at + days - 1]
    return due


def _check(days: int) -> None:
    if days < 1:
        raise ValueError(f"a deadline has at least one day, not {days}")


@cache
def _working_days(year: int) -> tuple[date, ...]:
    """All working days of a year, in order."""
    first = date(year, 1, 1)
    try:
        return tuple(chinese_calendar.get_workdays(first, date(year, 12, 31)))
    except NotImplementedError:
        raise refuse("unknown_calendar_year", value=year) from None
