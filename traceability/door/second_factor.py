"""Who needs a second factor, and whether a session has shown one.

The factor itself (codes of an app, recovery codes) is django-allauth's; the pages are in `web/people`.
"""

from collections.abc import Iterator
from typing import Any, Final

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.mfa.utils import decrypt, encrypt
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.http import HttpRequest

from traceability.access import ALLIANCE
from traceability.models import User

#: In the session: who showed a second factor in it.
SHOWN: Final = "second_factor"


def is_required(user: User) -> bool:
    """Whether this person may do nothing without one: the alliance's people see everything, staff may change people."""
    if user.is_staff or user.is_superuser:
        return True
    return user.organisation is not None and ALLIANCE in user.organisation.role_set


def is_missing(request: HttpRequest) -> bool:
    """Whether a session is signed in by a password alone where that is not enough."""
    user: Any = request.user
    return user.is_authenticated and not was_shown(request) and is_required(user)


def was_shown(request: HttpRequest) -> bool:
    """Whether the person showed a second factor in this session."""
    return bool(request.session.get(SHOWN) == request.user.pk)


def mark_shown(request: HttpRequest) -> None:
    """Keep in the session that the person has just shown one."""
    request.session[SHOWN] = request.user.pk


def enrol(user: User) -> tuple[str, list[str]]:
    """Give the person a second factor without the page: the key for an app, and recovery codes."""
    key = generate_totp_secret()
    TOTP.activate(user, key)
    return key, RecoveryCodes.activate(user).generate_codes()


def reset(user: User) -> int:
    """Take the second factor away and end every session; the person makes a new one at the next sign-in."""
    removed, _ = Authenticator.objects.filter(user=user).delete()
    end_sessions(user)
    return int(removed)


def reseal() -> int:
    """Encrypt every stored secret with the newest SECRET_KEY, so that an old one can be dropped."""
    rows = Authenticator.objects.all()
    for row in rows:
        row.data |= {name: encrypt(decrypt(row.data[name])) for name in ("secret", "seed") if name in row.data}
    return int(Authenticator.objects.bulk_update(rows, ["data"]))


def end_sessions(user: User) -> int:
    """Sign this person out everywhere; give the number of sessions."""
    ended = 0
    for session in _sessions_of(user):
        session.delete()
        ended += 1
    return ended


def _sessions_of(user: User) -> Iterator[Session]:
    # Sessions cannot be searched by their person; there are some for each person, and this is rare.
    for session in Session.objects.iterator():
        if session.get_decoded().get(SESSION_KEY) == str(user.pk):
            yield session
