"""A company's page: listings, permits, what falls due, and each clause with figure, limit, verdict and evidence."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.views.decorators.http import require_safe

from recyclers.conditions.evaluation import evaluate
from recyclers.conditions.judging import Judged
from recyclers.conditions.parts import texts
from recyclers.conditions.terms import terms
from recyclers.conditions.wording import CERTAINTIES, VERDICTS, limit_of, name_of_text, title_of
from recyclers.due_dates import due_calendar
from recyclers.models import Listing, Penalty, Permit
from recyclers.statements import said_by
from traceability.access import Viewer
from traceability.errors import Refusal
from traceability.models import Organisation
from web.audit.exceptions import told as told_due
from web.audit.looking import looked_at
from web.audit_report.compliance import page_of
from web.companies.evidence import Piece, pieces
from web.companies.standing import MARKS
from web.companies.visible import visible_company, year_of
from web.names import is_english, name_in_language
from web.words import PERMITS, SCOPES

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


@require_safe
@looked_at
def company(request: HttpRequest, viewer: Viewer, code: str) -> HttpResponse:
    """Show a company's year; whose business it is not, it does not exist."""
    row = visible_company(viewer, code)
    today = timezone.localdate()
    year = year_of(request.GET.get("year", ""), today)
    edition = request.GET.get("edition") or None
    told: dict[str, Any] = {
        "row": row,
        "name": name_in_language(row),
        "year": year,
        "years": range(today.year, 2019, -1),
        "texts": [(text, name_of_text(text)) for text in texts()],
        "edition": edition or "",
        "may_declare": viewer.organisation_id == row.pk,
    }
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
        "parts": [
            (part, VERDICTS[part.verdict], [_line(one, row.code) for one in part.clauses]) for part in report.parts
        ],
        "may_review": viewer.is_alliance and year in report.company.declared,
        "review_key": get_random_string(32),
        "files": page_of(report),
        **_standing(row, today),
    }
    return render(request, "web/companies/company.html", told)


def _line(judged: Judged, owner: str) -> Line:
    clause, english = judged.clause, is_english()
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
        pieces(judged.evidence or {}, owner),
    )


def _standing(row: Organisation, today: date) -> dict[str, Any]:
    return {
        "listings": [(SCOPES.get(one.scope, one.scope), one) for one in said_by(Listing, [row.pk]) if one.is_current],
        "permits": [(PERMITS.get(one.kind, one.kind), one) for one in said_by(Permit, [row.pk]) if one.is_current],
        "penalties": said_by(Penalty, [row.pk]),
        "due": [(due, told_due(due)) for due in due_calendar(today, today + _DUE, [row.pk], overdue=True)],
        "today": today,
    }
