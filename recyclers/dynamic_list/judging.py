"""A company's years judged by the conditions, and what it must mend of them. Pure.

A year counts for mending if the company was listed when the report on it was due. What it did not meet then has to be
met within the time that the law gives from that day on; only a later year that meets it ends that, or a text that does
not ask for it any more. A year without evidence, or without such a process, mends nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from recyclers.conditions import judging
from recyclers.conditions.judging import FAIL, IMPLAUSIBLE, NOT_IN_FORCE, PASS, Judged
from recyclers.conditions.measuring import Company
from recyclers.conditions.parts import parts_of
from recyclers.conditions.terms import Terms
from recyclers.periods import mend_until, report_due

#: Of several parts of a year the gravest verdict on a clause is the year's.
_GRAVEST = (FAIL, IMPLAUSIBLE, judging.NO_EVIDENCE, PASS, judging.NOT_APPLICABLE, NOT_IN_FORCE)


@dataclass(frozen=True, slots=True)
class YearJudged:
    """A year's verdict, and that on each clause which it rests on."""

    year: int
    verdict: str
    clauses: Mapping[str, Judged] = field(default_factory=dict)

    @property
    def failed(self) -> tuple[str, ...]:
        """The clauses that it failed."""
        return tuple(key for key, one in self.clauses.items() if one.verdict in (FAIL, IMPLAUSIBLE))


@dataclass(frozen=True, slots=True)
class Mending:
    """A clause that a company has to meet again.

    Args:
        year: the last year that failed it, whose figure `judged` is.
        since: the first one, from whose report the time runs.
        until: the last day to mend it.
        overdue: that day is over: the listing may be revoked.
    """

    judged: Judged
    year: int
    since: int
    until: date
    overdue: bool


def judged_year(company: Company, year: int, terms: Terms) -> YearJudged:
    """Judge a company by the conditions of a year, of which all batches were read."""
    parts = [judging.judge(part, company, terms) for part in parts_of(date(year, 1, 1), date(year, 12, 31))]
    clauses: dict[str, Judged] = {}
    for one in (one for part in parts for one in part.clauses):
        known = clauses.get(one.key)
        if known is None or _GRAVEST.index(one.verdict) < _GRAVEST.index(known.verdict):
            clauses[one.key] = one
    verdict = judging.together(part.verdict for part in parts) if parts else NOT_IN_FORCE
    return YearJudged(year, verdict, {key: one for key, one in clauses.items() if one.decides or one.clause is None})


def to_mend(years: Iterable[YearJudged], listed_since: date | None, day: date) -> tuple[Mending, ...]:
    """Give what a company has to mend on a day, what has to be done first coming first.

    Args:
        years: those that are judged on that day.
        listed_since: the first of the days on which it has been listed without a break; None where it is not listed,
            and has nothing to lose.
    """
    if listed_since is None:
        return ()
    open_: dict[str, tuple[int, int, Judged]] = {}
    for year in sorted(years, key=lambda one: one.year):
        due = report_due(year.year)
        owed = due is not None and listed_since <= due
        for key, one in year.clauses.items():
            if one.verdict in (FAIL, IMPLAUSIBLE) and owed:
                open_[key] = (open_[key][0] if key in open_ else year.year, year.year, one)
            elif one.verdict in (PASS, NOT_IN_FORCE):
                open_.pop(key, None)
    found = [_mending(*one, day) for one in open_.values()]
    return tuple(sorted((one for one in found if one is not None), key=lambda one: (one.until, one.judged.key)))


def _mending(since: int, year: int, judged: Judged, day: date) -> Mending | None:
    until = mend_until(since)
    return None if until is None else Mending(judged, year, since, until, overdue=day > until)
