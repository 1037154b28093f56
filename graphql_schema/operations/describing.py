"""Descriptions of the operations API: one line Chinese, one English, on everything; and the shared enums taken up."""

from collections.abc import Callable
from typing import Any, TypeVar

import strawberry

from graphql_schema.describing import both as both
from graphql_schema.enums import ENUMS, Words
from graphql_schema.list_enums import LIST_ENUMS

F = TypeVar("F", bound=Callable[..., Any])


def described(chinese: str, english: str, **more: Any) -> Any:
    """Declare a plain field with its description."""
    return strawberry.field(description=both(chinese, english), **more)


def resolved(chinese: str, english: str) -> Callable[[F], F]:
    """Declare a field that a method resolves, with its description (which is the method's docstring)."""
    decorate: Callable[[F], F] = strawberry.field(description=both(chinese, english))
    return decorate


def argument(chinese: str, english: str, **more: Any) -> Any:
    """Describe an argument, inside `Annotated`."""
    return strawberry.argument(description=both(chinese, english), **more)


def take_up(enum: type[Words]) -> None:
    """Make an enum one of the schema's, with the descriptions of its members."""
    strawberry.enum(enum, description=enum.about())
    definition = enum.__strawberry_definition__  # type: ignore[attr-defined]
    for value in definition.values:
        value.description = enum[value.name].description


for _enum in (*ENUMS, *LIST_ENUMS):
    take_up(_enum)
