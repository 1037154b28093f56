"""All that is known of one company by a day, read in a fixed number of queries, whatever the number of its batches."""

from collections.abc import Collection
from datetime import date
from fractions import Fraction

from django.utils import timezone

from recyclers import mass_balance
from recyclers.batch_flows import flows_of
from recyclers.conditions.declared import years_of
from recyclers.conditions.findings import findings_of
from recyclers.conditions.measuring import Company, PermitHeld
from recyclers.conditions.seeing import known_by
from recyclers.conditions.terms import Terms
from recyclers.lot_facts import facts_of
from recyclers.models import Batch, BatchInput, BatchOutput, Declaration, DeclarationReview, Permit
from recyclers.statements import said_by
from traceability.audit.calendar import end_of, number_of
from traceability.events import batches
from traceability.models import LifecycleEvent, Organisation


def read_company(row: Organisation, first: date, last: date, as_of: date, terms: Terms) -> Company:
    """Read what a company did on some days, as it was known at the end of another.

    Args:
        first, last: days at +08:00, both inclusive.
    """
    day = number_of(as_of)
    # What is told today counts today: only a day that is over can be told of later.
    known_ms = end_of(day) if as_of < timezone.localdate() else None
    with known_by(day, row.pk, _closed(row.pk, first, last)) as heads:
        ids = _closed(row.pk, first, last, end_of(day))
        flows = flows_of(ids, known_ms=known_ms)
        found = sorted(flows.values(), key=lambda batch: (batch.closed_ms, batch.number))
        facts = facts_of(_lots_of(ids), until_ms=end_of(day), sources=True)
        findings = findings_of(row.pk, first, last, as_of, heads)
    declarations = said_by(Declaration, [row.pk], known_ms)
    tolerance = Fraction(terms.tolerance) / 100
    return Company(
        row.code,
        frozenset(row.role_set),
        as_of,
        batches=found,
        facts=facts,
        unbalanced=frozenset(
            one.number for one in mass_balance.balances(found, facts, tolerance=tolerance) if not one.balanced
        ),
        declared=years_of(declarations, said_by(DeclarationReview, [row.pk], known_ms)),
        keys=_keys({one.arrival for one in declarations}),
        permits=_permits(row.pk, known_ms),
        findings=findings,
    )


def _closed(organisation: int, first: date, last: date, known_ms: int | None = None) -> list[int]:
    since, until = end_of(number_of(first) - 1), end_of(number_of(last))
    rows = Batch.objects.filter(organisation=organisation, closed_ms__gt=since, closed_ms__lte=until)
    rows = rows if known_ms is None else rows.filter(reported_ms__lte=known_ms)
    return list(rows.order_by("closed_ms", "arrival").values_list("event_id", flat=True))


def _lots_of(batch_ids: Collection[int]) -> set[int]:
    found: set[int] = set()
    for ids in batches(batch_ids):
        for model in (BatchInput, BatchOutput):
            rows = model.objects.filter(batch__in=ids).exclude(lot=None)
            found |= set(rows.values_list("lot_id", flat=True))
    return found


def _keys(event_ids: Collection[int]) -> dict[int, str]:
    return dict(LifecycleEvent.objects.filter(id__in=event_ids).values_list("id", "key"))


def _permits(organisation: int, known_ms: int | None) -> list[PermitHeld]:
    rows = said_by(Permit, [organisation], known_ms)
    return [PermitHeld(row.kind, row.number, row.valid_from, row.valid_until) for row in rows if row.is_current]
