"""How much of an element or component is in what goes into a batch or comes out of it: exact milligrams, or unknown.

Dry mass = mass × (1 - moisture). Element in a product = dry mass × purity × share in the compound; where an assay gives
the element, the assay decides. Element in a battery = its model's composition × its mass. A component
(`cathode_material` and the like) in a lot of that name is its whole dry mass. None always means that nobody knows,
never nothing.
"""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Final, TypeAlias

from recyclers.flows import (
    COMPONENTS,
    ELEMENTS,
    MATERIALS,
    OTHER_ELEMENTS,
    WHOLE,
    BatteryInput,
    Input,
    LotInput,
    Output,
    Quality,
    ReagentInput,
    Residue,
    Shares,
)

Flow: TypeAlias = Input | Output | Residue
ZERO: Final = Fraction(0)
#: What a battery type (GB/T 34014, position 5) cannot hold: it is none of it where nothing is said. A nickel–metal
#: hydride battery has no lithium, lithium iron phosphate none of the three. Of others silence says nothing.
_FOREIGN: Final = {"A": frozenset({"li"}), "B": frozenset({"ni", "co", "mn"})}
_PHOSPHATE: Final = "B"


def dry_mg(mass_mg: int | Fraction, quality: Quality) -> Fraction:
    """Take the moisture off a mass."""
    return Fraction(mass_mg * (WHOLE - quality.moisture_ppb), WHOLE)


def dry_share(quality: Quality, what: str) -> Fraction | None:
    """Give an element's or component's share of the dry mass, 0 to 1; None where it is not known."""
    share = _dry_share(quality, what)
    return None if share is None else Fraction(share, WHOLE**2)


def content_mg(flow: Flow, what: str) -> Fraction | None:
    """Give the milligrams of an element or component in what goes in or comes out; None where it is not known."""
    if not flow.mass_mg:
        return ZERO
    if isinstance(flow, BatteryInput):
        composition = flow.composition or {}
        if what in composition:
            return Fraction(flow.mass_mg * composition[what], WHOLE)
        return ZERO if _is_foreign(what, composition, flow.battery_type) else None
    quality = _quality(flow)
    if quality is None:
        return ZERO
    share = _dry_share(quality, what)
    # Whole numbers up to here: a fraction costs ten times as much to multiply, and there are many.
    return None if share is None else Fraction(flow.mass_mg * (WHOLE - quality.moisture_ppb) * share, WHOLE**3)


def states(flow: Flow, what: str) -> bool:
    """Say whether somebody gave a figure, or a compound's formula does, rather than that none of it is expected."""
    if isinstance(flow, BatteryInput):
        return what in (flow.composition or {})
    quality = _quality(flow)
    if quality is None:
        return False
    material = MATERIALS.get(quality.material or "")
    return what in quality.assay or (material is not None and what in material.shares)


def total(amounts: Iterable[Fraction | None]) -> Fraction | None:
    """Add amounts up; what is unknown makes the sum unknown."""
    found = ZERO
    for amount in amounts:
        if amount is None:
            return None
        found += amount
    return found


def merged(parts: Sequence[tuple[int, Quality]]) -> Quality:
    """Give the make-up of a lot that was merged out of so many milligrams of each of these.

    Figures are means, weighted by mass or dry mass; what is unknown of one part is unknown of the whole.
    """
    weighed = [part for part in parts if part[0]]
    mass_mg, dry = sum(mass for mass, _ in weighed), sum((dry_mg(*part) for part in weighed), ZERO)
    materials, types = {quality.material for _, quality in parts}, {quality.battery_type for _, quality in parts}
    material = materials.pop() if len(materials) == 1 else None
    assay: dict[str, Fraction] = {}
    for what in (*ELEMENTS, *OTHER_ELEMENTS, *COMPONENTS):
        known = total(content_mg(Residue("", *part), what) for part in weighed)
        # What no part speaks of is left to the material again, as it was in each part.
        spoken_of = material is None or any(what in quality.assay for _, quality in weighed)
        if known is not None and dry and (known or spoken_of):
            assay[what] = known / dry * WHOLE
    return Quality(
        material,
        moisture_ppb=(1 - dry / mass_mg) * WHOLE if mass_mg else 0,
        assay=assay,
        battery_type=types.pop() if len(types) == 1 else None,
    )


def _dry_share(quality: Quality, what: str) -> int | Fraction | None:
    """Give a share of the dry mass in billionths of parts per billion."""
    if what in quality.assay:
        return quality.assay[what] * WHOLE
    material = MATERIALS.get(quality.material or "")
    if material is None or what in material.unknown:
        return 0 if _is_foreign(what, quality.assay, quality.battery_type) else None
    # Of the dry powder all is powder; purity is said of compounds.
    return material.shares.get(what, 0) * (WHOLE if what in COMPONENTS else quality.purity_ppb)


def _quality(flow: LotInput | ReagentInput | Output | Residue) -> Quality | None:
    """The make-up of a flow; None for a reagent that holds none of the elements."""
    if isinstance(flow, ReagentInput):
        return Quality(flow.reagent) if flow.reagent in MATERIALS else None
    return flow.quality


def _is_foreign(what: str, stated: Shares, battery_type: str | None) -> bool:
    """Whether the chemistry leaves no room for this element: by battery type, or by an assay of iron phosphate."""
    if battery_type is None and stated.get("fe") and stated.get("p"):
        battery_type = None if any(stated.get(metal) for metal in _FOREIGN[_PHOSPHATE]) else _PHOSPHATE
    return what in _FOREIGN.get(battery_type or "", ())
