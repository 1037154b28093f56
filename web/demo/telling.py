"""How the demo's lives are told: who says what of which battery or lot, and in whose file it lies."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from random import Random
from typing import Any, Final

from batteries.codes import compose
from web.demo.chemistry import Model
from web.demo.companies import ALLIANCE, DISMANTLER, WORKSHOPS, Company

CHINA: Final = timezone(timedelta(hours=8))
#: What happened before was reported to an earlier platform, mostly in time, and the alliance hands it over.
HANDED_OVER: Final = datetime(2026, 10, 1, tzinfo=CHINA)
#: From here on nobody's deadline for registering a pack is enforced: what makers register today is not late.
NEW_PACKS: Final = date(2026, 4, 1)


@dataclass(slots=True)
class Pack:
    """One pack: who made what, and its first parts if they were delivered with codes."""

    code: str
    maker: Company
    model: Model
    vin: str
    produced: datetime
    mass: str
    modules: list[dict[str, Any]] = field(default_factory=list)
    story: str = ""

    @property
    def is_history(self) -> bool:
        """Whether it was made, and registered elsewhere, before makers register here."""
        return self.produced.date() < NEW_PACKS

    def as_produced(self) -> dict[str, Any]:
        """The details of its `produced` record."""
        parts = {"components": self.modules} if self.modules else {}
        return {"model": self.model.number, "massKg": self.mass, **parts}


@dataclass(frozen=True, slots=True)
class Feed:
    """A battery in a recycler's store, free to be crushed from then on."""

    code: str
    model: Model
    kilograms: Decimal
    since: datetime


class Teller:
    """Keeps everybody's records, the numbers already given, and what lies in the recyclers' stores."""

    def __init__(self, random: Random, until: date) -> None:
        self.random = random
        self.until = until
        self.now = datetime(until.year, until.month, until.day, tzinfo=CHINA)
        self.records: dict[str, list[dict[str, Any]]] = defaultdict(list)
        #: What another person than the one who received has to say: a file of its own.
        self.second_person: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.stores: dict[str, list[Feed]] = defaultdict(list)
        #: What is worth a look afterwards: what it shows → its code.
        self.examples: dict[str, str] = {}
        self.waybills = 0
        self._serials: Counter[tuple[str, date]] = Counter()
        self._numbers: Counter[str] = Counter()

    def code(self, level: Any, maker: Company, model: Model, produced: date, *, second_life: bool = False) -> str:
        """A code that nobody has yet."""
        prefix = maker.prefixes[0]
        self._serials[prefix + level, produced] += 1
        return compose(
            level=level,
            battery_type=model.battery_type,
            manufacturer_code=prefix,
            specification="76",
            traceability="" if second_life else "836300J",
            produced_on=produced,
            serial=self._serials[prefix + level, produced],
            second_life=second_life,
        )

    def say(self, who: Company, type_: str, when: datetime, battery: str | None = None, /, **details: Any) -> None:
        """Write a record into its sender's file, or the alliance's if it is history."""
        self._write(who, type_, when, {} if battery is None else {"battery": battery}, details)

    def say_of_lot(
        self, who: Company, type_: str, when: datetime, number: str, maker: Company, /, **details: Any
    ) -> None:
        """Write a record about a lot of material, by its number and who made it."""
        lot = {"lot": number} if maker is who else {"lot": number, "lotOf": maker.code}
        self._write(who, type_, when, lot, details)

    def say_as_another(self, who: Company, type_: str, when: datetime, battery: str, /, **details: Any) -> None:
        """Write a record that another person of the organisation has to hand in, into a file of its own."""
        self.say(who, type_, when, battery, **details)
        if when >= HANDED_OVER:
            self.second_person[who.slug].append(self.records[who.slug].pop())

    def _write(self, who: Company, type_: str, when: datetime, about: dict[str, str], details: dict[str, Any]) -> None:
        self._numbers[who.slug] += 1
        record: dict[str, Any] = {"key": f"{who.slug}/{self._numbers[who.slug]:06d}", "type": type_, **about}
        record |= {"occurredAt": when.isoformat(), "organisation": who.code, "details": details}
        if when < HANDED_OVER:
            record["reportedAt"] = min(when + self._delay(), HANDED_OVER).isoformat()
            self.records[ALLIANCE.slug].append(record)
        else:
            self.records[who.slug].append(record)

    def _delay(self) -> timedelta:
        """How long after the fact it was reported: within days, and now and then after months."""
        random = self.random
        return timedelta(days=random.randrange(60, 200) if random.random() < 0.03 else random.randrange(1, 8))

    def waybill(self, who: Company) -> str:
        """A waybill that nobody has yet."""
        self.waybills += 1
        return f"{who.slug.upper()}-{self.waybills:05d}"

    def removed(self, pack: Pack, when: datetime, who: Company | None = None) -> Company:
        """Take the pack out of its vehicle, at a workshop or where the whole vehicle ends."""
        who = who or self.random.choice((*WORKSHOPS, DISMANTLER))
        reason = "scrapping" if who is DISMANTLER else self.random.choice(("replacement", "repair", "scrapping"))
        self.say(who, "removed", when, pack.code, vin=pack.vin, reason=reason)
        if who is DISMANTLER:
            self.say(who, "vehicle_scrapped", when + timedelta(hours=1), vin=pack.vin)
        return who

    def sent(self, pack: Pack, who: Company, to: Company, when: datetime) -> str:
        """Send the pack off alone; gives the waybill."""
        waybill = self.waybill(who)
        self.say(who, "dispatched", when, pack.code, to=to.code, waybill=waybill, massKg=pack.mass)
        return waybill

    def arrived(self, pack: Pack, at: Company, when: datetime, **details: Any) -> None:
        """Take the pack in, intact and as heavy as it was unless `details` say otherwise."""
        told = {"massKg": pack.mass, "condition": "intact", "label": "read"} | details
        self.say(at, "received", when, pack.code, **told)

    def store(self, at: Company, code: str, model: Model, mass: str, since: datetime) -> None:
        """Put a battery where it waits to be crushed."""
        self.stores[at.slug].append(Feed(code, model, Decimal(mass), since))

    def inspected(self, at: Company, code: str, when: datetime, model: Model, health: int, decision: str) -> None:
        """Test what is left of a battery's capacity."""
        grade = "A" if health >= 80 else "B" if health >= 60 else "C"
        left = Decimal(model.capacity) * health / 100
        self.say(
            at,
            "inspected",
            when,
            code,
            sohPercent=str(health),
            capacityAh=f"{left:.1f}",
            insulationMohm=str(self.random.randrange(20, 200)),
            visual="外观完好",
            temperatureC="25",
            method="GB/T 34015-2017",
            grade=grade,
            decision=decision,
        )
