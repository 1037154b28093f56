"""A random sample that anybody can draw again: the batteries with the smallest digests, as many as the risk asks for.

The digest of a battery is SHA-256 of `<run id>\\n<seed>\\n<code>` in UTF-8, hexadecimal; who has the smallest ones is
in the sample, in that order. So a sample depends on the run, the seed and the codes alone, not on the order of rows,
nor on any program's random numbers. Its size is ⌈factor · √n⌉ of n batteries, at most all: the square-root rule of
ISCC's procedures, with a factor of 1 at low, 1.5 at medium and 2 at high risk.
"""

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from heapq import nsmallest
from math import isqrt
from typing import Final

from django.utils.translation import gettext_lazy as _

from traceability.audit.exporting.tables import Column, Table
from traceability.errors import refuse

RISKS: Final = {"low": Fraction(1), "medium": Fraction(3, 2), "high": Fraction(2)}
#: Up to which share of broken chains the risk is low, and medium.
_LOW, _MEDIUM = Fraction(2, 100), Fraction(10, 100)
SEED_LENGTH: Final = 64
_COLUMNS: Final = (
    Column("number", _("number"), "whole", 9),
    Column("battery", _("battery"), width=28),
    Column("gaps", _("gaps"), "whole", 9),
    Column("breaks", _("breaks"), "whole", 9),
    Column("draw", _("digest of the draw"), width=66),
    Column("run", _("audit run"), width=34),
    Column("seed", _("seed"), width=20),
    Column("risk", _("risk"), width=9),
    Column("population", _("batteries drawn from"), "whole"),
    Column("population_digest", _("SHA-256 of their codes"), width=66),
)


@dataclass(frozen=True, slots=True)
class Drawn:
    """One battery of a sample, with how many gaps and breaks it had in the run."""

    battery: str
    draw: str
    gaps: int = 0
    breaks: int = 0


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample with all that it takes to draw it again."""

    run: str
    seed: str
    risk: str
    population: int
    #: How many of them had a break in the run.
    broken: int
    #: SHA-256 over the sorted codes, each with a line feed: shows that it was drawn from the same ones.
    population_digest: str
    batteries: tuple[Drawn, ...]

    @property
    def table(self) -> Table:
        """It as a table; every row says how it was drawn."""
        drawn = (self.run, self.seed, self.risk, self.population, self.population_digest)
        rows = (
            (number, one.battery, one.gaps, one.breaks, one.draw, *drawn)
            for number, one in enumerate(self.batteries, start=1)
        )
        return Table(_("Sample"), _COLUMNS, rows)


def new_seed() -> str:
    """A seed that nobody chose."""
    return secrets.token_hex(8)


def read_seed(seed: str) -> str:
    """Take a seed as it was given.

    Raises:
        Refusal: `wrong_value`.
    """
    if not 0 < len(seed) <= SEED_LENGTH or not seed.isprintable() or seed != seed.strip():
        raise refuse("wrong_value", ("seed",), value=seed, expected=f"1–{SEED_LENGTH}")
    return seed


def size_of(population: int, risk: str) -> int:
    """How many batteries the rule asks for, computed in whole numbers.

    Raises:
        Refusal: `wrong_value` for a risk that there is not.
    """
    if risk not in RISKS:
        raise refuse("wrong_value", ("risk",), value=risk, expected=", ".join(RISKS))
    if not population:
        return 0
    over, under = RISKS[risk].numerator ** 2, RISKS[risk].denominator ** 2
    return min(population, isqrt((over * population - 1) // under) + 1)


def risk_of(population: int, broken: int) -> str:
    """The risk by the share of batteries whose chain is broken: low up to 2 %, medium up to 10 %."""
    share = Fraction(broken, population) if population else Fraction(0)
    return "low" if share <= _LOW else "medium" if share <= _MEDIUM else "high"


def draw(run: str, seed: str, codes: Iterable[str], size: int) -> list[tuple[str, str]]:
    """Draw so many codes: (digest, code) in order of digest, holding no more than these in memory."""
    head = f"{run}\n{seed}\n"
    return nsmallest(size, ((hashlib.sha256(f"{head}{code}".encode()).hexdigest(), code) for code in codes))
