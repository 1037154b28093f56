"""What companies were listed and licensed for on any day: sets of statements, asked for in one query.

Days are inclusive: a listing holds from `announced_on` to the day before `revoked_on`, a permit from `valid_from` to
`valid_until`. A beginning that is not known means ever since, an end that is not known means until further notice. What
a listing or a permit is worth on that day is for the rules to say: a second-life listing after 2026-07-30 is told here,
and means nothing.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db.models import CharField, Q, QuerySet, Value

from recyclers.models import Listing, Permit
from traceability.models import Organisation

#: Order 73, Art. 18: a company is licensed on a day on which it has one of each.
PERMIT_KINDS: Final = frozenset({"project_filing", "eia", "pollution"})
#: Whom a question is about: their ids, a query for them, or None for everybody.
Companies = Collection[int] | QuerySet[Organisation] | None


@dataclass(frozen=True, slots=True)
class Standing:
    """What one company has on one day."""

    listed_for: frozenset[str] = frozenset()
    permits: frozenset[str] = frozenset()

    @property
    def licensed(self) -> bool:
        """Whether it has permits of all three kinds."""
        return self.permits >= PERMIT_KINDS


NOTHING: Final = Standing()


def standing_on(day: date, organisations: Companies = None, *, known_ms: int | None = None) -> Mapping[int, Standing]:
    """Ask what each company was listed and licensed for on a day: id → standing, without those that had nothing.

    Args:
        known_ms: count only what had been reported by this moment, as it was stated then.
    """
    listings = among(Listing.objects.filter(known(known_ms), listed_on(day)), organisations)
    permits = among(Permit.objects.filter(known(known_ms), valid_on(day)), organisations)
    rows = _told(listings, "listing", "scope").union(_told(permits, "permit", "kind"), all=True)
    found: dict[int, dict[str, set[str]]] = defaultdict(lambda: {"listing": set(), "permit": set()})
    for company, what, word in rows:
        found[company][what].add(word)
    return {company: Standing(frozenset(has["listing"]), frozenset(has["permit"])) for company, has in found.items()}


def known(known_ms: int | None) -> Q:
    """The statements that are the last word on their subject: now, or among those reported by a moment."""
    if known_ms is None:
        return Q(superseded_by_ms=None)
    later = Q(superseded_by_ms=None) | Q(superseded_by_ms__gt=known_ms)
    return Q(reported_ms__lte=known_ms) & later


def listed_on(day: date) -> Q:
    """The listings that hold on a day."""
    begun = Q(announced_on=None) | Q(announced_on__lte=day)
    return begun & (Q(revoked_on=None) | Q(revoked_on__gt=day))


def valid_on(day: date) -> Q:
    """The permits that are valid on a day."""
    begun = Q(valid_from=None) | Q(valid_from__lte=day)
    return begun & (Q(valid_until=None) | Q(valid_until__gte=day))


def among(rows: Any, organisations: Companies) -> Any:
    """Narrow statements to these companies."""
    return rows if organisations is None else rows.filter(organisation__in=organisations)


def _told(rows: QuerySet[Any], what: str, word: str) -> Any:
    # A union has no order; that of the models would be refused.
    said = Value(what, output_field=CharField())
    return rows.order_by().annotate(what=said).values_list("organisation_id", "what", word)
