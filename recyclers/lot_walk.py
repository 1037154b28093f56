"""What facts do to lots, and what becomes of a lot: pure functions over postings. The door and the projection ask the
same ones, so they cannot disagree.

Custody is that of batteries (`traceability.stages`): who dispatches goes on holding until receipt, and a receipt that
nobody announced while another holds the lot is disputed.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from traceability import lots
from traceability.facts import Fact
from traceability.stages import Move, Stage, State, step
from traceability.values import milligrams

OPENED, OUTPUT, SPLIT_INTO, MERGED_INTO = "opened", "output", "split_into", "merged_into"
SPLIT_FROM, MERGED_FROM, DRAWN, SOLD = "split_from", "merged_from", "drawn", "sold"
DISPATCHED, RECEIVED, REFUSED = "dispatched", "received", "refused"
#: What brings a lot into being, and the origin it has then.
ORIGINS: Final = {OPENED: "opened", OUTPUT: "batch", SPLIT_INTO: "split", MERGED_INTO: "merged", RECEIVED: "received"}
MAKING: Final = frozenset({OPENED, OUTPUT, SPLIT_INTO, MERGED_INTO})
USES: Final = frozenset({SPLIT_FROM, MERGED_FROM, DRAWN, SOLD})
UNKNOWN_LOT, OVERDRAWN, CUSTODY_BREAK, MADE_TWICE = "unknown_lot", "overdrawn", "custody_break", "made_twice"


@dataclass(frozen=True, slots=True)
class Posting:
    """What one fact does to one lot; `mg` is signed, `place` its number among the fact's postings."""

    lot: str
    place: int
    kind: str
    mg: int
    stated_mg: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A posting in a lot's history. Organisations are database ids; `event` identifies it in custody."""

    posting: Posting
    event: int
    organisation: int
    other: int | None
    occurred_ms: int
    arrival: int

    @property
    def order(self) -> tuple[int, int, int]:
        """Occurrence, then arrival, then the order within the fact."""
        return self.occurred_ms, self.arrival, self.posting.place


@dataclass(frozen=True, slots=True)
class Taken:
    """One step of a lot's history: what it moved, what it found wrong, and where the lot stands then."""

    entry: Entry
    mg: int
    left_mg: int
    state: State
    before: State
    fault: str = ""
    unannounced: bool = False

    @property
    def keeper(self) -> int | None:
        """Who has it beyond dispute."""
        return None if self.state.holder == self.state.intruder else self.state.holder


def postings(fact: Fact) -> Iterator[Posting]:
    """What a fact does to the lots it speaks of, in the order in which it does: first what leaves, then what comes."""
    found: list[tuple[str, str, int, int]] = []
    own = fact.code if fact.lot else ""
    for _, code, mass in lots.drawn(fact.type, fact.details, fact.organisation):
        mg = _mg(mass)
        found.append((code, MERGED_FROM if own else DRAWN, -mg, mg))
    made = [(code, _mg(mass)) for _, code, mass in lots.made(fact.type, fact.details, fact.organisation)]
    whole = sum(mg for _, mg in made)
    if fact.type == "lot_split":
        found.append((own, SPLIT_FROM, -whole, whole))
    elif fact.type == "lot_merged":
        whole = sum(stated for _, _, _, stated in found)
        found.append((own, MERGED_INTO, whole, whole))
    elif own:
        mg = _mg(fact.details.get("massKg", "0"))
        sign = {"lot_opened": 1, "lot_sold": -1}.get(fact.type, 0)
        kind = {"lot_opened": OPENED, "lot_sold": SOLD}.get(fact.type, fact.type)
        found.append((own, kind, sign * mg, mg))
    found += [(code, SPLIT_INTO if own else OUTPUT, mg, mg) for code, mg in made]
    yield from (Posting(code, place, kind, mg, stated) for place, (code, kind, mg, stated) in enumerate(found))


def _mg(kilograms: str) -> int:
    return milligrams(kilograms) or 0


def walk(entries: Iterable[Entry]) -> list[Taken]:
    """Walk a lot's history in order of occurrence, then of arrival."""
    taken: list[Taken] = []
    # A lot is never built into anything: for custody it stands where a stored battery does.
    state, left, made, known = State(stage=Stage.PRODUCED), 0, False, False
    for entry in sorted(entries, key=lambda each: each.order):
        kind, mg, before = entry.posting.kind, entry.posting.mg, state
        fault, unannounced = "", False
        if kind in MAKING:
            fault = MADE_TWICE if made else ""
            made = known = True
            if not state.started:
                state = replace(state, holder=entry.organisation, started=True, origin=True)
        elif kind in USES:
            fault = _fault_of_use(state, entry, left, known=known)
            state = replace(state, holder=entry.organisation, started=True)
        else:
            outcome = step(state, Move(kind, entry.organisation, entry.event, entry.other))
            state, unannounced = outcome.state, outcome.unannounced
            fault = outcome.fault if outcome.fault == CUSTODY_BREAK else "" if known else UNKNOWN_LOT
            # What stands on the dock without papers is there: the first receipt says how much.
            mg = entry.posting.stated_mg if kind == RECEIVED and not known else 0
            known = known or kind == RECEIVED
        left += mg
        taken.append(Taken(entry, mg, left, state, before, fault, unannounced))
    return taken


def _fault_of_use(state: State, entry: Entry, left: int, *, known: bool) -> str:
    if not known:
        return UNKNOWN_LOT
    if not may_use(state, entry.organisation):
        return CUSTODY_BREAK
    return OVERDRAWN if entry.posting.stated_mg > left else ""


def may_use(state: State, organisation: int) -> bool:
    """Whether custody allows this organisation to take from a lot, or to send it on; both sides of a dispute may."""
    return state.holder is not None and organisation in (state.holder, state.claimant, state.intruder)


def is_made(entries: Iterable[Entry]) -> bool:
    """Whether anything says where a lot comes from."""
    return any(entry.posting.kind in MAKING for entry in entries)


def left_from(taken: Sequence[Taken], order: tuple[int, int, int]) -> int:
    """How much can be taken at a place in a lot's history, so that nothing later lacks it."""
    before = [step.left_mg for step in taken if step.entry.order <= order]
    after = [step.left_mg for step in taken if step.entry.order > order]
    return min([before[-1] if before else 0, *after])
