"""Recovery over a period: what leaves a process as product ÷ what went in, exactly, over the batches closed in it.

records.md, «Batches and lots», for the clauses of domain.md § 4. A figure is `measured`, or there is `no_evidence` for
it because an input has no figure, or it is `not_applicable` because no input could have one (no such element, no batch
of the process). Values are percents as exact fractions; `printed` rounds for print, and verdicts use the value.

An input without a figure would make recovery look better if it were left out: so there is no figure at all. A product
without one can only make it look worse: it is left out, and counted in the evidence.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

from recyclers.contents import ZERO, content_mg, dry_mg, dry_share, states, total
from recyclers.flows import (
    ANODE_MATERIAL,
    CATHODE_MATERIAL,
    COMPONENTS,
    CRUSHING,
    ELECTRODE_POWDER,
    ELEMENTS,
    MATERIAL_REPAIR,
    SMELTING,
    Batch,
)
from recyclers.intermediates import NO_FACTS, Facts, Intermediates

State = Literal["measured", "no_evidence", "not_applicable"]
MEASURED: Final = "measured"
NO_EVIDENCE: Final = "no_evidence"
NOT_APPLICABLE: Final = "not_applicable"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a figure rests on.

    Args:
        batches: how many were looked at.
        inputs, outputs: how many inputs came from outside the process, and products left it.
        inputs_without_figure, outputs_without_figure: how many of these do not say how much they hold; a batch of
            which no battery or lot is said to have gone in counts as one input.
        intermediate_lots: how many lots were fed to the process again.
        input_mg: None where it is not known.
        output_mg: what is known of it.
    """

    batches: int = 0
    inputs: int = 0
    inputs_without_figure: int = 0
    outputs: int = 0
    outputs_without_figure: int = 0
    intermediate_lots: int = 0
    input_mg: Fraction | None = ZERO
    output_mg: Fraction = ZERO


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured value of a clause.

    Args:
        value: percent, exact; None unless `state` is `measured`.
        implausible: more came out than went in: an error in the data or feed that nobody declared, never a pass.
        lowest: for the lowest of several, whose value it is.
        parts: for the lowest of several, each by its name.
    """

    value: Fraction | None
    state: State
    evidence: Evidence = Evidence()
    implausible: bool = False
    lowest: str = ""
    parts: Mapping[str, "Figure"] = field(default_factory=dict)


def printed(value: Fraction) -> Decimal:
    """Round to two decimals, for print only: half to even, as GB/T 8170 has it."""
    return Decimal(round(value * 100)).scaleb(-2)


def closed_between(batches: Iterable[Batch], from_ms: int, until_ms: int) -> tuple[Batch, ...]:
    """Give the batches of a period: closed at its first moment or after, and before its end."""
    return tuple(batch for batch in batches if from_ms <= batch.closed_ms < until_ms)


# One figure ----------------------------------------------------------------------------------------------------------


def recovery(batches: Sequence[Batch], *sought: str, facts: Facts = NO_FACTS, around: Sequence[Batch] = ()) -> Figure:
    """Measure how much of an element, or of components together, left these batches as products, in percent.

    Args:
        batches: of one company and the processes asked for, closed in the period. They are the boundary: see
            `recyclers.intermediates`.
        sought: one element, or components: of these, only lots that are called so count as recovered.
        facts: of lots that were split or merged between batches.
        around: batches of the company outside the period, to draw the boundary around the process and not the period:
            a lot that passes between them and these is inside as well.
    """
    return _recovery(batches, sought, Intermediates((*batches, *around), facts))


def _recovery(batches: Sequence[Batch], sought: Sequence[str], inside: Intermediates) -> Figure:
    went_in = _inputs(batches, sought, inside)
    came_out = _outputs(batches, sought, inside)
    evidence = Evidence(
        batches=len(batches),
        inputs=len(went_in),
        inputs_without_figure=went_in.count(None),
        outputs=len(came_out),
        outputs_without_figure=came_out.count(None),
        intermediate_lots=inside.lots(batches),
        input_mg=total(went_in),
        output_mg=sum((amount for amount in came_out if amount is not None), ZERO),
    )
    outside = [item for batch in batches for item in batch.inputs if inside.outside_mg(batch, item)]
    return _judged(evidence, stated=any(states(item, what) for item in outside for what in sought))


def _judged(evidence: Evidence, *, stated: bool) -> Figure:
    if not evidence.batches:
        return Figure(None, NOT_APPLICABLE, evidence)
    if evidence.input_mg is None:
        return Figure(None, NO_EVIDENCE, evidence)
    if not evidence.input_mg:
        if evidence.output_mg:
            return Figure(None, NO_EVIDENCE, evidence, implausible=stated)
        return Figure(None, NOT_APPLICABLE, evidence)
    if evidence.outputs_without_figure and not evidence.output_mg:
        # Nobody measured any product: that is not a recovery of nothing.
        return Figure(None, NO_EVIDENCE, evidence)
    value = 100 * evidence.output_mg / evidence.input_mg
    return Figure(value, MEASURED, evidence, implausible=value > 100)


def _inputs(batches: Sequence[Batch], sought: Sequence[str], inside: Intermediates) -> list[Fraction | None]:
    """What each input brings from outside the process; what comes from inside altogether is left out."""
    found: list[Fraction | None] = []
    for batch in batches:
        if not batch.feed_stated:
            found.append(None)
        found += [
            total(inside.outside_content_mg(batch, item, what) for what in sought)
            for item in batch.inputs
            if inside.outside_mg(batch, item)
        ]
    return found


def _outputs(batches: Sequence[Batch], sought: Sequence[str], inside: Intermediates) -> list[Fraction | None]:
    """What each product takes out of the process; what is fed again altogether is left out."""
    found: list[Fraction | None] = []
    for batch in batches:
        for output in batch.outputs:
            leaving = 1 - inside.fed_share(batch, output)
            own = [what for what in sought if what not in COMPONENTS or what == output.quality.material]
            if leaving and own:
                amount = total(content_mg(output, what) for what in own)
                found.append(None if amount is None else amount * leaving)
    return found


def lowest(parts: Mapping[str, Figure]) -> Figure:
    """Give the lowest of several figures: what is not applicable does not count, what has no evidence decides."""
    applicable = {name: part for name, part in parts.items() if part.state != NOT_APPLICABLE}
    implausible = any(part.implausible for part in parts.values())
    if not applicable:
        evidence = next(iter(parts.values())).evidence if parts else Evidence()
        return Figure(None, NOT_APPLICABLE, evidence, implausible, parts=parts)
    values = {name: part.value for name, part in applicable.items() if part.value is not None}
    unknown = [name for name in applicable if name not in values]
    if unknown:
        return Figure(None, NO_EVIDENCE, applicable[unknown[0]].evidence, implausible, parts=parts)
    name = min(values, key=values.__getitem__)
    return replace(applicable[name], implausible=implausible, lowest=name, parts=parts)


def powder_content(
    batches: Sequence[Batch], element: str, *, facts: Facts = NO_FACTS, around: Sequence[Batch] = ()
) -> Figure:
    """Give the mean assay of the electrode powder that leaves crushing, percent of dry mass, weighted by dry mass.

    Lots that do not state the element are left out; `input_mg` of the evidence is the dry mass of those that do,
    `output_mg` the element in them. Arguments are those of `recovery`.
    """
    return _powder_content(batches, element, Intermediates((*batches, *around), facts))


def _powder_content(batches: Sequence[Batch], element: str, inside: Intermediates) -> Figure:
    powder, held, lots, silent = ZERO, ZERO, 0, 0
    for batch in batches:
        for output in batch.outputs:
            leaving = 1 - inside.fed_share(batch, output)
            if output.quality.material != ELECTRODE_POWDER or not leaving:
                continue
            share = dry_share(output.quality, element)
            lots, silent = lots + 1, silent + (share is None)
            if share is not None:
                dry = dry_mg(output.mass_mg, output.quality) * leaving
                powder, held = powder + dry, held + dry * share
    evidence = Evidence(
        len(batches),
        outputs=lots,
        outputs_without_figure=silent,
        intermediate_lots=inside.lots(batches),
        input_mg=powder,
        output_mg=held,
    )
    if not batches:
        return Figure(None, NOT_APPLICABLE, evidence)
    return Figure(100 * held / powder, MEASURED, evidence) if powder else Figure(None, NO_EVIDENCE, evidence)


# The clauses ---------------------------------------------------------------------------------------------------------


_Measure: TypeAlias = Callable[[Sequence[Batch], Intermediates], Figure]


def _recovered(*sought: str) -> _Measure:
    return lambda batches, inside: _recovery(batches, sought, inside)


def _lowest(*elements: str) -> _Measure:
    return lambda batches, inside: lowest({one: _recovery(batches, [one], inside) for one in elements})


def _in_powder(element: str) -> _Measure:
    return lambda batches, inside: _powder_content(batches, element, inside)


#: Clause key (domain.md § 4) → the processes it is taken over, and how it is measured.
_CLAUSES: Final = {
    "recovery.li": (SMELTING, _recovered("li")),
    "recovery.ni_co_mn": (SMELTING, _lowest("ni", "co", "mn")),
    "recovery.cu_al": ((CRUSHING,), _lowest("cu", "al")),
    "recovery.electrode_powder": ((CRUSHING,), _recovered(ELECTRODE_POWDER)),
    "recovery.material_repair": ((MATERIAL_REPAIR,), _recovered(CATHODE_MATERIAL, ANODE_MATERIAL)),
    "powder.al": ((CRUSHING,), _in_powder("al")),
    "powder.cu": ((CRUSHING,), _in_powder("cu")),
}
CLAUSES: Final = tuple(_CLAUSES)


def measured(clause: str, batches: Iterable[Batch], facts: Facts = NO_FACTS, *, around: Iterable[Batch] = ()) -> Figure:
    """Measure what a clause asks for over these batches, of one company and closed in the period, of any process.

    Args:
        around: see `recovery`.

    Raises:
        KeyError: the clause is none of `CLAUSES`.
    """
    processes, measure = _CLAUSES[clause]
    within, beyond = ([one for one in some if one.process in processes] for some in (batches, around))
    return measure(within, Intermediates((*within, *beyond), facts))


def measured_apart(clause: str, batches: Iterable[Batch], facts: Facts = NO_FACTS) -> list[tuple[Batch, Figure]]:
    """Measure what each batch contributes to `measured` over all of them: masses of the parts add up to the whole's.

    Raises:
        KeyError: the clause is none of `CLAUSES`.
    """
    processes, measure = _CLAUSES[clause]
    within = [batch for batch in batches if batch.process in processes]
    inside = Intermediates(within, facts)
    return [(batch, measure([batch], inside)) for batch in within]


def recoveries(batch: Batch) -> Mapping[str, Figure]:
    """Measure the recovery of each element in one batch by itself."""
    return MappingProxyType({element: recovery([batch], element) for element in ELEMENTS})


@dataclass(frozen=True, slots=True)
class Turnover:
    """One element through the batches of a period, milligrams; None where a figure that it needs is not known.

    Args:
        input_mg: from outside the process.
        output_mg: in products that leave it.
    """

    element: str
    input_mg: Fraction | None
    output_mg: Fraction | None
    residue_mg: Fraction | None
    recovery: Figure

    @property
    def loss_mg(self) -> Fraction | None:
        """What went in and is neither in products nor in residues."""
        if self.input_mg is None or self.output_mg is None or self.residue_mg is None:
            return None
        return self.input_mg - self.output_mg - self.residue_mg


def turnover(batches: Sequence[Batch], element: str, facts: Facts = NO_FACTS) -> Turnover:
    """Follow one element through the batches of a period; several processes are added up."""
    figure = recovery(batches, element, facts=facts)
    known = figure.evidence
    residue = total(content_mg(residue, element) for batch in batches for residue in batch.residues)
    output = None if known.outputs_without_figure else known.output_mg
    return Turnover(element, known.input_mg, output, residue, figure)
