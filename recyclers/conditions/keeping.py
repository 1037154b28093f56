"""A company's years as they stand today, kept in the memory of a process for as long as they would come out the same.

A report is given again only if everything that decides about it is as it was: the day, the law, the parameters and
what is on record (`resting`). docs/decisions/0016 tells why in memory.
"""

import threading
from collections import OrderedDict
from collections.abc import Collection, Hashable
from dataclasses import replace
from datetime import date
from typing import Final

from django.utils import timezone

from recyclers.conditions.evaluation import ROLES, Report, evaluate
from recyclers.conditions.measuring import Company
from recyclers.conditions.resting import names_of
from recyclers.conditions.terms import terms
from traceability import law
from traceability.audit.compiling import parameters
from traceability.models import Organisation

#: What is kept at most, in batches that reports name: some hundred bytes each.
MOST: Final = 200_000
#: What a report takes besides.
_ALONE: Final = 100


class Shelf:
    """Reports under their question, each with the state it was made of; the least recently used go first."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._kept: OrderedDict[Hashable, tuple[Hashable, Report, int]] = OrderedDict()
        self._weight = 0
        self._lock = threading.Lock()

    def find(self, question: Hashable, state: Hashable) -> Report | None:
        """Give the report that was made of this very state."""
        with self._lock:
            found = self._kept.get(question)
            if found is None or found[0] != state:
                return None
            self._kept.move_to_end(question)
            return found[1]

    def keep(self, question: Hashable, state: Hashable, report: Report) -> Report:
        """Keep a report in place of what was made of an earlier state; gives it without what was read for it."""
        weight = _ALONE + len(report.company.batches)
        bare = replace(report, company=Company(report.recycler, report.company.roles, report.as_of))
        with self._lock:
            self._drop(question)
            self._kept[question] = (state, bare, weight)
            self._weight += weight
            while self._weight > self._most:
                self._drop(next(iter(self._kept)))
        return bare

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._kept.clear()
            self._weight = 0

    def _drop(self, question: Hashable) -> None:
        if (old := self._kept.pop(question, None)) is not None:
            self._weight -= old[2]


SHELF: Final = Shelf()


def years_of(companies: Collection[Organisation], year: int) -> dict[int, Report]:
    """Judge a calendar year of each company as of today, by the editions in force: id → report.

    Who does neither second life nor recovery is left out. One query for a page of them, and for each that has to be
    judged anew as many as `evaluate` takes.

    Raises:
        Refusal: `wrong_value` for a year that no calendar has.
    """
    asked = {row.pk: row for row in companies if ROLES & set(row.role_set)}
    today, given = timezone.localdate(), terms()
    days = date(year, 1, 1), date(year, 12, 31)
    # Before anything else is read: what is told meanwhile makes another name.
    names = names_of(sorted(asked), *days)
    stands = (today, given, law.book().digest, tuple(sorted(parameters().items())))
    found: dict[int, Report] = {}
    for id_, row in asked.items():
        state = (stands, names[id_])
        report = SHELF.find((id_, year), state)
        if report is None:
            report = SHELF.keep((id_, year), state, evaluate(row.code, *days, as_of=today, terms=given))
        found[id_] = report
    return found
