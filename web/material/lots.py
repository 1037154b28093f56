"""Lots of material: the list, and each with its content, where it is, what was done with it and what it is made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from batteries import reading
from recyclers import lineage, lot_reading
from recyclers.lineage import Share
from recyclers.lineage_shares import BATTERY, LOT
from recyclers.lot_reading import LotFilters
from recyclers.models import Batch, Lot, LotMovement
from traceability.access import Viewer
from traceability.errors import Refusal
from traceability.lots import code_of
from traceability.models import LifecycleRecord
from web.audit.looking import looked_at
from web.battery.telling import moment
from web.material.showing import SIZE, assay, gaps_of, kg, share
from web.names import Party, parties_of
from web.partial import place_in, wants_part
from web.places import address_of
from web.words import CONDITIONS, MATERIALS, THINGS

#: Lots on one page.
PAGE: Final = 50
_FLOWS: Final = frozenset({"batteries", "reagents", "unknown", "residues", "loss"})
_NAMED: Final = [("", _("any")), *((word, name) for word, name in MATERIALS.items() if word not in _FLOWS)]


class Narrowing(forms.Form):
    """What lots may be narrowed by; the address holds it."""

    material = forms.ChoiceField(label=_("material"), choices=_NAMED, required=False)
    organisation = forms.CharField(label=_("made by (code)"), max_length=18, required=False)
    in_stock = forms.BooleanField(label=_("in our own stock"), required=False)

    def filters(self) -> LotFilters:
        """The filters in the words of the domain."""
        return LotFilters(**{name: value for name, value in self.cleaned_data.items() if value})


@dataclass(frozen=True, slots=True)
class Line:
    """A lot on a list."""

    lot: Lot
    address: str
    material: Any
    kg: str
    since: str
    party: Party | None


@dataclass(frozen=True, slots=True)
class Moved:
    """One movement of a lot: what, by whom, how much, and in which batch."""

    when: str
    kind: str
    party: Party | None
    other: Party | None
    kg: str
    batch: str
    address: str
    about: str


@dataclass(frozen=True, slots=True)
class Origin:
    """A part of what a lot is made of."""

    kind: Any
    name: str
    address: str
    percent: str
    kg: str


@require_safe
@looked_at
def lot_list(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """Show a page of the lots that the reader sees; to htmx the rows alone."""
    form = Narrowing(request.GET)
    form.is_valid()
    rows, after = lot_reading.filtered(viewer, form.filters()), place_in(request)
    page = rows.order_by("id")
    found = list((page if after is None else page.filter(pk__gt=after))[: PAGE + 1])
    parties = parties_of((lot.organisation_id for lot in found), viewer)
    asked = {name: value for name, value in request.GET.items() if name in form.fields and value}
    told: dict[str, Any] = {
        "form": form,
        "lines": [_line(lot, parties) for lot in found[:PAGE]],
        "next": urlencode({**asked, "after": found[PAGE - 1].pk}) if len(found) > PAGE else "",
        "first": after is None,
    }
    if wants_part(request):
        return render(request, "web/material/lot_rows.html", told)
    return render(request, "web/material/lots.html", told | {"total": rows.count()})


def _line(lot: Lot, parties: Mapping[int, Party]) -> Line:
    return Line(
        lot,
        address_of(LifecycleRecord.Kind.LOT, lot.code),
        MATERIALS.get(lot.material, lot.material),
        kg(lot.mass_mg if lot.origin else None),
        "" if lot.since_ms is None else moment(lot.since_ms),
        parties.get(lot.organisation_id),
    )


@require_safe
@looked_at
def lot_page(request: HttpRequest, viewer: Viewer, owner: str, number: str) -> HttpResponse:
    """Show one lot; whose business it is not, it does not exist."""
    code = code_of(owner, number)
    lot = lot_reading.lots_by_code(viewer, [code]).get(code)
    if lot is None:
        raise Http404
    begin = place_in(request) or 0
    moves = list(lot_reading.movements_seen(viewer, lot)[begin : begin + SIZE + 1])
    known = lot_reading.knows_whereabouts(viewer, lot)
    ids = {lot.organisation_id, lot.holder_id, lot.transit_to_id}
    parties = parties_of(ids.union(*((move.organisation_id, move.other_id) for move in moves)), viewer)
    origins, refused = _origins(viewer, lot)
    told: dict[str, Any] = {
        "lot": lot,
        "material": MATERIALS.get(lot.material, lot.material),
        "mass": kg(lot.mass_mg if lot.origin else None),
        "since": "" if lot.since_ms is None else moment(lot.since_ms),
        "moisture": share(lot.moisture_ppb),
        "purity": share(lot.purity_ppb),
        "assay": assay(lot.assay),
        "party": parties.get(lot.organisation_id),
        "known": known,
        "left": kg(getattr(lot, "left_mg", None)) if known else "",
        "holder": parties.get(lot.holder_id or 0) if known else None,
        "transit": parties.get(lot.transit_to_id or 0) if known else None,
        "moves": _moves(viewer, moves[:SIZE], parties),
        "next": begin + SIZE if len(moves) > SIZE else 0,
        "begin": begin,
        "origins": origins,
        "refused": refused,
        "gaps": gaps_of(viewer, LifecycleRecord.Kind.LOT, code),
    }
    return render(request, "web/material/lot.html", told)


def _moves(viewer: Viewer, rows: Sequence[LotMovement], parties: Mapping[int, Party]) -> list[Moved]:
    """What was done with it; a batch that drew on it, or gave it out, by its number where the reader sees it."""
    seen = lot_reading.batches_seen(viewer).filter(event__in=[row.event_id for row in rows])
    batches: dict[int, Batch] = {row.event_id: row for row in seen}
    return [_move(row, batches.get(row.event_id), parties) for row in rows]


def _move(row: LotMovement, batch: Batch | None, parties: Mapping[int, Party]) -> Moved:
    party = parties.get(row.organisation_id)
    code = code_of(party.code if party else "", batch.number) if batch else ""
    faults = [_("disputed")] if row.disputed else []
    faults += [_("not announced")] if row.unannounced else []
    about = (CONDITIONS.get(row.condition, row.condition), *faults)
    return Moved(
        moment(row.occurred_ms),
        row.get_kind_display(),
        party,
        parties.get(row.other_id or 0),
        kg(row.mg or row.stated_mg),
        batch.number if batch else "",
        address_of(LifecycleRecord.Kind.BATCH, code) if batch else "",
        " · ".join(str(one) for one in about if one),
    )


def _origins(viewer: Viewer, lot: Lot) -> tuple[list[Origin], str]:
    """What it is made of, the largest share first, and why that cannot be told."""
    try:
        shares = lineage.origins(viewer, [lot]).get(lot.pk, [])[:SIZE]
    except Refusal as refusal:
        return [], str(refusal.message)
    lots = lot_reading.lots_by_id(viewer, [one.thing.id_ for one in shares if one.thing.kind == LOT and one.thing.id_])
    codes = [one.thing.code for one in shares if one.thing.kind == BATTERY and one.thing.code]
    seen = reading.batteries_by_code(viewer, codes)
    # A lot that came by itself is made of itself.
    return [_origin(one, lots, set(seen)) for one in shares if one.thing.id_ != lot.pk or one.thing.kind != LOT], ""


def _origin(one: Share, lots: Mapping[int, Lot], seen: set[str]) -> Origin:
    thing, name, address = one.thing, one.thing.code, ""
    if thing.kind == LOT and thing.id_ in lots:
        name, address = lots[thing.id_].number, address_of(LifecycleRecord.Kind.LOT, lots[thing.id_].code)
    elif thing.kind == BATTERY and thing.code in seen:
        address = address_of(LifecycleRecord.Kind.BATTERY, thing.code)
    kind = THINGS.get(thing.kind, thing.kind)
    return Origin(kind, name, address, f"{one.ppb / 10**7:.2f}", kg(one.mg))
