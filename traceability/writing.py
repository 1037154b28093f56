"""One transaction of the ledger: check facts in order, append events, and bring the projections along.

Facts go through in runs (`lines.runs`); a run is read in sets, checked in order, written in sets.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from traceability import (
    admitting,
    appending,
    chains,
    events,
    identity,
    lots,
    materials,
    organisations,
    shapes,
    shares,
    ties,
    used_up,
)
from traceability.access import Viewer
from traceability.chains import Occurrence, advance, move_of
from traceability.checks import check_claim
from traceability.corrections import LEDGER_ACTOR, Family, derived_key
from traceability.errors import Problem, Refusal, refuse
from traceability.events import Stored, batches
from traceability.facts import Fact, leaving
from traceability.lines import Draft, Line, Lines, Place, runs
from traceability.lives import Lives
from traceability.materials import MATERIAL_KINDS
from traceability.models import LifecycleEvent
from traceability.receipts import REFUSED, REPLAYED, Entry, Receipt
from traceability.stages import MAKER, NOT_RELEASING, RULES, Move, State
from traceability.values import PERSONAL, from_ms

#: Stands for the id of an event that is not stored yet: after all stored ones, in the order of the list.
UNSTORED: Final = 1 << 62


class Writer:
    """Writes one list of facts for one viewer at one moment."""

    def __init__(self, by: Viewer, now_ms: int) -> None:
        self.by = by
        self.now_ms = now_ms
        self.today = from_ms(now_ms).date()
        self.entries: dict[int, Entry] = {}
        self.drafted = 0

    def write(self, facts: Sequence[Fact]) -> Receipt:
        """Check and append; gives what became of each fact, in the order of the list."""
        for run in runs(facts, claims=not self.by.is_alliance):
            self._write_run(run)
        return Receipt(tuple(self.entries[place] for place in range(len(facts))))

    def _write_run(self, run: list[Place]) -> None:
        self.known = chains.parties(organisations.named(fact for _, fact in run))
        self._found_system(run)
        run = [(place, fact) for place, fact in run if self._admit(place, fact)]
        if not run:
            return
        self.lines = Lines(run)
        self.materials: materials.Claims | None = None
        self.seen = self._load_seen(run)
        self.lines.mark_late(run, self.seen.keys())
        if not self.by.is_alliance:
            self.lines.load_late()
            self.owners = self._load_owners(run)
            tied = ties.tied_codes(fact for _, fact in run)
            self.lives = Lives(tied) if tied else None
            self.uses = self._load_uses(run)
            self.materials = materials.claims(run, self.lines, self.known, self.uses)
        drafts = [draft for place, fact in run for draft in self._take(place, fact)]
        if drafts:
            appending.append(drafts, self.lines, self.now_ms, self.entries)

    # What needs no history -------------------------------------------------------------------------------------------

    def _found_system(self, run: Sequence[Place]) -> None:
        """In an empty system the first organisation with the role `alliance` founds it, by its own word."""
        for _, fact in run:
            if (
                fact.type == "organisation"
                and self.by.is_alliance
                and self.by.organisation_id is None
                and fact.organisation not in self.known
                and fact.organisation == fact.details["code"] == self.by.organisation_code
            ):
                self.known[fact.organisation] = (organisations.found(fact), True)

    def _refuse(self, place: int, fact: Fact, *problems: Problem) -> None:
        self.entries[place] = Entry(fact, REFUSED, problems=tuple(p.under(*fact.path) for p in problems))

    def _admit(self, place: int, fact: Fact) -> bool:
        problems = list(admitting.problems(fact, self.by, self.known))
        if problems:
            self._refuse(place, fact, *problems)
        return not problems

    def _load_seen(self, run: Sequence[Place]) -> dict[tuple[str, str], Stored]:
        """What was recorded before under the keys of this run."""
        found: dict[tuple[str, str], Stored] = {}
        ids = {self.known[fact.organisation][0] for _, fact in run}
        for batch in batches({fact.key for _, fact in run}):
            for event in events.stored(LifecycleEvent.objects.filter(organisation__in=ids, key__in=batch)):
                found[event.fact.organisation, event.fact.key] = event
        return found

    def _load_owners(self, run: Sequence[Place]) -> dict[str, int]:
        said = [f.replacement or f for _, f in run]
        codes = {f.code for f in said if f.type in RULES and RULES[f.type].by == MAKER}
        codes |= {event.record.code for event in self.lines.originals.values()}
        return organisations.owners_of({identity.prefix_of(code) for code in codes}) if codes else {}

    def _load_uses(self, run: Sequence[Place]) -> used_up.Uses:
        contents = list(self.lines.contents(run))
        parts = {code for fact in contents for _path, code in ties.named(fact)}
        known = {code for code in parts if self.lives is not None and self.lives.is_known(code)}
        return used_up.load(*used_up.concerned(contents, known))

    # One fact --------------------------------------------------------------------------------------------------------

    def _take(self, place: int, fact: Fact) -> list[Draft]:
        """Accept a fact as a draft (with those the ledger adds), or note why not."""
        before = self.seen.get((fact.organisation, fact.key))
        if before is not None:
            self._repeat(place, fact, before)
            return []
        try:
            drafts = self._correct(place, fact) if fact.type == "corrected" else self._accept(place, fact)
        except Refusal as refusal:
            self._refuse(place, fact, *refusal.problems)
            return []
        first = drafts[0]
        self.seen[fact.organisation, fact.key] = Stored(0, 0, first.organisation, self.now_ms, first.actor, first.fact)
        return drafts

    def _repeat(self, place: int, fact: Fact, before: Stored) -> None:
        """Answer a key that was used before: the same again is a no-op, something else is refused."""
        if fact.type == "corrected" and not fact.code:
            fact = replace(fact, code=before.fact.code)
        erased = {n for n in fact.details if n not in before.fact.details and _personal(fact.type, n)}
        told = replace(fact, details={n: v for n, v in fact.details.items() if n not in erased}) if erased else fact
        if told.same_as(before.fact) and before.actor != LEDGER_ACTOR:
            self.entries[place] = Entry(fact, REPLAYED, before.id or None, before.record_id or None)
        else:
            self._refuse(place, fact, Problem("key_reused", ("key",), {"value": fact.key}))

    def _accept(self, place: int, fact: Fact) -> list[Draft]:
        line = self.lines.of(fact.kind, fact.code)
        organisation = self.known[fact.organisation][0]
        self._check_shares(fact)
        if fact.kind == "battery":
            admitting.check_provisional(fact, line, organisation, self.by)
            if not self.by.is_alliance:
                self._check(fact, line, organisation)
        elif self.materials is not None and fact.kind in MATERIAL_KINDS:
            self.materials.accept(fact, organisation)
        if fact.type == "identified":
            self.lines.join("battery", fact.details["as"])
        return [self._draft(place, fact, organisation, line), *self._released(fact, organisation)]

    def _check(self, fact: Fact, line: Line, organisation: int) -> None:
        """Judge a claim at its place in the order of occurrence; later facts are not judged again."""
        move = move_of(self._occurrence(fact, organisation))
        known = not line.new or bool(line.drafts) or bool(line.chain and line.chain.stays)
        filed_by = self.owners.get(identity.prefix_of(fact.code))
        state = self._state_at(line, fact)
        check_claim(fact, state, move, known=known, filed_by=filed_by)
        self._check_named(fact, line, organisation)
        self._check_unused(fact, state, move)

    def _check_named(self, fact: Fact, line: Line, organisation: int, family: Family | None = None) -> None:
        """Judge what a claim says of other batteries; a correction (of `family`) answers for what it names anew."""
        stood = family.standing() if family else None
        without = family.original.id if family else None
        if self.lives is not None:
            if family is not None:
                self.lives.forget({family.original.id, *(member.id for member in family.members)})
            ties.check_ties(fact, organisation, self.lives, instead_of=stood)
        if fact.type == "quarantine_lifted":
            self._check_second_person(self._state_at(line, fact, without=without), ("battery",))
        if fact.type == "identified":
            self._check_joint(fact, line, organisation, without=without)
        if fact.type == "assembled":
            already = leaving(stood) if stood and stood.type == "assembled" else []
            for number, code in enumerate(leaving(fact)):
                if code not in already:
                    self._check_source(fact, code, number, organisation)

    def _check_shares(self, fact: Fact) -> None:
        """Nothing holds more than there is of it; the alliance captures what was told."""
        if not self.by.is_alliance and (problems := list(shares.problems(fact.type, fact.details))):
            raise Refusal(*problems)

    def _check_unused(self, fact: Fact, state: State, move: Move, instead_of: Fact | None = None) -> None:
        """What went into a batch is not taken apart, sent on or built in afterwards."""
        if problems := used_up.problems(fact, state, move, self.uses, instead_of=instead_of):
            raise Refusal(*problems)

    def _check_second_person(self, state: State, path: tuple[str, ...]) -> None:
        """Who received what had to be set apart does not say alone that it is safe; a machine's token is its own."""
        if state.quarantine is None:
            return
        received = LifecycleEvent.objects.filter(pk=state.quarantine).values_list("actor", flat=True).first()
        if received in (None, self.by.actor):
            raise refuse("same_person", path, value=self.by.actor)

    def _check_joint(self, fact: Fact, line: Line, organisation: int, *, without: int | None = None) -> None:
        """Who says which battery it is has to hold that battery, too, by the two histories together."""
        target = self.lines.of("battery", fact.details["as"])
        if target.new:
            return
        [theirs] = chains.load([target.root])
        # What was identified before, wrongly, goes on alone; and it may have been this very battery.
        own = [o for o in line.chain.occurrences if o.fact.code == fact.code] if line.chain else []
        others = [o for o in theirs.occurrences if o.fact.code != fact.code]
        together = sorted([*own, *line.added, *others], key=lambda o: o.order)
        together = [o for o in together if o.arrival != without]
        past = [o for o in together if o.fact.occurred_ms <= fact.occurred_ms]
        joint = chains.Chain(target.root, past, [], theirs.stays)
        state = chains.walk(joint, chains.lives_for([joint])).state
        if organisation not in (state.holder, state.claimant, state.intruder):
            raise refuse("not_holder", ("details", "as"), value=fact.details["as"], organisation=fact.organisation)

    def _check_gain(self, line: Line, original: int, replacement: Fact | None, organisation: int) -> None:
        """A correction sets right what was said; it wins nobody a battery that another holds."""
        known = line.chain.occurrences if line.chain else []
        kept = [o for o in known if o.arrival != original]
        if replacement is not None and replacement.code == line.record.code:
            kept = sorted([*kept, self._occurrence(replacement, organisation)], key=lambda o: o.order)
        stays = line.chain.stays if line.chain else []
        before, after = (
            chains.walk(chain, chains.lives_for([chain])).state
            for chain in (chains.Chain(line.root, list(found), [], stays) for found in (known, kept))
        )
        if before.quarantine is not None and after.quarantine is None:
            self._check_second_person(before, ("details", "corrects"))
        gains = after.holder == organisation != after.intruder
        if gains and (before.holder != organisation or before.intruder == organisation):
            raise refuse(
                "not_holder", ("details", "corrects"), value=line.record.code, organisation=self.by.organisation_code
            )

    def _check_source(self, fact: Fact, code: str, number: int, organisation: int) -> None:
        line = self.lines.of("battery", code)
        source = replace(fact, type="reassembled", code=code, details={})
        state = self._state_at(line, source)
        try:
            check_claim(source, state, move_of(self._occurrence(source, organisation)), known=not line.new)
        except Refusal as refusal:
            raise Refusal(*(replace(p, path=("details", "sources", str(number))) for p in refusal.problems)) from None

    def _state_at(self, line: Line, fact: Fact, *, without: int | None = None) -> State:
        """The state that a chain had reached at the moment of a fact, facts of this list included."""
        moment = fact.occurred_ms
        if not line.anew or line.chain is None:
            return line.state
        known = [o for o in [*line.chain.occurrences, *line.added] if o.arrival != without]
        cut = sorted((o for o in known if o.fact.occurred_ms <= moment), key=lambda o: o.order)
        stays = [stay for stay in line.chain.stays if stay.since[0] <= moment]
        partial = chains.Chain(line.root, cut, [], stays)
        lives = chains.lives_for([partial])
        walk = chains.walk(partial, lives)
        if lives is not None and walk.part_of and fact.type not in NOT_RELEASING:
            return chains.released(walk.state, lives.at(walk.part_of, (moment, UNSTORED)))
        return walk.state

    def _occurrence(self, fact: Fact, organisation: int) -> Occurrence:
        other = self.known.get(chains.other_of(fact) or "")
        return Occurrence(
            UNSTORED + self.drafted,
            UNSTORED + self.drafted,
            fact.key,
            fact,
            organisation,
            self.now_ms if fact.reported_ms is None else fact.reported_ms,
            other[0] if other else None,
            self.known[fact.organisation][1],
        )

    def _draft(self, place: int | None, fact: Fact, organisation: int, line: Line, actor: str | None = None) -> Draft:
        if fact.reported_ms is not None and not self.by.is_alliance:
            fact = replace(fact, reported_ms=None)
        self.drafted += 1
        draft = Draft(place, fact, organisation, line, actor or self.by.actor)
        if fact.kind == "battery" and fact.type != "corrected":
            draft.occurrence = self._occurrence(fact, organisation)
            if not line.anew:
                _, line.state = advance(line.state, [draft.occurrence])
        line.drafts.append(draft)
        return draft

    def _released(self, fact: Fact, organisation: int, number: int = 0) -> list[Draft]:
        """What the ledger writes on the chains of parts and originals; `number` counts corrections."""
        type_ = "reassembled" if fact.type == "assembled" else "released"
        drafts = []
        for code in leaving(fact):
            line = self.lines.of("battery", code)
            line.anew = True
            derived = Fact(
                key=derived_key(fact.key, code, number),
                type=type_,
                organisation=fact.organisation,
                occurred_ms=fact.occurred_ms,
                code=code,
                reported_ms=fact.reported_ms,
                details={"into" if type_ == "reassembled" else "from": fact.code},
            )
            drafts.append(self._draft(None, derived, organisation, line, LEDGER_ACTOR))
        return drafts

    # Corrections -----------------------------------------------------------------------------------------------------

    def _correct(self, place: int, fact: Fact) -> list[Draft]:
        target = events.target_of(fact)
        original = self.lines.originals.get(target)
        foreign = original is not None and not self.by.is_alliance and target[0] != self.by.organisation_code
        if original is None or original.actor == LEDGER_ACTOR or foreign:
            raise refuse("unknown_event", ("details", "corrects"), value=target[1])
        record = original.record
        if fact.code and fact.code != record.code:
            named = "lot" if fact.lot else "battery"
            raise refuse("wrong_value", (named,), value=fact.lot or fact.code, expected=record.code)
        family = self.lines.families[target]
        line = self.lines.of(record.kind, record.code)
        line.anew = True
        replacement = fact.replacement
        first = family.original.fact
        self.known |= chains.parties({first.organisation} - self.known.keys())
        if not admitting.has_role(first, self.by, self.known):
            raise refuse("role", ("type",), organisation=fact.organisation, value=first.type)
        if replacement is not None:
            replacement = replacement.in_place_of(first)
            self._check_replacement(family, replacement, record.kind)
        if record.kind == "battery" and not self.by.is_alliance:
            self._check_gain(line, family.original.id, replacement, original.organisation_id)
        if self.materials is not None and record.kind in MATERIAL_KINDS:
            self.materials.check_correction(family, replacement)
        if replacement is not None and replacement.kind == "battery":
            self.lines.join("battery", replacement.details.get("as", replacement.code))
        elif replacement is not None and replacement.kind == "lot":
            self.lines.join("lot", replacement.code)
        organisation = self.known[fact.organisation][0]
        correction = replace(fact, code=record.code)
        if record.kind == "lot":
            lot_of, lot = lots.name_of(record.code)
            correction = replace(correction, lot=lot, lot_of=lot_of)
        drafts = [self._draft(place, correction, organisation, line)]
        return drafts + self._rewrite(correction, family, organisation)

    def _check_replacement(self, family: Family, replacement: Fact, kind: str) -> None:
        try:
            admitting.check_replacement(replacement, family.original.fact, kind, self.by, self.known)
            self._check_shares(replacement)
            if kind == "battery" and not self.by.is_alliance:
                self._judge_replacement(family, replacement)
        except Refusal as refusal:
            raise Refusal(*(problem.under("details", "replacement") for problem in refusal.problems)) from None

    def _judge_replacement(self, family: Family, replacement: Fact) -> None:
        line = self.lines.of("battery", replacement.code)
        recorder = family.original.organisation_id
        state = self._state_at(line, replacement, without=family.original.id)
        move = move_of(self._occurrence(replacement, recorder))
        filed_by = self.owners.get(identity.prefix_of(replacement.code))
        check_claim(replacement, state, move, known=not line.new, filed_by=filed_by)
        self._check_named(replacement, line, recorder, family)
        self._check_unused(replacement, state, move, family.standing())

    def _rewrite(self, correction: Fact, family: Family, organisation: int) -> list[Draft]:
        """Withdraw what the ledger had written on the chains of parts, and write it anew for what stands now."""
        drafts = []
        for derived in family.derived():
            line = self.lines.of("battery", derived.fact.code)
            line.anew = True
            withdrawal = Fact(
                key=f"{correction.key}#{derived.fact.key}",
                type="corrected",
                organisation=correction.organisation,
                occurred_ms=correction.occurred_ms,
                code=derived.fact.code,
                reported_ms=correction.reported_ms,
                details={"corrects": derived.fact.key, "organisation": derived.fact.organisation},
            )
            drafts.append(self._draft(None, withdrawal, organisation, line, LEDGER_ACTOR))
        corrected = family.with_correction(correction)
        standing = corrected.standing()
        if standing is not None:
            # Known from when the correction was reported: until then, what it replaces stood on those chains.
            standing = replace(standing, reported_ms=correction.reported_ms)
            drafts += self._released(standing, family.original.organisation_id, len(corrected.members))
        return drafts


def _personal(type_: str, name: str) -> bool:
    kind = shapes.FIELDS.get(type_, {}).get(name)
    return kind is not None and kind.kept == PERSONAL
