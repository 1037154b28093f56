"""What every door of the audit does: who may enter, how it refuses, and who took what."""

from collections.abc import Callable
from contextlib import ExitStack
from functools import wraps
from typing import Final

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from traceability.audit.access_log import FILE, note_access
from traceability.errors import Refusal, refuse
from web.audit_report.words import LANGUAGES
from web.callers import viewer_of, wait_of
from web.files import refused
from web.following import followed

#: What a refusal answers; everything else that was asked wrongly is 400.
_STATUSES: Final = {"not_found": 404, "unknown_organisation": 404, "engine_missing": 501}
Door = Callable[..., HttpResponseBase]


def audit_door(view: Callable[..., HttpResponseBase]) -> Door:
    """Open to who is known and belongs to somebody; a refusal becomes an answer; whose reading it is, is noted."""

    @require_safe
    @wraps(view)
    def opened(request: HttpRequest, **place: str) -> HttpResponseBase:
        viewer = viewer_of(request)
        if wait := wait_of(request):
            response = refused(429, refuse("too_many_attempts"))
            response["Retry-After"] = str(wait)
            return response
        if not viewer.is_known:
            return refused(401, refuse("sign_in"))
        if viewer.organisation_id is None:
            raise Http404
        try:
            with followed(request, viewer):
                answer = view(request, viewer, **place)
        except Refusal as refusal:
            status = _STATUSES.get(refusal.code, 400)
            if status == 404:
                raise Http404 from None
            return refused(status, refusal)
        with ExitStack() as unless_noted:
            unless_noted.callback(answer.close)
            note_access(
                request,
                viewer,
                operation=view.__name__,
                fields=FILE,
                subject=next(iter(place.values()), ""),
                question=request.path.encode(),
                variables=request.META.get("QUERY_STRING", "").encode(),
            )
            unless_noted.pop_all()
        answer["Cache-Control"] = "private, no-store"
        patch_vary_headers(answer, ("Authorization", "Cookie"))
        return answer

    return opened


def language_of(request: HttpRequest) -> str | None:
    """The language that was asked for, one of `LANGUAGES`, else the reader's."""
    wanted = request.GET.get("language", "").lower()
    if wanted and wanted not in LANGUAGES:
        raise refuse("wrong_value", ("language",), value=wanted[:50], expected=", ".join(LANGUAGES))
    return wanted or get_language()
