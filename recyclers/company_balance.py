"""The balance of a company: what came into it and what left it over a period, by element.

The company is taken as one: lots that pass from one of its processes to another, or back, neither come in nor leave.
Within one process, the same is `recovery.turnover` of that process.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from recyclers import flows
from recyclers.batch_flows import flows_of
from recyclers.lot_facts import facts_of
from recyclers.models import Batch, BatchInput, BatchOutput
from recyclers.recovery import Turnover, turnover
from traceability.audit.calendar import end_of, number_of
from traceability.events import batches

#: What all of a company's processes are called while it is looked at as one.
_COMPANY: Final = flows.HYDROMETALLURGY


def balance_of(organisation: str, first: date, last: date, *, process: str | None = None) -> list[Turnover]:
    """Follow each element through the batches that a company closed in a period; none where there are no such batches.

    Args:
        organisation: its code.
        first, last: days at +08:00, both inclusive.
        process: only the batches of this process, with lots of its others as what comes from outside.
    """
    ids = _closed(organisation, first, last)
    found: Sequence[flows.Batch] = list(flows_of(ids).values())
    if process is None:
        found = [replace(batch, process=_COMPANY) for batch in found]
    else:
        found = [batch for batch in found if batch.process == process]
    if not found:
        return []
    facts = facts_of(_lots_of(ids), sources=True)
    return [turnover(found, element, facts) for element in flows.ELEMENTS]


def _closed(organisation: str, first: date, last: date) -> list[int]:
    since, until = end_of(number_of(first) - 1), end_of(number_of(last))
    rows = Batch.objects.filter(organisation__code=organisation, closed_ms__gt=since, closed_ms__lte=until)
    return list(rows.order_by("closed_ms", "arrival").values_list("event_id", flat=True))


def _lots_of(batch_ids: Sequence[int]) -> set[int]:
    found: set[int] = set()
    for ids in batches(batch_ids):
        for model in (BatchInput, BatchOutput):
            rows = model.objects.filter(batch__in=ids).exclude(lot=None)
            found |= set(rows.values_list("lot_id", flat=True))
    return found
