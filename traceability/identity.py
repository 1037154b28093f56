"""The core's view of identity codes, read by the module that settings.IDENTITY_CODES names.

That module gives `read(text, today=…)`, `check_vin(text)` and `check_organisation_code(text)`.
"""

from datetime import date
from functools import cache
from importlib import import_module
from types import ModuleType

from django.conf import settings

from traceability.errors import Problem, Refusal

PROVISIONAL = "TMP-"
LEVELS = {"P": "pack", "M": "module", "C": "cell"}


@cache
def codes() -> ModuleType:
    """The module that reads codes."""
    return import_module(settings.IDENTITY_CODES)


def battery_code(text: str, *, today: date) -> str:
    """Give the normalised battery code, or a refusal with the codes of `decode` (GB/T 34014-2017)."""
    if text[:4].upper() == PROVISIONAL:
        return provisional_code(text)
    reading = codes().read(text, today=today)
    if reading.errors:
        raise Refusal(*(Problem(error.code, (), {"value": text[:200]}) for error in reading.errors))
    return str(reading.code)


def provisional_code(text: str) -> str:
    """Give the normalised TMP- value: up to 60 characters of A–Z, 0–9 and hyphen after it."""
    code = text.strip().upper()
    rest = code[4:]
    if not rest or len(rest) > 60 or not rest.isascii() or not rest.replace("-", "").isalnum():
        raise Refusal(Problem("wrong_value", (), {"value": text[:200], "expected": "TMP-…"}))
    return code


def is_provisional(code: str) -> bool:
    """Tell whether the code is one the system or a recycler gave for want of a readable one."""
    return code.startswith(PROVISIONAL)


def level_of(code: str) -> str:
    """Give `pack`, `module` or `cell`; a provisional identity has no level."""
    return "" if is_provisional(code) else LEVELS.get(code[3:4], "")


def is_second_life(code: str) -> bool:
    """Tell whether it is the 19-character code of a second-life product."""
    return len(code) == 19 and not is_provisional(code)


def prefix_of(code: str) -> str:
    """Give the manufacturer code; a provisional identity has none."""
    return "" if is_provisional(code) else code[:3]
