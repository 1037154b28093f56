"""Tokens for machines: `evb_<prefix>_<secret>`, 256 bits, SHA-256 at rest, shown once."""

import hashlib
import hmac
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from traceability.access import Viewer
from traceability.errors import refuse
from traceability.models import ApiToken, Organisation

SCHEME = "evb"
#: Last use is kept to this precision, so that a busy token is not written at every call.
USE_PRECISION = timedelta(minutes=1)


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
    scheme, _, rest = text.partition("_")
    prefix, _, secret = rest.partition("_")
    if scheme != SCHEME or not (prefix.isascii() and prefix.isalnum()) or len(prefix) > 12:
        return None
    now = timezone.now()
    alive = Q(revoked_at=None) & (Q(expires_at=None) | Q(expires_at__gt=now))
    token = ApiToken.objects.filter(alive, prefix=prefix).select_related("organisation").first()
    # Compared also when there is none, so that the time tells nothing about prefixes.
    stored = bytes(token.digest) if token else bytes(32)
    if not hmac.compare_digest(stored, digest(secret)) or token is None:
        return None
    if token.last_used_at is None or now - token.last_used_at > USE_PRECISION:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
    organisation = token.organisation
    roles = organisation.role_set & frozenset(token.scope.split()) if token.scope else organisation.role_set
    return Viewer(organisation.id, organisation.code, roles, f"token:{prefix}", token_id=token.pk, name=token.name)
