"""What the demo's batteries consist of, and what becomes of it: crushed to black mass, leached to salts.

Realistic yields, in decimals: a crushing batch loses about one percent of its mass, a smelting batch gives out less of
each element than went in, and both stay above the thresholds of the industry conditions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from typing import Any, Final

_PERCENT: Final = Decimal(100)
#: Scales weigh to a hundred grams, laboratories tell a hundredth of a percent.
_SCALE, _ASSAY = Decimal("0.1"), Decimal("0.01")
_LEAST: Final = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Model:
    """A model: chemistry, energy, what it weighs (domain § 8: 5.3–8 kg/kWh) and consists of, as shares of its mass."""

    number: str
    battery_type: str
    voltage: str
    capacity: str
    energy: str
    mass: int
    cells: int
    composition: Mapping[str, str]
    #: What nobody files: with the powder, copper and aluminium it makes up the whole.
    rest: Mapping[str, str]

    @property
    def chemistry(self) -> str:
        """How its black mass is kept apart."""
        return "LFP" if self.battery_type == "B" else "NCM"

    def share(self, what: str) -> Decimal:
        """The share of its mass that is this; none where nothing says so."""
        return Decimal(self.composition.get(what) or self.rest.get(what) or 0)


MODELS: Final = (
    Model(
        "LFP-60",
        "B",
        "335",
        "180",
        "60.3",
        438,
        104,
        {
            "li": "0.0138",
            "fe": "0.1020",
            "p": "0.0565",
            "cu": "0.1000",
            "al": "0.2600",
            "electrode_powder": "0.4500",
        },
        {"steel": "0.06", "plastic": "0.05", "electrolyte": "0.08"},
    ),
    Model(
        "NCM-75",
        "E",
        "350",
        "214",
        "75",
        440,
        96,
        {
            "li": "0.0155",
            "ni": "0.0855",
            "co": "0.0145",
            "mn": "0.0138",
            "cu": "0.1000",
            "al": "0.2500",
            "electrode_powder": "0.3100",
        },
        {"steel": "0.16", "plastic": "0.08", "electrolyte": "0.10"},
    ),
)
#: Of a product's mass, what its frame and wiring weigh; the rest is modules.
_FRAME: Final = Decimal("0.06")


def product_of(model: Model) -> Model:
    """The second-life product that is made of three modules of this model's packs."""
    held = {what: str((Decimal(share) * (1 - _FRAME)).quantize(_LEAST)) for what, share in model.composition.items()}
    rest = {what: str(Decimal(share) * (1 - _FRAME)) for what, share in model.rest.items()}
    rest["steel"] = str(Decimal(rest["steel"]) + _FRAME)
    energy = (Decimal(model.energy) * Decimal("0.58")).quantize(_SCALE)
    return Model(f"ES-{model.chemistry}", model.battery_type, "96", "340", f"{energy}", 280, 0, held, rest)


PRODUCTS: Final = tuple(product_of(model) for model in MODELS)
#: Of what a pack consists of, how much of it is in its cells.
_IN_CELLS: Final = {"cu": Decimal("0.8"), "al": Decimal("0.25"), "steel": Decimal(0), "plastic": Decimal("0.6")}


def scrap_of(model: Model) -> Model:
    """Cells of this model's packs that failed their maker's tests: what a pack is without its case and wiring."""

    def cells(shares: Mapping[str, str]) -> dict[str, Decimal]:
        return {what: Decimal(share) * _IN_CELLS.get(what, 1) for what, share in shares.items()}

    held, rest = cells(model.composition), cells(model.rest)
    weighed = ("cu", "al", "electrode_powder")
    whole = sum((held[what] for what in weighed), sum(rest.values(), Decimal(0)))

    def shares(masses: Mapping[str, Decimal]) -> dict[str, str]:
        return {what: str((mass / whole).quantize(_LEAST)) for what, mass in masses.items() if mass}

    return Model(f"PS-{model.chemistry}", model.battery_type, "", "", "", 0, 0, shares(held), shares(rest))


