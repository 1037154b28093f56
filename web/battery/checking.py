"""What the server checks of a battery's record, for who may not see what is in it: `verify` of this chain alone."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from batteries.label_text import normalise
from traceability.models import LifecycleEvent, LifecycleRecord
from traceability.verification import Fault, Verified, verify

#: What reading a body raises that was altered until it cannot be read.
UNREADABLE: Final = (ValueError, KeyError, TypeError, AttributeError)
_HASH: Final = re.compile(r"[0-9a-f]{64}")
FAULTS: Final[dict[str, Any]] = {
    "hash": _("a record is not what its hash says"),
    "link": _("a record does not link to the one before"),
    "missing": _("a record is missing"),
    "body": _("what stands beside a record is not what it says"),
    "content": _("a value beside a record is not what the record commits to"),
    "head": _("the end of the chain is not its last record"),
}


@dataclass(frozen=True, slots=True)
class Head:
    """The end of one record: how many events it has, and the hash of the last."""

    code: str
    number: int
    hash: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found, when, and over how much."""

    at: datetime
    events: int
    heads: tuple[Head, ...]
    faults: tuple[Fault, ...]

    @property
    def holds(self) -> bool:
        """Whether everything is as it was recorded."""
        return not self.faults

    @property
    def told(self) -> list[str]:
        """The faults in words, each once."""
        return [str(FAULTS[kind]) for kind in dict.fromkeys(fault.kind for fault in self.faults)]


def check(chains: Collection[int | None]) -> Checked:
    """Verify these chains and what joined them, now; four queries."""
    ids = {chain for chain in chains if chain is not None}
    counted = Verified()
    faults = tuple(verify(chains=ids, progress=counted))
    rows = LifecycleRecord.objects.filter(Q(id__in=ids) | Q(chain__in=ids)).order_by("id")
    heads = tuple(
        Head(code, number, bytes(head or b"").hex())
        for code, number, head in rows.values_list("code", "number", "head")
    )
    return Checked(timezone.now(), counted.events, heads, faults)


def place_of(given: str, chains: Collection[int | None]) -> int | None:
    """Find which record of these chains has a hash, as it stands on a receipt; None for a hash of none of them."""
    text = normalise(given).lower()
    if not _HASH.fullmatch(text):
        return None
    ids = {chain for chain in chains if chain is not None}
    events = LifecycleEvent.objects.filter(Q(record__in=ids) | Q(record__chain__in=ids), hash=bytes.fromhex(text))
    return events.values_list("sequence", flat=True).first()
