"""A company's page: listings, permits, what falls due, and each clause with figure, limit, verdict and evidence."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from recyclers.conditions.evaluation import ROLES, evaluate
from recyclers.conditions.judging import Judged
from recyclers.conditions.parts import texts
from recyclers.conditions.terms import terms
from recyclers.conditions.wording import CERTAINTIES, VERDICTS, limit_of, title_of
from recyclers.due_dates import due_calendar
from recyclers.models import Listing, Penalty, Permit
from recyclers.statements import said_by
from traceability.access import Viewer
from traceability.errors import Refusal
from traceability.models import Organisation
from web.audit.looking import looked_at
from web.audit_report.compliance import page_of
from web.callers import viewer_of
from web.companies.evidence import Piece, pieces

#: How a verdict is marked, besides its word.
MARKS: Final = {"pass": "good", "fail": "bad", "implausible": "bad", "no_evidence": "warn"}
_DUE: Final = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Line:
    """One clause as people read it."""

    judged: Judged
    title: str
    text: str
    measured: str
    unit: str
    limit: str
    verdict: Any
    mark: str
    certainty: Any
    evidence: list[Piece]


@login_required
@require_safe
def own(request: HttpRequest) -> HttpResponse:
    """Lead to the page of the reader's own company, or to the list of companies."""
    viewer = viewer_of(request)
    if viewer.is_alliance or not viewer.roles & ROLES:
        return companies(request)
    return redirect("company", code=viewer.organisation_code)


@require_safe
@looked_at
def companies(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """List the companies whom the conditions are for; to another organisation nothing but its own."""
    rows = Organisation.objects.order_by("name")
    rows = rows if viewer.is_alliance else rows.filter(pk=viewer.organisation_id or 0)
    english = (get_language() or "").startswith("en")
    found = [row for row in rows if ROLES & row.role_set]
    shown = [{"code": row.code, "name": (english and row.name_en) or row.name, "region": row.region} for row in found]
    return render(request, "web/companies/companies.html", {"companies": shown})


@require_safe
@looked_at
def company(request: HttpRequest, viewer: Viewer, code: str) -> HttpResponse:
    """Show a company's year; whose business it is not, it does not exist."""
    row = visible_company(viewer, code)
    today = timezone.localdate()
    year = _year(request.GET.get("year", ""), today)
    edition = request.GET.get("edition") or None
    told: dict[str, Any] = {"row": row, "year": year, "years": range(today.year, 2019, -1), "texts": texts()}
    told |= {"edition": edition or "", "may_declare": viewer.organisation_id == row.pk}
    try:
        asked = terms(request.GET.get("boundary") or None, request.GET.get("averaging") or None)
        report = evaluate(row.code, date(year, 1, 1), date(year, 12, 31), edition=edition, terms=asked)
    except Refusal as refusal:
        told["problems"] = [str(problem.message) for problem in refusal.problems]
        return render(request, "web/companies/company.html", told, status=400)
    told |= {
        "report": report,
        "parameters": report.terms.as_json(),
        "verdict": VERDICTS[report.verdict],
        "mark": MARKS.get(report.verdict, "quiet"),
        "parts": [(part, VERDICTS[part.verdict], [_line(one) for one in part.clauses]) for part in report.parts],
        "may_review": viewer.is_alliance and year in report.company.declared,
        "review_key": get_random_string(32),
        "files": page_of(report),
        **_standing(row, today),
    }
    return render(request, "web/companies/company.html", told)


def visible_company(viewer: Viewer, code: str) -> Organisation:
    """Find a company whose conditions are this reader's business: its own, or any for the alliance."""
    row = Organisation.objects.filter(code=code.upper()).first()
    if row is None or not ROLES & row.role_set or not (viewer.is_alliance or row.pk == viewer.organisation_id):
        raise Http404
    return row


def address_of(code: str, year: int) -> str:
    """Where a company's year is shown."""
    return f"{reverse('company', args=[code])}?year={year}"


def _year(text: str, today: date) -> int:
    """The year that is asked for, else the last full one."""
    return int(text) if text.isascii() and text.isdigit() and 2000 <= int(text[:4]) <= 2100 else today.year - 1


def _line(judged: Judged) -> Line:
    clause, english = judged.clause, (get_language() or "").startswith("en")
    return Line(
        judged,
        title_of(judged),
        "" if clause is None else (clause.text_en if english else clause.text_zh),
        "" if judged.measured is None else format(judged.measured, "f"),
        clause.unit if clause and judged.measured is not None and clause.unit != "count" else "",
        limit_of(clause) if clause else "",
        VERDICTS[judged.verdict],
        MARKS.get(judged.verdict, "quiet"),
        "" if judged.decides or clause is None else CERTAINTIES[clause.certainty],
        pieces(judged.evidence or {}),
    )


def _standing(row: Organisation, today: date) -> dict[str, Any]:
    return {
        "listings": [one for one in said_by(Listing, [row.pk]) if one.is_current],
        "permits": [one for one in said_by(Permit, [row.pk]) if one.is_current],
        "penalties": said_by(Penalty, [row.pk]),
        "due": due_calendar(today, today + _DUE, [row.pk]),
        "today": today,
    }
