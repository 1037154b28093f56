"""What everybody may know of a battery: what it is, how to handle it, its stage, recalls, label, does its record hold.

Nothing of people and nothing of trade: neither who made or holds it, nor when and between whom it moved.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from batteries import chain_reading, models_register
from batteries.label_states import LabelFinding
from batteries.models import BatteryModel
from batteries.rows import BatteryRow, RecallRow
from traceability import identity
from traceability.values import from_ms
from web.battery import words
from web.battery.advice import Advice, advice_for, is_dangerous
from web.battery.checking import UNREADABLE, Checked, check
from web.words import LEVELS


@dataclass(frozen=True, slots=True)
class Named:
    """A state in words: its name, what it means, and how good it is."""

    name: Any
    meaning: Any
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Recall:
    """A recall as everybody may read it."""

    campaign: str
    instruction: str
    on: datetime


@dataclass(frozen=True, slots=True)
class Street:
    """The public page of one battery."""

    code: str
    level: Any
    chemistry: str
    second_life: bool
    provisional: bool
    produced_on: date | None
    model: str
    #: Whether the model is that of the battery it came out of.
    inherited: bool
    voltage: str
    capacity: str
    energy: str
    dangerous: bool | None
    stage: Named
    #: None where the record cannot be read any more.
    recalls: tuple[Recall, ...] | None
    label: Named | None
    label_issued: datetime | None
    checked: Checked
    advice: Advice


def street(row: BatteryRow, finding: LabelFinding | None) -> Street:
    """Gather it; a fixed number of queries."""
    model = _model(row)
    # A part that came without a model of its own has not the voltage of the pack it was in.
    own = model if row.model_number else None
    volts = Decimal(own.nominal_voltage_v) if own and own.nominal_voltage_v else None
    return Street(
        code=row.code,
        level=LEVELS.get(row.level, ""),
        chemistry=words.chemistry_of(row.battery_type),
        second_life=row.second_life,
        provisional=identity.is_provisional(row.code),
        produced_on=row.produced_on,
        model=row.model_number or row.inherited_model,
        inherited=not row.model_number and bool(row.inherited_model),
        voltage=own.nominal_voltage_v if own else "",
        capacity=own.rated_capacity_ah if own else "",
        energy=own.nominal_energy_kwh if own else "",
        dangerous=is_dangerous(volts),
        stage=Named(*words.STAGES.get(row.stage, words.STAGES[""])),
        recalls=_recalls(row),
        label=label_named(finding),
        label_issued=None if finding is None or finding.issued_ms is None else from_ms(finding.issued_ms),
        checked=check((row.chain_id, row.record_id)),
        advice=advice_for(row.battery_type, level=row.level, volts=volts, in_vehicle=row.stage == "in_vehicle"),
    )


def label_named(finding: LabelFinding | None) -> Named | None:
    """What a label is worth, in words."""
    if finding is None:
        return None
    return Named(*words.LABELS["misread" if finding.misread else finding.status])


def _model(row: BatteryRow) -> BatteryModel | None:
    number = row.model_number or row.inherited_model
    if not number:
        return None
    key = (row.maker_id, row.prefix, number)
    return models_register.filed([key]).get(key)


def _recalls(row: BatteryRow) -> tuple[Recall, ...] | None:
    try:
        found: Sequence[RecallRow] = chain_reading.recalls([row.chain_id or 0]).get(row.chain_id or 0, ())
    except UNREADABLE:
        return None
    return tuple(Recall(one.campaign, one.instruction, from_ms(one.occurred_ms)) for one in found)
