"""Every GraphQL door of the product, found by what it says of itself: what is added is tested without a change here."""

from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver


def addresses() -> list[str]:
    """The addresses that answer GraphQL."""
    return sorted(_found(get_resolver(), "/"))


def _found(resolver: URLResolver, prefix: str) -> list[str]:
    found: list[str] = []
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver) and not pattern.namespace:
            found += _found(pattern, prefix + str(pattern.pattern))
        elif isinstance(pattern, URLPattern) and getattr(pattern.callback, "answers_for_itself", False):
            found.append(prefix + str(pattern.pattern))
    return found


def code(answer: Any) -> str:
    """The stable code of the first error."""
    return str(answer.json()["errors"][0]["extensions"]["code"])
