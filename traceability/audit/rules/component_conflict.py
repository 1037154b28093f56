"""`component_conflict`: a part built into two batteries at once, or produced twice."""

import ibis
import ibis.expr.types as ir

from traceability.audit.rule import BREAK, Relations, Rule, Terms, found
from traceability.stages import SECOND_PRODUCED


def find(r: Relations, terms: Terms) -> ir.Table:
    """The later of two events that contradict each other, or one that contradicts itself."""
    return _twice_produced(r).union(_in_two(r), distinct=False)


def _twice_produced(r: Relations) -> ir.Table:
    s = r.steps.filter(r.steps.fault == SECOND_PRODUCED)
    return found(
        s,
        record=s.record_id,
        event=s.event_id,
        organisation=s.organisation_id,
        since=s.day,
        component="",
        otherBattery="",
    )


def _in_two(r: Relations) -> ir.Table:
    # Pairs first: they are few, and the steps of all parts are many.
    s, later, earlier = r.steps, r.components, r.components.view()
    pairs = later.join(
        earlier,
        (later.code == earlier.code)
        & (later.parent_code != earlier.parent_code)
        & (
            (earlier.since_ms < later.since_ms)
            | ((earlier.since_ms == later.since_ms) & (earlier.since_event <= later.since_event))
        )
        & (earlier.until_ms.isnull() | (earlier.until_ms > later.since_ms)),
    ).select("code", "since_event", other=earlier.parent_code)
    # What is produced a second time is told by that already.
    told = s.filter(s.fault != SECOND_PRODUCED)
    both = pairs.join(told, pairs.since_event == told.event_id).select(
        "record_id", "event_id", "organisation_id", "day", "code", "other"
    )
    one = both.group_by("record_id", "event_id", "organisation_id", "day").agg(
        component=both.code.min(), other=both.other.min()
    )
    return found(
        one,
        record=one.record_id,
        event=one.event_id,
        organisation=one.organisation_id,
        since=one.day,
        component=one.component,
        otherBattery=one.other,
    )


def widen(r: Relations, changed: ir.Table) -> ir.Table:
    """The chains that speak of a part which changed itself, or which a changed chain speaks of as well."""
    s, mine, theirs = r.steps, r.components, r.components.view()
    said = changed.join(s, "record_id").join(mine, s.event_id == mine.since_event)
    own = said.select(part=mine.code, since=mine.since_event)
    both = own.join(theirs, own.part == theirs.code).select("since", event_id=theirs.since_event)
    # Asked as an equality, of which planners expect few.
    shared = both.filter(ibis.ifelse(both.event_id != both.since, 1, 0) == 1).select("event_id")
    built = r.components.view()
    told = changed.join(built, changed.code == built.code).select(event_id=built.since_event)
    return shared.union(told, distinct=True).join(r.every_step, "event_id").select("record_id").distinct()


RULE = Rule("component_conflict", BREAK, find, widen=widen)
