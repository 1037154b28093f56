"""What recyclers are allowed to do and, with later steps, what they do."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RecyclersConfig(AppConfig):
    """Listings and permits, batches and lots."""

    name = "recyclers"
    verbose_name = _("Recyclers")
