"""How the details of an event are written: the same way by server and browser, so that they can be compared.

A word is translated, a list is joined, an object is its members in order; everything else stands as it was recorded.
`shown.js` does the same from the stored bytes, with the same words.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from batteries.rows import EventRow
from traceability.values import from_ms
from web.battery.words import FIELDS, SAID, UNITS, spoken
from web.words import TYPES, VALUES, Words

#: So many items of a list are written.
MOST: Final = 20
#: Details that hold codes of batteries, and those that hold codes of organisations.
_BATTERIES: Final = frozenset("components removed added sources into from as parent".split())
_PARTIES: Final = frozenset({"to", "from", "holder", "organisation"})
#: The sender's own data, and what a correction puts in place, which is shown in its own right.
_NOT_SHOWN: Final = frozenset({"extra", "replacement"})
_PARTY: Final = 18
_ZONE_MS: Final = 8 * 3_600_000


@dataclass(frozen=True, slots=True)
class Detail:
    """One detail of an event."""

    name: str
    title: Any
    text: str
    unit: str = ""
    #: Codes of batteries that it is made of, where it is nothing else.
    links: tuple[str, ...] = ()
    more: int = 0
    #: The name of the organisation whose code it is.
    party: str = ""


def moment(ms: int) -> str:
    """A time at +08:00, to the second."""
    return from_ms(ms + _ZONE_MS).strftime("%Y-%m-%d %H:%M:%S")


def details_of(row: EventRow, parties: Mapping[str, str]) -> list[Detail]:
    """List the details of an event; `parties` names organisations by their codes."""
    return [
        _detail(name, value, parties) for name, value in sorted((row.details or {}).items()) if name not in _NOT_SHOWN
    ]


def parties_in(row: EventRow) -> list[str]:
    """The codes of organisations that an event's details name."""
    return [value for name, value in (row.details or {}).items() if name in _PARTIES and isinstance(value, str)]


def _detail(name: str, value: Any, parties: Mapping[str, str]) -> Detail:
    given = [_code(one) for one in (value if isinstance(value, list) else [value])]
    # `from` and `to` name batteries on some types and organisations, whose codes have 18 characters, on others.
    codes = tuple(given) if name in _BATTERIES and all(len(code) > _PARTY for code in given) else ()
    return Detail(
        name,
        FIELDS.get(name, name),
        told(name, value),
        UNITS.get(name, ""),
        codes[:MOST],
        max(len(codes) - MOST, 0),
        parties.get(value, "") if isinstance(value, str) and name in _PARTIES else "",
    )


def _code(one: Any) -> str:
    """The code of a part, by itself or with what is known of it."""
    return str(one.get("code", "")) if isinstance(one, Mapping) else str(one)


def told(name: str, value: Any) -> str:
    """Write a value as the page shows it."""
    if isinstance(value, Mapping):
        if name == "components":
            return _code(value)
        return "; ".join(f"{FIELDS.get(key, key)} {told(key, value[key])}" for key in sorted(value))
    if isinstance(value, Sequence) and not isinstance(value, str):
        text = ", ".join(told(name, one) for one in value[:MOST])
        return f"{text} … ({len(value)})" if len(value) > MOST else text
    if isinstance(value, bool):
        return "✓" if value else "✗"
    return str(VALUES.get(name, {}).get(value, value))


def words_for_scripts() -> dict[str, Words]:
    """What the browser needs to write the same."""
    return {"fields": spoken(FIELDS), "values": spoken(VALUES), "types": spoken(TYPES), "said": spoken(SAID)}
