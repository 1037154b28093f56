"""Chains: the facts of a record in order of occurrence, walked step by step, and written as projections.

A chain is what is judged as one history: a record's events, those of provisional identities that joined it, and facts
that a correction moved to it. A part built into a battery shares that battery's life until it leaves.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from traceability import events
from traceability.events import Standing, Stored, batches
from traceability.facts import Fact
from traceability.identity import is_provisional, is_second_life
from traceability.lives import BuiltIn, Lives, stays_of
from traceability.models import LifecycleRecord, Organisation, Step
from traceability.stages import ENDS, NOT_RELEASING, Move, Outcome, State, step

ALLIANCE: Final = " alliance "
#: Conditions in which a battery is set apart.
HAZARDS: Final = frozenset({"leaking", "burnt"})
#: Ends that make a chain without a gap complete, as far as its steps tell: of `processed` they do not know its batch.
COMPLETING_ALONE: Final = ENDS - {"lost", "processed"}
#: The same, as the audit sees it, whose rules say of some of them that something is missing yet.
COMPLETING: Final = ENDS - {"lost"}


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A standing fact as a chain sees it; organisations are database ids."""

    event_id: int
    arrival: int
    key: str
    fact: Fact
    organisation: int
    reported_ms: int
    other: int | None = None
    alliance: bool = False

    @property
    def order(self) -> tuple[int, int]:
        """Occurrence, then arrival."""
        return self.fact.occurred_ms, self.arrival


@dataclass(frozen=True, slots=True)
class Taken:
    """One step of a walk: the occurrence, the state before, and what it led to."""

    occurrence: Occurrence
    before: State
    outcome: Outcome


@dataclass(slots=True)
class Walk:
    """What walking a chain found."""

    record: LifecycleRecord
    steps: list[Taken]
    state: State
    idle: list[Stored] = field(default_factory=list)
    #: Component row → when the part left it.
    left: dict[int, int | None] = field(default_factory=dict)
    part_of: str = ""


def other_of(fact: Fact) -> str | None:
    """The other organisation an event names: addressee, sender, or the holder decided on."""
    return fact.details.get({"dispatched": "to", "dispute_decided": "holder"}.get(fact.type, "from"))


def parties(codes: Collection[str]) -> dict[str, tuple[int, bool]]:
    """Look up organisations: code → (id, whether it is the alliance)."""
    found = {}
    for batch in batches(codes):
        for id_, code, roles in Organisation.objects.filter(code__in=batch).values_list("id", "code", "roles"):
            found[code] = (id_, ALLIANCE in roles)
    return found


def occurrences(standing: Iterable[Standing], known: dict[str, tuple[int, bool]]) -> list[Occurrence]:
    """Turn standing facts into occurrences, in order."""
    found = []
    for place in standing:
        organisation, alliance = known[place.fact.organisation]
        other = known.get(other_of(place.fact) or "")
        found.append(
            Occurrence(
                place.event.id,
                place.original.id,
                place.fact.key,
                place.fact,
                organisation,
                place.original.reported_ms,
                other[0] if other else None,
                alliance,
            )
        )
    return sorted(found, key=lambda occurrence: occurrence.order)


def move_of(occurrence: Occurrence, *, origin: bool = False) -> Move:
    """The occurrence as the table of stages sees it."""
    fact = occurrence.fact
    return Move(
        occurrence.fact.type,
        occurrence.organisation,
        occurrence.event_id,
        occurrence.other,
        occurrence.alliance,
        origin,
        fact.details.get("condition") in HAZARDS,
        is_provisional(fact.code),
    )


def advance(state: State, found: Sequence[Occurrence]) -> tuple[list[Taken], State]:
    """Walk plain occurrences (no parts, nothing joined) from a known state on."""
    taken = []
    for occurrence in found:
        outcome = step(state, move_of(occurrence))
        taken.append(Taken(occurrence, state, outcome))
        state = outcome.state
    return taken, state


def state_of(record: LifecycleRecord) -> State:
    """The state that a record's projection remembers."""
    return State(
        record.stage,
        record.holder_id,
        record.transit_to_id,
        record.transit_event,
        record.claimant_id,
        record.intruder_id,
        record.maker_id,
        record.started,
        record.has_origin,
        record.produced,
        record.second_life,
        record.quarantine_event,
    )


# Loading whole chains ------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Chain:
    """All that a walk needs of one chain."""

    record: LifecycleRecord
    occurrences: list[Occurrence]
    idle: list[Stored]
    stays: list[BuiltIn]


