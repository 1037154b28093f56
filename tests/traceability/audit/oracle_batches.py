"""The oracle's batches and lots: what `audit.md` and `records.md` say of them, in plain Python, masses as decimals."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.traceability.audit.oracle_law import Record, day, moment

TOLERANCE = Decimal("0.02")
ZERO = Decimal(0)
#: Notes a gap: subject, code, key of its event, organisation, since.
Raise = Callable[[str, str, str | None, str | None, date], None]


@dataclass
class Lot:
    """What became of one lot."""

    holder: str | None = None
    transit: str | None = None
    dispatch: Record | None = None
    claimant: str | None = None
    intruder: str | None = None
    known: bool = False
    mass: Decimal = ZERO
    #: What was taken: when, 0 by a batch or 1 otherwise, how much.
    taken: list[tuple[datetime, int, Decimal]] = field(default_factory=list)

    def told(self, record: Record) -> None:
        """Custody: as of batteries."""
        who, said = record["organisation"], record["details"]
        if record["type"] == "dispatched":
            if self.claimant == who and said["to"] == self.intruder:
                self.holder = self.holder if self.transit else self.intruder
                self.claimant = self.intruder = None
            else:
                self.holder, self.transit, self.dispatch = who, said["to"], record
        elif record["type"] == "refused":
            self.transit = self.dispatch = None
        else:
            announced = self.transit == who
            if who == self.claimant or (announced and self.holder == self.claimant):
                self.claimant = self.intruder = None
            elif self.claimant is not None:
                self.intruder = who
            elif not announced and self.holder not in (None, who):
                self.claimant, self.intruder = self.holder, who
            self.holder, self.transit, self.dispatch = who, None, None


def mass(item: Mapping[str, Any]) -> Decimal:
    return Decimal(str(item["massKg"]))


class Batches:
    """All batches and lots that were told of by a day, in order."""

    def __init__(self, ordered: Sequence[Record], true: Mapping[str, str]) -> None:
        self._true = true
        self.batches = [record for record in ordered if record["type"] == "batch"]
        self.lots: dict[str, Lot] = defaultdict(Lot)
        for record in ordered:
            if record["type"] == "batch" or "lot" in record:
                self._play(record)

    def lists(self, battery: str, organisation: str, number: str) -> bool:
        """Whether a batch of this number of this organisation lists the battery."""
        return any(
            (batch["organisation"], batch["details"]["number"]) == (organisation, number)
            and battery in set(self.batteries(batch))
            for batch in self.batches
        )

    def batteries(self, batch: Record) -> Iterator[str]:
        """The true codes of the batteries that went in."""
        for item in batch["details"].get("inputs", ()):
            if "battery" in item:
                yield self._true.get(item["battery"], item["battery"])

    # Lots ------------------------------------------------------------------------------------------------------------

    def _play(self, record: Record) -> None:
        said, who = record["details"], record["organisation"]
        if record["type"] == "batch":
            for item in said.get("inputs", ()):
                if "lot" in item:
                    self._take(f"{item.get('lotOf', who)}/{item['lot']}", record, mass(item), by_batch=True)
            for item in said.get("outputs", ()):
                self._make(f"{who}/{item['lot']}", who, mass(item))
            return
        code = f"{record.get('lotOf', who)}/{record['lot']}"
        lot = self.lots[code]
        if record["type"] == "lot_opened":
            self._make(code, who, mass(said))
        elif record["type"] == "lot_sold":
            self._take(code, record, mass(said), by_batch=False)
        else:
            lot.told(record)
            if record["type"] == "received":
                # What stands on the dock without papers is there.
                lot.mass += ZERO if lot.known else mass(said)
                lot.known = True

    def _make(self, code: str, who: str, kilograms: Decimal) -> None:
        lot = self.lots[code]
        lot.holder = who if lot.holder is None else lot.holder
        lot.known, lot.mass = True, lot.mass + kilograms

    def _take(self, code: str, record: Record, kilograms: Decimal, *, by_batch: bool) -> None:
        lot = self.lots[code]
        lot.holder = record["organisation"]
        # What leaves a lot at the moment of a batch leaves it after the batch.
        lot.taken.append((moment(record["occurredAt"]), 0 if by_batch else 1, kilograms))

    # Gaps ------------------------------------------------------------------------------------------------------------

    def raise_gaps(
        self, as_of: date, processed: Sequence[tuple[str, Record]], known: Collection[str], note: Raise
    ) -> None:
        """The gaps of batches, of lots, and of batteries in batches.

        Args:
            processed: battery and fact, in order.
            known: the batteries that have a history.
        """
        for place, batch in enumerate(self.batches):
            if not self._balances(batch):
                said = f"{batch['organisation']}/{batch['details']['number']}"
                note(said, "mass_imbalance", batch["key"], batch["organisation"], day(batch["occurredAt"]))
            self._double(place, batch, processed, known, note)
        for battery, record in processed:
            late = day(record["occurredAt"]) + timedelta(days=30)
            if late <= as_of and not self.lists(battery, record["organisation"], record["details"]["batch"]):
                note(battery, "batch_missing", record["key"], record["organisation"], late)
        for code, lot in self.lots.items():
            if lot.dispatch is not None:
                late = day(lot.dispatch["occurredAt"]) + timedelta(days=30)
                if late <= as_of:
                    note(code, "unreceived", lot.dispatch["key"], lot.transit, late)

    def _double(
        self,
        place: int,
        batch: Record,
        processed: Sequence[tuple[str, Record]],
        known: Collection[str],
        note: Raise,
    ) -> None:
        who, number = batch["organisation"], batch["details"]["number"]
        for battery in sorted(set(self.batteries(batch))):
            before = [earlier for earlier in self.batches[:place] if battery in set(self.batteries(earlier))]
            if not before:
                continue
            own = [
                record
                for code, record in processed
                if code == battery and (record["organisation"], record["details"]["batch"]) == (who, number)
            ]
            if battery not in known:
                # It has nothing that a gap could hang on.
                note(f"{who}/{number}", "double_use", batch["key"], who, day(batch["occurredAt"]))
            elif own:
                note(battery, "double_use", own[0]["key"], who, day(own[0]["occurredAt"]))
            elif not any(self._alone(earlier, battery, processed) for earlier in before[1:]):
                # It hangs on the battery alone: once, on whoever was the first to use it again.
                note(battery, "double_use", None, who, day(batch["occurredAt"]))

    @staticmethod
    def _alone(batch: Record, battery: str, processed: Sequence[tuple[str, Record]]) -> bool:
        place = (batch["organisation"], batch["details"]["number"])
        return not any(
            code == battery and (record["organisation"], record["details"]["batch"]) == place
            for code, record in processed
        )

    def _balances(self, batch: Record) -> bool:
        said = batch["details"]
        whole = sum(map(mass, said.get("inputs", ())), ZERO)
        rest = sum(map(mass, [*said.get("outputs", ()), *said.get("residues", ())]), ZERO)
        if abs(whole - rest) > TOLERANCE * whole:
            return False
        fed = (item for item in said.get("inputs", ()) if "lot" in item)
        drawn = {f"{item.get('lotOf', batch['organisation'])}/{item['lot']}" for item in fed}
        return all(self._covers(self.lots[code], batch) for code in drawn)

    @staticmethod
    def _covers(lot: Lot, batch: Record) -> bool:
        """Whether the lot holds what was taken until this batch was closed, with what the batch takes."""
        until = moment(batch["occurredAt"])
        taken = sum((kilograms for when, late, kilograms in lot.taken if (when, late) <= (until, 0)), ZERO)
        return lot.known and taken <= lot.mass
