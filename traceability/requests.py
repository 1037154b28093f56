"""What every request gets: an id, and one line in the log."""

import re
import secrets
import time
from collections.abc import Callable

import structlog
from django.http import HttpRequest
from django.http.response import HttpResponseBase

log = structlog.get_logger("traceability.requests")

_WELL_FORMED = re.compile(r"[A-Za-z0-9._-]{8,64}")


class RequestMiddleware:
    """Set `request.id`, answer it as X-Request-ID, and log the request without its payload.

    A well-formed X-Request-ID of the caller (8 to 64 of A-Z a-z 0-9 . _ -) is taken over, so that one id can be
    followed through several systems. Stands first in MIDDLEWARE.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request; Django has turned every exception into a response by the time it comes back here."""
        identity = _identity(request.headers.get("X-Request-ID", ""))
        request.id = identity  # type: ignore[attr-defined]
        started = time.perf_counter()
        with structlog.contextvars.bound_contextvars(request_id=identity):
            response = self.get_response(request)
            response["X-Request-ID"] = identity
            _write_line(request, response.status_code, time.perf_counter() - started)
        return response


def request_id(request: HttpRequest) -> str:
    """Name the request as in its log line; empty where the middleware is not in use."""
    return getattr(request, "id", "")


def _identity(offered: str) -> str:
    return offered if _WELL_FORMED.fullmatch(offered) else secrets.token_hex(16)


def _write_line(request: HttpRequest, status: int, seconds: float) -> None:
    # Set by the doors once they know who is asking.
    viewer = getattr(request, "viewer", None)
    log.info(
        "request",
        method=request.method,
        path=request.path,
        status=status,
        ms=round(seconds * 1000, 1),
        organisation=getattr(viewer, "organisation_code", None),
        actor=getattr(viewer, "actor", None),
    )
