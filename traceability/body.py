"""The bytes of an event: what is hashed, what stands beside it, and how both are read again.

Body: RFC 8785 canonical JSON of {v, record, sequence, previousHash, type, occurredAt, recordedAt, reportedAt,
organisation, actor, key, lot, lotOf, site, attachments, details}, absent members left out; hash = SHA-256(body).
Only null, strings, safe integers, booleans, lists and objects with ASCII keys occur, so sorted compact orjson equals
RFC 8785.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import orjson

from traceability import exact
from traceability.facts import Fact, exact_json
from traceability.shapes import FIELDS
from traceability.values import INLINE, LIST, PERSONAL, TEXT_BESIDE, iso, read_moment

VERSION = 1


@dataclass(frozen=True, slots=True)
class Content:
    """A value that stands beside the body: its place in the details, its text, and the salt of a personal one."""

    name: str
    value: str
    salt: bytes | None = None


def canonical(value: Any) -> bytes:
    """Write the canonical JSON of a value of the profile above."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def commitment(name: str, value: str, salt: bytes) -> str:
    """Commit to a personal value: HMAC-SHA256(salt, name ‖ NUL ‖ value), hexadecimal."""
    return hmac.new(salt, f"{name}\0{value}".encode(), hashlib.sha256).hexdigest()


def digest(value: str) -> str:
    """SHA-256 of a list's canonical form or of a text, hexadecimal."""
    return hashlib.sha256(value.encode()).hexdigest()


def seal(fact: Fact) -> tuple[dict[str, Any], list[Content]]:
    """Split the details into what the body holds and what stands beside it."""
    contents: list[Content] = []
    sealed = _seal(fact.type, fact.details, "", contents)
    return sealed, contents


def _seal(type_: str, details: Mapping[str, Any], prefix: str, contents: list[Content]) -> dict[str, Any]:
    sealed: dict[str, Any] = {}
    fields = FIELDS.get(type_, {})
    for name, value in details.items():
        if name == "replacement":
            inner = _seal(value["type"], value.get("details", {}), f"{prefix}replacement.", contents)
            sealed[name] = {**value, "details": inner}
            continue
        kind = fields.get(name)
        kept = kind.kept if kind else INLINE
        if kept == INLINE:
            sealed[name] = value
            continue
        place = prefix + name
        if kept == PERSONAL:
            salt = secrets.token_bytes(32)
            contents.append(Content(place, value, salt))
            sealed[name] = {"hmac": commitment(place, value, salt)}
        else:
            text = exact_json(value) if kept == TEXT_BESIDE else canonical(value).decode()
            contents.append(Content(place, text))
            sealed[name] = {"sha256": digest(text)}
    return sealed


def write(
    fact: Fact,
    sealed: Mapping[str, Any],
    *,
    record: str,
    sequence: int,
    previous: bytes | None,
    recorded_ms: int,
    actor: str,
) -> tuple[bytes, bytes]:
    """Give the body of an event and its hash."""
    members: dict[str, Any] = {
        "v": VERSION,
        "record": record,
        "sequence": sequence,
        "type": fact.type,
        "occurredAt": iso(fact.occurred_ms),
        "recordedAt": iso(recorded_ms),
        "organisation": fact.organisation,
        "actor": actor,
        "key": fact.key,
        "details": sealed,
    }
    if previous is not None:
        members["previousHash"] = previous.hex()
    if fact.reported_ms is not None:
        members["reportedAt"] = iso(fact.reported_ms)
    if fact.lot:
        members |= {"lot": fact.lot, "lotOf": fact.lot_of}
    if fact.site:
        members["site"] = fact.site
    if fact.attachments:
        members["attachments"] = fact.attachments
    body = canonical(members)
    return body, hashlib.sha256(body).digest()


