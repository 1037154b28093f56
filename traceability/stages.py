"""Stages and the table of allowed events: data, and one pure function that takes a chain one event further.

The only place that knows stages. Live checks ask `step` before they write; the audit reads what `step` found, stored
as `Step` rows. Organisations are database ids here. The table is that of `records.md`, «Stages and events».
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final


class Stage(StrEnum):
    """Where a battery is in its life. Custody stands beside it and is no stage."""

    PRODUCED = "produced"
    IN_VEHICLE = "in_vehicle"
    RETIRED = "retired"
    IN_SECOND_LIFE = "in_second_life"
    DISMANTLED = "dismantled"
    REASSEMBLED = "reassembled"
    PROCESSED = "processed"
    EXPORTED = "exported"
    DESTROYED = "destroyed"
    LOST = "lost"


NONE: Final = ""
ENDS: Final = frozenset({"dismantled", "reassembled", "processed", "exported", "destroyed", "lost"})
ANY: Final = frozenset({NONE, *Stage})
LIVING: Final = ANY - ENDS
SAME: Final = "same"

ANYBODY, HOLDER, ADDRESSEE, MAKER, HOLDER_OR_ALLIANCE = "anybody", "holder", "addressee", "maker", "holder_or_alliance"
#: Who holds the battery after the event.
RECORDER, UNCHANGED, NAMED = "recorder", "unchanged", "named"


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table."""

    allowed: frozenset[str]
    new: str
    by: str = ANYBODY
    custody: str = RECORDER
    roles: frozenset[str] = frozenset()
    #: Where an event that was not allowed leads, when its new stage is *same*; None: nowhere, the stage stays.
    fallback: str | None = "retired"


def _roles(words: str) -> frozenset[str]:
    return frozenset(words.split())


ROLES: Final = tuple(
    "battery_maker vehicle_maker importer service outlet dismantler second_life recycler alliance".split()
)
_MAKERS = _roles("battery_maker vehicle_maker importer")
_COMPANIES = frozenset(ROLES) - {"alliance"}
_WORKSHOPS = _roles("vehicle_maker importer service outlet dismantler second_life recycler")
_LABELLERS = _roles("battery_maker vehicle_maker importer second_life")
_ALLIANCE = _roles("alliance")
_STORED = frozenset({"produced", "retired"})

RULES: Final[dict[str, Rule]] = {
    "produced": Rule(frozenset({NONE}), "produced", roles=_MAKERS),
    "installed": Rule(_STORED, "in_vehicle", HOLDER, roles=_roles("vehicle_maker importer service")),
    "sold": Rule(
        frozenset({"in_vehicle"}), SAME, HOLDER, roles=_roles("vehicle_maker importer service"), fallback="in_vehicle"
    ),
    "removed": Rule(frozenset({"in_vehicle"}), "retired", roles=_WORKSHOPS),
    "dispatched": Rule(_STORED, SAME, HOLDER, roles=_COMPANIES),
    "received": Rule(_STORED | {"lost"}, SAME, roles=_COMPANIES),
    "refused": Rule(_STORED, SAME, ADDRESSEE, UNCHANGED, roles=_COMPANIES),
    "repaired": Rule(_STORED | {"in_vehicle"}, SAME, custody=UNCHANGED, roles=_WORKSHOPS),
    "inspected": Rule(frozenset({"retired"}), SAME, HOLDER, roles=_COMPANIES),
    "dismantled": Rule(frozenset({"retired"}), "dismantled", HOLDER, roles=_roles("dismantler second_life recycler")),
    "assembled": Rule(frozenset({NONE}), "produced", roles=_roles("second_life")),
    "deployed": Rule(frozenset({"produced"}), "in_second_life", HOLDER, roles=_roles("second_life")),
    "decommissioned": Rule(frozenset({"in_second_life"}), "retired", roles=_COMPANIES),
    "processed": Rule(frozenset({"retired"}), "processed", HOLDER, roles=_roles("recycler")),
    "exported": Rule(_STORED, "exported", HOLDER, roles=_COMPANIES),
    "destroyed": Rule(LIVING, "destroyed", HOLDER, roles=_COMPANIES),
    "lost": Rule(LIVING, "lost", HOLDER, roles=_COMPANIES),
    "identified": Rule(ANY, SAME, HOLDER_OR_ALLIANCE, roles=frozenset(ROLES), fallback=None),
    "recalled": Rule(
        LIVING, SAME, MAKER, UNCHANGED, roles=_roles("battery_maker vehicle_maker alliance"), fallback=None
    ),
    "quarantine_lifted": Rule(frozenset({"retired"}), SAME, HOLDER, roles=_COMPANIES),
    "label_issued": Rule(LIVING, SAME, MAKER, UNCHANGED, roles=_LABELLERS),
    "label_revoked": Rule(LIVING, SAME, MAKER, UNCHANGED, roles=_LABELLERS),
    "dispute_decided": Rule(ANY, SAME, custody=NAMED, roles=_ALLIANCE),
    # Written by the ledger alone, on the chains of parts and originals.
    "released": Rule(ANY, "retired"),
    "reassembled": Rule(frozenset({"retired"}), "reassembled", HOLDER),
}
ORIGINS: Final = frozenset({"produced", "assembled"})
#: What nobody does with a battery that is set apart: it is used, taken apart or sent out of reach.
UTILISING: Final = frozenset({"installed", "dismantled", "reassembled", "processed", "exported"})
#: Events that say nothing about where a built-in part is: they do not release it from its battery.
NOT_RELEASING: Final = frozenset({"produced", "assembled"})

