"""Where a battery came from and what became of it: originals, products, parts taken out, batches, as a graph.

Followed from battery to battery as far as the viewer sees them, a level at a time: a fixed number of queries a level.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from batteries import reading
from batteries.chain_reading import as_seen, within_sight
from batteries.rows import BatteryRow
from traceability import body
from traceability.access import Viewer
from traceability.events import batches, contents_of
from traceability.models import Component, Step
from traceability.values import milligrams

BATTERY, COMPONENT, PRODUCT, BATCH = "battery", "component", "product", "batch"
RELEASED, ASSEMBLED, PROCESSED = "released", "assembled", "processed"
_TYPES: Final = ("assembled", "reassembled", "processed")
#: How far the graph is followed, and how large it may grow.
LEVELS: Final = 6
MOST: Final = 200


@dataclass(frozen=True, slots=True)
class Tie:
    """One thing that came out of another, with its mass where that was said."""

    source: str
    target: str
    kind: str
    mass_mg: int | None = None


@dataclass(slots=True)
class Lineage:
    """Things by code with what they are, and the ties between them."""

    kinds: dict[str, str] = field(default_factory=dict)
    ties: dict[tuple[str, str, str], Tie] = field(default_factory=dict)
    #: Whether there is more than is told here.
    cut: bool = False

    def add(self, tie: Tie) -> None:
        """Take up a tie; the one that tells a mass wins."""
        place = (tie.source, tie.target, tie.kind)
        if place not in self.ties or tie.mass_mg is not None:
            self.ties[place] = tie


def lineage_of(viewer: Viewer, row: BatteryRow) -> Lineage:
    """Follow a battery's lineage in both directions."""
    found = Lineage({row.code: PRODUCT if row.second_life else BATTERY})
    level = [row]
    for _ in range(LEVELS):
        ties = [*_assembled_and_processed(level), *_released(level)]
        fresh = {code for tie in ties for code in (tie.source, tie.target)} - found.kinds.keys()
        seen = reading.batteries_by_code(viewer, {code for code in fresh if "/" not in code})
        _take_up(found, ties, seen)
        level = [seen[code] for code in sorted(fresh & seen.keys()) if code in found.kinds]
        if not level:
            return found
    found.cut = True
    return found


def _take_up(found: Lineage, ties: Iterable[Tie], seen: Collection[str]) -> None:
    """Note the ties between what is seen, until the graph is full."""
    for tie in ties:
        known = [code in found.kinds or code in seen or "/" in code for code in (tie.source, tie.target)]
        new = {code for code in (tie.source, tie.target) if code not in found.kinds}
        if not all(known):
            continue
        if len(found.kinds) + len(new) > MOST:
            found.cut = True
            continue
        found.add(tie)
        target = {RELEASED: COMPONENT, ASSEMBLED: PRODUCT, PROCESSED: BATCH}[tie.kind]
        found.kinds.setdefault(tie.source, BATTERY)
        if found.kinds.setdefault(tie.target, target) == BATTERY:
            found.kinds[tie.target] = target


def _assembled_and_processed(rows: Collection[BatteryRow]) -> Iterator[Tie]:
    steps: dict[int, list[Step]] = defaultdict(list)
    for _, within in within_sight(rows):
        made = Step.objects.filter(within, effective=True, type__in=_TYPES)
        for step in made.select_related("event", "organisation").order_by("occurred_ms", "arrival"):
            steps[step.record_id].append(step)
    contents = contents_of([step.event_id for own in steps.values() for step in own])
    for row in rows:
        # A part that is built in shares its battery's chain, and no product is made of the part alone.
        own = steps.get(row.chain_id or 0, []) if row.record_id is not None else []
        for step in as_seen(own, row.sight):
            _, fact = body.read(step.event.body, contents.get(step.event_id, ()))
            details = (fact.replacement or fact).details
            if step.type == "assembled":
                yield from (Tie(source, row.code, ASSEMBLED) for source in details.get("sources", ()))
            elif step.type == "reassembled" and "into" in details:
                yield Tie(row.code, details["into"], ASSEMBLED)
            elif step.type == "processed" and "batch" in details:
                batch = f"{step.organisation.code}/{details['batch']}"
                yield Tie(row.code, batch, PROCESSED, milligrams(details.get("massKg")))


def _released(rows: Collection[BatteryRow]) -> Iterator[Tie]:
    """Parts that left these batteries, and the batteries that these parts left."""
    until = {row.code: row.sight.until[0] for row in rows if row.sight.sees_chain}
    for column in ("parent_code", "code"):
        for batch in batches(until):
            left = Component.objects.filter(**{f"{column}__in": batch}, until_ms__isnull=False)
            for part in left.order_by("id")[: MOST + 1]:
                if (part.until_ms or 0) <= until[getattr(part, column)]:
                    yield Tie(part.parent_code, part.code, RELEASED, part.mass_mg)
