"""A history in which every rule finds something: what engines are compared on."""

from typing import Any

from tests import factories
from tests.recyclers import stating
from tests.worlds import World
from traceability.facts import Fact

#: Days since `factories.BEGINNING` of 2026-04-01, and of 2026-06-01.
ORDER_73, JUNE = 1551, 1612


class Faulty:
    """Facts of the alliance's archive: each with the moment at which it was reported."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.facts: list[Fact] = []

    def tell(
        self,
        type_: str,
        by: str,
        battery: str | None,
        at: float,
        *,
        reported: float | None = None,
        key: str | None = None,
        lot: str = "",
        of: str = "",
        **details: Any,
    ) -> str:
        """A fact, reported a day after it unless said otherwise; gives its key. `of`: who made the lot."""
        top = {"reportedAt": factories.moment(at + 1 if reported is None else reported)}
        top |= {"lot": lot} if lot else {}
        top |= {"lotOf": getattr(self.world, of).code} if of else {}
        fact = self.world.fact(type_, getattr(self.world, by), battery, at=at, key=key, top=top, **details)
        self.facts.append(fact)
        return fact.key

    def capture(self) -> None:
        """Record what was told since the last time, as the alliance captures history."""
        self.world.capture(self.facts)
        self.facts = []

    def produced(self, at: float = 1, code: str | None = None, **details: Any) -> str:
        """A new pack."""
        code = code or self.world.pack_code()
        self.tell("produced", "maker", code, at, model="A", massKg="440", **details)
        return code

    def retired(self, at: float = 1, **details: Any) -> str:
        """A pack that is removed ten days after it was made."""
        code = self.produced(at, **details)
        self.tell("installed", "maker", code, at + 1, vin=self.world.vin())
        self.tell("removed", "workshop", code, at + 10)
        return code

    def received(self, code: str, by: str, at: float, *, reported: float | None = None) -> None:
        """A hand-over from the workshop, within a day."""
        organisation = getattr(self.world, by).code
        self.tell("dispatched", "workshop", code, at, to=organisation, massKg="440")
        self.tell("received", by, code, at + 1, reported=reported, massKg="440", condition="intact")


def record_faults(world: World) -> None:
    """Record the history; every rule finds something in it by the end of 2026."""
    tale = Faulty(world)
    _stages(tale)
    _custody(tale)
    _parts(tale)
    _law(tale)
    _batches(tale)
    stating.permit(world, "eia", validFrom="2026-01-01", validUntil="2027-12-31", reportedAt="2026-01-01T00:00:00Z")
    tale.capture()


def _stages(tale: Faulty) -> None:
    tale.tell("removed", "workshop", tale.world.pack_code(), 5)
    tale.tell("removed", "workshop", tale.produced(), 8)
    tale.tell("installed", "workshop", tale.produced(), 9, vin=tale.world.vin())
    tale.tell("inspected", "workshop", tale.retired(), 5, reported=1, sohPercent="70")
    tale.tell("lost", "workshop", tale.retired(), 30)
    code = tale.retired()
    tale.tell("recalled", "maker", code, 60, reported=10, campaign="R-1")


def _custody(tale: Faulty) -> None:
    world = tale.world
    tale.tell("received", "recycler", tale.retired(), 30, massKg="440", condition="intact")
    tale.tell(
        "received", "recycler", tale.retired(), 31, **{"from": world.outlet.code}, massKg="440", condition="intact"
    )
    tale.tell("dispatched", "workshop", tale.retired(), 30, to=world.recycler.code, massKg="440")
    tale.received(tale.retired(), "recycler", 40, reported=200)
    tale.tell("identified", "workshop", _turned_up(tale, "TMP-7"), 90, **{"as": tale.retired()})


def _turned_up(tale: Faulty, code: str) -> str:
    tale.tell("inspected", "workshop", code, 70, sohPercent="60")
    return code


def _parts(tale: Faulty) -> None:
    world = tale.world
    modules = [{"code": world.module_code(), "components": [{"code": world.cell_code()}]} for _ in range(3)]
    code = tale.retired(components=modules)
    tale.received(code, "dismantler", 20)
    tale.tell(
        "dismantled", "dismantler", code, 30, components=[modules[0]["code"], modules[1]["components"][0]["code"]]
    )
    tale.produced(components=[{"code": modules[0]["code"]}])
    tale.produced(9, code=tale.produced())


def _batches(tale: Faulty) -> None:
    """A battery in two batches, of which one lost a tenth of its mass; powder that never arrived."""
    code = tale.retired()
    tale.received(code, "recycler", 40)
    for number, out in (("B-7", "440"), ("B-8", "396")):
        inputs, outputs = [{"battery": code, "massKg": "440"}], [{"lot": f"L-{number}", "massKg": out}]
        tale.tell("batch", "recycler", None, 60, number=number, process="crushing", inputs=inputs, outputs=outputs)
    tale.tell("processed", "recycler", code, 59, batch="B-8", massKg="440")
    tale.tell("dispatched", "recycler", None, 70, lot="L-B-7", to=tale.world.second_life.code, massKg="440")


def _law(tale: Faulty) -> None:
    world = tale.world
    product = factories.second_life_code(77)
    source = tale.retired(JUNE - 90)
    tale.received(source, "second_life", JUNE - 20)
    tale.tell("assembled", "second_life", product, JUNE, sources=[source], application="e_bike")
    code = tale.retired(JUNE - 90)
    tale.received(code, "recycler", JUNE)
    tale.tell("processed", "recycler", code, JUNE + 3, batch="B-1", massKg="440")
    car, vin = tale.produced(JUNE - 60), world.vin()
    tale.tell("installed", "maker", car, JUNE - 50, vin=vin)
    tale.tell("vehicle_scrapped", "dismantler", None, JUNE, vin=vin)
