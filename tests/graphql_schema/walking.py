"""Walking the whole schema: every root field, with every kind of argument, selecting all there is below it.

Generic: what is added to the schema is walked without a change here.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    get_named_type,
    is_leaf_type,
    is_list_type,
    is_required_argument,
    parse,
)
from graphql.type import GraphQLNonNull

from tests.graphql_schema.asking import SCHEMA

#: Objects within objects; the wrappers of a page do not count.
DEPTH = 3


@dataclass(frozen=True)
class Case:
    """One question: a root field with its arguments."""

    name: str
    arguments: dict[str, Any] = field(hash=False)
    document: DocumentNode = field(hash=False, repr=False)


@cache
def selection(type_: GraphQLNamedType, depth: int) -> str:
    """Everything below a type."""
    if isinstance(type_, GraphQLInterfaceType):
        return "__typename " + " ".join(
            f"... on {possible.name} {{ {_fields(possible, depth, alias=f'{possible.name}_')} }}"
            for possible in SCHEMA.get_possible_types(type_)
        )
    assert isinstance(type_, GraphQLObjectType)
    return _fields(type_, depth)


def _fields(type_: GraphQLObjectType, depth: int, alias: str = "") -> str:
    parts = ["__typename"]
    for name, definition in type_.fields.items():
        named = get_named_type(definition.type)
        shown = f"{alias}{name}: {name}" if alias else name
        if is_leaf_type(named):
            parts.append(shown)
            continue
        inner = depth if named.name.endswith(("Connection", "Edge", "PageInfo")) else depth - 1
        if inner >= 0:
            parts.append(f"{shown} {{ {selection(named, inner)} }}")
    return " ".join(parts)


def values(argument: Any, texts: Sequence[str]) -> Iterator[Any]:
    """Everything to try for an argument or an input field; texts are what the world's own identifiers are."""
    type_ = argument.of_type if isinstance(argument, GraphQLNonNull) else argument
    named = get_named_type(type_)
    if isinstance(named, GraphQLInputObjectType):
        found: Iterator[Any] = (
            {name: value} for name, inner in named.fields.items() for value in values(inner.type, texts)
        )
    elif isinstance(named, GraphQLEnumType):
        found = iter(named.values)
    else:
        pools = {"Int": (0, 1, 2), "Boolean": (True, False), "Date": ("2021-12-04", "2021-12-05", "2020-01-01")}
        found = iter(pools.get(named.name, texts))
    yield from ([value] for value in found) if is_list_type(type_) else found


def cases(texts: Sequence[str]) -> list[Case]:
    """Every question, one argument varied at a time."""
    found = []
    assert SCHEMA.query_type is not None
    for name, definition in SCHEMA.query_type.fields.items():
        required = {arg: given for arg, given in definition.args.items() if is_required_argument(given)}
        named = get_named_type(definition.type)
        for arguments in _combinations(definition.args, required, texts):
            declared = ", ".join(f"${arg}: {definition.args[arg].type}" for arg in arguments)
            passed = ", ".join(f"{arg}: ${arg}" for arg in arguments)
            body = "" if is_leaf_type(named) else f"{{ {selection(named, DEPTH)} }}"
            query = f"query {f'({declared})' if declared else ''} {{ {name}{f'({passed})' if passed else ''} {body} }}"
            found.append(Case(name, arguments, _parsed(query)))
    return found


def _combinations(
    args: dict[str, GraphQLArgument], required: dict[str, GraphQLArgument], texts: Sequence[str]
) -> Iterator[dict[str, Any]]:
    base = {arg: next(values(given.type, texts)) for arg, given in required.items()}
    yield base
    for arg, given in args.items():
        for value in values(given.type, texts):
            if base.get(arg) != value:
                yield base | {arg: value}


@cache
def _parsed(query: str) -> DocumentNode:
    return parse(query)
