"""Batches: the list behind the flows, and each with what went in, what came out, and whether it balances."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from recyclers import batch_findings, lot_reading, mass_balance
from recyclers.batch_flows import flows_of
from recyclers.flows import Batch as Flow
from recyclers.lot_reading import BatchFilters
from recyclers.models import Batch, BatchInput, BatchOutput, Lot, Residue
from recyclers.recovery import NOT_APPLICABLE, printed, recoveries
from traceability.access import Viewer
from traceability.lots import code_of
from traceability.models import LifecycleRecord
from web.audit.looking import looked_at
from web.battery.telling import moment
from web.material.showing import SIZE, assay, element, gaps_of, kg, share
from web.names import Party, parties_of
from web.partial import place_in, wants_part
from web.places import address_of
from web.words import MATERIALS, PROCESSES

#: Batches on one page.
PAGE: Final = 50


class Narrowing(forms.Form):
    """What batches may be narrowed by; the address holds it."""

    process = forms.ChoiceField(label=_("process"), choices=[("", _("any")), *PROCESSES.items()], required=False)
    organisation = forms.CharField(label=_("organisation (code)"), max_length=18, required=False)
    number_prefix = forms.CharField(label=_("number begins with"), max_length=60, required=False)
    closed_from = forms.DateField(
        label=_("closed, not before"), required=False, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d")
    )
    closed_until = forms.DateField(
        label=_("closed, not after"), required=False, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d")
    )

    def filters(self) -> BatchFilters:
        """The filters in the words of the domain; what cannot be read narrows nothing, and is told beside its field."""
        return BatchFilters(**{name: value for name, value in self.cleaned_data.items() if value})


@dataclass(frozen=True, slots=True)
class Line:
    """A batch on a list."""

    batch: Batch
    address: str
    process: Any
    closed: str
    party: Party | None


@dataclass(frozen=True, slots=True)
class Item:
    """What went into a batch, or came out of it: its name, and the page of it where there is one to see."""

    place: int
    name: str
    address: str
    kg: str
    about: str


@require_safe
@looked_at
def batch_list(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Show a page of batches, the latest closed first; to htmx the rows alone."""
    form = Narrowing(request.GET)
    form.is_valid()
    closed, event = place_in(request, "closed_ms"), place_in(request)
    after = None if closed is None or event is None else (closed, event)
    page = lot_reading.batch_page(viewer, form.filters(), PAGE, after)
    parties = parties_of(row.organisation_id for row in page.rows)
    asked = {name: value for name, value in request.GET.items() if name in form.fields and value}
    last = page.rows[-1] if page.has_next else None
    told: dict[str, Any] = {
        "form": form,
        "lines": [_line(row, parties) for row in page.rows],
        "next": urlencode({**asked, "closed_ms": last.closed_ms, "after": last.event_id}) if last else "",
        "first": after is None,
    }
    if wants_part(request):
        return render(request, "web/material/batch_rows.html", told)
    total = lot_reading.batches_filtered(viewer, form.filters()).count()
    return render(request, "web/material/batches.html", told | {"total": total})


def _line(row: Batch, parties: dict[int, Party]) -> Line:
    party = parties.get(row.organisation_id)
    address = address_of(LifecycleRecord.Kind.BATCH, code_of(party.code if party else "", row.number))
    return Line(row, address, PROCESSES.get(row.process, "—"), moment(row.closed_ms), party)


@require_safe
@looked_at
def batch_page(request: HttpRequest, viewer: Viewer, owner: str, number: str) -> HttpResponse:
    """Show one batch; whose business it is not, it does not exist."""
    row = lot_reading.batch_by_number(viewer, owner, number)
    if row is None:
        raise Http404
    begin = place_in(request) or 0
    inputs = _page_of(BatchInput, row, begin)
    outputs = _page_of(BatchOutput, row, begin)
    residues = _page_of(Residue, row, begin)
    drawn = {item.lot_id for item in inputs if item.lot_id is not None}
    lots = lot_reading.lots_by_id(viewer, drawn | {item.lot_id for item in outputs})
    flows = flows_of([row.event_id])
    told: dict[str, Any] = {
        "batch": row,
        "process": PROCESSES.get(row.process, "—"),
        "started": "" if row.started_ms is None else moment(row.started_ms),
        "closed": moment(row.closed_ms),
        "party": parties_of([row.organisation_id]).get(row.organisation_id),
        "inputs": [_input(item, lots) for item in inputs[:SIZE]],
        "outputs": [_output(item, lots) for item in outputs[:SIZE]],
        "residues": [_residue(item) for item in residues[:SIZE]],
        "next": begin + SIZE if max(len(inputs), len(outputs), len(residues)) > SIZE else 0,
        "begin": begin,
        "warnings": [found.message for found in batch_findings.of_batches([row], flows)[row.event_id]],
        "gaps": gaps_of(viewer, LifecycleRecord.Kind.BATCH, code_of(owner, number)),
    }
    flow = flows.get(row.event_id)
    return render(request, "web/material/batch.html", told | (_balance(flow) if flow else {}))


def _page_of(model: type[lot_reading.Item], row: Batch, begin: int) -> list[lot_reading.Item]:
    """A page of what belongs to a batch, and one more where others follow."""
    return lot_reading.items_of(model, [row.event_id], begin, SIZE + 1).get(row.event_id, [])


def _balance(flow: Flow) -> dict[str, Any]:
    """Its masses, its loss, and of each element how much was recovered."""
    found = mass_balance.balance(flow)
    lost = found.loss_percent
    recovered = recoveries(flow).items()
    return {
        "masses": [kg(mg) for mg in (found.input_mg, found.output_mg, found.residue_mg, found.loss_mg)],
        "loss_percent": None if lost is None else printed(lost),
        "recovery": [
            (element(name), None if figure.value is None else printed(figure.value))
            for name, figure in recovered
            if figure.state != NOT_APPLICABLE
        ],
    }


def _input(row: BatchInput, lots: dict[int, Lot]) -> Item:
    if row.battery:
        address = address_of(LifecycleRecord.Kind.BATTERY, row.battery)
        return Item(row.place, row.battery, address, kg(row.mass_mg), str(_("battery, part or product")))
    if row.reagent:
        return Item(row.place, row.reagent, "", kg(row.mass_mg), str(_("reagent")))
    return _of_lot(row.place, lots.get(row.lot_id or 0), row.mass_mg, [])


def _output(row: BatchOutput, lots: dict[int, Lot]) -> Item:
    about = [str(_("moisture")) + " " + share(row.moisture_ppb)] if row.moisture_ppb is not None else []
    return _of_lot(row.place, lots.get(row.lot_id), row.mass_mg, [*about, assay(row.assay)])


def _of_lot(place: int, lot: Lot | None, mass_mg: int, about: Sequence[str]) -> Item:
    if lot is None:
        return Item(place, str(_("lot of material")), "", kg(mass_mg), "")
    material = str(MATERIALS.get(lot.material, lot.material))
    address = address_of(LifecycleRecord.Kind.LOT, lot.code)
    return Item(place, lot.number, address, kg(mass_mg), " · ".join(filter(None, (material, *about))))


def _residue(row: Residue) -> Item:
    about = (row.manifest and f"{_('manifest')} {row.manifest}", share(row.moisture_ppb), assay(row.assay))
    return Item(
        row.place,
        str(MATERIALS.get(row.kind, row.kind) or _("residue")),
        "",
        kg(row.mass_mg),
        " · ".join(filter(None, about)),
    )
