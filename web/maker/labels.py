"""Labels of chosen batteries as PDF: those that they have, or first issued where they have none."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from batteries.label_issuing import issue_labels
from batteries.label_printing import stickers, unlabelled
from batteries.label_sheets import SIZES, pdf
from traceability.access import Viewer
from traceability.errors import Refusal
from web.callers import viewer_of
from web.labels import SHEET, drawn_file

#: So many problems are told.
_MOST: Final = 20


@login_required
@require_POST
def labels(request: HttpRequest) -> HttpResponse:
    """Give the labels of the chosen batteries; what stands against it is told, and then nothing is issued."""
    codes = list(dict.fromkeys(code.strip().upper() for code in request.POST.getlist("code")))
    size = request.POST.get("size", "")
    if not 0 < len(codes) <= SHEET or size not in SIZES:
        told = _("Choose the batteries first, {most} at most.").format(most=SHEET)
        return render(request, "web/maker/labels.html", {"problems": [told]}, status=400)
    viewer = viewer_of(request)
    try:
        if request.POST.get("issue") == "yes":
            _issue(codes, viewer, request.POST.get("key", ""))
        found = stickers(codes, viewer)
    except Refusal as refusal:
        problems = [str(problem.message) for problem in refusal.problems[:_MOST]]
        return render(request, "web/maker/labels.html", {"problems": problems}, status=400)
    return drawn_file(pdf(found, size=size), "application/pdf", "labels.pdf")


def _issue(codes: Sequence[str], viewer: Viewer, key: str) -> None:
    """Issue labels where there are none; the page's key with what was chosen makes sending it twice issue them once."""
    missing = unlabelled(codes, viewer)
    if not missing:
        return
    chosen = sha256(" ".join(missing).encode()).hexdigest()[:24]
    issue_labels(
        [{"code": code} for code in missing],
        by=viewer,
        idempotency_key=f"{key[:32]}-{chosen}",
        occurred_at=timezone.now(),
    )
