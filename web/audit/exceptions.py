"""What is overdue, what falls due, and whose balances are out of tolerance: companies with the page that shows it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from django.db.models import Count, F
from django.urls import reverse
from django.utils.translation import gettext_lazy

from recyclers.audit_rules import mass_imbalance
from recyclers.due_dates import ANNUAL_REPORT, LISTING_ENDS, PERMIT_ENDS, Due, due_calendar
from traceability.access import Viewer
from traceability.audit.reading import open_gaps
from web.names import Party, parties_of
from web.words import PERMITS, SCOPES

#: Listings, permits and reports that fall due within these days are shown.
DUE_DAYS: Final = 90
LATE, IMBALANCE = "late_report", mass_imbalance.CODE
_WORDS: Final[dict[str, Any]] = {
    PERMIT_ENDS: gettext_lazy("permit ends: {what} {number}"),
    LISTING_ENDS: gettext_lazy("listing ends: {what} {number}"),
    ANNUAL_REPORT: gettext_lazy("annual report for {what}"),
}


@dataclass(frozen=True, slots=True)
class DueLine:
    """What falls due for a company, or is overdue, and the page where that is seen to."""

    day: date
    party: Party
    what: str
    address: str


@dataclass(frozen=True, slots=True)
class Unbalanced:
    """A company with batches that do not balance, and the list of these."""

    party: Party
    batches: int
    address: str
    balance: str


def overdue_and_due(viewer: Viewer, today: date) -> tuple[list[DueLine], list[DueLine]]:
    """List the annual reports that are not in, and what falls due within `DUE_DAYS`."""
    own = None if viewer.is_alliance else [viewer.organisation_id or 0]
    found = due_calendar(today, today + timedelta(days=DUE_DAYS), own, overdue=True)
    parties = parties_of(due.organisation for due in found)
    late = [due for due in found if due.is_overdue(today)]
    coming = [due for due in found if not due.is_overdue(today) and not due.done]
    # What was missed last first; what comes next first.
    return _lines(reversed(late), parties), _lines(coming, parties)


def told(due: Due) -> str:
    """What falls due, in words."""
    words = {PERMIT_ENDS: PERMITS, LISTING_ENDS: SCOPES}.get(due.kind, {})
    return str(_WORDS[due.kind]).format(what=words.get(due.what, due.what), number=due.number).strip()


def _lines(found: Iterable[Due], parties: dict[int, Party]) -> list[DueLine]:
    pairs = ((due, parties[due.organisation]) for due in found)
    return [DueLine(due.day, party, told(due), _page(due, party)) for due, party in pairs]


def _page(due: Due, party: Party) -> str:
    """A report is made where a company's year is; the rest stands on the page of the organisation."""
    return f"{reverse('company', args=[party.code])}?year={due.what}" if due.kind == ANNUAL_REPORT else party.address


def out_of_tolerance(viewer: Viewer) -> list[Unbalanced]:
    """Count the batches that do not balance by whose they are, the most first."""
    rows = open_gaps(viewer).filter(code=IMBALANCE).order_by().values(party=F("organisation"))
    counted = list(rows.annotate(n=Count("record", distinct=True)).order_by("-n", "party"))
    parties = parties_of(row["party"] for row in counted)
    pairs = ((parties[row["party"]], row["n"]) for row in counted if row["party"] in parties)
    return [
        Unbalanced(
            party,
            batches,
            f"{reverse('gap-list')}?{urlencode({'code': IMBALANCE, 'organisation': party.code})}",
            f"{reverse('company', args=[party.code])}#balance",
        )
        for party, batches in pairs
    ]
