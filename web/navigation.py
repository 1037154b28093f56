"""Which pages there are, and whose business each of them is."""

from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from traceability.access import Viewer, viewer_for_user
from traceability.checks import roles_for
from traceability.models import User


@dataclass(frozen=True, slots=True)
class Entry:
    """A page by the name of its address; `roles` of whom it is for, and all where none are named."""

    name: str
    title: str | Promise
    roles: frozenset[str] = frozenset()

    def is_for(self, viewer: Viewer) -> bool:
        """Whether it is this reader's business."""
        return not self.roles or bool(self.roles & viewer.roles)


@dataclass(frozen=True, slots=True)
class Page:
    """A page as the navigation shows it."""

    address: str
    title: str
    is_current: bool


#: In the order in which they are shown.
ENTRIES: Final[tuple[Entry, ...]] = (
    Entry("battery-list", _("Batteries")),
    Entry("intake", _("Intake"), roles_for("received")),
    Entry("audit-overview", _("Audit")),
    Entry("companies", _("Conditions"), frozenset({"recycler", "second_life", "alliance"})),
)


def pages_of(request: HttpRequest) -> list[Page]:
    """List the pages of whoever is signed in."""
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return []
    viewer = viewer_for_user(user)
    found = [(reverse(entry.name), str(entry.title)) for entry in ENTRIES if entry.is_for(viewer)]
    return [Page(address, title, request.path.startswith(address)) for address, title in found]
