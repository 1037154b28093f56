"""The page behind the QR symbol, under every address that is printed, and the field to look up a code."""

import re
from base64 import b64encode
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from batteries import code_messages
from batteries.labels import read_label
from batteries.reading import batteries_by_code
from batteries.rows import BatteryRow
from batteries.stored_bodies import StoredBody, stored_bodies, stored_heads
from traceability.access import Viewer
from traceability.models import CODE_LENGTH
from web.battery import addresses
from web.battery.addresses import Asked
from web.battery.advice import advice_for
from web.battery.checking import UNREADABLE, place_of
from web.battery.life import life
from web.battery.street import label_named, street
from web.battery.telling import words_for_scripts
from web.battery.words import chemistry_of
from web.callers import viewer_of
from web.words import LEVELS

#: So much of what was asked for is repeated on the page.
_ECHO: Final = 60
_HASH: Final = 100
_NUMBER: Final = re.compile(r"[0-9]{1,18}")
#: Events in one answer of `bodies`.
PAGE: Final = 500


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
    if row.sight.sees_chain:
        told |= _life(request, row, viewer)
    return _shown(request, "web/battery/page.html", told)


def _life(request: HttpRequest, row: BatteryRow, viewer: Viewer) -> dict[str, Any]:
    """What who has rights sees; a body that was altered until it cannot be read must not hide that."""
    given = request.GET.get("after", "").split(".")
    place = tuple(map(int, given)) if len(given) == 3 and all(map(_NUMBER.fullmatch, given)) else None
    parts = request.GET.get("parts", "")[:CODE_LENGTH].replace("\0", "")
    try:
        shown = life(row, viewer, place, parts or None)  # type: ignore[arg-type]
    except UNREADABLE:
        return {"unreadable": True}
    return {"life": shown, "bodies": reverse("battery-bodies", args=[row.code]), "script_words": words_for_scripts()}


@require_safe
def bodies(request: HttpRequest, code: str) -> JsonResponse:
    """Give the stored bytes of a battery's events to who may have them: `?after=<next>`; all others get a 404."""
    viewer, after = viewer_of(request), request.GET.get("after", "0")
    row = batteries_by_code(viewer, [code.upper()]).get(code.upper()) if viewer.is_known else None
    if row is None or not row.sight.sees_chain or not _NUMBER.fullmatch(after):
        raise Http404
    found = stored_bodies(row, viewer, PAGE + 1, int(after))
    told = {
        "events": [_stored(one) for one in found[:PAGE]],
        "heads": [
            {"record": head.record, "number": head.number, "hash": head.hash.hex()}
            for head in stored_heads(row, viewer)
        ],
        "next": str(found[PAGE - 1].event_id) if len(found) > PAGE else None,
    }
    response = JsonResponse(told)
    response["Cache-Control"] = "private, no-store"
    return response


def _stored(one: StoredBody) -> dict[str, Any]:
    return {
        "record": one.record,
        "sequence": one.sequence,
        "hash": one.hash.hex(),
        "previousHash": one.previous_hash.hex() if one.previous_hash else None,
        "body": None if one.body is None else b64encode(one.body).decode(),
        "elsewhere": one.elsewhere,
        "contents": dict(one.contents),
    }


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
