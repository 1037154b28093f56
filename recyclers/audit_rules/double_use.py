"""`double_use`: a battery is an input of two batches."""

import ibis
import ibis.expr.types as ir

from traceability.audit.rule import BREAK, Relations, Rule, Terms, found, plain

_BATCH = ("organisation_id", "number")
_ORDER = ("closed_ms", "arrival")
_DONE = ("record_id", "organisation_id")


def find(r: Relations, _terms: Terms) -> ir.Table:
    """The later batch; the gap hangs on its `processed` if there is one, else on the battery alone.

    Two records of one number are two batches: what went in twice was used twice, whatever it is called. A battery that
    nobody else speaks of has no record that a gap could hang on: there it hangs on the later batch.
    """
    return _of_batteries(r).union(_of_batches(r), distinct=False)


def _of_batteries(r: Relations) -> ir.Table:
    uses = r.batch_inputs.join(r.names, "code").select("code", "record_id", *_BATCH, *_ORDER, "day")
    pairs = _pairs(uses, "record_id").semi_join(r.heads, "record_id")
    s, d = r.steps, r.details
    done = s.filter(s.type == "processed").join(d.filter(d.name == "batch"), "event_id")
    done = done.select(
        *_DONE, "event_id", "day", done_ms=done.occurred_ms, done_arrival=done.arrival, number=done.value
    )
    told = pairs.left_join(done, [*_DONE, "number"])
    told = told.select(
        *(pairs[name] for name in pairs.columns if name != "day"),
        "done_ms",
        "done_arrival",
        event_id=done.event_id.fill_null(0),
        day=ibis.coalesce(done.day, pairs.day),
    )
    # The first `processed` in the batch counts, whatever else is said.
    order = [told.done_ms, told.done_arrival]
    by = [told[name] for name in (*_DONE, "number", "other_id", "other")]
    # One gap an event, and one without: the first batch too many, beside the first of all.
    return _first(told.mutate(again=ibis.row_number().over(group_by=by, order_by=order)), "record_id", "event_id")


def _of_batches(r: Relations) -> ir.Table:
    n, s = r.names, r.every_step
    known = n.join(s, "record_id").select("code")
    uses = r.batch_inputs.anti_join(known, "code").select("code", *_BATCH, *_ORDER, "day")
    told = _pairs(uses, "code").join(r.judged_batches, _BATCH)
    told = told.mutate(event_id=told.arrival, again=ibis.literal(0, "int64"))
    return _first(told, "record_id", "event_id")


def _pairs(later: ir.Table, by: str) -> ir.Table:
    """Two batches of one battery, in the order in which they were closed."""
    earlier = later.view()
    pairs = later.join(
        earlier,
        (later[by] == earlier[by])
        & (
            (earlier.closed_ms < later.closed_ms)
            | ((earlier.closed_ms == later.closed_ms) & (earlier.arrival < later.arrival))
        ),
    )
    return pairs.select(
        *(later[name] for name in later.columns),
        other=earlier.number,
        other_id=earlier.organisation_id,
        other_ms=earlier.closed_ms,
        other_arrival=earlier.arrival,
    )


def _first(told: ir.Table, *by: str) -> ir.Table:
    order = [told.closed_ms, told.arrival, told.other_ms, told.other_arrival, told.code]
    first = told.mutate(place=ibis.row_number().over(group_by=[told[name] for name in by], order_by=order))
    first = first.filter((first.place == 0) & (first.again == 0))
    return found(
        first,
        record=first.record_id,
        event=first.event_id,
        organisation=first.organisation_id,
        since=first.day,
        battery=first.code,
        batch=plain(first.number),
        otherBatch=plain(first.other),
        otherOrganisation=first.other_id,
    )


def widen(r: Relations, changed: ir.Table) -> ir.Table:
    """The batteries that a changed batch lists, and the batches that list these, or a battery that changed."""
    b, i, n = r.batch_records, r.batch_inputs, r.names
    listed = changed.join(b, "record_id").select(*_BATCH).join(i, _BATCH).select("code")
    listed = listed.union(changed.select("code"), distinct=True)
    batteries = listed.join(n, "code").select("record_id")
    both = r.batch_inputs.view()
    batches = listed.join(both, "code").select(*_BATCH).join(r.batch_records.view(), _BATCH).select("record_id")
    return batteries.union(batches, distinct=True)


RULE = Rule("double_use", BREAK, find, widen=widen)
