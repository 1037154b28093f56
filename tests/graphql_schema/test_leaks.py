"""Over 300 hostile requests to each door, as a stranger and as a machine: the answers say nothing of the inside."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import DatabaseError, OperationalError, connection
from django.test import Client
from graphql import GraphQLObjectType, GraphQLSchema

from graphql_schema.audit.schema import SCHEMA as AUDIT
from tests.graphql_schema.asking import SCHEMA
from tests.graphql_schema.doors import addresses, code
from tests.worlds import World

pytestmark = pytest.mark.django_db

DSN = "postgres://root:hunter2@db/ledger"
DOORS = addresses()


def classes(top: type) -> Iterator[type]:
    yield top
    for inner in type.__subclasses__(top):
        yield from classes(inner)


def inside() -> re.Pattern[str]:
    """Names of exceptions and models, paths, modules, SQL: nothing of which a caller may read."""
    told = {*SCHEMA.type_map, *AUDIT.type_map}
    names = {one.__name__ for one in classes(BaseException)} | {model.__name__ for model in apps.get_models()}
    named = "|".join(sorted(re.escape(name) for name in names - told if len(name) > 6 and name != "Warning"))
    tables = "|".join(model._meta.db_table for model in apps.get_models())
    parts = [
        rf"\b(?:{named}|{tables})\b",
        r"Traceback|\.py\b|site-packages|/(?:usr|home|work|root|opt|srv|app)/|object at 0x|<class|<function",
        r"\b(?:django|strawberry|graphene|psycopg|sqlite3?|orjson|allauth|graphql_schema|traceability|batteries\.\w)\b",
        r"\b(?:SELECT|INSERT INTO|DELETE FROM|UPDATE \w+ SET|LEFT JOIN)\b",
        r"Did you mean",
        re.escape(DSN),
    ]
    return re.compile("|".join(parts))


INSIDE = inside()
#: What a stranger may not even learn from an error: the names of the schema.
NAMED = [name for name in {**SCHEMA.type_map, **AUDIT.type_map} if name[0] != "_" and len(name) > 7]
TYPES = re.compile(rf"\b(?:{'|'.join(NAMED)})\b")


def near_misses(schema: GraphQLSchema) -> list[str]:
    """200 queries that nearly name something: a letter is missing, or is another."""
    found = []
    for type_ in schema.type_map.values():
        if isinstance(type_, GraphQLObjectType) and not type_.name.startswith("__"):
            found.append(f"{{ ... on {type_.name[:-1]} {{ __typename }} }}")
            found += [f"{{ {name[:-1]} }}" for name in type_.fields if len(name) > 2]
    root = schema.query_type
    assert root is not None
    found += [f'{{ {name}({argument[:-1]}: "x") }}' for name, one in root.fields.items() for argument in one.args]
    found += [f"{{ {near} {{ __typename }} }}" for name in root.fields for near in (f"{name}x", name[1:])]
    return sorted(set(found))[:200]


INTROSPECTION = [
    "{ __schema { types { name } } }",
    "{ a: __schema { queryType { name } } }",
    '{ __type(name: "Battery") { fields { name } } }',
    "{ ...f } fragment f on Query { __schema { types { name } } }",
    "{ ... { __schema { types { name } } } }",
    "{ ... on Query @include(if: false) { __schema { types { name } } } }",
    "mutation { __schema { types { name } } }",
    "query a { __typename } query b { __schema { types { name } } }",
]
IDS = [
    *("", " ", "0", "-1", "x", "Battery", "Battery:", ":x", "Battery:x:y", "Nothing:1", "Query:1", "Transfer:x"),
    *("Transfer:99999999999999999999", "Transfer:-1", "Transfer:1.5", "Event:x/0", "Event:x/-1", "Event:/", "Event:x"),
    *("QmF0dGVyeTox", "QmF0dGVyeTo=", "=", "Battery:" + "x" * 10_000, "Battery:é", "Battery:%00", "User:1"),
    *("ApiToken:1", "Organisation:' OR 1=1 --", "Battery:../../etc", "Transfer:1e9", "Transfer:٣", "\u202e", "null"),
]
VALUES: list[Any] = [
    *(None, True, 0, -1, 1.5, "", "x", [], {}, [[]], {"a": 1}, 10**30, "1e999", "\u202e", "2026-02-31", "x" * 70_000),
    *("${jndi:ldap://x}", "'; DROP TABLE x; --", "{{7*7}}", "%s%n", "../../x", "\ud7ff", "<script>", "NaN"),
]
BODIES: list[bytes] = [
    *(b"", b" ", b"null", b"1", b'"x"', b"[]", b"[{}]", b"{}", b"{", b"\xff\xfe", b"\x00", b'{"query": 1}', b"NaN"),
    *(b'{"query": null}', b'{"query": []}', b'{"query": {}}', b'{"query": "{", "query": "{"}', b'{"query": "\\ud800"}'),
    *(b'{"query": "{__typename}", "variables": 1}', b'{"query": "{__typename}", "operationName": 1}', b"{" * 5_000),
    *(b'{"query": "{__typename}", "extensions": []}', b'{"query": "{__typename}", "variables": "{}"}', b"[" * 5_000),
    *(b'{"query": "\\u0000"}', b"query={__typename}", b"{__typename}", b"\xef\xbb\xbf{}", b'{"query": "{__typename}"'),
]
HEADERS: list[dict[str, str]] = [
    {"Accept": "text/html"},
    {"Accept": "application/xml"},
    {"Accept": "x" * 5_000},
    {"Accept": ";;;=,,,"},
    {"Content-Type": "text/plain"},
    {"Content-Type": "multipart/form-data; boundary=x"},
    {"Content-Type": "application/json; charset=\udce9"[:29]},
    {"Content-Type": ""},
    {"Content-Length": "-1"},
    {"Authorization": "Bearer"},
    {"Authorization": "Bearer evb__"},
    {"Authorization": "Bearer evb_" + "0" * 12 + "_' OR 1=1 --"},
    {"Authorization": "Basic bGk6eA=="},
    {"Authorization": "Bearer " + "x" * 20_000},
    {"Cookie": "sessionid=x; csrftoken=y"},
    {"Cookie": "sessionid=' OR 1=1 --"},
    {"Host": "evil.example"},
    {"X-Forwarded-For": "x" * 5_000},
    {"X-Request-ID": "a\tb"},
    {"Accept-Language": "x" * 5_000},
    {"X-Query-Cost": "1"},
]


def requests(schema: GraphQLSchema) -> Iterator[tuple[bytes, dict[str, str]]]:
    """Every hostile request: a body with headers."""
    for text in (*near_misses(schema), *INTROSPECTION):
        yield json.dumps({"query": text}).encode(), {}
    for id_ in IDS:
        for text in (
            "query($id: ID!) { node(id: $id) { __typename id } }",
            "query($id: ID!) { node(id: $id) { idx } }",
        ):
            yield json.dumps({"query": text, "variables": {"id": id_}}).encode(), {}
    for value in VALUES:
        for text in (
            "query($v: String!) { battery(code: $v) { code } }",
            "query($v: BatteryFilter) { batteries(filters: $v, first: 1) { totalCount } }",
            "query($v: String) { batteries(after: $v, first: 1) { edges { cursor } } }",
            "query($v: Int) { batteries(first: $v) { totalCount } }",
            "mutation($v: RegisterBatteriesInput!) { registerBatteries(input: $v) { errors { code } } }",
        ):
            yield json.dumps({"query": text, "variables": {"v": value}}).encode(), {}
    for body in BODIES:
        yield body, {}
    for headers in HEADERS:
        yield b'{"query": "{ me { name } }"}', headers


TABLE = list(requests(SCHEMA))


def answers(client: Client, address: str) -> Iterator[tuple[bytes, Any]]:
    for body, headers in TABLE:
        type_ = headers.get("Content-Type", "application/json")
        rest = {name: value for name, value in headers.items() if name != "Content-Type"}
        yield body, client.post(address, body, content_type=type_, headers=rest)


def read(answer: Any) -> str:
    headers = "\n".join(f"{name}: {value}" for name, value in answer.items())
    return (
        headers + "\n" + json.dumps(answer.json(), ensure_ascii=False) if is_json(answer) else answer.content.decode()
    )


def is_json(answer: Any) -> bool:
    return "json" in answer.get("Content-Type", "")


@pytest.fixture
def closed(settings: Any) -> None:
    """Introspection is off."""
    settings.GRAPHQL_INTROSPECTION = False


def test_there_are_more_than_300() -> None:
    assert len(TABLE) > 300
    assert len(near_misses(SCHEMA)) == 200


@pytest.mark.parametrize(
    "text",
    [
        "OperationalError at /x",
        'File "/usr/lib/python3.11/json/decoder.py"',
        "relation traceability_apitoken does not exist",
        "SELECT 1",
        "<class 'int'>",
        "LifecycleRecord matching query",
        "Did you mean x",
    ],
)
def test_a_leak_would_be_noticed(text: str) -> None:
    assert INSIDE.search(text)


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("address", DOORS)
def test_no_answer_to_a_machine_tells_of_the_inside(world: World, closed: None, address: str, language: str) -> None:
    headers = {"Authorization": f"Bearer {world.recycler.token}", "Accept-Language": language}
    machine = Client(headers=headers, raise_request_exception=False)
    for body, answer in answers(machine, address):
        assert answer.status_code < 500, body
        assert not (found := INSIDE.search(read(answer))), (body, found, read(answer))
    assert machine.post(address, '{"query": "{ __typename }"}', content_type="application/json").status_code == 200


@pytest.mark.parametrize("address", DOORS)
def test_no_answer_to_a_stranger_tells_even_the_name_of_a_type(closed: None, address: str) -> None:
    stranger = Client(headers={"Accept-Language": "en"}, raise_request_exception=False)
    for body, answer in answers(stranger, address):
        assert answer.status_code < 500, body
        text = read(answer)
        assert not (found := INSIDE.search(text) or TYPES.search(text)), (body, found, text)


@pytest.mark.parametrize("query", INTROSPECTION)
@pytest.mark.parametrize("address", DOORS)
def test_the_schema_is_not_told_where_it_is_off(world: World, closed: None, address: str, query: str) -> None:
    machine = Client(headers={"Authorization": f"Bearer {world.recycler.token}"})
    name = "b" if query.startswith("query a") else None
    body = json.dumps({"query": query, "operationName": name})
    answer = machine.post(address, body, content_type="application/json")
    assert code(answer) in {"introspection", "operation_type"}
    body = json.dumps({"query": "{ a: __typename }"})
    assert machine.post(address, body, content_type="application/json").json() == {"data": {"a": "Query"}}


@pytest.mark.parametrize("error", [OperationalError, DatabaseError, RuntimeError, KeyError, RecursionError])
@pytest.mark.parametrize(
    ("query", "statements"),
    [
        pytest.param("{ me { name } }", 0, id="while it is found out who asks"),
        pytest.param("{ batteries(first: 3) { edges { node { code } } } }", 2, id="in a resolver"),
        pytest.param('mutation { loseBattery(input: {idempotencyKey: "k", battery: "x"}) { errors { code } } }', 2),
        pytest.param('{ node(id: "Organisation:x") { id } }', 2, id="at a node"),
    ],
)
def test_a_broken_connection_shows_the_number_of_the_request_and_nothing_else(
    world: World, query: str, statements: int, error: type[Exception]
) -> None:
    """It breaks after so many statements: at the token, or further in."""
    headers = {"Authorization": f"Bearer {world.recycler.token}", "X-Request-ID": "dock-4711", "Accept-Language": "en"}
    machine = Client(headers=headers, raise_request_exception=False)
    asked = 0

    def breaks(execute: Any, sql: str, parameters: Any, many: bool, context: Any) -> Any:
        nonlocal asked
        asked += 1
        if asked > statements:
            raise error(f"{DSN}: {sql}")
        return execute(sql, parameters, many, context)

    body = json.dumps({"query": query})
    with connection.execute_wrapper(breaks):
        answer = machine.post("/graphql/", body, content_type="application/json")
    found = answer.json()["errors"][0]
    assert found["message"] == "Internal error"
    assert found["extensions"] == {"code": "internal_error", "requestId": "dock-4711"}
    assert not INSIDE.search(read(answer)), read(answer)
    assert machine.post("/graphql/", '{"query": "{ me { name } }"}', content_type="application/json").status_code == 200
