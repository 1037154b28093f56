"""What the makers know: identity codes, models, vehicles, registration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BatteriesConfig(AppConfig):
    """Batteries as their makers describe them."""

    name = "batteries"
    verbose_name = _("Batteries")
