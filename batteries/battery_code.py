"""Battery codes by GB/T 34014-2017: 24 characters, or 19 for a second-life product.

`read` judges a text and always answers; `parse` wants a valid code and raises; `compose` writes one.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from batteries.label_text import MAX_TEXT, normalise

__all__ = [
    "BATTERY_TYPES",
    "LEVELS",
    "PUBLIC_MANUFACTURERS",
    "BatteryCode",
    "CodeError",
    "Level",
    "Names",
    "Problem",
    "Reading",
    "are_plain",
    "compose",
    "day_of",
    "parse",
    "read",
    "rules",
]

Level = Literal["pack", "module", "cell"]


class Names(NamedTuple):
    """What a letter or prefix of a code is called."""

    english: str
    chinese: str


#: Position 4, and position 19 of a second-life code.
LEVELS: dict[str, Level] = {"P": "pack", "M": "module", "C": "cell"}

#: Position 5.
BATTERY_TYPES: dict[str, Names] = {
    "A": Names("nickel-metal hydride", "镍氢电池"),
    "B": Names("lithium iron phosphate", "磷酸铁锂电池"),
    "C": Names("lithium manganese oxide", "锰酸锂电池"),
    "D": Names("lithium cobalt oxide", "钴酸锂电池"),
    "E": Names("ternary (NCM or NCA)", "三元材料电池"),
    "F": Names("supercapacitor", "超级电容器"),
    "G": Names("lithium titanate", "钛酸锂电池"),
    "Z": Names("other", "其他"),
}

#: Prefixes seen on products, for when no organisation has filed one yet. The full list is not public.
PUBLIC_MANUFACTURERS: dict[str, Names] = {
    "001": Names("CATL", "宁德时代"),
    "03U": Names("Zhengli NIO", "正力蔚来"),
    "04Q": Names("EVE", "亿纬锂能"),
    "081": Names("REPT", "瑞浦兰钧"),
    "00P": Names("Sunwoda", "欣旺达"),
    "07H": Names("Higee", "海基"),
}

#: First day of the standard. Older dates are on products, but nobody was bound to print them.
STANDARD_IN_FORCE_FROM = date(2018, 2, 1)

# Letters that look like digits are left out, and 31 is 0: the tables of hobby decoders differ and are wrong.
_FIRST_YEAR = 2011
_YEARS = "123456789ABCDEFGHJKLMNPRSTVWXY"
_MONTHS = "123456789ABC"
_DAYS = "123456789ABCDEFGHJKLMNPRSTVWXY0"

_NEW_LENGTH = 24
_SECOND_LIFE_LENGTH = 19
_SUFFIX_AT = 17  # 0-based, as all offsets below; positions in problems are 1-based

# All that a regular expression can see. The back-reference: a second-life code ends in the level it begins with.
_FORM = re.compile(r"[0-9A-Z]{3}([PMC])[A-GZ](?:[0-9A-Z]{19}|[0-9A-Z]{12}R\1)")
_PLAIN = re.compile(r"[0-9A-Z]{3}[PMC][A-GZ][0-9A-Z]{19}")
_is_plain = _PLAIN.fullmatch
_CHARACTERS = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_AMBIGUOUS = re.compile("[IOQ]")
# No letter to warn of: most codes pass here, and bulk registration reads many.
_CLEAR = re.compile(r"[0-9A-HJ-NPR-Z]{7}(?:[0-9A-HJ-NPR-Z]{7}.{3}[0-9]{7}|.{3}[0-9]{7}..)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Problem:
    """An error or a warning: its stable code, the 1-based position it begins at, and what stands there."""

    code: str
    position: int | None
    found: str


@dataclass(frozen=True, slots=True)
class BatteryCode:
    """What a valid code says. `traceability` is empty for a second-life product, whose code has no such field."""

    code: str
    level: Level
    battery_type: str
    manufacturer_code: str
    specification: str
    traceability: str
    produced_on: date
    serial: str
    second_life: bool
    warnings: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """The normalised text, with the code it is or the errors that keep it from being one."""

    code: str
    battery_code: BatteryCode | None
    errors: tuple[Problem, ...]
    warnings: tuple[Problem, ...]

    @property
    def valid(self) -> bool:
        """Say whether the text is a battery code; warnings do not matter."""
        return self.battery_code is not None


class CodeError(ValueError):
    """A text is no battery code; `reading` says why."""

    def __init__(self, reading: Reading) -> None:
        super().__init__(reading)
        self.reading = reading

    def __str__(self) -> str:
        return f"{self.reading.code!a}: {', '.join(error.code for error in self.reading.errors)}"


def read(text: str, *, today: date, known_prefixes: Collection[str] | None = None) -> Reading:
    """Judge `text` as a battery code, after `normalise`; never raises.

    19 characters are read as a second-life code, whose positions 18 and 19 say `R` and its level again. Errors come in
    the order of position, all that can be told at once: an illegal character is not reported as a wrong field as well,
    and of a text of the wrong length only its length and its illegal characters. Warnings: `ambiguous_letter` looks at
    what stands before the date (1-14, of a second-life code 1-7, since it has no 8-14 of that meaning),
    `unknown_manufacturer` only when `known_prefixes` is given.
    """
    if len(text) > MAX_TEXT:
        return Reading(text[:_NEW_LENGTH], None, (Problem("length", None, str(len(text))),), ())
    code = normalise(text)
    length = len(code)
    if length == _NEW_LENGTH:
        date_at = 14
    elif length == _SECOND_LIFE_LENGTH:
        date_at = 7
    else:
        return Reading(code, None, (Problem("length", None, str(length)), *_illegal_characters(code)), ())
    produced_on = _date_of(code[date_at : date_at + 3])
    warnings = _warnings(code, date_at, produced_on, known_prefixes)
    form = _FORM.fullmatch(code)
    if form is None or produced_on is None or produced_on > today:
        return Reading(code, None, tuple(_errors(code, date_at, produced_on, today)), warnings)
    battery_code = BatteryCode(
        code,
        LEVELS[code[3]],
        code[4],
        code[:3],
        code[5:7],
        code[7:date_at],
        produced_on,
        code[date_at + 3 : date_at + 10],
        length == _SECOND_LIFE_LENGTH,
        warnings,
    )
    return Reading(code, battery_code, (), warnings)


def are_plain(codes: Iterable[str]) -> bool:
    """Tell whether all are codes of 24 characters as printed, but for their dates (see `day_of`); no second look."""
    return all(map(_is_plain, codes))


def day_of(code: str) -> date | None:
    """Give the day of production that a code of 24 characters says; None when there is no such day."""
    return _date_of(code[14:17])


def parse(text: str, *, today: date) -> BatteryCode:
    """Take `text` apart. Raises CodeError, which carries the whole reading."""
    reading = read(text, today=today)
    if reading.battery_code is None:
        raise CodeError(reading)
    return reading.battery_code


def rules() -> dict[str, Any]:
    """Give the rules as data, for readers in other languages: the form as an expression, the letters of dates."""
    dates = {"firstYear": _FIRST_YEAR, "years": _YEARS, "months": _MONTHS, "days": _DAYS}
    return {"form": _FORM.pattern, "dateAt": {_NEW_LENGTH: 14, _SECOND_LIFE_LENGTH: 7}, **dates}


def compose(
    *,
    level: Level,
    battery_type: str,
    manufacturer_code: str,
    specification: str,
    produced_on: date,
    serial: int | str,
    traceability: str = "",
    second_life: bool = False,
) -> str:
    """Write the code of a battery: 24 characters, or 19 for a second-life product, which has no `traceability`.

    Raises ValueError when a field does not fit its place or `produced_on` is not in 2011-2040.
    """
    year = produced_on.year - _FIRST_YEAR
    if not 0 <= year < len(_YEARS):
        raise ValueError(f"a code can say 2011 to 2040, not {produced_on.year}")
    letter = next((letter for letter, word in LEVELS.items() if word == level), "")
    day = _YEARS[year] + _MONTHS[produced_on.month - 1] + _DAYS[produced_on.day - 1]
    number = f"{serial:07d}" if isinstance(serial, int) else serial
    end = f"R{letter}" if second_life else ""
    code = f"{manufacturer_code}{letter}{battery_type}{specification}{traceability}{day}{number}{end}"
    said = parse(code, today=date.max)
    # A field too long beside one too short still makes 24 characters: compare what the code says with what was meant.
    if (said.code, said.manufacturer_code, said.specification, said.traceability, said.serial, said.second_life) != (
        code, manufacturer_code, specification, traceability, number, second_life,
    ):  # fmt: skip
        raise ValueError(f"a field does not fit its place in {code!a}")
    return code


@lru_cache(maxsize=16_384)
def _date_of(letters: str) -> date | None:
    """Decode the three characters of a date; None for a day that does not exist."""
    year, month, day = (table.find(letter) for table, letter in zip((_YEARS, _MONTHS, _DAYS), letters, strict=True))
    if min(year, month, day) < 0:
        return None
    try:
        return date(_FIRST_YEAR + year, month + 1, day + 1)
    except ValueError:
        return None


def _illegal_characters(code: str) -> Iterator[Problem]:
    """Name each character outside A-Z 0-9; of an over-long text only as far as a code would reach."""
    for position, character in enumerate(code[:_NEW_LENGTH], start=1):
        if character not in _CHARACTERS:
            yield Problem("character", position, character)


def _errors(code: str, date_at: int, produced_on: date | None, today: date) -> list[Problem]:
    errors = list(_illegal_characters(code))

    def check(error: str, start: int, end: int, right: bool) -> None:
        if not right and _CHARACTERS.issuperset(code[start:end]):
            errors.append(Problem(error, start + 1, code[start:end]))

    check("product_type", 3, 4, code[3] in LEVELS)
    check("battery_type", 4, 5, code[4] in BATTERY_TYPES)
    check("date", date_at, date_at + 3, produced_on is not None)
    if produced_on is not None and produced_on > today:
        errors.append(Problem("future_date", date_at + 1, produced_on.isoformat()))
    if len(code) == _SECOND_LIFE_LENGTH:
        check("second_life_suffix", _SUFFIX_AT, _SECOND_LIFE_LENGTH, _is_suffix(code[_SUFFIX_AT:], level=code[3]))
    return sorted(errors, key=lambda error: error.position or 0)


def _is_suffix(suffix: str, *, level: str) -> bool:
    """Say whether `suffix` is R and the level; any level where position 4 is no level, which has its own error."""
    return suffix[0] == "R" and suffix[1] in LEVELS and (suffix[1] == level or level not in LEVELS)


def _warnings(
    code: str, date_at: int, produced_on: date | None, known_prefixes: Collection[str] | None
) -> tuple[Problem, ...]:
    early = produced_on is not None and produced_on < STANDARD_IN_FORCE_FROM
    strange = known_prefixes is not None and code[:3] not in known_prefixes and _CHARACTERS.issuperset(code[:3])
    if not early and not strange and _CLEAR.fullmatch(code):
        return ()
    warnings = [Problem("unknown_manufacturer", 1, code[:3])] if strange else []
    warnings += [Problem("ambiguous_letter", at.start() + 1, at[0]) for at in _AMBIGUOUS.finditer(code, 0, date_at)]
    if produced_on is not None and early:
        warnings.append(Problem("early_date", date_at + 1, produced_on.isoformat()))
    serial = code[date_at + 3 : date_at + 10]
    letter = next((at for at, character in enumerate(serial) if "A" <= character <= "Z"), None)
    if letter is not None:
        warnings.append(Problem("serial_letters", date_at + 4 + letter, serial))
    return tuple(warnings)
