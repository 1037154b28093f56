"""Who may look at the audit's pages, and that each look is written down before it is answered."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache

from traceability.access import Viewer
from traceability.audit.access_log import note_access
from web.callers import viewer_of

PAGE: Final = "page"
_View = Callable[..., HttpResponse]


def looked_at(view: _View) -> _View:
    """Open a page to people of an organisation: the alliance sees all, others their own part."""

    @login_required
    @never_cache
    @wraps(view)
    def opened(request: HttpRequest, **place: Any) -> HttpResponse:
        viewer: Viewer = viewer_of(request)
        if viewer.organisation_id is None:
            raise Http404
        note_access(
            request,
            viewer,
            operation=view.__name__,
            fields=PAGE,
            subject=str(next(iter(place.values()), "")),
            question=request.path.encode(),
            variables=request.META.get("QUERY_STRING", "").encode(),
        )
        return view(request, viewer, **place)

    return opened
