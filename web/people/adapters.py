"""What django-allauth asks of the product: who may try, what happens once somebody is in, how secrets are kept."""

import base64
import hashlib
import secrets
from typing import Any, ClassVar, cast

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from traceability.door import second_factor, sessions
from traceability.models import User
from web.people import devices
from web.people.throttle import Throttle

log = structlog.get_logger("web.people")


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Signing in by name and password, throttled."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """People are made by an administrator."""
        return False

    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractBaseUser | None:
        """Try a password, for signing in and for confirming who is there."""
        throttle = Throttle(request, "password", str(credentials.get("username", "")))
        throttle.check()
        user = cast(AbstractBaseUser | None, super().authenticate(request, **credentials))
        if user is None:
            throttle.failed()
        else:
            throttle.passed()
        return user

    def login(self, request: HttpRequest, user: AbstractBaseUser) -> None:
        """Begin the session, once every factor was shown."""
        super().login(request, user)
        sessions.begin(request)
        if any(record["method"] == "mfa" for record in get_authentication_records(request, user)):
            second_factor.mark_shown(request)
        log.info("signed_in", user=user.pk)

    def post_login(self, request: HttpRequest, user: AbstractBaseUser, **more: Any) -> HttpResponse:
        """Go on to where the person wanted to go, and know the device from now on."""
        response = cast(HttpResponse, super().post_login(request, user, **more))
        devices.remember(request, response, user.get_username())
        return response

    def is_reauthentication_required(self, *, app: str, **more: Any) -> bool:
        """Ask for the password again before the second factor is touched, unless the person signed in just now."""
        return not sessions.is_fresh(context.request) and bool(super().is_reauthentication_required(app=app, **more))

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Say nothing besides the page itself."""

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """Send nothing: there is no mail server."""


class FactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """The second factor: its secrets are encrypted at rest, and whoever needs one cannot remove it."""

    error_messages: ClassVar = DefaultMFAAdapter.error_messages | {
        "incorrect_code": _("The code is wrong, or was used before."),
        "cannot_delete_authenticator": _("Your account needs the second factor; an administrator can reset it."),
    }

    def get_totp_issuer(self) -> str:
        """Name the product in the app, and the installation by its host."""
        return f"{gettext('Battery lifecycle record')} {self._get_site_name()}"

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Keep it where it is required."""
        return not second_factor.is_required(cast(User, authenticator.user))

    def encrypt(self, text: str) -> str:
        """Encrypt with the newest key."""
        return _keys().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Decrypt with whichever key fits; without one no code is right, and the factor has to be reset."""
        try:
            return _keys().decrypt(encrypted_text.encode()).decode()
        except InvalidToken:
            log.error("second_factor_unreadable", hint="SECRET_KEY changed without SECRET_KEY_FALLBACKS")
            # Never a fixed text: codes can be computed from whatever is known.
            return base64.b32encode(secrets.token_bytes(20)).decode()


def _keys() -> MultiFernet:
    # Keys of their own, so that what is encrypted here can be used for nothing else.
    digests = [
        hashlib.sha256(f"second-factor:{key}".encode()).digest()
        for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    ]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])
