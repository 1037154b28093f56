"""What selectors return: plain frozen rows, already cut to what their viewer may see.

Organisations are database ids, masses integer milligrams, times integer milliseconds since 1970.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Generic, TypeVar

from traceability.access import FULL, INTAKE, PART

T = TypeVar("T")
U = TypeVar("U")
#: After every event there is: how far those see who see all.
FOREVER: Final = (1 << 62, 1 << 62)
#: Before every event: what a fixed intake view shows of the chain.
NEVER: Final = (0, 0)


@dataclass(frozen=True, slots=True)
class Sight:
    """How much of one battery a viewer sees, and how far into its chain (occurred ms, arrival)."""

    level: str
    until: tuple[int, int] = FOREVER

    @property
    def sees_chain(self) -> bool:
        """Whether anything of the chain may be told, and not the intake view alone."""
        return self.level != INTAKE


ALL_OF_IT: Final = Sight(FULL)
INTAKE_ONLY: Final = Sight(INTAKE, NEVER)


def part_until(ms: int, arrival: int) -> Sight:
    """The sight of an organisation whose part reaches so far."""
    return Sight(PART, (ms, arrival))


@dataclass(frozen=True, slots=True)
class BatteryRow:
    """One battery as its viewer may see it.

    `chain_id` is the record whose chain tells its life (its battery's, for a part without a record of its own; None
    when not even that is known); `record_id` its own. `keeper_id` is who holds it to the end, known to its maker by
    its roles only; `holder_id` who may be named.
    """

    code: str
    level: str
    sight: Sight
    stage: str = ""
    record_id: int | None = None
    chain_id: int | None = None
    #: The battery it is built into now.
    inside: str = ""
    holder_id: int | None = None
    keeper_id: int | None = None
    transit_to_id: int | None = None
    status: str | None = None
    maker_id: int | None = None
    battery_type: str = ""
    prefix: str = ""
    produced_on: date | None = None
    model_number: str = ""
    #: Of a part that goes on alone without a model of its own: that of the battery it came out of.
    inherited_model: str = ""
    mass_mg: int | None = None
    second_life: bool = False
    #: Whether it is set apart; None for who does not see all of it.
    quarantined: bool | None = None


@dataclass(frozen=True, slots=True)
class EventRow:
    """One event of a chain, as it counts there: a correction in the place, and under the key, of what it corrects."""

    id: int
    record_code: str
    sequence: int
    type: str
    key: str
    organisation_id: int
    organisation_code: str
    occurred_ms: int
    recorded_ms: int
    reported_ms: int
    effective: bool
    #: Its place in the chain: occurred ms, arrival, event.
    order: tuple[int, int, int]
    hash: bytes
    previous_hash: bytes | None
    actor: str
    stage_after: str = ""
    corrects: str | None = None
    site: Mapping[str, Any] | None = None
    attachments: tuple[Mapping[str, Any], ...] = ()
    details: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class IdentityRow:
    """A provisional identity that turned out to be a battery: who said so, when, and on what evidence."""

    code: str
    organisation_id: int
    occurred_ms: int
    evidence: str | None


@dataclass(frozen=True, slots=True)
class RecallRow:
    """A recall of a battery: the campaign, and what to do, as far as that was said."""

    campaign: str
    instruction: str
    organisation_id: int
    occurred_ms: int


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A battery model as filed, or only its number when nobody filed it; figures as canonical text."""

    number: str
    organisation_id: int | None = None
    level: str = ""
    battery_type: str = ""
    nominal_voltage_v: str = ""
    rated_capacity_ah: str = ""
    nominal_energy_kwh: str = ""
    mass_mg: int | None = None
    cells: int | None = None
    gtin: str = ""
    composition: Mapping[str, str] | None = None
    id: int = 0


@dataclass(frozen=True, slots=True)
class TransferRow:
    """A consignment with the figures of its items."""

    id: int
    sender_id: int
    receiver_id: int
    waybill: str | None
    status: str
    dispatched_ms: int
    items: int
    open: int


@dataclass(frozen=True, slots=True)
class ItemRow:
    """One battery of a consignment."""

    id: int
    transfer_id: int
    record_id: int
    status: str
    dispatched_ms: int
    sent_mg: int | None
    closed_ms: int | None
    received_mg: int | None
    condition: str


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some rows of an ordered list, and whether there are more on either side."""

    rows: tuple[T, ...]
    has_next: bool = False
    has_previous: bool = False

    @classmethod
    def cut(cls, found: Sequence[T], size: int, *, begun: bool) -> "Page[T]":
        """Make a page of what was found for it, one row more than it holds where more follow.

        An empty page has no cursor to go on from, so one that was asked to be empty says nothing of its neighbours.
        """
        return cls(tuple(found[:size]), has_next=0 < size < len(found), has_previous=begun and size > 0)

    def holding(self, rows: Iterable[U]) -> "Page[U]":
        """Give the same page of what its rows stand for."""
        return Page(tuple(rows), self.has_next, self.has_previous)
