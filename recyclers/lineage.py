"""What lots are made of and where batteries' mass went, as far as a viewer may know, in milligrams that add up.

The alliance follows everything. Another organisation follows what it did itself: its own batches, splits and mergers,
the batteries that it took part in. What came to it from others stands under the lot or part that came, and what went on
in other hands stays where the viewer lost sight of it. A maker, which answers for its batteries to the end, is told
what became of them by material; who did it, and under which numbers, it is not told.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from recyclers.lineage_edges import Edges, edges_ahead, edges_behind
from recyclers.lineage_shares import BATCH, LOSS, LOT, Lineage, Node, Shares, TangledLineage
from recyclers.lot_reading import lots_seen
from recyclers.models import Lot
from traceability.access import Viewer
from traceability.errors import refuse
from traceability.events import batches

#: The whole in parts per billion.
WHOLE: Final = 10**9
#: Shares that differ by less than one in this count as equally large where they are put in order.
_FINE: Final = 10**30


@dataclass(frozen=True, slots=True, order=True)
class Thing:
    """What a share is of: `id_` the row of a lot, `code` a battery, a reagent or a kind of residue.

    Both are empty for what is nameless, or may not be named. Of destinations, `material` says what lots are of.
    """

    kind: str
    id_: int = 0
    code: str = ""
    material: str = ""


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a whole: parts per billion, and milligrams where it is known what the whole weighs."""

    thing: Thing
    ppb: int
    mg: int | None


def own_sight(viewer: Viewer) -> int | None:
    """Give the organisation that a viewer's sight of lineage is limited to; None where it sees all."""
    return None if viewer.is_alliance else viewer.organisation_id or 0


def origins(viewer: Viewer, lots: Collection[Lot]) -> dict[int, list[Share]]:
    """Say what each lot is made of, the largest share first; one query for all of them.

    Raises:
        Refusal: `lineage_too_large`, `lineage_tangled`.
    """
    found = edges_behind([lot.pk for lot in lots], own_sight(viewer))
    lineage = Lineage(found.edges, found.masses)
    told = {}
    for lot in lots:
        shares = _spread(lineage.origins, Node(LOT, str(lot.pk)))
        told[lot.pk] = _told({_named(node): share for node, share in shares.items()}, lot.mass_mg or None)
    return told


def destinations(viewer: Viewer, makers: Mapping[int, int | None]) -> dict[int, list[Share]]:
    """Say where the mass of each battery is now, the largest share first.

    Args:
        makers: who made them, by the ids of their chains.

    Raises:
        Refusal: `lineage_too_large`, `lineage_tangled`.
    """
    own = own_sight(viewer)
    made = {chain for chain, maker in makers.items() if own is not None and maker == own}
    told: dict[int, list[Share]] = {}
    for chains, sight in ((made, None), (makers.keys() - made, own)):
        found = edges_ahead(chains, sight)
        lineage = Lineage(found.edges, found.masses)
        shares = {chain: _spread(lineage.destinations, node) for chain, node in found.roots.items()}
        lots = {int(node.code) for ends in shares.values() for node in ends if node.kind == LOT}
        name = _Naming(viewer, lots, nameless=chains is made)
        for chain, ends in shares.items():
            grouped: dict[Thing, Fraction] = defaultdict(Fraction)
            for node, share in ends.items():
                grouped[name(node, found.roots[chain])] += share
            told[chain] = _told(grouped, _mass(found, found.roots[chain]))
    return told


def lots_of_batteries(viewer: Viewer, chains: Collection[int]) -> dict[int, list[Lot]]:
    """Give the lots that batteries' mass went into, the next first, by the ids of their chains; those that are seen.

    Raises:
        Refusal: `lineage_too_large`.
    """
    found = edges_ahead(chains, own_sight(viewer))
    onward: dict[Node, list[Node]] = defaultdict(list)
    for edge in found.edges:
        onward[edge.source].append(edge.target)
    reached = {chain: _reached(node, onward) for chain, node in found.roots.items()}
    rows: dict[int, Lot] = {}
    for ids in batches({lot for lots in reached.values() for lot in lots}):
        rows |= lots_seen(viewer).in_bulk(ids)
    return {chain: [rows[lot] for lot in lots if lot in rows] for chain, lots in reached.items()}


def _reached(start: Node, onward: Mapping[Node, Sequence[Node]]) -> list[int]:
    """Walk from thing to thing, the nearest first, and give the lots."""
    met, waiting, lots = {start}, deque([start]), []
    while waiting:
        for node in onward.get(waiting.popleft(), ()):
            if node not in met:
                met.add(node)
                waiting.append(node)
                if node.kind == LOT:
                    lots.append(int(node.code))
    return lots


def _mass(found: Edges, battery: Node) -> int | None:
    """Give what a battery weighs: what was said of it, or what went on from it where that is more."""
    gone = sum(edge.mass_mg or 0 for edge in found.edges if edge.source == battery)
    return max(found.masses.get(battery, 0), gone) or None


# Names ---------------------------------------------------------------------------------------------------------------


def _named(node: Node) -> Thing:
    if node.kind == LOT:
        return Thing(LOT, int(node.code))
    # Which batch lost it is of no interest, and its row's id of less.
    return Thing(node.kind, code="" if node.kind in (BATCH, LOSS) else node.code)


class _Naming:
    """What things are called to one viewer."""

    def __init__(self, viewer: Viewer, lots: Collection[int], *, nameless: bool) -> None:
        self._nameless = nameless
        self._seen: set[int] = set()
        self._materials: dict[int, str] = {}
        for ids in batches(lots):
            self._seen |= set(lots_seen(viewer).filter(id__in=ids).values_list("id", flat=True))
            self._materials |= dict(Lot.objects.filter(id__in=ids).values_list("id", "material"))

    def __call__(self, node: Node, root: Node) -> Thing:
        """Name a thing, if the viewer may know it; the battery that is asked about, it knows."""
        thing = _named(node)
        if node.kind == LOT:
            material = self._materials.get(thing.id_, "")
            return Thing(LOT, thing.id_ if thing.id_ in self._seen else 0, material=material)
        return Thing(node.kind) if self._nameless and node != root else thing


# Numbers -------------------------------------------------------------------------------------------------------------


def _spread(question: Callable[[Node], Shares], node: Node) -> Shares:
    try:
        return question(node)
    except TangledLineage:
        raise refuse("lineage_tangled") from None


def _told(shares: Mapping[Thing, Fraction], whole_mg: int | None) -> list[Share]:
    ordered = sorted(shares.items(), key=lambda item: (-_scaled(item[1]), item[0]))
    parts = [share for _, share in ordered]
    ppb = apportion(parts, WHOLE)
    mg: Sequence[int | None] = [None] * len(parts) if whole_mg is None else apportion(parts, whole_mg)
    return [Share(thing, ppb[place], mg[place]) for place, (thing, _) in enumerate(ordered)]


def _scaled(share: Fraction) -> int:
    """Make it a whole number to sort by: fractions are compared a hundred times slower."""
    return share.numerator * _FINE // share.denominator


def apportion(shares: Sequence[Fraction], whole: int) -> list[int]:
    """Divide a whole number by shares that add up to 1, so that the parts add up to it: the largest remainders win."""
    parts = [share.numerator * whole // share.denominator for share in shares]
    rests = [share.numerator * whole % share.denominator * _FINE // share.denominator for share in shares]
    by_rest = sorted(range(len(shares)), key=lambda at: (-rests[at], at))
    for at in by_rest[: whole - sum(parts)]:
        parts[at] += 1
    return parts
