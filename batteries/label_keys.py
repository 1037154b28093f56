"""The keys that sign labels: one signs for an organisation at a time, by the calendar year in China.

Private parts are sealed with AES-256-GCM under a key derived from SECRET_KEY (HKDF-SHA256, salted with the key's own
id), and erased when the key stops signing. After SECRET_KEY changes, SECRET_KEY_FALLBACKS opens them, and the next use
seals them anew; a key that nothing opens is retired and another takes its place.
"""

import secrets
from base64 import b32encode
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from batteries.labels import KEY_LENGTH
from batteries.models import LabelKey
from batteries.registration import CHINA
from traceability.errors import refuse
from traceability.models import Organisation

log = structlog.get_logger("batteries.label_keys")

_PURPOSE: Final = b"evbatt-label-key-v1"
_NONCE: Final = 12


@dataclass(frozen=True, slots=True)
class SigningKey:
    """The key that signs now, opened."""

    row: LabelKey
    private: Ed25519PrivateKey


def signing_key(organisation_id: int, now: datetime) -> SigningKey:
    """Give the organisation's key of this year; made, and older ones retired, where there is none.

    Call it inside a transaction: the organisation's row is locked while a key is made.
    """
    year = now.astimezone(CHINA).year
    found = _open_current(organisation_id, year)
    if found is not None:
        return found
    # Others that sign for it wait here, and find what is made; readers and foreign keys do not wait.
    Organisation.objects.select_for_update(no_key=True).get(pk=organisation_id)
    return _open_current(organisation_id, year) or _make(organisation_id, year, now)


def rotate(organisation_id: int, now: datetime | None = None) -> LabelKey:
    """Let a new key sign from now on; labels of the old ones stay valid."""
    now = now or timezone.now()
    with transaction.atomic():
        Organisation.objects.select_for_update(no_key=True).get(pk=organisation_id)
        return _make(organisation_id, now.astimezone(CHINA).year, now).row


def revoke(kid: str, now: datetime | None = None) -> LabelKey:
    """Trust no label of this key any more: all of them read `revoked` and have to be printed again.

    Raises:
        Refusal: `not_found` when there is no such key.
    """
    now = now or timezone.now()
    with transaction.atomic():
        row = LabelKey.objects.select_for_update(of=("self",)).filter(kid=kid).first()
        if row is None:
            raise refuse("not_found", ("key",), value=kid)
        row.revoked_at = row.revoked_at or now
        row.retired_at = row.retired_at or now
        row.sealed_key = None
        row.save(update_fields=["revoked_at", "retired_at", "sealed_key"])
    return row


def published() -> QuerySet[LabelKey]:
    """All keys with their organisations: what verifies labels without asking the system."""
    return LabelKey.objects.select_related("organisation").order_by("id")


def key_id(public_key: bytes) -> str:
    """Name a key by what it is: the first 30 bits of its SHA-256, in base32."""
    return b32encode(sha256(public_key).digest()[:5]).decode()[:KEY_LENGTH]


def _open_current(organisation_id: int, year: int) -> SigningKey | None:
    row = LabelKey.objects.filter(organisation=organisation_id, year=year, retired_at=None).first()
    if row is None or row.sealed_key is None:
        return None
    for place, secret in enumerate((settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)):
        private = unseal(row.kid, bytes(row.sealed_key), secret)
        if private is not None:
            if place:
                row.sealed_key = seal(row.kid, private)
                row.save(update_fields=["sealed_key"])
            return SigningKey(row, private)
    log.warning("label_key_unreadable", kid=row.kid, organisation=organisation_id)
    return None


def _make(organisation_id: int, year: int, now: datetime) -> SigningKey:
    LabelKey.objects.filter(organisation=organisation_id, retired_at=None).update(retired_at=now, sealed_key=None)
    private = Ed25519PrivateKey.generate()
    # Thirty bits are few: two keys may well want one name once there are some ten thousand.
    while LabelKey.objects.filter(kid=key_id(private.public_key().public_bytes_raw())).exists():
        private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes_raw()
    kid = key_id(public)
    row = LabelKey.objects.create(
        kid=kid,
        organisation_id=organisation_id,
        year=year,
        public_key=public,
        sealed_key=seal(kid, private),
        created_at=now,
    )
    return SigningKey(row, private)


def seal(kid: str, private: Ed25519PrivateKey) -> bytes:
    """Encrypt a private key for storage: a random nonce, then the ciphertext, bound to the key's id."""
    nonce = secrets.token_bytes(_NONCE)
    return nonce + _cipher(kid, settings.SECRET_KEY).encrypt(nonce, private.private_bytes_raw(), kid.encode())


def unseal(kid: str, sealed: bytes, secret: str) -> Ed25519PrivateKey | None:
    """Decrypt a stored private key; None when another secret sealed it, or the bytes were changed."""
    try:
        raw = _cipher(kid, secret).decrypt(sealed[:_NONCE], sealed[_NONCE:], kid.encode())
    except InvalidTag:
        return None
    return Ed25519PrivateKey.from_private_bytes(raw)


def _cipher(kid: str, secret: str) -> AESGCM:
    derived = HKDF(algorithm=SHA256(), length=32, salt=kid.encode(), info=_PURPOSE).derive(secret.encode())
    return AESGCM(derived)
