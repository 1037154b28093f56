"""The pages on which people sign in and look after what they sign in with. The flows are django-allauth's."""

from typing import Any

from allauth.account.views import LoginView, ReauthenticateView
from allauth.mfa.base import views as factor
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as app
from django.contrib.auth.mixins import LoginRequiredMixin
from django.contrib.auth.views import PasswordChangeView, redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse, reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.generic import FormView

from traceability.door import operators, second_factor
from web.people.forms import ChangePasswordForm, ConfirmForm, PinForm, SignInForm


class Throttled(View):
    """Answers 429 with the time to wait where the throttle refused to try."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Let the page be made as always; it says what is the matter."""
        response = super().dispatch(request, *args, **kwargs)
        if seconds := getattr(request, "locked_for", 0):
            response.status_code = 429
            response["Retry-After"] = str(seconds)
        return response


class SignIn(Throttled, LoginView):  # type: ignore[misc]
    """Name and password; then the second factor, where the person has one."""

    form_class = SignInForm
    template_name = "web/people/sign_in.html"


class EnterCode(Throttled, factor.AuthenticateView):  # type: ignore[misc]
    """The second step of signing in."""

    template_name = "web/people/enter_code.html"


class Confirm(Throttled, ReauthenticateView):  # type: ignore[misc]
    """The password once more."""

    form_class = ConfirmForm
    template_name = "web/people/confirm.html"


class ConfirmByCode(Throttled, factor.ReauthenticateView):  # type: ignore[misc]
    """A code once more."""

    template_name = "web/people/confirm.html"


class SecondFactor(factor.IndexView):  # type: ignore[misc]
    """Whether there is one, and what can be done about it."""

    template_name = "web/people/second_factor.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say as well whether it is required."""
        shown: dict[str, Any] = super().get_context_data(**kwargs)
        return shown | {"required": second_factor.is_required(self.request.user)}


@method_decorator(never_cache, name="dispatch")
class Enrol(Throttled, app.ActivateTOTPView):  # type: ignore[misc]
    """A code to scan, and the first code of the app."""

    template_name = "web/people/enrol.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say as well whether the person can do anything else before."""
        shown: dict[str, Any] = super().get_context_data(**kwargs)
        return shown | {"must": second_factor.is_missing(self.request)}

    def form_valid(self, form: Any) -> HttpResponse:
        """Take the code that proves the app for the second factor of this session."""
        response: HttpResponse = super().form_valid(form)
        second_factor.mark_shown(self.request)
        self.request.session.cycle_key()
        return response


class Remove(app.DeactivateTOTPView):  # type: ignore[misc]
    """Do without a second factor, where that is allowed."""

    template_name = "web/people/remove.html"


@method_decorator(never_cache, name="dispatch")
class RecoveryCodes(codes.ViewRecoveryCodesView):  # type: ignore[misc]
    """The codes for the day on which the telephone is gone."""

    template_name = "web/people/recovery_codes.html"


class NewRecoveryCodes(codes.GenerateRecoveryCodesView):  # type: ignore[misc]
    """New ones, which end the old."""

    template_name = "web/people/new_recovery_codes.html"


class ChangePassword(Throttled, PasswordChangeView):
    """A new password; every other session of the person ends."""

    form_class = ChangePasswordForm
    template_name = "web/people/change_password.html"
    success_url = reverse_lazy("home")


class SetPin(LoginRequiredMixin, Throttled, FormView):  # type: ignore[type-arg]
    """The PIN by which the person takes over a shared device."""

    form_class = PinForm
    template_name = "web/people/pin.html"
    success_url = reverse_lazy("mfa_index")

    def get_form_kwargs(self) -> dict[str, Any]:
        """Let the form know who asks."""
        return {**super().get_form_kwargs(), "request": self.request}

    def form_valid(self, form: PinForm) -> HttpResponse:
        """Keep it."""
        user: Any = self.request.user
        operators.set_pin(user, form.cleaned_data["pin"])
        return super().form_valid(form)


@never_cache
def admin_sign_in(request: HttpRequest) -> HttpResponse:
    """Send who comes to the admin through the one door; who is in and no staff is refused."""
    target = request.GET.get("next", "")
    if not url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure()):
        target = reverse("admin:index")
    if not request.user.is_authenticated:
        return redirect_to_login(target)
    if not request.user.is_staff:
        raise PermissionDenied
    return HttpResponseRedirect(target)
