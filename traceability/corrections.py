"""Corrections: what was ever said in one event's place, what of it stands, and what the ledger derived from it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from traceability import events
from traceability.events import Stored
from traceability.facts import Fact, leaving
from traceability.models import LifecycleEvent

LEDGER_ACTOR = "ledger"


@dataclass(frozen=True, slots=True)
class Family:
    """An original event with its corrections, and the corrections of those; `own` are its record's events."""

    original: Stored
    members: list[Stored]
    own: list[Stored]

    @property
    def contents(self) -> list[Fact]:
        """Every content that was ever given, standing or not."""
        given = [self.original.fact, *(member.fact.replacement for member in self.members)]
        return [fact.in_place_of(self.original.fact) for fact in given if fact is not None]

    @property
    def codes(self) -> set[str]:
        """Every battery that any content speaks of, or releases."""
        return {code for fact in self.contents for code in (fact.code, *leaving(fact), fact.details.get("as")) if code}

    def with_correction(self, correction: Fact) -> "Family":
        """The family with one more member, which is not stored yet."""
        new = replace(self.original, id=1 << 62, fact=correction)
        return replace(self, members=[*self.members, new], own=[*self.own, new])

    def standing(self) -> Fact | None:
        """What stands in the original's place; None when it is withdrawn."""
        found, _ = events.standing(self.own)
        return next((place.fact for place in found if place.original.id == self.original.id), None)

    def derived(self) -> list[Stored]:
        """What the ledger wrote for it on other chains and that still stands."""
        keys = [key for number in range(len(self.members) + 1) for key in self._derived_keys(number)]
        rows = LifecycleEvent.objects.filter(
            organisation_id=self.original.organisation_id, key__in=keys, actor=LEDGER_ACTOR, step__effective=True
        )
        return events.stored(rows.order_by("id"))

    def _derived_keys(self, number: int) -> Iterator[str]:
        return (derived_key(self.original.fact.key, code, number) for fact in self.contents for code in leaving(fact))


def derived_key(key: str, code: str, number: int = 0) -> str:
    """The key of what the ledger writes on a part's chain: `<key>#<code>`, numbered after corrections."""
    return f"{key}#{code}#{number}" if number else f"{key}#{code}"


def family_of(event: LifecycleEvent) -> Family:
    """Load the family that an event belongs to, as its original, its correction, or a correction of one."""
    own = events.of_records([event.record_id])
    by_name = {(stored.fact.organisation, stored.fact.key): stored for stored in own}
    original = next(stored for stored in own if stored.id == event.id)
    while original.fact.type == "corrected":
        original = by_name[events.target_of(original.fact)]
    names = {(original.fact.organisation, original.fact.key)}
    members = []
    for stored in own:
        if stored.fact.type == "corrected" and events.target_of(stored.fact) in names:
            names.add((stored.fact.organisation, stored.fact.key))
            members.append(stored)
    return Family(original, members, own)
