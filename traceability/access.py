"""Who may do and see what, said once.

Writes: in the own name and the own roles (`ledger`). Reads: the alliance sees all; an organisation sees the chains it
takes part in, up to and including its own part, and to the end what it made or holds. What it may not see answers like
what does not exist.
"""

from dataclasses import dataclass
from typing import Final

from django.db.models import Exists, OuterRef, QuerySet

from traceability.checks import roles_for
from traceability.facts import TYPES
from traceability.models import Involvement, LifecycleRecord, Organisation, User

ALLIANCE: Final = "alliance"
FULL, PART, INTAKE = "full", "part", "intake"


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks or records: an organisation, through a person, a machine or a command."""

    organisation_id: int | None = None
    organisation_code: str | None = None
    roles: frozenset[str] = frozenset()
    actor: str = "anonymous"
    user_id: int | None = None
    token_id: int | None = None
    name: str = ""

    @property
    def is_alliance(self) -> bool:
        """Whether it sees everything and may capture history for anyone."""
        return ALLIANCE in self.roles

    @property
    def is_known(self) -> bool:
        """Whether anybody signed in."""
        return self.user_id is not None or self.token_id is not None or self.organisation_id is not None

    @property
    def permissions(self) -> list[str]:
        """The types of facts it may record, by its roles."""
        return sorted(type_ for type_ in TYPES if self.roles & roles_for(type_))


ANONYMOUS: Final = Viewer()


def viewer_for_user(user: User) -> Viewer:
    """The viewer that a signed-in person is."""
    organisation = user.organisation
    return Viewer(
        organisation_id=organisation.id if organisation else None,
        organisation_code=organisation.code if organisation else None,
        roles=organisation.role_set if organisation else frozenset(),
        actor=f"user:{user.pk}",
        user_id=user.pk,
        name=user.get_full_name() or user.get_username(),
    )


def viewer_for_organisation(organisation: Organisation, actor: str) -> Viewer:
    """The viewer that a command acts as."""
    return Viewer(organisation.id, organisation.code, organisation.role_set, actor, name=organisation.name)


def visible_records(viewer: Viewer) -> QuerySet[LifecycleRecord]:
    """The batteries' records that the viewer may see, as a set."""
    records = LifecycleRecord.objects.filter(kind=LifecycleRecord.Kind.BATTERY)
    if viewer.is_alliance:
        return records
    if viewer.organisation_id is None:
        return records.none()
    own = Involvement.objects.filter(organisation=viewer.organisation_id, record=OuterRef("pk"))
    return records.filter(Exists(own))
