"""What to know before touching, moving or dismantling a battery: by chemistry, voltage and level, with the standards.

Texts of our own. They name the standards and do not stand in for them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

#: Above this, touching it kills: voltage class B of GB 18384 begins at 60 V DC.
DANGEROUS_VOLTAGE: Final = 60


@dataclass(frozen=True, slots=True)
class Advice:
    """Sentences for everybody, and steps for who dismantles, each with the standards it rests on."""

    safety: tuple[Any, ...]
    dismantling: tuple[tuple[Any, str], ...]


_EVERYBODY: Final = (
    _("Do not open, drill, crush, soak or heat it, and do not connect anything to it."),
    _("Smoke, hissing, a sharp smell or warmth: go upwind, keep others away and call 119."),
    _("It goes to a recovery outlet or a licensed utilisation company, and to nobody else (Order 73, Art. 19)."),
)
_HIGH_VOLTAGE: Final = _("High voltage (above 60 V DC): deadly when touched, also when it looks empty.")
_MAYBE_VOLTAGE: Final = _("Its voltage is not on record: treat it as high voltage (above 60 V DC, deadly).")
#: What lithium-ion batteries share.
_LITHIUM: Final = (
    _("Fire: cool it with very much water for hours; it may flare up again days later. The smoke holds HF."),
    _("Leaking electrolyte burns and is toxic: gloves and goggles, bind it with dry sand, never with bare hands."),
)
_OTHER: Final = (_("Its chemistry is not known: handle it by the strictest of these rules until it is."),)
#: Battery type → what is its own.
_BY_TYPE: Final[dict[str, tuple[Any, ...]]] = {
    "A": (
        _("Nickel-metal hydride: the electrolyte is a strong lye. Rinse skin and eyes with water at once."),
        _("It gives off hydrogen when overcharged or short-circuited: air the room, no sparks."),
    ),
    "B": (
        *_LITHIUM,
        _("Lithium iron phosphate: it burns less violently, but its gas explodes in closed rooms. Air them first."),
        _("Its voltage hardly tells how full it is: measure it under load before you call it empty."),
    ),
    "C": (*_LITHIUM, _("Lithium manganese oxide: it ages by heat; old cells may hold gas. Do not pierce them.")),
    "D": (*_LITHIUM, _("Lithium cobalt oxide: it runs away at low temperatures, and violently. Store it cool.")),
    "E": (
        *_LITHIUM,
        _("Ternary (NCM, NCA): once hot it gives off oxygen and sets fire to the next cell within seconds."),
        _("Store it at a low state of charge, apart from other batteries."),
    ),
    "F": (
        _("Supercapacitor: it charges itself again after a discharge. Keep its terminals short-circuited."),
        _("Its electrolyte may be acetonitrile, which burns and is toxic: air the room."),
    ),
    "G": (*_LITHIUM, _("Lithium titanate: it runs away rarely, but its electrolyte burns like any other.")),
    "Z": (*_LITHIUM, *_OTHER),
}
_REMOVAL: Final = (
    _("Take it out of the vehicle with the service switch pulled, by two people with a permit for high voltage."),
    "GB/T 34015.2-2020",
)
_DISCHARGE: Final = (
    _("Discharge it first, under control, and write down method and final voltage."),
    "GB/T 33598.3-2021",
)
_OPENING: Final = (
    _("Work insulated, from the outside in: cover, high-voltage parts, modules. Code every part that goes on alone."),
    "GB/T 33598-2017",
)
_CELLS: Final = (
    _("Cells are opened by machine, in a closed and aired room, never by hand."),
    "QC/T 1156-2021",
)
_PACKING: Final = (
    _("Pack and move it by its class: intact, damaged or leaking; insulate the terminals."),
    "GB/T 38698.1-2020",
)
_STORING: Final = (_("Store it at an outlet that meets the rules for fire, leakage and records."), "GB/T 38698.2-2023")
_TESTING: Final = (_("Test its remaining energy before you decide what becomes of it."), "GB/T 34015-2017")
_POLLUTION: Final = (
    _("Catch electrolyte, dust and waste gas; residues are hazardous waste until tested."),
    "HJ 1186-2021",
)
_RECOVERY: Final = (_("Recover its materials with figures for each metal."), "GB/T 33598.2-2020")
_ALKALINE: Final = (_("Neutralise the lye; nickel and rare earths are what is worth recovering."), "HJ 1186-2021")
_SHORTED: Final = (
    _("Discharge it through a resistor, short-circuit the terminals, wait, and measure."),
    "GB/T 33598.3-2021",
)


def advice_for(battery_type: str, *, level: str, volts: Decimal | None, in_vehicle: bool = False) -> Advice:
    """Say what to know of a battery of this type; `volts` is None where its voltage is unknown."""
    return Advice(
        (*_voltage(level, volts), *_BY_TYPE.get(battery_type, _BY_TYPE["Z"]), *_EVERYBODY),
        tuple(_steps(battery_type, level, in_vehicle)),
    )


def is_dangerous(volts: Decimal | None) -> bool | None:
    """Whether touching it may kill; None where nobody knows."""
    return None if volts is None else volts > DANGEROUS_VOLTAGE


def _voltage(level: str, volts: Decimal | None) -> Sequence[Any]:
    if is_dangerous(volts):
        return (_HIGH_VOLTAGE,)
    # A cell has a few volts, whoever made it.
    return (_MAYBE_VOLTAGE,) if volts is None and level != "cell" else ()


def _steps(battery_type: str, level: str, in_vehicle: bool) -> list[tuple[Any, str]]:
    whole = level != "cell"
    own = {"A": [_ALKALINE], "F": [_SHORTED]}.get(battery_type, [])
    return [
        _PACKING,
        _STORING,
        *([_REMOVAL] if in_vehicle else []),
        _TESTING,
        *([] if battery_type == "F" else [_DISCHARGE]),
        *own,
        _OPENING if whole else _CELLS,
        *([_CELLS] if whole and battery_type not in "AF" else []),
        _POLLUTION,
        _RECOVERY,
    ]
