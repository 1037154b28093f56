"""Dismantling, and what becomes of good modules: products for storage, one of them taken back in the end."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from web.demo.chemistry import PRODUCTS, Model
from web.demo.companies import DISMANTLER, RECYCLERS, SECOND_LIFE, Company
from web.demo.telling import Pack, Teller

#: A pack comes apart into so many modules, which weigh this share of it; the rest are residues.
MODULES: Final = 4
_IN_MODULES: Final = Decimal("0.80")
_RESIDUES: Final = {"aluminium": "0.10", "steel": "0.05", "copper": "0.02", "plastic": "0.03"}
#: Which modules of which of two packs make a product; what is not here goes to the recycler.
_PARTS: Final = (((0, 0), (0, 1), (1, 0)), ((0, 2), (1, 1), (1, 2)))
_WEAK: Final = ((0, 3), (1, 3))
_KG: Final = Decimal("0.1")


@dataclass(frozen=True, slots=True)
class Apart:
    """A pack that was dismantled, and when."""

    pack: Pack
    when: datetime


def module_masses(mass: str) -> list[str]:
    """What the modules of a pack of this mass weigh."""
    return [f"{(Decimal(mass) * _IN_MODULES / MODULES).quantize(_KG)}"] * MODULES


def take_apart(teller: Teller, pack: Pack, when: datetime) -> Apart:
    """Test the pack, discharge it, and take it apart into its modules."""
    teller.inspected(DISMANTLER, pack.code, when, pack.model, teller.random.randrange(70, 80), "second_life")
    done = when + timedelta(days=2)
    weights = {name: Decimal(pack.mass) * Decimal(share) for name, share in _RESIDUES.items()}
    teller.say(
        DISMANTLER,
        "dismantled",
        done,
        pack.code,
        components=[module["code"] for module in pack.modules],
        residues=[{"material": name, "massKg": f"{mass.quantize(_KG)}"} for name, mass in weights.items()],
        discharge={"method": "GB/T 33598.3-2021", "endVoltageV": "24", "hours": "36"},
    )
    teller.examples.setdefault("dismantled", pack.code)
    return Apart(pack, done)


def play(teller: Teller, apart: Sequence[Apart]) -> None:
    """Pair packs of one model: of each pair, two products and two modules too weak for one."""
    kept: dict[str, list[Apart]] = defaultdict(list)
    for one in apart:
        kept[one.pack.model.number].append(one)
    for found in kept.values():
        found.sort(key=lambda one: one.when)
        for start in range(0, len(found) - 1, 2):
            _pair(teller, found[start : start + 2])
        for left in found[len(found) - len(found) % 2 :]:
            modules = left.pack.modules
            _moved(teller, modules, RECYCLERS[0], left.when + timedelta(days=10))
            _stored(teller, modules, left.pack.model, left.when + timedelta(days=12))


def _pair(teller: Teller, pair: Sequence[Apart]) -> None:
    model, start = pair[0].pack.model, max(one.when for one in pair)
    weak = [pair[which].pack.modules[place] for which, place in _WEAK]
    _moved(teller, weak, RECYCLERS[0], start + timedelta(days=10))
    _stored(teller, weak, model, start + timedelta(days=12))
    product = next(product for product in PRODUCTS if product.chemistry == model.chemistry)
    for number, parts in enumerate(_PARTS):
        modules = [pair[which].pack.modules[place] for which, place in parts]
        sent = start + timedelta(days=10, hours=number)
        _moved(teller, modules, SECOND_LIFE, sent)
        for module in modules:
            health = teller.random.randrange(68, 82)
            teller.inspected(SECOND_LIFE, module["code"], sent + timedelta(days=6), model, health, "second_life")
        code, mass, deployed = _product(teller, product, modules, sent + timedelta(days=20))
        if number:
            _taken_back(teller, product, code, mass, deployed)
        else:
            teller.examples.setdefault("product", code)


def _product(
    teller: Teller, model: Model, modules: Sequence[dict[str, Any]], when: datetime
) -> tuple[str, str, datetime]:
    """Assemble a product and put it to use; gives its code, its mass and since when it serves."""
    code = teller.code("pack", SECOND_LIFE, model, when.date(), second_life=True)
    held = sum((Decimal(module["massKg"]) for module in modules), Decimal(0))
    mass = f"{(held / Decimal('0.94')).quantize(_KG)}"
    sources = [module["code"] for module in modules]
    use = "energy_storage"
    teller.say(SECOND_LIFE, "assembled", when, code, sources=sources, model=model.number, massKg=mass, application=use)
    deployed = when + timedelta(days=15)
    where = teller.random.choice(("510500", "510100", "513400"))
    teller.say(SECOND_LIFE, "deployed", deployed, code, application=use, region=where, monitoring="BMS/4G")
    return code, mass, deployed


def _taken_back(teller: Teller, model: Model, code: str, mass: str, deployed: datetime) -> None:
    """Worn out in the end: the first of late, others after some years, or not yet."""
    first = "taken_back" not in teller.examples
    worn = deployed + timedelta(days=teller.random.randrange(700, 1500))
    when = teller.now - timedelta(days=24, hours=14) if first else worn
    if when > teller.now - timedelta(days=20):
        return
    teller.say(SECOND_LIFE, "decommissioned", when, code, reason="容量衰减至合同下限")
    _moved(teller, [{"code": code, "massKg": mass}], RECYCLERS[0], when + timedelta(days=2), SECOND_LIFE)
    teller.store(RECYCLERS[0], code, model, mass, when + timedelta(days=4))
    if first:
        teller.examples["taken_back"] = code


def _moved(
    teller: Teller, things: Sequence[dict[str, Any]], to: Company, when: datetime, sender: Company = DISMANTLER
) -> None:
    """Send these off on one waybill, and receive them two days later."""
    waybill = teller.waybill(sender)
    for thing in things:
        said = {"to": to.code, "waybill": waybill, "massKg": thing["massKg"]}
        teller.say(sender, "dispatched", when, thing["code"], **said)
    for thing in things:
        told = {"waybill": waybill, "massKg": thing["massKg"], "condition": "intact", "label": "read"}
        teller.say(to, "received", when + timedelta(days=2), thing["code"], **told)


def _stored(teller: Teller, modules: Sequence[dict[str, Any]], model: Model, since: datetime) -> None:
    for module in modules:
        teller.store(RECYCLERS[0], module["code"], model, module["massKg"], since)
