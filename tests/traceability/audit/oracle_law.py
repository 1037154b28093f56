"""The oracle's law: deadlines, permits, listings and roles, from the tables of `audit.md` and `records.md`.

Nothing of the product is imported here: what it computes is held against this.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from typing import Any

import chinese_calendar

CHINA = timezone(timedelta(hours=8))
ORDER_73 = date(2026, 4, 1)
SECOND_LIFE_LIST_ENDS = date(2026, 7, 30)
FORBIDDEN = {"e_bike"}
PERMITS = {"project_filing", "eia", "pollution"}

Record = Mapping[str, Any]

#: role → type → working days, until 2026-03-31; `received*` is the receipt of a battery that is then retired.
WORKING_DAYS: dict[str, dict[str, int]] = {
    "vehicle_maker": {"produced": 15, "installed": 15},
    "importer": {"produced": 15, "installed": 15},
    "service": dict.fromkeys(("removed", "repaired", "received", "dispatched"), 30),
    "outlet": dict.fromkeys(("removed", "repaired", "received", "dispatched"), 30),
    "dismantler": dict.fromkeys(("removed", "received", "dispatched"), 15),
    "second_life": dict.fromkeys(("received*", "assembled", "dispatched"), 15),
    "recycler": dict.fromkeys(("received*", "processed"), 30),
}
#: role → type → calendar days, from 2026-04-01; what is provisional is not enforced, and so not here.
CALENDAR_DAYS: dict[str, dict[str, int]] = {
    "recycler": {"received*": 30, "dispatched": 30},
    "second_life": {"received*": 30, "dispatched": 30},
}


def moment(text: str) -> datetime:
    """The instant of an ISO 8601 text."""
    return datetime.fromisoformat(text)


def day(text: str) -> date:
    """The calendar day at +08:00."""
    return moment(text).astimezone(CHINA).date()


def working_days_after(start: date, count: int) -> date:
    """The last of so many working days; day 1 is the first one after the start."""
    current = start
    while count:
        current += timedelta(days=1)
        count -= chinese_calendar.is_workday(current)
    return current


def due(type_: str, of_retired: bool, on: date, roles: Iterable[str]) -> date | None:
    """The last day to report a fact on, None where nothing is enforced."""
    table = CALENDAR_DAYS if on >= ORDER_73 else WORKING_DAYS
    names = {type_, f"{type_}*"} if of_retired else {type_}
    limits = [limit for role in roles for name, limit in table.get(role, {}).items() if name in names]
    if not limits:
        return None
    return on + timedelta(days=max(limits)) if on >= ORDER_73 else working_days_after(on, max(limits))


@dataclass
class Standing:
    """What was stated of organisations: of the same thing the last word counts, by occurrence, then by arrival."""

    roles: dict[str, frozenset[str]] = field(default_factory=dict)
    permits: dict[tuple[Any, ...], Mapping[str, Any]] = field(default_factory=dict)
    listings: dict[tuple[Any, ...], Mapping[str, Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, ordered: Iterable[Record]) -> "Standing":
        """Read statements that are in order."""
        found = cls()
        for record in ordered:
            said = record["details"]
            if record["type"] == "organisation":
                found.roles[said["code"]] = frozenset(said["roles"])
            elif record["type"] == "permit":
                found.permits[said["organisation"], said["kind"], said.get("number")] = said
            elif record["type"] == "listing":
                found.listings[said["organisation"], said["scope"], said.get("batch")] = said
        return found

    def licensed(self, organisation: str, on: date) -> bool:
        """Permits of all three kinds are valid that day."""
        valid = {
            said["kind"]
            for said in self.permits.values()
            if said["organisation"] == organisation
            and _from(said.get("validFrom")) <= on
            and (said.get("validUntil") is None or on <= date.fromisoformat(said["validUntil"]))
        }
        return valid == PERMITS

    def listed(self, organisation: str, scope: str, on: date) -> bool:
        """Announced by that day, and not revoked."""
        return any(
            said["organisation"] == organisation
            and said["scope"] == scope
            and _from(said.get("announcedOn")) <= on
            and (said.get("revokedOn") is None or on < date.fromisoformat(said["revokedOn"]))
            for said in self.listings.values()
        )

    def has(self, organisation: str, role: str) -> bool:
        """It has the role."""
        return role in self.roles.get(organisation, ())


def _from(text: str | None) -> date:
    return date.min if text is None else date.fromisoformat(text)
