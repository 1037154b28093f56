"""`custody_break`: recorded by who did not hold it, or was not the addressee; or sent on while on its way."""

import ibis.expr.types as ir

from traceability.audit.rule import BREAK, Relations, Rule, Terms, found
from traceability.stages import CUSTODY_BREAK


def find(r: Relations, terms: Terms) -> ir.Table:
    """The step, with who held it and to whom it was on its way."""
    s = r.steps.filter(r.steps.fault == CUSTODY_BREAK)
    return found(
        s,
        record=s.record_id,
        event=s.event_id,
        organisation=s.organisation_id,
        since=s.day,
        type=s.type,
        stage=s.stage_before,
        holder=s.holder_before,
        inTransitTo=s.transit_before,
    )


RULE = Rule(CUSTODY_BREAK, BREAK, find)
