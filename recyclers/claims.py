"""Whether an organisation may claim what it says of batches and lots. What physically arrives is recorded, whatever
the record says; of the rest, nothing is used twice: no number, no battery, no milligram.

A claim is judged at its place in the order of occurrence; what is left of a lot is what no later fact needs, either.
The alliance captures history as it was told: nobody asks here.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from itertools import count
from typing import Final

from django.utils.translation import gettext_lazy as _

from recyclers.lot_walk import (
    DISPATCHED,
    MAKING,
    RECEIVED,
    REFUSED,
    Entry,
    Taken,
    left_from,
    may_use,
    postings,
    walk,
)
from recyclers.materials import entry_of
from recyclers.models import Batch, Lot, LotMovement
from traceability import lots, used_up
from traceability.corrections import Family
from traceability.errors import Problem, Refusal
from traceability.events import batches
from traceability.facts import Fact
from traceability.findings import same_mass
from traceability.lines import Lines, Place
from traceability.models import Component
from traceability.stages import Move, is_on_its_way
from traceability.used_up import Use, Uses
from traceability.values import canonical, milligrams, read_moment

#: A battery that goes into a batch is one of these; `processed` may be recorded before or after.
STAGES: Final = ("processed", "retired")
#: After everything that is stored.
_LAST: Final = 1 << 62
_CORRECTS: Final = ("details", "corrects")
Path = tuple[str, ...]


class Claims:
    """Judges the claims of one run, one after the other; what was accepted counts for those that follow."""

    def __init__(self, run: Sequence[Place], lines: Lines, known: Mapping[str, tuple[int, bool]], uses: Uses) -> None:
        self._lines, self._known, self._uses = lines, known, uses
        self._drafted = count(_LAST)
        said = list(lines.contents(run))
        codes = {posting.lot for fact in said for posting in postings(fact)}
        self._materials: dict[str, str] = {}
        self._histories = self._load_histories(codes)
        self._numbers = _load_numbers(said)
        self._batteries = {code for fact in said for _, code in lots.batteries(fact.type, fact.details)}

    def accept(self, fact: Fact, organisation: int) -> None:
        """Count a claim in.

        Raises:
            Refusal: `number_taken`, `unknown_lot`, `not_holder`, `not_addressee`, `in_transit`, `overdrawn`,
                `in_dispute`, `not_whole`, `not_own_name`, `already_used`, `unknown_battery`, `built_in`,
                `quarantined`, `stage`, `wrong_value`.
        """
        arrival = next(self._drafted)
        if problems := list(self._problems(fact, organisation, arrival)):
            self._uses.forget(arrival)
            raise Refusal(*problems)
        for entry in self._entries(fact, organisation, arrival):
            self._histories[entry.posting.lot].append(entry)
        if fact.type == "batch":
            self._numbers[fact.code].add(arrival)
        self._note_materials(fact)

    def check_correction(self, family: Family, replacement: Fact | None) -> None:
        """Judge what a correction puts in place, and what it leaves of the lots without the original."""
        organisation = family.original.organisation_id
        without = frozenset({family.original.id, *(member.id for member in family.members)})
        arrival = family.original.id
        if replacement is not None:
            problems = list(self._problems(replacement, organisation, arrival, without))
            if problems:
                raise Refusal(*(problem.under("details", "replacement") for problem in problems))
        put = list(self._entries(replacement, organisation, arrival)) if replacement is not None else []
        for code in sorted(self._histories):
            before = walk(self._histories[code])
            kept = self._history(code, without)
            after = walk([*kept, *(entry for entry in put if entry.posting.lot == code)])
            self._check_effect(code, before, after, organisation, family.original.fact.organisation)

    # Single claims ---------------------------------------------------------------------------------------------------

    def _problems(
        self, fact: Fact, organisation: int, arrival: int, without: frozenset[int] = frozenset()
    ) -> Iterator[Problem]:
        if fact.type == RECEIVED:
            return
        yield from self._names(fact, without)
        yield from self._taken_in(fact, organisation, arrival, without)
        for path, code, mass in lots.drawn(fact.type, fact.details, fact.organisation):
            yield from self._use(fact, code, milligrams(mass) or 0, path, (organisation, arrival, without))
        if fact.type == "lot_merged":
            yield from self._one_material(fact)
        if fact.type in ("lot_split", "lot_sold"):
            mg = sum(p.stated_mg for p in postings(fact) if p.lot == fact.code)
            yield from self._use(fact, fact.code, mg, (), (organisation, arrival, without))
        if fact.type in (DISPATCHED, REFUSED):
            yield from self._handed(fact, organisation, arrival, without)

    def _names(self, fact: Fact, without: frozenset[int]) -> Iterator[Problem]:
        """A batch or lot gets its number once, from who makes it."""
        if fact.type == "batch" and self._numbers[fact.code] - without:
            yield Problem("number_taken", ("details", "number"), {"value": fact.details["number"]})
        if fact.type in ("lot_opened", "lot_merged"):
            if fact.lot_of != fact.organisation:
                yield Problem("not_own_name", ("lotOf",), {"value": fact.lot_of})
            yield from self._new(fact.code, ("lot",), without)
        for path, code, _mass in lots.made(fact.type, fact.details, fact.organisation):
            yield from self._new(code, (*path, "lot"), without)

    def _new(self, code: str, path: Path, without: frozenset[int]) -> Iterator[Problem]:
        if any(entry.posting.kind in MAKING for entry in self._history(code, without)):
            yield Problem("number_taken", path, {"value": lots.name_of(code)[1]})

    def _taken_in(self, fact: Fact, organisation: int, arrival: int, without: frozenset[int]) -> Iterator[Problem]:
        """The batteries that a batch takes in, one after the other: what was in one is not an input beside it."""
        # What stood before a correction does not count; what the correction itself takes in does.
        use = _use_of(fact, organisation, next(self._drafted) if arrival in without else arrival)
        for path, code in lots.batteries(fact.type, fact.details):
            yield from self._battery(fact, code, path, organisation, without)
            self._uses.add(code, use)

    def _battery(
        self, fact: Fact, code: str, path: Path, organisation: int, without: frozenset[int]
    ) -> Iterator[Problem]:
        line = self._lines.of("battery", code)
        if line.new and not line.drafts:
            yield Problem("built_in" if code in self._parts else "unknown_battery", path, {"value": code})
            return
        state = line.state
        if line.root.part_of:
            yield Problem("built_in", path, {"value": code})
        elif state.stage not in STAGES:
            params = {"value": code, "type": fact.type, "stage": state.stage, "allowed": ", ".join(STAGES)}
            yield Problem("stage", path, params)
        elif not may_use(state, organisation):
            yield Problem("not_holder", path, {"value": code, "organisation": fact.organisation})
        elif state.transit_to is not None:
            yield Problem("in_transit", path, {"value": code})
        elif state.quarantine is not None:
            yield Problem("quarantined", path, {"value": code})
        elif (use := self._used(fact, code, without)) is not None:
            yield used_up.problem(path, code, use, organisation)

    def _used(self, fact: Fact, code: str, without: frozenset[int]) -> Use | None:
        """The batch that took in a battery, or anything that is, was or will be part of it, before."""
        found = (*self._uses.of(code), *self._uses.inside(code, fact.occurred_ms))
        return next((use for use in found if use.event not in without), None)

    def _use(
        self, fact: Fact, code: str, mg: int, path: Path, where: tuple[int, int, frozenset[int]]
    ) -> Iterator[Problem]:
        """Taking from a lot: its holder may, as much as nothing else needs."""
        organisation, arrival, without = where
        order = (fact.occurred_ms, arrival, -1)
        taken = walk(self._history(code, without))
        before = [step for step in taken if step.entry.order < order]
        named = (*path, "lot")
        if (problem := _held(fact, code, before, organisation, named)) is not None:
            yield problem
            return
        if before[-1].state.transit_to is not None:
            yield Problem("in_transit", named, {"value": lots.name_of(code)[1]})
            return
        left, number = left_from(taken, order), lots.name_of(code)[1]
        mass = (*path, "massKg") if path else ("details", "into" if fact.type == "lot_split" else "massKg")
        if organisation == before[-1].state.intruder:
            # What is left is not for a disputed receiver to know.
            if mg > min(left, _received(before, organisation)):
                yield Problem("in_dispute", mass, {"value": number})
        elif mg > left:
            yield Problem("overdrawn", mass, {"value": number, "left": _kilograms(max(left, 0))})

    def _handed(self, fact: Fact, organisation: int, arrival: int, without: frozenset[int]) -> Iterator[Problem]:
        order = (fact.occurred_ms, arrival, -1)
        before = [step for step in walk(self._history(fact.code, without)) if step.entry.order < order]
        if fact.type == REFUSED:
            if not before:
                yield _unknown(fact.code, ("lot",))
            elif before[-1].state.transit_to != organisation:
                yield Problem("not_addressee", ("lot",), {"value": fact.lot, "organisation": fact.organisation})
            return
        if (problem := _held(fact, fact.code, before, organisation, ("lot",))) is not None:
            yield problem
            return
        state, left = before[-1].state, before[-1].left_mg
        move = Move(DISPATCHED, organisation, arrival, self._known[fact.details["to"]][0])
        if move.other == organisation:
            expected = _("another organisation")
            yield Problem("wrong_value", ("details", "to"), {"value": fact.organisation, "expected": expected})
        elif is_on_its_way(state, move):
            yield Problem("in_transit", ("lot",), {"value": fact.lot})
        elif not _is_whole(milligrams(fact.details["massKg"]) or 0, left) and organisation == state.intruder:
            yield Problem("in_dispute", ("details", "massKg"), {"value": fact.lot})
        elif not _is_whole(milligrams(fact.details["massKg"]) or 0, left):
            params = {"value": fact.lot, "left": _kilograms(max(left, 0))}
            yield Problem("not_whole", ("details", "massKg"), params)

    def _one_material(self, fact: Fact) -> Iterator[Problem]:
        first = ""
        for path, code, _mass in lots.drawn(fact.type, fact.details, fact.organisation):
            material = self._materials.get(code, "")
            first = first or material
            if material and material != first:
                yield Problem("wrong_value", (*path, "lot"), {"value": material, "expected": first})

    # Corrections -----------------------------------------------------------------------------------------------------

    @staticmethod
    def _check_effect(code: str, before: Sequence[Taken], after: Sequence[Taken], organisation: int, by: str) -> None:
        """A correction sets right what was said; it wins nobody a lot, and makes no milligram out of nothing."""
        number = lots.name_of(code)[1]
        lacking = min((step.left_mg for step in after), default=0)
        if lacking < min([0, *(step.left_mg for step in before)]):
            raise Refusal(Problem("overdrawn", _CORRECTS, {"value": number, "left": _kilograms(0)}))
        had = before[-1].keeper if before else None
        has = after[-1].keeper if after else None
        if before and has == organisation != had:
            raise Refusal(Problem("not_holder", _CORRECTS, {"value": number, "organisation": by}))

    # What is known ---------------------------------------------------------------------------------------------------

    def _history(self, code: str, without: frozenset[int] = frozenset()) -> list[Entry]:
        return [entry for entry in self._histories.get(code, ()) if entry.event not in without]

    def _entries(self, fact: Fact, organisation: int, arrival: int) -> Iterator[Entry]:
        to = self._known.get(fact.details.get("to", "")) if fact.type == DISPATCHED else None
        for posting in postings(fact):
            yield Entry(posting, arrival, organisation, to[0] if to else None, fact.occurred_ms, arrival)

    def _note_materials(self, fact: Fact) -> None:
        if fact.type == "batch":
            for item in fact.details.get("outputs", ()):
                self._materials[lots.code_of(fact.organisation, item["lot"])] = item.get("material", "")
        elif fact.type == "lot_opened":
            self._materials[fact.code] = fact.details.get("material", "")
        elif fact.type == "lot_split":
            own = self._materials.get(fact.code, "")
            made = lots.made(fact.type, fact.details, fact.organisation)
            self._materials |= {code: own for _path, code, _mass in made}
        elif fact.type == "lot_merged":
            drawn = lots.drawn(fact.type, fact.details, fact.organisation)
            self._materials[fact.code] = next((m for _p, c, _m in drawn if (m := self._materials.get(c))), "")

    @cached_property
    def _parts(self) -> set[str]:
        """Those of the batteries that were ever listed as a part; asked for once, when one has no record of its own."""
        asked = batches(sorted(self._batteries))
        return {c for some in asked for c in Component.objects.filter(code__in=some).values_list("code", flat=True)}

    def _load_histories(self, codes: Iterable[str]) -> dict[str, list[Entry]]:
        """Lock the lots in order of code, so that nobody else takes from them, and read their histories."""
        found: dict[str, list[Entry]] = {code: [] for code in codes}
        by_id: dict[int, str] = {}
        for batch in batches(sorted(found)):
            for row in Lot.objects.select_for_update().filter(code__in=batch).order_by("code"):
                by_id[row.id] = row.code
                self._materials[row.code] = row.material
        for ids in batches(by_id):
            for movement in LotMovement.objects.filter(lot__in=ids):
                found[by_id[movement.lot_id]].append(entry_of(movement, by_id[movement.lot_id]))
        return found


def _received(before: Sequence[Taken], organisation: int) -> int:
    """How much of a lot an organisation says that it received, mg."""
    own = (step.entry for step in before if step.entry.organisation == organisation)
    return sum(entry.posting.stated_mg for entry in own if entry.posting.kind == RECEIVED)


def _use_of(fact: Fact, organisation: int, event: int) -> Use:
    """What a batch is as a use of the batteries that it takes in."""
    begun = fact.details.get("startedAt")
    begun_ms = fact.occurred_ms if begun is None else read_moment(begun)
    return Use(event, organisation, lots.name_of(fact.code)[1], begun_ms, fact.occurred_ms)


def _load_numbers(facts: Iterable[Fact]) -> defaultdict[str, set[int]]:
    """The batches that bear these numbers: code → their events."""
    found: defaultdict[str, set[int]] = defaultdict(set)
    named = {lots.name_of(fact.code) for fact in facts if fact.type == "batch"}
    for batch in batches(sorted({number for _organisation, number in named})):
        rows = Batch.objects.filter(organisation__code__in={organisation for organisation, _number in named})
        for organisation, number, event in rows.filter(number__in=batch).values_list(
            "organisation__code", "number", "event_id"
        ):
            found[lots.code_of(organisation, number)].add(event)
    return found


def _held(fact: Fact, code: str, before: Sequence[Taken], organisation: int, path: Path) -> Problem | None:
    if not before:
        return _unknown(code, path)
    if not may_use(before[-1].state, organisation):
        return Problem("not_holder", path, {"value": lots.name_of(code)[1], "organisation": fact.organisation})
    return None


def _unknown(code: str, path: Path) -> Problem:
    return Problem("unknown_lot", path, {"value": lots.name_of(code)[1]})


def _is_whole(stated_mg: int, left_mg: int) -> bool:
    """A lot is handed over whole; two scales may differ as much as sender and receiver may."""
    return left_mg > 0 and same_mass(stated_mg, left_mg)


def _kilograms(mg: int) -> str:
    return canonical(Decimal(mg).scaleb(-6))
