"""Who had a battery from when to when, as far as a viewer sees its chain."""

from dataclasses import dataclass

from batteries.chain_reading import within_sight
from batteries.rows import BatteryRow
from traceability.models import Step


@dataclass(frozen=True, slots=True)
class Stay:
    """A time in which holder, addressee and dispute stayed the same; `holder_id` is None while nobody is known."""

    holder_id: int | None
    transit_to_id: int | None
    #: Two organisations that claim it.
    disputed: tuple[int, int] | None
    since_ms: int
    until_ms: int | None = None


def stays_of(row: BatteryRow) -> list[Stay]:
    """Tell the stays of one battery in order; one query."""
    found: list[Stay] = []
    for _, within in within_sight([row]):
        steps = Step.objects.filter(within, effective=True).order_by("occurred_ms", "arrival")
        for ms, holder, transit, claimant, intruder in steps.values_list(
            "occurred_ms", "holder_after", "transit_after", "claimant_after", "intruder_after"
        ):
            disputed = (claimant, intruder) if claimant is not None and intruder is not None else None
            last = found[-1] if found else None
            if last and (last.holder_id, last.transit_to_id, last.disputed) == (holder, transit, disputed):
                continue
            if last:
                found[-1] = Stay(last.holder_id, last.transit_to_id, last.disputed, last.since_ms, ms)
            found.append(Stay(holder, transit, disputed, ms))
    return found
