"""Lots that a company feeds into a batch of the process that made them: inside the process, neither product nor feed.

records.md, «Batches and lots»: such a lot is counted once, where the element finally leaves. So of each lot that these
batches made, the part that they drew again is taken out on both sides: it is no output of the one, no input of the
other. Drawn more than was made, the surplus is feed from outside. Lots that were split or merged between are followed
by mass. The batches given are the boundary: a lot that one of them made and a batch of another period drew leaves.
Times play no part: a lot cannot be drawn before it is made, whatever the clocks say.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import Final, TypeAlias

from recyclers.contents import ZERO, content_mg, total
from recyclers.flows import Batch, Input, Lot, LotFacts, LotInput, Output
from recyclers.lineage_shares import BATCH, LOT, Edge, Lineage, Node

Facts: TypeAlias = Mapping[Lot, LotFacts]
NO_FACTS: Final[Facts] = MappingProxyType({})
#: Where all lots go that batches draw.
_DRAWN: Final = Node(BATCH, "")
#: How much of what is sought something holds; None where it is not known.
Held: TypeAlias = Callable[[Input | Output], Fraction | None]
#: A lot within the process that made it.
_Made: TypeAlias = tuple[str, Lot]


@dataclass(frozen=True, slots=True)
class Draw:
    """So much of what one lot holds, made by the same process, that is in an input."""

    made: _Made
    mass_mg: Fraction


class Intermediates:
    """Which part of each input and output of these batches stays inside its process."""

    def __init__(self, batches: Iterable[Batch], facts: Facts = NO_FACTS) -> None:
        self._outputs: dict[_Made, list[Output]] = defaultdict(list)
        batches = tuple(batches)
        for batch in batches:
            for output in batch.outputs:
                # What is named as another's is no lot of this company's making.
                if output.lot.organisation == batch.organisation:
                    self._outputs[batch.process, output.lot].append(output)
        self._made = {made: sum(output.mass_mg for output in outputs) for made, outputs in self._outputs.items()}
        self._drawn: dict[_Made, Fraction] = defaultdict(Fraction)
        self._roots = _Roots(self._made, facts, batches)
        for batch in batches:
            for fed in batch.fed:
                for draw in self._roots.of(batch, fed):
                    self._drawn[draw.made] += draw.mass_mg

    def lots(self, batches: Iterable[Batch]) -> int:
        """Count the lots of these batches that stay inside, wholly or in part."""
        made = {(batch.process, output.lot) for batch in batches for output in batch.outputs}
        return len(made & self._drawn.keys())

    def fed_share(self, batch: Batch, output: Output) -> Fraction:
        """Give the share of a lot that is fed again: 0 where all of it leaves, 1 where nothing does."""
        made = (batch.process, output.lot)
        drawn, mass = self._drawn.get(made, ZERO), self._made.get(made, 0)
        return min(drawn / mass, Fraction(1)) if mass else ZERO

    def draws(self, batch: Batch, item: Input) -> tuple[Draw, ...]:
        """Give what an input holds from inside the process, in milligrams of each lot that the process made."""
        if not isinstance(item, LotInput):
            return ()
        return tuple(
            # Drawn more often than made: each draw is from inside in the same proportion.
            Draw(draw.made, draw.mass_mg * min(Fraction(1), self._made[draw.made] / self._drawn[draw.made]))
            for draw in self._roots.of(batch, item)
        )

    def outside_mg(self, batch: Batch, item: Input) -> Fraction:
        """Give the mass of an input that comes from outside the process."""
        return Fraction(item.mass_mg) - sum(draw.mass_mg for draw in self.draws(batch, item))

    def inside_content_mg(self, draws: Iterable[Draw], what: str) -> Fraction | None:
        """Give how much of an element or component came from inside: as it was in the lots that the process made."""
        return self._inside_mg(draws, lambda output: content_mg(output, what))

    def outside_content_mg(self, batch: Batch, item: Input, what: str) -> Fraction | None:
        """Give how much of an element or component an input brings from outside; None where it is not known."""
        return self.outside_held_mg(batch, item, lambda flow: content_mg(flow, what))

    def outside_held_mg(self, batch: Batch, item: Input, held: Held) -> Fraction | None:
        """Give how much of what is counted by `held` an input brings from outside; None where it is not known."""
        draws = self.draws(batch, item)
        if not draws:
            return held(item)
        if not self.outside_mg(batch, item):
            return ZERO
        content, inside = held(item), self._inside_mg(draws, held)
        return None if content is None or inside is None else content - inside

    def _inside_mg(self, draws: Iterable[Draw], held: Held) -> Fraction | None:
        found = ZERO
        for draw in draws:
            made = total(held(output) for output in self._outputs[draw.made])
            if made is None:
                return None
            found += made * draw.mass_mg / self._made[draw.made]
        return found


class _Roots:
    """The lots that a process made, found again in what was split off from them or merged out of them."""

    def __init__(self, made: Mapping[_Made, int], facts: Facts, batches: Iterable[Batch]) -> None:
        self._made = made
        self._facts = facts
        self._fed = [fed for batch in batches for fed in batch.fed]
        self._within: dict[tuple[str, str], Lineage] = {}
        self._found: dict[tuple[str, str, Lot], dict[Lot, Fraction]] = {}

    def of(self, batch: Batch, fed: LotInput) -> tuple[Draw, ...]:
        own = (batch.process, fed.lot)
        if own in self._made:
            # A lot keeps its maker's name: another company's batch that draws it is fed from outside.
            kept = fed.lot.organisation == batch.organisation and self._made[own] and fed.mass_mg
            return (Draw(own, Fraction(fed.mass_mg)),) if kept else ()
        facts = self._facts.get(fed.lot)
        if facts is None or not facts.parts or not fed.mass_mg:
            return ()
        return tuple(
            Draw((batch.process, lot), fed.mass_mg * share)
            for lot, share in self._shares(batch, fed.lot).items()
            if (batch.process, lot) in self._made and lot.organisation == batch.organisation
        )

    def _shares(self, batch: Batch, lot: Lot) -> dict[Lot, Fraction]:
        """Give the lots that a lot was split from or merged out of, back to those that the process made."""
        question = (batch.organisation, batch.process, lot)
        if question not in self._found:
            origins = self._lineage(batch).origins(_node(lot))
            self._found[question] = {_lot(node): share for node, share in origins.items() if node.kind == LOT}
        return self._found[question]

    def _lineage(self, batch: Batch) -> Lineage:
        key = (batch.organisation, batch.process)
        if key not in self._within:
            # Drawn beyond its mass, a lot is partly of unknown origin: that part is from outside.
            edges, masses = [Edge(_node(fed.lot), _DRAWN, fed.mass_mg) for fed in self._fed], {}
            for facts in self._facts.values():
                made_here = (batch.process, facts.lot) in self._made and facts.lot.organisation == batch.organisation
                if made_here or not facts.parts:
                    continue
                masses[_node(facts.lot)] = facts.mass_mg
                edges += [Edge(_node(part), _node(facts.lot), mass_mg) for part, mass_mg in facts.parts]
            self._within[key] = Lineage(edges, masses)
        return self._within[key]


def _node(lot: Lot) -> Node:
    return Node(LOT, str(lot))


def _lot(node: Node) -> Lot:
    organisation, _, number = node.code.partition("/")
    return Lot(organisation, number)
