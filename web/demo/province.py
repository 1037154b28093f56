"""The lives of the demo's packs: generated from a seed, told as records of each sender, some with gaps.

Pure: no clock, no database. Every sender gets its records in the order in which its system would hand them over; what
happened before the platform opened is in the alliance's hands.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any, Final

from batteries.codes import vin_with_check_digit
from web.demo import declaring, recycling, scrap, second_life, trucks
from web.demo.chemistry import MODELS
from web.demo.companies import (
    ALLIANCE,
    BATTERY_MAKERS,
    CARELESS,
    DISMANTLER,
    RECYCLERS,
    REFINERY,
    VEHICLE_MAKERS,
    WORKSHOPS,
    Company,
)
from web.demo.telling import CHINA, NEW_PACKS, Pack, Teller

#: So long before the end happens what each sender's own system still has to hand in.
LATELY: Final = timedelta(days=27)


@dataclass(slots=True)
class Province:
    """All that is sent: registrations per vehicle maker, records per organisation, and what the alliance captures."""

    packs: list[Pack]
    records: dict[str, list[dict[str, Any]]]
    stories: Counter[str]
    #: What another person than the receiver has to say, per organisation.
    second_person: dict[str, list[dict[str, Any]]]
    #: A whole chain of the first vehicle maker's, and a pack on its way to the first recycler.
    shown: str
    awaited: str
    #: What else is worth a look: `recovering.TITLES` → code, number or waybill; what no pack was left for is missing.
    examples: dict[str, str]
    #: The documents that declarations name: file → its text.
    documents: dict[str, str]
    #: The last full year, which the recyclers are judged by.
    judged: int


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
    "burnt": 1,
    "taken_apart": 3,
    "on_one_truck": 1,
}
#: The first packs: every story once, and those that need company in company.
CAST: Final = (*STORIES, *["taken_apart"] * 2, *["on_one_truck"] * (trucks.LOAD - 1))
#: These are first told as of late, so that they pass through the doors of those who took part.
FRESH: Final = frozenset({"on_the_way", "unreadable_label", "burnt"})


def build(packs: int, seed: int, until: date) -> Province:
    """Make the province: lives over several years, ending before `until`."""
    return _Builder(Random(seed), until).build(packs)


class _Builder(Teller):
    def __init__(self, random: Random, until: date) -> None:
        super().__init__(random, until)
        self.awaited = ""
        self.fresh = set(FRESH)
        #: The pack that is recovered in the year that is judged, by the recycler that meets everything.
        self.exemplary = ""
        self.apart: list[second_life.Apart] = []
        self.load: list[Pack] = []

    def build(self, count: int) -> Province:
        """Give every story its cast where there is room, the others by weight."""
        names = list(CAST)[:count]
        names += self.random.choices(list(STORIES), weights=list(STORIES.values()), k=count - len(names))
        packs = [self._pack(number, name) for number, name in enumerate(names)]
        for pack in packs:
            if pack.is_history:
                self.say(pack.maker, "produced", pack.produced, pack.code, **pack.as_produced())
            self._live(pack)
        self._turns_up_unregistered()
        trucks.drive(self, self.load)
        second_life.play(self, self.apart)
        scrap.play(self)
        recycling.play(self)
        declaring.play(self)
        return Province(
            packs,
            dict(self.records),
            Counter(names),
            dict(self.second_person),
            self._shown(packs),
            self.awaited or packs[0].code,
            self.examples,
            self.documents,
            self.judged,
        )

    def _shown(self, packs: Iterable[Pack]) -> str:
        """A chain that the first vehicle maker knows from its beginning, to its end if there is one."""
        own = [pack for pack in packs if pack.maker is VEHICLE_MAKERS[0]] or list(packs)
        ended = {
            record["battery"] for told in self.records.values() for record in told if record["type"] == "processed"
        }
        best = sorted(own, key=lambda pack: (pack.story != "recovered", pack.code not in ended))
        return best[0].code

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
            code=self.code("pack", battery_maker, model, produced),
            maker=maker,
            model=model,
            vin=self._vin(maker, produced.year, number),
            produced=datetime.combine(produced, time(8, random.randrange(60)), CHINA),
            mass=mass,
            story=story,
        )
        if story == "taken_apart":
            pack.modules = [
                {"code": self.code("module", battery_maker, model, produced), "massKg": mass}
                for mass in second_life.module_masses(pack.mass)
            ]
        elif number % 25 == 0:
            pack.modules = [
                {
                    "code": self.code("module", battery_maker, model, produced),
                    "components": [
                        {"code": self.code("cell", battery_maker, model, produced)} for _ in range(model.cells // 8)
                    ],
                }
                for _ in range(8)
            ]
        return pack

    def _vin(self, maker: Company, year: int, number: int) -> str:
        described = f"L{maker.slug[:2].upper()}{self.random.randrange(10**5):05d}"
        return vin_with_check_digit(f"{described}0{year % 10}{number:07d}")

    # Living ----------------------------------------------------------------------------------------------------------

    def _live(self, pack: Pack) -> None:
        most = (40, 60) if pack.is_history else (20, 30)
        installed = pack.produced + timedelta(days=self.random.randrange(5, most[0]))
        sold = installed + timedelta(days=self.random.randrange(3, most[1]))
        self.say(pack.maker, "installed", installed, pack.code, vin=pack.vin)
        self.say(pack.maker, "sold", sold, pack.code, region=self.random.choice(("510100", "510700", "500112")))
        story: Callable[[Pack, datetime], None] | None = getattr(self, f"_{pack.story}", None)
        if story is not None:
            story(pack, self._moment(pack, sold))

    def _moment(self, pack: Pack, sold: datetime) -> datetime:
        """When the pack leaves its vehicle: after some years, or of late."""
        span = (self.now - sold).days
        if pack.story in self.fresh:
            self.fresh.remove(pack.story)
            return (self.now - LATELY).replace(hour=10, minute=sold.minute)
        if pack.story == "recovered" and not self.exemplary:
            self.exemplary = pack.code
            return datetime(self.judged, 4, 14, 10, sold.minute, tzinfo=CHINA)
        if pack.story == "taken_apart":
            return sold + timedelta(days=self.random.randrange(700, span - 900), hours=2)
        lately = self.random.random() < 0.2
        days = span - self.random.randrange(12, 28) if lately else self.random.randrange(700, span - 120)
        return sold + timedelta(days=days, hours=2)

    def _recovered(self, pack: Pack, when: datetime) -> None:
        who, to = self.removed(pack, when), self.random.choice(self.taking_in(when))
        to = REFINERY if pack.code == self.exemplary else to
        waybill = self.sent(pack, who, to, when + timedelta(days=6))
        self.arrived(pack, to, when + timedelta(days=8), waybill=waybill)
        self.store(to, pack.code, pack.model, pack.mass, when + timedelta(days=8))

    def _on_the_way(self, pack: Pack, when: datetime) -> None:
        """Dispatched, and nobody has said that it arrived."""
        who = self.removed(pack, when)
        to = self.careless(when) if self.awaited else RECYCLERS[0]
        self.sent(pack, who, to, when + timedelta(days=3))
        self.awaited = self.awaited or pack.code

    def _forgotten_dispatch(self, pack: Pack, when: datetime) -> None:
        """The workshop never announced it: the receipt is disputed."""
        who, to = self.removed(pack, when), self.careless(when)
        self.arrived(pack, to, when + timedelta(days=9), **{"from": who.code})

    def _never_removed(self, pack: Pack, when: datetime) -> None:
        """Nobody reported the removal: it stands on the dock while the record has it in a vehicle."""
        self.arrived(pack, self.careless(when), when)

    def _unreadable_label(self, pack: Pack, when: datetime) -> None:
        """Taken in under a provisional identity, tested, and identified a week later by the numbers inside the pack."""
        who, to = self.removed(pack, when), RECYCLERS[0]
        waybill = self.sent(pack, who, to, when + timedelta(days=2))
        provisional = f"TMP-{to.slug.upper()}-{self.waybills:05d}"
        arrived = when + timedelta(days=4)
        details = {"waybill": waybill, "massKg": pack.mass, "condition": "intact", "label": "unreadable"}
        self.say(to, "received", arrived, provisional, **details)
        health = self.random.randrange(45, 60)
        self.inspected(to, provisional, arrived + timedelta(days=2), pack.model, health, "recovery")
        evidence = "包内模块编码与厂家出厂清单一致"
        identified = arrived + timedelta(days=7)
        self.say(to, "identified", identified, provisional, evidence=evidence, **{"as": pack.code})
        self.store(to, pack.code, pack.model, pack.mass, identified + timedelta(days=1))
        self.examples.setdefault("identified", pack.code)

    def _burnt(self, pack: Pack, when: datetime) -> None:
        """Burnt in its vehicle: set apart on arrival, until another person says that work may go on."""
        who, to = self.removed(pack, when), RECYCLERS[1]
        waybill = self.sent(pack, who, to, when + timedelta(days=1))
        arrived = when + timedelta(days=2)
        self.arrived(pack, to, arrived, waybill=waybill, condition="burnt")
        health = {"voltageV": "0", "insulationMohm": "0.1", "visual": "外壳烧损，无复燃", "decision": "recovery"}
        self.say(to, "inspected", arrived + timedelta(days=5), pack.code, **health)
        reason = "盐水浸泡72小时后静置观察，温度稳定，无复燃风险"
        lifted = arrived + timedelta(days=6)
        self.say_as_another(to, "quarantine_lifted", lifted, pack.code, reason=reason)
        self.store(to, pack.code, pack.model, pack.mass, lifted + timedelta(days=1))
        self.examples.setdefault("burnt", pack.code)

    def _taken_apart(self, pack: Pack, when: datetime) -> None:
        """Sent to the dismantler, tested, and taken apart: its modules go on."""
        who = self.removed(pack, when)
        there = when + timedelta(days=1)
        if who is not DISMANTLER:
            waybill = self.sent(pack, who, DISMANTLER, when + timedelta(days=4))
            there = when + timedelta(days=6)
            self.arrived(pack, DISMANTLER, there, waybill=waybill)
        self.apart.append(second_life.take_apart(self, pack, there + timedelta(days=3)))

    def _on_one_truck(self, pack: Pack, _when: datetime) -> None:
        """Part of a truck's load: see `trucks`."""
        self.load.append(pack)

    def _refused_once(self, pack: Pack, when: datetime) -> None:
        """Sent to one recycler, refused, sent to the other."""
        who = self.removed(pack, when)
        first, second = self.random.sample(RECYCLERS[:2], 2)
        waybill = self.sent(pack, who, first, when + timedelta(days=2))
        self.say(first, "refused", when + timedelta(days=3), pack.code, waybill=waybill, reason="仓位已满")
        waybill = self.sent(pack, who, second, when + timedelta(days=5))
        self.arrived(pack, second, when + timedelta(days=6), waybill=waybill)
        self.store(second, pack.code, pack.model, pack.mass, when + timedelta(days=6))

    def _lighter_than_sent(self, pack: Pack, when: datetime) -> None:
        """Thirty kilograms are missing at the scales."""
        who, to = self.removed(pack, when), self.random.choice(self.taking_in(when))
        waybill = self.sent(pack, who, to, when + timedelta(days=6))
        mass = f"{float(pack.mass) - 30:.1f}"
        self.arrived(pack, to, when + timedelta(days=7), waybill=waybill, massKg=mass, condition="damaged")
        self.store(to, pack.code, pack.model, mass, when + timedelta(days=7))

    def _wrong_hands(self, pack: Pack, when: datetime) -> None:
        """History that the alliance brings in: dispatched by a workshop that did not hold it."""
        who = self.removed(pack, when)
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
                "details": {"to": self.careless(when).code, "massKg": pack.mass},
            }
        )

    def _turns_up_unregistered(self) -> None:
        """A readable code that nobody ever registered, and a battery without any label; and some months of that."""
        produced = date(2019, 5, 6)
        code = self.code("pack", BATTERY_MAKERS[1], MODELS[1], produced)
        dock, when = RECYCLERS[1], datetime.combine(self.until - timedelta(days=9), time(9, 30), CHINA)
        self.say(dock, "received", when, code, massKg="431.5", condition="intact", label="read")
        leaking = {"massKg": "389.0", "condition": "leaking", "label": "missing"}
        self.say(dock, "received", when + timedelta(minutes=4), **leaking)
        for month in (2, 3, 4):
            produced, when = date(2018, 10, month), datetime(self.judged, month, 11, 10, tzinfo=CHINA)
            code = self.code("pack", BATTERY_MAKERS[2], MODELS[0], produced)
            told = {"massKg": f"{430 + month}.0", "condition": "intact", "label": "read"}
            self.say_after(95, CARELESS, "received", when, code, **told)