def load(roots: Collection[LifecycleRecord], *, also: Collection[int] = (), until_ms: int | None = None) -> list[Chain]:
    """Load the chains of these records, in a fixed number of queries.

    `also` names records that may hold corrections which move facts here, beyond those known from the steps; `until_ms`
    leaves out what was reported later.
    """
    by_id = {record.id: record for record in roots}
    members = _members(by_id)
    sources = set(members) | set(also)
    for batch in batches(by_id):
        foreign = Step.objects.filter(record_id__in=batch, event__type="corrected").exclude(event__record_id__in=batch)
        sources |= set(foreign.values_list("event__record_id", flat=True))
    grouped: dict[int, list[Stored]] = defaultdict(list)
    for event in events.of_records(sources):
        if until_ms is None or event.reported_ms <= until_ms:
            grouped[event.record_id].append(event)
    codes = {record.code: record.id for record in roots} | dict(members.values())
    places: dict[int, list[Standing]] = defaultdict(list)
    idle: dict[int, list[Stored]] = defaultdict(list)
    for record_id, own in grouped.items():
        found, without_place = events.standing(own)
        for place in found:
            if (root := codes.get(place.fact.code)) is not None:
                places[root].append(place)
        if record_id in members:
            idle[members[record_id][1]] += without_place
    known = parties(_named(places.values()))
    stays = stays_of([record.code for record in roots])
    return [
        Chain(record, occurrences(places[record.id], known), idle[record.id], stays.get(record.code, []))
        for record in roots
    ]


def _members(roots: Collection[int]) -> dict[int, tuple[str, int]]:
    """The records whose events make up these chains: id → (code, root)."""
    found: dict[int, tuple[str, int]] = {}
    for batch in batches(roots):
        own = LifecycleRecord.objects.filter(id__in=batch, chain=None) | LifecycleRecord.objects.filter(chain__in=batch)
        for id_, code, chain in own.values_list("id", "code", "chain_id"):
            found[id_] = (code, chain or id_)
    return found


def _named(places: Iterable[Iterable[Standing]]) -> set[str]:
    return {
        code for chain in places for place in chain for code in (place.fact.organisation, other_of(place.fact)) if code
    }


# Walking -------------------------------------------------------------------------------------------------------------


def walk(chain: Chain, lives: Lives | None = None) -> Walk:
    """Walk a whole chain; `lives` is needed where it is built into something or released from it."""
    # A second-life code says so by itself, whether or not its assembly was recorded.
    result = Walk(chain.record, [], State(second_life=is_second_life(chain.record.code)), chain.idle)
    inside: BuiltIn | None = None
    pending = list(reversed(chain.stays))
    for occurrence in chain.occurrences:
        while pending and pending[-1].since < occurrence.order:
            inside = pending.pop()
            result.left[inside.id] = None
        origin = False
        if lives is not None:
            had_origin = result.state.origin
            if inside and occurrence.fact.type not in NOT_RELEASING:
                result.state = released(result.state, lives.at(inside.parent, occurrence.order))
                # Stated to be in two at once, it is in neither once it acts by itself.
                for stay_id, left in result.left.items():
                    result.left[stay_id] = occurrence.fact.occurred_ms if left is None else left
                inside = None
            if occurrence.fact.type == "released":
                # Only what it is said to come out of gives it an origin, wherever else it is said to be built in.
                came_from = occurrence.fact.details.get("from")
                maker = result.state.maker
                maker = lives.maker_of(came_from) if maker is None else maker
                result.state = replace(result.state, origin=had_origin, maker=maker)
                origin = lives.origin_of(came_from)
        outcome = step(result.state, move_of(occurrence, origin=origin))
        result.steps.append(Taken(occurrence, result.state, outcome))
        result.state = outcome.state
    for stay in reversed(pending):
        inside = stay
        result.left[stay.id] = None
    result.part_of = inside.parent if inside else ""
    return result


def released(own: State, shared: State) -> State:
    """A part leaves with the stage and the holder that its battery has then."""
    return replace(
        own,
        stage=shared.stage,
        holder=shared.holder,
        claimant=shared.claimant,
        intruder=shared.intruder,
        transit_to=None,
        transit_event=None,
        origin=own.origin or shared.origin,
        maker=own.maker if own.maker is not None else shared.maker,
        quarantine=shared.quarantine,
    )


def status_of(breaks: int, flaws: int, stage: str, *, completing: Collection[str] = COMPLETING_ALONE) -> str:
    """The chain status of `audit.md`: by default, as far as the steps tell it."""
    if breaks:
        return "broken"
    if flaws:
        return "flawed"
    return "complete" if stage in completing else "open"


def tied_to(chain: Chain) -> set[str]:
    """The batteries whose lives this chain shares or was released from."""
    froms = {o.fact.details.get("from") for o in chain.occurrences if o.fact.type == "released"}
    return {stay.parent for stay in chain.stays} | {code for code in froms if code}


def lives_for(found: Iterable[Chain]) -> Lives | None:
    """Load what these chains need to know of the batteries they were part of."""
    codes = {code for chain in found for code in tied_to(chain)}
    return Lives(codes) if codes else None
