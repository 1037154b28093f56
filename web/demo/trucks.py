"""Trucks from a workshop to a recycler, on which not everything is as the waybill says."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from web.demo.companies import RECYCLERS, WORKSHOPS
from web.demo.telling import Pack, Teller

#: So many packs belong to one truck.
LOAD: Final = 5
_LIGHTER_KG: Final = 24


def drive(teller: Teller, load: Sequence[Pack]) -> None:
    """Send the packs off, a truck after the other, and take in what is on them."""
    for start in range(0, len(load), LOAD):
        _one(teller, load[start : start + LOAD])


def _one(teller: Teller, load: Sequence[Pack]) -> None:
    """Of a full truck, the first pack is lighter than announced, the second is missing, the last nobody announced."""
    sender, receiver = WORKSHOPS[0], RECYCLERS[0]
    removed, sent, there = (teller.now - timedelta(days=days, hours=9) for days in (25, 18, 17))
    waybill = teller.waybill(sender)
    full = len(load) == LOAD
    for number, pack in enumerate(load):
        teller.removed(pack, removed + timedelta(hours=number), sender)
        if not (full and number == LOAD - 1):
            teller.say(sender, "dispatched", sent, pack.code, to=receiver.code, waybill=waybill, massKg=pack.mass)
    for number, pack in enumerate(load):
        if full and number == 1:
            continue
        details = {"waybill": waybill, "from": sender.code}
        if full and number == 0:
            details |= {"massKg": f"{float(pack.mass) - _LIGHTER_KG:.1f}", "condition": "damaged"}
        teller.arrived(pack, receiver, there + timedelta(minutes=5 * number), **details)
    if full:
        teller.examples.setdefault("truck", waybill)
        teller.examples.setdefault("uninvited", load[-1].code)
