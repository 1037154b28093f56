"""What products are made of by source: waste batteries, production scrap, what was bought, and what nobody can tell.

Regulation (EU) 2023/1542, Art. 8, asks it of cobalt, lithium and nickel in a battery's active materials; who makes
these asks the recycler. Shares are exact and add up to 1, by mass and for each element. Pure: no database, no clock.

By mass a share is that of the mass that went in, reagents and water included (`lineage_shares`). For an element every
edge weighs what it carries of it, so that acid is in no nickel. Every batch and lot is well mixed. What several things
brought of which one has no figure is of unknown origin; where only one thing brought any, all of it came from there.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final, TypeAlias

from recyclers.flows import WHOLE
from recyclers.lineage_shares import BATTERY, LOT, REAGENT, RESIDUE, Edge, Lineage, Node, Shares

WASTE_BATTERIES, PRODUCTION_SCRAP, BOUGHT = "waste_batteries", "production_scrap", "bought"
REAGENTS, UNKNOWN = "reagents", "unknown"
SOURCES: Final = (WASTE_BATTERIES, PRODUCTION_SCRAP, BOUGHT, REAGENTS, UNKNOWN)
#: What Art. 8 asks about; lead, which it names too, is in nothing that the records speak of.
ELEMENTS: Final = ("li", "ni", "co")
ZERO: Final = Fraction(0)
#: Whichever it is, a battery that was processed is waste: its own history is not asked.
_BATTERIES: Final = Node(BATTERY, "")
#: Contents are milligrams in whole numbers of this part of one.
_UNIT: Final = WHOLE**3

#: How many milligrams of an element so many milligrams of a thing hold; None where nobody knows.
Held: TypeAlias = Callable[[Node, int, str], Fraction | None]


@dataclass(frozen=True, slots=True)
class Product:
    """A lot that left a company's processes: so many milligrams of it did."""

    lot: Node
    material: str
    mg: Fraction


@dataclass(frozen=True, slots=True)
class Content:
    """How much there is of something, and from where.

    Args:
        mg: of the whole material, or of one element in it.
        shares: by source, those that there are; empty where there is nothing that anybody measured.
        without_figure_mg: of an element, the mass of lots that do not say how much of it they hold.
    """

    mg: Fraction
    shares: Mapping[str, Fraction]
    without_figure_mg: Fraction = ZERO


@dataclass(frozen=True, slots=True)
class Recycled:
    """One material among a company's products: how many lots, and what they are made of."""

    material: str
    lots: int
    by_mass: Content
    elements: Mapping[str, Content] = field(default_factory=dict)


def recycled(
    products: Iterable[Product],
    edges: Sequence[Edge],
    masses: Mapping[Node, int],
    held: Held,
    sources: Mapping[Node, str],
) -> list[Recycled]:
    """Say of each material what its lots are made of, in order of material.

    Args:
        edges, masses: what lies behind the products, as `lineage_edges.edges_behind` gives it.
        sources: of lots that came from nothing else, which source they count for; of others it is not known.

    Raises:
        TangledLineage: see `lineage_shares`.
    """
    by_material: dict[str, list[Product]] = defaultdict(list)
    for product in products:
        if product.mg:
            by_material[product.material].append(product)
    asked = _Asked(edges, masses, held, sources)
    return [asked.about(material, by_material[material]) for material in sorted(by_material)]


class _Asked:
    def __init__(
        self, edges: Sequence[Edge], masses: Mapping[Node, int], held: Held, sources: Mapping[Node, str]
    ) -> None:
        self._held = held
        self._sources = sources
        self._whole = Lineage(_gathered((edge.source, edge.target, edge.mass_mg) for edge in edges), masses)
        self._lineages = {element: self._lineage(element, edges, masses) for element in ELEMENTS}

    def _lineage(self, element: str, edges: Sequence[Edge], masses: Mapping[Node, int]) -> Lineage:
        weighed = ((edge.source, edge.target, self._carried(edge, element)) for edge in edges)
        own = {node: self._weighed(node, mass_mg, element) for node, mass_mg in masses.items() if node.kind == LOT}
        # What residues hold is in no edge, and has no say in where the rest came from.
        return Lineage(
            _gathered(one for one in weighed if one[1].kind != RESIDUE),
            {node: weight for node, weight in own.items() if weight is not None},
        )

    def _carried(self, edge: Edge, element: str) -> int | None:
        """What an edge carries of an element, by what is known of the lot, battery or reagent at one of its ends."""
        at = edge.target if edge.source.kind not in (LOT, BATTERY, REAGENT) else edge.source
        return None if edge.mass_mg is None else self._weighed(at, edge.mass_mg, element)

    def _weighed(self, node: Node, mass_mg: int, element: str) -> int | None:
        content = self._held(node, mass_mg, element)
        return None if content is None else int(content * _UNIT)

    def about(self, material: str, products: Sequence[Product]) -> Recycled:
        mg = sum((product.mg for product in products), ZERO)
        shares = self._whole.origins_of(_added((product.lot, product.mg) for product in products))
        elements = {element: self._element(element, products) for element in ELEMENTS}
        return Recycled(
            material,
            len({product.lot for product in products}),
            Content(mg, self._by_source(shares)),
            {element: found for element, found in elements.items() if found.mg or found.without_figure_mg},
        )

    def _element(self, element: str, products: Sequence[Product]) -> Content:
        known: list[tuple[Node, Fraction]] = []
        silent = ZERO
        for product in products:
            share = self._held(product.lot, WHOLE, element)
            if share is None:
                silent += product.mg
            elif share:
                known.append((product.lot, product.mg * share / WHOLE))
        mg = sum((amount for _, amount in known), ZERO)
        shares = self._by_source(self._lineages[element].origins_of(_added(known))) if mg else {}
        return Content(mg, shares, silent)

    def _by_source(self, shares: Shares) -> dict[str, Fraction]:
        found = dict.fromkeys(SOURCES, ZERO)
        for node, share in shares.items():
            found[self._source(node)] += share
        return {source: share for source, share in found.items() if share}

    def _source(self, node: Node) -> str:
        if node.kind == BATTERY:
            return WASTE_BATTERIES
        return REAGENTS if node.kind == REAGENT else self._sources.get(node, UNKNOWN)


def _gathered(edges: Iterable[tuple[Node, Node, int | None]]) -> list[Edge]:
    """Put edges together that join the same two things, all batteries being one.

    A thing of which nobody knows how much it brought takes the others' figures with it, unless it brought all.
    """
    known: dict[Node, dict[Node, int]] = defaultdict(lambda: defaultdict(int))
    unknown: dict[Node, set[Node]] = defaultdict(set)
    for source, target, mass in edges:
        if target.kind == BATTERY:
            continue
        source = _BATTERIES if source.kind == BATTERY else source
        if mass is None:
            unknown[target].add(source)
        known[target][source] += mass or 0
    found = []
    for target, brought in known.items():
        several = {source for source, mass in brought.items() if mass} | unknown[target]
        alone = bool(unknown[target]) and len(several) == 1
        found += [
            Edge(source, target, None if alone and source in several else mass) for source, mass in brought.items()
        ]
        if not alone:
            found += [Edge(source, target, None) for source in unknown[target]]
    return found


def _added(parts: Iterable[tuple[Node, Fraction]]) -> dict[Node, Fraction]:
    found: dict[Node, Fraction] = defaultdict(lambda: ZERO)
    for node, amount in parts:
        found[node] += amount
    return dict(found)
