"""`forbidden_use`: assembled or deployed for an application that is forbidden on that day."""

import ibis.expr.types as ir

from traceability.audit.rule import BREAK, Relations, Rule, Terms, found


def find(r: Relations, terms: Terms) -> ir.Table:
    """The step, with the application."""
    s, d, f = r.steps, r.details, r.forbidden_uses
    used = s.join(d, (s.event_id == d.event_id) & (d.name == "application")).select(
        "event_id", "record_id", "organisation_id", "type", "day", application=d.value
    )
    used = used.filter(used.type.isin(["assembled", "deployed"]))
    forbidden = used.join(
        f, (used.application == f.application) & (used.day >= f.from_day) & (used.day <= f.until_day)
    ).select("event_id", "record_id", "organisation_id", "type", "day", "application")
    return found(
        forbidden,
        record=forbidden.record_id,
        event=forbidden.event_id,
        organisation=forbidden.organisation_id,
        since=forbidden.day,
        type=forbidden.type,
        application=forbidden.application,
    )


RULE = Rule("forbidden_use", BREAK, find)
