"""Which requests ask for a part of a page, and from where on a list goes on."""

from typing import Any

from django.http import HttpRequest


def wants_part(request: HttpRequest) -> bool:
    """Whether htmx asks for a part; a link or form that it only follows gets the whole page."""
    return request.headers.get("HX-Request") == "true" and request.headers.get("HX-Boosted") != "true"


def place_in(request: HttpRequest, name: str = "after") -> int | None:
    """The number that the address has under a name; None where there is none."""
    given: Any = request.GET.get(name, "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 19 else None
