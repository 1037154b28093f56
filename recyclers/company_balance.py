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
from recyclers.closed_batches import closed_between, lots_of
from recyclers.lot_facts import facts_of
from recyclers.recovery import Turnover, turnover
from traceability.models import Organisation

#: What all of a company's processes are called while it is looked at as one.
_COMPANY: Final = flows.HYDROMETALLURGY


def balance_of(organisation: str, first: date, last: date, *, process: str | None = None) -> list[Turnover]:
    """Follow each element through the batches that a company closed in a period; none where there are no such batches.

    Args:
        organisation: its code.
        first, last: days at +08:00, both inclusive.
        process: only the batches of this process, with lots of its others as what comes from outside.
    """
    own = Organisation.objects.filter(code=organisation).values_list("id", flat=True)
    ids = closed_between(own, first, last)
    found: Sequence[flows.Batch] = list(flows_of(ids).values())
    if process is None:
        found = [replace(batch, process=_COMPANY) for batch in found]
    else:
        found = [batch for batch in found if batch.process == process]
    if not found:
        return []
    facts = facts_of(lots_of(ids), sources=True)
    return [turnover(found, element, facts) for element in flows.ELEMENTS]
