"""What a scanned label is worth: its signature, then what the ledger says of its serial.

valid      signed by a key of this system, and the label that its battery has now
replaced   a later label was issued for the battery: this one should be on no battery any more
revoked    the label, or the key that signed it, was revoked
altered    names a key of ours or our address, and is not what was signed
foreign    somebody else's: another address, or a key that nobody here knows
unknown    none of these: on the record there is no such label, or the scanner changed the text, or nothing is signed
"""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from django.conf import settings
from django.db.models import Count

from batteries.labels import LabelReading, is_under, read_label, verify
from batteries.models import LabelKey
from traceability import body
from traceability.events import batches
from traceability.models import Step

LabelStatus = Literal["valid", "replaced", "revoked", "altered", "foreign", "unknown"]
_TYPES: Final = ("label_issued", "label_revoked")


@dataclass(frozen=True, slots=True)
class LabelEvent:
    """A label that was issued or revoked, as it stands on its battery's chain."""

    type: str
    serial: str
    key_id: str
    occurred_ms: int
    event_id: int


@dataclass(frozen=True, slots=True)
class LabelFinding:
    """What was found of one label; `misread` says that the scanner changed its letters."""

    authentic: bool
    status: LabelStatus
    issued_ms: int | None = None
    misread: bool = False


FOREIGN: Final = LabelFinding(False, "foreign")
ALTERED: Final = LabelFinding(False, "altered")
UNJUDGED: Final = LabelFinding(False, "unknown")


def judge(payload: str, record_id: int | None) -> LabelFinding | None:
    """Judge a payload as the label of the battery it names; None when it is no label. At most two queries.

    Args:
        record_id: the record of the battery that the payload names, None when it has none.
    """
    reading = read_label(payload)
    if reading is None:
        return None
    text = reading.text
    key = LabelKey.objects.filter(kid=text.kid).first() if text else None
    if text is None or key is None:
        return _unsigned(reading)
    if not verify(text, bytes(key.public_key)):
        return ALTERED
    if reading.form == "folded":
        return LabelFinding(False, "unknown", misread=True)
    if key.revoked_at is not None:
        # Whoever has the key can sign: nothing that it signed is authentic any more.
        return LabelFinding(False, "revoked")
    history = histories([record_id])[record_id] if record_id is not None else []
    status, issued_ms = status_of(history, text.serial, text.kid)
    return LabelFinding(True, status, issued_ms)


def _unsigned(reading: LabelReading) -> LabelFinding:
    if reading.text is not None or not is_under(reading.host, settings.LABEL_HOST):
        return FOREIGN
    return ALTERED if reading.form == "damaged" else UNJUDGED


def histories(record_ids: Collection[int]) -> dict[int, list[LabelEvent]]:
    """The labels issued and revoked on these chains, in order of occurrence, corrections applied; one query."""
    found: dict[int, list[LabelEvent]] = defaultdict(list)
    for batch in batches(record_ids):
        steps = Step.objects.filter(record__in=batch, effective=True, type__in=_TYPES).select_related("event")
        for step in steps.order_by("record", "occurred_ms", "arrival"):
            found[step.record_id].append(_read(step))
    return found


def revocations(after: int, limit: int) -> list[tuple[int, list[str]]]:
    """The revocations that stand, by the number of their events, each with the fingerprints of its labels.

    Two queries. A page of `limit` that is full may be followed by another.
    """
    steps = Step.objects.filter(event__gt=after, effective=True, type="label_revoked")
    rows = list(steps.select_related("event", "record").order_by("event")[:limit])
    events = {step.event_id: _read(step) for step in rows}
    # One that names no serial means all labels before it: those have to be looked up.
    whole = histories({step.record_id for step in rows if not events[step.event_id].serial})
    found = []
    for step in rows:
        event = events[step.event_id]
        serials = [event.serial] if event.serial else _issued_before(whole[step.record_id], event)
        found.append((step.event_id, [fingerprint(step.record.code, serial) for serial in serials]))
    return found


def _issued_before(history: Sequence[LabelEvent], revocation: LabelEvent) -> list[str]:
    before = history[: history.index(revocation)]
    return [event.serial for event in before if event.type == "label_issued" and event.serial]


def fingerprint(code: str, serial: str) -> str:
    """Name a label to those who hold it, and to nobody else: SHA-256 of `<code>/<serial>`, hexadecimal."""
    return hashlib.sha256(f"{code}/{serial}".encode()).hexdigest()


def _read(step: Step) -> LabelEvent:
    _, fact = body.read(step.event.body)
    details = (fact.replacement or fact).details
    return LabelEvent(step.type, details.get("serial", ""), details.get("keyId", ""), step.occurred_ms, step.event_id)


def status_of(history: Sequence[LabelEvent], serial: str, key_id: str) -> tuple[LabelStatus, int | None]:
    """The state of one serial on its chain, and when it was issued."""
    places = [
        place
        for place, event in enumerate(history)
        if (event.type, event.serial, event.key_id) == ("label_issued", serial, key_id)
    ]
    if not places:
        return "unknown", None
    place = places[-1]
    issued_ms = history[place].occurred_ms
    if _is_revoked(history, place):
        return "revoked", issued_ms
    if any(event.type == "label_issued" for event in history[place + 1 :]):
        return "replaced", issued_ms
    return "valid", issued_ms


def replaced(record_ids: Collection[int]) -> dict[int, list[str]]:
    """The serials of labels that a later one replaced, by record; at most two queries for 5,000 of them."""
    again: list[int] = []
    for batch in batches(record_ids):
        issued = Step.objects.filter(record__in=batch, effective=True, type="label_issued").order_by()
        times = issued.values("record").annotate(times=Count("event"))
        again += times.filter(times__gt=1).values_list("record", flat=True)
    return {
        record_id: [
            event.serial
            for event in history
            if event.type == "label_issued" and status_of(history, event.serial, event.key_id)[0] == "replaced"
        ]
        for record_id, history in histories(again).items()
    }


def current(history: Sequence[LabelEvent]) -> LabelEvent | None:
    """The label that a battery has now; None when it has none, or the last one was revoked."""
    issued = [place for place, event in enumerate(history) if event.type == "label_issued"]
    return history[issued[-1]] if issued and not _is_revoked(history, issued[-1]) else None


def _is_revoked(history: Sequence[LabelEvent], place: int) -> bool:
    """A revocation names a serial, wherever it stands; one that names none means what was issued before it."""
    serial = history[place].serial
    return any(
        event.type == "label_revoked" and (event.serial == serial or (not event.serial and later > place))
        for later, event in enumerate(history)
    )
