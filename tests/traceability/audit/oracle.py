"""What the contract expects of the audit, in plain Python: all facts are played once, in order, over all batteries.

Written from `audit.md` and `records.md` alone. The product asks set-wise over projected steps; this walks. `altered`
is left out.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, NamedTuple

from tests.traceability.audit.oracle_batches import Batches
from tests.traceability.audit.oracle_law import (
    FORBIDDEN,
    ORDER_73,
    SECOND_LIFE_LIST_ENDS,
    Record,
    Standing,
    day,
    due,
    moment,
)

ENDS = {"dismantled", "reassembled", "processed", "exported", "destroyed", "lost"}
ALIVE = ("produced", "in_vehicle", "retired", "in_second_life")
ANY = (*ALIVE, *sorted(ENDS))
#: Any but an end; a chain that nothing has given a stage yet is at none.
NOT_ENDED = (None, *ALIVE)
SECOND_LIFE_CODE = 19
MASTER = {"organisation", "permit", "listing"}
#: type → stages it is allowed from (None: a chain's first), the new stage (None: the same).
TABLE: dict[str, tuple[tuple[str | None, ...], str | None]] = {
    "produced": ((None,), "produced"),
    "installed": (("produced", "retired"), "in_vehicle"),
    "sold": (("in_vehicle",), None),
    "removed": (("in_vehicle",), "retired"),
    "dispatched": (("produced", "retired"), None),
    "received": (("produced", "retired", "lost"), None),
    "refused": (("produced", "retired"), None),
    "repaired": (("produced", "in_vehicle", "retired"), None),
    "inspected": (("retired",), None),
    "dismantled": (("retired",), "dismantled"),
    "assembled": ((None,), "produced"),
    "reassembled": (("retired",), "reassembled"),
    "deployed": (("produced",), "in_second_life"),
    "decommissioned": (("in_second_life",), "retired"),
    "processed": (("retired",), "processed"),
    "exported": (("produced", "retired"), "exported"),
    "destroyed": (NOT_ENDED, "destroyed"),
    "lost": (NOT_ENDED, "lost"),
    "recalled": (NOT_ENDED, None),
    "quarantine_lifted": (("retired",), None),
    "label_issued": (NOT_ENDED, None),
    "label_revoked": (NOT_ENDED, None),
    "dispute_decided": ((None, *ANY), None),
    "identified": ((None, *ANY), None),
    "released": ((None, *ANY), "retired"),
}
HOLDER_ONLY = set(
    "installed sold dispatched inspected dismantled reassembled deployed processed exported destroyed lost identified"
    " quarantine_lifted".split()
)
BECOMES_HOLDER = {"produced", "removed", "received", "assembled", "decommissioned", "released"}
NEVER_A_STAGE = {"recalled", "identified"}
BREAKS = set(
    "unknown_origin missing_link custody_break unreceived unlicensed future_dated component_loss component_conflict"
    " forbidden_use lost vehicle_without_battery batch_missing double_use".split()
)


class Gap(NamedTuple):
    """What is compared of a gap; `battery` may be a batch or a lot: `<organisation>/<number>`."""

    battery: str
    gap: str
    event: str | None
    organisation: str | None
    since: str


@dataclass
class Battery:
    """One battery while its facts are played."""

    code: str
    stage: str | None = None
    holder: str | None = None
    transit: str | None = None
    claimant: str | None = None
    intruder: str | None = None
    second_life: bool = False
    started: bool = False
    produced: bool = False
    origin: bool = False
    parents: list[str] = field(default_factory=list)
    last: Record | None = None
    dispatch: Record | None = None
    lost: Record | None = None
    vehicles: dict[str, Record] = field(default_factory=dict)


def expected(records: Sequence[Record], as_of: date) -> tuple[set[Gap], dict[str, str]]:
    """The gaps, and the status of each chain, of records in order of arrival."""
    play = Play(records, as_of)
    for record in play.facts:
        play.tell(record)
    play.close()
    return play.gaps, play.statuses()


def effective(seen: Sequence[Record]) -> Iterator[tuple[int, Record]]:
    """The records with their corrections: a replacement stands in the original's place, key and time of report."""
    latest: dict[tuple[str, str], Mapping[str, Any]] = {}
    for record in seen:
        if record["type"] == "corrected":
            said = record["details"]
            latest[said.get("organisation", record["organisation"]), said["corrects"]] = said
    for arrival, record in enumerate(seen):
        if record["type"] == "corrected":
            continue
        said = latest.get((record["organisation"], record["key"]))
        if said is None:
            yield arrival, record
        elif (new := said.get("replacement")) is not None:
            names = ("key", "organisation", "reportedAt", "battery", "lot", "lotOf")
            kept = {name: record[name] for name in names if name in record}
            yield arrival, {"details": {}, **kept, **new}


