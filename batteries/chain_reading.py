"""The events, gaps, recalls, vehicles and lineage of chains, for many batteries at once."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final, NamedTuple

from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Window
from django.db.models.functions import RowNumber

from batteries.models import Installation
from batteries.rows import FOREVER, BatteryRow, EventRow, IdentityRow, Page, RecallRow, Sight
from traceability import body
from traceability.access import Viewer
from traceability.audit.live import Verdict, verdicts
from traceability.events import batches, contents_of
from traceability.models import EventContent, LifecycleEvent, LifecycleRecord, Step
from traceability.values import to_ms

Place = tuple[int, int, int]
#: How many rows' limits are put into one query: each is a condition of its own.
_ROWS: Final = 200
#: Where a recall's instruction stands, and a corrected one's.
_INSTRUCTIONS: Final = {"instruction": "instruction", "corrected_instruction": "replacement.instruction"}


def within_sight(rows: Iterable[BatteryRow]) -> Iterator[tuple[list[BatteryRow], Q]]:
    """Cut rows into groups, each with the condition on its steps: those of the chains, as far as they are seen."""
    seen = [row for row in rows if row.sight.sees_chain and row.chain_id is not None]
    whole = [row for row in seen if row.sight.until == FOREVER]
    for group in batches(whole):
        yield group, Q(record__in={row.chain_id for row in group})
    for group in batches([row for row in seen if row.sight.until != FOREVER], _ROWS):
        within = Q()
        for chain_id, until in {(row.chain_id, row.sight.until) for row in group}:
            within |= Q(record=chain_id) & (
                Q(occurred_ms__lt=until[0]) | Q(occurred_ms=until[0], arrival__lte=until[1])
            )
        yield group, within


# Events --------------------------------------------------------------------------------------------------------------


def event_pages(
    rows: Collection[BatteryRow],
    size: int,
    *,
    from_end: bool = False,
    after: Place | None = None,
    before: Place | None = None,
) -> dict[str, Page[EventRow]]:
    """A page of events for each battery, by its code, in order of occurrence; three queries for all of them.

    Args:
        size: events a battery.
        from_end: the last of them instead of the first.
        after: begin after this place (occurred ms, arrival, event), `before` end before it.
    """
    found: dict[int, list[Step]] = defaultdict(list)
    for group, within in within_sight(rows):
        steps = Step.objects.filter(within & beyond(after, "gt") & beyond(before, "lt"))
        for step in _ranked(steps, size + 1, from_end, single=len({row.chain_id for row in group}) == 1):
            found[step.record_id].append(step)
    contents = contents_of([step.event_id for steps in found.values() for step in steps])
    pages = {}
    for row in rows:
        taken = found.get(row.chain_id or 0, []) if row.sight.sees_chain else []
        pages[row.code] = _page(as_seen(taken, row.sight), contents, size, from_end, after, before)
    return pages


def _ranked(steps: QuerySet[Any], size: int, from_end: bool, *, single: bool) -> Iterable[Step]:
    order = ("-occurred_ms", "-arrival", "-event_id") if from_end else ("occurred_ms", "arrival", "event_id")
    joined = steps.select_related("event__record", "event__organisation")
    if single:
        return list(joined.order_by(*order)[:size])
    place = Window(RowNumber(), partition_by=F("record_id"), order_by=order)
    return list(joined.annotate(place=place).filter(place__lte=size).order_by("record_id", "place"))


def beyond(place: Place | None, side: str) -> Q:
    """Say what lies after (`gt`) or before (`lt`) a place in the order of a chain."""
    if place is None:
        return Q()
    ms, arrival, event = place
    return (
        Q(**{f"occurred_ms__{side}": ms})
        | Q(occurred_ms=ms, **{f"arrival__{side}": arrival})
        | Q(occurred_ms=ms, arrival=arrival, **{f"event_id__{side}": event})
    )


def as_seen(steps: Iterable[Step], sight: Sight) -> list[Step]:
    """Two batteries of one page may share a chain and see it unequally far."""
    return [step for step in steps if (step.occurred_ms, step.arrival) <= sight.until]


def _page(
    steps: list[Step],
    contents: Mapping[int, list[tuple[str, str]]],
    size: int,
    from_end: bool,
    after: Place | None,
    before: Place | None,
) -> Page[EventRow]:
    page = Page.cut(steps, size, begun=(before if from_end else after) is not None)
    kept = page.rows[::-1] if from_end else page.rows
    events = tuple(event_row(step.event, step, contents.get(step.event_id, ())) for step in kept)
    if from_end:
        return Page(events, has_next=page.has_previous, has_previous=page.has_next)
    return Page(events, has_next=page.has_next, has_previous=page.has_previous)


def event_row(event: LifecycleEvent, step: Step | None, contents: Iterable[tuple[str, str]]) -> EventRow:
    """Read an event; one that puts a correction in place shows the corrected content under the original's key."""
    _, fact = body.read(event.body, contents)
    replaced = fact.replacement if step is not None and step.effective and fact.type == "corrected" else None
    told = replaced or fact
    own_reported = to_ms(event.recorded_at) if fact.reported_ms is None else fact.reported_ms
    return EventRow(
        id=event.id,
        record_code=event.record.code,
        sequence=event.sequence,
        type=told.type,
        key=step.key if step else event.key,
        organisation_id=event.organisation_id,
        organisation_code=event.organisation.code,
        occurred_ms=told.occurred_ms,
        recorded_ms=to_ms(event.recorded_at),
        reported_ms=step.reported_ms if step else own_reported,
        effective=step.effective if step else True,
        order=(step.occurred_ms, step.arrival, step.event_id) if step else (0, 0, event.id),
        hash=bytes(event.hash),
        previous_hash=bytes(event.previous_hash) if event.previous_hash else None,
        actor=event.actor,
        stage_after=step.stage_after if step else "",
        corrects=fact.details.get("corrects") if replaced else None,
        site=told.site,
        attachments=tuple(told.attachments or ()),
        details=told.details,
    )


