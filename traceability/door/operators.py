"""A shared device that goes from hand to hand: who holds it is told by a PIN, and what they record bears their name.

The device stays signed in for one person. A colleague of the same organisation who shows the PIN may act besides, in
this session only; each request says in whose name it is made (`X-Operator`). A PIN opens nothing by itself.
"""

from itertools import pairwise
from typing import Any, Final

from django.contrib.auth.hashers import check_password, make_password
from django.http import HttpRequest

from traceability.door.models import Pin
from traceability.models import User

HEADER: Final = "X-Operator"
#: In the session: who took over, each with when the PIN was set that it was done by, so that a new PIN ends it.
TOOK_OVER: Final = "operators"
DIGITS: Final = 6
LONGEST: Final = 12


def set_pin(user: User, pin: str) -> None:
    """Give the person this PIN; devices taken over by the one before ask again."""
    Pin.objects.update_or_create(user=user, defaults={"secret": make_password(pin)})


def is_weak(pin: str) -> bool:
    """Whether others would try this one first: too short, one digit repeated, digits in a row."""
    steps = {(int(after) - int(before)) % 10 for before, after in pairwise(pin)}
    return len(pin) < DIGITS or len(set(pin)) < 3 or steps in ({1}, {9})


def colleague(request: HttpRequest, number: int) -> User | None:
    """Find an active person of the same organisation as the session's."""
    ours: Any = request.user
    if not ours.is_authenticated or ours.organisation_id is None:
        return None
    people = User.objects.filter(organisation=ours.organisation_id, is_active=True)
    return people.select_related("organisation", "pin").filter(pk=number).first()


def take_over(request: HttpRequest, user: User, pin: str) -> bool:
    """Let the person act in this session if the PIN is right."""
    kept = getattr(user, "pin", None)
    # The same work for who has none, so that time does not tell.
    if not check_password(pin, kept.secret if kept else make_password("")) or kept is None:
        return False
    request.session[TOOK_OVER] = {**request.session.get(TOOK_OVER, {}), str(user.pk): kept.set_at.isoformat()}
    return True


def acting(request: HttpRequest) -> User | None:
    """Tell who acts by this session; None where the request names somebody who may not."""
    ours: Any = request.user
    named = request.headers.get(HEADER, "")
    if named in ("", str(ours.pk)):
        return ours  # type: ignore[no-any-return]
    proof = request.session.get(TOOK_OVER, {}).get(named)
    user = colleague(request, int(named)) if proof else None
    kept = getattr(user, "pin", None)
    return user if kept and kept.set_at.isoformat() == proof else None
