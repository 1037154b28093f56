"""The code of a second-life product: proposed by the system, free, and never proposed twice.

A product is coded anew by GB/T 34014 with 19 characters; its serial counts the products that its maker codes on a day.
A proposal is no fact: the product begins with its `assembled`, under this code or another.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone

from batteries.battery_code import BATTERY_TYPES, LEVELS, compose
from batteries.models import ProductCode
from traceability import calls, values
from traceability.access import Viewer
from traceability.checks import roles_for
from traceability.errors import Conflict, Problem, Refusal, refuse
from traceability.models import CodePrefix, LifecycleRecord

_SPECIFICATION: Final = re.compile(r"[0-9A-Z]{2}", re.ASCII)
_LAST: Final = 9_999_999
#: Where the serial stands in a code of 19 characters.
_SERIAL: Final = slice(10, 17)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A code, and whether it had been proposed for this call before."""

    code: str
    replayed: bool


def propose_product_code(
    *,
    level: str,
    battery_type: str,
    specification: str,
    by: Viewer,
    idempotency_key: str,
    produced_on: date | None = None,
    manufacturer_code: str | None = None,
    now: datetime | None = None,
) -> Proposal:
    """Propose a free code for a product of the viewer's organisation.

    Args:
        level: pack, module or cell.
        specification: two characters of its maker's own (positions 6 and 7).
        produced_on: today by default; not a day to come.
        manufacturer_code: one that the organisation filed; needed only where it filed several.

    Raises:
        Refusal: with every problem: `role`, `no_prefix`, `wrong_value`, `future_date`, `key_reused`, `too_many`.
    """
    organisation = calls.own_code(by)
    if not by.roles & roles_for("assembled"):
        raise refuse("role", organisation=organisation, value="assembled")
    key = calls.check_key(idempotency_key)
    today = timezone.localdate(now)
    problems: list[Problem] = []
    if level not in LEVELS.values():
        problems += values.wrong(level, ", ".join(LEVELS.values()), "level").problems
    if battery_type not in BATTERY_TYPES:
        problems += values.wrong(battery_type, ", ".join(BATTERY_TYPES), "batteryType").problems
    if not _SPECIFICATION.fullmatch(specification):
        problems += values.wrong(specification[:20], "A–Z 0–9, 2", "specification").problems
    day = produced_on or today
    if day > today:
        problems.append(Problem("future_date", ("producedOn",), {"value": day.isoformat()}))
    elif not date(2011, 1, 1) <= day <= date(2040, 12, 31):
        problems += values.wrong(day.isoformat(), "2011–2040", "producedOn").problems
    prefix = _prefix(by, manufacturer_code, problems)
    if problems:
        raise Refusal(*problems)
    pattern = compose(
        level=next(word for word in LEVELS.values() if word == level),
        battery_type=battery_type,
        manufacturer_code=prefix,
        specification=specification,
        produced_on=day,
        serial=0,
        second_life=True,
    )
    assert by.organisation_id is not None
    organisation_id = by.organisation_id
    return calls.transact(lambda: _take(organisation_id, key, pattern))


def _prefix(by: Viewer, given: str | None, problems: list[Problem]) -> str:
    own = list(CodePrefix.objects.filter(organisation=by.organisation_id).values_list("prefix", flat=True))
    if not own:
        problems.append(Problem("no_prefix", (), {"value": by.organisation_code}))
    elif given is not None and given not in own:
        problems += values.wrong(given[:20], ", ".join(own), "manufacturerCode").problems
    elif given is None and len(own) > 1:
        problems.append(Problem("missing_field", ("manufacturerCode",), {"value": "manufacturerCode"}))
    return given or (own[0] if own else "")


def _take(organisation_id: int, key: str, pattern: str) -> Proposal:
    """Take the next free number of the maker's day; calls at once wait for each other at the manufacturer code."""
    list(CodePrefix.objects.select_for_update(no_key=True).filter(prefix=pattern[:3]))
    if (before := _proposed(organisation_id, key, pattern)) is not None:
        return Proposal(before, replayed=True)
    head, tail = pattern[: _SERIAL.start], pattern[_SERIAL.stop :]
    serial = _next(head, tail)
    if serial > _LAST:
        raise refuse("too_many", ("producedOn",), value=serial, limit=_LAST)
    code = f"{head}{serial:07d}{tail}"
    taken = {"key": key, "code": code, "prefix": head[:3], "day": head[7:], "serial": serial}
    try:
        with transaction.atomic():
            ProductCode.objects.create(organisation_id=organisation_id, **taken)
    except IntegrityError:
        raise Conflict(Problem("concurrent_change")) from None
    return Proposal(code, replayed=False)


def _proposed(organisation_id: int, key: str, pattern: str) -> str | None:
    """What this call was answered before; refuses `key_reused` when it asked for something else then."""
    code = ProductCode.objects.filter(organisation=organisation_id, key=key).values_list("code", flat=True).first()
    if code is not None and f"{code[:10]}{pattern[_SERIAL]}{code[17:]}" != pattern:
        raise refuse("key_reused", ("idempotencyKey",), value=key)
    return code


def _next(head: str, tail: str) -> int:
    """The first number of the day after those proposed that no product has, by whatever way it came to its code."""
    last = ProductCode.objects.filter(prefix=head[:3], day=head[7:]).aggregate(last=Max("serial"))["last"] or 0
    # Both ends have the same length and capital letters only: every collation agrees what lies between.
    between = {"code__gte": f"{head}0000000{tail}", "code__lte": f"{head}9999999{tail}"}
    records = LifecycleRecord.objects.filter(kind=LifecycleRecord.Kind.BATTERY, **between)
    taken = set(records.values_list("code", flat=True))
    serial = int(last) + 1
    while f"{head}{serial:07d}{tail}" in taken:
        serial += 1
    return serial