UNKNOWN_ORIGIN, MISSING_LINK, CUSTODY_BREAK = "unknown_origin", "missing_link", "custody_break"
SECOND_PRODUCED, UNANNOUNCED = "component_conflict", "unannounced_receipt"


@dataclass(frozen=True, slots=True)
class State:
    """What a chain has reached: stage, custody, and what later events need to know of it."""

    stage: str = NONE
    holder: int | None = None
    transit_to: int | None = None
    transit_event: int | None = None
    #: A disputed receipt: who held it before and claims it, and who received it unannounced. Both may act.
    claimant: int | None = None
    intruder: int | None = None
    maker: int | None = None
    started: bool = False
    origin: bool = False
    produced: bool = False
    second_life: bool = False
    #: The receipt that set it apart, as long as nobody has lifted that.
    quarantine: int | None = None


@dataclass(frozen=True, slots=True)
class Move:
    """An event as the table sees it. `other` is the addressee (dispatched), the sender (received, refused) or the
    holder named (dispute_decided); `arrival` identifies the event."""

    type: str
    organisation: int
    arrival: int = 0
    other: int | None = None
    alliance: bool = False
    #: For `released`: whether the battery it comes from has an origin.
    origin: bool = False
    #: For `received`: whether its condition sets it apart, and whether it came without a code that can be read.
    hazardous: bool = False
    codeless: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """The state after a move, and what was wrong with it."""

    state: State
    fault: str = ""
    unannounced: bool = False


def step(state: State, move: Move) -> Outcome:
    """Take the chain one event further.

    At most one of `unknown_origin`, `missing_link`, `custody_break` is found, in this order. Custody after the event is
    what the event says, faulty or not, so that one missing event raises one gap and not a trail.
    """
    rule = RULES[move.type]
    if move.type == "produced" and state.produced:
        return Outcome(state, SECOND_PRODUCED)
    if move.type == "released" and move.origin and not state.started:
        state = replace(state, origin=True)
    fault = _fault(state, move, rule)
    unannounced = move.type == "received" and state.transit_to != move.organisation
    after = _custody(state, move, rule, unannounced)
    stage = _stage(state, move, rule)
    return Outcome(
        replace(
            after,
            stage=stage,
            quarantine=_quarantine(state, move, stage, unannounced),
            started=True,
            origin=state.origin or (not state.started and move.type in ORIGINS),
            produced=state.produced or move.type == "produced",
            second_life=state.second_life or move.type == "assembled",
            maker=move.organisation if move.type in ORIGINS else state.maker,
        ),
        fault,
        unannounced,
    )


