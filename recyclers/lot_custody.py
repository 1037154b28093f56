"""Lots that are received, a truck at once; they are dispatched and refused as batteries are (`traceability.custody`).

What stands on the dock is recorded, announced or not, known or not; the answer to each lot says what the record found,
in the words of `traceability.custody`.
"""

from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from recyclers.lot_walk import RECEIVED
from recyclers.models import Lot, LotMovement
from traceability import calls, ledger, values
from traceability.access import Viewer
from traceability.custody import Item, ReceivedItem, records
from traceability.errors import Problem
from traceability.events import batches
from traceability.facts import Fact
from traceability.findings import Finding, Outcome, mass_difference, outcome_of
from traceability.models import LifecycleEvent, TransferItem
from traceability.receipts import REPLAYED, Entry


def receive(
    items: Sequence[Item],
    *,
    occurred_at: Any,
    by: Viewer,
    idempotency_key: str,
    from_: str | None = None,
    waybill: str | None = None,
    site: Item | None = None,
) -> list[ReceivedItem]:
    """Record what stands on the dock: every lot but those that are here already.

    Args:
        items: each {lot, lotOf, massKg, condition, attachments, extra}.

    Returns:
        what became of each, in the order of the list.
    """

    def read(key: str) -> list[Fact]:
        calls.check_size(items)
        given = records(items, {"from": from_, "waybill": waybill}, occurred_at, site)
        facts = calls.read_items(RECEIVED, given, by=by, idempotency_key=key)
        calls.check_distinct(facts)
        return facts

    return calls.answer(read, lambda facts: _receive(facts, by), by=by, idempotency_key=idempotency_key)


def _receive(facts: Sequence[Fact], by: Viewer) -> list[ReceivedItem]:
    here = _already_here(facts, by.organisation_id or 0)
    answers = {place: answer for place, fact in enumerate(facts) if (answer := here.get(fact.code)) is not None}
    taken = [(place, fact) for place, fact in enumerate(facts) if place not in answers]
    entries = ledger.record([fact for _, fact in taken], by=by).entries
    for (place, _fact), answer in zip(taken, _judge(entries), strict=True):
        answers[place] = answer
    return [answers[place] for place in range(len(facts))]


def _already_here(facts: Sequence[Fact], us: int) -> dict[str, ReceivedItem]:
    """Lots that stand here already, unless this very call brought them. Locked, so that two calls receive one once."""
    known = set(
        LifecycleEvent.objects.filter(organisation=us, key__in=[fact.key for fact in facts]).values_list(
            "key", flat=True
        )
    )
    moments = {fact.code: fact.occurred_ms for fact in facts if fact.key not in known}
    rows: dict[int, Lot] = {}
    for batch in batches(sorted(moments)):
        standing = Lot.objects.filter(code__in=batch, holder=us, transit_to=None).exclude(claimant=us)
        rows |= {row.id: row for row in standing.select_for_update().order_by("code")}
    since: dict[int, int] = {}
    for ids in batches(rows):
        last = LotMovement.objects.filter(lot__in=ids).order_by("occurred_ms", "arrival", "place")
        for lot, organisation, kind, ms in last.values_list("lot_id", "organisation_id", "kind", "occurred_ms"):
            if organisation == us and (kind == RECEIVED or lot not in since):
                since[lot] = ms
    return {row.code: _duplicate(row.code, since[id_]) for id_, row in rows.items() if since[id_] <= moments[row.code]}


def _duplicate(code: str, since_ms: int) -> ReceivedItem:
    when = timezone.localtime(values.from_ms(since_ms)).strftime("%Y-%m-%d %H:%M")
    return ReceivedItem(code, Outcome.DUPLICATE, (Problem("already_here", (), {"when": when}),))


def _judge(entries: Sequence[Entry]) -> list[ReceivedItem]:
    """Judge receipts by what is stored of them: the same for the first answer and for a repeated one."""
    ids = [entry.event_id for entry in entries]
    movements = {row.event_id: row for row in LotMovement.objects.filter(event__in=ids, kind=RECEIVED)}
    closed = TransferItem.objects.filter(closing__in=ids, status=TransferItem.Status.RECEIVED)
    sent = dict(closed.values_list("closing_id", "sent_mg"))
    return [_judged(entry, movements.get(entry.event_id or 0), sent.get(entry.event_id or 0)) for entry in entries]


def _judged(entry: Entry, row: LotMovement | None, sent_mg: int | None) -> ReceivedItem:
    found: list[Finding] = []
    if row is not None:
        if row.fault:
            number = entry.fact.lot
            found.append((Outcome.UNANNOUNCED, Problem("unknown_lot", (), {"value": number})))
        elif row.unannounced and row.keeper_id is None:
            found.append((Outcome.DISPUTED, Problem("held_by_another")))
        elif row.unannounced:
            found.append((Outcome.UNANNOUNCED, Problem("not_expected_here")))
        found += mass_difference(row.stated_mg, sent_mg)
    warnings = tuple(problem for _outcome, problem in found)
    return ReceivedItem(entry.fact.code, outcome_of(found), warnings, entry.event_id, entry.status == REPLAYED)
