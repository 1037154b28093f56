"""Photos and documents that go with events: sent first, then named by their SHA-256 in the event.

    POST /files/attachments/            JPEG, PNG, WebP or PDF: {sha256, name, mediaType, bytes}, as an event names it
    GET  /files/attachments/<sha256>    for who sent it, and who may see an event that names it

A machine sends a token; a person's browser sends the session with the CSRF token. What somebody may not see answers
like what does not exist.
"""

from typing import Final

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from batteries import attachment_sight
from traceability import attachments
from traceability.access import Viewer
from traceability.door import budgets
from traceability.errors import Refusal, refuse
from traceability.file_types import ENDINGS
from web.callers import is_forged, viewer_of, wait_of
from web.files import is_form, is_whole, refused, sent_file

_STATUSES: Final = {
    "sign_in": 401,
    "csrf": 403,
    "no_organisation": 403,
    "length_required": 411,
    "too_large": 413,
    "media_type": 415,
    "polyglot": 415,
}
#: What a form adds around its file.
_FORM_BYTES: Final = 65_536


@csrf_exempt
@require_POST
def send(request: HttpRequest) -> HttpResponse:
    """Take a file: the field `file` of a form, or the body itself with `?name=`."""
    viewer = viewer_of(request)
    if wait := wait_of(request):
        return _later(refuse("too_many_attempts"), wait)
    try:
        kept = _keep(request, viewer)
    except budgets.OverBudget as no:
        return _later(refuse("over_budget", seconds=no.seconds), no.seconds)
    except Refusal as refusal:
        return refused(_STATUSES.get(refusal.code, 400), refusal)
    told = {"sha256": kept.sha256, "name": kept.name, "mediaType": kept.media_type, "bytes": kept.bytes}
    response = JsonResponse(told, status=201 if kept.new else 200)
    response["Location"] = reverse("attachment", args=[kept.sha256])
    return response


def _keep(request: HttpRequest, viewer: Viewer) -> attachments.Kept:
    if not viewer.is_known:
        raise refuse("sign_in")
    if is_forged(request):
        raise refuse("csrf")
    if viewer.organisation_id is None:
        raise refuse("no_organisation")
    announced = str(request.META.get("CONTENT_LENGTH") or "")
    if not announced.isdecimal():
        # A body in chunks: where it breaks off, nobody could tell.
        raise refuse("length_required", ("file",))
    if int(announced) > settings.ATTACHMENT_MAX_BYTES + _FORM_BYTES:
        raise refuse("too_large", ("file",), value=announced, limit=settings.ATTACHMENT_MAX_BYTES)
    budgets.spend(viewer, 1 + int(announced) // 1_024)
    name, blocks = sent_file(request, request.GET.get("name", ""))
    if is_form(request):
        return attachments.keep(blocks, name=name, by=viewer)
    content = b"".join(blocks)
    if content and not is_whole(request, len(content)):
        raise refuse("cut_off", ("file",))
    return attachments.keep([content], name=name, by=viewer)


def _later(refusal: Refusal, seconds: int) -> HttpResponse:
    response = refused(429, refusal)
    response["Retry-After"] = str(seconds)
    return response


@require_safe
def fetch(request: HttpRequest, sha256: str) -> FileResponse:
    """Give a file, to be saved and not to be shown: what it says was not written here."""
    viewer = viewer_of(request)
    row = attachment_sight.attachment_for(viewer, sha256) if viewer.is_known else None
    file = attachments.opened(sha256) if row is not None else None
    if row is None or file is None:
        raise Http404
    own = row.organisation_id == viewer.organisation_id
    name = row.name if own and row.name else sha256[:16] + ENDINGS[row.media_type]
    response = FileResponse(file, as_attachment=True, filename=name, content_type=row.media_type)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, no-store"
    return response
