"""What the makers know: identity codes, models, vehicles, registration."""

import re
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.utils.translation import gettext_lazy as _


class BatteriesConfig(AppConfig):
    """Batteries as their makers describe them."""

    name = "batteries"
    verbose_name = _("Batteries")

    def ready(self) -> None:
        """Check what labels will be printed with."""
        register(check_label_host)


def check_label_host(**kwargs: Any) -> list[CheckMessage]:
    """System check: the address of labels can be printed in a symbol that is coarse enough (`batteries.labels`)."""
    from batteries.labels import HOST, LabelText

    host = settings.LABEL_HOST
    # The longest code there is; a GTIN leaves less room, which is told when a label with one is issued.
    if re.fullmatch(HOST, host) and LabelText(host, "0" * 24, "A" * 6, "A" * 4).fits:
        return []
    hint = "Give a host, and a path if need be, of at most 40 characters: A–Z 0–9 and . - : / $ % * +"
    return [Error(f"LABEL_HOST cannot be printed: {host}", hint=hint, id="batteries.E001")]
