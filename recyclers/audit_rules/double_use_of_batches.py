"""`double_use` of what nobody but batches speaks of: it has no record that a gap could hang on."""

import ibis.expr.types as ir

from recyclers.audit_rules.double_use import BATCH, CODE, after_the_first, first_of_each, listed
from traceability.audit.rule import BREAK, Relations, Rule, Terms


def find(r: Relations, _terms: Terms) -> ir.Table:
    """The later batch, for the first such battery in it."""
    stray = _unknown(r, r.judged_inputs.select("code")).distinct()
    later = after_the_first(stray.join(r.batch_inputs.view(), "code"), "code")
    companies = r.organisations.select("organisation_id", company="code")
    named, batches = later.join(companies, "organisation_id"), r.judged_batches.select("record_id", "batch")
    told = named.join(batches, named.company + "/" + named.number == batches.batch)
    return first_of_each(told.mutate(event_id=told.arrival))


def _unknown(r: Relations, codes: ir.Table) -> ir.Table:
    """Those of batteries without a history: none under the code itself, none under a true code behind it."""
    joined = r.joined_names.join(r.every_head, "record_id").select("code")
    return codes.anti_join(r.every_head, "code").anti_join(joined, "code")


def widen(r: Relations, changed: ir.Table) -> ir.Table:
    """The batches that list what a changed batch lists, or a changed battery of which nobody else speaks now or did.

    What others speak of, then and now, is told of by itself: its batches need no second look.
    """
    codes = listed(r, changed).union(_unknown(r, changed.select("code")), distinct=True)
    batches = codes.join(r.batch_inputs.view(), "code").select(*BATCH).join(r.batch_records.view(), BATCH)
    gaps = r.open_gaps.filter(r.open_gaps.code == CODE).select("record_id")
    told = gaps.join(r.batch_records.view(), "record_id").join(r.batch_inputs.view(), BATCH)
    return batches.select("record_id").union(told.semi_join(changed, "code").select("record_id"), distinct=True)


RULE = Rule(CODE, BREAK, find, widen=widen, of="batch")
