"""Lives that parts share: where modules and cells were built in, and what their batteries had reached by then.

A part shares the stage and the holder of the battery it is built into, level by level (a cell, its module, its pack).
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, replace

from traceability.events import batches
from traceability.models import Component, LifecycleRecord, Step
from traceability.stages import State

#: How many levels of parts are followed; what is stated to be a part of itself ends here.
DEPTH = 8


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """A part's stay in a battery, as stored."""

    id: int
    code: str
    parent: str
    since: tuple[int, int]
    until_ms: int | None


def stays_of(codes: Collection[str]) -> dict[str, list[BuiltIn]]:
    """Load where these codes have been built in, in order; under a true code also the stays of those that joined it."""
    found: dict[str, list[BuiltIn]] = defaultdict(list)
    columns = ("id", "code", "parent_code", "since_ms", "since_event_id", "until_ms")
    for batch in batches(codes):
        true = {code: code for code in batch}
        joined = LifecycleRecord.objects.filter(kind="battery", chain__kind="battery", chain__code__in=batch).order_by()
        own = Component.objects.filter(code__in=batch).order_by().values_list(*columns)
        under_other_names = Component.objects.filter(code__in=joined.values("code")).order_by().values_list(*columns)
        rows = list(own.union(under_other_names))
        if not true.keys() >= {code for _id, code, *_stay in rows}:
            true |= dict(joined.values_list("code", "chain__code"))
        for id_, code, parent, ms, event, until in rows:
            found[true[code]].append(BuiltIn(id_, code, parent, (ms, event), until))
    for stays in found.values():
        stays.sort(key=lambda stay: (stay.since, stay.id))
    return found


def ancestors(codes: Collection[str]) -> dict[str, set[str]]:
    """All that these codes are or were built into, directly or not; codes without any are left out."""
    direct: dict[str, set[str]] = {}
    wanted = set(codes)
    while wanted:
        found = {code: {stay.parent for stay in stays} for code, stays in stays_of(wanted).items()}
        direct |= found
        wanted = {parent for parents in found.values() for parent in parents} - direct.keys()
    return {code: _reached(code, direct) for code in direct}


def _reached(code: str, direct: dict[str, set[str]]) -> set[str]:
    reached: set[str] = set()
    pending = set(direct[code])
    while pending:
        reached |= pending
        pending = {up for parent in pending for up in direct.get(parent, ())} - reached
    return reached


class Lives:
    """The lives that parts share: what any of these codes had reached at a given moment."""

    def __init__(self, codes: Collection[str]) -> None:
        """Load the codes and all they are built into, level by level."""
        self.records: dict[str, LifecycleRecord] = {}
        self.stays: dict[str, list[BuiltIn]] = {}
        wanted = set(codes)
        while wanted:
            self._load_records(wanted)
            wanted = {self.true(code) for code in wanted} - self.stays.keys()
            found = stays_of(wanted)
            self.stays |= {code: found.get(code, []) for code in wanted}
            wanted = {stay.parent for stays in found.values() for stay in stays} - self.stays.keys()
        self._load_steps()

    def _load_records(self, codes: Collection[str]) -> None:
        for batch in batches(codes):
            for record in LifecycleRecord.objects.filter(kind="battery", code__in=batch).select_related("chain"):
                self.records[record.code] = record.chain or record

    def _load_steps(self) -> None:
        self.steps: dict[int, list[Step]] = defaultdict(list)
        for ids in batches({record.id for record in self.records.values()}):
            for row in Step.objects.filter(record_id__in=ids, effective=True).order_by("occurred_ms", "arrival"):
                self.steps[row.record_id].append(row)

    def forget(self, events: Collection[int]) -> None:
        """Leave out what these events built in, as if they had not been recorded."""
        self.stays = {code: [s for s in stays if s.since[1] not in events] for code, stays in self.stays.items()}

    def true(self, code: str) -> str:
        """The code that a provisional identity turned out to be; any other as it is."""
        record = self.records.get(code)
        return record.code if record else code

    def at(self, code: str, moment: tuple[int, int], depth: int = 0) -> State:
        """Give the state that a code had reached before the moment (ms, arrival); unknown codes have none."""
        record = self.records.get(code)
        stay = next((s for s in reversed(self.stays.get(self.true(code), [])) if s.since <= moment), None)
        if stay and (stay.until_ms is None or stay.until_ms > moment[0]) and depth < DEPTH:
            shared = self.at(stay.parent, moment, depth + 1)
            return replace(shared, origin=shared.origin or bool(record and record.has_origin))
        own = self.steps.get(record.id, []) if record else []
        place = bisect_right(own, moment, key=lambda row: (row.occurred_ms, row.arrival))
        if record is None or not place:
            return State()
        last = own[place - 1]
        return State(
            stage=last.stage_after,
            holder=last.holder_after,
            claimant=last.claimant_after,
            intruder=last.intruder_after,
            maker=record.maker_id,
            started=True,
            origin=record.has_origin,
            produced=record.produced,
            second_life=record.second_life,
            quarantine=last.quarantine_after,
        )

    def is_known(self, code: str) -> bool:
        """Tell whether anything was recorded of a code, by itself or as a part."""
        return code in self.records or bool(self.stays.get(self.true(code)))

    def inside(self, code: str, moment: tuple[int, int]) -> list[str]:
        """Name all that a code is built into at a moment, from its direct battery outward."""
        found: list[str] = []
        while len(found) < DEPTH:
            stays = self.stays.get(self.true(code), [])
            stay = next((s for s in reversed(stays) if s.since <= moment), None)
            if stay is None or (stay.until_ms is not None and stay.until_ms <= moment[0]):
                break
            code = self.true(stay.parent)
            found.append(code)
        return found

    def stated_in(self, code: str, moment: tuple[int, int]) -> set[str]:
        """Name every battery that a code is directly built into at a moment: several, where history says so."""
        stays = self.stays.get(self.true(code), [])
        return {
            self.true(stay.parent)
            for stay in stays
            if stay.since <= moment and (stay.until_ms is None or stay.until_ms > moment[0])
        }

    def maker_of(self, code: str | None) -> int | None:
        """Give the maker of a battery, or that of what it is built into."""
        return None if code is None else self.at(code, (1 << 62, 1 << 62)).maker

    def origin_of(self, code: str | None) -> bool:
        """Tell whether a battery has an origin, by itself or by what it is built into."""
        if code is None:
            return False
        record = self.records.get(code)
        return bool(record and record.has_origin) or self.at(code, (1 << 62, 1 << 62)).origin
