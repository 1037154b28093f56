"""`late_report`: reported later than the deadline in force on the day of the fact."""

import ibis
import ibis.expr.types as ir

from traceability.audit.rule import FLAW, Relations, Rule, Terms, found


def find(r: Relations, terms: Terms) -> ir.Table:
    """The fact with the day that was its last; of several roles the one with the longest deadline counts."""
    s, d = r.steps, r.deadlines.view()
    # Told within the shortest deadline of all, nothing is late: most facts need not be asked further.
    judged = with_deadline(r, s.filter(s.reported_day > s.day + d.days.min().as_scalar()))
    late = judged.filter((judged.reported_day > judged.due_day) & (judged.enforced == 1))
    return found(
        late,
        record=late.record_id,
        event=late.event_id,
        organisation=late.organisation_id,
        since=late.day,
        type=late.type,
        dueDay=late.due_day,
        reportedDay=late.reported_day,
    )


def with_deadline(r: Relations, steps: ir.Table | None = None) -> ir.Table:
    """The facts (of these steps) that a deadline is known for: each with its last day, and whether that is enforced."""
    s, d, o, w = r.steps if steps is None else steps, r.deadlines, r.organisations, r.working_days
    applies = s.join(
        d,
        (s.type == d.type)
        & (s.day >= d.from_day)
        & (s.day <= d.until_day)
        & ((d.retired_only == 0) | (s.stage_after == "retired")),
    )
    named = applies.select(
        "event_id", "record_id", "organisation_id", "type", "day", "reported_day", "role", "days", "working", "enforced"
    )
    own = named.join(o, "organisation_id")
    own = own.filter(own.roles.contains(ibis.literal(" ") + own.role + ibis.literal(" ")))
    dated = own.left_join(w, (own.day == w.day) & (own.days == w.days) & (own.working == 1))
    dated = dated.select(
        "event_id",
        "record_id",
        "organisation_id",
        "type",
        "day",
        "reported_day",
        "enforced",
        due_day=ibis.ifelse(dated.working == 1, dated.due_day, dated.day + dated.days),
    )
    return dated.group_by("event_id", "record_id", "organisation_id", "type", "day", "reported_day").agg(
        due_day=dated.due_day.max(), enforced=dated.enforced.max()
    )


RULE = Rule("late_report", FLAW, find)
