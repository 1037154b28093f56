"""The auditor's first page: exceptions before successes, and beside each picture the table that proves it."""

from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from traceability.access import Viewer
from traceability.audit.calendar import day_of
from traceability.audit.reading import completeness, last_run, made, open_gaps
from web.audit import exceptions, figures, materials
from web.audit.looking import looked_at
from web.audit.taking import forms_to_take
from web.words import MATERIALS, PROCESSES

_MG: Final = 1_000_000


@require_safe
@looked_at
def overview(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Show what stands out as of the last run."""
    run, today = last_run(), timezone.localdate()
    first, last = _period(request, today)
    regions = completeness(viewer, "region") if run else []
    codes, (overdue, due) = figures.by_code(viewer), exceptions.overdue_and_due(viewer, today)
    cells, points = made(viewer), figures.trend(viewer)
    makers, flows = figures.makers_named(cells), materials.flows(viewer, first, last)
    told: dict[str, Any] = {
        "run": run,
        "as_of": run and day_of(run.as_of),
        "total": sum(row.batteries for row in regions),
        "broken": sum(row.broken for row in regions),
        "flawed": sum(row.flawed for row in regions),
        "late": sum(one.gaps for one in codes if one.key == exceptions.LATE),
        "unbalanced": exceptions.out_of_tolerance(viewer),
        "imbalances": sum(one.gaps for one in codes if one.key == exceptions.IMBALANCE),
        "new": open_gaps(viewer).filter(opened_in=run).count() if run else 0,
        "codes": codes,
        "organisations": figures.by_organisation(viewer),
        "regions": figures.by_region(viewer),
        "months": figures.by_month(viewer),
        "overdue": overdue,
        "due": due,
        "due_days": exceptions.DUE_DAYS,
        "trend": points,
        "cells": cells,
        "makers": makers,
        "made": [(cell, makers.get(cell.maker, cell.maker or "—"), figures.batteries_of(cell)) for cell in cells],
        "flows": [_flow(flow, first, last) for flow in flows],
        "first": first,
        "last": last,
        "taking": forms_to_take(),
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


def _flow(flow: materials.Flow, first: date, last: date) -> tuple[str, str, float, str]:
    """From where to where, how many kilograms, and the list of the batches that moved it."""
    [process] = [name for kind, name, _step in (flow.source, flow.target) if kind == "process"]
    asked = urlencode({"process": process, "closed_from": first.isoformat(), "closed_until": last.isoformat()})
    return _named(flow.source), _named(flow.target), flow.mass_mg / _MG, f"{reverse('batch-list')}?{asked}"


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
    names = dict.fromkeys(name for one, two, *_rest in told["flows"] for name in (one, two))
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
            "links": [
                {"source": one, "target": two, "value": round(mass, 3)} for one, two, mass, _list in told["flows"]
            ],
            "unit": "kg",
        },
    }
