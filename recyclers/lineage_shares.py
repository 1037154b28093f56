"""Where a battery's mass went, and what a lot is made of: exact shares along the edges of lineage.

An edge says that so many milligrams of one thing went into another. What passes through a thing is the most of its own
mass, of what is known to have gone in, and of what is known to have gone out; every batch and lot is taken as well
mixed. So of a thing's mass, mass of edge ÷ what passes through goes along (or came along) each edge, and what no edge
accounts for is a share by its own name. Shares are fractions and add up to exactly 1.

One question visits each edge once. Things that feed each other in a circle are solved as equations, exactly.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from heapq import heapify, heappop, heappush
from math import lcm
from types import MappingProxyType
from typing import Final, TypeAlias, TypeVar

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
#: By the place of a thing: the places of its neighbours, with the mass that joins them.
Ways: TypeAlias = list[list[tuple[int, int]]]
#: The share that nobody can trace any further.
UNKNOWN: Final = Node(UNKNOWN_ORIGIN, "")
ZERO: Final = Fraction(0)
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
        # Things are numbered as they come: a name is looked up once an edge, and never while shares spread.
        self._places: dict[Node, int] = {}
        self._things: list[Node] = []
        self._up: Ways = []
        self._down: Ways = []
        #: The things that something went into, and those among them that it came out of as well.
        self._made: set[int] = set()
        self._looped: set[int] = set()
        unweighed = self._read(edges)
        own = {self._place(node): mass_mg for node, mass_mg in masses.items()}
        self._through = [
            max(own.get(place, 0), sum(mass for _, mass in up), sum(mass for _, mass in down))
            for place, (up, down) in enumerate(zip(self._up, self._down, strict=True))
        ]
        self._through_up = self._through.copy()
        self._weigh_sources(unweighed, own.keys())

    def _place(self, node: Node) -> int:
        place = self._places.get(node)
        if place is None:
            place = self._places[node] = len(self._things)
            self._things.append(node)
            self._up.append([])
            self._down.append([])
        return place

    def _read(self, edges: Iterable[Edge]) -> list[tuple[int, int]]:
        """Take up the edges; give back those without a mass."""
        unweighed = []
        for edge in edges:
            source, target, mass_mg = self._place(edge.source), self._place(edge.target), edge.mass_mg
            self._made.add(target)
            if mass_mg is None:
                unweighed.append((source, target))
                continue
            if not isinstance(mass_mg, int) or mass_mg < 0:
                raise ValueError(f"{mass_mg!r} is no mass in whole milligrams ({edge.source} → {edge.target})")
            if mass_mg:
                self._up[target].append((source, mass_mg))
                self._down[source].append((target, mass_mg))
                if source == target:
                    self._looped.add(source)
        return unweighed

    def _weigh_sources(self, unweighed: Iterable[tuple[int, int]], weighed_alone: Collection[int]) -> None:
        """Follow edges without a mass upward as far as they go.

        Whatever it weighs, what came out of one thing alone is all of that. Beside others, nobody knows how much it
        was: then what no other edge accounts for is unknown, and all of it is where the thing was not weighed either.
        """
        sources: dict[int, set[int]] = defaultdict(set)
        for source, target in unweighed:
            sources[target].add(source)
        for target, found in sources.items():
            found.discard(target)
            if not self._up[target] and len(found) == 1:
                self._up[target] = [(found.pop(), 1)]
                self._through_up[target] = 1
            elif target not in weighed_alone:
                self._up[target] = []

    def origins(self, node: Node) -> Shares:
        """Trace what a thing is made of, back to what came out of nothing else: packs, lots from outside, reagents.

        What a thing holds beyond what is known to have gone in, and all of a batch of which no input is known, is
        `UNKNOWN`.

        Raises:
            TangledLineage: see there.
        """

        if node not in self._places:
            return {self._unplaced(node): Fraction(1)}
        return self._spread(self._places[node], self._up, self._through_up, self._origin)

    def origins_of(self, parts: Mapping[Node, Fraction]) -> Shares:
        """Trace what a mixture of so much of each of several things is made of; see `origins`.

        Raises:
            ValueError: there is nothing in it.
            TangledLineage: see there.
        """
        whole = sum(parts.values(), ZERO)
        if whole <= 0:
            raise ValueError("a mixture of nothing has no origins")
        found: Shares = {}
        for node, amount in parts.items():
            if node not in self._places:
                _add(found, self._unplaced(node), amount / whole)
        # As one more thing, that these went into: in whole numbers, as all masses are.
        unit = lcm(*(amount.denominator for amount in parts.values()))
        mixed = [
            (self._places[node], int(part * unit)) for node, part in parts.items() if part and node in self._places
        ]
        if mixed:
            base = sum(amount for _, amount in mixed)
            within = self._spread(len(self._things), [*self._up, mixed], [*self._through_up, base], self._origin)
            for node, share in within.items():
                _add(found, node, share * base / (whole * unit))
        return found

    def _origin(self, place: int) -> Node:
        """What the part of a thing is called that nothing else accounts for."""
        at = self._things[place]
        return UNKNOWN if place in self._made or at.kind == BATCH else at

    @staticmethod
    def _unplaced(node: Node) -> Node:
        return UNKNOWN if node.kind == BATCH else node

    def destinations(self, node: Node) -> Shares:
        """Trace where a thing's mass went: to lots and residues as they last were, to what was lost in batches.

        What a batch did not give out again is `Node(LOSS, <the batch's code>)`; what is left of anything else, or of
        a batch of which no output is known, is that thing itself.

        Raises:
            TangledLineage: see there.
        """

        def rest(place: int) -> Node:
            at = self._things[place]
            return Node(LOSS, at.code) if at.kind == BATCH and self._down[place] else at

        if node not in self._places:
            return {node: Fraction(1)}
        return self._spread(self._places[node], self._down, self._through, rest)

    def _spread(self, start: int, ways: Ways, through: list[int], rest: Callable[[int], Node]) -> Shares:
        coming: _Parts = {start: Fraction(1)}
        resting: Shares = {}
        for circle in _in_order(start, ways):
            if len(circle) == 1 and circle[0] not in self._looped:
                # Not a circle at all, as nearly always.
                inside, passing = frozenset[int](), {circle[0]: coming.pop(circle[0])}
            elif _leaks(circle, ways, through):
                inside, passing = frozenset(circle), self._solved(circle, coming, ways, through)
            else:
                # It feeds nothing but itself, and nothing else feeds it.
                _add(resting, UNKNOWN, sum((coming.get(place, ZERO) for place in circle), ZERO))
                continue
            for place, share in passing.items():
                left = _send(share, ways[place], through[place], inside, coming)
                if left:
                    _add(resting, rest(place), left)
        return resting

    def _solved(self, circle: list[int], coming: "_Parts", ways: Ways, through: list[int]) -> "_Parts":
        try:
            return _solve(circle, coming, ways, through)
        except OverflowError:
            named = self._things[circle[-1]]
            raise TangledLineage(
                f"{len(circle)} batches and lots feed each other in circles, {named.kind} {named.code} among them"
            ) from None


def by_maker(origins: Mapping[Node, Fraction], makers: Mapping[Node, str]) -> dict[str, Fraction]:
    """Gather origins by who made them: maker → share; the rest is `UNKNOWN_ORIGIN`, but for `REAGENT`."""
    found: dict[str, Fraction] = defaultdict(Fraction)
    for node, share in origins.items():
        found[makers.get(node) or (REAGENT if node.kind == REAGENT else UNKNOWN_ORIGIN)] += share
    return dict(found)


# Spreading -----------------------------------------------------------------------------------------------------------

_Parts: TypeAlias = dict[int, Fraction]
_Key = TypeVar("_Key", int, Node)


def _send(
    share: Fraction, joined: list[tuple[int, int]], base: int, inside: Collection[int], coming: _Parts
) -> Fraction:
    """Send a share along the ways that lead out of a circle; give what no way takes."""
    if not joined:
        return share
    unit, gone = share / base, 0
    for other, mass in joined:
        gone += mass
        if other not in inside:
            _add(coming, other, unit * mass)
    return unit * (base - gone)


def _add(shares: dict[_Key, Fraction], key: _Key, share: Fraction) -> None:
    had = shares.get(key)
    shares[key] = share if had is None else had + share


def _leaks(circle: list[int], ways: Ways, through: list[int]) -> bool:
    """Whether anything gets out of a circle."""
    inside = set(circle)
    held = sum(mass for place in circle for other, mass in ways[place] if other in inside)
    return held < sum(through[place] for place in circle)


def _solve(circle: list[int], coming: _Parts, ways: Ways, through: list[int]) -> _Parts:
    """Solve passing = coming + what passes the others × the share they send here, one thing after the other.

    Raises:
        OverflowError: after `MOST_PRODUCTS`.
    """
    sent, feeders = _within(circle, ways, through)
    amount = {place: coming.get(place, ZERO) for place in circle}
    solved: list[tuple[int, Fraction, _Parts]] = []
    products = 0
    for place in _least_joined_first(circle, lambda one: len(sent[one]) * len(feeders[one])):
        products += len(sent[place]) * len(feeders[place])
        if products > MOST_PRODUCTS:
            raise OverflowError
        # It may send to itself: round and round, 1 + p + p² + … times.
        rounds = 1 / (1 - sent[place].pop(place, ZERO))
        feeders[place].discard(place)
        by = {feeder: sent[feeder].pop(place) * rounds for feeder in feeders[place]}
        for other, share in sent[place].items():
            feeders[other].discard(place)
            amount[other] += amount[place] * rounds * share
            for feeder, part in by.items():
                _add(sent[feeder], other, part * share)
                feeders[other].add(feeder)
        solved.append((place, rounds, by))
    passing: _Parts = {}
    for place, rounds, by in reversed(solved):
        passing[place] = amount[place] * rounds + sum((passing[one] * part for one, part in by.items()), ZERO)
    return passing


def _within(circle: list[int], ways: Ways, through: list[int]) -> tuple[dict[int, _Parts], dict[int, set[int]]]:
    """Give what the things of a circle send to each other, and by whom each is fed."""
    sent: dict[int, _Parts] = {place: {} for place in circle}
    feeders: dict[int, set[int]] = {place: set() for place in circle}
    for place in circle:
        for other, mass in ways[place]:
            if other in sent:
                _add(sent[place], other, Fraction(mass, through[place]))
                feeders[other].add(place)
    return sent, feeders


def _least_joined_first(circle: list[int], joints: Callable[[int], int]) -> Iterator[int]:
    """Give the things of a circle, at each step the one with the fewest joints, so that stars stay sparse."""
    waiting = [(joints(place), place) for place in circle]
    heapify(waiting)
    while waiting:
        then, place = heappop(waiting)
        if (now := joints(place)) > then:
            heappush(waiting, (now, place))
        else:
            yield place


def _in_order(start: int, ways: Ways) -> Iterator[list[int]]:
    """Give the circles within reach, each before those it sends to (Tarjan 1972, without recursion)."""
    number: dict[int, int] = {start: 0}
    lowest: dict[int, int] = {start: 0}
    open_, is_open = [start], {start}
    path = [(start, iter(ways[start]))]
    circles: list[list[int]] = []
    while path:
        place, onward = path[-1]
        for other, _ in onward:
            if other not in number:
                number[other] = lowest[other] = len(number)
                open_.append(other)
                is_open.add(other)
                path.append((other, iter(ways[other])))
                break
            if other in is_open and number[other] < lowest[place]:
                lowest[place] = number[other]
        else:
            path.pop()
            low = lowest[place]
            if path and low < lowest[path[-1][0]]:
                lowest[path[-1][0]] = low
            if low == number[place]:
                circle = [open_.pop()]
                while circle[-1] != place:
                    circle.append(open_.pop())
                for done in circle:
                    is_open.remove(done)
                circles.append(circle)
    return reversed(circles)
