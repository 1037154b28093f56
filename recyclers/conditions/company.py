"""All that is known of companies by a day, read in a fixed number of queries, whatever the number of their batches."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date
from fractions import Fraction
from typing import TypeVar

from django.utils import timezone

from recyclers import flows, mass_balance
from recyclers.batch_flows import flows_of
from recyclers.closed_batches import closed_between, drawing_from, lots_of
from recyclers.conditions.declared import years_of
from recyclers.conditions.findings import findings_of
from recyclers.conditions.measuring import Company, PermitHeld, facts_around
from recyclers.conditions.seeing import known_by
from recyclers.conditions.terms import Terms
from recyclers.intermediates import Facts
from recyclers.lot_facts import facts_of
from recyclers.models import Declaration, DeclarationReview, Permit, Said
from recyclers.statements import said_by
from traceability.audit.calendar import end_of, number_of
from traceability.models import LifecycleEvent, Organisation

S = TypeVar("S", bound=Said)


def read_company(
    row: Organisation, first: date, last: date, as_of: date, terms: Terms, *, onward: bool = False
) -> Company:
    """Read what one company did; see `read_companies`."""
    return read_companies([row], first, last, as_of, terms, onward=onward)[row.pk]


def read_companies(
    rows: Collection[Organisation], first: date, last: date, as_of: date, terms: Terms, *, onward: bool = False
) -> dict[int, Company]:
    """Read what companies did on some days, as it was known at the end of another: id → company, for each of them.

    Args:
        first, last: days at +08:00, both inclusive.
        onward: with batches of other days that drew lots made on these.
    """
    day, own = number_of(as_of), [row.pk for row in rows]
    # What is told today counts today: only a day that is over can be told of later.
    known_ms = end_of(day) if as_of < timezone.localdate() else None
    with known_by(day, own, closed_between(own, first, last)) as heads:
        ids = closed_between(own, first, last, known_ms=end_of(day))
        later = drawing_from(own, ids, known_ms=end_of(day)) if onward else {}
        found = flows_of([*ids, *later], known_ms=known_ms)
        facts = facts_of(lots_of([*ids, *later]), until_ms=end_of(day), sources=True)
        findings = findings_of(own, first, last, as_of, heads)
    declarations, reviews, permits = (
        _by_company(said_by(Declaration, own, known_ms)),
        _by_company(said_by(DeclarationReview, own, known_ms)),
        _by_company(said_by(Permit, own, known_ms)),
    )
    keys = _keys({one.arrival for several in declarations.values() for one in several})
    closed, others = _ordered(found, ids), _ordered(found, later)
    return {
        row.pk: Company(
            row.code,
            frozenset(row.role_set),
            as_of,
            batches=closed[row.pk],
            later=others[row.pk],
            facts=facts_around((*closed[row.pk], *others[row.pk]), facts),
            unbalanced=_unbalanced(closed[row.pk], facts_around(closed[row.pk], facts), terms),
            declared=years_of(declarations[row.pk], reviews[row.pk]),
            keys={one.arrival: keys[one.arrival] for one in declarations[row.pk]},
            permits=_permits(permits[row.pk]),
            findings=findings[row.pk],
        )
        for row in rows
    }


def _ordered(found: dict[int, flows.Batch], whose: dict[int, int]) -> dict[int, list[flows.Batch]]:
    """Batches by whose they are, each company's in order."""
    gathered: dict[int, list[flows.Batch]] = defaultdict(list)
    for batch, event in sorted(((found[event], event) for event in whose if event in found), key=_order):
        gathered[whose[event]].append(batch)
    return gathered


def _order(one: tuple[flows.Batch, int]) -> tuple[int, str]:
    return one[0].closed_ms, one[0].number


def _by_company(rows: Iterable[S]) -> dict[int, list[S]]:
    gathered: dict[int, list[S]] = defaultdict(list)
    for row in rows:
        gathered[row.organisation_id].append(row)
    return gathered


def _unbalanced(found: Collection[flows.Batch], facts: Facts, terms: Terms) -> frozenset[str]:
    tolerance = Fraction(terms.tolerance) / 100
    weighed = mass_balance.balances(found, facts, tolerance=tolerance)
    return frozenset(one.number for one in weighed if not one.balanced)


def _keys(event_ids: Collection[int]) -> dict[int, str]:
    return dict(LifecycleEvent.objects.filter(id__in=event_ids).values_list("id", "key"))


def _permits(rows: Iterable[Permit]) -> list[PermitHeld]:
    return [PermitHeld(row.kind, row.number, row.valid_from, row.valid_until) for row in rows if row.is_current]
