"""The shell of the intake page, and what its device keeps to go on without the network.

    GET  /intake/             the shell: words, rules of codes and labels, who is signed in
    GET  /intake/state.json   who is signed in now, colleagues, what is expected; also says whether the shell is stale
    POST /intake/receipt.pdf  what a batch came to; GET /intake/receipts/<token> checks it

What is scanned goes through the operations API, as from any other client.
"""

import hashlib
from typing import Any

from csp.decorators import csp_update
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_POST, require_safe

from batteries import codes, expected, labels
from traceability.access import Viewer
from traceability.models import Organisation, User
from traceability.values import iso, to_ms
from web.callers import viewer_of
from web.intake import assets, receipts
from web.intake.receipt_paper import SIZES, pdf
from web.intake.words import WORDS


@never_cache
@require_safe
@login_required
@ensure_csrf_cookie
@csp_update({"script-src": ["'wasm-unsafe-eval'"]})
def page(request: HttpRequest) -> HttpResponse:
    """Give the shell."""
    viewer = viewer_of(request)
    if viewer.organisation_id is None:
        return render(request, "web/intake/nobody.html", status=403)
    told = {"config": _config(viewer), "words": _words(), "modules": assets.modules()}
    return render(request, "web/intake/page.html", told)


@never_cache
@require_safe
@ensure_csrf_cookie
def state(request: HttpRequest) -> JsonResponse:
    """Tell the device who is signed in and what is expected; 401 where nobody is."""
    viewer = viewer_of(request)
    if viewer.organisation_id is None or viewer.user_id is None:
        return JsonResponse({"shell": ""}, status=401)
    get_token(request)
    told = {
        "shell": _fingerprint(viewer),
        "now": iso(to_ms(timezone.now())),
        "people": _people(viewer.organisation_id),
        "expected": expected.expected(viewer),
    }
    return JsonResponse(told)


@never_cache
@require_POST
@login_required
def receipt_paper(request: HttpRequest) -> HttpResponse:
    """Give the receipt of a batch as PDF; what is no batch of the own organisation is not found."""
    viewer = viewer_of(request)
    size = request.POST.get("size", SIZES[-1])
    if viewer.organisation_id is None or size not in SIZES:
        raise Http404
    receipt = receipts.of_keys(viewer.organisation_id, request.POST.getlist("key"))
    if receipt is None:
        raise Http404
    response = HttpResponse(pdf(receipt, size), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="receipt-{size}.pdf"'
    return response


@never_cache
@require_safe
def receipt_page(request: HttpRequest, token: str) -> HttpResponse:
    """Tell whoever holds a receipt what the ledger says of it."""
    receipt = receipts.of_token(token)
    if receipt is None:
        raise Http404
    return render(request, "web/intake/receipt.html", {"receipt": receipt, "name": _name(receipt.organisation)})


def _config(viewer: Viewer) -> dict[str, Any]:
    organisation = Organisation.objects.get(code=viewer.organisation_code)
    return {
        "shell": _fingerprint(viewer),
        "language": get_language(),
        "organisation": {"code": organisation.code, "name": _name(organisation)},
        "person": {"id": viewer.user_id, "name": viewer.name},
        "rules": codes.rules(),
        "labels": labels.rules() | {"host": settings.LABEL_HOST},
        "mayReceive": "received" in viewer.permissions,
        "addresses": {
            "graphql": "/graphql/",
            "state": reverse("intake-state"),
            "attachments": reverse("send-attachment"),
            "handOver": reverse("intake-hand-over"),
            "receipt": reverse("intake-receipt-paper"),
            "keys": reverse("label-keys"),
            "revoked": reverse("label-revocations"),
            "signIn": f"{reverse('sign-in')}?next={reverse('intake')}",
            "language": reverse("set_language"),
            "worker": reverse("intake-worker"),
            "reader": static("vendor/zxing-wasm-3.1.4/zxing-reader.js"),
            "wasm": static("vendor/zxing-wasm-3.1.4/zxing_reader.wasm"),
        },
    }


def _fingerprint(viewer: Viewer) -> str:
    """Name what the shell depends on, so that a device can tell that the one it keeps is another person's."""
    parts = (assets.version(), str(viewer.user_id), viewer.organisation_code or "", get_language() or "")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _name(organisation: Organisation) -> str:
    english = (get_language() or "").startswith("en") and organisation.name_en
    return organisation.name_en if english else organisation.name


def _people(organisation_id: int) -> list[dict[str, Any]]:
    people = User.objects.filter(organisation=organisation_id, is_active=True).select_related("pin").order_by("pk")
    return [
        {"id": one.pk, "name": one.get_full_name() or one.get_username(), "hasPin": hasattr(one, "pin")}
        for one in people
    ]


def _words() -> dict[str, str]:
    return {name: str(text) for name, text in WORDS.items()}
