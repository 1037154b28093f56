"""The auditor's first page: exceptions before successes, and beside each picture the table that proves it."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from recyclers.due_dates import due_calendar
from traceability.access import Viewer
from traceability.audit.calendar import day_of
from traceability.audit.reading import completeness, last_run, made, open_gaps
from web.audit import figures, materials
from web.audit.looking import looked_at
from web.names import names_of
from web.words import MATERIALS, PROCESSES

#: Listings, permits and reports that fall due within these days are shown.
DUE_DAYS: Final = 90
_MG: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class DueLine:
    """What falls due for a company, with its name."""

    day: date
    organisation: str
    what: str


@require_safe
@looked_at
def overview(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Show what stands out as of the last run."""
    run, today = last_run(), timezone.localdate()
    first, last = _period(request, today)
    regions = completeness(viewer, "region") if run else []
    cells, points = made(viewer), figures.trend(viewer)
    flows = materials.flows(viewer, first, last)
    told: dict[str, Any] = {
        "run": run,
        "as_of": run and day_of(run.as_of),
        "total": sum(row.batteries for row in regions),
        "broken": sum(row.broken for row in regions),
        "flawed": sum(row.flawed for row in regions),
        "late": _late(regions),
        "new": open_gaps(viewer).filter(opened_in=run).count() if run else 0,
        "codes": figures.by_code(viewer),
        "organisations": figures.by_organisation(viewer),
        "regions": figures.by_region(viewer),
        "months": figures.by_month(viewer),
        "due": _due(viewer, today),
        "trend": points,
        "cells": cells,
        "makers": figures.makers_named(cells),
        "flows": [(_named(flow.source), _named(flow.target), flow.mass_mg / _MG) for flow in flows],
        "first": first,
        "last": last,
    }
    return render(request, "web/audit/overview.html", told | {"charts": _charts(told)})


def _period(request: HttpRequest, today: date) -> tuple[date, date]:
    """The days of the materials' picture: those of the address, else the last full year and this one."""
    given = [_day(request.GET.get(name, "")) for name in ("from", "until")]
    first, last = given[0] or date(today.year - 1, 1, 1), given[1] or today
    return (first, last) if first <= last else (last, first)


def _day(text: str) -> date | None:
    try:
        return parse_date(text)
    except ValueError:
        return None


def _late(regions: list[Any]) -> int:
    return sum(row.facts - row.on_time for row in regions)


def _due(viewer: Viewer, today: date) -> list[DueLine]:
    own = None if viewer.is_alliance else [viewer.organisation_id or 0]
    found = due_calendar(today, today + timedelta(days=DUE_DAYS), own)
    names = names_of(due.organisation for due in found)
    words = {
        "permit_ends": _("permit ends: {what} {number}"),
        "listing_ends": _("listing ends: {what} {number}"),
        "annual_report": _("annual report for {what}"),
    }
    return [
        DueLine(due.day, names[due.organisation], words[due.kind].format(what=due.what, number=due.number).strip())
        for due in found
    ]


def _named(node: tuple[str, str, int]) -> str:
    """What a node of the flows is called; the same material at another step is another node."""
    kind, name, step = node
    if kind == "process":
        return str(PROCESSES[name])
    word = str(MATERIALS.get(name, name))
    if kind == "again":
        return _("{material}, fed again").format(material=word)
    if kind == "outside":
        return _("{material}, from outside").format(material=word) if name not in ("batteries", "reagents") else word
    process = str(PROCESSES[materials.ORDER[step]])
    return _("{material} of {process}").format(material=word, process=process)


def _charts(told: dict[str, Any]) -> dict[str, Any]:
    """The same figures as the tables have, for the script that draws them."""
    names = dict.fromkeys(name for one, two, _mass in told["flows"] for name in (one, two))
    makers = sorted({cell.maker for cell in told["cells"]})
    months = sorted({cell.month for cell in told["cells"]})
    labels = [told["makers"].get(maker, maker or "—") for maker in makers]
    return {
        "trend": {
            "days": [day.isoformat() for day, _row in told["trend"]],
            "completeness": [row.completeness and float(row.completeness) for _day, row in told["trend"]],
            "broken": [row.broken for _day, row in told["trend"]],
            "names": [_("completeness, %"), _("broken chains")],
        },
        "heat": {
            "months": months,
            "makers": labels,
            "cells": [
                [months.index(cell.month), makers.index(cell.maker), round(100 * cell.broken / cell.batteries, 1)]
                for cell in told["cells"]
            ],
            "name": _("broken, % of batteries"),
            "codes": makers,
            "list": reverse("battery-list"),
        },
        "flows": {
            "nodes": [{"name": name} for name in names],
            "links": [{"source": one, "target": two, "value": round(mass, 3)} for one, two, mass in told["flows"]],
            "unit": "kg",
        },
    }
