"""The law as dated data: what was in force on a day, and when a deadline ends (docs/law.md).

Nothing here reads today's date or the database. The files under `LAW_DIR` are read once in a process; a process that
runs goes on with what it read.
"""

from collections.abc import Collection
from datetime import date
from functools import cache
from pathlib import Path

from django.conf import settings

from traceability.law.book import Book, Clause, Deadline, Edition, GapRule, Instrument
from traceability.law.faults import BrokenLaw
from traceability.law.loading import load
from traceability.law.working_days import due_day, is_working_day, working_due_days

__all__ = [
    "Book",
    "BrokenLaw",
    "Clause",
    "Deadline",
    "Edition",
    "GapRule",
    "Instrument",
    "book",
    "clause_in_force",
    "clause_of_gap",
    "clauses_in_force",
    "clauses_of_edition",
    "deadline_for",
    "deadlines_in_force",
    "due_day",
    "forbidden_applications",
    "in_force_from",
    "is_condition",
    "is_working_day",
    "working_due_days",
]

_read = cache(load)


def book() -> Book:
    """Give all law that is known, read and checked once. Raises BrokenLaw."""
    return _read(Path(settings.LAW_DIR))


def clause_in_force(key: str, day: date) -> Clause | None:
    """Find the version of a clause that held on the day, enforced or not; None when there was none."""
    return book().clause_in_force(key, day)


def clauses_in_force(day: date, *, instrument: str | None = None) -> tuple[Clause, ...]:
    """List what held on the day, of one instrument or of all."""
    return book().clauses_in_force(day, instrument=instrument)


def clauses_of_edition(edition: str) -> tuple[Clause, ...]:
    """List the conditions of an edition ("2019", "2024"), whenever they held; duties and bans are no conditions."""
    return book().clauses_of_edition(edition)


def is_condition(key: str) -> bool:
    """Tell whether some text has, or had, a condition of this key: what a company is measured or asked by."""
    return book().is_condition(key)


def clause_of_gap(gap: str, day: date) -> Clause | None:
    """Find the clause that a gap of the audit rests on, for a fact of that day; None where we know of none."""
    return book().clause_of_gap(gap, day)


def deadlines_in_force(day: date) -> tuple[Deadline, ...]:
    """List the deadlines for facts of the day, those that are not enforced included."""
    return book().deadlines_in_force(day)


def deadline_for(roles: Collection[str], event: str, *, day: date, retired: bool) -> Deadline | None:
    """Choose the enforced deadline of an organisation for a fact: of several roles, the one that ends last."""
    return book().deadline_for(roles, event, day=day, retired=retired)


def forbidden_applications(day: date) -> frozenset[str]:
    """Collect the applications that waste batteries must not be put to on the day."""
    return book().forbidden_applications(day)


def in_force_from(key: str) -> date:
    """Give the first day on which a clause held. Raises KeyError for a key that no clause has ever had."""
    return book().in_force_from(key)
