"""The lives of the demo's packs: generated from a seed, told as records of each sender, some with gaps.

Pure: no clock, no database. Every sender gets its records in the order in which its system would hand them over; what
happened before the platform opened is in the alliance's hands.
"""

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone
from random import Random
from typing import Any, Final

from batteries.codes import compose, vin_with_check_digit
from web.demo.companies import ALLIANCE, BATTERY_MAKERS, DISMANTLER, RECYCLERS, VEHICLE_MAKERS, WORKSHOPS, Company

CHINA: Final = timezone(timedelta(hours=8))
#: What happened before was reported to an earlier platform, mostly in time, and the alliance hands it over.
HANDED_OVER: Final = datetime(2026, 10, 1, tzinfo=CHINA)
#: From here on nobody's deadline for registering a pack is enforced: what makers register today is not late.
NEW_PACKS: Final = date(2026, 4, 1)


@dataclass(frozen=True, slots=True)
class Model:
    """A pack model: chemistry, energy and what it weighs (domain § 8: 5.3–8 kg/kWh)."""

    number: str
    battery_type: str
    voltage: str
    capacity: str
    energy: str
    mass: int
    cells: int
    composition: dict[str, str]


MODELS: Final = (
    Model("LFP-60", "B", "335", "180", "60.3", 438, 104, {"li": "0.0138", "cu": "0.10", "al": "0.26"}),
    Model(
        "NCM-75",
        "E",
        "350",
        "214",
        "75",
        440,
        96,
        {"li": "0.0155", "ni": "0.0855", "co": "0.0145", "mn": "0.0138", "cu": "0.10", "al": "0.25"},
    ),
)


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


@dataclass(slots=True)
class Province:
    """All that is sent: registrations per vehicle maker, records per organisation, and what the alliance captures."""

    packs: list[Pack]
    records: dict[str, list[dict[str, Any]]]
    stories: Counter[str]
    #: A whole chain of the first vehicle maker's, and a pack on its way to the first recycler.
    shown: str
    awaited: str


#: Story → weight; what makes each one special is told by the function of the same name.
STORIES: Final = {
    "in_use": 48,
    "recovered": 28,
    "on_the_way": 5,
    "forgotten_dispatch": 4,
    "never_removed": 3,
    "unreadable_label": 3,
    "refused_once": 3,
    "lighter_than_sent": 3,
    "wrong_hands": 3,
}


def build(packs: int, seed: int, until: date) -> Province:
    """Make the province: lives over several years, ending before `until`."""
    return _Builder(Random(seed), until).build(packs)


