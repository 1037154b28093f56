"""`unlisted`: waste batteries taken in or worked on by a company that is not on the announced list that day."""

import ibis
import ibis.expr.types as ir

from traceability.audit.rule import FLAW, Relations, Rule, Terms, found

#: Until its last day a listing for second life means something.
CLAUSE = "listing.second_life"


def find(r: Relations, terms: Terms) -> ir.Table:
    """The event, with the scope that the company is not listed for."""
    s, o, k, p = r.steps, r.organisations, r.listing_scopes, r.listings
    _, last = terms.period(CLAUSE)
    takes_in = (s.type == "received") & (s.stage_after == "retired")
    # One look at the steps for both scopes.
    done = s.filter(takes_in | s.type.isin(["processed", "assembled"])).join(o, "organisation_id").cross_join(k)
    recovers = (done.scope == "recovery") & (done.type != "assembled")
    reuses = (done.scope == "second_life") & (done.type != "processed") & (done.day <= last)
    bound = done.roles.contains(ibis.literal(" ") + done.role + ibis.literal(" "))
    asked = done.filter((recovers | reuses) & bound).select(
        "record_id", "event_id", "organisation_id", "type", "day", "scope"
    )
    listed = (
        (asked.organisation_id == p.organisation_id)
        & (asked.scope == p.scope)
        & (asked.day >= p.from_day)
        & (asked.day <= p.until_day)
    )
    missing = asked.anti_join(p, listed)
    one = missing.group_by("record_id", "event_id", "organisation_id", "type", "day").agg(scope=missing.scope.min())
    return found(
        one,
        record=one.record_id,
        event=one.event_id,
        organisation=one.organisation_id,
        since=one.day,
        type=one.type,
        scope=one.scope,
    )


RULE = Rule("unlisted", FLAW, find)
