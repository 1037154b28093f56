"""Issuing labels and revoking them: a list of batteries in one call, each recorded on its battery's chain.

A reprint is another `label_issued` with another serial; the label before it reads `replaced` from then on.
"""

import hashlib
from base64 import b32encode
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.utils import timezone

from batteries import label_keys
from batteries.label_states import LabelEvent, histories
from batteries.labels import SERIAL_LENGTH, LabelText, gtin14, sign
from batteries.models import Battery, BatteryModel, Label, LabelKey
from traceability import bulk, calls, events
from traceability.access import Viewer
from traceability.checks import roles_for
from traceability.errors import Problem, Refusal, refuse
from traceability.facts import Fact
from traceability.models import Component, LifecycleEvent, LifecycleRecord
from traceability.receipts import Entry

ISSUED: Final = "label_issued"
REVOKED: Final = "label_revoked"


@dataclass(frozen=True, slots=True)
class IssuedLabel:
    """A label as it was recorded; `text` is what its QR symbol says, None where it was issued elsewhere."""

    code: str
    serial: str
    key_id: str
    text: str | None
    occurred_ms: int
    event_id: int | None


@dataclass(frozen=True, slots=True)
class Issue:
    """What a call issued, in the order of its items."""

    labels: tuple[IssuedLabel, ...]
    replayed: bool


def issue_labels(
    items: Sequence[Mapping[str, Any]],
    *,
    by: Viewer,
    idempotency_key: str,
    occurred_at: datetime | str,
    now: datetime | None = None,
    **shared: Any,
) -> Issue:
    """Issue a label for each battery: all or none, in a fixed number of queries.

    Args:
        items: at most 1,000 of {code, attachments, extra}; each battery once.
        by: who issues: the maker of the batteries, or who filed their manufacturer code.
        idempotency_key: repeated with the same items it gives the same labels.
        occurred_at: when they are issued. The key that signs is that of `now`, the clock's time by default.
        shared: `site` and `reason` of all of them.

    Raises:
        Refusal: with every problem, its path into the call: those of the ledger, `built_in` for a part that has no
            life of its own now, `label_too_long` when the symbol would get too fine for its size.
    """
    try:
        calls.check_size(items)
        key = calls.check_key(idempotency_key)
        _check_role(by, ISSUED)
        facts = _read(ISSUED, items, occurred_at, shared, by=by, key=key)
        return calls.transact(lambda: _issue(facts, by, now or timezone.now()))
    except Refusal as refusal:
        raise calls.told(refusal) from None


def revoke_labels(
    items: Sequence[Mapping[str, Any]],
    *,
    by: Viewer,
    idempotency_key: str,
    occurred_at: datetime | str,
    **shared: Any,
) -> tuple[Entry, ...]:
    """Revoke labels by the codes of their batteries and their serials: all or none.

    Raises:
        Refusal: with every problem, its path into the call: those of the ledger, `unknown_label` for a serial that
            was never issued for that battery.
    """
    try:
        calls.check_size(items)
        key = calls.check_key(idempotency_key)
        _check_role(by, REVOKED)
        facts = _read(REVOKED, items, occurred_at, shared, by=by, key=key)
        return calls.transact(lambda: _revoke(facts, by))
    except Refusal as refusal:
        raise calls.told(refusal) from None


def _check_role(by: Viewer, type_: str) -> None:
    """Ask first, so that nobody without the role gets a key made."""
    organisation = calls.own_code(by)
    if not by.roles & roles_for(type_):
        raise refuse("role", organisation=organisation, value=type_)


def _read(
    type_: str, items: Sequence[Mapping[str, Any]], occurred_at: Any, shared: Mapping[str, Any], *, by: Viewer, key: str
) -> list[Fact]:
    """Read the items as facts, without what the system adds."""
    records = []
    for item in items:
        details = {name: value for name, value in item.items() if name not in ("code", "attachments")}
        record = {"battery": item.get("code"), "occurredAt": occurred_at, "site": shared.get("site")}
        details["reason"] = shared.get("reason")
        records.append(record | {"attachments": item.get("attachments"), "details": details})
    facts = calls.read_items(type_, records, by=by, idempotency_key=key)
    calls.check_caller(facts, by)
    calls.check_distinct(facts)
    return facts


# Issuing -------------------------------------------------------------------------------------------------------------


def _issue(facts: Sequence[Fact], by: Viewer, now: datetime) -> Issue:
    told_before = _told_before(facts, by)
    new = [fact for fact in facts if fact.key not in told_before]
    texts = {text.code: text for text in _texts(new, by, now)} if new else {}
    printed = {fact.key: {"serial": texts[fact.code].serial, "keyId": texts[fact.code].kid} for fact in new}
    details = told_before | printed
    complete = [replace(fact, details={**fact.details, **details[fact.key]}) for fact in facts]
    entries = calls.record_whole(complete, by).entries
    if new:
        _keep(texts.values())
    known = _texts_of(complete, told_before.keys()) | {code: str(text) for code, text in texts.items()}
    return Issue(
        tuple(_issued(entry, known.get(entry.fact.code)) for entry in entries),
        replayed=not new,
    )


