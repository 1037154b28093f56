"""What an organisation may ask of the servers: points that come back at a steady rate.

A request costs one point for coming, one for each kilobyte it hands over, and one for each object it asks for. All
processes share one row an organisation, charged by one statement. So that a read does not become a write each time, a
process takes a hundredth of the bucket at once and spends it by itself; what it leaves over for a minute is forfeited.
"""

import threading
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.db import connection

from traceability.access import Viewer
from traceability.door.attempts import now_ms
from traceability.door.models import Budget

#: How many parts of a full bucket a process takes at once, and for how long it may keep one.
PARTS: Final = 100
KEPT_MS: Final = 60_000


@dataclass(frozen=True, slots=True)
class Bucket:
    """The size of every organisation's bucket; `settings.GRAPHQL_POINTS` has both figures."""

    size: int
    a_minute: int

    @classmethod
    def from_settings(cls) -> "Bucket":
        """Read the figures; a size of 0 means that nothing is counted."""
        return cls(**settings.GRAPHQL_POINTS)


class OverBudget(Exception):
    """The organisation has spent its points; `seconds` until there are enough again."""

    def __init__(self, seconds: int, points: int) -> None:
        super().__init__(f"{points} points in {seconds} s")
        self.seconds = seconds
        self.points = points


@dataclass(slots=True)
class _Lease:
    """What this process took and has not spent yet, and what the bucket held besides."""

    points: int
    left_in_bucket: int
    until_ms: int


_leases: dict[str, _Lease] = {}
_lock = threading.Lock()


def spend(viewer: Viewer, points: int) -> int | None:
    """Charge the viewer's organisation and give what it has left (about); None where nothing is counted.

    Raises:
        OverBudget: there are not enough points; nothing was charged.
    """
    bucket, holder = Bucket.from_settings(), _holder(viewer)
    if not bucket.size or holder is None:
        return None
    # Dearer than a full bucket would never be answered: it takes all of it instead.
    points = min(points, bucket.size)
    now = now_ms()
    with _lock:
        lease = _leases.get(holder)
        if lease and lease.points >= points and lease.until_ms > now:
            lease.points -= points
            return lease.points + lease.left_in_bucket
    part = max(points, bucket.size // PARTS)
    spent = _take(bucket, holder, part, now)
    if spent is None and part > points:
        spent, part = _take(bucket, holder, points, now), points
    if spent is None:
        raise OverBudget(_wait(bucket, holder, points, now), points)
    with _lock:
        lease = _leases.get(holder)
        kept = lease.points if lease and lease.until_ms > now else 0
        _leases[holder] = lease = _Lease(kept + part - points, bucket.size - spent, now + KEPT_MS)
        return lease.points + lease.left_in_bucket


def forget_leases() -> None:
    """Let this process ask the database again for everybody."""
    with _lock:
        _leases.clear()


def _holder(viewer: Viewer) -> str | None:
    if viewer.organisation_id is not None:
        return f"organisation:{viewer.organisation_id}"
    return f"user:{viewer.user_id}" if viewer.user_id is not None else None


def _take(bucket: Bucket, holder: str, points: int, now: int) -> int | None:
    """Charge the shared row if there is room; give what is spent then, or None."""
    table = connection.ops.quote_name(Budget._meta.db_table)
    gone = f"({table}.spent - (excluded.at_ms - {table}.at_ms) * CAST(%s AS bigint) / 60000)"
    # A server whose clock is behind must not make the level jump, nor the others' time run twice.
    level = f"(CASE WHEN excluded.at_ms <= {table}.at_ms THEN {table}.spent WHEN {gone} > 0 THEN {gone} ELSE 0 END)"
    statement = f"""
        INSERT INTO {table} (holder, spent, at_ms) VALUES (%s, %s, %s)
        ON CONFLICT (holder) DO UPDATE SET
            spent = {level} + excluded.spent,
            at_ms = CASE WHEN excluded.at_ms > {table}.at_ms THEN excluded.at_ms ELSE {table}.at_ms END
        WHERE {level} + excluded.spent <= CAST(%s AS bigint)
        RETURNING spent"""  # noqa: S608
    rate = [bucket.a_minute] * 2
    parameters: list[Any] = [holder, points, now, *rate, *rate, bucket.size]
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        row = cursor.fetchone()
    return int(row[0]) if row else None


def _wait(bucket: Bucket, holder: str, points: int, now: int) -> int:
    row = Budget.objects.filter(holder=holder).values_list("spent", "at_ms").first()
    spent, at = row or (0, now)
    missing = spent + points - bucket.size - (now - at) * bucket.a_minute // 60_000
    return min(max(-(-missing * 60 // max(bucket.a_minute, 1)), 1), 3_600)
