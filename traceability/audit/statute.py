"""What the rules take from the law: periods, deadlines, forbidden uses and clauses, as the audit counts days."""

from collections.abc import Iterable
from datetime import date
from functools import cache

from traceability import law
from traceability.audit.calendar import day_of, number_of
from traceability.audit.relations import ALWAYS, NEVER


def period(clause: str) -> tuple[int, int]:
    """The first and the last day of a clause, over all its versions.

    Raises:
        LookupError: no such clause is on the books.
    """
    found = [each for each in law.book().clauses if each.key == clause]
    if not found:
        raise LookupError(clause)
    return min(number_of(each.in_force_from) for each in found), max(_last(each.in_force_until)[0] for each in found)


def _last(day: date | None) -> tuple[int]:
    return (NEVER if day is None else number_of(day),)


@cache
def tables(digest: str) -> dict[str, str]:
    """The law's small tables as SQL, for the book with this digest."""
    deadlines = [
        (
            f"'{each.role}'",
            f"'{each.event}'",
            int(each.retired_only),
            number_of(each.in_force_from),
            *_last(each.in_force_until),
            each.days,
            int(each.working),
            int(each.enforced),
        )
        for each in law.book().deadlines
        if each.role is not None
    ]
    uses = [
        (f"'{use}'", number_of(each.in_force_from), *_last(each.in_force_until))
        for each in law.book().clauses
        for use in each.applications
    ]
    return {
        "deadlines": _values("role type retired_only from_day until_day days working enforced", deadlines),
        "forbidden_uses": _values("application from_day until_day", uses),
    }


def gap_clauses() -> str:
    """Which clause each gap code rests on, and when, as SQL."""
    rows = [
        (f"'{each.gap}'", f"'{each.clause}'", number_of(each.in_force_from), *_last(each.in_force_until))
        for each in law.book().gaps
        if each.clause is not None
    ]
    return _values("gap clause from_day until_day", rows)


def _values(columns: str, rows: Iterable[tuple[object, ...]]) -> str:
    names = columns.split()
    selects = [
        " SELECT " + ", ".join(f"{value} AS {name}" for name, value in zip(names, row, strict=True)) for row in rows
    ]
    return " UNION ALL".join(selects)


@cache
def clause_of(gap: str, day: int) -> str:
    """The key of the clause that a gap rests on, on a day; empty where there is none."""
    clause = law.clause_of_gap(gap, day_of(max(day, ALWAYS)))
    return clause.key if clause else ""
