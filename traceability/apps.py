"""The core app: lays the append-only triggers after every migration, and checks that they are there."""

from typing import Any

from django.apps import AppConfig
from django.core.checks import Tags, register
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class TraceabilityConfig(AppConfig):
    """The lifecycle record."""

    name = "traceability"
    verbose_name = _("Lifecycle record")

    def ready(self) -> None:
        """Connect what has to happen after a migration; SQLite drops triggers when it remakes a table."""
        from traceability import append_only

        def lay(using: str, **kwargs: Any) -> None:
            append_only.lay(using)

        post_migrate.connect(lay, sender=self, weak=False, dispatch_uid="append-only")
        register(append_only.check_triggers, Tags.database)  # type: ignore[call-overload]