def is_allowed(state: State, move: Move) -> bool:
    """Tell whether the stage allows the event; only second-life products are deployed."""
    return state.stage in RULES[move.type].allowed and (move.type != "deployed" or state.second_life)


def may_act(state: State, move: Move) -> bool:
    """Tell whether custody allows who records it; an unknown holder contradicts nobody."""
    by = RULES[move.type].by
    if by == ADDRESSEE:
        return state.transit_to == move.organisation
    if by == HOLDER or (by == HOLDER_OR_ALLIANCE and not move.alliance):
        return state.holder is None or move.organisation in (state.holder, state.claimant, state.intruder)
    return True


def is_on_its_way(state: State, move: Move) -> bool:
    """Whether a dispatch finds a transit open; one that only announces what was received already does not mind."""
    return state.transit_to is not None and not announces(state, move)


def announces(state: State, move: Move) -> bool:
    """Whether the earlier holder says, afterwards, that it sent what the other has received, and may have used."""
    sent = move.type == "dispatched" and state.claimant == move.organisation
    return sent and move.other is not None and move.other == state.intruder


def _fault(state: State, move: Move, rule: Rule) -> str:
    if not state.started and move.type not in ORIGINS and not state.origin:
        return UNKNOWN_ORIGIN
    if not is_allowed(state, move):
        return MISSING_LINK
    if not may_act(state, move) or (move.type == "dispatched" and is_on_its_way(state, move)):
        return CUSTODY_BREAK
    return ""


def _stage(state: State, move: Move, rule: Rule) -> str:
    if rule.new != SAME:
        return rule.new
    if move.type == "received" and state.stage == "lost":
        return "retired"
    return state.stage if is_allowed(state, move) or rule.fallback is None else rule.fallback


def _quarantine(state: State, move: Move, stage: str, unannounced: bool) -> int | None:
    """It binds what is retired, goes along to the next receiver, and ends when it is lifted or the stage changes."""
    if stage != "retired" or move.type == "quarantine_lifted":
        return None
    if move.type != "received":
        return state.quarantine
    apart = move.hazardous or (move.codeless and unannounced) or state.quarantine is not None
    return move.arrival if apart else None


def _custody(state: State, move: Move, rule: Rule, unannounced: bool) -> State:
    if move.type == "received":
        return _received(state, move.organisation, unannounced)
    if move.type == "refused":
        return replace(state, transit_to=None, transit_event=None)
    if rule.custody == UNCHANGED or (rule.by == HOLDER_OR_ALLIANCE and move.alliance):
        return state
    if rule.custody == NAMED:
        return _settled(state, state.holder if move.other is None else move.other)
    if move.type == "dispatched":
        return _dispatched(state, move)
    return replace(state, holder=move.organisation)


def _settled(state: State, holder: int | None) -> State:
    return replace(state, holder=holder, claimant=None, intruder=None, transit_to=None, transit_event=None)


def _dispatched(state: State, move: Move) -> State:
    if announces(state, move):
        holder = state.holder if state.transit_to is not None else state.intruder
        return replace(state, holder=holder, claimant=None, intruder=None)
    return replace(state, holder=move.organisation, transit_to=move.other, transit_event=move.arrival)


def _received(state: State, receiver: int, unannounced: bool) -> State:
    claimant, intruder = state.claimant, state.intruder
    if receiver == claimant or (not unannounced and state.holder == claimant):
        claimant = intruder = None
    elif claimant is not None:
        intruder = receiver
    elif unannounced and state.holder is not None and state.holder != receiver:
        claimant, intruder = state.holder, receiver
    return replace(state, holder=receiver, claimant=claimant, intruder=intruder, transit_to=None, transit_event=None)
