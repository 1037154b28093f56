"""What a batch says that is recorded, and is likely to be a slip, or keeps it from being balanced: warnings.

    no_process           it names no process: nothing but its lots is balanced
    unknown_content      a smelting of nothing whose content is known: none of its elements is balanced
    implausible_mass     a battery went in with a mass that it cannot have (`traceability.masses`)

The mass balance itself is the audit's (`mass_imbalance`).
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping

from recyclers.flows import ELEMENTS, SMELTING
from recyclers.flows import Batch as Flow
from recyclers.mass_balance import element_balance
from recyclers.models import Batch, BatchInput
from traceability import masses
from traceability.errors import Problem
from traceability.events import batches
from traceability.findings import some
from traceability.models import LifecycleRecord


def of_batches(rows: Collection[Batch], flows: Mapping[int, Flow]) -> dict[int, list[Problem]]:
    """Find the warnings of batches, by their events; a fixed number of queries.

    Args:
        flows: the batches as they are balanced; those of no known process are not among them.
    """
    heavy = _implausible({row.event_id for row in rows})
    return {row.event_id: list(_found(row, flows.get(row.event_id), heavy.get(row.event_id, []))) for row in rows}


def _found(row: Batch, flow: Flow | None, heavy: list[str]) -> Iterator[Problem]:
    if not row.process:
        yield Problem("no_process", (), {"value": row.number})
    if flow is not None and flow.process in SMELTING and not _is_judged(flow):
        yield Problem("unknown_content", (), {"value": row.number})
    if heavy:
        yield masses.problem([some(heavy)])


def _is_judged(flow: Flow) -> bool:
    return any(element_balance(flow, element).input_mg is not None for element in ELEMENTS)


def _implausible(ids: Collection[int]) -> dict[int, list[str]]:
    """The batteries that went in with a mass that they cannot have, each with what it may weigh."""
    inputs = BatchInput.objects.exclude(battery="").order_by("batch", "place")
    columns = ("batch_id", "battery", "mass_mg")
    taken = [row for some_ids in batches(ids) for row in inputs.filter(batch__in=some_ids).values_list(*columns)]
    chains: dict[str, int] = {}
    for codes in batches({code for _batch, code, _mg in taken}):
        rows = LifecycleRecord.objects.filter(kind=LifecycleRecord.Kind.BATTERY, code__in=codes)
        chains |= {code: chain or id_ for code, id_, chain in rows.values_list("code", "id", "chain_id")}
    known = masses.registered(set(chains.values()))
    found: dict[int, list[str]] = defaultdict(list)
    for batch, code, mg in taken:
        if (least_most := masses.beyond(mg, code, known.get(chains.get(code, 0)))) is not None:
            found[batch].append(f"{code}: {masses.told(mg, least_most)}")
    return found
