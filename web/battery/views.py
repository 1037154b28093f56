"""The page behind the QR symbol, under every address that is printed, and the field to look up a code."""

from typing import Any, Final

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from batteries import code_messages
from batteries.labels import read_label
from batteries.reading import batteries_by_code
from batteries.rows import BatteryRow
from web.battery import addresses
from web.battery.addresses import Asked
from web.battery.advice import advice_for
from web.battery.checking import place_of
from web.battery.street import label_named, street
from web.battery.words import LEVELS, chemistry_of
from web.callers import viewer_of

#: So much of what was asked for is repeated on the page.
_ECHO: Final = 60
_HASH: Final = 100


@require_safe
def page(request: HttpRequest, given: str) -> HttpResponse:
    """Show a battery by its code: `/b/<code>`, `/B/<CODE>`, with the label that was scanned as `?label=`."""
    return _answer(request, addresses.of_text(given, request.GET.get("label", ""), timezone.localdate()))


@require_safe
def label(request: HttpRequest, signed: str, code: str, prefix: str = "") -> HttpResponse:
    """Show a battery by its label: `/L/<signed part>/<CODE>`."""
    asked = addresses.of_label(request.get_host(), prefix, f"L/{signed}/", code, "", timezone.localdate())
    return _answer(request, asked)


@require_safe
def digital_link(request: HttpRequest, gtin: str, code: str, prefix: str = "") -> HttpResponse:
    """Show a battery by its GS1 Digital Link: `/01/<GTIN>/21/<CODE>?S=<signed part>`."""
    signed = request.GET.get("S", "")
    middle, end = f"01/{gtin}/21/", f"?S={signed}" if signed else ""
    return _answer(request, addresses.of_label(request.get_host(), prefix, middle, code, end, timezone.localdate()))


@require_safe
def look_up(request: HttpRequest) -> HttpResponse:
    """Lead from what somebody typed, pasted or scanned to the page of the battery."""
    given = request.GET.get("code", "").strip()
    asked = addresses.of_text(given, "", timezone.localdate())
    if not given:
        return HttpResponseRedirect(reverse("home"))
    if asked.code is None:
        return _answer(request, asked)
    query = "?" + urlencode({"label": given}) if read_label(given) else ""
    return HttpResponseRedirect(reverse("battery", args=[asked.code]) + query)


def _answer(request: HttpRequest, asked: Asked) -> HttpResponse:
    viewer = viewer_of(request)
    row = batteries_by_code(viewer, [asked.code], intake=True).get(asked.code) if asked.code else None
    if row is None:
        # Answered 200: what to check is all that there is to say, and it is said to people.
        return _shown(request, "web/battery/unknown.html", _unknown(asked))
    told = {"street": street(row, addresses.judged(asked, row.record_id)), "proof": _proof(request, row)}
    return _shown(request, "web/battery/page.html", told)


def _proof(request: HttpRequest, row: BatteryRow) -> dict[str, Any]:
    """The hash on a receipt, if one is to be compared, and what else stands in the address."""
    given = request.GET.get("hash", "").strip()[:_HASH]
    return {
        "given": given,
        "place": place_of(given, (row.chain_id, row.record_id)) if given else None,
        "kept": [(name, value) for name, value in request.GET.items() if name != "hash"],
    }


def _unknown(asked: Asked) -> dict[str, Any]:
    """What can be said without any record: what is wrong with the text, or what the code says by itself."""
    reading = asked.reading
    known = reading.battery_code if reading else None
    return {
        "given": asked.given[:_ECHO] + ("…" if len(asked.given) > _ECHO else ""),
        "code": asked.code,
        "problems": [code_messages.message(one) for one in reading.errors] if reading and asked.code is None else [],
        "known": known,
        "level": LEVELS[known.level] if known else "",
        "chemistry": chemistry_of(known.battery_type) if known else "",
        "advice": advice_for(known.battery_type, level=known.level, volts=None) if known else None,
        "label": label_named(addresses.judged(asked, None)),
    }


def _shown(request: HttpRequest, template: str, told: dict[str, Any]) -> HttpResponse:
    response = render(request, template, told)
    response["Cache-Control"] = "private, no-store"
    response["X-Robots-Tag"] = "noindex"
    return response
