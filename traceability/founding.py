"""The ledger's way for many new batteries at once: the first event of records that nobody wrote to yet.

What `produced` leads to is asked of the table of stages once, and holds for all; each row then differs in a few
columns. A test keeps this way and `ledger.record()` at the same rows.
"""

from bisect import bisect
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain, repeat
from typing import Any, Final, NamedTuple, Self

from django.conf import settings
from django.db import connection
from django.utils.module_loading import import_string

from traceability import body, bulk, chains, identity, projecting
from traceability.access import Viewer
from traceability.chains import Occurrence, Walk
from traceability.facts import Fact
from traceability.models import (
    Component,
    EventContent,
    Involvement,
    LifecycleEvent,
    LifecycleRecord,
    OutboxEntry,
    Step,
)
from traceability.stages import State
from traceability.values import from_ms, iso, milligrams

TYPE: Final = "produced"
#: Where the serial number of the day begins in a code of 24 characters.
_SERIAL: Final = 17


#: A module or cell of a new battery: code, what it is built into, model ("" where it is not said), mass in kilograms.
Part = tuple[str, str, str, str | None]


class Parts(NamedTuple):
    """Parts of a new battery column by column, each after what it is built into: there may be millions in a file."""

    codes: Sequence[str] = ()
    parents: Sequence[str] = ()
    models: Sequence[str] = ()
    masses: Sequence[str | None] = ()

    @classmethod
    def of(cls, parts: Sequence[Part]) -> Self:
        """The columns of parts that are given one by one."""
        return cls._make(zip(*parts, strict=True)) if parts else cls()

    def rows(self) -> Iterator[Part]:
        """The parts one by one."""
        return zip(*self, strict=True)


class New(NamedTuple):
    """A battery that nobody knows yet, as its maker describes it; every value normalised.

    `components` is the canonical JSON of its tree (`body.canonical`), `parts` lists the same parts.
    """

    code: str
    key: str
    occurred_ms: int
    model: str = ""
    mass_kg: str | None = None
    components: str | None = None
    parts: Parts = Parts()


class Founded(NamedTuple):
    """A new battery with the record and the event that it has now."""

    new: New
    record_id: int
    event_id: int


def known_among(batteries: Collection[New]) -> set[str]:
    """Which of these batteries and parts anybody has spoken of before, as batteries or as parts."""
    codes = [new.code for new in batteries]
    codes += chain.from_iterable(new.parts.codes for new in batteries)
    return known_codes(codes)


