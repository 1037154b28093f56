"""Nothing but showing it is open to a person whose second factor is missing."""

from collections.abc import Callable
from typing import Any, Final

from allauth.mfa.models import Authenticator
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse

from traceability.door import second_factor

#: What a person may do with a password alone: get a second factor, leave, choose a language.
OPEN: Final = frozenset(
    {
        *("sign-in", "account_login", "mfa_authenticate", "sign-out", "set_language", "healthz", "version"),
        *("mfa_activate_totp", "account_reauthenticate", "mfa_reauthenticate"),
    }
)


class SecondFactorMiddleware:
    """Send whoever needs a second factor and has not shown it to the page where it is made, from every other page.

    A view that answers machines (`answers_for_itself`) asks `second_factor.is_missing` itself and says no in its own
    format. Stands last in MIDDLEWARE.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass on; the check needs to know the view."""
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], _args: Any, _kwargs: Any
    ) -> HttpResponseBase | None:
        """Redirect, unless the view is open or asks by itself."""
        match = request.resolver_match
        if getattr(view, "answers_for_itself", False) or (match and match.url_name in OPEN and not match.namespaces):
            return None
        if not second_factor.is_missing(request):
            return None
        if Authenticator.objects.filter(user=request.user.pk, type=Authenticator.Type.TOTP).exists():
            # Signed in before the factor was made, or past our pages: once more, in full.
            logout(request)
            return HttpResponseRedirect(reverse("sign-in"))
        return HttpResponseRedirect(reverse("mfa_activate_totp"))
