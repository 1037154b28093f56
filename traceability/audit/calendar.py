"""Days as the audit counts them, and the law's calendar of working days as a table."""

from datetime import date, timedelta
from typing import Final

from django.db import connection, transaction
from django.db.models import Count, Sum

from traceability import bulk, law
from traceability.audit.relations import DAY_MS, OFFSET_MS
from traceability.models import WorkingDay

_BEGIN: Final = date(1970, 1, 1)


def number_of(day: date) -> int:
    """A day as days since 1970-01-01."""
    return (day - _BEGIN).days


def day_of(number: int) -> date:
    """The day with this number."""
    return _BEGIN + timedelta(days=number)


def end_of(number: int) -> int:
    """The last millisecond of a day at +08:00."""
    return (number + 1) * DAY_MS - OFFSET_MS - 1


def fill() -> None:
    """Write the working days that the deadlines ask for, unless they stand there already.

    After every migration, and before every run: an edit of the law is an edit of its files.
    """
    wanted = {
        (number_of(day), days): number_of(due)
        for days, first, last in _working()
        for day, due in law.working_due_days(first, last, days).items()
    }
    found = WorkingDay.objects.aggregate(count=Count("id"), days=Sum("day"), due=Sum("due_day"))
    sums = (len(wanted), sum(day for day, _ in wanted), sum(wanted.values()))
    if sums != (found["count"], found["days"] or 0, found["due"] or 0):
        with transaction.atomic():
            WorkingDay.objects.all().delete()
            bulk.insert(WorkingDay(day=day, days=days, due_day=due) for (day, days), due in wanted.items())


def has_table() -> bool:
    """Whether this database has come as far as the audit."""
    return WorkingDay._meta.db_table in connection.introspection.table_names()


def _working() -> list[tuple[int, date, date]]:
    """The deadlines in working days, with the days on which they were in force."""
    spans: dict[int, tuple[date, date]] = {}
    for deadline in law.book().deadlines:
        if deadline.working and deadline.in_force_until is not None:
            first, last = spans.get(deadline.days, (deadline.in_force_from, deadline.in_force_until))
            spans[deadline.days] = min(first, deadline.in_force_from), max(last, deadline.in_force_until)
    return [(days, first, last) for days, (first, last) in spans.items()]