def event_by_place(code: str, sequence: int) -> tuple[LifecycleEvent, Step | None] | None:
    """An event by the code of its record and its number there, with its step on a chain."""
    return _one_event(LifecycleEvent.objects.filter(record__code=code, sequence=sequence))


def event_by_number(number: int) -> tuple[LifecycleEvent, Step | None] | None:
    """An event by the ledger's own number, with its step on a chain."""
    return _one_event(LifecycleEvent.objects.filter(pk=number))


def _one_event(events: QuerySet[Any]) -> tuple[LifecycleEvent, Step | None] | None:
    event = events.select_related("record", "organisation", "step").first()
    return (event, getattr(event, "step", None)) if event else None


def may_see(viewer: Viewer, event: LifecycleEvent, step: Step | None, sight: Sight | None) -> bool:
    """Whether the viewer may see one event: within its sight of the chain, its own, or on its own record."""
    if viewer.is_alliance:
        return True
    if viewer.organisation_id is None:
        return False
    if event.organisation_id == viewer.organisation_id:
        return True
    if event.record.kind == LifecycleRecord.Kind.ORGANISATION:
        return event.record.code == viewer.organisation_code
    if step is None or sight is None or not sight.sees_chain:
        return False
    return (step.occurred_ms, step.arrival) <= sight.until


# Gaps and recalls ----------------------------------------------------------------------------------------------------


def verdicts_of(chain_ids: Collection[int]) -> dict[int, Verdict]:
    """What the rules say of chains as they stand today; one query."""
    return verdicts(chain_ids)


def recalls(chain_ids: Collection[int]) -> dict[int, list[RecallRow]]:
    """The recalls of chains, in order of occurrence; one query."""
    told: dict[int, list[RecallRow]] = defaultdict(list)
    # A scan has no query to spare: the instruction, which stands beside the body, comes in the same one.
    instructions = {field: _beside(name) for field, name in _INSTRUCTIONS.items()}
    for batch in batches(chain_ids):
        steps = Step.objects.filter(record__in=batch, effective=True, type="recalled").select_related("event")
        for step in steps.annotate(**instructions).order_by("occurred_ms", "arrival"):
            beside = [(name, text) for field, name in _INSTRUCTIONS.items() if (text := getattr(step, field))]
            _, fact = body.read(step.event.body, beside)
            details = (fact.replacement or fact).details
            campaign, instruction = (str(details.get(name) or "") for name in ("campaign", "instruction"))
            told[step.record_id].append(RecallRow(campaign, instruction, step.organisation_id, step.occurred_ms))
    return told


