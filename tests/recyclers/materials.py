"""How tests tell of batches and lots: short words for records, and what became of a lot."""

from typing import Any

from django.db.models import Sum

from recyclers.models import Lot
from tests.factories import When
from tests.worlds import Party, World
from traceability.facts import Fact
from traceability.ledger import Receipt


def batch(
    world: World,
    number: str = "B-1",
    *,
    inputs: list[dict[str, Any]] | None = None,
    outputs: list[dict[str, Any]] | None = None,
    by: Party | None = None,
    at: When | None = None,
    key: str | None = None,
    **more: Any,
) -> Fact:
    """A batch, as a recycler tells of it."""
    details = {"number": number, "process": "crushing", "inputs": inputs or [], "outputs": outputs or [], **more}
    return world.fact("batch", by or world.recycler, at=at, key=key, **details)


def lot_fact(
    world: World,
    type_: str,
    number: str,
    *,
    by: Party | None = None,
    of: Party | None = None,
    at: When | None = None,
    key: str | None = None,
    **details: Any,
) -> Fact:
    """A fact about one lot; `of` made it, by default whoever tells."""
    top = {"lot": number} | ({} if of is None else {"lotOf": of.code})
    return world.fact(type_, by or world.recycler, at=at, key=key, top=top, **details)


def opened(world: World, number: str, kilograms: str = "1000", **more: Any) -> Fact:
    """A lot that comes in from outside."""
    details = {"material": "electrode_powder", "massKg": kilograms, "origin": "purchased"}
    return lot_fact(world, "lot_opened", number, **(details | more))


def powder(number: str, kilograms: str, **more: Any) -> dict[str, Any]:
    """A lot of electrode powder that comes out of a batch."""
    return {"lot": number, "material": "electrode_powder", "massKg": kilograms, **more}


def record(world: World, *facts: Fact) -> Receipt:
    """Record facts of one organisation as that organisation, all or none."""
    return world.record(*facts, by=world.party(facts[0].organisation))


def lot(world: World, number: str, of: Party | None = None) -> Lot:
    """The row of a lot."""
    return Lot.objects.get(code=f"{(of or world.recycler).code}/{number}")


def left(world: World, number: str, of: Party | None = None) -> int:
    """What is left of a lot, in milligrams."""
    total: int = lot(world, number, of).movements.aggregate(left=Sum("mg"))["left"]
    return total


KG = 1_000_000
