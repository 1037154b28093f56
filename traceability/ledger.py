"""The one writer of the ledger.

`record()` takes a list of facts, checks each against key, role, stage and custody with set-based reads, and appends
what is new: one transaction, rows locked in key order. A single fact is a list of one. Everything that writes
(mutation, file, capture, page) comes through here.
"""

import time
from collections.abc import Sequence
from typing import Final, Literal

from django.db import DatabaseError, IntegrityError, OperationalError, connection, transaction
from django.utils import timezone

from traceability.access import Viewer
from traceability.errors import Conflict, Problem, Refusal
from traceability.facts import Fact
from traceability.receipts import RECORDED, REFUSED, REPLAYED, Entry, Receipt
from traceability.values import to_ms
from traceability.writing import Writer

__all__ = ["RECORDED", "REFUSED", "REPLAYED", "Entry", "Receipt", "record"]

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


def is_passing(error: DatabaseError) -> bool:
    """Whether the same call may succeed when tried again: a race for a row or key, a deadlock, a lock's end."""
    if isinstance(error, IntegrityError):
        return "unique" in str(error).lower()
    return any(word in str(error).lower() for word in ("deadlock", "locked", "serializ"))
