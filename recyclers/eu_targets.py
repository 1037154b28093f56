"""What the EU's targets for recyclers are measured by: a company's processes taken as one, over the batches of a unit.

Regulation (EU) 2023/1542, Annex XII, as docs/conditions-eu.md reads it. Pure: no database, no clock, no floats.

Only what needs no further treatment is recovered: compounds and metals, graphite, steel, plastic, material that was
repaired. Electrode powder, and electrodes as they come out of crushing, are on their way. What the company itself drew
into a later batch is taken off what was put through, on whichever day that was; what nobody here has drawn leaves open
what becomes of it, and so is no evidence.

    put through = what came from outside the unit - what went on from it into later batches of the company
    figure      = what is recovered ÷ what was put through
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final, TypeAlias

from recyclers.contents import ZERO, content_mg, dry_mg, states, total
from recyclers.flows import (
    ANODE_MATERIAL,
    CATHODE_MATERIAL,
    CRUSHING,
    ELECTRODE_POWDER,
    ELEMENTS,
    HYDROMETALLURGY,
    MATERIAL_REPAIR,
    MATERIALS,
    OTHER_ELEMENTS,
    Batch,
    BatteryInput,
    Input,
    Lot,
    LotInput,
    Output,
    ReagentInput,
)
from recyclers.intermediates import NO_FACTS, Facts, Held, Intermediates
from recyclers.recovery import MEASURED, NO_EVIDENCE, NOT_APPLICABLE, Evidence, Figure

#: What all of a company's processes are called while it is looked at as one.
_ONE_PROCESS: Final = HYDROMETALLURGY
#: Of compounds these count; oxygen, sulfur, hydrogen and water came with reagents and air.
_COUNTED: Final = (*ELEMENTS, *OTHER_ELEMENTS)
_BY_MASS: Final = frozenset({"copper", "aluminium", "graphite", "steel", "plastic", ANODE_MATERIAL})
_BY_ELEMENTS: Final = frozenset(name for name, one in MATERIALS.items() if one.shares and not one.unknown) - _BY_MASS
_ELECTRODES: Final = frozenset({CATHODE_MATERIAL, ANODE_MATERIAL})
#: Types of battery (GB/T 34014, position 5) without lithium; the ones among which there may be lead.
_WITHOUT_LITHIUM: Final = frozenset({"A", "F"})
_MAYBE_LEAD: Final = frozenset({None, "Z"})


@dataclass(frozen=True, slots=True)
class Target:
    """A figure for a target, and the dry mass of fractions that were left on their way (mg)."""

    figure: Figure
    pending_mg: Fraction = ZERO


#: How much of what is sought a product gives; None where nobody knows.
_Given: TypeAlias = Callable[[Batch, Output], Fraction | None]


def measured(clause: str, batches: Sequence[Batch], facts: Facts = NO_FACTS, *, later: Sequence[Batch] = ()) -> Target:
    """Measure what a target asks for over these batches, of one company and of any process.

    Args:
        facts: of lots that were split or merged between all of these batches.
        later: the company's other batches: what they draw of these ones' lots is not handed on.

    Raises:
        KeyError: the clause is none of `CLAUSES`.
    """
    return _CLAUSES[clause](batches, facts, later)


class Onward:
    """Which of a company's batches draw lots that others of them made, whole, split or merged; read once."""

    def __init__(self, batches: Iterable[Batch], facts: Facts) -> None:
        self._drawn: dict[Lot, list[Batch]] = defaultdict(list)
        self._made_of: dict[Lot, list[Lot]] = defaultdict(list)
        for batch in batches:
            for fed in batch.fed:
                self._drawn[fed.lot].append(batch)
        for lot, known in facts.items():
            for part, _ in known.parts:
                self._made_of[part].append(lot)

    def from_(self, batches: Sequence[Batch]) -> list[Batch]:
        """Give the other batches that draw lots of these."""
        own = {id(batch) for batch in batches}
        pending = {output.lot for batch in batches for output in batch.outputs}
        seen: set[Lot] = set()
        found: dict[int, Batch] = {}
        while pending:
            seen |= pending
            found |= {id(one): one for lot in pending for one in self._drawn.get(lot, ()) if id(one) not in own}
            pending = {made for lot in pending for made in self._made_of.get(lot, ())} - seen
        return list(found.values())


