"""Custody from one hand to the next: dispatch, receive, refuse, and the decision of a dispute.

Two-sided: the sender announces, the receiver confirms, and until then the sender holds. What stands on the dock is
recorded, announced or not, readable or not; the answer to each item says what the record found:

    DUPLICATE                  already here: nothing was recorded
    QUARANTINED                leaking or burnt, or unannounced without a readable code: safety before everything else
    CONFLICT                   recorded, but its stage contradicts (still in a vehicle, processed, …)
    DISPUTED                   another is known to hold it and did not send it here
    UNANNOUNCED                nobody is known to hold it, or it was never registered
    RECEIVED_WITH_DIFFERENCES  announced, and off in mass or condition
    RECEIVED                   announced, and as sent

The first that applies is the outcome; what else was found stands in the warnings (`findings.py`). Nothing has to be
written for a consignment that is overdue or partly received: what was not received stays in transit.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.utils import timezone

from traceability import calls, findings, identity, ledger, values
from traceability.access import Viewer
from traceability.errors import Problem, Refusal
from traceability.facts import Fact, provisional_identity
from traceability.findings import STORED
from traceability.findings import Outcome as Outcome
from traceability.models import LifecycleEvent, LifecycleRecord, Step, Transfer
from traceability.receipts import Entry, Receipt

Item = Mapping[str, Any]
#: What an item says that is no detail of its record.
_AT_THE_TOP: Final = frozenset({"payload", "code", "lot", "lotOf", "attachments"})


@dataclass(frozen=True, slots=True)
class ReceivedItem:
    """The answer to one item of a receipt. `event_id` is None where nothing was recorded."""

    code: str
    outcome: Outcome
    warnings: tuple[Problem, ...] = ()
    event_id: int | None = None
    replayed: bool = False


# Handing over --------------------------------------------------------------------------------------------------------


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
    """Send batteries or lots off to another organisation, all or none; the sender holds them until they are received.

    Args:
        items: each {code, massKg, attachments, extra}, a lot {lot, lotOf} in place of `code`; None counts as absent.

    Returns:
        the consignment (with what was sent before under the same waybill), and what became of each item. A repeated
        call has no consignment any more when a correction has taken everything out of it.

    Raises:
        Refusal: with every problem, its path into the call (`items`, `3`, `massKg`).
    """
    given = records(items, {"to": to, "waybill": waybill}, occurred_at, site)
    receipt = calls.record_items("dispatched", given, by=by, idempotency_key=idempotency_key)
    return consignment_of(receipt, by, idempotency_key), receipt


def consignment_of(receipt: Receipt, by: Viewer, idempotency_key: str) -> Transfer | None:
    """The consignment that a call of dispatches went into: that of the waybill, else of the call's own key."""
    details = receipt.entries[0].fact.details
    sent_under = f"={details['waybill']}" if "waybill" in details else f"#{calls.check_key(idempotency_key)}"
    consignments = Transfer.objects.filter(sender=by.organisation_id, receiver__code=details["to"])
    return consignments.filter(reference=sent_under).first()


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
    """Send back what was on its way here, all or none; the sender goes on holding it.

    Args:
        items: each {code, attachments, extra}, or {lot, lotOf, massKg, attachments, extra}.

    Raises:
        Refusal: with every problem, its path into the call.
    """
    given = records(items, {"from": from_, "waybill": waybill, "reason": reason}, occurred_at, site)
    return calls.record_items("refused", given, by=by, idempotency_key=idempotency_key)


def decide_dispute(
    code: str,
    *,
    occurred_at: Any,
    by: Viewer,
    idempotency_key: str,
    holder: str | None = None,
    reason: str | None = None,
) -> Entry:
    """Say, as the alliance, who holds a battery that two claim; without `holder`, who has it now.

    Raises:
        Refusal: `role`, `unknown_battery`, `unknown_organisation`, and those of `calls.record_one`.
    """
    given = {"battery": code, "occurredAt": occurred_at, "details": {"holder": holder, "reason": reason}}
    return calls.record_one("dispute_decided", given, by=by, idempotency_key=idempotency_key)


def records(items: Iterable[Item], shared: Item, occurred_at: Any, site: Item | None) -> list[dict[str, Any]]:
    """Give the items of a hand-over as records: what each says of itself, and what all items of the call share."""
    return [
        {
            "battery": item.get("code"),
            "lot": item.get("lot"),
            "lotOf": item.get("lotOf"),
            "occurredAt": occurred_at,
            "site": site,
            "attachments": item.get("attachments"),
            "details": {**{name: value for name, value in item.items() if name not in _AT_THE_TOP}, **shared},
        }
        for item in items
    ]


# Taking in -----------------------------------------------------------------------------------------------------------


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
    """Take in what stands on the dock, all or none, and say of each item what the record found.

    The same call again gives the same answers, judged by what the ledger holds for it.

    Args:
        items: each {payload or code, massKg, condition, label, attachments, extra}. A payload is what the scanner
            read; what cannot be read gets a provisional identity, the same at every repetition of the call.

    Raises:
        Refusal: with every problem, its path into the call. Stage and custody never are one.
    """

    def read(key: str) -> list[Fact]:
        calls.check_size(items)
        named = [
            dict(item) | {"code": code}
            for item, code in zip(items, _read_codes(items, key, calls.own_code(by)), strict=True)
        ]
        given = records(named, {"from": from_, "waybill": waybill}, occurred_at, site)
        return calls.read_items("received", given, by=by, idempotency_key=key)

    return calls.answer(read, lambda facts: _receive(facts, by), by=by, idempotency_key=idempotency_key)


