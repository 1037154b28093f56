"""On which days a company is on the announced list, and until when penalties bar it from applying. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

from recyclers.periods import barred_until, listing_ends

_DAY = timedelta(days=1)


class ListingStated(Protocol):
    """A row of `recyclers.models.Listing`."""

    scope: str
    batch_number: str
    announced_on: date | None
    revoked_on: date | None
    reason: str
    superseded_by_ms: int | None


class PenaltyStated(Protocol):
    """A row of `recyclers.models.Penalty`."""

    decided_on: date | None
    authority: str
    number: str
    reason: str


@dataclass(frozen=True, slots=True)
class Listed:
    """One listing with its days.

    Args:
        first: its first day; None where nobody said: ever since.
        last: its last day; None while it goes on.
        revoked_on: the first day after it was revoked.
    """

    scope: str
    batch: str
    first: date | None
    last: date | None = None
    revoked_on: date | None = None
    reason: str = ""

    def holds_on(self, day: date) -> bool:
        """Whether the company is listed by it on a day."""
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)


@dataclass(frozen=True, slots=True)
class Barred:
    """A penalty, and the last day on which it bars from applying; None where no rule of its day says so."""

    decided_on: date | None
    authority: str
    number: str
    reason: str
    until: date | None


def listed(rows: Iterable[ListingStated]) -> tuple[Listed, ...]:
    """Give the listings that stand, in their order, with the days on which they mean anything."""
    return tuple(_listed(row) for row in rows if row.superseded_by_ms is None)


def _listed(row: ListingStated) -> Listed:
    before = row.revoked_on - _DAY if row.revoked_on and row.revoked_on > date.min else row.revoked_on
    ends = [day for day in (before, listing_ends(row.scope)) if day is not None]
    return Listed(row.scope, row.batch_number, row.announced_on, min(ends, default=None), row.revoked_on, row.reason)


def listed_since(listings: Sequence[Listed], day: date) -> date | None:
    """Give the first of the days on which a company was listed without a break up to one on which it is.

    None where it is not listed on that day; `date.min` where it ever was.
    """
    since: date | None = None
    reached = day
    while holding := [one for one in listings if one.holds_on(reached)]:
        since = min(one.first or date.min for one in holding)
        if since == date.min:
            break
        reached = since - _DAY
    return since


def barred(rows: Iterable[PenaltyStated], day: date) -> tuple[Barred, ...]:
    """Give the penalties that had been decided by a day, the latest first; those without a day come last."""
    found = [
        Barred(row.decided_on, row.authority, row.number, row.reason, row.decided_on and barred_until(row.decided_on))
        for row in rows
        if row.decided_on is None or row.decided_on <= day
    ]
    return tuple(sorted(found, key=lambda one: one.decided_on or date.min, reverse=True))


def last_barred_day(penalties: Iterable[Barred], day: date) -> date | None:
    """Give the last day on which a company may not apply, the latest of all penalties; None where it may on the day."""
    found = [one.until for one in penalties if one.until is not None and one.until >= day]
    return max(found, default=None)
