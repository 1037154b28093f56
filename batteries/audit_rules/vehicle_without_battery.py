"""`vehicle_without_battery`: a vehicle scrapped, and a battery that was in it was never removed (Order 73)."""

import ibis.expr.types as ir

from traceability.audit.rule import BREAK, Relations, Rule, Terms, found


def find(r: Relations, terms: Terms) -> ir.Table:
    """The scrapping, for each battery whose last installation in that vehicle no removal followed."""
    limit = terms.days("scrapped_days")
    s, i, v = r.steps, r.installations, r.scrapped_vehicles
    gone = v.filter(v.day + limit <= terms.as_of)
    put = s.filter(s.type == "installed").join(i, "event_id").select("record_id", "occurred_ms", "arrival", "vin")
    out = r.every_step
    out = out.filter(out.type == "removed")
    left = put.anti_join(
        out,
        (put.record_id == out.record_id)
        & ((out.occurred_ms > put.occurred_ms) | ((out.occurred_ms == put.occurred_ms) & (out.arrival > put.arrival))),
    )
    still = left.join(gone, "vin").select("record_id", "event_id", "organisation_id", "day").distinct()
    return found(
        still, record=still.record_id, event=still.event_id, organisation=still.organisation_id, since=still.day
    )


def widen(r: Relations, changed: ir.Table) -> ir.Table:
    """The batteries that were in vehicles which a changed dismantler scrapped."""
    n = r.organisation_records
    own = changed.join(n, "record_id").select(n.organisation_id)
    vins = own.join(r.scrapped_vehicles, "organisation_id").select("vin")
    events = vins.join(r.installations, "vin").select("event_id")
    return events.join(r.every_step, "event_id").select("record_id").distinct()


RULE = Rule("vehicle_without_battery", BREAK, find, timed="scrapped_days", widen=widen)
