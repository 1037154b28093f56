"""`batch_missing`: processed long ago, and no batch of that number of the same organisation lists the battery."""

import ibis.expr.types as ir

from traceability.audit.rule import BREAK, Relations, Rule, Terms, found, plain


def find(r: Relations, terms: Terms) -> ir.Table:
    """The processing, with the number of the batch that is missing or does not list the battery."""
    limit = terms.days("batch_days")
    missing = _unlisted(r)
    late = missing.filter(missing.day + limit <= terms.as_of)
    return found(
        late,
        record=late.record_id,
        event=late.event_id,
        organisation=late.organisation_id,
        since=late.day + limit,
        batch=plain(late.number),
    )


def pending(r: Relations, _terms: Terms) -> ir.Table:
    """The batteries whose batch is not recorded yet: that they were processed completes no chain."""
    return _unlisted(r)


def _unlisted(r: Relations) -> ir.Table:
    s, d, i, n = r.steps, r.details, r.batch_inputs, r.names
    done = s.filter(s.type == "processed").join(d.filter(d.name == "batch"), "event_id")
    done = done.select("record_id", "event_id", "organisation_id", "day", number=done.value)
    listed = i.join(n, "code").select("record_id", "organisation_id", "number")
    return done.anti_join(
        listed,
        (done.record_id == listed.record_id)
        & (done.organisation_id == listed.organisation_id)
        & (done.number == listed.number),
    )


def widen(r: Relations, changed: ir.Table) -> ir.Table:
    """The batteries that were processed in a batch whose record changed, by its number."""
    b, d, s = r.batch_records, r.details, r.every_step
    numbers = changed.join(b, "record_id").select("organisation_id", "number")
    events = numbers.join(d.filter(d.name == "batch"), numbers.number == d.value).select("event_id", "organisation_id")
    done = events.join(s, (events.event_id == s.event_id) & (events.organisation_id == s.organisation_id))
    return done.select("record_id").distinct()


RULE = Rule("batch_missing", BREAK, find, timed="", widen=widen, pending=pending)
