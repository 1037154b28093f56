"""The WSGI application: `granian --interface wsgi traceability.wsgi:application`."""

import os
from threading import Thread

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "traceability.settings")

application = get_wsgi_application()


def _make_ready() -> None:
    """What the first caller would wait for: the addresses with their schemas, and the audit's rules as SQL."""
    from django.urls import get_resolver

    from traceability.audit import live

    get_resolver().url_patterns  # noqa: B018 (read to be loaded)
    live.compile_rules()


Thread(target=_make_ready, daemon=True, name="make-ready").start()
