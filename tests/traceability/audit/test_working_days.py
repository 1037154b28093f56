"""The law's calendar as a table that the audit joins with."""

from tests.worlds import World, rolled_back
from traceability.audit import calendar
from traceability.models import WorkingDay


def test_working_days_stand_there_from_the_beginning_and_are_written_again_when_they_differ(world: World) -> None:
    """Or every deadline in working days would be judged as one in calendar days."""
    before = set(WorkingDay.objects.values_list("day", "days", "due_day"))
    assert before
    for spoil in (WorkingDay.objects.all().delete, lambda: WorkingDay.objects.filter(days=15).update(due_day=1)):
        with rolled_back():
            spoil()
            calendar.fill()
            assert set(WorkingDay.objects.values_list("day", "days", "due_day")) == before
