"""What a recall affects, as a file.

    GET /files/recalls/affected.<csv|xlsx|jsonl>?model=…  or ?codePrefix=…  or ?campaign=…

A maker gets its own batteries, the alliance all; what a maker may not know of a holder is empty, as in the API.
"""

from collections.abc import Iterator
from typing import Any, Final

from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from batteries import recalls
from batteries.recalls import Inside, Scope
from traceability.access import Viewer
from traceability.audit.exporting import MEDIA_TYPES, Table, write_table
from traceability.audit.exporting.tables import Column
from traceability.errors import Refusal, refuse
from traceability.models import Organisation
from web.callers import viewer_of, wait_of
from web.files import download, refused

_COLUMNS: Final = (
    Column("battery", _("battery"), width=28),
    Column("level", _("level"), width=9),
    Column("model", _("model"), width=18),
    Column("stage", _("stage"), width=16),
    Column("holder", _("holder"), width=22),
    Column("holder_name", _("name"), width=28),
    Column("holder_roles", _("roles"), width=22),
    Column("region", _("region"), width=9),
    Column("in_transit_to", _("in transit to"), width=22),
    Column("affected", _("affected in it"), "whole"),
    Column("example", _("for example"), width=28),
)
_VALUES: Final = (
    "pk",
    "code",
    "level",
    "battery__model_number",
    "seen_stage",
    "seen_holder",
    "seen_keeper",
    "seen_transit",
)
_STATUSES: Final = {"not_maker": 403, "unknown_model": 404, "unknown_campaign": 404}
_PORTION: Final = 2_000


@require_safe
def affected(request: HttpRequest, form: str) -> HttpResponseBase:
    """Give every affected battery, in order of its first record."""
    viewer = viewer_of(request)
    if wait := wait_of(request):
        response = refused(429, refuse("too_many_attempts"))
        response["Retry-After"] = str(wait)
        return response
    if not viewer.is_known:
        return refused(401, refuse("sign_in"))
    asked = {name: request.GET.get(path) for name, path in recalls.PATHS.items()}
    try:
        scope = recalls.scope_of(viewer, **asked)
    except Refusal as refusal:
        return refused(_STATUSES.get(refusal.code, 400), refusal)
    table = Table(_("Recall"), _COLUMNS, _rows(viewer, scope))
    answer = download(lambda file: write_table(table, file, form), MEDIA_TYPES[form], f"recall.{form}")
    answer["Cache-Control"] = "private, no-store"
    patch_vary_headers(answer, ("Authorization", "Cookie"))
    return answer


def _rows(viewer: Viewer, scope: Scope) -> Iterator[tuple[Any, ...]]:
    """The rows, a portion at a time; what they hold is asked for once for all of them."""
    found = recalls.affected(viewer, scope).order_by("pk")
    held = recalls.inside(scope)
    parties = {row.pk: row for row in Organisation.objects.filter(pk__in=_named(found))}
    for row in found.values_list(*_VALUES).iterator(chunk_size=_PORTION):
        yield _row(row, held, parties)


def _named(found: QuerySet[Any]) -> set[int]:
    """The organisations that hold any of them, or are about to."""
    pairs = found.order_by().values_list("seen_keeper", "seen_transit").distinct()
    return {id_ for pair in pairs for id_ in pair if id_ is not None}


def _row(row: tuple[Any, ...], held: dict[int, Inside], parties: dict[int, Organisation]) -> tuple[Any, ...]:
    pk, code, level, model, stage, holder_id, keeper_id, transit_id = row
    keeper, transit, inside = parties.get(keeper_id), parties.get(transit_id), held.get(pk)
    holder = keeper if holder_id == keeper_id else None
    return (
        *(code, level, model or "", stage),
        *((holder.code, holder.name) if holder else (None, None)),
        " ".join(sorted(keeper.role_set)) if keeper else None,
        holder.region if holder else None,
        transit.code if transit else None,
        *((inside.count, inside.first) if inside else (None, None)),
    )
