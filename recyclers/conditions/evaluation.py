"""The door: a company, a period, a text and a day give a report; the same question gives the same report for good."""

from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.utils import timezone

from recyclers.conditions import judging
from recyclers.conditions.company import read_company
from recyclers.conditions.judging import NOT_IN_FORCE, JudgedPart
from recyclers.conditions.measuring import Company
from recyclers.conditions.parts import Part, parts_of
from recyclers.conditions.terms import Terms
from recyclers.conditions.terms import terms as default_terms
from traceability import law, replica
from traceability.errors import refuse
from traceability.models import Organisation

#: Who is asked by the conditions at all.
ROLES: Final = frozenset({"recycler", "second_life"})
#: A longer period is no question about a company.
MOST_DAYS: Final = 3_660
#: The report on a year falls due in the next, and the calendar ends.
LAST_DAY: Final = date(9998, 12, 31)


@dataclass(frozen=True, slots=True)
class Report:
    """A company held against a text, with all that it takes to ask again.

    Args:
        text: the edition that was asked for; None for whichever was in force.
        digest: SHA-256 of the law that was judged by.
        company: what was read of it.
    """

    recycler: str
    first: date
    last: date
    text: str | None
    as_of: date
    terms: Terms
    verdict: str
    parts: tuple[JudgedPart, ...]
    digest: str
    company: Company


def evaluate(
    recycler: str,
    first: date,
    last: date,
    *,
    edition: str | None = None,
    as_of: date | None = None,
    terms: Terms | None = None,
) -> Report:
    """Judge whether a company met the conditions over a period, as was known at the end of a day.

    Args:
        recycler: its code.
        first, last: days at +08:00, both inclusive.
        edition: judge all of it by this text (`parts.texts`); by the editions in force without it.
        as_of: today in China by default.

    Raises:
        Refusal: `unknown_organisation`; `wrong_value` for a company that does neither second life nor recovery, a
            period that ends before it begins or is longer than ten years, or a text that is not known.
    """
    row, parts = _company(recycler), check_question(first, last, edition)
    today = timezone.localdate()
    day, asked = as_of or today, terms or default_terms()
    onward = any(part.on_purpose for part in parts)
    # What chains were on a day gone by is walked anew where it can be written, and taken back.
    with replica.primary() if day < today else nullcontext():
        company = read_company(row, first, last, day, asked, onward=onward)
    judged = tuple(judging.judge(part, company, asked) for part in parts)
    # Before any edition there was nothing to meet.
    verdict = judging.together(part.verdict for part in judged) if judged else NOT_IN_FORCE
    return Report(recycler, first, last, edition, day, asked, verdict, judged, law.book().digest, company)


def check_question(first: date, last: date, edition: str | None) -> tuple[Part, ...]:
    """Give the parts of a period, whichever company is asked about; raises `wrong_value` as `evaluate` does."""
    check_days(first, last)
    return parts_of(first, last, edition)


def check_days(first: date, last: date) -> None:
    """Refuse a period that ends before it begins, or is longer than ten years (`wrong_value`)."""
    if last < first:
        raise refuse("wrong_value", ("until",), value=last, expected=f"≥ {first}")
    if (last - first).days >= MOST_DAYS:
        raise refuse("wrong_value", ("until",), value=last, expected=f"≤ {first} + {MOST_DAYS} d")
    if last > LAST_DAY:
        raise refuse("wrong_value", ("until",), value=last, expected=f"≤ {LAST_DAY}")


def _company(code: str) -> Organisation:
    row = Organisation.objects.filter(code=code).first()
    if row is None:
        raise refuse("unknown_organisation", ("recycler",), value=code)
    if not ROLES & set(row.role_set):
        raise refuse("wrong_value", ("recycler",), value=code, expected=", ".join(sorted(ROLES)))
    return row
