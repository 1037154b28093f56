"""Coming in as a person: at once, for tests of what is behind the door, or step by step through its pages."""

import re
import time
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.test import Client

from traceability.door import second_factor
from traceability.models import User

PASSWORD = "a-long-enough-secret-9"


def come_in(client: Client, user: User, *, second: bool = True) -> Client:
    """Be signed in, with the second factor shown unless the test says otherwise."""
    client.force_login(user)
    if second:
        session = client.session
        session[second_factor.SHOWN] = user.pk
        session.save()
    return client


def with_password(user: User) -> User:
    """Give the person the password of these tests."""
    user.set_password(PASSWORD)
    user.save()
    return user


def enrolled(user: User) -> str:
    """Give the person an authenticator app with recovery codes; what is given back is the app's key."""
    return second_factor.enrol(user)[0]


def recovery_codes(user: User) -> list[str]:
    """The person's unused recovery codes."""
    codes = Authenticator.objects.get(user=user, type="recovery_codes").wrap().get_unused_codes()
    return [str(code) for code in codes]


def app_code(secret: str, *, periods: int = 0) -> str:
    """What the app shows now, or so many half minutes from now."""
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30 + periods)))


def send(client: Client, address: str, /, **fields: Any) -> Any:
    """Open the page and send its form, as a browser does."""
    page = client.get(address)
    found = re.search('name="csrfmiddlewaretoken" value="([^"]+)"', page.content.decode())
    return client.post(address, fields | {"csrfmiddlewaretoken": found[1] if found else ""})


def sign_in(client: Client, name: str, password: str = PASSWORD) -> Any:
    """Send the first form: name and password."""
    return send(client, "/sign-in/", username=name, password=password)
