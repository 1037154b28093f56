"""A receipt: what one batch at the dock came to, on paper, with an address by which anybody who holds it can check it.

    POST /intake/receipt.pdf            size 58, 80 or a4, and the keys of what was received
    GET  /intake/receipts/<token>       what the ledger says now of what that paper says

The token is signed and names the events (a batch within a range of them) and a digest of their hashes, so nothing has
to be kept for it, and a paper that was made up leads nowhere.
"""

import hashlib
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django.core import signing
from django.db.models import QuerySet

from traceability import events
from traceability.models import LifecycleEvent, Organisation, Step, User
from traceability.values import from_ms

LIMIT: Final = 1_000
SALT: Final = "web.intake.receipts"
_BATCH: Final = re.compile(r"intake-[0-9a-z]{8}-")


@dataclass(frozen=True, slots=True)
class Line:
    """One battery of a receipt; `stands` is false once it was taken back or corrected."""

    code: str
    occurred_at: datetime
    recorded_at: datetime
    mass_kg: Decimal | None
    condition: str
    waybill: str
    actor: str
    stands: bool


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a batch came to; its `token` leads back to it."""

    organisation: Organisation
    lines: tuple[Line, ...]
    people: tuple[str, ...]
    digest: str
    token: str

    @property
    def mass_kg(self) -> Decimal:
        """The masses that were told, together."""
        return sum((line.mass_kg for line in self.lines if line.mass_kg is not None), Decimal(0))

    @property
    def waybills(self) -> list[str]:
        """The waybills, each once."""
        return list(dict.fromkeys(line.waybill for line in self.lines if line.waybill))

    @property
    def stands(self) -> bool:
        """Whether all of it still is as it was."""
        return all(line.stands for line in self.lines)


def of_keys(organisation_id: int, keys: Collection[str]) -> Receipt | None:
    """Make the receipt of what this organisation received under these keys; None where that is no batch of intake."""
    batches = {found[0] for key in keys if (found := _BATCH.match(key))}
    if len(batches) != 1 or not 0 < len(keys) <= LIMIT or not all(_BATCH.match(key) for key in keys):
        return None
    ours = LifecycleEvent.objects.filter(organisation=organisation_id, type="received")
    rows = [row for some in events.batches(sorted(keys)) for row in _read(ours.filter(key__in=some))]
    standing = [row for row in sorted(rows, key=lambda row: row.pk) if row.step.effective]
    return _receipt(organisation_id, batches.pop(), standing) if standing else None


def of_token(token: str) -> Receipt | None:
    """Find the receipt that a paper leads to; None where it was not made here, or the ledger says something else."""
    try:
        organisation_id, batch, first, last, digest = signing.loads(token, salt=SALT)
    except (signing.BadSignature, ValueError):
        return None
    rows = _read(
        LifecycleEvent.objects.filter(
            id__gte=first, id__lte=last, organisation=organisation_id, type="received", key__startswith=batch
        )
    )
    numbers = sorted(rows, key=lambda row: row.pk)
    receipt = _receipt(organisation_id, batch, numbers) if numbers else None
    return receipt if receipt is not None and receipt.digest == digest else None


def _read(rows: QuerySet[LifecycleEvent]) -> list[LifecycleEvent]:
    return list(rows.select_related("record", "step"))


def _receipt(organisation_id: int, batch: str, rows: Sequence[LifecycleEvent]) -> Receipt:
    digest = hashlib.sha256(b"".join(bytes(row.hash) for row in rows)).hexdigest()[:32]
    token = signing.dumps([organisation_id, batch, rows[0].pk, rows[-1].pk, digest], salt=SALT)
    told = {one.id: one.fact for one in events.stored(rows)}
    lines = tuple(_line(row, row.step, told[row.pk].occurred_ms, told[row.pk].details) for row in rows)
    organisation = Organisation.objects.get(pk=organisation_id)
    return Receipt(organisation, lines, _people(lines), digest, token)


def _line(row: LifecycleEvent, step: Step, occurred_ms: int, details: Any) -> Line:
    mass = details.get("massKg")
    return Line(
        code=row.record.code,
        occurred_at=from_ms(occurred_ms),
        recorded_at=row.recorded_at,
        mass_kg=None if mass is None else Decimal(str(mass)),
        condition=details.get("condition", ""),
        waybill=details.get("waybill", ""),
        actor=row.actor,
        stands=step.effective,
    )


def _people(lines: Sequence[Line]) -> tuple[str, ...]:
    """The names of who received, in order of appearance."""
    actors = list(dict.fromkeys(line.actor for line in lines))
    numbers = [int(actor[5:]) for actor in actors if actor.startswith("user:") and actor[5:].isdigit()]
    names = {f"user:{one.pk}": one.get_full_name() or one.get_username() for one in User.objects.filter(pk__in=numbers)}
    return tuple(names.get(actor, actor) for actor in actors)
