"""What a part brings along when it goes on alone: what its maker said of it in its battery's tree, and the model of
that battery where it has none of its own.

Derived with the part's chain, which is walked anew whenever its battery's is. A part still built in has its battery's
life, and needs none of this.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from batteries.models import Battery
from traceability.chains import Walk
from traceability.events import batches
from traceability.models import Component, LifecycleRecord

#: A cell, its module, its pack, the product that was made of it.
_LEVELS: Final = 4


@dataclass(slots=True)
class _Origin:
    """What is known of a code as a part: its own model and mass, and what it came out of last."""

    model: str = ""
    mass_mg: int | None = None
    parent: str = ""
    since_ms: int = -1


def inherit(walks: Sequence[Walk], rows: dict[int, Battery]) -> None:
    """Complete the rows of parts that have left their batteries; `rows` by the ids of the walks' records."""
    alone = {walk.record.code: walk for walk in walks if not walk.part_of and not rows[walk.record.id].model_number}
    origins = _origins(alone)
    for code, walk in alone.items():
        origin = origins.setdefault(code, _Origin())
        for taken in walk.steps:
            fact = taken.occurrence.fact
            if fact.type == "released" and fact.occurred_ms >= origin.since_ms:
                origin.parent, origin.since_ms = fact.details.get("from", ""), fact.occurred_ms
        row = rows[walk.record.id]
        row.model_number = origin.model
        row.mass_mg = origin.mass_mg if row.mass_mg is None else row.mass_mg
    known = {walk.record.code: rows[walk.record.id].model_number for walk in walks}
    found = _models_above({code: o.parent for code, o in origins.items() if o.parent and not o.model}, known)
    for code, model in found.items():
        rows[alone[code].record.id].inherited_model = model


def _models_above(parents: dict[str, str], known: dict[str, str]) -> dict[str, str]:
    """The model of the nearest battery around each part that has one; `known` are those being written just now."""
    found: dict[str, str] = {}
    for _ in range(_LEVELS):
        if not parents:
            break
        stored = _stored(set(parents.values()))
        stays = _origins(set(parents.values()))
        above: dict[str, str] = {}
        for code, parent in parents.items():
            true, own = stored.get(parent, (parent, ""))
            stay = stays.get(parent, _Origin())
            if model := known.get(true) or own or stay.model:
                found[code] = model
            elif stay.parent:
                above[code] = stay.parent
        parents = above
    return found


def _stored(codes: Collection[str]) -> dict[str, tuple[str, str]]:
    """The true code behind each of these, and the model that its own maker gave it."""
    found: dict[str, tuple[str, str]] = {}
    columns = ("code", "chain__code", "battery__model_number", "chain__battery__model_number")
    for batch in batches(codes):
        rows = LifecycleRecord.objects.filter(kind=LifecycleRecord.Kind.BATTERY, code__in=batch)
        for code, root, own, joined in rows.values_list(*columns):
            found[code] = (root or code, (joined if root else own) or "")
    return found


def _origins(codes: Collection[str]) -> dict[str, _Origin]:
    """What the trees of batteries say of these parts; the last word counts."""
    found: dict[str, _Origin] = {}
    for batch in batches(codes):
        rows = Component.objects.filter(code__in=batch).order_by("since_ms", "since_event")
        for code, parent, model, mass, ms in rows.values_list(
            "code", "parent_code", "model_number", "mass_mg", "since_ms"
        ):
            origin = found.setdefault(code, _Origin())
            origin.model = model or origin.model
            origin.mass_mg = origin.mass_mg if mass is None else mass
            origin.parent, origin.since_ms = parent, ms
    return found
