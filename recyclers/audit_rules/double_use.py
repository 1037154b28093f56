"""`double_use`: a battery is an input of two batches."""

import ibis
import ibis.expr.types as ir
from ibis import _

from traceability.audit.rule import BREAK, Relations, Rule, Terms, found, plain

CODE = "double_use"
BATCH = ("organisation_id", "number")
_ORDER = ("closed_ms", "arrival")


def find(r: Relations, _terms: Terms) -> ir.Table:
    """The later batch; the gap hangs on its `processed` if there is one, else on the battery alone.

    Two records of one number are two batches: what went in twice was used twice, whatever it is called.
    """
    # First which they are, by nothing but counting: those that were used twice are few.
    counted = r.judged_names.join(r.batch_inputs, "code").group_by("record_id")
    counted = counted.agg(first=_.arrival.min(), last=_.arrival.max())
    # Asked as an equality, of which planners expect few.
    twice = counted.filter(ibis.ifelse(_.first < _.last, 1, 0) == 1).semi_join(r.heads, "record_id")
    uses = twice.select("record_id").join(r.names, "record_id").join(r.batch_inputs.view(), "code")
    return first_of_each(_first_told(after_the_first(uses, "record_id"), _done(r)))


def _done(r: Relations) -> ir.Table:
    """What was said to be processed in a batch."""
    s, d = r.every_step, r.details
    done = s.filter(s.type == "processed").join(d.filter(d.name == "batch"), "event_id")
    return done.select(
        "record_id",
        "event_id",
        "organisation_id",
        number=done.value,
        done_day=done.day,
        done_ms=done.occurred_ms,
        done_arrival=done.arrival,
    )


def _first_told(later: ir.Table, done: ir.Table) -> ir.Table:
    """Each use with the first `processed` in its batch, which counts, whatever else is said."""
    told = later.left_join(done, ["record_id", *BATCH]).select(
        *(later[name] for name in later.columns if name != "day"),
        "done_ms",
        "done_arrival",
        event_id=done.event_id.fill_null(0),
        day=ibis.coalesce(done.done_day, later.day),
    )
    own = [told.record_id, told.code, told.arrival]
    again = ibis.row_number().over(group_by=own, order_by=[told.done_ms, told.done_arrival])
    return told.mutate(again=again).filter(_.again == 0)


def after_the_first(uses: ir.Table, by: str) -> ir.Table:
    """What a battery went into after the batch that was closed first, beside that one."""
    uses = uses.select(*dict.fromkeys((by, "code", *BATCH, *_ORDER, "day")))
    first = ibis.window(group_by=uses[by], order_by=[uses.closed_ms, uses.arrival])
    beside = uses.mutate(
        other=uses.number.first().over(first),
        other_id=uses.organisation_id.first().over(first),
        other_arrival=uses.arrival.first().over(first),
    )
    return beside.filter(beside.arrival != beside.other_arrival)


def first_of_each(told: ir.Table) -> ir.Table:
    """One gap of each event, and of each record without one: the first batch too many."""
    order = [told.closed_ms, told.arrival, told.other_arrival, told.code]
    window = ibis.window(group_by=[told.record_id, told.event_id], order_by=order)
    first = told.mutate(place=ibis.row_number().over(window)).filter(_.place == 0)
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
    """The batteries that a changed batch lists."""
    return listed(r, changed).join(r.names, "code").select("record_id").distinct()


def listed(r: Relations, changed: ir.Table) -> ir.Table:
    """The codes that the changed batches list."""
    of_batches = changed.join(r.batch_records, "record_id").select(*BATCH)
    return of_batches.join(r.batch_inputs, BATCH).select("code").distinct()


RULE = Rule(CODE, BREAK, find, widen=widen)
