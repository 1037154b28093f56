"""`lost`: reported lost, and not received since."""

import ibis.expr.types as ir

from traceability.audit.rule import BREAK, Relations, Rule, Terms, found


def find(r: Relations, terms: Terms) -> ir.Table:
    """The last report of the loss that no receipt followed."""
    s, later = r.steps, r.every_step.view()
    gone = s.filter(s.type == "lost")
    after = later.filter(later.type.isin(["received", "lost"]))
    # A second report of the same loss is the one that counts.
    open_ = gone.anti_join(
        after,
        (gone.record_id == after.record_id)
        & (
            (after.occurred_ms > gone.occurred_ms)
            | ((after.occurred_ms == gone.occurred_ms) & (after.arrival > gone.arrival))
        ),
    )
    return found(
        open_, record=open_.record_id, event=open_.event_id, organisation=open_.organisation_id, since=open_.day
    )


RULE = Rule("lost", BREAK, find)
