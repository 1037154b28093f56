"""Kinds of values in records: each reads what a sender gave and gives it back normalised, or adds a problem.

Normalised values are JSON-safe and exact: decimals are canonical strings, times UTC with milliseconds, text NFC.
Masses are kilograms with at most 6 decimals (1 mg), shares at most 9, percents at most 7 (1e-9 of the whole).
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from traceability import identity
from traceability.errors import Problem, Refusal, refuse

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
FIRST_MS = (datetime(1971, 1, 1, tzinfo=UTC) - EPOCH) // MILLISECOND
END_MS = (datetime(9999, 1, 1, tzinfo=UTC) - EPOCH) // MILLISECOND
INLINE, LIST, PERSONAL, TEXT_BESIDE = "inline", "list", "personal", "text"

_DECIMAL = re.compile(r"[+-]?\d{1,30}(\.\d{1,30})?([eE][+-]?\d{1,2})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Context:
    """What reading a value depends on besides the value."""

    today: date


@dataclass(frozen=True, slots=True)
class Kind:
    """How a field is read, what is expected of it, and where it is kept: in the body or beside it."""

    read: Callable[[Any, Context], Any]
    expected: Any
    kept: str = INLINE


def wrong(value: Any, expected: Any, *path: str) -> Refusal:
    """Refuse a value, saying what would be right."""
    return refuse("wrong_value", path, value=shown(value), expected=expected)


def shown(value: Any) -> str:
    """Give a value as a person would recognise it in the own input."""
    return value if isinstance(value, str) else str(value)


def _characters(limit: int) -> Any:
    return format_lazy(_("text of 1 to {limit} characters"), limit=limit)


# Text ----------------------------------------------------------------------------------------------------------------


def clean_text(value: Any, limit: int) -> str:
    """Give NFC text without control characters, of at most `limit` characters."""
    if not isinstance(value, str) or not value.strip() or len(value) > limit:
        raise wrong(value, _characters(limit))
    if not value.isprintable() and any(unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t" for c in value):
        raise wrong(ascii(value[:60]), _("text without control characters"))
    return value if value.isascii() else unicodedata.normalize("NFC", value)


def text(limit: int = 200) -> Kind:
    """Short text that says nothing about a person."""
    return Kind(lambda value, _context: clean_text(value, limit), _characters(limit))


def free_text(limit: int = 2000) -> Kind:
    """Text in which somebody may name a person: kept beside the body."""
    return Kind(lambda value, _context: clean_text(value, limit), _characters(limit), PERSONAL)


def word(*words: str) -> Kind:
    """One of a few words."""
    allowed, expected = frozenset(words), ", ".join(words)

    def read(value: Any, _context: Context) -> str:
        if not isinstance(value, str) or value not in allowed:
            raise wrong(value, expected)
        return value

    return Kind(read, expected)


def pattern(regex: str, expected: str) -> Kind:
    """Text of a fixed form."""
    form = re.compile(regex, re.ASCII)

    def read(value: Any, _context: Context) -> str:
        if not isinstance(value, str) or not form.fullmatch(value):
            raise wrong(value, expected)
        return value

    return Kind(read, expected)


# Numbers -------------------------------------------------------------------------------------------------------------


def exact(value: Any, expected: Any) -> Decimal:
    """Read a decimal from text or a JSON number, exactly; binary floats are refused."""
    if isinstance(value, Decimal) or (isinstance(value, int) and not isinstance(value, bool)):
        number = Decimal(value)
    elif isinstance(value, str) and _DECIMAL.fullmatch(value):
        try:
            number = Decimal(value)
        except InvalidOperation:
            raise wrong(value, expected) from None
    else:
        raise wrong(value, expected)
    if not number.is_finite():
        raise wrong(value, expected)
    return number


def canonical(number: Decimal) -> str:
    """Write a decimal in its one form: no exponent, no trailing zeros."""
    if number == 0:
        return "0"
    plain = format(number, "f")
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def number(low: str | None, high: str, places: int, expected: Any) -> Kind:
    """A decimal in a closed range, with at most so many decimals."""
    least, most, grain = (None if low is None else Decimal(low)), Decimal(high), Decimal(1).scaleb(-places)

    def read(value: Any, _context: Context) -> str:
        given = exact(value, expected)
        if abs(given) > most or (least is not None and given < least):
            raise wrong(value, expected)
        if given % grain:
            raise wrong(value, expected)
        return canonical(given)

    return Kind(read, expected)


MASS = number("0", "1000000000", 6, _("kilograms ≥ 0, at most 6 decimals"))
SHARE = number("0", "1", 9, _("0 to 1, at most 9 decimals"))
PERCENT = number("0", "100", 7, _("0 to 100, at most 7 decimals"))
AMOUNT = number("0", "1000000000000", 9, _("a number ≥ 0, at most 9 decimals"))


def whole(low: int, high: int) -> Kind:
    """A whole number in a closed range."""
    expected = f"{low}–{high}"

    def read(value: Any, _context: Context) -> int:
        given = exact(value, expected)
        if given != given.to_integral_value() or not low <= given <= high:
            raise wrong(value, expected)
        return int(given)

    return Kind(read, expected)


@lru_cache(maxsize=4_096)
def milligrams(kilograms: str | None) -> int | None:
    """Give a normalised mass as integer milligrams."""
    return None if kilograms is None else int(Decimal(kilograms).scaleb(6))


def ppb(percent: str | None) -> int | None:
    """Give a normalised percentage as integer parts per billion."""
    return None if percent is None else int(Decimal(percent).scaleb(7))


def percent(parts: int | None) -> Decimal | None:
    """Give parts per billion as a percentage, exactly."""
    return None if parts is None else Decimal(canonical(Decimal(parts).scaleb(-7)))


def kilograms(mg: int | None) -> Decimal | None:
    """Give integer milligrams as kilograms, exactly."""
    return None if mg is None else Decimal(canonical(Decimal(mg).scaleb(-6)))


# Time ----------------------------------------------------------------------------------------------------------------


def to_ms(moment: datetime) -> int:
    """Give whole milliseconds since 1970; finer parts are cut off."""
    return (moment - EPOCH) // MILLISECOND


def from_ms(ms: int) -> datetime:
    """Give the moment, in UTC."""
    return EPOCH + ms * MILLISECOND


def iso(ms: int) -> str:
    """Write a moment in its one form: UTC with milliseconds."""
    return from_ms(ms).strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03d}Z"


_MOMENT = _("a time with its offset, such as 2022-03-01T08:00:00+08:00")


def read_moment(value: Any) -> int:
    """Read a moment with an offset as milliseconds since 1970."""
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    except (ValueError, TypeError):
        raise wrong(value, _MOMENT) from None
    if moment.tzinfo is None or moment.utcoffset() is None:
        raise wrong(value, _MOMENT)
    # Judged as the instant it is: a local year says nothing about the year in UTC.
    ms = to_ms(moment)
    if not FIRST_MS <= ms < END_MS:
        raise wrong(value, _("a time from 1971 to 9998"))
    return ms


def _read_day(value: Any, _context: Context) -> str:
    try:
        if isinstance(value, str) and len(value) == 10:
            return date.fromisoformat(value).isoformat()
    except ValueError:
        pass
    raise wrong(value, "YYYY-MM-DD")


MOMENT = Kind(lambda value, _context: iso(read_moment(value)), _MOMENT)
DAY = Kind(_read_day, "YYYY-MM-DD")

# Codes ---------------------------------------------------------------------------------------------------------------


def _read_battery(value: Any, context: Context) -> str:
    if not isinstance(value, str):
        raise wrong(value, "GB/T 34014")
    return identity.battery_code(value, today=context.today)


def _read_vin(value: Any, _context: Context) -> str:
    if isinstance(value, str):
        try:
            return str(identity.codes().check_vin(value))
        except ValueError:
            pass
    raise wrong(value, "VIN (GB 16735)")


def _read_new_organisation(value: Any, _context: Context) -> str:
    if isinstance(value, str):
        try:
            return str(identity.codes().check_organisation_code(value))
        except ValueError:
            pass
    raise wrong(value, "GB 32100")


BATTERY = Kind(_read_battery, "GB/T 34014")
VIN = Kind(_read_vin, "VIN (GB 16735)", PERSONAL)
#: An organisation that has to exist: whether it does is asked of the database, not of the form.
ORGANISATION = pattern(r"[0-9A-Z]{18}", "GB 32100")
NEW_ORGANISATION = Kind(_read_new_organisation, "GB 32100")
REGION = pattern(r"[1-9]\d{5}", "GB/T 2260")
FLAG = Kind(
    lambda value, _context: value if isinstance(value, bool) else _raise(wrong(value, "true, false")), "true, false"
)


def _raise(error: Exception) -> Any:
    raise error


# Compounds -----------------------------------------------------------------------------------------------------------

ONCE = _("each one only once")


def items(kind: Kind, limit: int, *, kept: str = INLINE, unique: bool = False) -> Kind:
    """A list of values of one kind."""

    def read(value: Any, context: Context) -> list[Any]:
        if not isinstance(value, list):
            raise wrong(value, _("a list"))
        if len(value) > limit:
            raise refuse("too_many", value=len(value), limit=limit)
        problems: list[Problem] = []
        found = [collect(problems, kind, item, context, str(place)) for place, item in enumerate(value)]
        if problems:
            raise Refusal(*problems)
        if unique and len(set(found)) < len(found):
            place, twice = next((place, item) for place, item in enumerate(found) if item in found[:place])
            raise wrong(twice, ONCE, str(place))
        return found

    return Kind(read, _("a list"), kept)


def mapping(key: str, kind: Kind, limit: int = 100, *, known: Callable[[str], bool] | None = None) -> Kind:
    """An object with free keys of a fixed form, or of those that are `known`, and values of one kind."""
    form = re.compile(key)

    def read(value: Any, context: Context) -> dict[str, Any]:
        if not isinstance(value, Mapping) or len(value) > limit:
            raise wrong(value, _("an object"))
        problems = [
            Problem("unknown_field", (str(name),), {"value": str(name)[:200]})
            for name in value
            if not form.fullmatch(str(name)) or (known is not None and not known(str(name)))
        ]
        found = {name: collect(problems, kind, item, context, name) for name, item in value.items() if not problems}
        if problems:
            raise Refusal(*problems)
        return {name: item for name, item in found.items() if item is not None}

    return Kind(read, _("an object"))


def structure(fields: Mapping[str, Kind], required: frozenset[str] = frozenset(), *, kept: str = INLINE) -> Kind:
    """An object with these fields; null counts as absent, other fields are refused."""

    def read(value: Any, context: Context) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise wrong(value, _("an object"))
        problems: list[Problem] = []
        found: dict[str, Any] = {}
        for name, item in value.items():
            if name not in fields:
                problems.append(Problem("unknown_field", (str(name),), {"value": str(name)[:200]}))
            elif item is not None:
                found[name] = collect(problems, fields[name], item, context, name)
        problems += [
            Problem("missing_field", (name,), {"value": name}) for name in sorted(required) if value.get(name) is None
        ]
        if problems:
            raise Refusal(*problems)
        return found

    return Kind(read, _("an object"), kept)


def one_of(kind: Kind, names: Sequence[str]) -> Kind:
    """An object of this kind that has one of these fields, and no two."""
    listed = ", ".join(names)

    def read(value: Any, context: Context) -> Any:
        found = kind.read(value, context)
        given = [name for name in names if name in found]
        if not given:
            raise refuse("missing_field", (names[0],), value=listed)
        if len(given) > 1:
            raise wrong(found[given[1]], listed, given[1])
        return found

    return Kind(read, kind.expected, kind.kept)


def collect(problems: list[Problem], kind: Kind, value: Any, context: Context, *path: str) -> Any:
    """Read one value; what is wrong joins the list, with its path."""
    try:
        return kind.read(value, context)
    except Refusal as refusal:
        problems.extend(problem.under(*path) for problem in refusal.problems)
        return None
