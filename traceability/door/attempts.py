"""Failed attempts: counted, and after too many of them a lock that grows with each repetition.

    guard = [Count("password", name, address, EACH), Count("password", "", address, MANY)]
    if seconds := locked(guard): ...refuse, nothing is tried
    if wrong: seconds = fail(guard)
    else: forget(guard[:1])

Only failures write; who comes in at once costs one indexed read, and a token's right secret not even that.
"""

import hashlib
import hmac
import secrets
import time
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog
from django.conf import settings
from django.db import connection
from django.db.models import F, Q

from traceability.door.models import Attempt

log = structlog.get_logger("traceability.door")

DAY_MS: Final = 86_400_000
#: One failure in so many also sweeps rows that say nothing any more.
SWEEP: Final = 200


@dataclass(frozen=True, slots=True)
class Rule:
    """So many failures within so many seconds lock for a minute, then two, four … up to the longest."""

    failures: int = 10
    seconds: int = 300
    first_lock: int = 60
    longest_lock: int = 3_600


#: One account from one address, one known device, one prefix of tokens.
EACH: Final = Rule()
#: One address, behind which a whole office may sit.
ADDRESS: Final = Rule(failures=50)
#: One account from anywhere: wide, so that it takes a botnet to reach it, and known devices pass even then.
ACCOUNT: Final = Rule(failures=100, seconds=3_600, first_lock=900)


@dataclass(frozen=True, slots=True)
class Count:
    """One row of `Attempt`: what is counted, and by which rule."""

    scope: str
    subject: str = ""
    origin: str = ""
    rule: Rule = EACH

    @property
    def key(self) -> tuple[str, str, str]:
        """The row's key, without names or addresses."""
        return self.scope, hashed(self.subject), hashed(self.origin)


def hashed(text: str) -> str:
    """Give a keyed hash of a name or an address; nothing for nothing. Spellings of one name are one."""
    if not text:
        return ""
    plain = unicodedata.normalize("NFKC", text).casefold().strip().encode("utf-8", "surrogatepass")
    key = f"door:{settings.SECRET_KEY}".encode()
    return hmac.new(key, plain, hashlib.sha256).hexdigest()[:32]


def now_ms() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def locked(counts: Sequence[Count]) -> int:
    """Give the seconds until none of these is locked; 0 when none is."""
    now = now_ms()
    wanted = Q()
    for count in counts:
        wanted |= Q(**dict(zip(("scope", "subject", "origin"), count.key, strict=True)))
    untils = Attempt.objects.filter(wanted, until_ms__gt=now).values_list("until_ms", flat=True)
    return _seconds(max(untils, default=now) - now)


def fail(counts: Sequence[Count]) -> int:
    """Count one more failure for each, in one statement; give the seconds of the lock that this began, or 0."""
    now, longest = now_ms(), 0
    rules = {count.key: count for count in counts}
    for *key, failures, locks in _counted(list(rules.values()), now):
        count = rules[tuple(key)]
        if failures >= count.rule.failures:
            longest = max(longest, _lock(count, locks, now))
    if secrets.randbelow(SWEEP) == 0:
        sweep()
    return longest


def forget(counts: Sequence[Count]) -> None:
    """Begin to count anew for these: whoever they are, they knew the secret."""
    for count in counts:
        scope, subject, origin = count.key
        Attempt.objects.filter(scope=scope, subject=subject, origin=origin).delete()


def unlock(*, account: str = "", origin: str = "") -> int:
    """Forget all failures on an account, from an address, or (with neither) altogether; give the number of rows."""
    rows = Attempt.objects.all()
    if account:
        rows = rows.filter(subject=hashed(account))
    if origin:
        rows = rows.filter(origin=hashed(origin))
    return rows.delete()[0]


def once(scope: str, subject: str, origin: str, *, seconds: int) -> bool:
    """Whether this happens for the first time within so many seconds, seen by every process."""
    count = Count(scope, subject, origin, Rule(failures=2, seconds=seconds, first_lock=seconds))
    ((*_, failures, _locks),) = _counted([count], now_ms())
    return bool(failures == 1)


def sweep() -> int:
    """Delete the rows that say nothing any more."""
    return Attempt.objects.filter(forget_ms__lt=now_ms()).delete()[0]


def _counted(counts: Sequence[Count], now: int) -> list[Any]:
    table = connection.ops.quote_name(Attempt._meta.db_table)
    old, new = f"{table}.since_ms", "excluded.since_ms"
    fresh = f"{new} - {old} >= excluded.window_ms"
    values = ", ".join(["(%s, %s, %s, 1, %s, %s, 0, 0, %s)"] * len(counts))
    # Names of this module only; every value is a parameter.
    statement = f"""
        INSERT INTO {table} (scope, subject, origin, failures, since_ms, window_ms, locks, until_ms, forget_ms)
        VALUES {values}
        ON CONFLICT (scope, subject, origin) DO UPDATE SET
            failures = CASE WHEN {fresh} THEN 1 ELSE {table}.failures + 1 END,
            since_ms = CASE WHEN {fresh} THEN {new} ELSE {old} END,
            locks = CASE WHEN {new} - {old} >= {DAY_MS} THEN 0 ELSE {table}.locks END,
            forget_ms = CASE WHEN {table}.forget_ms > excluded.forget_ms
                THEN {table}.forget_ms ELSE excluded.forget_ms END
        RETURNING scope, subject, origin, failures, locks"""  # noqa: S608
    parameters: list[Any] = []
    # In one order always, so that two failures at once wait for each other instead of deadlocking.
    for count in sorted(counts, key=lambda count: count.key):
        parameters += [*count.key, now, count.rule.seconds * 1_000, now + DAY_MS]
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())


def _lock(count: Count, locks: int, now: int) -> int:
    seconds = min(count.rule.first_lock << min(locks, 16), count.rule.longest_lock)
    scope, subject, origin = count.key
    rows = Attempt.objects.filter(scope=scope, subject=subject, origin=origin, failures__gte=count.rule.failures)
    until = now + seconds * 1_000
    rows.update(failures=0, locks=F("locks") + 1, since_ms=until, until_ms=until, forget_ms=until + DAY_MS)
    log.warning("locked", scope=scope, account=subject[:12], origin=count.origin, seconds=seconds, times=locks + 1)
    return seconds


def _seconds(milliseconds: int) -> int:
    return -(-max(milliseconds, 0) // 1_000)
