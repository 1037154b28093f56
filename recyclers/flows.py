"""What goes into a batch and what comes out of it, as plain values: masses in milligrams, shares in parts per billion.

Nothing here knows a database or a day. A figure that was not given is absent, which is unknown and never zero; only
moisture (0) and purity (all of it) have a default, as records do. Fractions are allowed where whole parts per billion
are not exact any more, as in a merged lot.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Final, TypeAlias

#: Parts per billion of the whole.
WHOLE: Final = 1_000_000_000
#: What the balance and the conditions ask for.
ELEMENTS: Final = ("li", "ni", "co", "mn", "cu", "al")
#: What compounds and chemistries are told apart by, besides.
OTHER_ELEMENTS: Final = ("fe", "p")
ELECTRODE_POWDER: Final = "electrode_powder"
CATHODE_MATERIAL: Final = "cathode_material"
ANODE_MATERIAL: Final = "anode_material"
#: Parts of a battery that a lot may consist of; materials have the same names.
COMPONENTS: Final = (ELECTRODE_POWDER, CATHODE_MATERIAL, ANODE_MATERIAL)
CRUSHING: Final = "crushing"
HYDROMETALLURGY: Final = "hydrometallurgy"
PYROMETALLURGY: Final = "pyrometallurgy"
MATERIAL_REPAIR: Final = "material_repair"
PROCESSES: Final = (CRUSHING, HYDROMETALLURGY, PYROMETALLURGY, MATERIAL_REPAIR)
#: Smelting, as the conditions call it (冶炼): balanced by element, for water and reagents are added.
SMELTING: Final = (HYDROMETALLURGY, PYROMETALLURGY)

#: An element or component → its share, parts per billion.
Shares: TypeAlias = Mapping[str, int | Fraction]


def _check_mass(*masses_mg: int) -> None:
    for mass_mg in masses_mg:
        if not isinstance(mass_mg, int) or mass_mg < 0:
            raise ValueError(f"{mass_mg!r} is no mass in whole milligrams")


def _check_shares(shares: Shares) -> None:
    for what, share in shares.items():
        if not isinstance(share, int | Fraction) or not 0 <= share <= WHOLE:
            raise ValueError(f"{what} {share!r} is no share in parts per billion")


# Materials -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Material:
    """What a lot of this name holds when nobody measured it."""

    name: str
    #: Of the pure, dry material; ppb.
    shares: Shares = field(default_factory=dict)
    #: What it may hold besides, in amounts that only an assay tells.
    unknown: frozenset[str] = frozenset()


def _pure(name: str, percent: str = "", **percents: str) -> Material:
    return Material(name, {what: percent_ppb(share) for what, share in percents.items()}, frozenset(percent.split()))


def _mixture(name: str, *components: str) -> Material:
    """Something of no fixed composition; a component holds nothing of the others."""
    inside = {*ELEMENTS, *OTHER_ELEMENTS, *components}
    own = {name: WHOLE} if name in COMPONENTS else {}
    return Material(name, own, frozenset(inside - {name}))


def percent_ppb(percent: str | Decimal) -> int:
    """Give a percent as parts per billion; ValueError where it is finer than 1e-9 of the whole."""
    return _whole(Decimal(percent).scaleb(7), percent)


def share_ppb(share: str | Decimal) -> int:
    """Give a share of 1 as parts per billion; ValueError where it is finer than 1e-9."""
    return _whole(Decimal(share).scaleb(9), share)


def _whole(number: Decimal, given: object) -> int:
    if number != number.to_integral_value():
        raise ValueError(f"{given} is finer than one part per billion")
    return int(number)


#: Shares of compounds: domain.md § 8, two decimals of a percent, from atomic weights; phosphorus, which § 8 leaves out,
#: from the same weights, since it tells phosphates apart. Metals are themselves.
MATERIALS: Final[Mapping[str, Material]] = MappingProxyType(
    {
        material.name: material
        for material in (
            _pure("lithium_carbonate", li="18.79"),
            _pure("lithium_hydroxide_monohydrate", li="16.54"),
            _pure("lithium_phosphate", li="17.98", p="26.75"),
            _pure("nickel_sulfate_hexahydrate", ni="22.33"),
            _pure("nickel_sulfate_heptahydrate", ni="20.90"),
            _pure("cobalt_sulfate_heptahydrate", co="20.97"),
            _pure("manganese_sulfate_monohydrate", mn="32.51"),
            _pure("copper_sulfate_pentahydrate", cu="25.45"),
            _pure("iron_phosphate", fe="37.03", p="20.54"),
            _pure("iron_phosphate_dihydrate", fe="29.89", p="16.58"),
            _pure("copper", cu="100"),
            _pure("aluminium", al="100"),
            _pure("graphite"),
            _pure("plastic"),
            _pure("steel", "fe"),
            _mixture(ELECTRODE_POWDER, CATHODE_MATERIAL, ANODE_MATERIAL),
            _mixture(CATHODE_MATERIAL),
            _mixture(ANODE_MATERIAL),
            _mixture("electrolyte"),
            _mixture("battery_scrap", *COMPONENTS),
        )
    }
)


# Lots ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, order=True)
class Lot:
    """A lot's name: the organisation that made it, and its number there."""

    organisation: str
    number: str

    def __str__(self) -> str:
        return f"{self.organisation}/{self.number}"


