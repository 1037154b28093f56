"""A receipt: what one batch at the dock came to, on paper, with an address by which anybody who holds it can check it.

    POST /intake/receipt.pdf            size 58, 80 or a4, and the keys of what was received
    GET  /intake/receipts/<token>       what the ledger says now of what that paper says

The token is signed and names the events (a batch within a range of them, as corrected up to one) and a digest of their
hashes, so nothing has to be kept for it, and a paper that was made up leads nowhere.
"""

import hashlib
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from django.core import signing

from traceability import events
from traceability.models import LifecycleEvent, Organisation, User
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
    several = (ours.filter(key__in=some).values_list("pk", flat=True) for some in events.batches(sorted(keys)))
    numbers = [number for some in several for number in some]
    return _receipt(organisation_id, batches.pop(), min(numbers), max(numbers)) if numbers else None


def of_token(token: str) -> Receipt | None:
    """Find the receipt that a paper leads to; None where it was not made here, or the ledger says something else."""
    try:
        # Papers of before say nothing of corrections: theirs is what was known with the last of their events.
        organisation_id, batch, first, last, *known, digest = signing.loads(token, salt=SALT)
    except (signing.BadSignature, ValueError):
        return None
    receipt = _receipt(organisation_id, batch, first, last, known[0] if known else last)
    return receipt if receipt is not None and receipt.digest == digest else None


def _receipt(organisation_id: int, batch: str, first: int, last: int, known: int | None = None) -> Receipt | None:
    """The receipt of what a batch received from one event to another, as corrected up to the event `known`."""
    received = LifecycleEvent.objects.filter(
        id__gte=first, id__lte=last, organisation=organisation_id, type="received", key__startswith=batch
    )
    records = dict(received.values_list("pk", "record"))
    said = events.of_records(set(records.values()), {"received", "corrected"})
    known = known or max((event.id for event in said), default=0)
    standing, _ = events.standing([event for event in said if event.id <= known])
    places = [place for place in standing if place.original.id in records and place.fact.type == "received"]
    if not places:
        return None
    places.sort(key=lambda place: place.original.id)
    now = _now([place.event.id for place in places])
    digest = hashlib.sha256(b"".join(now[place.event.id][0] for place in places)).hexdigest()[:32]
    token = signing.dumps([organisation_id, batch, first, last, known, digest], salt=SALT)
    lines = tuple(_line(place, now[place.event.id][1]) for place in places)
    return Receipt(Organisation.objects.get(pk=organisation_id), lines, _people(lines), digest, token)


def _now(numbers: Sequence[int]) -> dict[int, tuple[bytes, bool]]:
    """The hash of each of these events, and whether it counts now."""
    found: dict[int, tuple[bytes, bool]] = {}
    for some in events.batches(numbers):
        rows = LifecycleEvent.objects.filter(pk__in=some).values_list("pk", "hash", "step__effective")
        found |= {number: (bytes(digest), effective) for number, digest, effective in rows}
    return found


def _line(place: events.Standing, stands: bool) -> Line:
    mass = place.fact.details.get("massKg")
    return Line(
        code=place.fact.code,
        occurred_at=from_ms(place.fact.occurred_ms),
        recorded_at=from_ms(place.original.recorded_ms),
        mass_kg=None if mass is None else Decimal(str(mass)),
        condition=place.fact.details.get("condition", ""),
        waybill=place.fact.details.get("waybill", ""),
        actor=place.original.actor,
        stands=stands,
    )


def _people(lines: Sequence[Line]) -> tuple[str, ...]:
    """The names of who received, in order of appearance."""
    actors = list(dict.fromkeys(line.actor for line in lines))
    numbers = [int(actor[5:]) for actor in actors if actor.startswith("user:") and actor[5:].isdigit()]
    names = {f"user:{one.pk}": one.get_full_name() or one.get_username() for one in User.objects.filter(pk__in=numbers)}
    return tuple(names.get(actor, actor) for actor in actors)
