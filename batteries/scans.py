"""What a scanner read, resolved to the battery it names, however the label was printed or the scanner set up."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal
from urllib.parse import unquote

from batteries import battery_code
from batteries.battery_code import Reading, read
from batteries.label_text import BLANKS, MAX_TEXT, normalise

__all__ = ["Scan", "ScanKind", "rules", "scan"]

ScanKind = Literal["battery_code", "label", "digital_link", "unknown"]

# Group separator: how a scanner delivers FNC1, which ends a field of variable length in a GS1 element string.
_GS = "\x1d"
_CONTROLS = "".join(map(chr, range(32))) + "\x7f"

# Identities the system gives to batteries whose label is missing or cannot be read.
_PROVISIONAL = re.compile(r"TMP-[0-9A-Z-]{1,60}")

# Scheme and host, or a bare host name with a dot and a path; then the path, then query and fragment.
_URL = re.compile(r"(?:[A-Z][A-Z0-9+.-]*://[^/?#]*|[^/?#]*\.[A-Z]{2,}(?::[0-9]+)?(?=/))([^?#]*)(.*)", re.DOTALL)
_GTIN = re.compile(r"[0-9]{8}|[0-9]{12,14}")
_GTIN_FIELD = re.compile(rf"(?:^|{_GS})01[0-9]{{14}}")
# Fields of fixed length are not ended by a separator: the GTIN and the dates.
_FIXED_FIELDS = re.compile(r"(?:01[0-9]{14})?(?:1[1-7][0-9]{6})*")
_SYMBOLOGY = re.compile(r"\][A-Z][0-9]")


@dataclass(frozen=True, slots=True)
class Scan:
    """A battery's code, or None with the reading that says what is wrong; a provisional identity has no reading."""

    kind: ScanKind
    code: str | None
    reading: Reading | None


def scan(payload: str, *, today: date) -> Scan:
    """Resolve what a scanner read; never raises, and more than 4096 characters are `unknown`.

    Taken in this order: the bare code (or provisional identity) in any case, width and spacing; a URL (GS1 Digital
    Link with the code as serial, else a path, query or fragment that ends in a code); a GS1 element string; a carrier
    string whose last 24 characters, or else 19, are a code.
    """
    if len(payload) > MAX_TEXT:
        return Scan("unknown", None, None)
    text = payload.strip(_CONTROLS)
    plain = _identity("battery_code", text, today)
    if plain.code is not None:
        return plain
    text = _GS.join(normalise(field) for field in text.split(_GS))
    if url := _URL.fullmatch(text):
        attempts = [_identity(kind, candidate, today) for kind, candidate in _in_url(url[1], url[2])]
        found = next((attempt for attempt in attempts if attempt.code is not None), None)
        # No guessing at the end of a URL: a signature in the query would pass for a code now and then.
        if found or "://" in text:
            return found or (attempts[0] if attempts else plain)
    for kind, candidate in _in_string(text):
        reading = read(candidate, today=today)
        if reading.valid:
            return Scan(kind, reading.code, reading)
    return plain


def rules() -> dict[str, Any]:
    """Give what `scan` goes by as data, for readers in other languages; the order of the attempts is theirs."""
    patterns = {
        "provisional": _PROVISIONAL,
        "url": _URL,
        "gtin": _GTIN,
        "gtinField": _GTIN_FIELD,
        "fixedFields": _FIXED_FIELDS,
        "symbology": _SYMBOLOGY,
        "blanks": BLANKS,
    }
    return {"code": battery_code.rules(), "limit": MAX_TEXT, **{name: one.pattern for name, one in patterns.items()}}


def _identity(kind: ScanKind, text: str, today: date) -> Scan:
    """Read `text` as one whole identity."""
    reading = read(text, today=today)
    if reading.valid:
        return Scan(kind, reading.code, reading)
    if _PROVISIONAL.fullmatch(reading.code):
        return Scan(kind, reading.code, None)
    return Scan("unknown", None, reading)


def _in_url(path: str, rest: str) -> Iterator[tuple[ScanKind, str]]:
    """Yield where a code may stand in a URL; the likeliest place first."""
    segments = [unquote(segment) for segment in path.split("/") if segment]
    serial = _digital_link_serial(segments)
    if serial is not None:
        yield "digital_link", serial
    elif segments:
        yield "label", segments[-1]
    tail = re.split(r"[/?&=#]", rest.rstrip("/"))[-1]
    if tail:
        yield "label", unquote(tail)


def _digital_link_serial(segments: Sequence[str]) -> str | None:
    """Return what follows /21/ in /01/<GTIN>/…; None when this is no GS1 Digital Link."""
    for at in range(len(segments) - 3):
        if segments[at] == "01" and _GTIN.fullmatch(segments[at + 1]):
            return dict(zip(segments[at + 2 :: 2], segments[at + 3 :: 2], strict=False)).get("21")
    return None


def _in_string(text: str) -> Iterator[tuple[ScanKind, str]]:
    """Yield where a code may stand in a GS1 element string, then the end of a carrier string."""
    elements = _SYMBOLOGY.sub("", text, count=1) if text.startswith("]") else text
    if elements.startswith("(01)"):
        for field in elements.split("(")[1:]:
            if field.startswith("21)"):
                yield "digital_link", field[3:]
    elif _GTIN_FIELD.search(elements):
        for field in elements.split(_GS):
            variable = _FIXED_FIELDS.sub("", field, count=1)
            if variable.startswith("21"):
                yield "digital_link", variable[2:]
    joined = text.replace(_GS, "")
    yield "battery_code", joined[-24:]
    yield "battery_code", joined[-19:]
