"""What makes the page a program of its own: the service worker at the root, and the manifest."""

import json
from mimetypes import guess_type
from typing import Final

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_safe

from web.intake import assets

#: What a home screen shows: file, sizes, purpose.
_ICONS: Final = (
    ("web/icon-192.png", "192x192", "any"),
    ("web/icon-512.png", "512x512", "any"),
    ("web/icon-maskable-512.png", "512x512", "maskable"),
    ("web/icon.svg", "any", "any"),
)


@require_safe
def worker(request: HttpRequest) -> HttpResponse:
    """Give the service worker; another version of the files makes other bytes, which browsers notice."""
    told = {"version": assets.version(), "shell": reverse("intake"), "files": assets.addresses()}
    response = render(
        request, "web/intake/sw.js", {"told": json.dumps(told)}, content_type="text/javascript; charset=utf-8"
    )
    response["Cache-Control"] = "no-cache"
    return response


@require_safe
def manifest(_request: HttpRequest) -> JsonResponse:
    """Say what the page is when it is put on a home screen."""
    told = {
        "name": gettext("Battery intake"),
        "short_name": gettext("Intake"),
        "lang": get_language(),
        "start_url": reverse("intake"),
        "scope": reverse("intake"),
        "display": "standalone",
        "orientation": "any",
        "background_color": "#ffffff",
        "theme_color": "#0a6c4a",
        "icons": [
            {"src": static(name), "sizes": sizes, "type": str(guess_type(name)[0]), "purpose": purpose}
            for name, sizes, purpose in _ICONS
        ],
    }
    return JsonResponse(told, content_type="application/manifest+json")