def _told_before(facts: Sequence[Fact], by: Viewer) -> dict[str, dict[str, str]]:
    """The serial and key that earlier calls with the same keys were given, so that they are given again."""
    rows = LifecycleEvent.objects.filter(organisation=by.organisation_id, key__in=[fact.key for fact in facts])
    found = {}
    for event in events.stored(rows):
        details = event.fact.details
        found[event.fact.key] = {name: details[name] for name in ("serial", "keyId") if name in details}
    return found


def _texts(facts: Sequence[Fact], by: Viewer, now: datetime) -> Iterator[LabelText]:
    """Sign a text for each battery."""
    assert by.organisation_id is not None
    codes = [fact.code for fact in facts]
    _check_alone(facts)
    gtins, used = _gtins(codes), _serials(codes)
    signing = label_keys.signing_key(by.organisation_id, now)
    problems = []
    for fact in facts:
        serial = _serial(fact, used.get(fact.code, ()))
        text = LabelText(settings.LABEL_HOST, fact.code, signing.row.kid, serial, gtin=gtins.get(fact.code, ""))
        if text.fits:
            yield sign(text, signing.private)
        else:
            problems.append(
                Problem("label_too_long", (*fact.path, "battery"), {"value": fact.code, "host": settings.LABEL_HOST})
            )
    if problems:
        raise Refusal(*problems)


def _check_alone(facts: Sequence[Fact]) -> None:
    """A part shares the life of what it is built into; an event of its own would take it out of there."""
    inside = Component.objects.filter(code__in=[fact.code for fact in facts], until_ms=None)
    inside_ = set(inside.values_list("code", flat=True))
    problems = [
        Problem("built_in", (*fact.path, "battery"), {"value": fact.code}) for fact in facts if fact.code in inside_
    ]
    if problems:
        raise Refusal(*problems)


def _gtins(codes: Collection[str]) -> dict[str, str]:
    """The GTIN of each battery's model, where its maker has one."""
    rows = Battery.objects.filter(
        record__kind=LifecycleRecord.Kind.BATTERY, record__code__in=codes, record__maker__isnull=False
    ).exclude(model_number="")
    models = list(rows.values_list("record__code", "record__maker", "model_number"))
    filed = BatteryModel.objects.filter(
        organisation__in={maker for _, maker, _ in models}, number__in={number for _, _, number in models}
    )
    gtins = {(row.organisation_id, row.number): gtin14(row.gtin) for row in filed}
    return {code: gtins.get((maker, number), "") for code, maker, number in models}


def _serials(codes: Collection[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for code, serial in Label.objects.filter(code__in=codes).values_list("code", "serial"):
        found.setdefault(code, set()).add(serial)
    return found


def _serial(fact: Fact, used: Collection[str]) -> str:
    """Number a print by the key of its event: the same call made twice at once agrees with itself."""
    for attempt in range(1 << 20):
        seed = f"evbatt-label-serial\n{fact.organisation}\n{fact.key}\n{attempt}"
        serial = b32encode(hashlib.sha256(seed.encode()).digest()[:5]).decode()[:SERIAL_LENGTH]
        if serial not in used:
            return serial
    raise AssertionError("a million labels for one battery")


def _keep(texts: Collection[LabelText]) -> None:
    kids = {text.kid for text in texts}
    keys = dict(LabelKey.objects.filter(kid__in=kids).values_list("kid", "id"))
    bulk.insert([Label(code=t.code, serial=t.serial, key_id=keys[t.kid], text=str(t)) for t in texts])


def _texts_of(facts: Sequence[Fact], keys: Collection[str]) -> dict[str, str]:
    """The texts of labels that were issued before, by the codes of their batteries."""
    wanted = {(fact.code, fact.details.get("serial")) for fact in facts if fact.key in keys}
    rows = Label.objects.filter(code__in={code for code, _ in wanted}) if wanted else ()
    return {row.code: row.text for row in rows if (row.code, row.serial) in wanted}


def _issued(entry: Entry, text: str | None) -> IssuedLabel:
    details = entry.fact.details
    return IssuedLabel(
        entry.fact.code,
        details.get("serial", ""),
        details.get("keyId", ""),
        text,
        entry.fact.occurred_ms,
        entry.event_id,
    )


# Revoking ------------------------------------------------------------------------------------------------------------


def _revoke(facts: Sequence[Fact], by: Viewer) -> tuple[Entry, ...]:
    issued = _issued_for([fact.code for fact in facts])
    problems, complete = [], []
    for fact in facts:
        label = issued.get((fact.code, fact.details.get("serial", "")))
        if label is None:
            problems.append(Problem("unknown_label", (*fact.path, "serial"), {"value": fact.details.get("serial", "")}))
        elif label.key_id:
            complete.append(replace(fact, details={**fact.details, "keyId": label.key_id}))
        else:
            complete.append(fact)
    if problems:
        raise Refusal(*problems)
    return calls.record_whole(complete, by).entries


def _issued_for(codes: Collection[str]) -> dict[tuple[str, str], LabelEvent]:
    """The labels that were ever issued for these batteries, by code and serial."""
    rows = LifecycleRecord.objects.filter(kind=LifecycleRecord.Kind.BATTERY, code__in=codes)
    records = dict(rows.values_list("id", "code"))
    return {
        (records[record], event.serial): event
        for record, found in histories(records).items()
        for event in found
        if event.type == ISSUED
    }
