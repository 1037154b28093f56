"""Where a company stands on the dynamic list, and its balance by element: parts of its page that take their time."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from recyclers.company_balance import balance_of
from recyclers.conditions.wording import VERDICTS, limit_of, title_of
from recyclers.dynamic_list import due, reports
from recyclers.dynamic_list.reading import standings_on
from recyclers.dynamic_list.standing import Standing
from recyclers.dynamic_list.telling import DUES, REPORTS, fed_kg, recorded_percent
from recyclers.recovery import Turnover, printed
from traceability import law
from traceability.access import Viewer
from web.audit.looking import looked_at
from web.companies.visible import address_of, visible_company, year_of
from web.material.showing import kg, symbol
from web.names import is_english
from web.partial import wants_part
from web.words import PERMITS, SCOPES

#: How a verdict is marked, besides its word.
MARKS: Final = {"pass": "good", "fail": "bad", "implausible": "bad", "no_evidence": "warn"}
_REPORT_MARKS: Final = {reports.HANDED_IN: "good", reports.LATE: "warn", reports.MISSING: "bad"}


@dataclass(frozen=True, slots=True)
class MendingTold:
    """A condition that has to be met again, in words."""

    key: str
    title: str
    year: int
    measured: str
    limit: str
    until: date
    overdue: bool


@dataclass(frozen=True, slots=True)
class DueTold:
    """Something to be seen to by a day, in words."""

    day: date
    kind: Any
    what: str
    overdue: bool


@dataclass(frozen=True, slots=True)
class Loaded:
    """How far the capacity is used, in percent: as declared, and by the records; None where it is not known."""

    year: int
    declared: Decimal | None
    recorded: Decimal | None
    fed_kg: str


@dataclass(frozen=True, slots=True)
class ElementLine:
    """One element through a company; a dash where a figure is not known."""

    element: str
    input_kg: str
    output_kg: str
    residue_kg: str
    loss_kg: str
    recovered: Decimal | None


def mending_told(found: Standing) -> list[MendingTold]:
    """What it has to mend, the first that is due first."""
    return [
        MendingTold(
            one.judged.key,
            title_of(one.judged),
            one.year,
            "" if one.judged.measured is None else f"{one.judged.measured:f}",
            limit_of(one.judged.clause) if one.judged.clause else "",
            one.until,
            one.overdue,
        )
        for one in found.mending
    ]


def dues_told(found: Standing) -> list[DueTold]:
    """What it has to see to, in order of days."""
    return [DueTold(one.day, DUES[one.kind], _what(one), one.overdue) for one in found.dues]


def _what(one: due.Due) -> str:
    if one.kind == due.MENDING:
        clause = next((clause for clause in law.book().clauses if clause.key == one.what), None)
        return one.what if clause is None else clause.title_en if is_english() else clause.title_zh
    return f"{PERMITS.get(one.what, one.what)} {one.number}".strip()


def load_told(found: Standing) -> Loaded | None:
    """Its load in the last year judged."""
    load = found.load
    return None if load is None else Loaded(load.year, load.declared, recorded_percent(load), f"{fed_kg(load):,f}")


def report_told(found: Standing) -> tuple[Any, str] | None:
    """Where the annual report stands that is due this year, and how that is marked."""
    report = found.report
    return None if report is None else (REPORTS[report.state], _REPORT_MARKS.get(report.state, "quiet"))


@require_safe
@looked_at
def standing(request: HttpRequest, viewer: Viewer, code: str) -> HttpResponse:
    """Show where a company stands on the announced list today."""
    row = visible_company(viewer, code)
    found = standings_on(timezone.localdate(), [row])[row.pk]
    told: dict[str, Any] = {
        "row": row,
        "found": found,
        "since": None if found.since == date.min else found.since,
        "scopes": [SCOPES.get(one.scope, one.scope) for one in found.listings if one.holds_on(found.on)],
        "verdict": VERDICTS[found.judged.verdict] if found.judged else "",
        "mark": MARKS.get(found.judged.verdict, "quiet") if found.judged else "",
        "mending": mending_told(found),
        "load": load_told(found),
        "report": report_told(found),
        "dues": dues_told(found),
    }
    return _part(request, "web/companies/standing.html", told)


@require_safe
@looked_at
def balance(request: HttpRequest, viewer: Viewer, code: str) -> HttpResponse:
    """Show each element through a company in a year: what came in, what left, and what is lost."""
    row = visible_company(viewer, code)
    year = year_of(request.GET.get("year", ""), timezone.localdate())
    found = balance_of(row.code, date(year, 1, 1), date(year, 12, 31))
    told = {"row": row, "year": year, "elements": [_element(one) for one in found if one.input_mg or one.output_mg]}
    return _part(request, "web/companies/balance.html", told)


def _element(one: Turnover) -> ElementLine:
    recovered = one.recovery.value
    return ElementLine(
        symbol(one.element),
        _kg(one.input_mg),
        _kg(one.output_mg),
        _kg(one.residue_mg),
        _kg(one.loss_mg),
        None if recovered is None else printed(recovered),
    )


def _kg(mg: Fraction | None) -> str:
    return kg(None if mg is None else round(mg))


def _part(request: HttpRequest, template: str, told: dict[str, Any]) -> HttpResponse:
    """To htmx the part alone; to others a page around it."""
    if wants_part(request):
        return render(request, template, told)
    back = address_of(told["row"].code, told.get("year") or timezone.localdate().year - 1)
    return render(request, "web/companies/part.html", told | {"part": template, "back": back})
