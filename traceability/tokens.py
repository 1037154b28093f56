"""Tokens for machines: `evb_<prefix>_<secret>`, 256 bits, SHA-256 at rest, shown once."""

import hashlib
import hmac
import secrets
import time
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from traceability.access import Viewer
from traceability.door import attempts
from traceability.door.attempts import Count
from traceability.errors import refuse
from traceability.models import ApiToken, Organisation

SCHEME = "evb"
#: Last use is kept to this precision, so that a busy token is not written at every call.
USE_PRECISION = timedelta(minutes=1)
#: A wrong token is answered after a whole number of these seconds.
BEAT = 0.001
LOOK_UP = """
    SELECT COALESCE(t.id, 0), COALESCE(t.digest, %s), COALESCE(t.last_used_at < %s, TRUE),
        COALESCE(t.scope, ''), COALESCE(t.name, ''), COALESCE(o.id, 0), COALESCE(o.code, ''), COALESCE(o.roles, '')
    FROM (SELECT 1 AS always) AS one
    LEFT JOIN traceability_apitoken t
        ON t.prefix = %s AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > %s)
    LEFT JOIN traceability_organisation o ON o.id = t.organisation_id"""


def issue(
    organisation: Organisation, *, name: str, scope: Collection[str] = (), expires_at: datetime | None = None
) -> tuple[ApiToken, str]:
    """Make a token and give it with its secret, which is stored nowhere.

    Raises:
        Refusal: `role` when the scope has a role that the organisation has not.
    """
    for role in scope:
        if role not in organisation.role_set:
            raise refuse("role", ("role",), organisation=organisation.code, value=role)
    prefix, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        organisation=organisation,
        name=name,
        prefix=prefix,
        digest=digest(secret),
        scope=" ".join(sorted(scope)),
        expires_at=expires_at,
    )
    return token, f"{SCHEME}_{prefix}_{secret}"


def digest(secret: str) -> bytes:
    """What is stored of a secret; 256 random bits need no slow hash."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def authenticate(text: str) -> Viewer | None:
    """Give the viewer behind a token, or None when it is wrong, expired or revoked."""
    prefix, secret = _parts(text)
    if not prefix:
        return None
    began, now = time.perf_counter(), timezone.now()
    found = _row(prefix, now)
    if not hmac.compare_digest(bytes(found[1]), digest(secret)) or found[0] == 0:
        _wait_for_the_beat(began)
        return None
    token, _, long_ago, scope, name, organisation, code, roles = found
    if long_ago:
        ApiToken.objects.filter(pk=token).update(last_used_at=now)
    all_roles = frozenset(roles.split())
    narrowed = all_roles & frozenset(scope.split()) if scope else all_roles
    return Viewer(organisation, code, narrowed, f"token:{prefix}", token_id=token, name=name)


def count_failure(text: str, address: str) -> int:
    """Count a wrong token for its prefix and its address; give the seconds for which they are locked, or 0.

    A lock spares the database the writes and tells the caller to stop. It never keeps a right secret out: that one is
    compared before anything is counted, so nobody can lock a machine out by guessing at its prefix or beside it.
    """
    prefix, _ = _parts(text)
    counts = [Count("token", "", address), *([Count("token", prefix)] if prefix else [])]
    return attempts.locked(counts) or attempts.fail(counts)


def _parts(text: str) -> tuple[str, str]:
    scheme, _, rest = text.partition("_")
    prefix, _, secret = rest.partition("_")
    if scheme != SCHEME or not (prefix.isascii() and prefix.isalnum()) or len(prefix) > 12:
        return "", ""
    return prefix, secret


def _wait_for_the_beat(began: float) -> None:
    # Fetching a row that is there takes a microsecond longer than one that is not; on the beat nobody hears it.
    time.sleep(BEAT - (time.perf_counter() - began) % BEAT)


def _row(prefix: str, now: datetime) -> Any:
    """Give the columns of the living token of this prefix, or as many of nobody's with a digest to compare.

    One row comes back either way, by one statement: a difference in time would tell which prefixes exist.
    """
    moment, old = (connection.ops.adapt_datetimefield_value(when) for when in (now, now - USE_PRECISION))
    with connection.cursor() as cursor:
        cursor.execute(LOOK_UP, [bytes(32), old, prefix, moment])
        return cursor.fetchone()
