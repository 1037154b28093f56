"""How the demo's lives are told: who says what of which battery or lot, and in whose file it lies."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from random import Random
from typing import Any, Final

from batteries.codes import compose
from web.demo.chemistry import Model
from web.demo.companies import ALLIANCE, CARELESS, DISMANTLER, LISTED, RECYCLERS, WORKSHOPS, Company

CHINA: Final = timezone(timedelta(hours=8))
#: What happened before was reported to an earlier platform, mostly in time, and the alliance hands it over.
HANDED_OVER: Final = datetime(2026, 10, 1, tzinfo=CHINA)
#: From here on nobody's deadline for registering a pack is enforced: what makers register today is not late.
NEW_PACKS: Final = date(2026, 4, 1)
#: So long before the year that is judged nothing goes amiss any more that would come out in it.
_BEFORE: Final = timedelta(days=61)
#: Whoever loses its place on the list takes nothing in from so long before.
_NOTICE: Final = timedelta(days=30)


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
    """A battery in a recycler's store, or a lot of scrap, free to be crushed from then on."""

    code: str
    model: Model
    kilograms: Decimal
    since: datetime
    is_lot: bool = False

    def as_input(self) -> dict[str, str]:
        """What a batch says of it."""
        return {"lot" if self.is_lot else "battery": self.code, "massKg": f"{self.kilograms}"}


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
        #: The documents that declarations name: file → its text.
        self.documents: dict[str, str] = {}
        #: Kilograms that each recycler crushed in each year.
        self.crushed: Counter[tuple[str, int]] = Counter()
        self.waybills = 0
        self._serials: Counter[tuple[str, date]] = Counter()
        self._numbers: Counter[str] = Counter()

    @property
    def judged(self) -> int:
        """The year that the conditions for the industry are told of: the last one that is over."""
        return self.until.year - 1

    @property
    def revoked(self) -> date:
        """The day on which one of the recyclers is struck off the list."""
        return date(self.judged, 7, 1)

    def is_listed(self, company: Company, day: date) -> bool:
        """Whether the company is on the list that day."""
        return LISTED[company.slug][0] <= day and (company is not CARELESS or day < self.revoked)

    def taking_in(self, when: datetime) -> list[Company]:
        """The recyclers that a battery can be sent to; the two younger ones only while they are listed."""
        day = when.date()
        younger = RECYCLERS[2:]
        open_ = [one for one in younger if self.is_listed(one, day) and self.is_listed(one, day + _NOTICE)]
        return [*RECYCLERS[:2], *open_]

    def careless(self, when: datetime) -> Company:
        """At whose door something goes amiss: in the year that is judged, and just before, always the same one's."""
        return CARELESS if self._is_judged(when.date()) else self.random.choice(RECYCLERS[:2])

    def _is_judged(self, day: date) -> bool:
        return date(self.judged, 1, 1) - _BEFORE <= day <= date(self.judged, 12, 31)

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

    def say_after(
        self, days: int, who: Company, type_: str, when: datetime, battery: str | None = None, /, **details: Any
    ) -> None:
        """Write a record of the past that was reported so many days after the fact."""
        about = {} if battery is None else {"battery": battery}
        self._write(who, type_, when, about, details, delay=timedelta(days=days))

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

    def _write(
        self,
        who: Company,
        type_: str,
        when: datetime,
        about: dict[str, str],
        details: dict[str, Any],
        delay: timedelta | None = None,
    ) -> None:
        self._numbers[who.slug] += 1
        record: dict[str, Any] = {"key": f"{who.slug}/{self._numbers[who.slug]:06d}", "type": type_, **about}
        record |= {"occurredAt": when.isoformat(), "organisation": who.code, "details": details}
        if when < HANDED_OVER:
            delay = self._delay(who, when) if delay is None else delay
            record["reportedAt"] = min(when + delay, HANDED_OVER).isoformat()
            self.records[ALLIANCE.slug].append(record)
        else:
            self.records[who.slug].append(record)

    def _delay(self, who: Company, when: datetime) -> timedelta:
        """How long after the fact it was reported: within days, and now and then after months."""
        late = self.random.random() < 0.03 and not (who in RECYCLERS[:3] and self._is_judged(when.date()))
        return timedelta(days=self.random.randrange(60, 200) if late else self.random.randrange(1, 8))

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

    def buy(self, by: Company, number: str, scrap: Model, tonnes: int, when: datetime, /, **details: Any) -> None:
        """Open a lot of production scrap, and put it where it waits to be crushed."""
        held = {what: f"{Decimal(share) * 100:f}" for what, share in scrap.composition.items()}
        told = {"material": "battery_scrap", "massKg": f"{tonnes * 1000}", "assay": held, "origin": "production_scrap"}
        self.say_of_lot(by, "lot_opened", when, number, by, **told, **details)
        self.stores[by.slug].append(Feed(number, scrap, Decimal(tonnes * 1000), when, is_lot=True))

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
