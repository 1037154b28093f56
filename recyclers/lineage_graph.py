"""A battery's lineage as a graph, followed on from its batches to lots, and from these to further batches and lots."""

from collections import defaultdict, deque
from typing import Final

from batteries import lineage as graph
from batteries.lineage import Tie
from batteries.rows import BatteryRow
from recyclers.lineage import own_sight
from recyclers.lineage_edges import edges_ahead
from recyclers.lineage_shares import BATCH, BATTERY, LOT, Edge, Node
from recyclers.lot_reading import lots_seen
from recyclers.models import Batch
from traceability.access import Viewer
from traceability.events import batches
from traceability.lots import code_of

MADE, DRAWN, MOVED = "made", "drawn", "moved"
_TIES: Final = {(BATTERY, BATCH): graph.PROCESSED, (BATCH, LOT): MADE, (LOT, BATCH): DRAWN, (LOT, LOT): MOVED}
#: A lot and a batch may bear the same number: lots are named with what they are.
LOT_PREFIX: Final = "Lot:"


def lineage_of(viewer: Viewer, row: BatteryRow) -> graph.Lineage:
    """Follow a battery's lineage in both directions, and its mass on into lots, as far as the viewer may know.

    Lots are named `Lot:<organisation>/<number>`, batches `<organisation>/<number>`.

    Raises:
        Refusal: `lineage_too_large`.
    """
    found = graph.lineage_of(viewer, row)
    if row.record_id is None or row.chain_id is None:
        return found
    ahead = edges_ahead([row.chain_id], own_sight(viewer))
    onward: dict[Node, list[Edge]] = defaultdict(list)
    for edge in ahead.edges:
        if (edge.source.kind, edge.target.kind) in _TIES or edge.target.kind == BATTERY:
            onward[edge.source].append(edge)
    names = _names(viewer, {node for edge in ahead.edges for node in (edge.source, edge.target)})
    _walk(found, ahead.roots[row.chain_id], onward, names)
    return found


def _walk(found: graph.Lineage, start: Node, onward: dict[Node, list[Edge]], names: dict[Node, str]) -> None:
    """Take up the ties, the nearest first, until the graph is full."""
    met, waiting = {start}, deque([start])
    while waiting:
        for edge in onward.get(waiting.popleft(), ()):
            source, target = names.get(edge.source), names.get(edge.target)
            kind = _TIES.get((edge.source.kind, edge.target.kind))
            if kind and source in found.kinds and target is not None:
                if target not in found.kinds and len(found.kinds) >= graph.MOST:
                    found.cut = True
                    continue
                found.kinds.setdefault(target, edge.target.kind)
                found.add(Tie(source, target, kind, edge.mass_mg))
            if edge.target not in met:
                met.add(edge.target)
                waiting.append(edge.target)


def _names(viewer: Viewer, nodes: set[Node]) -> dict[Node, str]:
    """Name things, as far as the viewer sees them."""
    names = {node: node.code for node in nodes if node.kind == BATTERY}
    for ids in batches(int(node.code) for node in nodes if node.kind == BATCH):
        rows = Batch.objects.filter(event_id__in=ids).values_list("event_id", "organisation__code", "number")
        names |= {Node(BATCH, str(id_)): code_of(owner, number) for id_, owner, number in rows}
    for ids in batches(int(node.code) for node in nodes if node.kind == LOT):
        codes = lots_seen(viewer).filter(id__in=ids).values_list("id", "code")
        names |= {Node(LOT, str(id_)): f"{LOT_PREFIX}{code}" for id_, code in codes}
    return names
