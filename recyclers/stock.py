"""What is inside a company's process at the beginning and end of a period, and what passed its boundary in between.

Inside are the inputs of batches that were begun and not closed, and lots that the process made and will draw again.
Feed enters when its batch is begun; products, residues and losses leave when theirs is closed. So for each period

    opening + received - delivered - residues - lost = closing

holds to the milligram, whatever the records say: what is wrong with them shows as a loss or a stock below zero (a lot
that was drawn before the batch that made it was closed).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from recyclers.contents import content_mg, total
from recyclers.flows import Batch
from recyclers.intermediates import NO_FACTS, Facts, Intermediates

MASS: Final = "mass"


@dataclass(frozen=True, slots=True)
class StockStatement:
    """One process of one company over a period, in milligrams of `what`.

    Each figure is None where one that it needs is not known; of `mass` all are known.

    Args:
        received: batteries, lots and reagents from outside the process, of batches begun in the period.
        delivered: products of batches closed in the period, without what the process draws again.
        residues, lost: of batches closed in the period.
    """

    what: str
    opening: Fraction | None
    received: Fraction | None
    delivered: Fraction | None
    residues: Fraction | None
    lost: Fraction | None
    closing: Fraction | None


@dataclass(frozen=True, slots=True)
class _Passage:
    """What passes through one batch."""

    begun_ms: int
    closed_ms: int
    outside: Fraction | None
    inside: Fraction | None
    leaving: Fraction | None
    fed: Fraction | None
    residues: Fraction | None

    @property
    def entered(self) -> Fraction | None:
        return total((self.outside, self.inside))

    @property
    def lost(self) -> Fraction | None:
        return total((self.entered, _less(self.leaving), _less(self.fed), _less(self.residues)))


def stock_statement(
    batches: Iterable[Batch], from_ms: int, until_ms: int, *, what: str = MASS, facts: Facts = NO_FACTS
) -> StockStatement:
    """State the stock of one process over a period, `until_ms` excluded.

    Args:
        batches: all of one company and one process, of any time: what is inside depends on those before and after.
        what: `MASS` as weighed, moisture included, or an element or component.
        facts: of lots that were split or merged between batches.
    """
    batches = tuple(batches)
    inside = Intermediates(batches, facts)
    passages = [_passage(batch, inside, what) for batch in batches]

    def begun(moment: int, amount: Callable[[_Passage], Fraction | None], since: int | None = None) -> Fraction | None:
        return total(amount(one) for one in passages if _within(one.begun_ms, since, moment))

    def closed(moment: int, amount: Callable[[_Passage], Fraction | None], since: int | None = None) -> Fraction | None:
        return total(amount(one) for one in passages if _within(one.closed_ms, since, moment))

    def held(moment: int) -> Fraction | None:
        in_work = total(one.entered for one in passages if one.begun_ms < moment <= one.closed_ms)
        made, drawn = closed(moment, lambda one: one.fed), begun(moment, lambda one: one.inside)
        return total((in_work, made, _less(drawn)))

    return StockStatement(
        what,
        opening=held(from_ms),
        received=begun(until_ms, lambda one: one.outside, from_ms),
        delivered=closed(until_ms, lambda one: one.leaving, from_ms),
        residues=closed(until_ms, lambda one: one.residues, from_ms),
        lost=closed(until_ms, lambda one: one.lost, from_ms),
        closing=held(until_ms),
    )


def _passage(batch: Batch, inside: Intermediates, what: str) -> _Passage:
    """Sum up one batch; what came from inside counts as it was made, so that it leaves as it entered."""
    if what == MASS:
        outputs = [(Fraction(output.mass_mg), inside.fed_share(batch, output)) for output in batch.outputs]
        residues = total(Fraction(residue.mass_mg) for residue in batch.residues)
        outside = total(inside.outside_mg(batch, item) for item in batch.inputs)
        within = total(draw.mass_mg for item in batch.inputs for draw in inside.draws(batch, item))
    else:
        contents = [(content_mg(output, what), inside.fed_share(batch, output)) for output in batch.outputs]
        outputs = [(amount, share) for amount, share in contents if amount is not None]
        residues = total(content_mg(residue, what) for residue in batch.residues)
        outside = total(inside.outside_content_mg(batch, item, what) for item in batch.inputs)
        within = total(inside.inside_content_mg(inside.draws(batch, item), what) for item in batch.inputs)
        if len(outputs) < len(contents):
            return _Passage(batch.begun_ms, batch.closed_ms, outside, within, None, None, residues)
    return _Passage(
        batch.begun_ms,
        batch.closed_ms,
        outside,
        within,
        sum((amount * (1 - share) for amount, share in outputs), Fraction(0)),
        sum((amount * share for amount, share in outputs), Fraction(0)),
        residues,
    )


def _less(amount: Fraction | None) -> Fraction | None:
    return None if amount is None else -amount


def _within(moment: int, since: int | None, until: int) -> bool:
    return moment < until and (since is None or since <= moment)
