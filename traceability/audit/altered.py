"""`altered`: a stored event whose hash, or link to the one before, does not hold. It is the result of `verify`."""

from collections.abc import Iterator
from typing import Any, Final

from traceability.audit.relations import DAY_MS, OFFSET_MS
from traceability.audit.rule import SEPARATOR
from traceability.audit.staging import SCOPE, rows
from traceability.models import LifecycleEvent, LifecycleRecord, Step
from traceability.values import to_ms
from traceability.verification import Fault, verify

ALTERED: Final = "altered"
#: Of what a gap may hang on; what an organisation's record says is for `verify` alone to tell.
KINDS: Final = frozenset({LifecycleRecord.Kind.BATTERY, LifecycleRecord.Kind.BATCH, LifecycleRecord.Kind.LOT})


def altered(*, record: int | None = None, scoped: bool = False) -> list[tuple[Any, ...]]:
    """The first event of each record that does not hold: (code, record, event, organisation, since day, evidence).

    `record` limits it to one battery's chain, `scoped` to what the run judges.
    """
    if record is not None:
        code = LifecycleRecord.objects.get(id=record).code
        return list(_rows(verify(battery=code)))
    only = {id_ for (id_,) in rows(f"SELECT record_id FROM {SCOPE}")} if scoped else None
    return list(_rows(verify(chains=only)))


def _rows(faults: Iterator[Fault]) -> Iterator[tuple[Any, ...]]:
    for fault in faults:
        if fault.kind == "missing":
            continue
        record = LifecycleRecord.objects.filter(code=fault.code).first()
        if record is None or record.kind not in KINDS:
            continue
        event = LifecycleEvent.objects.filter(record=record, sequence=fault.sequence).only("id", "occurred_at").first()
        step = Step.objects.filter(event=event.id).first() if event else None
        ms = step.occurred_ms if step else _ms(event)
        evidence = f"kind={fault.kind}{SEPARATOR}sequence={fault.sequence}{SEPARATOR}"
        day = (ms + OFFSET_MS) // DAY_MS
        yield ALTERED, record.chain_id or record.id, event.id if event else 0, None, day, evidence


def _ms(event: LifecycleEvent | None) -> int:
    return to_ms(event.occurred_at) if event is not None else 0
