"""Who asks for a page or a file: a machine by its token, a person by the session, or nobody.

What a page writes asks `is_forged` besides. A token wins, and a bad one makes nobody of the caller, even with a good
session.
"""

import re
from typing import Final

from django.http import HttpRequest

from traceability import csrf, tokens
from traceability.access import ANONYMOUS, Viewer, viewer_for_user
from traceability.door.origins import address
from traceability.models import User

_BEARER: Final = re.compile(r"Bearer +(\S+)", re.IGNORECASE)


def viewer_of(request: HttpRequest) -> Viewer:
    """Find out who asks, and let the request's log line say so."""
    viewer = _find(request)
    request.viewer = viewer  # type: ignore[attr-defined]
    return viewer


def wait_of(request: HttpRequest) -> int:
    """For how many seconds a caller with bad tokens is locked out; 0 for everybody else."""
    return int(getattr(request, "wait", 0) or 0)


def is_forged(request: HttpRequest) -> bool:
    """Whether another page may have sent it; who sends a token of its own is not asked."""
    return request.headers.get("Authorization", "").strip()[:6].lower() != "bearer" and csrf.is_forged(request)


def _find(request: HttpRequest) -> Viewer:
    header = request.headers.get("Authorization", "").strip()
    if header[:6].lower() == "bearer":
        given = _BEARER.fullmatch(header)
        viewer = tokens.authenticate(given[1]) if given else None
        if viewer is None:
            wait = tokens.count_failure(given[1] if given else "", address(request))
            request.wait = wait  # type: ignore[attr-defined]
        return viewer or ANONYMOUS
    return viewer_for_user(request.user) if isinstance(request.user, User) else ANONYMOUS
