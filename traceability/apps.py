"""The core app: lays the append-only triggers after every migration, checks that they are there, fills the calendar."""

from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import DEFAULT_DB_ALIAS
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class TraceabilityConfig(AppConfig):
    """The lifecycle record."""

    name = "traceability"
    verbose_name = _("Lifecycle record")

    def ready(self) -> None:
        """Connect what has to happen after a migration; SQLite drops triggers when it remakes a table."""
        from traceability import append_only
        from traceability.audit import calendar

        def lay(using: str, **kwargs: Any) -> None:
            append_only.lay(using)
            # A migration may have gone back to before there was such a table.
            if using == DEFAULT_DB_ALIAS and calendar.has_table():
                calendar.fill()

        post_migrate.connect(lay, sender=self, weak=False, dispatch_uid="append-only")
        register(append_only.check_triggers, Tags.database)  # type: ignore[call-overload]
        register(check_law)


def check_law(**kwargs: Any) -> list[CheckMessage]:
    """System check: the law's files can be read, and say nothing that contradicts itself."""
    from traceability import law

    try:
        law.book()
    except law.BrokenLaw as broken:
        return [Error(str(fault), id="traceability.E001") for fault in broken.faults]
    return []
