"""The pages, and the demo."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Pages for people."""

    name = "web"
