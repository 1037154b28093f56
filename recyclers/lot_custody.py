"""Lots from one hand to the next: dispatch, receive, refuse, each for a truck at once.

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
from traceability.custody import Item, ReceivedItem, consignment_of
from traceability.errors import Problem, Refusal
from traceability.events import batches
from traceability.facts import Fact
from traceability.findings import Finding, Outcome, mass_difference, outcome_of
from traceability.models import LifecycleEvent, Transfer, TransferItem
from traceability.receipts import REPLAYED, Entry, Receipt


def dispatch(
    items: Sequence[Item],
    *,
    to: str,
    occurred_at: Any,
    by: Viewer,
    idempotency_key: str,
    waybill: str | None = None,
    site: Item | None = None,
) -> tuple[Transfer | None, Receipt]:
    """Send lots off to another organisation, all or none; the sender holds them until they are received.

    Args:
        items: each {lot, lotOf, massKg, attachments, extra}; None counts as absent.

    Raises:
        Refusal: with every problem, its path into the call (`items`, `3`, `massKg`).
    """
    given = [_record(item, {"to": to, "waybill": waybill}, occurred_at, site) for item in items]
    receipt = calls.record_items("dispatched", given, by=by, idempotency_key=idempotency_key)
    return consignment_of(receipt, by, idempotency_key), receipt


def refuse(
    items: Sequence[Item],
    *,
    occurred_at: Any,
    by: Viewer,
    idempotency_key: str,
    from_: str | None = None,
    waybill: str | None = None,
    reason: str | None = None,
    site: Item | None = None,
) -> Receipt:
    """Send back lots that were on their way here, all or none; the sender goes on holding them."""
    shared = {"from": from_, "waybill": waybill, "reason": reason}
    given = [_record(item, shared, occurred_at, site) for item in items]
    return calls.record_items("refused", given, by=by, idempotency_key=idempotency_key)


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
    shared = {"from": from_, "waybill": waybill}
    given = [_record(item, shared, occurred_at, site) for item in items]
    try:
        key = calls.check_key(idempotency_key)
        calls.check_size(given)
        facts = calls.read_items(RECEIVED, given, by=by, idempotency_key=key)
        calls.check_caller(facts, by)
        calls.check_distinct(facts)
        return calls.transact(lambda: _receive(facts, by))
    except Refusal as refusal:
        raise calls.told(refusal) from None


def _record(item: Item, shared: Item, occurred_at: Any, site: Item | None) -> dict[str, Any]:
    own = {name: value for name, value in item.items() if name not in ("lot", "lotOf", "attachments")}
    return {
        "lot": item.get("lot"),
        "lotOf": item.get("lotOf"),
        "occurredAt": occurred_at,
        "site": site,
        "attachments": item.get("attachments"),
        "details": {**own, **shared},
    }


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
