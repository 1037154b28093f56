"""The tables of the law's files: which keys each has, and what each key may hold."""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from traceability.law import vocabulary

_DECIMAL: Final = re.compile(r"\d{1,12}(\.\d{1,9})?", re.ASCII)
_MONTH_AND_DAY: Final = re.compile(r"\d\d-\d\d", re.ASCII)
_KEY: Final = re.compile(r"[a-z0-9]+([._][a-z0-9]+)*", re.ASCII)


class Unreadable(ValueError):
    """A value that is not of its kind."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How a value is read, and what is told to who wrote another."""

    read: Callable[[Any], Any]
    expected: Any


def _of(type_: type, expected: Any) -> Kind:
    def read(value: Any) -> Any:
        if type(value) is not type_:
            raise Unreadable
        return value

    return Kind(read, expected)


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise Unreadable
    return " ".join(value.split())


def _decimal(value: Any) -> Decimal:
    # A number of TOML would be a binary fraction: 99.5 is exact by luck, 99.9 is not.
    if not isinstance(value, str) or not _DECIMAL.fullmatch(value):
        raise Unreadable
    return Decimal(value)


def _date(value: Any) -> date:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise Unreadable
    return value


def _key(value: Any) -> str:
    if not isinstance(value, str) or not _KEY.fullmatch(value):
        raise Unreadable
    return value


def _days(value: Any) -> int:
    if type(value) is not int or not 1 <= value <= 3660:
        raise Unreadable
    return value


def _years(value: Any) -> int:
    if type(value) is not int or not 1 <= value <= 99:
        raise Unreadable
    return value


def _month_and_day(value: Any) -> tuple[int, int]:
    if not isinstance(value, str) or not _MONTH_AND_DAY.fullmatch(value):
        raise Unreadable
    try:
        # A day that there is in every year.
        found = date(2001, int(value[:2]), int(value[3:]))
    except ValueError:
        raise Unreadable from None
    return found.month, found.day


def _word(words: Collection[str]) -> Kind:
    def read(value: Any) -> str:
        if not isinstance(value, str) or value not in words:
            raise Unreadable
        return value

    return Kind(read, ", ".join(words))


def _words(words: Collection[str]) -> Kind:
    def read(value: Any) -> tuple[str, ...]:
        if not isinstance(value, list) or not value or len(set(map(str, value))) < len(value):
            raise Unreadable
        if any(not isinstance(word, str) or word not in words for word in value):
            raise Unreadable
        return tuple(value)

    return Kind(read, ", ".join(words))


def _keys(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        raise Unreadable
    return tuple(map(_key, value))


TEXT: Final = Kind(_text, _("text"))
KEY: Final = Kind(_key, _("small letters, digits and underscores, parts separated by dots"))
DATE: Final = Kind(_date, _("a day without quotation marks, such as 2026-04-01"))
FLAG: Final = _of(bool, _("true or false"))
DECIMAL: Final = Kind(_decimal, _('a decimal in quotation marks, such as "98" or "1.5"'))
DAYS: Final = Kind(_days, _("a whole number of days, 1 to 3660"))
YEARS: Final = Kind(_years, _("a whole number of years, 1 to 99"))
MONTH_AND_DAY: Final = Kind(_month_and_day, _('month and day in quotation marks, such as "03-31"'))
WORDS: Final = Kind(_keys, _("a list of words in small letters"))
CERTAINTY: Final = _word(vocabulary.CERTAINTIES)

_NAMED: Final = {"key": KEY, "title_zh": TEXT, "title_en": TEXT, "number": TEXT, "source": TEXT, "source_zh": TEXT}
_PERIOD: Final = {"in_force_from": DATE, "in_force_until": DATE, "certainty": CERTAINTY}

#: table → key → what it holds
TABLES: Final[dict[str, dict[str, Kind]]] = {
    "instrument": _NAMED | _PERIOD,
    "edition": _NAMED | _PERIOD | {"instrument": KEY},
    "clause": _PERIOD
    | {
        "key": KEY,
        "instrument": KEY,
        "edition": KEY,
        "chapter": TEXT,
        "title_zh": TEXT,
        "title_en": TEXT,
        "text_zh": TEXT,
        "text_en": TEXT,
        "operator": _word(vocabulary.OPERATORS),
        "threshold": DECIMAL,
        "unit": TEXT,
        "who": _words(vocabulary.ROLES),
        "process": _word(vocabulary.PROCESSES),
        "applications": WORDS,
        "years": YEARS,
        "by": MONTH_AND_DAY,
        "enforced": FLAG,
        "source": TEXT,
        "source_zh": TEXT,
    },
    "deadline": _PERIOD
    | {
        "clause": KEY,
        "roles": _words(vocabulary.ROLES),
        "everyone_else": FLAG,
        "events": _words(vocabulary.EVENTS),
        "retired_only": FLAG,
        "days": DAYS,
        "working": FLAG,
        "enforced": FLAG,
    },
    "gap": _PERIOD | {"code": _word(vocabulary.GAPS), "clause": KEY, "note_zh": TEXT, "note_en": TEXT},
}

#: Keys that may be left out: dates are then those of what the row belongs to, and `enforced` follows the certainty.
OPTIONAL: Final = {
    "instrument": {"in_force_until", "source_zh"},
    "edition": {"in_force_until", "source_zh"},
    "clause": {
        *("in_force_from", "in_force_until", "instrument", "edition", "threshold", "unit", "process"),
        *("applications", "years", "by", "enforced", "source", "source_zh"),
    },
    "deadline": {"in_force_from", "in_force_until", "roles", "everyone_else", "retired_only", "enforced"},
    "gap": {"in_force_from", "in_force_until", "clause", "certainty"},
}
