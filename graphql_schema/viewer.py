"""Who asks: a machine by its token, a person by the session, or nobody.

A token wins: a request that carries one is judged by it alone, and a bad one is refused even with a good session. Only
requests that live off a cookie can be forged by another page, so only those need the CSRF token.
"""

import re
from typing import Any, cast

from django.http import HttpRequest

from graphql_schema.errors import refusal
from graphql_schema.reading import Unreadable
from traceability import csrf, tokens
from traceability.access import ANONYMOUS, Viewer, viewer_for_user
from traceability.door import operators, second_factor
from traceability.door.origins import address

_BEARER = re.compile(r"Bearer +(\S+)", re.IGNORECASE)


def authenticate(request: HttpRequest) -> Viewer:
    """Find out who asks; raises Unreadable 401, 429 (bad token), 403 (session without CSRF token or second factor,
    or in the name of somebody who did not take over).
    """
    header = request.headers.get("Authorization", "")
    if header[:6].lower() == "bearer":
        given = _BEARER.fullmatch(header.strip())
        viewer = tokens.authenticate(given[1]) if given else None
        if viewer is None:
            raise _bad_token(given[1] if given else "", request)
        return viewer
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return ANONYMOUS
    check_csrf(request)
    if second_factor.is_missing(request):
        raise Unreadable(403, refusal("second_factor"))
    operator = operators.acting(request)
    if operator is None:
        raise Unreadable(403, refusal("operator"))
    return viewer_for_user(operator)


def check_csrf(request: HttpRequest) -> None:
    """Ask Django's own CSRF check, origin included; raises Unreadable 403."""
    if csrf.is_forged(request):
        raise Unreadable(403, refusal("csrf"))


def viewer_of(info: Any) -> Viewer:
    """Give the viewer to a resolver, of either surface."""
    return cast(Viewer, info.context.viewer)


def sign_in_needed() -> Unreadable:
    """Make the answer to somebody unknown who asks for more than the schema."""
    return Unreadable(401, refusal("sign_in"), {"WWW-Authenticate": 'Bearer realm="graphql"'})


def _bad_token(given: str, request: HttpRequest) -> Unreadable:
    if seconds := tokens.count_failure(given, address(request)):
        return Unreadable(429, refusal("too_many_attempts"), {"Retry-After": str(seconds)})
    return Unreadable(401, refusal("bad_token"), {"WWW-Authenticate": 'Bearer realm="graphql", error="invalid_token"'})