# Materials -----------------------------------------------------------------------------------------------------------


def _recovery_of(element: str) -> Callable[[Sequence[Batch], Facts, Sequence[Batch]], Target]:
    def content(flow: Input | Output) -> Fraction | None:
        return content_mg(flow, element)

    def measure(batches: Sequence[Batch], facts: Facts, later: Sequence[Batch]) -> Target:
        through = _Through(batches, facts, later)
        stated = any(states(item, element) for item in through.from_outside())
        return through.measured(content, lambda _batch, output: content(output), stated=stated)

    return measure


def _lead(batches: Sequence[Batch], _facts: Facts, _later: Sequence[Batch]) -> Target:
    """No assay or composition of the records speaks of lead: what could have it gives no evidence."""
    doubtful = sum(
        isinstance(item, BatteryInput) and item.battery_type in _MAYBE_LEAD and not item.composition
        for batch in batches
        for item in batch.inputs
    )
    evidence = Evidence(len(batches), inputs=doubtful, inputs_without_figure=doubtful)
    return Target(Figure(None, NO_EVIDENCE if doubtful else NOT_APPLICABLE, evidence))


# Efficiency ----------------------------------------------------------------------------------------------------------


def _efficiency(batches: Sequence[Batch], facts: Facts, later: Sequence[Batch]) -> Target:
    through = _Through(batches, facts, later)
    fed = [item for item in through.from_outside() if not isinstance(item, ReagentInput)]
    if fed and all(isinstance(item, BatteryInput) and item.battery_type in _WITHOUT_LITHIUM for item in fed):
        return Target(Figure(None, NOT_APPLICABLE, Evidence(len(batches))))
    # What reagents bring of the counted elements is found again in the products, and was in no battery.
    reagents = [item for batch in batches for item in batch.inputs if isinstance(item, ReagentInput)]
    added = sum((_elements_mg(item) or ZERO for item in reagents), ZERO)
    return through.measured(_without_water_mg, _recycled_mg, less=added, stated=True)


def _without_water_mg(flow: Input | Output) -> Fraction:
    """What goes in, as it counts: batteries as weighed, lots without their water, reagents not at all."""
    if isinstance(flow, LotInput | Output):
        return dry_mg(flow.mass_mg, flow.quality)
    return Fraction(flow.mass_mg) if isinstance(flow, BatteryInput) else ZERO


def _recycled_mg(batch: Batch, output: Output) -> Fraction | None:
    """What comes out, as it counts; nothing else is known to be of use again."""
    material = output.quality.material
    repaired = material == CATHODE_MATERIAL and batch.process == MATERIAL_REPAIR
    if repaired or material in _BY_MASS:
        return dry_mg(output.mass_mg, output.quality)
    # Cathode material made anew counts by its assay: its oxygen came with reagents.
    return _elements_mg(output) if material in _BY_ELEMENTS or material == CATHODE_MATERIAL else None


def _elements_mg(flow: Input | Output) -> Fraction | None:
    known = [amount for amount in (content_mg(flow, one) for one in _COUNTED) if amount is not None]
    return sum(known, ZERO) if known else None


def is_pending(batch: Batch, output: Output) -> bool:
    """Whether an output needs further treatment before it is of use: powder, electrodes that were only crushed."""
    material = output.quality.material
    return material == ELECTRODE_POWDER or (material in _ELECTRODES and batch.process == CRUSHING)


# Through the company -------------------------------------------------------------------------------------------------


