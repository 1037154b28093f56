"""Whether what a row says is what is registered."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from batteries.registration_families import fact_of, listed
from batteries.registration_staging import Staged
from traceability import events
from traceability.access import Viewer
from traceability.events import batches
from traceability.facts import Fact
from traceability.founding import Part
from traceability.models import Component, LifecycleEvent
from traceability.values import milligrams


def compare(rows: Sequence[Staged], by: Viewer, digest: str) -> Iterator[tuple[int, bool]]:
    """Compare rows with what is registered: line, and whether it is the same; rows of what is new are left out."""
    assert by.organisation_code is not None
    by_code = {row.code: row for row in rows}
    parts: dict[str, bool] = {}
    own: dict[str, bool] = {}
    for batch in batches(by_code):
        parts |= _parts(batch, by_code, by)
        stored = LifecycleEvent.objects.filter(type="produced", record__kind="battery", record__code__in=batch)
        for event in events.stored(stored):
            code = event.fact.code
            given = fact_of(by_code[code], by.organisation_code, digest, by_code[code].tree)
            own[code] = own.get(code, False) or _same_fact(given, event.fact)
    # What was said of the battery itself counts before what was said of its parent.
    for code, same in (parts | own).items():
        yield by_code[code].line, same


def _parts(codes: Collection[str], rows: Mapping[str, Staged], by: Viewer) -> dict[str, bool]:
    # What a workshop built in without its maker's word is not registered by that.
    stays = Component.objects.filter(code__in=codes, since_event__type__in=("produced", "corrected")).order_by("id")
    found = {}
    for stay in stays.values("code", "parent_code", "model_number", "mass_mg", "since_event__organisation_id"):
        row = rows[stay["code"]]
        told = (row.parent, row.model, milligrams(row.mass), by.organisation_id)
        found[row.code] = told == (
            stay["parent_code"],
            stay["model_number"],
            stay["mass_mg"],
            stay["since_event__organisation_id"],
        )
    return found


def _same_fact(given: Fact, stored: Fact) -> bool:
    """Whether a row says what was registered. Parts on rows of their own are compared by themselves."""
    if (given.organisation, given.occurred_ms) != (stored.organisation, stored.occurred_ms):
        return False
    names = (given.details.keys() | stored.details.keys()) - {"components"}
    if any(given.details.get(name) != stored.details.get(name) for name in names):
        return False
    known = {part[:2]: part for part in listed(stored.code, stored.details.get("components", ()))}
    return all(_agree(part, known.get(part[:2])) for part in listed(given.code, given.details.get("components", ())))


def _agree(given: Part, stored: Part | None) -> bool:
    """Whether a part is there and nothing is said of it that is not; a row of its own may have said more."""
    if stored is None:
        return False
    (_code, _parent, model, mass), (_, _, known_model, known_mass) = given, stored
    return model in ("", known_model) and mass in (None, known_mass)
