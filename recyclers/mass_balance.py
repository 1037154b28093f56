"""Whether a batch balances (`mass_imbalance`): by mass where nothing is added, by element where water and reagents are.

records.md, «Batches and lots». Crushing and material repair: mass in = outputs + residues + loss, the loss within
± tolerance of what went in. Hydro- and pyrometallurgy: no element of known input leaves with more than 1 + tolerance of
what went in. In every process a lot that nobody knows, or that is drawn beyond its mass, is an imbalance too. Both
limits are inclusive; the tolerance is of the inputs, and has no clause behind it: it is a parameter of the audit.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import Final, Literal

from recyclers.contents import ZERO, content_mg, states, total
from recyclers.flows import ELEMENTS, SMELTING, Batch, Lot
from recyclers.intermediates import NO_FACTS, Facts

TOLERANCE: Final = Fraction(2, 100)
_NOTHING_DRAWN: Final[Mapping[Lot, int]] = MappingProxyType({})

Cause = Literal["mass", "element", "unknown_lot", "overdrawn_lot"]


@dataclass(frozen=True, slots=True)
class ElementBalance:
    """One element through one batch, milligrams.

    Args:
        input_mg: None where an input has no figure, or no input states the element: then it is not judged.
        output_mg, residue_mg: what is known to be in products and residues.
        without_figure: how many products and residues may hold it and do not say how much.
    """

    element: str
    input_mg: Fraction | None
    output_mg: Fraction
    residue_mg: Fraction
    without_figure: int

    @property
    def leaving_mg(self) -> Fraction:
        """What is known to leave, as product or residue."""
        return self.output_mg + self.residue_mg

    @property
    def share(self) -> Fraction | None:
        """Of what went in, the share that is known to leave; None where nothing is known to have gone in."""
        return self.leaving_mg / self.input_mg if self.input_mg else None


@dataclass(frozen=True, slots=True)
class Imbalance:
    """One reason why a batch does not balance, with the masses (mg) that show it.

    Args:
        subject: the element, the lot (`<organisation>/<number>`), or "" for the mass of the batch.
        input_mg: what went in; of a lot, what there was of it (None where nobody knows the lot).
        leaving_mg: what came out; of a lot, what was drawn up to and with this batch.
        limit: the tolerance that was passed; 0 for lots.
    """

    cause: Cause
    subject: str
    input_mg: Fraction | None
    leaving_mg: Fraction
    limit: Fraction = ZERO

    @property
    def share(self) -> Fraction | None:
        """What came out or was drawn as a share of what went in or was there."""
        return self.leaving_mg / self.input_mg if self.input_mg else None


@dataclass(frozen=True, slots=True)
class Balance:
    """A batch weighed up, milligrams; `elements` only for smelting."""

    organisation: str
    number: str
    process: str
    input_mg: int
    output_mg: int
    residue_mg: int
    tolerance: Fraction
    elements: tuple[ElementBalance, ...]
    imbalances: tuple[Imbalance, ...]

    @property
    def loss_mg(self) -> int:
        """What went in and did not come out; negative where more came out."""
        return self.input_mg - self.output_mg - self.residue_mg

    @property
    def loss_percent(self) -> Fraction | None:
        """The loss in percent of what went in; None where nothing is said to have gone in."""
        return Fraction(100 * self.loss_mg, self.input_mg) if self.input_mg else None

    @property
    def balanced(self) -> bool:
        """Whether there is no `mass_imbalance`."""
        return not self.imbalances


def balance(
    batch: Batch,
    facts: Facts = NO_FACTS,
    *,
    tolerance: Fraction = TOLERANCE,
    drawn_before: Mapping[Lot, int] = _NOTHING_DRAWN,
) -> Balance:
    """Weigh up one batch.

    Args:
        facts: every lot on record that the batch draws from; one that is missing is unknown.
        drawn_before: what had been drawn of these lots before (mg); `balances` counts it.
    """
    input_mg = sum(item.mass_mg for item in batch.inputs)
    output_mg = sum(output.mass_mg for output in batch.outputs)
    residue_mg = sum(residue.mass_mg for residue in batch.residues)
    elements = tuple(element_balance(batch, element) for element in ELEMENTS) if batch.process in SMELTING else ()
    found = [*_lots_amiss(batch, facts, drawn_before), *_elements_amiss(elements, tolerance)]
    if batch.process not in SMELTING and abs(input_mg - output_mg - residue_mg) > tolerance * input_mg:
        found.append(Imbalance("mass", "", Fraction(input_mg), Fraction(output_mg + residue_mg), tolerance))
    return Balance(
        batch.organisation,
        batch.number,
        batch.process,
        input_mg,
        output_mg,
        residue_mg,
        tolerance,
        elements,
        tuple(found),
    )


def balances(batches: Iterable[Batch], facts: Facts = NO_FACTS, *, tolerance: Fraction = TOLERANCE) -> list[Balance]:
    """Weigh up batches that may draw from the same lots, in the order in which they were closed.

    The batch that takes a lot beyond its mass is an imbalance, and each later one that draws from it. What left a lot
    otherwise counts from its own moment on; that of the batch itself comes after the batch.

    Args:
        batches: all of them that draw from these lots, whoever's they are.
    """
    drawn: dict[Lot, int] = defaultdict(int)
    pending = sorted(
        ((moment, lot, mass_mg) for lot, fact in facts.items() for moment, mass_mg in fact.withdrawals), reverse=True
    )
    found = []
    for batch in sorted(batches, key=lambda one: (one.closed_ms, one.organisation, one.number)):
        while pending and pending[-1][0] < batch.closed_ms:
            _, lot, mass_mg = pending.pop()
            drawn[lot] += mass_mg
        found.append(balance(batch, facts, tolerance=tolerance, drawn_before=drawn))
        for fed in batch.fed:
            drawn[fed.lot] += fed.mass_mg
    return found


def element_balance(batch: Batch, element: str) -> ElementBalance:
    """Follow one element through a batch.

    An input is known when every battery and lot has a figure for the element and at least one of them states it. An
    element that no input speaks of, as nickel in a lithium salt, has no known input and is not judged: traces in a
    product's assay would else be imbalances.
    """
    stated = batch.feed_stated and any(states(item, element) for item in batch.inputs)
    outputs = [content_mg(output, element) for output in batch.outputs]
    residues = [content_mg(residue, element) for residue in batch.residues]
    return ElementBalance(
        element,
        total(content_mg(item, element) for item in batch.inputs) if stated else None,
        sum((amount for amount in outputs if amount is not None), ZERO),
        sum((amount for amount in residues if amount is not None), ZERO),
        (outputs + residues).count(None),
    )


def _elements_amiss(elements: Iterable[ElementBalance], tolerance: Fraction) -> Iterator[Imbalance]:
    for one in elements:
        if one.input_mg is not None and one.leaving_mg > (1 + tolerance) * one.input_mg:
            yield Imbalance("element", one.element, one.input_mg, one.leaving_mg, tolerance)


def _lots_amiss(batch: Batch, facts: Facts, drawn_before: Mapping[Lot, int]) -> Iterator[Imbalance]:
    drawn: dict[Lot, int] = defaultdict(int)
    for fed in batch.fed:
        drawn[fed.lot] += fed.mass_mg
    for lot in sorted(drawn):
        known, after = facts.get(lot), Fraction(drawn_before.get(lot, 0) + drawn[lot])
        if known is None:
            yield Imbalance("unknown_lot", str(lot), None, after)
        elif after > known.mass_mg:
            yield Imbalance("overdrawn_lot", str(lot), Fraction(known.mass_mg), after)
