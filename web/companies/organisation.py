"""An organisation's page: what it is and does, its listings, what it answers for, and where its things are listed."""

from typing import Any

from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from batteries.consignments import organisations_known
from recyclers.conditions.evaluation import ROLES
from recyclers.models import Listing, Permit
from recyclers.standing import known
from traceability.access import Viewer
from traceability.audit.reading import open_gaps
from traceability.audit.wording import enumerated, name_of
from traceability.models import LifecycleRecord
from traceability.regions import region_named
from web.audit.looking import looked_at
from web.material.showing import gaps_of
from web.names import name_in_language
from web.words import PERMITS, SCOPES
from web.words import ROLES as ROLE_WORDS


@require_safe
@looked_at
def organisation_page(request: HttpRequest, viewer: Viewer, code: str) -> HttpResponse:
    """Show an organisation; whom the reader has nothing to do with does not exist."""
    row = organisations_known(viewer).filter(code=code.upper()).first()
    if row is None:
        raise Http404
    own = viewer.is_alliance or viewer.organisation_id == row.pk
    counted = open_gaps(viewer).filter(organisation=row.pk).order_by().values("code", "severity")
    rows = counted.annotate(n=Count("id")).order_by("severity", "-n", "code")
    told: dict[str, Any] = {
        "row": row,
        "name": name_in_language(row),
        "roles": enumerated(ROLE_WORDS.get(role, role) for role in sorted(row.role_set)),
        "region": region_named(row.region),
        "own": own,
        "gaps": [(name_of(one["code"]), one["severity"], one["code"], one["n"]) for one in rows],
        "about_it": gaps_of(viewer, LifecycleRecord.Kind.ORGANISATION, row.code),
        "listings": [
            (SCOPES.get(one.scope, one.scope), one)
            for one in Listing.objects.filter(known(None), organisation=row.pk).order_by("event")
        ],
        "permits": [
            (PERMITS.get(one.kind, one.kind), one)
            for one in Permit.objects.filter(known(None), organisation=row.pk).order_by("event")
            if own
        ],
        "judged": own and bool(ROLES & row.role_set),
        "today": timezone.localdate(),
    }
    return render(request, "web/companies/organisation.html", told)
