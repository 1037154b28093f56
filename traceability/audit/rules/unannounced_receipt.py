"""`unannounced_receipt`: a receipt of what nobody had sent to the receiver."""

import ibis.expr.types as ir

from traceability.audit.rule import FLAW, Relations, Rule, Terms, found
from traceability.stages import UNANNOUNCED


def find(r: Relations, terms: Terms) -> ir.Table:
    """The receipt; who is named as the sender answers for it, else the receiver."""
    # The type first: it is compared for all steps, and the flag made for few.
    s = r.steps.filter((r.steps.type == "received") & (r.steps.unannounced == 1))
    return found(
        s,
        record=s.record_id,
        event=s.event_id,
        organisation=s.other_id.fill_null(s.organisation_id),
        since=s.day,
        type=s.type,
        stage=s.stage_before,
        holder=s.holder_before,
        inTransitTo=s.transit_before,
    )


RULE = Rule(UNANNOUNCED, FLAW, find)
