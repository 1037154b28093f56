"""The scalars of the operations API: exact decimals, times with an offset, days, JSON.

strawberry.Schema(query=Query, config=StrawberryConfig(scalar_map=SCALARS))
"""

import datetime as dt
import re
from decimal import Decimal
from typing import Any

import strawberry
from django.utils.translation import gettext as _
from graphql import BooleanValueNode, FloatValueNode, GraphQLError, IntValueNode, StringValueNode, ValueNode
from graphql.utilities import value_from_ast_untyped
from strawberry.scalars import JSON
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule
from strawberry.types.scalar import ScalarDefinition

from traceability import exact

#: What Strawberry adds to the standard validation rules; graphql-core alone would not check it.
STRAWBERRY_RULES = (MaybeNullValidationRule, OneOfInputValidationRule)

# ASCII digits only: `Decimal` itself reads full-width digits, blanks and underscores too.
_DECIMAL = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,3})?")
_MOST_PLACES = 30
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d([.]\d{1,9})?)?(Z|[+-]\d\d:\d\d)", re.ASCII)
_NAIVE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d([.]\d+)?)?", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def decimal_from(value: object) -> Decimal:
    """Read a decimal exactly from a text, an integer or a JSON number (`exact.loads` keeps those as Decimal)."""
    text = str(value) if isinstance(value, Decimal | int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not _DECIMAL.fullmatch(text):
        raise GraphQLError(_("A decimal is a text such as “312.50”."))
    number = Decimal(text)
    # Written out, 1e999 is a thousand digits; nothing here is that large or that fine.
    if number and not -_MOST_PLACES <= number.adjusted() <= _MOST_PLACES:
        raise GraphQLError(_("The decimal is too large or too fine."))
    return number


def decimal_text(value: object) -> str:
    """Write a decimal as it is, without exponent: Decimal("312.50") → "312.50"."""
    if isinstance(value, bool) or not isinstance(value, Decimal | int):
        raise TypeError(f"not a decimal: {type(value).__name__}")
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def time_from(value: object) -> dt.datetime:
    """Read a time of ISO 8601; the offset must be said, for nobody could guess it later."""
    if isinstance(value, str) and _NAIVE_TIME.fullmatch(value):
        raise GraphQLError(_("A time needs its offset, for example 2026-03-01T08:00:00+08:00."))
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        raise GraphQLError(_("A time is a text such as 2026-03-01T08:00:00+08:00."))
    try:
        moment = dt.datetime.fromisoformat(value)
        moment.astimezone(dt.UTC)  # the first and last hours of the calendar have no UTC
    except (ValueError, OverflowError):
        raise GraphQLError(_("This time does not exist.")) from None
    return moment


def time_text(value: object) -> str:
    """Write a time in UTC with milliseconds: 2026-03-01T00:00:00.000Z."""
    if not isinstance(value, dt.datetime) or value.tzinfo is None:
        raise TypeError("not a time with an offset")
    return value.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def day_from(value: object) -> dt.date:
    """Read a calendar day, 2026-03-01."""
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise GraphQLError(_("A day is a text such as 2026-03-01."))
    try:
        return dt.date.fromisoformat(value)
    except ValueError:
        raise GraphQLError(_("This day does not exist.")) from None


def day_text(value: object) -> str:
    """Write a calendar day; a time is refused, for its day depends on the zone."""
    if not isinstance(value, dt.date) or isinstance(value, dt.datetime):
        raise TypeError("not a day")
    return value.isoformat()


def json_from(value: object) -> Any:
    """Take any JSON value; decimals stay exact (Decimal)."""
    return value


def _decimal_literal(node: ValueNode, _variables: dict[str, Any] | None = None) -> Decimal:
    # A number in the query is still text here, so nothing is lost on the way.
    known = isinstance(node, StringValueNode | IntValueNode | FloatValueNode)
    return decimal_from(node.value if known else None)  # type: ignore[attr-defined]


def bounded(digits: str) -> Decimal:
    """Read a number in a document exactly; one that could not be written out is refused."""
    try:
        return exact.decimal(digits)
    except (ArithmeticError, ValueError):
        raise GraphQLError(_("This number is too long.")) from None


def _json_literal(node: ValueNode, variables: dict[str, Any] | None = None) -> Any:
    if isinstance(node, FloatValueNode):
        return bounded(node.value)
    if isinstance(node, StringValueNode | BooleanValueNode):
        return node.value
    if fields := getattr(node, "fields", None):
        return {item.name.value: _json_literal(item.value, variables) for item in fields}
    if values := getattr(node, "values", None):
        return [_json_literal(item, variables) for item in values]
    return value_from_ast_untyped(node, variables)


DECIMAL = strawberry.scalar(
    name="Decimal",
    description='精确的十进制数，以文本表示，例如 "312.50"；也接受数字。\n\n'
    'An exact decimal, as a text such as "312.50"; numbers are accepted too and kept exact.',
    serialize=decimal_text,
    parse_value=decimal_from,
    parse_literal=_decimal_literal,
)
DATE_TIME = strawberry.scalar(
    name="DateTime",
    description="带时区偏移的 ISO 8601 时间，例如 2026-03-01T08:00:00+08:00；输出为 UTC。\n\n"
    "A time of ISO 8601 with its offset, such as 2026-03-01T08:00:00+08:00; written in UTC.",
    serialize=time_text,
    parse_value=time_from,
)
DATE = strawberry.scalar(
    name="Date",
    description="日期，例如 2026-03-01（北京时间）。\n\nA calendar day such as 2026-03-01, at +08:00.",
    serialize=day_text,
    parse_value=day_from,
)
JSON_VALUE = strawberry.scalar(
    name="JSON",
    description="任意 JSON 值。\n\nAny JSON value.",
    serialize=lambda value: value,
    parse_value=json_from,
    parse_literal=_json_literal,
)

SCALARS: dict[object, ScalarDefinition] = {
    Decimal: DECIMAL,
    dt.datetime: DATE_TIME,
    dt.date: DATE,
    JSON: JSON_VALUE,
}
