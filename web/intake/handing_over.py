"""Handing the device over: a colleague shows the PIN, throttled as passwords are.

POST /intake/hand-over/   {"person": 7, "pin": "…"}: 200, or 400 and 429 with errors
"""

from typing import Any

import orjson
from django.core.exceptions import ValidationError
from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from traceability.door import operators, second_factor
from web.callers import viewer_of
from web.people.throttle import Throttle


@never_cache
@require_POST
def hand_over(request: HttpRequest) -> JsonResponse:
    """Let a colleague act by this session."""
    if viewer_of(request).user_id is None or second_factor.is_missing(request):
        return _refused("sign_in", gettext("Sign in, or send a token."), 401)
    try:
        given: Any = orjson.loads(request.body)
        number, pin = int(given["person"]), str(given["pin"])[: operators.LONGEST]
    except (ValueError, TypeError, KeyError):
        return _refused("bad_request", gettext("The request is not valid JSON: {value}.").format(value=""), 400)
    try:
        return _try(request, number, pin)
    except ValidationError as no:
        response = _refused("too_many_attempts", " ".join(no.messages), 429)
        response["Retry-After"] = str(getattr(request, "locked_for", 60))
        return response


def _try(request: HttpRequest, number: int, pin: str) -> JsonResponse:
    user = operators.colleague(request, number)
    throttle = Throttle(request, "pin", user.get_username() if user else f"#{number}")
    throttle.check()
    if user is None or not operators.take_over(request, user, pin):
        throttle.failed()
        return _refused("pin", gettext("The PIN is wrong."), 400)
    throttle.passed()
    return JsonResponse({"person": {"id": user.pk, "name": user.get_full_name() or user.get_username()}})


def _refused(code: str, message: str, status: int) -> JsonResponse:
    return JsonResponse({"errors": [{"code": code, "message": message}]}, status=status)
