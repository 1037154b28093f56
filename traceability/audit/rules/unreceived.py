"""`unreceived`: sent off long ago, and neither received nor refused."""

import ibis.expr.types as ir

from traceability.audit.rule import BREAK, Relations, Rule, Terms, found


def find(r: Relations, terms: Terms) -> ir.Table:
    """The dispatch whose transit is still open at the end of the chain; the addressee answers for it."""
    limit = terms.days("unreceived_days")
    h, s = r.heads, r.every_step
    sent = h.join(s, h.transit_event == s.event_id).select("record_id", "event_id", "other_id", "day")
    late = sent.filter(sent.day + limit <= terms.as_of)
    return found(
        late,
        record=late.record_id,
        event=late.event_id,
        organisation=late.other_id,
        since=late.day + limit,
    )


RULE = Rule("unreceived", BREAK, find, timed="")
