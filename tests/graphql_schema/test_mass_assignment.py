"""No input takes more than it says: extra keys at every depth of every mutation are refused and change nothing."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    get_named_type,
)

from tests.graphql_schema.asking import SCHEMA
from tests.worlds import World
from traceability.models import LifecycleEvent, Organisation

pytestmark = pytest.mark.django_db

EXTRA = ("org", "organisationId", "seq", "sequence", "prev", "previousHash", "hash", "recordedAt", "actor", "id", "pk")
assert SCHEMA.mutation_type is not None
MUTATIONS: dict[str, GraphQLField] = SCHEMA.mutation_type.fields
Path = tuple[str, ...]


def inner(type_: GraphQLInputObjectType, path: Path = (), seen: tuple[str, ...] = ()) -> Iterator[Path]:
    """The way to each input object within this one."""
    yield path
    for name, member in type_.fields.items():
        below = get_named_type(member.type)
        if isinstance(below, GraphQLInputObjectType) and below.name not in seen:
            yield from inner(below, (*path, name), (*seen, below.name))


def value(type_: Any, path: Path, extra: dict[str, Any]) -> Any:
    """The least that fits the type, with everything that leads along the path, and the extra keys at its end."""
    if isinstance(type_, GraphQLNonNull):
        return value(type_.of_type, path, extra)
    if isinstance(type_, GraphQLList):
        return [value(type_.of_type, path, extra)]
    if isinstance(type_, GraphQLEnumType):
        return next(iter(type_.values))
    if not isinstance(type_, GraphQLInputObjectType):
        return {"Boolean": True, "Int": 1, "DateTime": "2026-01-01T00:00:00Z", "Date": "2026-01-01"}.get(
            type_.name, "1"
        )
    first, rest = (path[0], path[1:]) if path else ("", ())
    found = {
        name: value(member.type, rest if name == first else (), extra if name == first else {})
        for name, member in type_.fields.items()
        if name == first or needed(member)
    }
    return found if path else found | extra


def needed(member: GraphQLInputField) -> bool:
    return (isinstance(member.type, GraphQLNonNull) and member.default_value is None) or str(member.type).endswith("!")


CASES = [
    pytest.param(name, path, id=".".join((name, *path)))
    for name, field in MUTATIONS.items()
    for path in inner(get_named_type(field.args["input"].type))
]


@pytest.mark.parametrize(("name", "path"), CASES)
def test_extra_keys_are_refused_at_every_depth(world: World, name: str, path: Path) -> None:
    client = Client(headers={"Authorization": f"Bearer {world.alliance.token}", "Accept-Language": "en"})
    type_ = MUTATIONS[name].args["input"].type
    text = f"mutation($input: {type_}) {{ {name}(input: $input) {{ errors {{ code }} }} }}"
    before = LifecycleEvent.objects.count(), list(Organisation.objects.values())
    for key in EXTRA:
        fields = get_named_type(type_)
        for step in path:
            fields = get_named_type(fields.fields[step].type)
        if key in fields.fields:
            continue
        body = json.dumps({"query": text, "variables": {"input": value(type_, path, {key: "1"})}})
        answer = client.post("/graphql/", body, content_type="application/json").json()
        assert "data" not in answer, (key, answer)
        (error, *_) = answer["errors"]
        assert error["extensions"]["code"] == "invalid_variables"
        assert f"'{key}'" in error["message"] or f'"{key}"' in error["message"], error
    assert (LifecycleEvent.objects.count(), list(Organisation.objects.values())) == before


def test_every_mutation_takes_one_input_and_is_walked() -> None:
    assert {case.values[0] for case in CASES} == set(MUTATIONS)
    assert len(CASES) > len(MUTATIONS)
