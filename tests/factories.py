"""Valid codes and facts, made through the product's own readers. Nothing here touches a database.

Numbers make codes: the same number gives the same code on every run.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from batteries import codes
from traceability.facts import Fact, read_fact

#: The day on which codes are judged: later than every code made here.
TODAY = date(2030, 1, 1)
#: When lives begin, unless a test says otherwise.
BEGINNING = datetime(2022, 1, 1, tzinfo=UTC)
PREFIX, FOREIGN_PREFIX = "04Q", "001"

When = datetime | str | float


def pack_code(number: int, *, prefix: str = PREFIX, battery_type: str = "E") -> str:
    """A pack's code, 24 characters."""
    return _code("pack", number, prefix, battery_type)


def module_code(number: int, *, prefix: str = PREFIX, battery_type: str = "E") -> str:
    """A module's code."""
    return _code("module", number, prefix, battery_type)


def cell_code(number: int, *, prefix: str = PREFIX, battery_type: str = "E") -> str:
    """A cell's code."""
    return _code("cell", number, prefix, battery_type)


def _code(level: codes.Level, number: int, prefix: str, battery_type: str) -> str:
    return codes.compose(
        level=level,
        battery_type=battery_type,
        manufacturer_code=prefix,
        specification="76",
        traceability="836300J",
        produced_on=date(2021, 12, 4),
        serial=number,
    )


def second_life_code(number: int, *, prefix: str = "08X") -> str:
    """The code of a second-life product, 19 characters."""
    return codes.compose(
        level="pack",
        battery_type="B",
        manufacturer_code=prefix,
        specification="01",
        produced_on=date(2023, 6, 1),
        serial=number,
        second_life=True,
    )


def vin(number: int) -> str:
    """A vehicle identification number with its check digit."""
    return codes.vin_with_check_digit(f"LSVAA49J0{number:08d}")


def organisation_code(number: int) -> str:
    """A unified social credit code with its check digit."""
    return codes.organisation_code_with_check_digit(f"91510100MA6{number:06d}")


def moment(when: When) -> str:
    """ISO 8601 for a moment, a text that is one already, or days since the beginning."""
    if isinstance(when, str):
        return when
    if not isinstance(when, datetime):
        when = BEGINNING + timedelta(days=when)
    return when.isoformat()


def given(
    type_: str,
    organisation: str,
    when: When = 0,
    *,
    battery: str | None = None,
    key: str,
    details: Mapping[str, Any] | None = None,
    **top: Any,
) -> dict[str, Any]:
    """One record of `records.md`, as a sender writes it."""
    record: dict[str, Any] = {
        "key": key,
        "type": type_,
        "organisation": organisation,
        "occurredAt": moment(when),
        "details": dict(details or {}),
        **top,
    }
    return record if battery is None else record | {"battery": battery}


def read(record: Mapping[str, Any]) -> Fact:
    """The record as a checked fact, or the `Refusal` it deserves."""
    return read_fact(record, today=TODAY)


def fact(
    type_: str,
    organisation: str,
    when: When = 0,
    *,
    battery: str | None = None,
    key: str,
    details: Mapping[str, Any] | None = None,
    **top: Any,
) -> Fact:
    """A fact, read from the record that a sender would write."""
    return read(given(type_, organisation, when, battery=battery, key=key, details=details, **top))
