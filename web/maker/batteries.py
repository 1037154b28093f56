"""The list of batteries: those that the reader sees, narrowed by what the address says, a page after the other."""

from dataclasses import dataclass, fields
from typing import Any, Final
from urllib.parse import urlencode

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.crypto import get_random_string
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from batteries.label_issuing import ISSUED
from batteries.models import BatteryModel
from batteries.reading import BatteryFilters, battery_page, count_batteries
from batteries.rows import BatteryRow
from traceability.access import Viewer
from traceability.audit.wording import STATUSES
from traceability.checks import roles_for
from traceability.errors import STAGES
from web.callers import viewer_of
from web.labels import SHEET
from web.names import names_of
from web.partial import place_in, wants_part
from web.words import CHEMISTRIES, LEVELS

#: Batteries on one page.
SIZE: Final = 50
_ANY: Final = ("", _("any"))


class Narrowing(forms.Form):
    """What the list may be narrowed by; the address holds it."""

    code_prefix = forms.CharField(label=_("code begins with"), max_length=24, required=False, strip=True)
    stage = forms.ChoiceField(label=_("stage"), choices=[_ANY, *STAGES.items()], required=False)
    level = forms.ChoiceField(label=_("level"), choices=[_ANY, *LEVELS.items()], required=False)
    battery_type = forms.ChoiceField(label=_("chemistry"), choices=[_ANY, *CHEMISTRIES.items()], required=False)
    manufacturer = forms.CharField(label=_("maker (code)"), max_length=18, required=False)
    model = forms.CharField(label=_("model"), max_length=80, required=False)
    holder = forms.CharField(label=_("holder (code)"), max_length=18, required=False)
    chain_status = forms.ChoiceField(label=_("chain"), choices=[_ANY, *STATUSES.items()], required=False)
    produced_from = forms.DateField(
        label=_("produced from"), required=False, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d")
    )
    produced_until = forms.DateField(
        label=_("produced until"), required=False, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d")
    )

    def filters(self) -> BatteryFilters:
        """The filters in the words of the domain; what cannot be read narrows nothing, and is told beside its field."""
        given = self.cleaned_data if self.is_bound else {}
        known = {field.name for field in fields(BatteryFilters)}
        return BatteryFilters(**{name: value for name, value in given.items() if value and name in known})


@dataclass(frozen=True, slots=True)
class Line:
    """One battery as the list shows it."""

    row: BatteryRow
    stage: Any
    level: Any
    chemistry: Any
    status: Any
    holder: str


@never_cache
@require_safe
@login_required
def battery_list(request: HttpRequest) -> HttpResponse:
    """Show a page of the reader's batteries; to htmx the rows alone."""
    viewer, form = viewer_of(request), Narrowing(request.GET)
    form.is_valid()
    place, filters = place_in(request), form.filters()
    page = battery_page(viewer, filters, SIZE, place)
    asked = {name: value for name, value in request.GET.items() if name in form.fields and value}
    told = {
        "form": form,
        "lines": _lines(page.rows),
        "next": urlencode({**asked, "after": page.rows[-1].record_id}) if page.has_next else "",
        "first": place is None,
        "most": SHEET,
    }
    if wants_part(request):
        return render(request, "web/maker/rows.html", told)
    told |= {
        "total": count_batteries(viewer, filters),
        "models": _models(viewer),
        "own": viewer.organisation_code or "",
        "may_issue": bool(viewer.roles & roles_for(ISSUED)),
        "label_key": get_random_string(32),
    }
    return render(request, "web/maker/batteries.html", told)


def _lines(rows: tuple[BatteryRow, ...]) -> list[Line]:
    names = names_of(row.holder_id for row in rows)
    return [
        Line(
            row,
            STAGES.get(row.stage, row.stage),
            LEVELS.get(row.level, row.level),
            CHEMISTRIES.get(row.battery_type, ""),
            STATUSES.get(row.status or "", ""),
            names.get(row.holder_id or 0, ""),
        )
        for row in rows
    ]


def _models(viewer: Viewer) -> list[str]:
    """The models that the reader's organisation filed, to choose from."""
    rows = BatteryModel.objects.filter(organisation=viewer.organisation_id or 0)
    return list(rows.order_by("number").values_list("number", flat=True)[:200])
