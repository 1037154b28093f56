"""Devices that somebody signed in from before: a signed cookie that lets them pass a lock others brought on.

It proves nothing about who is there, the password and the second factor still do. It only gives the device a count of
failures of its own, which no attacker elsewhere can drive up.
"""

import secrets
from typing import Any, Final

from django.conf import settings
from django.core import signing
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from traceability.door.attempts import hashed

COOKIE: Final = "known_device"
SALT: Final = "web.people.devices"
AGE: Final = 180 * 86_400
#: How many people may share a device (a tablet at the dock) before the first is forgotten.
MOST: Final = 20


def known(request: HttpRequest, name: str) -> str | None:
    """Give the device's id where this person signed in from it before."""
    device, people = _read(request)
    return device if hashed(name) in people else None


def remember(request: HttpRequest, response: HttpResponseBase, name: str) -> None:
    """Let the device know that this person signed in from it."""
    device, people = _read(request)
    people = [*(one for one in people if one != hashed(name)), hashed(name)][-MOST:]
    value = signing.dumps({"device": device or secrets.token_hex(16), "people": people}, salt=SALT)
    response.set_cookie(
        COOKIE, value, max_age=AGE, httponly=True, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE
    )


def _read(request: HttpRequest) -> tuple[str, list[str]]:
    try:
        found: Any = signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=AGE)
        return found["device"], found["people"]
    except signing.BadSignature:
        return "", []
