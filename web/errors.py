"""Pages for what goes wrong, in the reader's language. They need no database, no session and no allowed host."""

from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from traceability.requests import request_id

TEXTS: Final = {
    400: (_("This request cannot be read"), _("It is malformed, or was sent to a name that is not ours.")),
    403: (_("This is not open to you"), _("You are signed in, but your account has not this right.")),
    404: (_("There is nothing here"), _("The address is wrong, or what was here is gone.")),
    500: (_("Something went wrong on our side"), _("It was recorded. Try again; if it stays, tell us this number:")),
}
STALE: Final = (_("This form is stale"), _("Go back, load the page again and send the form once more."))


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400."""
    return _page(request, 400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403."""
    return _page(request, 403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404."""
    return _page(request, 404)


def fault(request: HttpRequest) -> HttpResponse:
    """500, with the number under which the log has it."""
    return _page(request, 500, number=request_id(request))


def csrf(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form without its token: an old page, or another site's."""
    return _page(request, 403, texts=STALE)


def _page(request: HttpRequest, status: int, *, texts: Any = None, number: str = "") -> HttpResponse:
    # The host may have been refused before the language was found out.
    with translation.override(translation.get_language_from_request(request)):
        title, text = texts or TEXTS[status]
        language = translation.get_language() or ""
        shown = {"title": title, "text": text, "number": number, "language": language}
        response = HttpResponse(render_to_string("web/error.html", shown), status=status)
    response["Content-Language"] = language
    response["Cache-Control"] = "no-store"
    return response
