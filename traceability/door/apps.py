"""The door as an app of its own: its two tables change with it and not with the record."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DoorConfig(AppConfig):
    """Failed attempts and budgets."""

    name = "traceability.door"
    label = "door"
    verbose_name = _("Door")
    default_auto_field = "django.db.models.BigAutoField"