def taken(ranges: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
    """Which of these ranges of codes, ends included, hold any battery or part that somebody has spoken of."""
    if not ranges:
        return set()
    records = bulk.occupied(LifecycleRecord, "code", ranges, "kind = 'battery'")
    return records | bulk.occupied(Component, "code", ranges)


def known_codes(codes: Collection[str]) -> set[str]:
    """Which of these codes have a record, or stand as a part of something."""
    # Whole runs of serial numbers first: what a maker sends is new from the first number to the last.
    ordered = sorted(codes)
    runs: list[tuple[str, str]] = []
    at = 0
    while at < len(ordered):
        low, at = ordered[at], bisect(ordered, f"{ordered[at][:_SERIAL]}\uffff", at)
        runs.append((low, ordered[at - 1]))
    if len(runs) * 4 < len(ordered):
        heads = {low[:_SERIAL] for low, _high in taken(runs)}
        codes = [code for code in ordered if code[:_SERIAL] in heads] if heads else []
    if not codes:
        return set()
    return bulk.present(LifecycleRecord, "code", codes, "kind = 'battery'") | bulk.present(Component, "code", codes)


def found(batteries: Sequence[New], *, by: Viewer, now_ms: int) -> None:
    """Write the `produced` events of batteries that nobody knows, with all that follows from them.

    The caller holds a transaction, and has made sure in it that none of them is known (`known_among`) and that
    `by` may record `produced` in its own name. A record that another writer makes meanwhile is an IntegrityError.
    """
    records = bulk.numbers(LifecycleRecord, len(batteries))
    events = bulk.numbers(LifecycleEvent, len(batteries))
    made = [Founded(*row) for row in zip(batteries, records, events, strict=True)]
    sample = _Sample(by, now_ms)
    sealed = sample.sealed(batteries)
    _load(sample.record(), made, ["id", "code", "level", "head", "last_ms"], lambda f, at: (
        f.record_id, f.new.code, identity.level_of(f.new.code), sealed[at][1], f.new.occurred_ms
    ))  # fmt: skip
    _load(sample.event(), made, ["id", "record_id", "occurred_at", "key", "hash", "body"], lambda f, at: (
        f.event_id, f.record_id, _moment(f.new.occurred_ms), f.new.key, sealed[at][1], sealed[at][0]
    ))  # fmt: skip
    bulk.load(OutboxEntry, ["event_id"], ((f.event_id,) for f in made))
    _load(sample.step(), made, ["event_id", "record_id", "arrival", "key", "occurred_ms"], lambda f, _: (
        f.event_id, f.record_id, f.event_id, f.new.key, f.new.occurred_ms
    ))  # fmt: skip
    for organisation in sample.involved():
        bulk.load(
            Involvement,
            ["organisation_id", "record_id", "until_ms", "until_arrival"],
            ((organisation, f.record_id, f.new.occurred_ms, f.event_id) for f in made),
        )
    _load_parts(made)
    for path in settings.FOUNDINGS:
        import_string(path)(made)


class _Sample:
    """What one such event leads to, found by the ordinary functions: the columns that all rows share."""

    def __init__(self, by: Viewer, now_ms: int) -> None:
        assert by.organisation_code is not None
        assert by.organisation_id is not None
        self.organisation = by.organisation_id
        self.actor = by.actor
        self.now_ms = now_ms
        self.fact = Fact("", TYPE, by.organisation_code, 0)
        occurrence = Occurrence(0, 0, "", self.fact, by.organisation_id, now_ms, None, by.is_alliance)
        [self.taken], self.state = chains.advance(State(), [occurrence])
        self.walk = Walk(LifecycleRecord(kind="battery", number=1), [self.taken], self.state)

    def sealed(self, batteries: Iterable[New]) -> list[tuple[bytes, bytes]]:
        """The bodies and hashes of the events."""
        pattern = body.Pattern(self.fact, recorded_ms=self.now_ms, actor=self.actor)
        return [
            pattern.write(new.code, body.canonical(new.key).decode(), _iso(new.occurred_ms), _details(new))
            for new in batteries
        ]

    def record(self) -> LifecycleRecord:
        projecting.settle(self.walk.record, self.state, [self.taken])
        return self.walk.record

    def event(self) -> LifecycleEvent:
        return LifecycleEvent(
            sequence=1,
            type=TYPE,
            occurred_at=from_ms(0),
            recorded_at=from_ms(self.now_ms),
            organisation_id=self.organisation,
            actor=self.actor,
        )

    def step(self) -> Step:
        return projecting.step_row(0, self.taken)

    def involved(self) -> list[int]:
        return list(projecting.takes_part(self.taken))


def _details(new: New) -> str:
    if new.components is None:
        return _plain_details(new.model, new.mass_kg)
    # `components` comes before the others in canonical order.
    rest = _plain_details(new.model, new.mass_kg)[1:]
    sealed = f'{{"components":{{"sha256":"{body.digest(new.components)}"}}'
    return f"{sealed},{rest}" if rest != "}" else f"{sealed}}}"


@lru_cache(maxsize=4_096)
def _plain_details(model: str, mass_kg: str | None) -> str:
    given = {"massKg": mass_kg, "model": model}
    return body.canonical({name: value for name, value in given.items() if value}).decode()


@lru_cache(maxsize=4_096)
def _iso(ms: int) -> str:
    return iso(ms)


@lru_cache(maxsize=4_096)
def _moment(ms: int) -> Any:
    return connection.ops.adapt_datetimefield_value(from_ms(ms))


def _load(
    sample: Any, made: Sequence[Founded], varying: list[str], values: Callable[[Founded, int], tuple[Any, ...]]
) -> None:
    """Add a row like the sample for each, with these attributes of its own."""
    model = type(sample)
    shared = [name for name in bulk.columns(model, key=False) if name not in varying]
    constants = tuple(bulk.prepared(sample, shared))
    bulk.load(model, [*varying, *shared], (values(f, at) + constants for at, f in enumerate(made)))


def _load_parts(made: Sequence[Founded]) -> None:
    whole = [f for f in made if f.new.components is not None]
    if not whole:
        return
    bulk.load(
        EventContent,
        ["event_id", "name", "value", "salt"],
        ((f.event_id, "components", f.new.components, None) for f in whole),
    )
    bulk.load(
        Component,
        ["code", "parent_code", "level", "model_number", "mass_mg", "since_event_id", "since_ms", "until_ms"],
        chain.from_iterable(map(_part_rows, whole)),
    )


def _part_rows(f: Founded) -> Iterable[tuple[Any, ...]]:
    codes, parents, models, masses = f.new.parts
    levels = [identity.LEVELS[code[3]] for code in codes]
    shared = (repeat(f.event_id), repeat(f.new.occurred_ms), repeat(None))
    return zip(codes, parents, levels, models, map(milligrams, masses), *shared)  # noqa: B905 (what is shared never ends)
