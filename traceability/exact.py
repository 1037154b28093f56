"""JSON as it was sent: numbers exact, keys given once."""

import json
from decimal import Decimal
from typing import Any, Final

from django.utils.translation import gettext as _

from traceability.errors import Refusal, refuse

#: Digits of the longest number that is taken.
LONGEST: Final = 400


class _Twice(ValueError):
    pass


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise _Twice(next(name for name in names if names.count(name) > 1))
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def decimal(digits: str) -> Decimal:
    """Read a JSON number exactly; one that would take more than some hundred digits to write out is refused."""
    if len(digits) > LONGEST:
        raise ValueError("number")
    number = Decimal(digits)
    # `adjusted` is where the first digit stands: how many places it takes to write the number out.
    if abs(number.adjusted()) > LONGEST:
        raise ValueError("number")
    return number


def _float(digits: str) -> Decimal:
    try:
        return decimal(digits)
    except (ArithmeticError, ValueError):
        raise ValueError("number") from None


def _int(digits: str) -> int | Decimal:
    return int(digits) if len(digits) < 20 else _float(digits)


_decoder = json.JSONDecoder(object_pairs_hook=_once, parse_float=_float, parse_int=_int, parse_constant=_no_constant)


def loads(text: str) -> Any:
    """Parse JSON with decimals kept exact; NaN, Infinity and a key given twice are refused (`invalid_json`)."""
    try:
        return _decoder.decode(text)
    except _Twice as twice:
        raise invalid(f"“{twice}” ×2") from None
    except (ValueError, RecursionError) as error:
        reason = getattr(error, "msg", None) or (_("nested too deeply") if isinstance(error, RecursionError) else error)
        raise invalid(str(reason)) from None


def invalid(reason: str) -> Refusal:
    """Refuse a text that is not JSON."""
    return refuse("invalid_json", value=reason)
