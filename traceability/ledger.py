"""The one writer of the ledger.

`record()` takes a list of facts, checks each against key, role, stage and custody with set-based reads, and appends
what is new: one transaction, rows locked in key order. A single fact is a list of one. Everything that writes
(mutation, file, capture, page) comes through here.
"""

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Final, Literal

from django.db import DatabaseError, IntegrityError, OperationalError, connection, transaction
from django.utils import timezone

from traceability import founding
from traceability.access import Viewer
from traceability.checks import roles_for
from traceability.errors import Conflict, Problem, Refusal, refuse
from traceability.facts import Fact
from traceability.founding import New
from traceability.receipts import RECORDED, REFUSED, REPLAYED, Entry, Receipt
from traceability.values import to_ms
from traceability.writing import Writer

__all__ = ["RECORDED", "REFUSED", "REPLAYED", "Entry", "Receipt", "found", "record"]

OnError = Literal["rollback", "proceed"]
TRIES: Final = 6


def record(
    facts: Sequence[Fact],
    *,
    by: Viewer,
    on_error: OnError = "rollback",
    dry_run: bool = False,
    now_ms: int | None = None,
) -> Receipt:
    """Append facts to the ledger, each once.

    Args:
        facts: checked facts, in the order in which they arrived.
        by: who records. The alliance captures history for anyone; others record their own facts in their own roles.
        on_error: `rollback` writes nothing unless every fact is good, `proceed` writes the good ones.
        dry_run: check everything, write nothing.
        now_ms: the time of recording; the clock's by default.

    Raises:
        Refusal: with every problem, when `on_error` is `rollback` and anything was refused.
        Conflict: `concurrent_change`, when others kept writing the same rows.
    """
    for attempt in range(TRIES):
        try:
            with transaction.atomic():
                receipt = Writer(by, to_ms(timezone.now()) if now_ms is None else now_ms).write(facts)
                if receipt.problems and on_error == "rollback" and not dry_run:
                    raise Refusal(*receipt.problems)
                if dry_run:
                    transaction.set_rollback(True)
                return receipt
        except (IntegrityError, OperationalError) as error:
            if not is_passing(error):
                raise
            if connection.in_atomic_block or attempt == TRIES - 1:
                raise Conflict(Problem("concurrent_change")) from error
            time.sleep(0.01 * 2**attempt)
    raise AssertionError("unreachable")


def found(
    batteries: Sequence[New],
    *,
    by: Viewer,
    within: Callable[[Collection[str]], None] = lambda codes: None,
    now_ms: int | None = None,
) -> set[str]:
    """Record the `produced` events of many batteries that nobody has spoken of yet, in the recorder's own name.

    Args:
        batteries: with values and keys as a checked fact has them; levels of parts below their battery's.
        by: who records; it has a role that may record `produced`.
        within: called in the same transaction with the codes of the batteries it records.
        now_ms: the time of recording; the clock's by default.

    Returns:
        the codes of batteries that were left out, because somebody has spoken of them or of a part: `record` judges.

    Raises:
        Refusal: `role`.
        Conflict: `concurrent_change`, when others kept writing the same batteries.
    """
    if not by.roles & roles_for(founding.TYPE):
        raise refuse("role", ("type",), organisation=by.organisation_code, value=founding.TYPE)
    for attempt in range(TRIES):
        try:
            with transaction.atomic():
                known = founding.known_among(batteries)
                left = {new.code for new in batteries if not known.isdisjoint(_codes(new))} if known else set()
                new = [new for new in batteries if new.code not in left]
                if new:
                    founding.found(new, by=by, now_ms=to_ms(timezone.now()) if now_ms is None else now_ms)
                    within([battery.code for battery in new])
                return left
        except (IntegrityError, OperationalError) as error:
            if not is_passing(error):
                raise
            if isinstance(error, IntegrityError) and "record_kind_code" not in str(error):
                # A key that something else bears: which, and whether that matters, is judged one by one.
                return {new.code for new in batteries}
            if connection.in_atomic_block or attempt == TRIES - 1:
                raise Conflict(Problem("concurrent_change")) from error
            time.sleep(0.01 * 2**attempt)
    raise AssertionError("unreachable")


def _codes(new: New) -> Iterator[str]:
    yield new.code
    yield from new.parts.codes


def is_passing(error: DatabaseError) -> bool:
    """Whether the same call may succeed when tried again: a race for a row or key, a deadlock, a lock's end."""
    if isinstance(error, IntegrityError):
        return "unique" in str(error).lower()
    return any(word in str(error).lower() for word in ("deadlock", "locked", "serializ"))
