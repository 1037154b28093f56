"""Django's own CSRF check, origin included, for views that machines with tokens use as well."""

from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware


def is_forged(request: HttpRequest) -> bool:
    """Whether a request that lives off a cookie lacks the CSRF token that only our own pages have."""
    check = _Check(_never_called)
    check.process_request(request)
    # The view itself is exempt, because tokens need no check: so the check is given no view.
    return check.process_view(request, cast(Any, None), (), {}) is not None


class _Check(CsrfViewMiddleware):
    def _reject(self, *_args: Any) -> HttpResponse:
        # Django would render its page; only the fact is needed.
        return HttpResponse(status=403)


def _never_called(_request: HttpRequest) -> HttpResponse:
    raise AssertionError
