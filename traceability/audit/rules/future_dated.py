"""`future_dated`: said to have happened after it was reported."""

import ibis.expr.types as ir

from traceability.audit.rule import BREAK, Relations, Rule, Terms, found


def find(r: Relations, terms: Terms) -> ir.Table:
    """The fact, with how far ahead it is; clocks may differ by some minutes."""
    s = r.steps
    allowed = int(terms.parameters["future_minutes"]) * 60_000
    s = s.filter(s.occurred_ms > s.reported_ms + allowed)
    return found(
        s,
        record=s.record_id,
        event=s.event_id,
        organisation=s.organisation_id,
        since=s.day,
        type=s.type,
        aheadMs=s.occurred_ms - s.reported_ms,
    )


RULE = Rule("future_dated", BREAK, find)
