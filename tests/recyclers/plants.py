"""Batches and lots in few words, and random plants for Hypothesis: lots bought, split, merged, drawn into batches."""

from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from hypothesis import strategies as st

from recyclers.contents import merged
from recyclers.flows import (
    WHOLE,
    Batch,
    BatteryInput,
    Lot,
    LotFacts,
    LotInput,
    Output,
    Quality,
    ReagentInput,
    Residue,
    percent_ppb,
    share_ppb,
)

PLANT, OTHER = "91510100MA6A1B2C3Q", "91330800575349959F"
PROCESSES = ("hydrometallurgy", "crushing")


def mg(kilograms: str) -> int:
    return int(Decimal(kilograms).scaleb(6))


def assay(**percents: str) -> dict[str, int]:
    return {what: percent_ppb(percent) for what, percent in percents.items()}


def composition(**shares: str) -> dict[str, int]:
    return {what: share_ppb(share) for what, share in shares.items()}


def powder(**percents: str) -> Quality:
    return Quality("electrode_powder", assay=assay(**percents))


def lot(number: str, organisation: str = PLANT) -> Lot:
    return Lot(organisation, number)


def feed(number: str, kilograms: str, quality: Quality, organisation: str = PLANT) -> LotInput:
    return LotInput(lot(number, organisation), mg(kilograms), quality)


def out(number: str, kilograms: str, material: str, **percents: str) -> Output:
    return Output(lot(number), mg(kilograms), Quality(material, assay=assay(**percents)))


def pack(code: str, kilograms: str, battery_type: str | None = None, **shares: str) -> BatteryInput:
    return BatteryInput(code, mg(kilograms), composition(**shares), battery_type)


def batch(number, process, inputs, outputs=(), residues=(), *, closed=0, started=None, by=PLANT) -> Batch:
    return Batch(by, number, process, closed, tuple(inputs), tuple(outputs), tuple(residues), started_ms=started)


# The example of records.md -------------------------------------------------------------------------------------------


def example(**black_mass: str) -> Batch:
    """Batch B-2025-0701; the assay of its black mass is not given there, the model is that of NCM-75."""
    ncm = {"li": "0.0155", "ni": "0.0855", "co": "0.0145", "mn": "0.0138", "cu": "0.10", "al": "0.25"}
    carbonate = Quality("lithium_carbonate", percent_ppb("0.5"), percent_ppb("99.5"))
    return batch(
        "B-2025-0701",
        "hydrometallurgy",
        [
            feed("BM-2025-0630", "1000", powder(**black_mass) if black_mass else Quality("electrode_powder")),
            ReagentInput("sulfuric_acid", mg("600")),
            pack("04QPE76836300JBC40000903", "412.5", "E", **ncm),
        ],
        [
            Output(lot("LC-17"), mg("180"), carbonate),
            out("NS-9", "300", "nickel_sulfate_hexahydrate", ni="22.2", co="0.01"),
        ],
        [Residue("slag", mg("732.5"), Quality(moisture_ppb=percent_ppb("20"), assay=assay(li="0.2")))],
    )


# Random plants -------------------------------------------------------------------------------------------------------


@dataclass
class Plants:
    """What two companies did with lots, step by step: nothing is drawn that is not there."""

    batches: list[Batch] = field(default_factory=list)
    facts: dict[Lot, LotFacts] = field(default_factory=dict)
    qualities: dict[Lot, Quality] = field(default_factory=dict)
    left: dict[Lot, int] = field(default_factory=dict)
    #: In order: ("open" | "make", lot, mass), ("regroup", lot, [(lot, mass)]), ("batch", batch).
    story: list[tuple] = field(default_factory=list)

    def open(self, at: Lot, mass_mg: int, quality: Quality) -> None:
        self.facts[at] = LotFacts(at, mass_mg)
        self.qualities[at], self.left[at] = quality, mass_mg
        self.story.append(("open", at, mass_mg))

    def take(self, draw, most: int = 3) -> list[tuple[Lot, int]]:
        there = sorted(one for one, left in self.left.items() if left)
        if not there:
            return []
        chosen = draw(st.lists(st.sampled_from(there), max_size=most, unique=True))
        taken = [(one, draw(st.integers(1, self.left[one]))) for one in chosen]
        for one, mass_mg in taken:
            self.left[one] -= mass_mg
        return taken

    def regroup(self, at: Lot, parts: list[tuple[Lot, int]]) -> None:
        mass_mg = sum(mass for _, mass in parts)
        self.facts[at] = LotFacts(at, mass_mg, tuple(parts))
        self.qualities[at] = merged([(mass, self.qualities[part]) for part, mass in parts])
        self.left[at] = mass_mg
        self.story.append(("regroup", at, parts))

    def run(self, draw, number: int) -> None:
        by, process = draw(st.sampled_from((PLANT, OTHER))), draw(st.sampled_from(PROCESSES))
        inputs = [LotInput(one, mass, self.qualities[one]) for one, mass in self.take(draw)]
        if draw(st.booleans()):
            inputs.append(BatteryInput(f"P{number}", draw(MASSES), {"li": draw(PPB)}))
        outputs = [
            Output(Lot(by, f"M{number}-{place}"), mass, quality)
            for place, (mass, quality) in enumerate(draw(st.lists(st.tuples(MASSES, qualities()), max_size=3)))
        ]
        residues = [Residue("slag", mass, Quality(assay={"li": 5})) for mass in draw(st.lists(MASSES, max_size=2))]
        started = number - draw(st.integers(0, 3))
        run = batch(f"B{number}", process, inputs, outputs, residues, closed=number, started=started, by=by)
        self.batches.append(run)
        self.story.append(("batch", run))
        for output in outputs:
            self.facts[output.lot] = LotFacts(output.lot, output.mass_mg)
            self.qualities[output.lot], self.left[output.lot] = output.quality, output.mass_mg


MASSES = st.integers(1, 1000)
PPB = st.integers(0, WHOLE)


@st.composite
def qualities(draw) -> Quality:
    stated = {"li": draw(PPB)} if draw(st.integers(0, 7)) else {}
    return Quality("electrode_powder", draw(st.sampled_from((0, 0, WHOLE // 3))), assay=stated)


@st.composite
def plants(draw) -> Plants:
    """Two companies, two processes, lots from outside, splits and merges, in order of time."""
    found = Plants()
    for number in range(draw(st.integers(1, 10))):
        kind = draw(st.sampled_from(("open", "regroup", "batch", "batch")))
        owner = draw(st.sampled_from((PLANT, OTHER)))
        if kind == "open":
            found.open(Lot(owner, f"O{number}"), draw(MASSES), draw(qualities()))
        elif kind == "batch":
            found.run(draw, number)
        elif parts := found.take(draw):
            if len(parts) == 1 and parts[0][1] > 1:
                [(whole, mass_mg)] = parts
                half = draw(st.integers(1, mass_mg - 1))
                found.regroup(Lot(owner, f"S{number}-1"), [(whole, half)])
                found.regroup(Lot(owner, f"S{number}-2"), [(whole, mass_mg - half)])
            else:
                found.regroup(Lot(owner, f"S{number}"), parts)
    return found


def density(quality: Quality, what: str = "li") -> Fraction | None:
    """Milligrams of an element in a milligram as weighed."""
    if what not in quality.assay:
        return None
    return Fraction(WHOLE - quality.moisture_ppb, WHOLE) * Fraction(quality.assay[what], WHOLE)