SCRAP: Final = {model.chemistry: scrap_of(model) for model in MODELS}


@dataclass(frozen=True, slots=True)
class Powder:
    """A lot of black mass: its number, who made it, and what the laboratory said of it."""

    number: str
    maker: str
    chemistry: str
    kilograms: Decimal
    moisture: Decimal
    assay: Mapping[str, Decimal]

    @property
    def dry(self) -> Decimal:
        """Its mass without the moisture."""
        return self.kilograms * (1 - self.moisture / _PERCENT)

    def holds(self, element: str) -> Decimal:
        """Kilograms of the element."""
        return self.dry * self.assay.get(element, Decimal(0)) / _PERCENT


@dataclass(frozen=True, slots=True)
class Yield:
    """What came out of a batch, as its record says it; the black mass also as a lot to work on with."""

    outputs: list[dict[str, Any]]
    residues: list[dict[str, Any]]
    powders: list[Powder] = field(default_factory=list)


def crush(
    mark: str, maker: str, fed: Sequence[tuple[Model, Decimal]], random: Random, *, careless: bool = False
) -> Yield:
    """Crush and sort batteries of one chemistry: black mass, metals, plastic and electrolyte.

    Args:
        mark: what the numbers of the lots end with.
        fed: of which model, how many kilograms.
        careless: leave too much foil in the powder, and send the electrolyte off without a manifest.
    """

    def inside(what: str) -> Decimal:
        return sum((model.share(what) * kilograms for model, kilograms in fed), Decimal(0))

    # The foil that is left in the powder weighs as well.
    dry, moisture = inside("electrode_powder") * (Decimal("0.997") if careless else Decimal("0.987")), Decimal("0.8")
    carried = ("li", "ni", "co", "mn", "fe", "p")
    assay = {what: _assay(inside(what) * Decimal("0.992") / dry * _PERCENT) for what in carried if inside(what)}
    assay |= {"cu": Decimal(80 + random.randrange(15)) / 100, "al": Decimal(85 + random.randrange(20)) / 100}
    if careless:
        assay["al"] += 1
    chemistry = fed[0][0].chemistry
    powder = Powder(f"BM-{mark}", maker, chemistry, _kg(dry / (1 - moisture / _PERCENT)), moisture, assay)
    outputs: list[dict[str, Any]] = [
        {
            "lot": powder.number,
            "material": "electrode_powder",
            "massKg": f"{powder.kilograms}",
            "moisturePercent": f"{moisture}",
            "assay": _told(assay),
        }
    ]
    # What sticks to the powder is missing from the foils.
    for name, symbol, material in (("CU", "cu", "copper"), ("AL", "al", "aluminium")):
        foil = inside(symbol) * Decimal("0.988") - powder.holds(symbol)
        lot = {"lot": f"{name}-{mark}", "material": material, "massKg": f"{_kg(foil / Decimal('0.99'))}"}
        outputs.append(lot | {"purityPercent": "99"})
    if steel := _kg(inside("steel") * Decimal("0.99")):
        outputs.append({"lot": f"FE-{mark}", "material": "steel", "massKg": f"{steel}"})
    electrolyte = {"kind": "electrolyte", "massKg": f"{_kg(inside('electrolyte') * Decimal('0.99'))}"}
    residues = [
        {"kind": "plastic_and_separator", "massKg": f"{_kg(inside('plastic') * Decimal('0.99'))}"},
        electrolyte if careless else electrolyte | {"manifest": f"HW-{mark}"},
    ]
    return Yield(outputs, residues, [powder])


@dataclass(frozen=True, slots=True)
class _Salt:
    """A product of leaching: how much of its element ends up there, and the element's share of the dry product."""

    name: str
    material: str
    element: str
    part: Decimal
    share: Decimal
    said: Mapping[str, Any]


