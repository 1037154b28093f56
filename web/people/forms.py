"""The forms of django-allauth with our throttle before each secret."""

from typing import Any

from allauth.account.forms import LoginForm, ReauthenticateForm
from allauth.core import context
from allauth.mfa.base.forms import AuthenticateForm as FactorForm
from allauth.mfa.base.forms import ReauthenticateForm as FactorAgainForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from django import forms
from django.contrib.auth.forms import PasswordChangeForm
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from traceability.door import attempts, operators
from web.people.throttle import Throttle

#: A code of an app lives for three periods of half a minute.
CODE_SECONDS = 120


class SignInForm(LoginForm):  # type: ignore[misc]
    """Name and password."""

    def add_prefix(self, field_name: str) -> str:
        """Call the field `username`, as password managers and Django's own form do."""
        return str(super().add_prefix("username" if field_name == "login" else field_name))


class ConfirmForm(ReauthenticateForm):  # type: ignore[misc]
    """The password once more, before something that must not happen by accident."""


class _Throttled(forms.Form):
    """Tries a code of the second factor, and takes no code twice."""

    user: Any

    def clean_code(self) -> str:
        """Refuse while locked, count what is wrong."""
        throttle = Throttle(context.request, "code", self.user.get_username())
        throttle.check()
        try:
            code: str = super().clean_code()  # type: ignore[misc]
            # django-allauth remembers used codes in each process's own memory only.
            plain = "".join(filter(str.isalnum, code))
            if not attempts.once("used-code", f"{self.user.pk}", plain, seconds=CODE_SECONDS):
                raise ValidationError(self._wrong())
        except ValidationError:
            throttle.failed()
            raise
        throttle.passed()
        return code

    @staticmethod
    def _wrong() -> str:
        from allauth.mfa.adapter import get_adapter

        return str(get_adapter().error_messages["incorrect_code"])


class CodeForm(_Throttled, FactorForm):  # type: ignore[misc]
    """The code while signing in."""


class ConfirmByCodeForm(_Throttled, FactorAgainForm):  # type: ignore[misc]
    """The code once more."""


class EnrolForm(_Throttled, ActivateTOTPForm):  # type: ignore[misc]
    """The first code of a new app."""


class ChangePasswordForm(PasswordChangeForm):
    """The old password, throttled, and a new one that Django's validators pass."""

    def clean_old_password(self) -> str:
        """Refuse while locked, count what is wrong."""
        throttle = Throttle(context.request, "password", self.user.get_username())
        throttle.check()
        try:
            old: str = super().clean_old_password()
        except ValidationError:
            throttle.failed()
            raise
        throttle.passed()
        return old


class PinForm(forms.Form):
    """A PIN for shared devices, set by who knows the password."""

    password = forms.CharField(label=_("Password"), strip=False, widget=forms.PasswordInput())
    pin = forms.CharField(
        label=_("New PIN (digits)"),
        max_length=operators.LONGEST,
        widget=forms.PasswordInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )

    def __init__(self, request: HttpRequest, **given: Any) -> None:
        super().__init__(**given)
        self.request = request

    def clean_password(self) -> str:
        """Refuse while locked, count what is wrong."""
        user: Any = self.request.user
        password: str = self.cleaned_data["password"]
        throttle = Throttle(self.request, "password", user.get_username())
        throttle.check()
        if not user.check_password(password):
            throttle.failed()
            raise ValidationError(_("The password is wrong."), code="password_incorrect")
        throttle.passed()
        return password

    def clean_pin(self) -> str:
        """Take digits only, and none that others would try first."""
        pin: str = self.cleaned_data["pin"]
        if not (pin.isascii() and pin.isdigit()) or operators.is_weak(pin):
            raise ValidationError(_("Choose 6 to 12 digits, not one repeated and not in a row."), code="weak_pin")
        return pin
