"""How often passwords and codes may be tried.

Failures are counted for the account and the address together, for the address, and (wide) for the account. So whoever
guesses locks out himself, and the person whose account it is signs in from elsewhere all the same. A device that the
person used before has a count of its own and passes all others.
"""

import structlog
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import ngettext

from traceability.door import attempts
from traceability.door.attempts import ACCOUNT, ADDRESS, Count
from traceability.door.origins import address
from web.people import devices

log = structlog.get_logger("web.people")


class Throttle:
    """The tries of one secret of one account in one request.

    throttle = Throttle(request, "password", name)
    throttle.check()
    ...
    throttle.failed() or throttle.passed()
    """

    def __init__(self, request: HttpRequest, scope: str, name: str) -> None:
        self.request = request
        self.scope = scope
        origin = address(request)
        if device := devices.known(request, name):
            self.counts = [Count(scope, name, f"device:{device}")]
        else:
            self.counts = [
                Count(scope, name, origin),
                Count(scope, "", origin, ADDRESS),
                Count(scope, name, "", ACCOUNT),
            ]

    def check(self) -> None:
        """Refuse to try anything while one of the counts is locked; the same for names that do not exist."""
        if seconds := attempts.locked(self.counts):
            self._refuse(seconds)

    def failed(self) -> None:
        """Count a failure; the one that is too many is told so."""
        log.info("sign_in_failed", secret=self.scope, address=address(self.request))
        if seconds := attempts.fail(self.counts):
            self._refuse(seconds)

    def passed(self) -> None:
        """Forget this account's failures from here. The address keeps its own: one good account must not clear it."""
        attempts.forget(self.counts[:1])

    def _refuse(self, seconds: int) -> None:
        self.request.locked_for = seconds  # type: ignore[attr-defined]
        minutes = -(-seconds // 60)
        text = ngettext(
            "Too many failed attempts. Try again in %(minutes)d minute.",
            "Too many failed attempts. Try again in %(minutes)d minutes.",
            minutes,
        )
        raise ValidationError(text % {"minutes": minutes}, code="too_many_attempts")
