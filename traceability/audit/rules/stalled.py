"""`stalled`: retired, not on its way, and nothing told of it for long."""

import ibis
import ibis.expr.types as ir

from traceability.audit.rule import FLAW, Relations, Rule, Terms, found


def find(r: Relations, terms: Terms) -> ir.Table:
    """The last event of the chain; who holds the battery answers for it. Parts are stalled with their battery only."""
    limit = terms.days("stalled_days")
    h, s = r.heads, r.every_step
    still = h.filter(
        (h.stage == "retired") & h.transit_event.isnull() & (h.inside == 0) & (h.last_day + limit <= terms.as_of)
    )
    last = still.join(s, (still.record_id == s.record_id) & (still.last_ms == s.occurred_ms)).select(
        "record_id", "event_id", "arrival", "holder_id", "last_day"
    )
    # Of several at the same moment, the one that arrived last.
    last = last.mutate(place=ibis.row_number().over(ibis.window(group_by=last.record_id, order_by=last.arrival.desc())))
    last = last.filter(last.place == 0)
    return found(
        last,
        record=last.record_id,
        event=last.event_id,
        organisation=last.holder_id,
        since=last.last_day + limit,
    )


RULE = Rule("stalled", FLAW, find, timed="")