class _Builder:
    def __init__(self, random: Random, until: date) -> None:
        self.random = random
        self.until = until
        self.records: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.serials: Counter[tuple[str, date]] = Counter()
        self.numbers: Counter[str] = Counter()
        self.waybills = 0
        self.awaited = ""

    def build(self, count: int) -> Province:
        """Give every story at least once where there is room, the others by weight."""
        names = list(STORIES)[:count]
        names += self.random.choices(list(STORIES), weights=list(STORIES.values()), k=count - len(names))
        packs = [self._pack(number, name) for number, name in enumerate(names)]
        for pack in packs:
            if pack.is_history:
                self._say(pack.maker, "produced", pack.produced, pack.code, **pack.as_produced())
            self._live(pack)
        self._turns_up_unregistered()
        whole = [pack for pack in packs if pack.story == "recovered"]
        shown = next((pack for pack in whole if pack.maker is VEHICLE_MAKERS[0]), packs[0])
        return Province(packs, dict(self.records), Counter(names), shown.code, self.awaited or packs[0].code)

    # Making ----------------------------------------------------------------------------------------------------------

    def _pack(self, number: int, story: str) -> Pack:
        random = self.random
        model = random.choice(MODELS)
        battery_maker = random.choice(BATTERY_MAKERS)
        maker = VEHICLE_MAKERS[number % len(VEHICLE_MAKERS)]
        first, last = date(2018, 3, 1), date(2021, 6, 30)
        if story == "in_use":
            first, last = date(2020, 1, 1), NEW_PACKS
            if number % 4 < 2:
                first, last = NEW_PACKS, self.until - timedelta(days=55)
        produced = first + timedelta(days=random.randrange((last - first).days))
        mass = f"{model.mass + random.randrange(-40, 41) / 10:.1f}"
        pack = Pack(
            code=self._code("pack", battery_maker, model, produced),
            maker=maker,
            model=model,
            vin=self._vin(maker, produced.year, number),
            produced=datetime.combine(produced, time(8, random.randrange(60)), CHINA),
            mass=mass,
            story=story,
        )
        if number % 25 == 0:
            pack.modules = [
                {
                    "code": self._code("module", battery_maker, model, produced),
                    "components": [
                        {"code": self._code("cell", battery_maker, model, produced)} for _ in range(model.cells // 8)
                    ],
                }
                for _ in range(8)
            ]
        return pack

    def _vin(self, maker: Company, year: int, number: int) -> str:
        described = f"L{maker.slug[:2].upper()}{self.random.randrange(10**5):05d}"
        return vin_with_check_digit(f"{described}0{year % 10}{number:07d}")

    def _code(self, level: Any, maker: Company, model: Model, produced: date) -> str:
        prefix = maker.prefixes[0]
        self.serials[prefix + level, produced] += 1
        return compose(
            level=level,
            battery_type=model.battery_type,
            manufacturer_code=prefix,
            specification="76",
            traceability="836300J",
            produced_on=produced,
            serial=self.serials[prefix + level, produced],
        )

    # Living ----------------------------------------------------------------------------------------------------------

    def _live(self, pack: Pack) -> None:
        most = (40, 60) if pack.is_history else (20, 30)
        installed = pack.produced + timedelta(days=self.random.randrange(5, most[0]))
        sold = installed + timedelta(days=self.random.randrange(3, most[1]))
        self._say(pack.maker, "installed", installed, pack.code, vin=pack.vin)
        self._say(pack.maker, "sold", sold, pack.code, region=self.random.choice(("510100", "510700", "500112")))
        story: Callable[[Pack, datetime], None] | None = getattr(self, f"_{pack.story}", None)
        if story is not None:
            span = (datetime.combine(self.until, time(), CHINA) - sold).days
            lately = self.random.random() < 0.2 or (pack.story == "on_the_way" and not self.awaited)
            days = span - self.random.randrange(12, 28) if lately else self.random.randrange(700, span - 120)
            story(pack, sold + timedelta(days=days, hours=2))

    def _say(self, who: Company, type_: str, when: datetime, battery: str | None, **details: Any) -> None:
        self.numbers[who.slug] += 1
        record: dict[str, Any] = {"key": f"{who.slug}/{self.numbers[who.slug]:06d}", "type": type_}
        if battery is not None:
            record["battery"] = battery
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

    def _removed(self, pack: Pack, when: datetime) -> Company:
        who = self.random.choice((*WORKSHOPS, DISMANTLER))
        reason = "scrapping" if who is DISMANTLER else self.random.choice(("replacement", "repair", "scrapping"))
        self._say(who, "removed", when, pack.code, vin=pack.vin, reason=reason)
        if who is DISMANTLER:
            self._say(who, "vehicle_scrapped", when + timedelta(hours=1), None, vin=pack.vin)
        return who

    def _sent(self, pack: Pack, who: Company, to: Company, when: datetime) -> str:
        self.waybills += 1
        waybill = f"{who.slug.upper()}-{self.waybills:05d}"
        self._say(who, "dispatched", when, pack.code, to=to.code, waybill=waybill, massKg=pack.mass)
        return waybill

    def _recovered(self, pack: Pack, when: datetime) -> None:
        who, to = self._removed(pack, when), self.random.choice(RECYCLERS)
        waybill = self._sent(pack, who, to, when + timedelta(days=6))
        self._arrived(pack, to, when + timedelta(days=8), waybill=waybill)

    def _arrived(self, pack: Pack, at: Company, when: datetime, **details: Any) -> None:
        told = {"massKg": pack.mass, "condition": "intact", "label": "read"} | details
        self._say(at, "received", when, pack.code, **told)

    def _on_the_way(self, pack: Pack, when: datetime) -> None:
        """Dispatched, and nobody has said that it arrived."""
        who = self._removed(pack, when)
        to = self.random.choice(RECYCLERS) if self.awaited else RECYCLERS[0]
        self._sent(pack, who, to, when + timedelta(days=3))
        self.awaited = self.awaited or pack.code

    def _forgotten_dispatch(self, pack: Pack, when: datetime) -> None:
        """The workshop never announced it: the receipt is disputed."""
        who = self._removed(pack, when)
        self._arrived(pack, self.random.choice(RECYCLERS), when + timedelta(days=9), **{"from": who.code})

    def _never_removed(self, pack: Pack, when: datetime) -> None:
        """Nobody reported the removal: it stands on the dock while the record has it in a vehicle."""
        self._arrived(pack, self.random.choice(RECYCLERS), when)

    def _unreadable_label(self, pack: Pack, when: datetime) -> None:
        """Taken in under a provisional identity, identified a week later by the number inside the pack."""
        who, to = self._removed(pack, when), RECYCLERS[0]
        waybill = self._sent(pack, who, to, when + timedelta(days=2))
        provisional = f"TMP-{to.slug.upper()}-{self.waybills:05d}"
        arrived = when + timedelta(days=4)
        details = {"waybill": waybill, "massKg": pack.mass, "condition": "intact", "label": "unreadable"}
        self._say(to, "received", arrived, provisional, **details)
        evidence = "包内模块编码"
        self._say(to, "identified", arrived + timedelta(days=7), provisional, evidence=evidence, **{"as": pack.code})

    def _refused_once(self, pack: Pack, when: datetime) -> None:
        """Sent to one recycler, refused, sent to the other."""
        who = self._removed(pack, when)
        first, second = self.random.sample(RECYCLERS, 2)
        waybill = self._sent(pack, who, first, when + timedelta(days=2))
        self._say(first, "refused", when + timedelta(days=3), pack.code, waybill=waybill, reason="仓位已满")
        waybill = self._sent(pack, who, second, when + timedelta(days=5))
        self._arrived(pack, second, when + timedelta(days=6), waybill=waybill)

    def _lighter_than_sent(self, pack: Pack, when: datetime) -> None:
        """Thirty kilograms are missing at the scales."""
        who, to = self._removed(pack, when), self.random.choice(RECYCLERS)
        waybill = self._sent(pack, who, to, when + timedelta(days=6))
        mass = f"{float(pack.mass) - 30:.1f}"
        self._arrived(pack, to, when + timedelta(days=7), waybill=waybill, massKg=mass, condition="damaged")

    def _wrong_hands(self, pack: Pack, when: datetime) -> None:
        """History that the alliance brings in: dispatched by a workshop that did not hold it."""
        who = self._removed(pack, when)
        other = next(workshop for workshop in WORKSHOPS if workshop is not who)
        own = self.records[ALLIANCE.slug]
        own.append(
            {
                "key": f"history/{len(own) + 1:06d}",
                "type": "dispatched",
                "battery": pack.code,
                "occurredAt": (when + timedelta(days=4)).isoformat(),
                "organisation": other.code,
                "reportedAt": (when + timedelta(days=12)).isoformat(),
                "details": {"to": RECYCLERS[1].code, "massKg": pack.mass},
            }
        )

    def _turns_up_unregistered(self) -> None:
        """A readable code that nobody ever registered, and a battery without any label."""
        produced = date(2019, 5, 6)
        code = self._code("pack", BATTERY_MAKERS[1], MODELS[1], produced)
        dock, when = RECYCLERS[1], datetime.combine(self.until - timedelta(days=9), time(9, 30), CHINA)
        self._say(dock, "received", when, code, massKg="431.5", condition="intact", label="read")
        leaking = {"massKg": "389.0", "condition": "leaking", "label": "missing"}
        self._say(dock, "received", when + timedelta(minutes=4), None, **leaking)
