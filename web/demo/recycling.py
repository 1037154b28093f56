"""Recovery: campaigns in which the recyclers crush what they have in store, and two of them leach black mass.

The crusher's black mass travels: dispatched by the one, received by the refinery. Three mishaps are built in, long
enough ago for the audit to find them, and outside the year that the recyclers are judged by: a pack processed under a
batch number that nobody recorded, a batch whose copper nobody weighed, and a lot of black mass whose arrival nobody
reported.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Final

from web.demo import chemistry
from web.demo.chemistry import Powder
from web.demo.companies import CARELESS, CRUSHER, RECYCLERS, REFINERY, WASTEFUL, Company
from web.demo.telling import CHINA, HANDED_OVER, Feed, Teller

#: Who leaches whose black mass; what is missing here is sold.
_LEACHED_BY: Final = {CRUSHER: REFINERY, REFINERY: REFINERY, WASTEFUL: WASTEFUL}
#: The part of the lithium that becomes carbonate: 85 % was enough until 2024, 90 % is asked for since.
_LITHIUM: Final = {REFINERY: Decimal("0.930"), WASTEFUL: Decimal("0.874")}
#: So long is a battery in store before it is crushed.
_WAIT: Final = timedelta(days=5)
#: How many days after the crushing black mass leaves, arrives, is leached, and its salts are sold; at the end hurried.
_DAYS: Final = (3, 4, 25, 35)
_HURRIED: Final = (1, 2, 4, 5)
_BUYERS: Final = {"copper": "四川铜业（演示）", "aluminium": "四川铝业（演示）", "steel": "攀枝花钢铁（演示）"}
_CATHODE_MAKER: Final = "宜宾正极材料（演示）"
_OTHER_REFINERY: Final = "赣西锂业（演示）"
#: A crusher takes some tonnes an hour: more than this takes days.
_SWIFT_KG: Final = 50_000


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
    amiss = [one for one in plan if one.closed < HANDED_OVER and one.closed.year != teller.judged]
    misnamed = next((one for one in amiss if len(one.fed) > 1), None)
    unweighed = next((one for one in amiss if one is not misnamed), None)
    unreported = next((one for one in reversed(amiss) if one.by is CRUSHER and one is not unweighed), None)
    delivered: dict[tuple[datetime, str, Company], list[Powder]] = defaultdict(list)
    for one in plan:
        powder = _crushed(teller, one, misnamed=one is misnamed, unweighed=one is unweighed)
        refinery = _LEACHED_BY.get(one.by)
        if refinery is None:
            sold = one.closed + timedelta(days=_pace(teller, one.closed)[0])
            to = {"to": _OTHER_REFINERY, "massKg": f"{powder.kilograms}"}
            teller.say_of_lot(one.by, "lot_sold", sold, powder.number, one.by, **to)
        elif _handed_over(teller, one, powder, lost=one is unreported):
            delivered[one.closed, one.chemistry, refinery].append(powder)
    for (closed, kind, refinery), powders in delivered.items():
        _leached(teller, refinery, closed, f"{closed:%y%m}-{kind}", powders)


def quarters(teller: Teller) -> tuple[date, ...]:
    """Of the year that is judged, the days on which scrap is crushed besides."""
    return tuple(date(teller.judged, month, day) for month, day in ((3, 24), (6, 16), (9, 22), (11, 24)))


def _days(teller: Teller) -> Iterator[date]:
    """The days on which campaigns end: each December, each quarter of the year that is judged, June, and just now."""
    this = teller.until.year
    yield from sorted((*(date(year, 12, 20) for year in range(this - 6, this)), *quarters(teller)))
    yield date(this, 6, 18)
    yield teller.until - timedelta(days=6)


def _plan(teller: Teller) -> Iterator[_Campaign]:
    """Which batch takes what: everything that has waited long enough."""
    waiting = {by.slug: sorted(teller.stores[by.slug], key=lambda feed: (feed.since, feed.code)) for by in RECYCLERS}
    for day in _days(teller):
        closed = datetime.combine(day, time(17), CHINA)
        for by in RECYCLERS:
            if not teller.is_listed(by, day):
                continue
            taken = [feed for feed in waiting[by.slug] if feed.since + _WAIT <= closed]
            waiting[by.slug] = waiting[by.slug][len(taken) :]
            for kind in ("NCM", "LFP"):
                if fed := tuple(feed for feed in taken if feed.model.chemistry == kind):
                    yield _Campaign(closed, by, kind, fed)


def _processed(teller: Teller, one: _Campaign, *, misnamed: bool) -> None:
    """Record which batch each battery went into; if `misnamed`, the first one under a number that nobody recorded."""
    for number, feed in enumerate(one.fed):
        batch = f"{one.number}X" if misnamed and not number else one.number
        if not feed.is_lot:
            done = one.closed - timedelta(days=1)
            teller.say(one.by, "processed", done, feed.code, batch=batch, massKg=f"{feed.kilograms}")


def _crushed(teller: Teller, one: _Campaign, *, misnamed: bool, unweighed: bool) -> Powder:
    """Record the batteries as processed and the batch that they went into; gives its black mass."""
    _processed(teller, one, misnamed=misnamed)
    fed = one.fed[1:] if misnamed else one.fed
    made = chemistry.crush(
        f"{one.by.slug[:2].upper()}{one.mark}",
        one.by.code,
        [(feed.model, feed.kilograms) for feed in fed],
        teller.random,
        careless=one.by is CARELESS,
    )
    kilograms = sum(feed.kilograms for feed in fed)
    teller.crushed[one.by.slug, one.closed.year] += int(kilograms)
    outputs = [lot for lot in made.outputs if not (unweighed and lot["material"] == "copper")]
    teller.say(
        one.by,
        "batch",
        one.closed,
        number=one.number,
        process="crushing",
        startedAt=(one.closed - timedelta(days=2 if kilograms < _SWIFT_KG else 5)).isoformat(),
        inputs=[feed.as_input() for feed in fed],
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
    if one.by is not CRUSHER:
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


def _leached(teller: Teller, by: Company, crushed: datetime, mark: str, powders: Sequence[Powder]) -> None:
    """Leach black mass, wherever it was crushed, and sell the salts."""
    _, arrives, closes, sells = _pace(teller, crushed)
    closed = crushed + timedelta(days=closes)
    short = by.slug[:2].upper()
    number = f"{short}-HY-{mark}"
    made = chemistry.leach(mark if by is REFINERY else short + mark, powders, teller.random, lithium=_LITHIUM[by])
    inputs = [
        {"lot": powder.number, "lotOf": powder.maker, "massKg": f"{powder.kilograms}"} for powder in powders
    ] + chemistry.reagents_for(powders)
    teller.say(
        by,
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
        teller.say_of_lot(by, "lot_sold", crushed + timedelta(days=sells), lot["lot"], by, **sold)
    if by is not REFINERY:
        return
    # Of the last campaign, the one with more to see.
    if powders[0].chemistry == "NCM" or "leaching" not in teller.examples:
        teller.examples["leaching"] = number


def _pace(teller: Teller, closed: datetime) -> tuple[int, int, int, int]:
    return _DAYS if closed + timedelta(days=_DAYS[-1]) < teller.now else _HURRIED
