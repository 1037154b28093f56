"""Recovery: campaigns in which both recyclers crush what they have in store, and one of them leaches the black mass.

The crusher's black mass travels: dispatched by the one, received by the other. Three mishaps are built in, long enough
ago for the audit to find them: a pack processed under a batch number that nobody recorded, a batch whose copper nobody
weighed, and a lot of black mass whose arrival nobody reported.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Final

from web.demo import chemistry
from web.demo.chemistry import Powder
from web.demo.companies import RECYCLERS, Company
from web.demo.telling import CHINA, HANDED_OVER, Feed, Teller

CRUSHER: Final = RECYCLERS[0]
#: Crushes as well, and leaches what both have crushed.
REFINERY: Final = RECYCLERS[1]
#: On the list of announced companies since then.
LISTED: Final = {CRUSHER.slug: date(2018, 9, 3), REFINERY.slug: date(2022, 12, 16)}
#: So long is a battery in store before it is crushed.
_WAIT: Final = timedelta(days=5)
#: How many days after the crushing black mass leaves, arrives, is leached, and its salts are sold; at the end hurried.
_DAYS: Final = (3, 4, 25, 35)
_HURRIED: Final = (1, 2, 4, 5)
_BUYERS: Final = {"copper": "四川铜业（演示）", "aluminium": "四川铝业（演示）", "steel": "攀枝花钢铁（演示）"}
_CATHODE_MAKER: Final = "宜宾正极材料（演示）"


@dataclass(frozen=True, slots=True)
class _Campaign:
    """One batch to be crushed: when it is closed, by whom, and what goes in; all of one chemistry."""

    closed: datetime
    by: Company
    chemistry: str
    fed: tuple[Feed, ...]

    @property
    def mark(self) -> str:
        """Distinguishes its numbers."""
        return f"{self.closed:%y%m}-{self.chemistry}"

    @property
    def number(self) -> str:
        """The number of the batch."""
        return f"{self.by.slug[:2].upper()}-CR-{self.mark}"


def play(teller: Teller) -> None:
    """Crush what is in store, campaign by campaign, and leach what comes of it."""
    plan = list(_plan(teller))
    told = [one for one in plan if one.closed < HANDED_OVER]
    several = [one for one in told if len(one.fed) > 1]
    misnamed = several[0] if several else None
    unweighed = next((one for one in told if one is not misnamed), None)
    unreported = next((one for one in reversed(told) if one.by is CRUSHER and one is not unweighed), None)
    delivered: dict[tuple[datetime, str], list[Powder]] = defaultdict(list)
    for one in plan:
        powder = _crushed(teller, one, misnamed=one is misnamed, unweighed=one is unweighed)
        if _handed_over(teller, one, powder, lost=one is unreported):
            delivered[one.closed, one.chemistry].append(powder)
    for (closed, kind), powders in delivered.items():
        _leached(teller, closed, f"{closed:%y%m}-{kind}", powders)


def _days(teller: Teller) -> Iterator[date]:
    """The days on which campaigns end: each December, last June, and just now."""
    this = teller.until.year
    yield from (date(year, 12, 20) for year in range(this - 6, this))
    yield date(this, 6, 18)
    yield teller.until - timedelta(days=6)


def _plan(teller: Teller) -> Iterator[_Campaign]:
    """Which batch takes what: everything that has waited long enough."""
    waiting = {by.slug: sorted(teller.stores[by.slug], key=lambda feed: (feed.since, feed.code)) for by in RECYCLERS}
    for day in _days(teller):
        closed = datetime.combine(day, time(17), CHINA)
        for by in RECYCLERS:
            if day < LISTED[by.slug]:
                continue
            taken = [feed for feed in waiting[by.slug] if feed.since + _WAIT <= closed]
            waiting[by.slug] = waiting[by.slug][len(taken) :]
            for kind in ("NCM", "LFP"):
                if fed := tuple(feed for feed in taken if feed.model.chemistry == kind):
                    yield _Campaign(closed, by, kind, fed)


def _crushed(teller: Teller, one: _Campaign, *, misnamed: bool, unweighed: bool) -> Powder:
    """Record the batteries as processed and the batch that they went into; gives its black mass."""
    fed: Sequence[Feed] = one.fed
    done = one.closed - timedelta(days=1)
    for number, feed in enumerate(fed):
        batch = f"{one.number}X" if misnamed and not number else one.number
        teller.say(one.by, "processed", done, feed.code, batch=batch, massKg=f"{feed.kilograms}")
    if misnamed:
        fed = fed[1:]
    made = chemistry.crush(
        f"{one.by.slug[:2].upper()}{one.mark}", one.by.code, [(f.model, f.kilograms) for f in fed], teller.random
    )
    outputs = [lot for lot in made.outputs if not (unweighed and lot["material"] == "copper")]
    teller.say(
        one.by,
        "batch",
        one.closed,
        number=one.number,
        process="crushing",
        startedAt=(one.closed - timedelta(days=2)).isoformat(),
        inputs=[{"battery": feed.code, "massKg": f"{feed.kilograms}"} for feed in fed],
        outputs=outputs,
        residues=made.residues,
    )
    for lot in outputs:
        if buyer := _BUYERS.get(lot["material"]):
            sold = one.closed + timedelta(days=_pace(teller, one.closed)[0])
            teller.say_of_lot(one.by, "lot_sold", sold, lot["lot"], one.by, to=buyer, massKg=lot["massKg"])
    if one.by is CRUSHER:
        teller.examples["crushing"] = one.number
    return made.powders[0]


def _handed_over(teller: Teller, one: _Campaign, powder: Powder, *, lost: bool) -> bool:
    """Bring the crusher's black mass to the refinery; tells whether it is there."""
    if one.by is REFINERY:
        return True
    leaves, arrives, *_ = _pace(teller, one.closed)
    sent = {"to": REFINERY.code, "waybill": teller.waybill(CRUSHER), "massKg": f"{powder.kilograms}"}
    teller.say_of_lot(CRUSHER, "dispatched", one.closed + timedelta(days=leaves), powder.number, CRUSHER, **sent)
    if lost:
        return False
    # Another scale: a few kilograms in a thousand.
    weighed = powder.kilograms * (Decimal(1000 + teller.random.randrange(-2, 3)) / 1000)
    came = {"from": CRUSHER.code, "waybill": sent["waybill"], "massKg": f"{weighed:.1f}"}
    teller.say_of_lot(REFINERY, "received", one.closed + timedelta(days=arrives), powder.number, CRUSHER, **came)
    teller.examples["lot"] = powder.number
    return True


