"""`unlicensed`: waste batteries taken in or worked on by who has not all three permits that day (Order 73, Art. 18)."""

import ibis
import ibis.expr.types as ir

from traceability.audit.rule import BREAK, Relations, Rule, Terms, found, has_role

#: The clause that asks for permits, from its first day on.
CLAUSE = "order73.permit"


def find(r: Relations, terms: Terms) -> ir.Table:
    """The event, with the permits that are missing, as a sum of their flags."""
    s, o, k, p = r.steps, r.organisations, r.permit_kinds, r.permits
    first, last = terms.period(CLAUSE)
    done = s.filter((s.day >= first) & (s.day <= last)).join(o, "organisation_id")
    takes_in = (done.type == "received") & (done.stage_after == "retired")
    works = done.type.isin(["dismantled", "assembled", "processed"])
    bound = has_role(done.roles, "recycler") | has_role(done.roles, "second_life")
    done = done.filter(works | (takes_in & bound)).select("record_id", "event_id", "organisation_id", "type", "day")
    asked = done.cross_join(k)
    valid = (
        (asked.organisation_id == p.organisation_id)
        & (asked.kind == p.kind)
        & (asked.day >= p.from_day)
        & (asked.day <= p.until_day)
    )
    missing = asked.anti_join(p, valid)
    one = missing.group_by("record_id", "event_id", "organisation_id", "type", "day").agg(
        missing=missing.flag.sum().cast(ibis.dtype("int64"))
    )
    return found(
        one,
        record=one.record_id,
        event=one.event_id,
        organisation=one.organisation_id,
        since=one.day,
        type=one.type,
        missingPermits=one.missing,
    )


RULE = Rule("unlicensed", BREAK, find)
