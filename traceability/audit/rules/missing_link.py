"""`missing_link`: an event that the stage before it does not allow."""

import ibis.expr.types as ir

from traceability.audit.rule import BREAK, Relations, Rule, Terms, found
from traceability.stages import MISSING_LINK


def find(r: Relations, terms: Terms) -> ir.Table:
    """The step, with the stage that was found; which ones are allowed, the table of stages says."""
    s = r.steps.filter(r.steps.fault == MISSING_LINK)
    return found(
        s,
        record=s.record_id,
        event=s.event_id,
        organisation=s.organisation_id,
        since=s.day,
        type=s.type,
        stage=s.stage_before,
    )


RULE = Rule(MISSING_LINK, BREAK, find)
