"""Whether a company meets the conditions, as files and as a page that a printed report is compared with.

    GET /audit/recyclers/<code>/compliance.<pdf|xlsx|csv|json>?from=2025-01-01&until=2025-12-31
        &edition=&asOf=&boundary=company|site&averaging=period|month|batch&provisional=true&language=en
    GET /audit/recyclers/<code>/compliance?…    the same evaluation on a page: where a report's QR symbol leads

The alliance asks about every company, a company about itself; to everybody else there is nothing there.
"""

import re
from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any, BinaryIO, Final

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.views.decorators.http import require_safe

from recyclers.conditions import exporting
from recyclers.conditions.evaluation import Report, evaluate
from recyclers.conditions.exporting.head import company_name, head_of
from recyclers.conditions.terms import terms
from recyclers.conditions.wording import CERTAINTIES, VERDICTS, limit_of, name_of_text, title_of
from traceability.access import Viewer
from traceability.errors import Refusal, refuse
from web.audit.looking import looked_at
from web.audit_doors import audit_door, language_of
from web.audit_report import compliance as paper
from web.files import download

FORMS: Final = ("pdf", *exporting.FORMATS)
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TRUTHS: Final = {**dict.fromkeys(("", "false", "no", "0"), False), **dict.fromkeys(("true", "yes", "1"), True)}


@audit_door
def compliance(request: HttpRequest, viewer: Viewer, code: str, form: str) -> FileResponse:
    """Give an evaluation as a file, in the language that was asked for or is the reader's."""
    report, language = _asked(request, viewer, code), language_of(request)
    name = f"compliance-{report.recycler}-{report.first}-{report.last}.{form}"
    if form == "pdf":
        address = request.build_absolute_uri(paper.page_of(report))
        write = partial(paper.write_compliance, report, language=language, address=address)
        return download(write, paper.MEDIA_TYPE, name)
    return download(_in(language, report, form), exporting.MEDIA_TYPES[form], name)


@require_safe
@looked_at
def compliance_page(request: HttpRequest, viewer: Viewer, code: str) -> HttpResponse:
    """Show an evaluation with the digest of its JSON form, and where its files are."""
    try:
        report = _asked(request, viewer, code)
    except Refusal as refusal:
        if refusal.code == "unknown_organisation":
            raise Http404 from None
        problems = [str(problem.message) for problem in refusal.problems]
        return render(request, "web/compliance.html", {"name": code.upper(), "problems": problems}, status=400)
    files = [(form, _file_of(report, form)) for form in FORMS]
    shown = {"name": company_name(report.recycler), "head": list(head_of(report)), "files": files}
    return render(request, "web/compliance.html", shown | {"parts": [_part(one) for one in report.parts]})


def _asked(request: HttpRequest, viewer: Viewer, code: str) -> Report:
    """Evaluate what was asked for; a company that the viewer may not ask about is not there, whatever was asked."""
    code, given = code.upper(), request.GET
    if not viewer.is_alliance and viewer.organisation_code != code:
        raise Http404
    asked = terms(
        given.get("boundary") or None,
        given.get("averaging") or None,
        provisional=_truth(given.get("provisional", ""), "provisional"),
    )
    return evaluate(
        code,
        _day(given.get("from", ""), "from"),
        _day(given.get("until", ""), "until"),
        edition=given.get("edition") or None,
        as_of=_day(given["asOf"], "asOf") if given.get("asOf") else None,
        terms=asked,
    )


def _day(text: str, name: str) -> date:
    if not text:
        raise refuse("missing_field", (name,), value=name)
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise refuse("wrong_value", (name,), value=text[:50], expected="YYYY-MM-DD")


def _truth(text: str, name: str) -> bool:
    found = _TRUTHS.get(text.lower())
    if found is None:
        raise refuse("wrong_value", (name,), value=text[:50], expected="true, false")
    return found


def _in(language: str | None, report: Report, form: str) -> Callable[[BinaryIO], None]:
    def write(file: BinaryIO) -> None:
        with translation.override(language):
            exporting.write_report(report, file, form)

    return write


def _file_of(report: Report, form: str) -> str:
    return f"{reverse('compliance-file', args=[report.recycler, form])}?{paper.question_of(report)}"


def _part(judged: Any) -> dict[str, Any]:
    part = judged.part
    return {
        "text": name_of_text(part.text),
        "first": part.first.isoformat(),
        "last": part.last.isoformat(),
        "verdict": VERDICTS[judged.verdict],
        "clauses": [
            {
                "title": title_of(one),
                "key": one.key,
                "limit": limit_of(one.clause),
                "measured": one.measured,
                "verdict": VERDICTS[one.verdict],
                "certainty": CERTAINTIES[one.clause.certainty],
                "decides": one.decides,
            }
            for one in judged.clauses
            if one.clause is not None
        ],
    }
