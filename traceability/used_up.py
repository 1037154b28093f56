"""What went into a batch is used up: whoever says that it was taken apart, sent on or built in afterwards contradicts
the batch. What stands on a dock is recorded all the same (`findings.py`).

The core does not know batches; it asks the package above which of them took in a battery: by itself, with what it was
built into then, or as one of the originals that a product was made of.

A claim is judged at its place in the order of occurrence. Within a batch that ran for weeks nobody says when a battery
went in: from its close it is gone for everybody, from its start for the recycler that says both of what it holds.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Protocol, cast

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from traceability import lots, ties
from traceability.errors import Problem
from traceability.facts import Fact, leaving
from traceability.stages import Move, State, announces
from traceability.ties import Place

#: What is done with a battery before it goes into a batch, perhaps while that runs already.
_BEFORE: Final = frozenset({"repaired", "inspected"})
#: What is not done any more with what was used up.
DOING: Final = _BEFORE | frozenset("installed dispatched dismantled deployed processed exported destroyed lost".split())


@dataclass(frozen=True, slots=True)
class Use:
    """A batch that took in a battery: its event, whose it is and its number, from when to when it ran (ms)."""

    event: int
    organisation: int
    number: str
    begun_ms: int
    closed_ms: int

    def told_to(self, organisation: int | None) -> Any:
        """Name the batch to its own recycler; that it is another's is all that others learn."""
        if organisation == self.organisation:
            return format_lazy(_("the batch {number}"), number=self.number)
        return _("a batch of another organisation")

    def is_before(self, fact: Fact, organisation: int, *, at_close: bool) -> bool:
        """Whether a battery was used up when a claim says that something was done with it."""
        own = organisation == self.organisation and not at_close
        return fact.occurred_ms >= (self.begun_ms if own else self.closed_ms)


class Uses(Protocol):
    """The batches that some batteries went into; what a list claims of batches counts for what follows in it."""

    def of(self, code: str) -> Iterable[Use]:
        """Give the uses of a battery under any of its names, with what it was part of, or is made of."""

    def inside(self, code: str, moment_ms: int) -> Iterable[Use]:
        """Give the uses of what was in a battery at a moment, and was taken out of it later."""

    def add(self, code: str, use: Use) -> None:
        """Count in what is claimed of a batch."""

    def forget(self, event: int) -> None:
        """Take back what was counted in for a batch that is refused."""


def load(codes: Collection[str], fed: Collection[str] = ()) -> Uses:
    """Load the uses of these batteries, in a fixed number of queries.

    Args:
        fed: those that a batch is said to take in, for which `inside` may be asked as well; what they are or were built
            into is locked, so that nobody claims that at the same moment.
    """
    return cast(Uses, import_string(settings.MATERIAL_USES)(codes, fed))


def concerned(contents: Iterable[Fact], known_parts: Collection[str]) -> tuple[set[str], set[str]]:
    """The batteries whose uses decide whether these contents may be claimed, and those that batches take in.

    Args:
        known_parts: parts that anything was recorded of before; new ones went into no batch.
    """
    done: set[str] = set()
    fed: set[str] = set()
    for fact in contents:
        fed |= {code for _path, code in lots.batteries(fact.type, fact.details)}
        if fact.kind == "battery":
            done |= {fact.code} if fact.type in DOING else set()
            done |= {code for _path, code in _sources(fact)}
            done |= {code for _path, code in ties.named(fact) if code in known_parts}
    return done, fed


def problems(fact: Fact, state: State, move: Move, uses: Uses, *, instead_of: Fact | None = None) -> list[Problem]:
    """What a claim says of batteries that were used up before.

    Args:
        state: what the chain had reached before the fact's place in it.
        instead_of: what stood in the place of a correction, which answers for the parts that it names anew only.
    """
    organisation = move.organisation
    if fact.type in DOING and not announces(state, move):
        found = _own(fact, organisation, uses)
        if found is not None:
            return [problem(("battery",), fact.code, found, organisation)]
    stood = {code for _path, code, _at_close in _named(instead_of)} if instead_of is not None else set()
    told = []
    for path, code, at_close in _named(fact):
        before = (use for use in uses.of(code) if use.is_before(fact, organisation, at_close=at_close))
        if code not in stood and (use := next(before, None)) is not None:
            told.append(problem(path, code, use, organisation))
    return told


def problem(path: tuple[str, ...], code: str, use: Use, organisation: int | None) -> Problem:
    """Say that a battery was used up, and in which batch as far as that is for the reader."""
    return Problem("already_used", path, {"value": code, "batch": use.told_to(organisation)})


def _own(fact: Fact, organisation: int, uses: Uses) -> Use | None:
    found = list(uses.of(fact.code))
    if fact.type == "processed" and any(
        (use.organisation, use.number) == (organisation, fact.details["batch"]) for use in found
    ):
        return None
    at_close = fact.type in _BEFORE
    return next((use for use in found if use.is_before(fact, organisation, at_close=at_close)), None)


def _named(fact: Fact) -> Iterator[tuple[tuple[str, ...], str, bool]]:
    """The other batteries that a fact speaks of; what is taken out may go into a batch that runs already."""
    yield from ((path, code, True) for path, code in ties.coming_out(fact))
    yield from ((path, code, False) for path, code in (*ties.going_in(fact), *_sources(fact)))


def _sources(fact: Fact) -> list[Place]:
    if fact.type != "assembled":
        return []
    return [(("details", "sources", str(number)), code) for number, code in enumerate(leaving(fact))]
