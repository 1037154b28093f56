"""How long a session lasts: at most so long since signing in, and so long without being used."""

import time
from collections.abc import Callable
from typing import Final

import structlog
from django.conf import settings
from django.contrib.auth import SESSION_KEY, logout
from django.db import DatabaseError
from django.http import HttpRequest
from django.http.response import HttpResponseBase

log = structlog.get_logger("traceability.door")

BEGAN: Final = "began"
SEEN: Final = "seen"
#: The last use is kept to this precision, so that a session in use is not written at every request.
PRECISION: Final = 300
FRESH: Final = 300


def begin(request: HttpRequest) -> None:
    """Let the session's time start now: somebody has just signed in."""
    request.session[BEGAN] = request.session[SEEN] = int(time.time())


def is_fresh(request: HttpRequest) -> bool:
    """Whether the person signed in within the last five minutes."""
    return bool(time.time() - request.session.get(BEGAN, 0) < FRESH)


class SessionLifetimeMiddleware:
    """End a session that is too old, or was not used for too long. Stands right after AuthenticationMiddleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Look at the session only where there is one: machines have none."""
        if settings.SESSION_COOKIE_NAME in request.COOKIES:
            try:
                self._check(request)
            except DatabaseError:
                # The page will meet the same, and say it; /healthz has to be asked even now.
                log.warning("session_unread")
        return self.get_response(request)

    def _check(self, request: HttpRequest) -> None:
        if SESSION_KEY not in request.session:
            return
        now = int(time.time())
        if BEGAN not in request.session:
            begin(request)
            return
        idle = now - request.session.get(SEEN, 0) > settings.SESSION_IDLE_SECONDS
        if idle or now - request.session[BEGAN] > settings.SESSION_COOKIE_AGE:
            log.info("session_ended", reason="idle" if idle else "age", user=request.session[SESSION_KEY])
            logout(request)
        elif now - request.session[SEEN] > PRECISION:
            request.session[SEEN] = now
