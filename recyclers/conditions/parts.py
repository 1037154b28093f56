"""A period cut into parts, each judged by the text in force then; and the days on which a clause counts in a part."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from traceability import law
from traceability.errors import refuse
from traceability.law import Clause
from traceability.law.vocabulary import CONDITIONS

#: The conditions for the industry, which come in editions.
INDUSTRY: Final = "conditions"
#: What a company can be held against besides: texts without editions, by the key of the instrument.
OTHERS: Final = ("eu2023_1542",)
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Part:
    """Days that one text judges, both included.

    Args:
        text: the edition ("2019"), or the instrument where it has none.
        forced: it was asked for, so that these days are judged by it whether or not it was in force.
    """

    text: str
    first: date
    last: date
    forced: bool = False

    @property
    def on_purpose(self) -> bool:
        """Whether its text binds nobody here by itself, so that who asks for it wants all of it to decide."""
        return self.text in OTHERS


@dataclass(frozen=True, slots=True)
class Asked:
    """A condition as it stands for a part.

    Args:
        clause: None where the text has no such condition, or it was in force on none of these days.
        first, last: the days of the part on which it counts.
    """

    key: str
    clause: Clause | None
    first: date
    last: date


def texts() -> tuple[str, ...]:
    """Name the texts that a company can be held against, editions first, in the order of their days."""
    return (*(edition.key for edition in _editions()), *OTHERS)


def parts_of(first: date, last: date, text: str | None = None) -> tuple[Part, ...]:
    """Cut a period: by the editions in force, or, for a text that was asked for, wherever one of its clauses changes.

    Days on which no edition was in force belong to no part.

    Raises:
        Refusal: `wrong_value` for a text that is not known.
    """
    if text is None:
        return tuple(_in_force(first, last))
    if text not in texts():
        raise refuse("wrong_value", ("edition",), value=text, expected=", ".join(texts()))
    if text not in OTHERS:
        return (Part(text, first, last, forced=True),)
    return tuple(Part(text, *days) for days in _between_changes(text, first, last))


def conditions_of(part: Part) -> tuple[Asked, ...]:
    """List what a part is asked: every condition that its text, or another edition of it, has ever had."""
    return tuple(_asked(part, key) for key in _keys(part.text))


def _in_force(first: date, last: date) -> Iterator[Part]:
    for edition in _editions():
        begin = max(first, edition.in_force_from)
        end = min(last, edition.in_force_until or last)
        if begin <= end:
            yield Part(edition.key, begin, end)


def _editions() -> list[law.Edition]:
    found = [edition for edition in law.book().editions if edition.instrument == INDUSTRY]
    return sorted(found, key=lambda edition: edition.in_force_from)


def _between_changes(text: str, first: date, last: date) -> Iterator[tuple[date, date]]:
    changes = {day for clause in _versions(text) for day in (clause.in_force_from, _after(clause)) if day is not None}
    begins = [first, *sorted(day for day in changes if first < day <= last)]
    for begin, following in zip(begins, [*begins[1:], None], strict=True):
        yield begin, last if following is None else following - _DAY


def _after(clause: Clause) -> date | None:
    return None if clause.in_force_until is None else clause.in_force_until + _DAY


def _versions(text: str) -> list[Clause]:
    """The conditions of a text, in the order of its file."""
    found = law.book().clauses
    return [one for one in found if text in (one.edition, one.instrument) and one.operator in CONDITIONS]


def _keys(text: str) -> tuple[str, ...]:
    # In the order of the newest edition; what only an older one has comes last.
    every = [text] if text in OTHERS else [edition.key for edition in reversed(_editions())]
    return tuple(dict.fromkeys(clause.key for one in every for clause in _versions(one)))


def _asked(part: Part, key: str) -> Asked:
    for clause in _versions(part.text):
        if clause.key == key and (days := _days(part, clause)) is not None:
            return Asked(key, clause, *days)
    return Asked(key, None, part.first, part.last)


def _days(part: Part, clause: Clause) -> tuple[date, date] | None:
    """The days of a part on which a clause counts; those of a text that was asked for are not held against it."""
    begin, end = clause.in_force_from, clause.in_force_until
    if part.forced:
        edition = next(one for one in _editions() if one.key == part.text)
        begin = part.first if begin == edition.in_force_from else begin
        end = None if end == edition.in_force_until else end
    first, last = max(part.first, begin), min(part.last, end or part.last)
    return (first, last) if first <= last else None