#: Shares by domain § 8, times the purity that is said, or as the assay says.
_CARBONATE: Final = _Salt(
    "LC",
    "lithium_carbonate",
    "li",
    Decimal("0.930"),
    Decimal("0.1879") * Decimal("0.996") * Decimal("0.997"),
    {"purityPercent": "99.6", "moisturePercent": "0.3"},
)
_SALTS: Final = {
    "NCM": (
        _CARBONATE,
        _Salt(
            "NS",
            "nickel_sulfate_hexahydrate",
            "ni",
            Decimal("0.988"),
            Decimal("0.222"),
            {"assay": {"ni": "22.2", "co": "0.01"}},
        ),
        _Salt(
            "CS",
            "cobalt_sulfate_heptahydrate",
            "co",
            Decimal("0.986"),
            Decimal("0.2097") * Decimal("0.995"),
            {"purityPercent": "99.5"},
        ),
        _Salt(
            "MS",
            "manganese_sulfate_monohydrate",
            "mn",
            Decimal("0.985"),
            Decimal("0.3251") * Decimal("0.992"),
            {"purityPercent": "99.2"},
        ),
    ),
    "LFP": (
        _CARBONATE,
        _Salt(
            "FP",
            "iron_phosphate",
            "fe",
            Decimal("0.950"),
            Decimal("0.3703") * Decimal("0.990"),
            {"purityPercent": "99.0"},
        ),
    ),
}
#: Of what went in, what stays in the leaching residue, and the residue's dry mass as a share of the powder's.
_LEFT: Final = {"ni": "0.007", "co": "0.008", "mn": "0.009", "cu": "0.90", "al": "0.90"}
_GRAPHITE: Final = {"NCM": Decimal("0.44"), "LFP": Decimal("0.33")}
_WET: Final = Decimal(30)
#: Of the lithium, what becomes carbonate; and what is found again at all, the rest is washed away.
_LITHIUM, _FOUND = _CARBONATE.part, Decimal("0.98")


def leach(mark: str, fed: Sequence[Powder], random: Random, *, lithium: Decimal = _LITHIUM) -> Yield:
    """Leach black mass of one chemistry and precipitate its salts; what stays behind is graphite and traces.

    Args:
        mark: what the numbers of the lots end with.
        lithium: the part of it that becomes carbonate; what does not stays in the residue.
    """
    chemistry = fed[0].chemistry
    outputs = []
    for salt in _SALTS[chemistry]:
        held = sum((powder.holds(salt.element) for powder in fed), Decimal(0))
        part = (lithium if salt.element == "li" else salt.part) + Decimal(random.randrange(-2, 3)) / 1000
        lot = {"lot": f"{salt.name}-{mark}", "material": salt.material, "massKg": f"{_kg(held * part / salt.share)}"}
        outputs.append({**lot, **salt.said})
    dry = sum((powder.dry for powder in fed), Decimal(0)) * _GRAPHITE[chemistry]
    assay = {}
    for element, part_left in {"li": str(_FOUND - lithium), **_LEFT}.items():
        held = sum((powder.holds(element) for powder in fed), Decimal(0))
        if held:
            assay[element] = _assay(held * Decimal(part_left) / dry * _PERCENT)
    residue = {
        "kind": "leaching_residue",
        "massKg": f"{_kg(dry / (1 - _WET / _PERCENT))}",
        "moisturePercent": f"{_WET}",
        "assay": _told(assay),
        "manifest": f"GR-{mark}",
    }
    return Yield(outputs, [residue])


def reagents_for(fed: Sequence[Powder]) -> list[dict[str, str]]:
    """What leaching takes besides: acid, peroxide and soda, by the mass of the powder."""
    dry = sum((powder.dry for powder in fed), Decimal(0))
    needed = {"sulfuric_acid": "1.15", "hydrogen_peroxide": "0.35", "sodium_carbonate": "0.40"}
    return [{"reagent": name, "massKg": f"{_kg(dry * Decimal(ratio))}"} for name, ratio in needed.items()]


def _kg(kilograms: Decimal) -> Decimal:
    return kilograms.quantize(_SCALE)


def _assay(percent: Decimal) -> Decimal:
    return percent.quantize(_ASSAY)


def _told(assay: Mapping[str, Decimal]) -> dict[str, str]:
    return {what: f"{percent}" for what, percent in assay.items()}
