"""The list of companies: verdict, place on the dynamic list, load, and what falls due, the most urgent first.

Each company is judged as of now, which takes its time: the page comes at once, and asks for the judged rows by itself.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from recyclers.conditions.evaluation import ROLES
from recyclers.conditions.wording import VERDICTS
from recyclers.dynamic_list.reading import listed_companies, standings_on
from recyclers.dynamic_list.standing import Standing
from recyclers.dynamic_list.telling import table_of
from recyclers.periods import last_year_judged
from traceability.access import Viewer
from traceability.audit.exporting import MEDIA_TYPES, write_table
from traceability.models import Organisation
from traceability.regions import region_named
from web.audit.looking import looked_at
from web.audit_doors import audit_door
from web.callers import viewer_of
from web.companies.standing import MARKS, DueTold, Loaded, dues_told, load_told, mending_told, report_told
from web.files import download
from web.names import name_in_language
from web.partial import wants_part

_ANY: Final = ("", _("any"))


class Narrowing(forms.Form):
    """What companies may be narrowed by; the address holds it."""

    verdict = forms.ChoiceField(label=_("verdict"), choices=[_ANY, *VERDICTS.items()], required=False)
    region = forms.CharField(label=_("region"), max_length=6, required=False)
    listed = forms.ChoiceField(
        label=_("on the announced list"), choices=[_ANY, ("yes", _("yes")), ("no", _("no"))], required=False
    )


@dataclass(frozen=True, slots=True)
class Line:
    """A company as the list shows it; `standing` is None until it was judged."""

    code: str
    name: str
    region: str
    standing: Standing | None = None
    verdict: Any = ""
    mark: str = ""
    mending: int = 0
    overdue: int = 0
    load: Loaded | None = None
    report: tuple[Any, str] | None = None
    due: DueTold | None = None


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
    """List the companies whom the conditions are for; to htmx the judged rows alone."""
    form, today = Narrowing(request.GET), timezone.localdate()
    form.is_valid()
    rows = Organisation.objects.order_by("name", "id")
    rows = rows if viewer.is_alliance else rows.filter(pk=viewer.organisation_id or 0)
    if region := form.cleaned_data.get("region"):
        rows = rows.filter(region__startswith=region)
    found = [row for row in rows if ROLES & row.role_set]
    part = wants_part(request)
    # Without scripts a link asks for the judged rows.
    judged = part or "judged" in request.GET
    # Whom a verdict leaves, is known when all are judged.
    waiting = [] if form.cleaned_data.get("verdict") or form.cleaned_data.get("listed") else found
    told: dict[str, Any] = {
        "form": form,
        "companies": _judged(found, today, form.cleaned_data) if judged else [_line(row) for row in waiting],
        "judged": judged,
        "query": "&".join((request.GET.urlencode(), "judged=")),
        "year": last_year_judged(today),
        "files": viewer.is_alliance,
    }
    return render(request, "web/companies/company_rows.html" if part else "web/companies/companies.html", told)


def _judged(rows: list[Organisation], today: date, asked: dict[str, Any]) -> list[Line]:
    """Judge them all, and give those that are asked for, the most urgent first."""
    standings = standings_on(today, rows)
    ordered = sorted(((standings[row.pk], row) for row in rows), key=lambda pair: pair[0].order)
    return list(_asked((_line(row, standing) for standing, row in ordered), asked))


def _asked(lines: Iterable[Line], asked: dict[str, Any]) -> Iterable[Line]:
    verdict, listed = asked.get("verdict"), asked.get("listed")
    for line in lines:
        judged = line.standing.judged if line.standing else None
        if verdict and (judged is None or judged.verdict != verdict):
            continue
        if listed and line.standing and line.standing.is_listed != (listed == "yes"):
            continue
        yield line


def _line(row: Organisation, found: Standing | None = None) -> Line:
    name = name_in_language(row)
    if found is None:
        return Line(row.code, name, region_named(row.region))
    judged, mending = found.judged, mending_told(found)
    return Line(
        row.code,
        name,
        region_named(row.region),
        found,
        VERDICTS[judged.verdict] if judged else "",
        MARKS.get(judged.verdict, "quiet") if judged else "",
        len(mending),
        sum(one.overdue for one in mending),
        load_told(found),
        report_told(found),
        next(iter(dues_told(found)), None),
    )


@audit_door
def dynamic_list(request: HttpRequest, viewer: Viewer, form: str) -> FileResponse:
    """Give the alliance the dynamic list of today as a file."""
    if not viewer.is_alliance:
        raise Http404
    today = timezone.localdate()
    table = table_of(listed_companies(today))
    return download(lambda file: write_table(table, file, form), MEDIA_TYPES[form], f"dynamic-list-{today}.{form}")
