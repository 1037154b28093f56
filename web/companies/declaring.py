"""Declaring: a company's figures and statements for a year, with their documents; and the alliance's review."""

from datetime import datetime
from typing import Any, Final

from django import forms
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from recyclers import recovery
from traceability import attachments, calls, law
from traceability.access import Viewer
from traceability.errors import Refusal
from traceability.law import Clause
from traceability.law.vocabulary import COMPARISONS, CONDITIONS, NONE, STATEMENT
from web.callers import viewer_of
from web.companies.visible import address_of, visible_company, year_of

_BLOCK: Final = 1 << 20
#: Measured from records, or by the audit: nobody declares them.
_MEASURED: Final = frozenset({*recovery.CLAUSES, "origin.unknown", "traceability.upload"})


def clauses_to_declare(viewer: Viewer) -> tuple[list[Clause], list[Clause]]:
    """Give the clauses that a company of these roles answers for itself: with a figure, and with a statement."""
    latest: dict[str, Clause] = {}
    for clause in law.book().clauses:
        if clause.operator in CONDITIONS and clause.edition and clause.key not in _MEASURED:
            latest[clause.key] = clause
    asked = [clause for clause in latest.values() if viewer.roles & set(clause.who)]
    figures = [clause for clause in asked if clause.operator in (*COMPARISONS, NONE)]
    return figures, [clause for clause in asked if clause.operator == STATEMENT]


class Declaring(forms.Form):
    """Fields for every clause that the company answers; what is left empty is not declared."""

    year = forms.IntegerField(label=_("year"), min_value=2000, max_value=2100)
    key = forms.CharField(max_length=60, widget=forms.HiddenInput)

    def __init__(self, viewer: Viewer, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.figures, self.statements = clauses_to_declare(viewer)
        for clause in self.figures:
            unit = "" if clause.unit in ("", "count") else f" ({clause.unit})"
            label = f"{title_in_language(clause)}{unit}"
            self.fields[f"figure:{clause.key}"] = forms.DecimalField(label=label, required=False, min_value=0)
        for clause in self.statements:
            choices = [("", "—"), ("true", _("yes")), ("false", _("no"))]
            field = forms.ChoiceField(label=title_in_language(clause), choices=choices, required=False)
            self.fields[f"statement:{clause.key}"] = field
        for clause in (*self.figures, *self.statements):
            file = forms.FileField(label=_("document"), required=False)
            self.fields[f"document:{clause.key}"] = file

    def rows(self) -> list[tuple[Any, Any]]:
        """The fields of each clause: its answer and its document."""
        kinds = [("figure", one) for one in self.figures] + [("statement", one) for one in self.statements]
        return [(self[f"{kind}:{clause.key}"], self[f"document:{clause.key}"]) for kind, clause in kinds]

    def answers(self, kind: str) -> dict[str, str]:
        """What was answered, by clause."""
        given = self.cleaned_data
        names = [name for name in self.fields if name.startswith(f"{kind}:") and given.get(name) not in (None, "")]
        return {name.partition(":")[2]: str(given[name]) for name in names}


def title_in_language(clause: Clause) -> str:
    """What a clause is called in the reader's language."""
    return clause.title_en if (get_language() or "").startswith("en") else clause.title_zh


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def declare(request: HttpRequest, code: str) -> HttpResponse:
    """Take a company's declaration in its own name; documents are kept first and named by their hash."""
    viewer = viewer_of(request)
    row = visible_company(viewer, code)
    if viewer.organisation_id != row.pk:
        raise PermissionDenied
    year = year_of(request.GET.get("year", ""), timezone.localdate())
    initial = {"year": year, "key": get_random_string(32)}
    form, problems = Declaring(viewer, request.POST or None, request.FILES or None, initial=initial), []
    if request.method == "POST" and form.is_valid():
        try:
            calls.record_one("declaration", _said(form, viewer), by=viewer, idempotency_key=form.cleaned_data["key"])
        except Refusal as refusal:
            problems = [str(problem.message) for problem in refusal.problems]
        else:
            return redirect(address_of(row.code, form.cleaned_data["year"]))
    status = 400 if problems or form.errors else 200
    return render(
        request, "web/companies/declare.html", {"form": form, "row": row, "problems": problems}, status=status
    )


def _said(form: Declaring, viewer: Viewer) -> dict[str, Any]:
    documents = []
    for name, file in form.files.items():
        if not isinstance(file, UploadedFile) or name not in form.fields:
            continue
        clause = name.partition(":")[2]
        kept = attachments.keep(file.chunks(_BLOCK), name=file.name or "", by=viewer)
        documents.append({"clause": clause, "sha256": kept.sha256, "name": kept.name})
    details: dict[str, Any] = {"year": form.cleaned_data["year"]}
    if figures := form.answers("figure"):
        details["figures"] = figures
    if statements := form.answers("statement"):
        details["statements"] = {clause: said == "true" for clause, said in statements.items()}
    if documents:
        details["documents"] = documents
    return {"occurredAt": _now(), "details": details}


@login_required
@require_POST
def review(request: HttpRequest, code: str) -> HttpResponse:
    """Take the alliance's word on what a company declared for a year."""
    viewer = viewer_of(request)
    row = visible_company(viewer, code)
    if not viewer.is_alliance:
        raise PermissionDenied
    year = request.POST.get("year", "")
    details = {
        "organisation": row.code,
        "year": int(year) if year.isascii() and year.isdigit() and len(year) == 4 else 0,
        "accepted": request.POST.get("accepted") == "yes",
    }
    if reason := request.POST.get("reason", "").strip():
        details["reason"] = reason
    said = {"occurredAt": _now(), "details": details}
    key = request.POST.get("key", "") or get_random_string(32)
    try:
        calls.record_one("declaration_reviewed", said, by=viewer, idempotency_key=key)
    except Refusal as refusal:
        told = {"row": row, "problems": [str(problem.message) for problem in refusal.problems]}
        return render(request, "web/companies/company.html", told, status=400)
    return redirect(address_of(row.code, int(year)))


def _now() -> str:
    return datetime.now(timezone.get_current_timezone()).isoformat(timespec="milliseconds")
