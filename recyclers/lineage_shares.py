"""Where a battery's mass went, and what a lot is made of: exact shares along the edges of lineage.

An edge says that so many milligrams of one thing went into another. What passes through a thing is the most of its own
mass, of what is known to have gone in, and of what is known to have gone out; every batch and lot is taken as well
mixed. So of a thing's mass, mass of edge ÷ what passes through goes along (or came along) each edge, and what no edge
accounts for is a share by its own name. Shares are fractions and add up to exactly 1.

One question visits each edge once. Things that feed each other in a circle are solved as equations, exactly.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from heapq import heapify, heappop, heappush
from types import MappingProxyType
from typing import Final, TypeAlias

BATTERY, COMPONENT, PRODUCT, LOT, BATCH = "battery", "component", "product", "lot", "batch"
REAGENT, RESIDUE, LOSS, UNKNOWN_ORIGIN = "reagent", "residue", "loss", "unknown_origin"
#: Products of fractions that a circle may take to solve; one through 500 batches and one lot takes 1,000.
MOST_PRODUCTS: Final = 200_000


class TangledLineage(ValueError):
    """Too many things feed each other in circles to say what they are made of."""


@dataclass(frozen=True, slots=True, order=True)
class Node:
    """A thing by its kind and its code (lots and batches: `<organisation>/<number>`)."""

    kind: str
    code: str


@dataclass(frozen=True, slots=True)
class Edge:
    """So many milligrams of `source` went into `target`; None where nobody weighed it."""

    source: Node
    target: Node
    mass_mg: int | None


Shares: TypeAlias = dict[Node, Fraction]
#: Neighbours with the mass that joins them.
Ways: TypeAlias = Mapping[Node, list[tuple[Node, int]]]
#: The share that nobody can trace any further.
UNKNOWN: Final = Node(UNKNOWN_ORIGIN, "")
ZERO: Final = Fraction(0)
_NONE: Final[list[tuple[Node, int]]] = []
_NO_MASSES: Final[Mapping[Node, int]] = MappingProxyType({})


class Lineage:
    """Edges, read once, to ask about any thing in them.

    Args:
        edges: several between the same two things count together.
        masses: what things weighed by themselves (mg), where that was said; not of batches.

    Raises:
        ValueError: a mass is negative or not in whole milligrams.
    """

    def __init__(self, edges: Iterable[Edge], masses: Mapping[Node, int] = _NO_MASSES) -> None:
        self._up: dict[Node, list[tuple[Node, int]]] = defaultdict(list)
        self._down: dict[Node, list[tuple[Node, int]]] = defaultdict(list)
        unweighed = self._read(edges)
        into, out = _sums(self._up), _sums(self._down)
        things = self._up.keys() | self._down.keys() | masses.keys()
        through = {node: max(masses.get(node, 0), into.get(node, 0), out.get(node, 0)) for node in things}
        self._through_down = through
        self._through_up = {**through, **self._weigh_sources(unweighed, masses)}

    def _read(self, edges: Iterable[Edge]) -> list[Edge]:
        """Take up the edges; give back those without a mass."""
        unweighed = []
        for edge in edges:
            mass_mg = edge.mass_mg
            if mass_mg is None:
                unweighed.append(edge)
                continue
            if not isinstance(mass_mg, int) or mass_mg < 0:
                raise ValueError(f"{mass_mg!r} is no mass in whole milligrams ({edge.source} → {edge.target})")
            self._up[edge.target].append((edge.source, mass_mg))
            self._down[edge.source].append((edge.target, mass_mg))
        return unweighed

    def _weigh_sources(self, unweighed: Iterable[Edge], masses: Mapping[Node, int]) -> dict[Node, int]:
        """Follow edges without a mass upward as far as they go; give what passes through by them.

        Whatever it weighs, what came out of one thing alone is all of that. Beside others, nobody knows how much it
        was: then what no other edge accounts for is unknown, and all of it is where the thing was not weighed either.
        """
        sole: dict[Node, int] = {}
        sources: dict[Node, set[Node]] = defaultdict(set)
        for edge in unweighed:
            sources[edge.target].add(edge.source)
        for target, found in sources.items():
            if not self._up[target] and len(found) == 1:
                self._up[target] = [(found.pop(), 1)]
                sole[target] = 1
            elif target not in masses:
                self._up[target] = []
        return sole

    def origins(self, node: Node) -> Shares:
        """Trace what a thing is made of, back to what came out of nothing else: packs, lots from outside, reagents.

        What a thing holds beyond what is known to have gone in, and all of a batch of which no input is known, is
        `UNKNOWN`.

        Raises:
            TangledLineage: see there.
        """

        def rest(at: Node) -> Node:
            return UNKNOWN if at in self._up or at.kind == BATCH else at

        return _spread(node, self._up, self._through_up, rest)

    def destinations(self, node: Node) -> Shares:
        """Trace where a thing's mass went: to lots and residues as they last were, to what was lost in batches.

        What a batch did not give out again is `Node(LOSS, <the batch's code>)`; what is left of anything else, or of
        a batch of which no output is known, is that thing itself.

        Raises:
            TangledLineage: see there.
        """

        def rest(at: Node) -> Node:
            return Node(LOSS, at.code) if at.kind == BATCH and self._down.get(at) else at

        return _spread(node, self._down, self._through_down, rest)


def by_maker(origins: Mapping[Node, Fraction], makers: Mapping[Node, str]) -> dict[str, Fraction]:
    """Gather origins by who made them: maker → share; the rest is `UNKNOWN_ORIGIN`, but for `REAGENT`."""
    found: dict[str, Fraction] = defaultdict(Fraction)
    for node, share in origins.items():
        found[makers.get(node) or (REAGENT if node.kind == REAGENT else UNKNOWN_ORIGIN)] += share
    return dict(found)


def _sums(ways: Ways) -> dict[Node, int]:
    return {node: sum(mass for _, mass in joined) for node, joined in ways.items()}


# Spreading -----------------------------------------------------------------------------------------------------------


def _spread(start: Node, ways: Ways, through: Mapping[Node, int], rest: Callable[[Node], Node]) -> Shares:
    """Let one whole spread from a thing along its ways; give what comes to rest where."""
    coming: Shares = {start: Fraction(1)}
    resting: Shares = {}
    for circle in _in_order(start, ways):
        if len(circle) == 1 and all(other != circle[0] for other, _ in ways.get(circle[0], _NONE)):
            passing = {circle[0]: coming[circle[0]]} if circle[0] in coming else {}
        elif _leaks(circle, ways, through):
            passing = _solved(circle, coming, ways, through)
        else:
            # It feeds nothing but itself, and nothing else feeds it.
            _add(resting, UNKNOWN, sum((coming.get(node, ZERO) for node in circle), ZERO))
            continue
        inside = set(circle)
        for node, share in passing.items():
            base, joined = through.get(node, 0), ways.get(node, _NONE)
            if not (base and joined):
                _add(resting, rest(node), share)
                continue
            unit, gone = share / base, 0
            for other, mass in joined:
                gone += mass
                if mass and other not in inside:
                    _add(coming, other, unit * mass)
            if base > gone:
                _add(resting, rest(node), unit * (base - gone))
    return {node: share for node, share in resting.items() if share}


def _add(shares: Shares, node: Node, share: Fraction) -> None:
    had = shares.get(node)
    shares[node] = share if had is None else had + share


def _leaks(circle: list[Node], ways: Ways, through: Mapping[Node, int]) -> bool:
    """Whether anything gets out of a circle."""
    inside = set(circle)
    held = sum(mass for node in circle for other, mass in ways.get(node, _NONE) if other in inside)
    return held < sum(through.get(node, 0) for node in circle)


def _solved(circle: list[Node], coming: Shares, ways: Ways, through: Mapping[Node, int]) -> Shares:
    """Solve passing = coming + what passes the others × the share they send here, one thing after the other."""
    inside = set(circle)
    sent: dict[Node, Shares] = {node: {} for node in circle}
    feeders: dict[Node, set[Node]] = {node: set() for node in circle}
    for node in circle:
        for other, mass in ways.get(node, _NONE):
            if other in inside and mass:
                _add(sent[node], other, Fraction(mass, through[node]))
                feeders[other].add(node)
    amount = {node: coming.get(node, ZERO) for node in circle}
    solved: list[tuple[Node, Fraction, Shares]] = []
    products = 0
    for node in _least_joined_first(circle, lambda one: len(sent[one]) * len(feeders[one])):
        products += len(sent[node]) * len(feeders[node])
        if products > MOST_PRODUCTS:
            raise TangledLineage(f"{len(circle)} batches and lots feed each other in circles, {node} among them")
        rounds = 1 / (1 - sent[node].pop(node, ZERO))
        feeders[node].discard(node)
        by = {feeder: sent[feeder].pop(node) for feeder in feeders[node]}
        for other, share in sent[node].items():
            feeders[other].discard(node)
            amount[other] += amount[node] * rounds * share
            for feeder, part in by.items():
                _add(sent[feeder], other, part * rounds * share)
                feeders[other].add(feeder)
        solved.append((node, rounds, by))
    passing: Shares = {}
    for node, rounds, by in reversed(solved):
        passing[node] = rounds * (amount[node] + sum((passing[one] * part for one, part in by.items()), ZERO))
    return passing


def _least_joined_first(circle: list[Node], joints: Callable[[Node], int]) -> Iterator[Node]:
    """Give the things of a circle, at each step the one with the fewest joints, so that stars stay sparse."""
    waiting = [(joints(node), place) for place, node in enumerate(circle)]
    heapify(waiting)
    while waiting:
        then, place = heappop(waiting)
        if (now := joints(circle[place])) > then:
            heappush(waiting, (now, place))
        else:
            yield circle[place]


def _in_order(start: Node, ways: Ways) -> Iterator[list[Node]]:
    """Give the circles within reach, each before those it sends to (Tarjan 1972, without recursion)."""
    number: dict[Node, int] = {start: 0}
    lowest: dict[Node, int] = {start: 0}
    open_, is_open = [start], {start}
    path = [(start, iter(ways.get(start, _NONE)))]
    circles: list[list[Node]] = []
    while path:
        node, onward = path[-1]
        for other, _ in onward:
            if other not in number:
                number[other] = lowest[other] = len(number)
                open_.append(other)
                is_open.add(other)
                path.append((other, iter(ways.get(other, _NONE))))
                break
            if other in is_open:
                lowest[node] = min(lowest[node], number[other])
        else:
            path.pop()
            if path:
                lowest[path[-1][0]] = min(lowest[path[-1][0]], lowest[node])
            if lowest[node] == number[node]:
                circle = [open_.pop()]
                while circle[-1] != node:
                    circle.append(open_.pop())
                is_open.difference_update(circle)
                circles.append(circle)
    return reversed(circles)
