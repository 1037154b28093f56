"""The records a run of facts writes to: locked, with their state, and with what is being added to them."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from traceability import body, chains, events, identity, lots, shapes
from traceability.chains import Occurrence
from traceability.corrections import family_of
from traceability.events import batches
from traceability.facts import Fact, leaving
from traceability.lives import ancestors, stays_of
from traceability.models import Component, LifecycleEvent, LifecycleRecord, Organisation
from traceability.stages import ORIGINS, State

Place = tuple[int, Fact]
#: Types that join chains or move facts between them: each is a run of its own.
MOVING = frozenset({"corrected", "identified"})


@dataclass(slots=True)
class Draft:
    """A fact that was accepted, on its way to becoming an event."""

    place: int | None
    fact: Fact
    organisation: int
    line: "Line"
    actor: str
    event: LifecycleEvent | None = None
    contents: list[body.Content] = field(default_factory=list)
    #: As its chain will see it; None for what is not on a battery's chain, or moves others.
    occurrence: Occurrence | None = None


@dataclass(slots=True)
class Line:
    """One record while facts are added to it."""

    record: LifecycleRecord
    root: LifecycleRecord
    before: State
    state: State
    new: bool
    #: Walk the whole chain again, instead of appending.
    anew: bool = False
    #: Something is joined or moved to it, though no event of its own may be added.
    joined: bool = False
    drafts: list[Draft] = field(default_factory=list)
    chain: chains.Chain | None = None

    @property
    def added(self) -> list[Occurrence]:
        """The facts added so far, as the chain sees them."""
        return [draft.occurrence for draft in self.drafts if draft.occurrence is not None]


def listed(fact: Fact) -> Iterator[str]:
    """Every other code that a fact ties to its battery."""
    yield from leaving(fact)
    if fact.type == "produced":
        yield from _tree_codes(fact.details.get("components", ()))
    elif fact.type == "repaired":
        yield from fact.details.get("added", ())
    elif fact.type == "identified":
        yield fact.details["as"]


def _tree_codes(parts: Iterable[dict[str, object]]) -> Iterator[str]:
    for part in parts:
        yield str(part["code"])
        inner = part.get("components", ())
        assert isinstance(inner, list | tuple)
        yield from _tree_codes(inner)


def runs(facts: Sequence[Fact], *, claims: bool = False) -> Iterator[list[Place]]:
    """Cut a list where a fact needs what an earlier one leads to: new organisations, moved facts, parts of parts.

    Facts on the same battery may share a run: its state is carried from one to the next. Of claims, those that name
    the same part may not: each is judged by where the one before has left it.
    """
    if len(facts) == 1:
        yield [(0, facts[0])]
        return
    above = ancestors({fact.code for fact in facts if fact.kind == "battery"})
    run: list[Place] = []
    tied: set[str] = set()
    touched: set[str] = set()
    for place, fact in enumerate(facts):
        alone = fact.type in MOVING
        named = set(listed(fact))
        own = fact.code in tied or not touched.isdisjoint(above.get(fact.code, ()))
        own = own or (claims and not (named.isdisjoint(tied) and named.isdisjoint(touched)))
        # What went into a batch is judged by where those who claim it have it then, also a part just taken out.
        fed = {code for _, code in lots.batteries(fact.type, fact.details)} if claims else set()
        own = own or not (fed.isdisjoint(touched) and fed.isdisjoint(tied))
        turn = run and (run[-1][1].type == "organisation") != (fact.type == "organisation")
        if run and (alone or own or turn or run[-1][1].type in MOVING):
            yield run
            run, tied, touched = [], set(), set()
        run.append((place, fact))
        touched.add(fact.code)
        tied |= named
    if run:
        yield run


class Lines:
    """The locked records of one run, and the events that its corrections name."""

    def __init__(self, run: Sequence[Place]) -> None:
        self.originals = _originals(run)
        # A correction is a run of its own: there is one at most.
        self.families = {target: family_of(event) for target, event in self.originals.items()}
        self._lock(self._codes(run))
        self._lines: dict[tuple[str, str], Line] = {}

    def of(self, kind: str, code: str) -> Line:
        """The line of a record, new if nothing was recorded of it yet."""
        line = self._lines.get((kind, code))
        if line is None:
            stored = self.records.get((kind, code))
            record = stored or _new(kind, code)
            root = self.roots.get(record.chain_id or 0, record)
            state = chains.state_of(root)
            anew = root.entangled or root is not record
            line = self._lines[kind, code] = Line(record, root, state, state, stored is None, anew)
        return line

    def contents(self, run: Sequence[Place]) -> Iterator[Fact]:
        """Give every content that is claimed or corrected in a run, and what stood before it."""
        for _place, fact in run:
            if fact.type != "corrected":
                yield fact
        for family in self.families.values():
            yield from family.contents
            for _place, fact in run:
                if fact.replacement is not None:
                    yield fact.replacement.in_place_of(family.original.fact)

    def touched(self) -> list[Line]:
        """The lines that anything was added to, or that something was joined to."""
        return [line for line in self._lines.values() if line.drafts or line.joined]

    def join(self, kind: str, code: str) -> None:
        """Note that the chain of this battery or lot takes in facts recorded elsewhere."""
        line = self.of(kind, code)
        line.anew = line.joined = True

    def mark_late(self, run: Sequence[Place], seen: Collection[tuple[str, str]]) -> None:
        """Mark the lines where a fact does not simply come last; `seen` are keys recorded before."""
        codes = {fact.code for _, fact in run if fact.kind == "battery" and fact.type != "corrected"}
        new = {code for code in codes if self.of("battery", code).new}
        inside: set[str] = set()
        for batch in batches(new):
            inside |= set(Component.objects.filter(code__in=batch).values_list("code", flat=True))
        latest: dict[str, int] = {}
        for _, fact in run:
            if (fact.organisation, fact.key) in seen:
                continue
            if fact.type == "corrected":
                self._mark_corrected(fact)
            if fact.type == "corrected" or fact.kind != "battery":
                continue
            line = self.of("battery", fact.code)
            previous = latest.get(fact.code, line.root.last_ms)
            late = previous is not None and fact.occurred_ms < previous
            built_in = fact.code in inside or "parent" in fact.details
            # Its parts may have gone on alone already: they inherit what its maker says of it.
            origin = fact.type in ORIGINS and line.root.started
            line.anew = line.anew or late or built_in or origin or fact.type in MOVING
            latest[fact.code] = max(previous or 0, fact.occurred_ms)
        self._lock_batteries_of(inside | {code for code in codes if self.of("battery", code).root.entangled})

    def _lock_batteries_of(self, parts: Collection[str]) -> None:
        """Let nobody move the batteries that these parts share their lives with until the parts are written."""
        above = {code for reached in ancestors(parts).values() for code in reached} if parts else set()
        if above:
            rows = LifecycleRecord.objects.select_for_update().filter(kind="battery", code__in=above)
            list(rows.order_by("kind", "code"))

    def _mark_corrected(self, fact: Fact) -> None:
        if (original := self.originals.get(events.target_of(fact))) is not None:
            self.of(original.record.kind, original.record.code).anew = True
            if fact.replacement is not None and fact.replacement.kind == original.record.kind == "battery":
                self.of("battery", fact.replacement.code or original.record.code).anew = True

    def load_late(self) -> None:
        """Load the whole chains of the marked lines, for claims that are judged at their place."""
        late = [line for line in self._lines.values() if line.anew and line.record.kind == "battery"]
        stored = {line.root.id: line.root for line in late if line.root.id is not None}
        loaded = {chain.record.id: chain for chain in chains.load(list(stored.values()))} if stored else {}
        stays = stays_of({line.record.code for line in late if line.root.id is None})
        for line in late:
            empty = chains.Chain(line.root, [], [], stays.get(line.record.code, []))
            line.chain = loaded.get(line.root.id) or empty

    def _codes(self, run: Sequence[Place]) -> set[str]:
        codes: set[str] = set()
        for _, fact in run:
            if fact.type == "corrected":
                original = self.originals.get(events.target_of(fact))
                if original is not None:
                    codes.add(original.record.code)
                    codes |= self.families[events.target_of(fact)].codes
                if original is not None and (replacement := fact.replacement):
                    replacement = replacement.in_place_of(self.families[events.target_of(fact)].original.fact)
                    codes |= {replacement.code, *leaving(replacement), *_material(replacement)}
                    if replacement.type == "identified":
                        codes.add(replacement.details["as"])
            else:
                codes.add(fact.code)
                codes.update(leaving(fact))
                codes.update(_material(fact))
                if fact.type == "identified":
                    codes.add(fact.details["as"])
        return codes

    def _lock(self, codes: Collection[str]) -> None:
        """Lock in order of kind and code, so that writers wait for each other and do not deadlock."""
        self.records: dict[tuple[str, str], LifecycleRecord] = {}
        locked = LifecycleRecord.objects.select_for_update().order_by("kind", "code")
        for batch in batches(sorted(codes)):
            # `kind` leads the index.
            for row in locked.filter(kind__in=LifecycleRecord.Kind.values, code__in=batch):
                self.records[row.kind, row.code] = row
        self.roots = {row.id: row for row in self.records.values()}
        missing = {row.chain_id for row in self.records.values() if row.chain_id} - self.roots.keys()
        if missing:
            self.roots |= {row.id: row for row in locked.filter(id__in=missing)}


def _material(fact: Fact) -> Iterator[str]:
    """The batteries and lots that a fact takes its material from, or puts it into; and who gives out numbers for it."""
    if fact.type in shapes.LOT_TYPES or fact.type == shapes.BATCH:
        # A lot may be new, and have no row to lock yet: of two facts that make it, one waits for the other here.
        yield fact.organisation
    yield from (code for _, code in lots.batteries(fact.type, fact.details))
    yield from (code for _, code, _ in lots.drawn(fact.type, fact.details, fact.organisation))
    yield from (code for _, code, _ in lots.made(fact.type, fact.details, fact.organisation))


def _new(kind: str, code: str) -> LifecycleRecord:
    if kind != "battery":
        return LifecycleRecord(kind=kind, code=code)
    second_life = identity.is_second_life(code)
    return LifecycleRecord(kind=kind, code=code, level=identity.level_of(code), second_life=second_life)


def _originals(run: Sequence[Place]) -> dict[tuple[str, str], LifecycleEvent]:
    """The events that corrections name: (organisation, key) → event."""
    wanted = {events.target_of(fact) for _, fact in run if fact.type == "corrected"}
    recorders = Organisation.objects.filter(code__in={organisation for organisation, _ in wanted})
    found = {}
    for batch in batches({key for _, key in wanted}):
        rows = LifecycleEvent.objects.filter(organisation__in=recorders, key__in=batch)
        for row in rows.select_related("organisation", "record"):
            if (row.organisation.code, row.key) in wanted:
                found[row.organisation.code, row.key] = row
    return found
