"""How far a company's capacity is used in a year: as it declares, and as its records tell. Pure."""

from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Final

from recyclers.conditions.declared import NOTHING, Answer
from recyclers.conditions.measuring import Company, day_of
from recyclers.contents import ZERO
from recyclers.flows import HYDROMETALLURGY, ReagentInput
from recyclers.intermediates import Intermediates

LOAD: Final = "capacity.load"
CAPACITY: Final = "capacity.recycler"
_TONNE_MG: Final = 10**9


@dataclass(frozen=True, slots=True)
class Load:
    """A year's load.

    Args:
        declared: percent, as the company says; None where it does not, or the alliance objects.
        capacity: tonnes a year, as it says.
        fed_mg: batteries and lots that came from outside into its batches, as they were weighed.
    """

    year: int
    declared: Decimal | None
    capacity: Decimal | None
    fed_mg: Fraction

    @property
    def recorded(self) -> Fraction | None:
        """What was fed, in percent of the capacity; None where that is not known."""
        return 100 * self.fed_mg / (Fraction(self.capacity) * _TONNE_MG) if self.capacity else None


def load_of(company: Company, year: int) -> Load:
    """Weigh what a company fed to its batches in a year; lots that it made itself, in whichever year, are no feed."""
    batches = [replace(batch, process=HYDROMETALLURGY) for batch in company.batches]
    inside = Intermediates(batches, company.facts)
    fed = (
        inside.outside_mg(batch, item)
        for batch in batches
        if day_of(batch.closed_ms).year == year
        for item in batch.inputs
        if not isinstance(item, ReagentInput)
    )
    figures = company.declared.get(year, NOTHING).figures
    return Load(year, _counted(figures.get(LOAD)), _counted(figures.get(CAPACITY)), sum(fed, ZERO))


def _counted(answer: Answer | None) -> Decimal | None:
    return Decimal(answer.value) if answer is not None and answer.counts else None
