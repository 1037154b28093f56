"""Where material went over a period, process by process: the flows of a Sankey diagram, and of the table beside it.

Flows are unrolled in the order of processes, so that what is fed again is a flow of its own and nothing goes round.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.db.models import Case, CharField, F, Q, QuerySet, Sum, Value, When

from recyclers.flows import CRUSHING, HYDROMETALLURGY, MATERIAL_REPAIR, PYROMETALLURGY
from recyclers.models import Batch, BatchInput, BatchOutput, Residue
from traceability.access import Viewer
from traceability.audit.calendar import end_of, number_of

#: In the order in which material passes through them.
ORDER: Final = (CRUSHING, MATERIAL_REPAIR, PYROMETALLURGY, HYDROMETALLURGY)
BATTERIES, REAGENTS, UNKNOWN, RESIDUES, LOSS = "batteries", "reagents", "unknown", "residues", "loss"


@dataclass(frozen=True, slots=True)
class Flow:
    """So much from one node to the next, in milligrams. `source` and `target` are (kind, name, step)."""

    source: tuple[str, str, int]
    target: tuple[str, str, int]
    mass_mg: int


def flows(viewer: Viewer, first: date, last: date) -> list[Flow]:
    """Sum up what the batches closed in a period took in and gave out: of all, or of the reader's company.

    What came out of no process, or went in nowhere, ends where it stands; a loss below nothing is none.
    """
    batches = Batch.objects.filter(
        closed_ms__gt=end_of(number_of(first) - 1), closed_ms__lte=end_of(number_of(last)), process__in=ORDER
    )
    if not viewer.is_alliance:
        batches = batches.filter(organisation=viewer.organisation_id or 0)
    took, gave = _took(batches), _gave(batches)
    left = _left(batches)
    found: list[Flow] = []
    for step, process in enumerate(ORDER):
        node = ("process", process, step)
        found += [Flow(_source(what, step, gave), node, mass) for what, mass in sorted(took[process].items())]
        found += [Flow(node, ("material", what, step), mass) for what, mass in sorted(gave[process].items())]
        lost = sum(took[process].values()) - sum(gave[process].values()) - left[process]
        ends = ((RESIDUES, left[process]), (LOSS, lost))
        found += [Flow(node, ("end", name, step), mass) for name, mass in ends if mass > 0]
    return [flow for flow in found if flow.mass_mg > 0]


def _source(what: str, step: int, gave: dict[str, dict[str, int]]) -> tuple[str, str, int]:
    """The last earlier step that gave this material out; else it comes from outside, or is fed again."""
    for earlier in range(step - 1, -1, -1):
        if what in gave[ORDER[earlier]]:
            return "material", what, earlier
    return ("again" if what in gave[ORDER[step]] else "outside"), what, step


def _took(batches: QuerySet[Batch]) -> dict[str, dict[str, int]]:
    what = Case(
        When(~Q(battery=""), then=Value(BATTERIES)),
        When(~Q(reagent=""), then=Value(REAGENTS)),
        When(lot__material="", then=Value(UNKNOWN)),
        default=F("lot__material"),
        output_field=CharField(),
    )
    rows = BatchInput.objects.filter(batch__in=batches).order_by().values("batch__process", what=what)
    return _summed(rows.annotate(mg=Sum("mass_mg")).values_list("batch__process", "what", "mg"))


def _gave(batches: QuerySet[Batch]) -> dict[str, dict[str, int]]:
    what = Case(When(material="", then=Value(UNKNOWN)), default=F("material"), output_field=CharField())
    rows = BatchOutput.objects.filter(batch__in=batches).order_by().values("batch__process", what=what)
    return _summed(rows.annotate(mg=Sum("mass_mg")).values_list("batch__process", "what", "mg"))


def _left(batches: QuerySet[Batch]) -> dict[str, int]:
    rows = Residue.objects.filter(batch__in=batches).order_by().values("batch__process").annotate(mg=Sum("mass_mg"))
    return defaultdict(int, {row["batch__process"]: int(row["mg"]) for row in rows})


def _summed(rows: Iterable[tuple[str, str, int]]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for process, what, mg in rows:
        found[process][what] = found[process].get(what, 0) + int(mg)
    return found
