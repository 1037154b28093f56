"""The edges of lineage by one recursive query: from lots back to what they are made of, from batteries on to lots.

The recursion gathers the things within reach, each once, so that what is fed back into an earlier batch ends it; the
rest of the query gives what goes in and out of them. A part counts by the battery that it was produced into.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from django.db.models import QuerySet

from batteries.models import Battery
from recyclers.lineage_shares import BATCH, BATTERY, LOT, REAGENT, RESIDUE, UNKNOWN_ORIGIN, Edge, Node
from recyclers.lineage_sql import AHEAD, BEHIND, statement
from recyclers.models import Batch, BatchInput, BatchOutput, Lot, LotMovement, Residue
from traceability import replica
from traceability.errors import refuse
from traceability.models import Component, Involvement, LifecycleRecord, Step, StepDetail

#: More than this is not read for one question: it would be years of a large plant, and a minute's work.
MOST_EDGES: Final = 400_000
_MODELS: Final = (
    *(Batch, BatchInput, BatchOutput, Lot, LotMovement, Residue, Battery),
    *(Component, Involvement, LifecycleRecord, Step, StepDetail),
)
#: What it tells; where mass comes from and where it goes to, each by id or by code; milligrams.
_Row: TypeAlias = tuple[str, int | None, str | None, int | None, str | None, int | None]


@dataclass(slots=True)
class Edges:
    """What is within reach of a question: lots and batches by the ids of their rows, batteries by their true codes."""

    edges: list[Edge] = field(default_factory=list)
    #: What lots and batteries weighed by themselves, or gave out, in milligrams.
    masses: dict[Node, int] = field(default_factory=dict)
    #: The batteries that were asked about, by the ids of their chains.
    roots: dict[int, Node] = field(default_factory=dict)


def edges_behind(lots: Collection[int] | QuerySet[Any, int], own: int | None) -> Edges:
    """Give what these lots came from, back to what came from nothing else; one query.

    Args:
        lots: ids of their rows, or a query for them where they may be many.
        own: see `lineage_sql.statement`.

    Raises:
        Refusal: `lineage_too_large`.
    """
    if isinstance(lots, QuerySet):
        sql, parameters = lots.query.sql_with_params()
        found = _Reading(_ask(BEHIND, [*parameters], sql, own))
    else:
        found = _Reading(_ask(BEHIND, [*lots], _places(len(lots)), own)) if lots else _Reading(())
    return Edges(found.edges(), found.masses)


def edges_ahead(chains: Collection[int], own: int | None) -> Edges:
    """Give what became of these batteries (ids of their chains): parts, products, batches, lots; one query.

    Args:
        own: see `lineage_sql.statement`.

    Raises:
        Refusal: `lineage_too_large`.
    """
    if not chains:
        return Edges()
    found = _Reading(_ask(AHEAD, [*chains, *chains], _places(len(chains)), own))
    return Edges([*found.edges(), *found.fed_by_others()], found.masses, found.roots)


def _places(count: int) -> str:
    return ", ".join(["%s"] * count)


def _ask(question: str, ids: list[int], seeds: str, own: int | None) -> list[_Row]:
    connection = replica.connection()
    tables = {model.__name__: connection.ops.quote_name(model._meta.db_table) for model in _MODELS}
    with connection.cursor() as cursor:
        cursor.execute(statement(question, tables, seeds, own), [*ids, MOST_EDGES + 1])
        found: list[Any] = cursor.fetchall()
    if len(found) > MOST_EDGES:
        raise refuse("lineage_too_large", limit=MOST_EDGES)
    return found


class _Reading:
    """Rows of an answer, taken apart."""

    def __init__(self, rows: Sequence[_Row]) -> None:
        by_word: dict[str, list[_Row]] = defaultdict(list)
        for row in rows:
            by_word[row[0]].append(row)
        self._rows = by_word
        #: Provisional codes, and the true ones that they turned out to be.
        self._true = {row[4]: row[2] for row in by_word["same"]}
        self.roots = {row[1]: self._battery(row[2]) for row in by_word["root"] if row[1] is not None}
        self.masses: dict[Node, int] = {}
        for row in (*by_word["lot"], *by_word["battery"]):
            node = self._thing(row[1], row[2])
            self.masses[node] = max(self.masses.get(node, 0), row[5] or 0)

    def edges(self) -> list[Edge]:
        """Give the edges of an answer."""
        found = [
            *(Edge(self._thing(row[1], row[2]), _batch(row[3]), row[5]) for row in self._of("drawn", "processed")),
            *(Edge(Node(REAGENT, row[2] or ""), _batch(row[3]), row[5]) for row in self._of("reagent")),
            *(Edge(_batch(row[1]), Node(LOT, str(row[3])), row[5]) for row in self._of("output")),
            *(Edge(_batch(row[1]), Node(RESIDUE, row[4] or ""), row[5]) for row in self._of("residue")),
            *(Edge(Node(LOT, str(row[1])), Node(LOT, str(row[3])), row[5]) for row in self._of("moved")),
        ]
        sources = [(self._battery(row[2]), self._battery(row[4]), row[5]) for row in self._of("source")]
        found += [Edge(one, other, self.masses.get(one, mass)) for one, other, mass in dict.fromkeys(sources)]
        return found + self._parts({edge.source: edge.mass_mg or 0 for edge in found})

    def _parts(self, went_on: dict[Node, int]) -> list[Edge]:
        """Give the edges to parts; one that is still built in counts only if something became of it."""
        masses = {(self._battery(row[2]), self._battery(row[4])): row[5] for row in self._of("part", "inside")}
        inside = {self._battery(row[4]) for row in self._of("inside")}
        led_on = {*went_on, *(whole for whole, part in masses if part not in inside)}
        # Ahead, a part takes along what it weighs: as it was registered, else as the batch weighed it.
        ahead = bool(self.roots)
        return [
            Edge(whole, part, (self.masses.get(part) or mass_mg or went_on.get(part)) if ahead else None)
            for (whole, part), mass_mg in masses.items()
            if part not in inside or part in led_on
        ]

    def fed_by_others(self) -> list[Edge]:
        """Give what else went into batches, so that a share of a batch is one of all of it."""
        known: dict[Node, int] = defaultdict(int)
        for row in self._of("drawn", "processed"):
            known[_batch(row[3])] += row[5] or 0
        others = Node(UNKNOWN_ORIGIN, "")
        return [Edge(others, _batch(row[1]), (row[5] or 0) - known[_batch(row[1])]) for row in self._of("fed")]

    def _of(self, *words: str) -> list[_Row]:
        return [row for word in words for row in self._rows[word]]

    def _thing(self, id_: int | None, code: str | None) -> Node:
        return self._battery(code) if id_ is None else Node(LOT, str(id_))

    def _battery(self, code: str | None) -> Node:
        return Node(BATTERY, self._true.get(code) or code or "")


def _batch(id_: int | None) -> Node:
    return Node(BATCH, str(id_))
