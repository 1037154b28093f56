"""`component_loss`: dismantled, and a part that was still in it is accounted for nowhere."""

import ibis
import ibis.expr.types as ir

from traceability.audit.rule import BREAK, Relations, Rule, Terms, found


def find(r: Relations, terms: Terms) -> ir.Table:
    """The dismantling, with how many direct parts are missing and the first of them.

    A part is accounted for when it is listed itself, when all of its own parts are, or when a residue names it.
    """
    s = r.steps.filter(r.steps.type == "dismantled")
    parts = _inside(r, s.select("event_id", "record_id", "organisation_id", "day", "occurred_ms", "arrival"))
    parts = parts.anti_join(
        r.details, (parts.event_id == r.details.event_id) & (parts.part == r.details.value) & _names(r.details)
    )
    lost = _not_whole(r, parts)
    one = lost.group_by("record_id", "event_id", "organisation_id", "day").agg(
        component=lost.part.min(), missing=lost.count()
    )
    return found(
        one,
        record=one.record_id,
        event=one.event_id,
        organisation=one.organisation_id,
        since=one.day,
        component=one.component,
        missing=one.missing,
    )


def _not_whole(r: Relations, parts: ir.Table) -> ir.Table:
    """The parts, each once, of which not all own parts are listed, or which have none."""
    inner, listed = r.components.view(), r.details.view()
    own = parts.left_join(
        inner,
        (parts.part == inner.parent_code)
        & (inner.since_ms <= parts.occurred_ms)
        & (inner.until_ms.isnull() | (inner.until_ms >= parts.occurred_ms)),
    ).select(*parts.columns, inner_code=inner.code)
    there = listed.filter(listed.name == "component")
    kept = own.left_join(there, (own.event_id == there.event_id) & (own.inner_code == there.value)).select(
        *own.columns, value=there.value
    )
    # One pass over the parts: what is asked for twice, databases make twice.
    each = kept.group_by("record_id", "event_id", "organisation_id", "day", "part").agg(
        inner=ibis.ifelse(kept.inner_code.isnull(), 0, 1).cast("int64").sum(),
        missing=ibis.ifelse(kept.inner_code.notnull() & kept.value.isnull(), 1, 0).cast("int64").sum(),
    )
    return each.filter((each.inner == 0) | (each.missing > 0))


def _names(details: ir.Table) -> ir.BooleanValue:
    return details.name.isin(["component", "residue_component"])


def _inside(r: Relations, dismantled: ir.Table) -> ir.Table:
    """The direct parts that had not left the battery by then."""
    n, c = r.names, r.components
    named = dismantled.join(n, "record_id").select(*dismantled.columns, battery=n.code)
    return named.join(
        c,
        (named.battery == c.parent_code)
        & (c.since_ms <= named.occurred_ms)
        & (c.until_ms.isnull() | (c.until_ms > named.occurred_ms)),
    ).select("event_id", "record_id", "organisation_id", "day", "occurred_ms", part=c.code)


def widen(r: Relations, changed: ir.Table) -> ir.Table:
    """The batteries that changed parts were built into, and what those were built into."""
    parents = _above(r, changed.select("code"))
    both = parents.union(_above(r, parents), distinct=True)
    return both.join(r.names, "code").select("record_id").distinct()


def _above(r: Relations, codes: ir.Table) -> ir.Table:
    c = r.components.view()
    return codes.join(c, codes.code == c.code).select(code=c.parent_code).distinct()


RULE = Rule("component_loss", BREAK, find, widen=widen)