def _beside(name: str) -> Subquery:
    return Subquery(EventContent.objects.filter(event=OuterRef("event_id"), name=name).values("value")[:1])


def verdict(found: Verdict, row: BatteryRow, viewer: Viewer) -> Verdict:
    """The same within the part of a chain that a viewer sees, with the gaps that it answers for there."""
    if not row.sight.sees_chain:
        return Verdict()
    own = viewer.organisation_id
    seen = (gap for gap in found.gaps if gap.place <= row.sight.until or own == gap.organisation_id is not None)
    return replace(found, gaps=tuple(seen))


# Vehicles and lineage ------------------------------------------------------------------------------------------------


class Ties(NamedTuple):
    """The codes that a battery is tied to by what became of it."""

    sources: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    taken_from: tuple[str, ...] = ()


def vehicles(viewer: Viewer, rows: Collection[BatteryRow]) -> dict[str, Installation]:
    """The vehicle that each battery is in, by its code, as far as the viewer sees; one query.

    Who made a battery sees its stage to the end, but a vehicle only while it is still in the one it knows of.
    """
    wanted = [row for row in rows if row.sight.sees_chain and row.chain_id and row.stage == "in_vehicle"]
    found: dict[int, list[Installation]] = defaultdict(list)
    for batch in batches({row.chain_id for row in wanted}):
        for installation in Installation.objects.filter(record__in=batch).order_by("since_ms", "event_id"):
            found[installation.record_id].append(installation)
    known = {}
    for row in wanted:
        until = row.sight.until
        made = row.maker_id is not None and row.maker_id == viewer.organisation_id
        for installation in found.get(row.chain_id or 0, ()):
            seen = (installation.since_ms, installation.event_id) <= until
            ended = installation.until_ms is not None and (made or installation.until_ms <= until[0])
            if seen and not ended:
                known[row.code] = installation
    return known


def lineage(rows: Collection[BatteryRow]) -> dict[str, Ties]:
    """What each battery was made of, what was made of it, and what it was taken out of, by its code; two queries."""
    own = [row for row in rows if row.record_id is not None]
    found: dict[int, list[Step]] = defaultdict(list)
    for _, within in within_sight(own):
        steps = Step.objects.filter(within, effective=True, type__in=("assembled", "reassembled", "released"))
        for step in steps.select_related("event").order_by("occurred_ms", "arrival"):
            found[step.record_id].append(step)
    if not found:
        return {}
    contents = contents_of([step.event_id for steps in found.values() for step in steps])
    ties = {}
    for row in own:
        sources: list[str] = []
        products: list[str] = []
        taken_from: list[str] = []
        for step in as_seen(found.get(row.chain_id or 0, ()), row.sight):
            _, fact = body.read(step.event.body, contents.get(step.event_id, ()))
            details = (fact.replacement or fact).details
            sources += details.get("sources", ()) if step.type == "assembled" else ()
            products += [details["into"]] if step.type == "reassembled" and "into" in details else []
            taken_from += [details["from"]] if step.type == "released" and "from" in details else []
        ties[row.code] = Ties(*(tuple(dict.fromkeys(codes)) for codes in (sources, products, taken_from)))
    return ties


# Provisional identities ----------------------------------------------------------------------------------------------


def identities(rows: Collection[BatteryRow]) -> dict[str, list[IdentityRow]]:
    """The provisional identities that each battery was told under, by its code, in order of identification."""
    own = [row for row in rows if row.record_id is not None]
    found: dict[int, list[Step]] = defaultdict(list)
    for _, within in within_sight(own):
        steps = Step.objects.filter(within, effective=True, type="identified").select_related("event__record")
        for step in steps.order_by("occurred_ms", "arrival"):
            found[step.record_id].append(step)
    contents = contents_of([step.event_id for steps in found.values() for step in steps])
    told: dict[str, list[IdentityRow]] = {}
    for row in own:
        for step in as_seen(found.get(row.chain_id or 0, ()), row.sight):
            _, fact = body.read(step.event.body, contents.get(step.event_id, ()))
            details = (fact.replacement or fact).details
            told.setdefault(row.code, []).append(
                IdentityRow(step.event.record.code, step.organisation_id, step.occurred_ms, details.get("evidence"))
            )
    return told
