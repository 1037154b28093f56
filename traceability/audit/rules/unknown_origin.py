"""`unknown_origin`: a chain that begins neither with production nor assembly, nor as a part of what has an origin."""

import ibis.expr.types as ir

from traceability.audit.rule import BREAK, Relations, Rule, Terms, found
from traceability.stages import UNKNOWN_ORIGIN


def find(r: Relations, terms: Terms) -> ir.Table:
    """The step that began the chain."""
    s = r.steps.filter(r.steps.fault == UNKNOWN_ORIGIN)
    return found(s, record=s.record_id, event=s.event_id, organisation=s.organisation_id, since=s.day, type=s.type)


RULE = Rule(UNKNOWN_ORIGIN, BREAK, find)