class Pattern:
    """The bodies of many events that differ in record, key, time and details alone, each the first of its record.

    Cut from a body as `write` gives it, so that there is one form only.
    """

    def __init__(self, fact: Fact, *, recorded_ms: int, actor: str) -> None:
        # Marks of the private use area, which no code and no organisation's name for an actor holds.
        marked = replace(fact, key="\ue000", occurred_ms=0, details={})
        whole, _ = write(marked, {}, record="\ue001", sequence=1, previous=None, recorded_ms=recorded_ms, actor=actor)
        pieces = re.split('(?<="details":)\\{}|"\ue000"|(?<="occurredAt":)"1970[^"]+"|"\ue001"', whole.decode())
        self._before, self._key, self._time, self._record, self._after = pieces

    def write(self, record: str, key: str, occurred: str, details: str) -> tuple[bytes, bytes]:
        """Give a body and its hash; `key` and `details` as canonical JSON, `record` and `occurred` as plain text."""
        body = (
            f'{self._before}{details}{self._key}{key}{self._time}"{occurred}"{self._record}"{record}"{self._after}'
        ).encode()
        return body, hashlib.sha256(body).digest()


def read(body: bytes | memoryview, contents: Iterable[tuple[str, str]] = ()) -> tuple[dict[str, Any], Fact]:
    """Read a stored body, and what stands beside it, back into its members and the fact it records.

    A personal value that was erased is absent from the fact's details.
    """
    members = orjson.loads(body)
    beside = dict(contents)
    details = _open(members["type"], members["details"], "", beside)
    # A correction on the record of an organisation or a batch names neither; no battery code has 18 characters.
    lot, record = members.get("lot", ""), members["record"]
    unnamed = members["type"] == "corrected" and not lot and (len(record) == 18 or "/" in record)
    return members, Fact(
        key=members["key"],
        type=members["type"],
        organisation=members["organisation"],
        occurred_ms=read_moment(members["occurredAt"]),
        code="" if unnamed else record,
        lot=lot,
        lot_of=members.get("lotOf", ""),
        reported_ms=read_moment(members["reportedAt"]) if "reportedAt" in members else None,
        site=members.get("site"),
        attachments=members.get("attachments"),
        details=details,
    )


def _open(type_: str, sealed: Mapping[str, Any], prefix: str, beside: Mapping[str, str]) -> dict[str, Any]:
    details: dict[str, Any] = {}
    fields = FIELDS.get(type_, {})
    for name, value in sealed.items():
        if name == "replacement":
            inner = _open(value["type"], value.get("details", {}), f"{prefix}replacement.", beside)
            details[name] = {**value, "details": inner}
            continue
        kind = fields.get(name)
        kept = kind.kept if kind else INLINE
        if kept == INLINE:
            details[name] = value
        elif (text := beside.get(prefix + name)) is not None:
            details[name] = _opened(kept, text)
    return details


def _opened(kept: str, text: str) -> Any:
    if kept == PERSONAL:
        return text
    if kept == LIST:
        return orjson.loads(text)
    return exact.loads(text)


def commitments(members: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """List what the body says of the values beside it: place → (`hmac` or `sha256`, hexadecimal)."""
    found: dict[str, tuple[str, str]] = {}

    def gather(type_: str, sealed: Mapping[str, Any], prefix: str) -> None:
        fields = FIELDS.get(type_, {})
        for name, value in sealed.items():
            if name == "replacement":
                gather(value["type"], value.get("details", {}), f"{prefix}replacement.")
            elif (kind := fields.get(name)) and kind.kept != INLINE:
                found[prefix + name] = next(iter(value.items()))

    gather(members["type"], members["details"], "")
    return found


def describes(expected: tuple[str, str], name: str, value: str, salt: bytes | None) -> bool:
    """Tell whether a value beside the body is the one that the body commits to."""
    method, expected_digest = expected
    actual = commitment(name, value, salt or b"") if method == "hmac" else digest(value)
    return hmac.compare_digest(actual, expected_digest)