@dataclass(frozen=True, slots=True)
class Quality:
    """What is known of a lot's or a residue's make-up; every field may be left out.

    Raises:
        ValueError: a share is below 0 or above the whole.
    """

    material: str | None = None
    moisture_ppb: int | Fraction = 0
    purity_ppb: int | Fraction = WHOLE
    #: Of the dry mass. What it names it decides; what it does not name, the material decides.
    assay: Shares = field(default_factory=dict)
    #: The fifth character of the battery code, where everything in the lot came from batteries of this one type.
    battery_type: str | None = None

    def __post_init__(self) -> None:
        _check_shares({"moisture": self.moisture_ppb, "purity": self.purity_ppb, **self.assay})


UNKNOWN_QUALITY: Final = Quality()


@dataclass(frozen=True, slots=True)
class LotFacts:
    """What is on record of a lot that exists, apart from its make-up.

    Args:
        mass_mg: what it weighed when it was made, opened, split off or merged.
        parts: the lots that it was split from or merged out of, with the masses taken; none where a batch made it or it
            came from outside.
        withdrawals: what left it otherwise than into a batch (`lot_split`, `lot_merged`, `lot_sold`): moment (ms),
            mass.
    """

    lot: Lot
    mass_mg: int
    parts: tuple[tuple[Lot, int], ...] = ()
    withdrawals: tuple[tuple[int, int], ...] = ()

    def __post_init__(self) -> None:
        _check_mass(self.mass_mg, *(mass for _, mass in self.parts + self.withdrawals))


# Batches -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BatteryInput:
    """A battery that goes in.

    Args:
        composition: of its model, ppb of the battery's mass; None where the model is unknown or says nothing.
        battery_type: the fifth character of its code, where that can be read.
    """

    battery: str
    mass_mg: int
    composition: Shares | None = None
    battery_type: str | None = None

    def __post_init__(self) -> None:
        _check_mass(self.mass_mg)
        _check_shares(self.composition or {})


@dataclass(frozen=True, slots=True)
class LotInput:
    """So much of a lot that goes in; without `quality` where nothing of the lot is known."""

    lot: Lot
    mass_mg: int
    quality: Quality = UNKNOWN_QUALITY

    def __post_init__(self) -> None:
        _check_mass(self.mass_mg)


@dataclass(frozen=True, slots=True)
class ReagentInput:
    """A reagent: it holds what its name says where that is one of the materials, otherwise none of the elements."""

    reagent: str
    mass_mg: int

    def __post_init__(self) -> None:
        _check_mass(self.mass_mg)


Input: TypeAlias = BatteryInput | LotInput | ReagentInput


@dataclass(frozen=True, slots=True)
class Output:
    """A lot that comes out; its organisation is the batch's."""

    lot: Lot
    mass_mg: int
    quality: Quality = UNKNOWN_QUALITY

    def __post_init__(self) -> None:
        _check_mass(self.mass_mg)


@dataclass(frozen=True, slots=True)
class Residue:
    """What comes out and is no product: slag, sludge, dust."""

    kind: str
    mass_mg: int
    quality: Quality = UNKNOWN_QUALITY

    def __post_init__(self) -> None:
        _check_mass(self.mass_mg)


@dataclass(frozen=True, slots=True)
class Batch:
    """One run of a process.

    Args:
        closed_ms: `occurredAt` of its record: the moment by which it belongs to a period. Milliseconds since 1970.
        started_ms: `startedAt`, where that was said.
        site: where it was run; empty where nobody said.

    Raises:
        ValueError: the process is none of `PROCESSES`.
    """

    organisation: str
    number: str
    process: str
    closed_ms: int
    inputs: tuple[Input, ...] = ()
    outputs: tuple[Output, ...] = ()
    residues: tuple[Residue, ...] = ()
    started_ms: int | None = field(default=None, kw_only=True)
    site: str = field(default="", kw_only=True)

    def __post_init__(self) -> None:
        if self.process not in PROCESSES:
            raise ValueError(f"{self.process} is no process: {', '.join(PROCESSES)}")

    @property
    def begun_ms(self) -> int:
        """When its inputs went in: never after it was closed, and then where nobody said."""
        return self.closed_ms if self.started_ms is None else min(self.started_ms, self.closed_ms)

    @property
    def fed(self) -> tuple[LotInput, ...]:
        """The lots that went in."""
        return tuple(item for item in self.inputs if isinstance(item, LotInput))

    @property
    def feed_stated(self) -> bool:
        """Whether any battery or lot is said to have gone in; if not, its feed is unknown."""
        return any(not isinstance(item, ReagentInput) for item in self.inputs)
