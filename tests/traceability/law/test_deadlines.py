"""Who reports what within how many days; the table is written from the contract of the audit."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traceability import law
from traceability.law import vocabulary

BEFORE, AFTER = date(2026, 3, 31), date(2026, 4, 1)
any_day = st.dates(date(2015, 1, 1), date(2035, 1, 1))

#: (role, event, only of retired batteries) → working days, until 2026-03-31
WORKING = {
    **{(role, event, False): 15 for role in ("vehicle_maker", "importer") for event in ("produced", "installed")},
    **{
        (role, event, False): 30
        for role in ("service", "outlet")
        for event in ("removed", "repaired", "received", "dispatched")
    },
    **{("dismantler", event, False): 15 for event in ("removed", "received", "dispatched")},
    ("second_life", "received", True): 15,
    ("second_life", "assembled", False): 15,
    ("second_life", "dispatched", False): 15,
    ("recycler", "received", True): 30,
    ("recycler", "processed", False): 30,
}
#: … → enforced, all 30 calendar days, from 2026-04-01
CALENDAR = {
    **{(role, "received", True): True for role in ("recycler", "second_life")},
    **{(role, "dispatched", False): True for role in ("recycler", "second_life")},
    **{(role, event, False): False for role in ("recycler", "second_life") for event in ("processed", "assembled")},
    **{
        (None, event, False): False
        for event in ("produced", "installed", "removed", "repaired", "received", "dispatched")
    },
}


def test_until_march_2026_working_days_are_counted():
    found = law.deadlines_in_force(BEFORE)
    assert {(one.role, one.event, one.retired_only): one.days for one in found} == WORKING
    assert all(one.working and one.enforced for one in found)
    assert law.deadlines_in_force(date(2018, 8, 1)) == found
    assert law.deadlines_in_force(date(2018, 7, 31)) == ()


def test_from_april_2026_calendar_days_are_counted():
    found = law.deadlines_in_force(AFTER)
    assert {(one.role, one.event, one.retired_only): one.enforced for one in found} == CALENDAR
    assert all(one.days == 30 and not one.working for one in found)
    assert {one.certainty for one in found if one.enforced} == {"reported"}
    assert {one.certainty for one in found if not one.enforced} == {"provisional"}


@given(day=any_day)
def test_a_role_has_one_deadline_for_an_event(day):
    found = law.deadlines_in_force(day)
    assert len({(one.role, one.event) for one in found}) == len(found)
    assert all(law.clause_in_force(one.clause, day) for one in found)


@pytest.mark.parametrize(
    ("roles", "event", "day", "retired", "days"),
    [
        pytest.param(["dismantler"], "received", BEFORE, False, 15, id="one role"),
        pytest.param(["dismantler", "outlet"], "received", BEFORE, False, 30, id="of several roles the longest"),
        pytest.param(["recycler", "second_life"], "received", BEFORE, True, 30, id="the longest, of a retired one"),
        pytest.param(["recycler"], "received", BEFORE, False, None, id="of a battery that is not retired"),
        pytest.param(["recycler", "dismantler"], "received", BEFORE, False, 15, id="only what applies"),
        pytest.param(["battery_maker"], "dispatched", BEFORE, False, None, id="no deadline for that role"),
        pytest.param(["recycler"], "dispatched", AFTER, True, 30, id="calendar days"),
        pytest.param(["recycler"], "processed", AFTER, True, None, id="provisional for the named"),
        pytest.param(["outlet"], "received", AFTER, True, None, id="provisional for everyone else"),
        pytest.param([], "received", AFTER, True, None, id="no role"),
    ],
)
def test_an_organisation_has_the_longest_that_applies(roles, event, day, retired, days):
    found = law.deadline_for(roles, event, day=day, retired=retired)
    assert (found and found.days) == days


@given(
    roles=st.sets(st.sampled_from(vocabulary.ROLES)),
    more=st.sets(st.sampled_from(vocabulary.ROLES)),
    event=st.sampled_from(vocabulary.EVENTS),
    day=st.dates(date(2018, 8, 1), BEFORE),
    retired=st.booleans(),
)
def test_another_role_never_shortens_a_deadline(roles, more, event, day, retired):
    one = law.deadline_for(roles, event, day=day, retired=retired)
    two = law.deadline_for(roles | more, event, day=day, retired=retired)
    if one is not None:
        assert two.days >= one.days