class Play:
    """All facts seen by a day, told in order."""

    def __init__(self, records: Sequence[Record], as_of: date) -> None:
        self.as_of = as_of
        seen = [record for record in records if day(record["reportedAt"]) <= as_of]
        ordered = [r for _, r in sorted(effective(seen), key=lambda item: (moment(item[1]["occurredAt"]), item[0]))]
        self.standing = Standing.of([r for r in ordered if r["type"] in MASTER])
        self.scrapped = [r for r in ordered if r["type"] == "vehicle_scrapped"]
        self.facts = [r for r in ordered if "battery" in r]
        self.true = {r["battery"]: r["details"]["as"] for r in self.facts if r["type"] == "identified"}
        self.batches = Batches(ordered, self.true)
        self.processed: list[tuple[str, Record]] = []
        self.batteries: dict[str, Battery] = {}
        self.gaps: set[Gap] = set()

    def battery(self, code: str) -> Battery:
        """The battery behind a code, a provisional one's true one."""
        code = self.true.get(code, code)
        return self.batteries.setdefault(code, Battery(code, second_life=len(code) == SECOND_LIFE_CODE))

    def raise_(self, battery: Battery, gap: str, record: Record, *, by: str | None = "", after: int = 0) -> None:
        """Note a gap of the recorder, or of another; `after`: the days after which it became one."""
        since = day(record["occurredAt"]) + timedelta(days=after)
        if since <= self.as_of or not after:
            answerable = record["organisation"] if by == "" else by
            self.gaps.add(Gap(battery.code, gap, record["key"], answerable, since.isoformat()))

    # One fact --------------------------------------------------------------------------------------------------------

    def tell(self, record: Record) -> None:
        """Play one fact, and what the ledger writes on other chains because of it."""
        battery, type_, said = self.battery(record["battery"]), record["type"], record["details"]
        if type_ != "produced":
            self.leave(battery)
        self.step(battery, record, type_)
        self.of_parts(battery, record)
        if type_ == "dismantled":
            self.component_loss(battery, record)
        for code in said.get({"repaired": "removed", "dismantled": "components"}.get(type_, ""), ()):
            part = self.battery(code)
            part.parents = []
            self.step(part, record, "released", origin=battery.origin)
        for code in said.get("sources", ()) if type_ == "assembled" else ():
            source = self.battery(code)
            self.leave(source)
            self.step(source, record, "reassembled")

    def leave(self, part: Battery) -> None:
        """An event of its own releases a part, with the stage that its battery then has."""
        if part.parents:
            inside = self.shared(part)
            part.parents = []
            part.stage, part.holder = inside.stage, inside.holder
            part.claimant, part.intruder = inside.claimant, inside.intruder
            part.transit = part.dispatch = None  # what was on its way was the battery
            part.origin = part.origin if part.started else inside.origin
            part.started = part.started or inside.origin

    def shared(self, part: Battery) -> Battery:
        """The battery whose life a part shares."""
        while part.parents:
            part = self.battery(part.parents[-1])
        return part

    def step(self, battery: Battery, record: Record, type_: str, *, origin: bool = False) -> None:
        """Judge one event on one chain, and bring stage and custody forward."""
        if type_ == "produced" and battery.produced:
            self.raise_(battery, "component_conflict", record)
            self.of_time(battery, record, type_)
            battery.last = record
            return
        before = battery.stage
        fault = self.fault(battery, record, type_, origin)
        if fault:
            self.raise_(battery, fault, record)
        if not battery.started:
            battery.origin = type_ in ("produced", "assembled") or origin
        battery.started = True
        battery.produced = battery.produced or type_ == "produced"
        battery.stage = new_stage(type_, before)
        battery.second_life = battery.second_life or type_ == "assembled"
        self.custody(battery, record, type_)
        battery.last = record
        self.remember(battery, record, type_)
        self.of_time(battery, record, type_)
        self.of_standing(battery, record, type_)

    def fault(self, battery: Battery, record: Record, type_: str, origin: bool) -> str:
        """At most one of the three, in this order."""
        if not battery.started and type_ not in ("produced", "assembled") and not origin:
            return "unknown_origin"
        allowed = TABLE[type_][0]
        if battery.stage not in allowed and type_ not in ("identified", "released"):
            return "missing_link"
        if type_ == "deployed" and not battery.second_life:
            return "missing_link"
        return "custody_break" if self.breaks_custody(battery, record, type_) else ""

    def breaks_custody(self, battery: Battery, record: Record, type_: str) -> bool:
        """Only the holder, or the addressee, may; both sides of a dispute do; an unknown holder contradicts nobody."""
        who = record["organisation"]
        if type_ == "dispatched" and battery.transit is not None and not settles(battery, record):
            return True
        if type_ == "refused":
            return who != battery.transit
        if type_ not in HOLDER_ONLY or battery.holder is None:
            return False
        if type_ == "identified" and self.standing.has(who, "alliance"):
            return False
        return who not in (battery.holder, battery.claimant, battery.intruder)

    def custody(self, battery: Battery, record: Record, type_: str) -> None:
        """Custody after an event is what the event says."""
        who, said = record["organisation"], record["details"]
        if type_ == "dispatched" and settles(battery, record):
            # Announced afterwards; the receiver may have sent it on since.
            battery.holder = battery.holder if battery.transit else battery.intruder
            battery.claimant = battery.intruder = None
        elif type_ == "dispatched":
            battery.holder, battery.transit, battery.dispatch = who, said["to"], record
        elif type_ == "received":
            self.receive(battery, record)
        elif type_ == "refused":
            battery.transit = battery.dispatch = None
        elif type_ == "dispute_decided":
            battery.holder = said.get("holder", battery.holder)
            battery.claimant = battery.intruder = battery.transit = battery.dispatch = None
        elif type_ in BECOMES_HOLDER or (type_ in HOLDER_ONLY and not self.standing.has(who, "alliance")):
            battery.holder = who

    def receive(self, battery: Battery, record: Record) -> None:
        """Whoever receives holds; without announcement while another is known to hold, it is disputed."""
        who, said = record["organisation"], record["details"]
        announced = battery.transit == who
        if not announced:
            self.raise_(battery, "unannounced_receipt", record, by=said.get("from", who))
        if who == battery.claimant or (announced and battery.holder == battery.claimant):
            battery.claimant = battery.intruder = None  # it came back, or the claimant itself sent it
        elif battery.claimant is not None:
            battery.intruder = who
        elif not announced and battery.holder not in (None, who):
            battery.claimant, battery.intruder = battery.holder, who
        battery.holder, battery.transit, battery.dispatch = who, None, None

    # The rules -------------------------------------------------------------------------------------------------------

    def remember(self, battery: Battery, record: Record, type_: str) -> None:
        """What later facts decide about."""
        if type_ == "lost":
            battery.lost = record
        elif type_ == "received":
            battery.lost = None
        elif type_ == "installed":
            battery.vehicles[record["details"]["vin"]] = record
        elif type_ == "removed":
            battery.vehicles = {}
        elif type_ == "processed":
            self.processed.append((battery.code, record))

    def of_time(self, battery: Battery, record: Record, type_: str) -> None:
        """`future_dated`, also of what the ledger wrote by the fact, and `late_report` of the fact alone."""
        occurred, reported = moment(record["occurredAt"]), moment(record["reportedAt"])
        if occurred - reported > timedelta(minutes=5):
            self.raise_(battery, "future_dated", record)
        if type_ != record["type"]:
            return
        roles = self.standing.roles.get(record["organisation"], frozenset())
        last = due(type_, battery.stage == "retired", day(record["occurredAt"]), roles)
        if last is not None and day(record["reportedAt"]) > last:
            self.raise_(battery, "late_report", record)

    def of_standing(self, battery: Battery, record: Record, type_: str) -> None:
        """`unlicensed`, `unlisted`, `forbidden_use`."""
        on, who = day(record["occurredAt"]), record["organisation"]
        recycles, reuses = self.standing.has(who, "recycler"), self.standing.has(who, "second_life")
        waste = type_ == "received" and battery.stage == "retired"
        utilises = type_ in ("dismantled", "assembled", "processed") or (waste and (recycles or reuses))
        if on >= ORDER_73 and utilises and not self.standing.licensed(who, on):
            self.raise_(battery, "unlicensed", record)
        recovery = recycles and (waste or type_ == "processed") and not self.standing.listed(who, "recovery", on)
        reuse = (
            on <= SECOND_LIFE_LIST_ENDS
            and reuses
            and (waste or type_ == "assembled")
            and not self.standing.listed(who, "second_life", on)
        )
        if recovery or reuse:
            self.raise_(battery, "unlisted", record)
        if type_ in ("assembled", "deployed") and on >= ORDER_73 and record["details"].get("application") in FORBIDDEN:
            self.raise_(battery, "forbidden_use", record)

    def of_parts(self, battery: Battery, record: Record) -> None:
        """Parts that an event builds in, and conflicts about them."""
        said = record["details"]
        pairs: list[tuple[str, str]] = []
        if record["type"] == "produced":
            pairs = list(branches(battery.code, said.get("components", ())))
            if said.get("parent"):
                pairs.append((said["parent"], battery.code))
        elif record["type"] == "repaired":
            pairs = [(battery.code, code) for code in said.get("added", ())]
        for above, code in pairs:
            parent, part = self.battery(above).code, self.battery(code)
            if parent not in part.parents:
                if part.parents:
                    self.raise_(battery, "component_conflict", record)
                part.parents.append(parent)

    def component_loss(self, battery: Battery, record: Record) -> None:
        """Each direct part is listed, or all of its own parts are, or a residue names it."""
        said = record["details"]
        listed = {self.battery(code).code for code in said.get("components", ())}
        named = {self.battery(code).code for residue in said.get("residues", ()) for code in residue["components"]}
        for part in self.inside(battery.code):
            own = self.inside(part)
            if part not in listed | named and not (own and own <= listed):
                self.raise_(battery, "component_loss", record)

    def inside(self, code: str) -> set[str]:
        """The direct parts of a battery."""
        return {part.code for part in self.batteries.values() if code in part.parents}

    def close(self) -> None:
        """What the end of the day decides: what is still on its way, still lies there, never came back."""
        for battery in self.batteries.values():
            if battery.dispatch:
                self.raise_(battery, "unreceived", battery.dispatch, by=battery.transit, after=30)
            if battery.stage == "retired" and battery.transit is None and not battery.parents and battery.last:
                self.raise_(battery, "stalled", battery.last, by=battery.holder, after=180)
            if battery.lost:
                self.raise_(battery, "lost", battery.lost)
            for record in self.scrapped:
                is_due = day(record["occurredAt"]) + timedelta(days=30) <= self.as_of
                if is_due and record["details"]["vin"] in battery.vehicles:
                    self.raise_(battery, "vehicle_without_battery", record)
        known = {code for code, battery in self.batteries.items() if battery.last}
        self.batches.raise_gaps(self.as_of, self.processed, known, self.note)

    def note(self, subject: str, gap: str, event: str | None, organisation: str | None, since: date) -> None:
        """Note a gap of a batch, of a lot, or of a battery in batches."""
        self.gaps.add(Gap(subject, gap, event, organisation, since.isoformat()))

    def statuses(self) -> dict[str, str]:
        """The status of each chain."""
        found: dict[str, str] = {}
        for battery in self.batteries.values():
            gaps = {gap.gap for gap in self.gaps if gap.battery == battery.code}
            if gaps:
                found[battery.code] = "broken" if gaps & BREAKS else "flawed"
            elif battery.started:
                batches = [
                    self.batches.lists(code, record["organisation"], record["details"]["batch"])
                    for code, record in self.processed
                    if code == battery.code
                ]
                complete = battery.stage in ENDS - {"lost"} and all(batches)
                found[battery.code] = "complete" if complete else "open"
        return found


def settles(battery: Battery, record: Record) -> bool:
    """The earlier holder dispatches, afterwards, to who received."""
    return battery.claimant == record["organisation"] and record["details"]["to"] == battery.intruder


def branches(above: str, tree: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Each part of a tree with what it is in."""
    for part in tree:
        yield above, part["code"]
        yield from branches(part["code"], part.get("components", ()))


def new_stage(type_: str, before: str | None) -> str | None:
    """The stage after an event."""
    allowed, new = TABLE[type_]
    if type_ in NEVER_A_STAGE:
        return before
    if new is not None:
        return new
    if type_ == "received" and before == "lost":
        return "retired"
    if before in allowed:
        return before
    return "retired" if "retired" in allowed else allowed[0]
