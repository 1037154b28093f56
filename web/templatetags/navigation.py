"""The pages that a reader may open, for the top of each page."""

from django import template
from django.http import HttpRequest

from web import navigation

register = template.Library()


@register.simple_tag
def pages_of(request: HttpRequest | None) -> list[navigation.Page]:
    """Give the pages for whoever is signed in; none to a stranger."""
    return navigation.pages_of(request) if request is not None else []
