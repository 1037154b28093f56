"""A call at a door: one idempotency key, and one or several facts of the caller's own organisation.

A fact's key is `<idempotencyKey>#<code>`. Problems are told with paths into the call as it was made: what the record
has under `details` stands beside the call's other fields, and what all items share is told once.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, TypeVar

from django.db import OperationalError, connection, transaction
from django.utils import timezone

from traceability import events, ledger, values
from traceability.access import Viewer
from traceability.checks import STARTING, roles_for
from traceability.errors import Conflict, Problem, Refusal, refuse
from traceability.facts import Fact, read_fact
from traceability.models import Component, LifecycleEvent, LifecycleRecord
from traceability.receipts import RECORDED, Entry, Receipt

#: Leaves room for `#` and the longest code in a record's key.
KEY_LIMIT: Final = 170
ITEM_LIMIT: Final = 1_000
#: Where a problem of a record is found in the call; what it says about caller and type concerns the call as a whole.
_ELSEWHERE: Final = {"key": ("idempotencyKey",), "type": (), "organisation": ()}
_SHARED: Final = frozenset("idempotencyKey occurredAt to from waybill reason campaign instruction site".split())
T = TypeVar("T")


def key_of(idempotency_key: str, code: str) -> str:
    """Give the key under which a call records its fact about this code."""
    return f"{idempotency_key}#{code}"


def own_code(by: Viewer) -> str:
    """Give the organisation that the caller records for; refuses `no_organisation`, `sign_in`."""
    if by.organisation_code is None:
        raise refuse("no_organisation" if by.is_known else "sign_in")
    return by.organisation_code


def check_key(idempotency_key: str) -> str:
    """Give the key without what is not seen; a blank or overlong one is `wrong_value`."""
    try:
        return values.clean_text(idempotency_key, KEY_LIMIT).strip()
    except Refusal as refusal:
        raise Refusal(*(problem.under("idempotencyKey") for problem in refusal.problems)) from None


def check_size(items: Sequence[Any], name: str = "items") -> None:
    """Refuse an empty list (`missing_field`) and one beyond the limit of a call (`too_many`)."""
    if not items:
        raise refuse("missing_field", (name,), value=name)
    if len(items) > ITEM_LIMIT:
        raise refuse("too_many", (name,), value=len(items), limit=ITEM_LIMIT)


def read(type_: str, given: Mapping[str, Any], *, by: Viewer, idempotency_key: str, path: tuple[str, ...] = ()) -> Fact:
    """Read one fact of a call: a record without key, type and organisation, which the call itself says."""
    record = {**given, "key": idempotency_key, "type": type_, "organisation": own_code(by)}
    fact = read_fact(record, today=timezone.localdate(), path=path)
    return replace(fact, key=key_of(idempotency_key, fact.code or _corrected_code(fact)))


def record_one(type_: str, given: Mapping[str, Any], *, by: Viewer, idempotency_key: str) -> Entry:
    """Record the only fact of a call.

    Raises:
        Refusal: with every problem, its path into the call.
    """
    try:
        fact = read(type_, given, by=by, idempotency_key=check_key(idempotency_key))
        check_caller([fact], by)
        return ledger.record([fact], by=by).entries[0]
    except Refusal as refusal:
        raise told(refusal) from None


def record_items(type_: str, items: Sequence[Mapping[str, Any]], *, by: Viewer, idempotency_key: str) -> Receipt:
    """Record one fact for each item of a call's list, all or none.

    Raises:
        Refusal: with every problem, its path into the call; `key_reused` also when the key was used for a shorter list.
    """

    def read_all(key: str) -> list[Fact]:
        check_size(items)
        facts = read_items(type_, items, by=by, idempotency_key=key)
        check_distinct(facts)
        return facts

    return answer(read_all, lambda facts: record_whole(facts, by), by=by, idempotency_key=idempotency_key)


def answer(
    read_all: Callable[[str], list[Fact]], work: Callable[[list[Fact]], T], *, by: Viewer, idempotency_key: str
) -> T:
    """Answer a call: read its facts under its key, and do the work with them in one transaction.

    Raises:
        Refusal: with every problem, its path into the call.
    """
    try:
        facts = read_all(check_key(idempotency_key))
        check_caller(facts, by)
        return transact(lambda: work(facts))
    except Refusal as refusal:
        raise told(refusal) from None


def record_whole(facts: Sequence[Fact], by: Viewer) -> Receipt:
    """Record the facts of one call, all or none; raises `key_reused` when only some of them are new."""
    receipt = ledger.record(facts, by=by)
    # A call is written all or none: an item that is new under a key that was used is another call.
    new = [entry.fact for entry in receipt.entries if entry.status == RECORDED]
    if new and len(new) < len(receipt.entries):
        raise Refusal(*(Problem("key_reused", (*fact.path, "key"), {"value": fact.key}) for fact in new))
    return receipt


def read_items(type_: str, items: Sequence[Mapping[str, Any]], *, by: Viewer, idempotency_key: str) -> list[Fact]:
    """Read all items of a call, or refuse it with everything that is wrong with any of them."""
    facts: list[Fact] = []
    problems: list[Problem] = []
    for place, item in enumerate(items):
        try:
            facts.append(read(type_, item, by=by, idempotency_key=idempotency_key, path=("items", str(place))))
        except Refusal as refusal:
            problems.extend(refusal.problems)
    if problems:
        raise Refusal(*problems)
    return facts


def check_distinct(facts: Iterable[Fact]) -> None:
    """Refuse a list that names a battery or a lot twice."""
    seen: set[str] = set()
    for fact in facts:
        if fact.code in seen:
            kind = "lot" if fact.lot else "battery"
            raise values.wrong(fact.lot or fact.code, values.ONCE, *fact.path, kind)
        seen.add(fact.code)


def check_caller(facts: Sequence[Fact], by: Viewer) -> None:
    """Ask of the alliance, too, what the ledger asks of the others: its own roles, and a battery that exists.

    The ledger lets the alliance capture anybody's history, contradictions and all; a call is made in the own name.
    """
    if not by.is_alliance:
        return
    for fact in facts:
        if not by.roles & roles_for(fact.type):
            raise refuse("role", ("type",), organisation=fact.organisation, value=fact.type)
    codes = {fact.code for fact in facts if fact.kind == "battery" and fact.type not in {*STARTING, "corrected"}}
    unknown = codes - _known(codes)
    if unknown:
        raise Refusal(
            *(Problem("unknown_battery", (*f.path, "battery"), {"value": f.code}) for f in facts if f.code in unknown)
        )


def _known(codes: Iterable[str]) -> set[str]:
    """Which of the batteries anything was ever recorded of, by themselves or as parts."""
    codes = set(codes)
    if not codes:
        return codes
    records = LifecycleRecord.objects.filter(kind=LifecycleRecord.Kind.BATTERY, code__in=codes)
    known = set(records.values_list("code", flat=True))
    parts = Component.objects.filter(code__in=codes - known).values_list("code", flat=True)
    return known | (set(parts) if codes - known else set())


def _corrected_code(fact: Fact) -> str:
    """The code of the record that a correction goes to; whether the original exists is judged by the ledger."""
    organisation, key = events.target_of(fact)
    original = LifecycleEvent.objects.filter(organisation__code=organisation, key=key)
    return original.values_list("record__code", flat=True).first() or key[:80]


def transact(work: Callable[[], T]) -> T:
    """Do the work in one transaction, and again when another writer was faster.

    The ledger tries again by itself only in a transaction that it opened itself.

    Raises:
        Conflict: `concurrent_change`, when others kept writing the same rows.
    """
    for attempt in range(ledger.TRIES):
        try:
            with transaction.atomic():
                return work()
        except (Conflict, OperationalError) as error:
            if isinstance(error, OperationalError) and not ledger.is_passing(error):
                raise
            if connection.in_atomic_block or attempt == ledger.TRIES - 1:
                raise Conflict(Problem("concurrent_change")) from error
            time.sleep(0.01 * 2**attempt)
    raise AssertionError("unreachable")


def told(refusal: Refusal) -> Refusal:
    """Give the same refusal with paths into the call; what all items share is told once."""
    found: dict[tuple[str, tuple[str, ...]], Problem] = {}
    for problem in refusal.problems:
        path = _in_call(problem.path)
        found.setdefault((problem.code, path), replace(problem, path=path))
    return type(refusal)(*found.values())


def _in_call(path: tuple[str, ...]) -> tuple[str, ...]:
    item, rest = (path[:2], path[2:]) if path[:1] == ("items",) else ((), path)
    if not rest:
        return path
    if rest[0] in _ELSEWHERE:
        return _ELSEWHERE[rest[0]]
    if item and rest[0] == "battery":
        return (*item, "code", *rest[1:])
    if rest[0] == "details":
        rest = rest[1:]
    return rest if rest[:1] and rest[0] in _SHARED else (*item, *rest)
