"""`unreceived` of lots: sent off long ago, and neither received nor refused."""

import ibis.expr.types as ir

from traceability.audit.rule import BREAK, Relations, Rule, Terms, found


def find(r: Relations, terms: Terms) -> ir.Table:
    """The dispatch whose transit is still open; the addressee answers for it."""
    limit = terms.days("unreceived_days")
    sent = r.lot_transits
    late = sent.filter(sent.day + limit <= terms.as_of)
    return found(late, record=late.record_id, event=late.event_id, organisation=late.other_id, since=late.day + limit)


RULE = Rule("unreceived", BREAK, find, timed="", of="lot")
