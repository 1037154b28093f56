"""Labels for printing, and what verifies them offline: pictures, sheets, the public keys, the revocations.

Who may not print a label gets the same answer as for a battery that does not exist.
"""

from base64 import b64encode
from typing import Final

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from batteries import label_keys, label_pictures
from batteries.label_printing import Sticker, stickers
from batteries.label_sheets import CUTS, SIZES, pdf
from batteries.label_states import revocations
from batteries.labels import TAG
from traceability.errors import Refusal
from traceability.values import iso, to_ms
from web.callers import viewer_of

_DRAW: Final = {"png": (label_pictures.png, "image/png"), "svg": (label_pictures.svg, "image/svg+xml")}
#: Labels in one PDF by URL: some two seconds of work. The command takes any number.
SHEET: Final = 300
#: Revocations in one answer; `next` leads to the others.
PAGE: Final = 5_000


@require_safe
def picture(request: HttpRequest, code: str, form: str) -> HttpResponse:
    """Give the label that a battery has now, as `/labels/<code>.png` or `.svg`."""
    [sticker] = _stickers(request, [code.upper()])
    draw, media_type = _DRAW[form]
    return drawn_file(draw(sticker.text, sticker.code), media_type, f"{sticker.code}.{form}")


@require_safe
def sheet(request: HttpRequest) -> HttpResponse:
    """Give labels as PDF: `/labels.pdf?code=…&code=…&size=60x40|100x70|a4&cut=marks|gaps`."""
    codes = [code.strip().upper() for code in request.GET.getlist("code")]
    size, cut = request.GET.get("size", SIZES[0]), request.GET.get("cut", CUTS[0])
    if not 0 < len(codes) <= SHEET or size not in SIZES or cut not in CUTS:
        raise Http404
    return drawn_file(pdf(_stickers(request, codes), size=size, cut=cut), "application/pdf", "labels.pdf")


@require_safe
def keys(request: HttpRequest) -> JsonResponse:
    """Give everybody the public keys that labels are verified with, for scanners that work offline."""
    found = [
        {
            "keyId": row.kid,
            "algorithm": "Ed25519",
            "publicKey": b64encode(bytes(row.public_key)).decode(),
            "organisation": {"code": row.organisation.code, "name": row.organisation.name},
            "year": row.year,
            "signsFrom": iso(to_ms(row.created_at)),
            "signsUntil": row.retired_at and iso(to_ms(row.retired_at)),
            "revokedAt": row.revoked_at and iso(to_ms(row.revoked_at)),
        }
        for row in label_keys.published()
    ]
    return JsonResponse({"tag": TAG.decode(), "keys": found})


@require_safe
def revoked(request: HttpRequest) -> JsonResponse:
    """Give whoever is signed in the revoked labels, in order of recording: `?after=<next>`; fingerprints, not codes."""
    after = request.GET.get("after", "0")
    if not viewer_of(request).is_known or not (after.isascii() and after.isdigit() and len(after) < 19):
        raise Http404
    found = revocations(int(after), PAGE)
    told = [fingerprint for _, fingerprints in found for fingerprint in fingerprints]
    last = found[-1][0] if found else after
    response = JsonResponse({"revoked": told, "next": str(last), "more": len(found) == PAGE})
    response["Cache-Control"] = "no-store"
    return response


def _stickers(request: HttpRequest, codes: list[str]) -> list[Sticker]:
    try:
        return stickers(codes, viewer_of(request))
    except Refusal:
        raise Http404 from None


def drawn_file(content: bytes, media_type: str, name: str) -> HttpResponse:
    """Answer with a label or a sheet of them, to be shown by itself."""
    response = HttpResponse(content, content_type=media_type)
    response["Content-Disposition"] = f'inline; filename="{name}"'
    # An SVG opened by itself is a page: it may do nothing.
    response["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    # A later label replaces this one at the same address.
    response["Cache-Control"] = "private, no-store"
    patch_vary_headers(response, ("Authorization", "Cookie"))
    return response
