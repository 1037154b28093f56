"""Production scrap: cells that failed their makers' tests, bought by the recyclers in the year that they are judged by.

It is most of what they crush, and there however few packs the demo has: everybody has a year's work to be judged by.
"""

from datetime import datetime, time, timedelta
from typing import Final

from web.demo.chemistry import SCRAP
from web.demo.companies import BATTERY_MAKERS, CARELESS, CRUSHER, REFINERY, WASTEFUL
from web.demo.recycling import quarters
from web.demo.telling import CHINA, Teller

#: So many tonnes each quarter, of one chemistry after the other.
TONNES: Final = {CRUSHER: 180, REFINERY: 260, WASTEFUL: 170, CARELESS: 110}
_BEFORE: Final = timedelta(days=19)


def play(teller: Teller) -> None:
    """Bring each recycler that is on the list its scrap, some weeks before it is crushed."""
    for by, tonnes in TONNES.items():
        for number, day in enumerate(quarters(teller)):
            if not teller.is_listed(by, day):
                continue
            kind = ("NCM", "LFP")[number % 2]
            maker = BATTERY_MAKERS[number % len(BATTERY_MAKERS)]
            lot = f"PS-{by.slug[:2].upper()}{day:%y%m}-{kind}"
            bought = datetime.combine(day - _BEFORE, time(14), CHINA)
            evidence = f"购销合同 {lot}，过磅单与成分化验单齐全"
            teller.buy(by, lot, SCRAP[kind], tonnes, bought, evidence=evidence, **{"from": maker.name})
