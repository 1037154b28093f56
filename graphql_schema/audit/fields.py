"""How this surface's schema is declared: fields with a description in two languages, shared enums, scalars, ids.

code = field(Required(String), "编码。", "Its code.")
holder = field(lambda: Organisation, "保管单位。", "Who holds it.", lambda row, info: …)
"""

import datetime as dt
from collections.abc import Callable
from functools import cache
from typing import Any

import graphene
from graphql import Undefined, ValueNode, value_from_ast_untyped

from graphql_schema import enums, scalars
from graphql_schema.describing import both

String, Int, Boolean = graphene.String, graphene.Int, graphene.Boolean
Required = graphene.NonNull
Resolve = Callable[..., Any]


class Date(graphene.Scalar):
    """日期，例如 2026-03-01（北京时间）。
    A calendar day such as 2026-03-01, at +08:00."""

    serialize = staticmethod(scalars.day_text)
    parse_value = staticmethod(scalars.day_from)

    @staticmethod
    def parse_literal(node: ValueNode, _variables: Any = None) -> dt.date:
        """Read a day in the text of a query."""
        return scalars.day_from(value_from_ast_untyped(node))


class DateTime(graphene.Scalar):
    """带时区偏移的 ISO 8601 时间；输出为 UTC。
    A time of ISO 8601 with its offset; written in UTC."""

    serialize = staticmethod(scalars.time_text)
    parse_value = staticmethod(scalars.time_from)

    @staticmethod
    def parse_literal(node: ValueNode, _variables: Any = None) -> dt.datetime:
        """Read a time in the text of a query."""
        return scalars.time_from(value_from_ast_untyped(node))


class Decimal(graphene.Scalar):
    """精确的十进制数，以文本表示，例如 "312.50"。
    An exact decimal, as a text such as "312.50"."""

    serialize = staticmethod(scalars.decimal_text)
    parse_value = staticmethod(scalars.decimal_from)

    @staticmethod
    def parse_literal(node: ValueNode, _variables: Any = None) -> Any:
        """Read a decimal in the text of a query."""
        return scalars.decimal_from(getattr(node, "value", None))


class JSON(graphene.Scalar):
    """任意 JSON 值；仅用于输出。
    Any JSON value; in answers only."""

    @staticmethod
    def serialize(value: Any) -> Any:
        """Give it as it is."""
        return value

    @staticmethod
    def parse_value(_value: Any) -> Any:
        """Take none in."""
        return Undefined


def describe(chinese: str, english: str, **more: Any) -> type:
    """Make the `Meta` of a type: its description, and what else graphene is told."""
    return type("Meta", (), {"description": both(chinese, english), **more})


def field(
    type_: Any, chinese: str, english: str, resolve: Resolve | None = None, *, name: str | None = None, **arguments: Any
) -> Any:
    """Declare a field; without `resolve` it is the attribute of the same name. `name` is for words of Python's own."""
    return graphene.Field(type_, description=both(chinese, english), resolver=resolve, args=arguments, name=name)


def listed(type_: Any) -> Any:
    """Make the type of a list without holes that is always there."""
    return Required(graphene.List(Required(type_)))


def argument(type_: Any, chinese: str, english: str, **more: Any) -> Any:
    """Declare an argument."""
    return graphene.Argument(type_, description=both(chinese, english), **more)


@cache
def enum(words: type[enums.Words]) -> Any:
    """Make one of the shared enums an enum of this schema."""

    def described(member: enums.Words | None) -> str:
        return words.about() if member is None else member.description

    return graphene.Enum.from_enum(words, description=described)


class Node(graphene.Interface):
    """Anything with an id."""

    Meta = describe("可以用 id 再次查询的对象。", "An object that can be asked for again by its id.")
    id = field(
        Required(graphene.ID), "全局唯一的 id：类型与自然键。", "Its id in the whole system: type and natural key."
    )

    @classmethod
    def resolve_type(cls, instance: Any, _info: Any) -> Any:
        """Find the type of a row."""
        return _TYPES[type(instance)]


_TYPES: dict[type, Any] = {}


def shows(row: type) -> Callable[[Any], Any]:
    """Say which rows a node's type shows."""

    def note(type_: Any) -> Any:
        _TYPES[row] = type_
        return type_

    return note