def _read_codes(items: Sequence[Item], key: str, organisation: str) -> list[str]:
    today = timezone.localdate()
    codes = []
    for place, item in enumerate(items):
        read = [_read_code(text, today) for name in ("payload", "code") if (text := item.get(name))]
        found = [code for code in read if code]
        if len(set(found)) > 1:
            raise values.wrong(item["code"], found[0], "items", str(place), "code")
        codes.append(found[0] if found else provisional_identity(organisation, calls.key_of(key, f"item-{place}")))
    return codes


def _read_code(text: str, today: Any) -> str | None:
    code: str | None = identity.codes().scan(text, today=today).code
    return code


def _receive(facts: Sequence[Fact], by: Viewer) -> list[ReceivedItem]:
    """Record what is not here yet. Locked first, so that of two phones that scan one battery only one receives it."""
    assert by.organisation_id is not None
    roots = _lock({fact.code for fact in facts})
    known = _recorded_keys(facts, by.organisation_id)
    here = _already_here(roots.values(), by.organisation_id, facts[0].occurred_ms)
    answers: dict[int, ReceivedItem] = {}
    taken: list[tuple[int, Fact]] = []
    seen: dict[int | str, int] = {}
    problems = []
    for place, fact in enumerate(facts):
        root = roots.get(fact.code)
        thing: int | str = root.id if root else fact.code
        since = seen.get(thing)
        if since is None and root and fact.key not in known:
            since = here.get(root.id)
        if since is not None:
            answers[place] = _duplicate(fact.code, since)
        elif known and fact.key not in known:
            # The call was made before without this item.
            problems.append(Problem("key_reused", (*fact.path, "key"), {"value": fact.key}))
        else:
            taken.append((place, fact))
        seen.setdefault(thing, fact.occurred_ms)
    if problems:
        raise Refusal(*problems)
    entries = ledger.record([fact for _, fact in taken], by=by).entries
    for (place, _fact), answer in zip(taken, _judge_all(entries), strict=True):
        answers[place] = answer
    return [answers[place] for place in range(len(facts))]


def _lock(codes: set[str]) -> dict[str, LifecycleRecord]:
    """Lock the batteries' records as the ledger will, in the same order; gives code → the record of its chain."""
    locked = LifecycleRecord.objects.select_for_update().order_by("kind", "code")
    records = list(locked.filter(kind=LifecycleRecord.Kind.BATTERY, code__in=codes))
    roots = {record.id: record for record in records}
    missing = {record.chain_id for record in records if record.chain_id} - roots.keys()
    if missing:
        roots |= {record.id: record for record in locked.filter(id__in=missing)}
    return {record.code: roots[record.chain_id or record.id] for record in records}


def _recorded_keys(facts: Sequence[Fact], organisation_id: int) -> set[str]:
    keys = [fact.key for fact in facts]
    return set(LifecycleEvent.objects.filter(organisation=organisation_id, key__in=keys).values_list("key", flat=True))


# Whether it is here already ------------------------------------------------------------------------------------------


def _already_here(roots: Any, us: int, moment: int) -> dict[int, int]:
    """Which of these batteries stood here at that moment, and since when: record → ms.

    Judged at its place in the order of occurrence, so that a late scan of an earlier stay is no duplicate of a later
    one. A scan from shortly before our receipt is the same receipt, told by a second phone.
    """
    candidates = {
        root.id: root.last_ms
        for root in roots
        if not root.part_of and root.last_ms is not None and (root.holder_id == us or root.last_ms > moment)
    }
    if not candidates:
        return {}
    chains: dict[int, list[Step]] = {id_: [] for id_ in candidates}
    effective = Step.objects.filter(record_id__in=candidates, effective=True)
    for step in effective.order_by("record_id", "occurred_ms", "arrival"):
        chains[step.record_id].append(step)
    found = {id_: _here_since(steps, us, moment) for id_, steps in chains.items()}
    return {id_: since for id_, since in found.items() if since is not None}


def _here_since(steps: Sequence[Step], us: int, moment: int) -> int | None:
    before = [step for step in steps if step.occurred_ms <= moment]
    after = steps[len(before) :]
    if before and _stands_here(before[-1], us):
        receipts = [step for step in before if _is_receipt(step, us)]
        return (receipts or before)[-1].occurred_ms
    if after and _is_receipt(after[0], us) and _stands_here(after[0], us):
        return after[0].occurred_ms
    return None


def _is_receipt(step: Step, us: int) -> bool:
    return step.type == "received" and step.organisation_id == us


def _stands_here(step: Step, us: int) -> bool:
    """Whether it is held here, stored and not on its way; it comes back to a claimant, so that is another receipt."""
    return (
        step.holder_after == us
        and step.claimant_after != us
        and step.transit_after is None
        and step.stage_after in STORED
    )


def _duplicate(code: str, since: int) -> ReceivedItem:
    when = timezone.localtime(values.from_ms(since)).strftime("%Y-%m-%d %H:%M")
    return ReceivedItem(code, Outcome.DUPLICATE, (Problem("already_here", (), {"when": when}),))


# What the record found -----------------------------------------------------------------------------------------------


def _judge_all(entries: Sequence[Entry]) -> list[ReceivedItem]:
    """Judge receipts by the steps that are stored for them: the same for the first answer and for a repeated one."""
    ids = [entry.event_id for entry in entries]
    steps = {step.event_id: step for step in Step.objects.filter(event_id__in=ids).select_related("record")}
    found = findings.of_steps([(steps[entry.event_id or 0], entry.fact) for entry in entries])
    answers = []
    for entry in entries:
        told = found[entry.event_id or 0]
        warnings = tuple(problem for _outcome, problem in told)
        replayed = entry.status == ledger.REPLAYED
        answers.append(ReceivedItem(entry.fact.code, findings.outcome_of(told), warnings, entry.event_id, replayed))
    return answers