def _leached(teller: Teller, crushed: datetime, mark: str, powders: Sequence[Powder]) -> None:
    """Leach black mass, wherever it was crushed, and sell the salts."""
    _, arrives, closes, sells = _pace(teller, crushed)
    closed = crushed + timedelta(days=closes)
    number = f"{REFINERY.slug[:2].upper()}-HY-{mark}"
    made = chemistry.leach(mark, powders, teller.random)
    inputs = [
        {"lot": powder.number, "lotOf": powder.maker, "massKg": f"{powder.kilograms}"} for powder in powders
    ] + chemistry.reagents_for(powders)
    teller.say(
        REFINERY,
        "batch",
        closed,
        number=number,
        process="hydrometallurgy",
        startedAt=(crushed + timedelta(days=arrives, hours=4)).isoformat(),
        inputs=inputs,
        outputs=made.outputs,
        residues=made.residues,
    )
    for lot in made.outputs:
        sold = {"to": _CATHODE_MAKER, "massKg": lot["massKg"]}
        teller.say_of_lot(REFINERY, "lot_sold", crushed + timedelta(days=sells), lot["lot"], REFINERY, **sold)
    # Of the last campaign, the one with more to see.
    if powders[0].chemistry == "NCM" or "leaching" not in teller.examples:
        teller.examples["leaching"] = number


def _pace(teller: Teller, closed: datetime) -> tuple[int, int, int, int]:
    return _DAYS if closed + timedelta(days=_DAYS[-1]) < teller.now else _HURRIED
