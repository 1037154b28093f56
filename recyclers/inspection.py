"""Inspections (residual energy tests by GB/T 34015), and the routes that a retired battery may take after them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from django.db.models import F, Window
from django.db.models.functions import RowNumber
from django.utils.translation import gettext_lazy as _

from batteries.chain_reading import as_seen, within_sight
from batteries.rows import BatteryRow
from recyclers.grades import ROUTES, Grade, scheme
from traceability import body, used_up
from traceability.access import FULL
from traceability.chains import HAZARDS
from traceability.errors import Problem
from traceability.events import contents_of
from traceability.findings import CONDITIONS
from traceability.models import Step

#: Routes on which a battery is used as a battery.
_USES: Final = frozenset({"reuse", "second_life"})
#: What a decision leaves open: what fails later is recovered, and everything may go back.
_LEFT_OPEN: Final[dict[str, frozenset[str]]] = {
    "reuse": frozenset({"reuse", "recovery", "return"}),
    "second_life": frozenset({"second_life", "recovery", "return"}),
    "recovery": frozenset({"recovery", "return"}),
    "return": frozenset({"return"}),
}


@dataclass(frozen=True, slots=True)
class Inspection:
    """One inspection: the details of its event, and where it stands."""

    event_id: int
    organisation_id: int
    occurred_ms: int
    details: Mapping[str, Any]

    @property
    def by_health(self) -> Grade | None:
        """The grade that the scheme gives its state of health."""
        return scheme().by_health(self.details.get("sohPercent"))

    @property
    def grade(self) -> Grade | None:
        """The grade that counts: as the inspector said, where the scheme knows it, else by the state of health."""
        return scheme().by_name(self.details.get("grade")) or self.by_health


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a battery for its next step: its last inspection, its last receipt, and which was later."""

    inspection: Inspection | None = None
    condition: str | None = None
    #: Whether the inspection came after the receipt: who holds it now has decided.
    decided_here: bool = False
    #: Whether it went into a batch, though nobody has said yet that it was processed.
    used_up: bool = False


@dataclass(frozen=True, slots=True)
class NextStep:
    """A route, and what stands against it; nothing: it is open."""

    route: str
    reasons: tuple[Problem, ...] = ()


def known(rows: Collection[BatteryRow]) -> dict[str, Known]:
    """What is known of each battery, by its code, as far as it is seen; three queries for all of them."""
    own = [row for row in rows if row.record_id is not None]
    last: dict[int, dict[str, Step]] = {}
    place = Window(RowNumber(), partition_by=[F("record_id"), F("type")], order_by=["-occurred_ms", "-arrival"])
    for _rows, within in within_sight(own):
        steps = Step.objects.filter(within, effective=True, type__in=("inspected", "received")).annotate(place=place)
        for step in steps.filter(place=1).select_related("event"):
            last.setdefault(step.record_id, {})[step.type] = step
    contents = contents_of([step.event_id for found in last.values() for step in found.values()])
    told = {}
    used = _used({row.code for row in own if _has_routes(row)})
    for row in own:
        found = {step.type: step for step in as_seen(last.get(row.chain_id or 0, {}).values(), row.sight)}
        told[row.code] = replace(_known(found, contents), used_up=row.code in used)
    return told


def _used(codes: Collection[str]) -> set[str]:
    uses = used_up.load(codes) if codes else None
    return {code for code in codes if uses is not None and any(True for _use in uses.of(code))}


def _known(found: Mapping[str, Step], contents: Mapping[int, list[tuple[str, str]]]) -> Known:
    inspected, received = found.get("inspected"), found.get("received")
    inspection = None
    if inspected is not None:
        details = _details(inspected, contents)
        inspection = Inspection(inspected.event_id, inspected.organisation_id, inspected.occurred_ms, details)
    later = bool(
        inspected
        and (received is None or (inspected.occurred_ms, inspected.arrival) > (received.occurred_ms, received.arrival))
    )
    return Known(inspection, _details(received, contents).get("condition") if received else None, later)


def _details(step: Step, contents: Mapping[int, list[tuple[str, str]]]) -> Mapping[str, Any]:
    _, fact = body.read(step.event.body, contents.get(step.event_id, ()))
    return (fact.replacement or fact).details


def next_steps(row: BatteryRow, of_it: Known) -> list[NextStep]:
    """The routes of a retired battery, for who sees all of it; to everybody else, and otherwise, there are none."""
    if not _has_routes(row):
        return []
    return [NextStep(route, tuple(_against(route, row, of_it))) for route in ROUTES]


def _has_routes(row: BatteryRow) -> bool:
    return row.stage == "retired" and row.sight.level == FULL


def _against(route: str, row: BatteryRow, of_it: Known) -> list[Problem]:
    found = []
    if of_it.used_up:
        found.append(Problem("already_used", (), {"value": row.code, "batch": _("a batch")}))
    if row.quarantined and route != "return":
        found.append(Problem("quarantined", (), {"value": row.code}))
    if of_it.condition in HAZARDS | {"damaged"} and route in _USES and (route, of_it.condition) != _REPAIRABLE:
        found.append(Problem("damaged", (), {"value": CONDITIONS[of_it.condition or ""]}))
    if route in _USES:
        found += _ungraded(route, of_it.inspection)
    decision = of_it.inspection.details.get("decision") if of_it.inspection and of_it.decided_here else None
    if decision and route not in _LEFT_OPEN[decision]:
        found.append(Problem("decided_otherwise", (), {"value": decision}))
    return found


#: A dented battery may still go into a product, which is made of its good modules.
_REPAIRABLE: Final = ("second_life", "damaged")


def _ungraded(route: str, inspection: Inspection | None) -> list[Problem]:
    if inspection is None:
        return [Problem("not_inspected")]
    grade = inspection.grade
    if grade is None:
        return [Problem("not_graded")]
    return [] if route in grade.routes else [Problem("grade_too_low", (), {"value": grade.name})]
