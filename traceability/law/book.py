"""The law as it was read: frozen values, and what of them was in force on a day.

    Instrument    an order, a rule, a standard
      Edition     a dated text of an instrument that comes in editions
        Clause    one rule; its versions share the key and follow each other without overlap or hole
          Deadline    within how many days a role reports an event
          GapRule     which clause a gap of the audit rests on

Every one says how certain it is. What is provisional is shown and never enforced.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from itertools import groupby
from operator import attrgetter
from typing import TypeVar

from traceability.law import vocabulary
from traceability.law.working_days import due_day


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """Something with a first day in force, and a last one when it has ended."""

    in_force_from: date
    in_force_until: date | None
    certainty: str

    def in_force_on(self, day: date) -> bool:
        """Tell whether this was the law on that day; both ends count."""
        return self.in_force_from <= day and (self.in_force_until is None or day <= self.in_force_until)


_D = TypeVar("_D", bound=Dated)


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument(Dated):
    """An order, a rule or a standard as a whole."""

    key: str
    title_zh: str
    title_en: str
    number: str
    source: str
    #: The same in Chinese.
    source_zh: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition(Dated):
    """One dated text of an instrument; the key is the year it is called by."""

    key: str
    instrument: str
    title_zh: str
    title_en: str
    number: str
    source: str
    #: The same in Chinese.
    source_zh: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause(Dated):
    """One rule as it stood for a time, in our own words."""

    key: str
    instrument: str
    edition: str | None
    chapter: str
    title_zh: str
    title_en: str
    text_zh: str
    text_en: str
    operator: str
    threshold: Decimal | None
    #: Empty where nothing is measured.
    unit: str
    who: tuple[str, ...]
    process: str | None
    #: What a ban is about: applications of second-life products.
    applications: tuple[str, ...]
    #: How long it lasts, from the day that sets it off: that day is not counted, its date in the last year is.
    years: int | None = None
    #: Month and day by which it is due in each year.
    by: tuple[int, int] | None = None
    enforced: bool
    source: str
    #: The same in Chinese.
    source_zh: str

    @property
    def processes(self) -> tuple[str, ...]:
        """The processes of batches that are meant; none where the clause is about no process."""
        return vocabulary.PROCESSES[self.process] if self.process else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline(Dated):
    """Within how many days a fact is reported; day 1 is the day after it."""

    #: None: whoever has no role that is named for the event.
    role: str | None
    event: str
    #: For `received`: only when the battery was retired.
    retired_only: bool
    days: int
    working: bool
    enforced: bool
    clause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GapRule(Dated):
    """Which clause a gap rests on for a time; None where we know of none, and the note says why."""

    gap: str
    clause: str | None
    note_zh: str
    note_en: str


@dataclass(frozen=True, kw_only=True)
class Book:
    """All law that was read, in the order of its files."""

    #: SHA-256 of what the files say, hexadecimal: an audit keeps it beside its result.
    digest: str
    instruments: tuple[Instrument, ...]
    editions: tuple[Edition, ...]
    clauses: tuple[Clause, ...]
    deadlines: tuple[Deadline, ...]
    gaps: tuple[GapRule, ...]

    def clause_in_force(self, key: str, day: date) -> Clause | None:
        """Find the version of a clause that held on the day, enforced or not; None when there was none."""
        return _on(day, self._clauses_by_key.get(key, ()))

    def clauses_in_force(self, day: date, *, instrument: str | None = None) -> tuple[Clause, ...]:
        """List what held on the day, of one instrument or of all."""
        return tuple(
            clause
            for clause in self.clauses
            if clause.in_force_on(day) and (instrument is None or clause.instrument == instrument)
        )

    def clauses_of_edition(self, edition: str) -> tuple[Clause, ...]:
        """List the conditions of an edition, whenever they held: what a company is measured or asked by.

        Duties and bans, which only the audit cites, are no conditions.
        """
        return tuple(
            clause for clause in self.clauses if clause.edition == edition and clause.operator in vocabulary.CONDITIONS
        )

    def is_condition(self, key: str) -> bool:
        """Tell whether some text has, or had, a condition of this key: what a company is measured or asked by."""
        return any(clause.operator in vocabulary.CONDITIONS for clause in self._clauses_by_key.get(key, ()))

    def clause_of_gap(self, gap: str, day: date) -> Clause | None:
        """Find the clause that a gap rests on, for a fact of that day."""
        rule = _on(day, self._gaps_by_code.get(gap, ()))
        return self.clause_in_force(rule.clause, day) if rule is not None and rule.clause else None

    def gap_rule_in_force(self, gap: str, day: date) -> GapRule | None:
        """Find how a gap was read on the day: its clause or none, how certain, and why."""
        return _on(day, self._gaps_by_code.get(gap, ()))

    def deadlines_in_force(self, day: date) -> tuple[Deadline, ...]:
        """List the deadlines for facts of the day, those that are not enforced included."""
        return tuple(deadline for deadline in self.deadlines if deadline.in_force_on(day))

    def deadline_for(self, roles: Collection[str], event: str, *, day: date, retired: bool) -> Deadline | None:
        """Choose the enforced deadline of an organisation for a fact: of several roles, the one that ends last.

        `retired` tells whether the battery was retired then. Who has a role that is named for the event is never
        "everyone else", also where the named deadline does not apply to it.
        """
        about = [deadline for deadline in self.deadlines_in_force(day) if deadline.event == event]
        named = [deadline for deadline in about if deadline.role in roles]
        chosen = named or [deadline for deadline in about if deadline.role is None]
        apply = [one for one in chosen if one.enforced and (retired or not one.retired_only)]
        return max(apply, key=lambda one: due_day(day, one.days, working=one.working), default=None)

    def forbidden_applications(self, day: date) -> frozenset[str]:
        """Collect the applications that waste batteries must not be put to on the day."""
        return frozenset(
            application
            for clause in self.clauses
            if clause.enforced and clause.in_force_on(day)
            for application in clause.applications
        )

    def in_force_from(self, key: str) -> date:
        """Give the first day on which a clause held, in whichever version.

        Raises:
            KeyError: for a key that no clause has ever had.
        """
        return self._clauses_by_key[key][0].in_force_from

    @cached_property
    def _clauses_by_key(self) -> Mapping[str, tuple[Clause, ...]]:
        return timelines(self.clauses, "key")

    @cached_property
    def _gaps_by_code(self) -> Mapping[str, tuple[GapRule, ...]]:
        return timelines(self.gaps, "gap")


def timelines(items: Iterable[_D], name: str) -> dict[str, tuple[_D, ...]]:
    """Group by an attribute, each group in the order of its first days."""
    of = attrgetter(name)
    ordered = sorted(items, key=lambda item: (of(item), item.in_force_from))
    return {key: tuple(group) for key, group in groupby(ordered, key=of)}


def _on(day: date, versions: Iterable[_D]) -> _D | None:
    return next((version for version in versions if version.in_force_on(day)), None)