class _Through:
    """The batches of a unit as one process, and which part of their lots other batches of the company drew."""

    def __init__(self, batches: Sequence[Batch], facts: Facts, later: Sequence[Batch]) -> None:
        self._batches = batches
        self._as_one = [replace(batch, process=_ONE_PROCESS) for batch in batches]
        others = [replace(batch, process=_ONE_PROCESS, outputs=()) for batch in later]
        self._unit = Intermediates(self._as_one, facts)
        self._company = Intermediates((*self._as_one, *others), facts)

    def from_outside(self) -> list[Input]:
        """Give the inputs that the unit did not make itself, at least in part."""
        return [item for batch in self._as_one for item in batch.inputs if self._unit.outside_mg(batch, item)]

    def measured(self, held: Held, given: _Given, *, stated: bool, less: Fraction = ZERO) -> Target:
        """Follow what is sought through the unit, and weigh up what is recovered of it.

        Args:
            held: how much of it an input holds, or a lot that goes on.
            given: how much of it a product is worth.
            stated: whether anybody gave a figure for what went in.
            less: what products hold of it that came with reagents.
        """
        fed, went_on, outputs, pending = self._fed(held), [], [], ZERO
        for batch, output, again, leaving in self._outputs():
            amount = held(output)
            if again:
                went_on.append(None if amount is None else amount * again)
            if leaving and not is_pending(batch, output):
                worth = given(batch, output)
                outputs.append(None if worth is None else worth * leaving)
            elif leaving and amount != 0:
                pending += leaving * dry_mg(output.mass_mg, output.quality)
        through = total((*fed, *(None if amount is None else -amount for amount in went_on)))
        evidence = Evidence(
            batches=len(self._batches),
            inputs=len(fed),
            inputs_without_figure=fed.count(None) + went_on.count(None),
            outputs=len(outputs),
            outputs_without_figure=outputs.count(None),
            intermediate_lots=self._company.lots(self._as_one),
            input_mg=through,
            output_mg=max(sum((amount for amount in outputs if amount is not None), ZERO) - less, ZERO),
        )
        return Target(_figure(evidence, pending, stated=stated), pending)

    def _fed(self, held: Held) -> list[Fraction | None]:
        found: list[Fraction | None] = [None for batch in self._batches if not batch.feed_stated]
        for batch in self._as_one:
            outside = (item for item in batch.inputs if self._unit.outside_mg(batch, item))
            found += [self._unit.outside_held_mg(batch, item, held) for item in outside]
        return found

    def _outputs(self) -> Iterator[tuple[Batch, Output, Fraction, Fraction]]:
        """Each output with the share that later batches drew, and the share that leaves the company."""
        for batch, one in zip(self._batches, self._as_one, strict=True):
            for output in batch.outputs:
                kept = self._company.fed_share(one, output)
                yield batch, output, kept - self._unit.fed_share(one, output), 1 - kept


def _figure(evidence: Evidence, pending: Fraction, *, stated: bool) -> Figure:
    through, out = evidence.input_mg, evidence.output_mg
    if not evidence.batches:
        return Figure(None, NOT_APPLICABLE, evidence)
    if through is None:
        return Figure(None, NO_EVIDENCE, evidence)
    # More than went in is out already, or more went on than had come in: data, or feed that nobody declared.
    implausible = through < 0 or (out > through and (stated or through > 0))
    unmeasured = evidence.outputs_without_figure and not out
    if through <= 0 or pending or unmeasured:
        nothing = not (through or out or pending or unmeasured)
        return Figure(None, NOT_APPLICABLE if nothing else NO_EVIDENCE, evidence, implausible)
    return Figure(100 * out / through, MEASURED, evidence, implausible)


_CLAUSES: Final[dict[str, Callable[[Sequence[Batch], Facts, Sequence[Batch]], Target]]] = {
    "eu.efficiency.lithium": _efficiency,
    "eu.recovery.pb": _lead,
    **{f"eu.recovery.{element}": _recovery_of(element) for element in ("co", "cu", "ni", "li")},
}
CLAUSES: Final = tuple(_CLAUSES)
