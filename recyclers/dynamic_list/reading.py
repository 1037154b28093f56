"""The door: companies and a day give standings, read together; and the list of all listed companies.

On a day gone by it is told what was known at its end; on today, and on a day yet to come, what is known now. Every
company is judged anew, so a long list takes its time; the number of queries does not grow with it, up to `TOGETHER`.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import nullcontext
from datetime import date
from typing import Any, Final, TypeVar

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from recyclers import periods
from recyclers.conditions.company import read_companies
from recyclers.conditions.evaluation import ROLES
from recyclers.conditions.measuring import Company
from recyclers.conditions.terms import Terms
from recyclers.conditions.terms import terms as default_terms
from recyclers.dynamic_list.listed import Listed, listed
from recyclers.dynamic_list.standing import Standing, standing_of, years_asked
from recyclers.models import Listing, Penalty, Said
from recyclers.statements import said_by
from traceability import law, replica
from traceability.audit.calendar import end_of, number_of
from traceability.models import Organisation

S = TypeVar("S", bound=Said)
#: So many companies are read at once: their batches of some years have to fit into memory.
TOGETHER: Final = 50


def standings_on(day: date, rows: Collection[Organisation], *, terms: Terms | None = None) -> dict[int, Standing]:
    """Say where companies stand on a day: id → standing, for each of them."""
    return dict(_standings(day, list(rows), terms or default_terms(), _listings(day, rows)))


def listed_companies(day: date, *, terms: Terms | None = None) -> list[Standing]:
    """Give the list as of a day: who is listed then, and who was earlier in its year; the most urgent first."""
    asked = Q()
    for role in ROLES:
        asked |= Q(roles__contains=f" {role} ")
    # Whoever is listed without such a role is shown too.
    rows = Organisation.objects.filter(asked | Q(pk__in=Listing.objects.values("organisation")))
    candidates = list(rows.order_by("code"))
    listings = _listings(day, candidates)
    year = date(day.year, 1, 1)
    shown = [row for row in candidates if any(_within(one, year, day) for one in listings[row.pk])]
    found = dict(_standings(day, shown, terms or default_terms(), listings))
    return sorted(found.values(), key=lambda one: one.order)


def parameters(day: date, terms: Terms | None = None) -> dict[str, Any]:
    """Give what a standing rests on beside the records, as it is printed with it."""
    asked = (terms or default_terms()).as_json()
    return asked | {"yearsLookedAt": _years()} | periods.as_json(day) | {"law": law.book().digest}


def _years() -> int:
    return int(settings.DYNAMIC_LIST["years"])


def _within(one: Listed, first: date, last: date) -> bool:
    """Whether a listing holds on any of these days."""
    return (one.first is None or one.first <= last) and (one.last is None or one.last >= first)


def _standings(
    day: date, rows: list[Organisation], terms: Terms, listings: Mapping[int, tuple[Listed, ...]]
) -> Iterator[tuple[int, Standing]]:
    penalties = _by_company(said_by(Penalty, [row.pk for row in rows], _known_ms(day)))
    for begin in range(0, len(rows), TOGETHER):
        some = rows[begin : begin + TOGETHER]
        # Who is not asked by the conditions is not read: a maker has to do with half of all chains.
        asked = [row for row in some if ROLES & row.role_set]
        years = {row.pk: years_asked(listings[row.pk], day, _years()) for row in asked}
        companies = _read(day, asked, years.values(), terms)
        for row in some:
            company = companies.get(row.pk) or Company(row.code, frozenset(row.role_set), day)
            told = listings[row.pk], penalties[row.pk], company, years.get(row.pk, range(0))
            yield row.pk, standing_of(row, day, *told, terms)


def _read(day: date, rows: Collection[Organisation], years: Iterable[range], terms: Terms) -> Mapping[int, Company]:
    asked, today = [year for some in years for year in some], timezone.localdate()
    if not rows:
        return {}
    # Before any report was due there is nothing to judge, and the rest is of no year.
    first, last = (min(asked), max(asked)) if asked else (day.year, day.year)
    # What chains were on a day gone by is walked anew where it can be written, and taken back.
    with replica.primary() if day < today else nullcontext():
        return read_companies(rows, date(first, 1, 1), date(last, 12, 31), min(day, today), terms)


def _listings(day: date, rows: Collection[Organisation]) -> dict[int, tuple[Listed, ...]]:
    said = _by_company(said_by(Listing, [row.pk for row in rows], _known_ms(day)))
    return {row.pk: listed(said[row.pk]) for row in rows}


def _known_ms(day: date) -> int | None:
    return end_of(number_of(day)) if day < timezone.localdate() else None


def _by_company(rows: Iterable[S]) -> dict[int, list[S]]:
    found: dict[int, list[S]] = defaultdict(list)
    for row in rows:
        found[row.organisation_id].append(row)
    return found
