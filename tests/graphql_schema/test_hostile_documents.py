"""Hostile documents at the real door: refused by name for less than 100 ms of the processor's time, nothing grows."""

import gc
import json
import resource
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from graphql import Lexer, Source, TokenKind
from graphql.error import GraphQLSyntaxError
from hypothesis import given
from hypothesis import strategies as st

from graphql_schema.limits import Limits
from graphql_schema.scanning import TOKEN
from tests.graphql_schema.doors import addresses, code
from tests.worlds import World

pytestmark = pytest.mark.django_db

LIMIT = 0.100
#: What counting to a million takes on a processor that has nothing else to do.
COUNTED = 0.035
MEGABYTE = 1024  # ru_maxrss counts kilobytes


@pytest.fixture(autouse=True)
def the_heap_of_a_long_test_run_is_not_what_a_document_costs() -> Iterator[None]:
    """What was there before is not looked through again."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture
def machine(world: World) -> Client:
    return Client(headers={"Authorization": f"Bearer {world.maker.token}"})


def bomb(levels: int) -> str:
    fragments = [f"fragment f{n} on Query {{ ...f{n + 1} ...f{n + 1} }}" for n in range(levels)]
    return " ".join(["{ ...f0 }", *fragments, f"fragment f{levels} on Query {{ __typename }}"])


PAGES = "batteries(first: 100) { edges { node { events(first: 100) { edges { node { organisation { code } } } } } } }"
SIZED = "query($n: Int!) { batteries(first: $n) { edges { node { events(first: $n) { edges { node { key } } } } } } }"
HOSTILE: dict[str, tuple[str, dict[str, Any]]] = {
    **{f"fragments 2^{levels}": (bomb(levels), {}) for levels in (10, 22, 50, 99, 150)},
    "a cycle": ("{ ...a } fragment a on Query { ...b } fragment b on Query { ...c } fragment c on Query { ...a }", {}),
    "a fragment in itself": ("{ ...a } fragment a on Query { ...a }", {}),
    "depth 100": ("{ battery(code: 1) { " + "components { " * 100 + "code" + " }" * 102, {}),
    "depth 1,000": ("{ a " * 1_000 + "}" * 1_000, {}),
    "200 aliases": ("{ " + " ".join(f"a{n}: __typename" for n in range(200)) + " }", {}),
    "1,000 repeated fields": ("{ " + "__typename " * 1_000 + "}", {}),
    "1,000 repeated fields further in": ('{ battery(code: "x") { ' + "code " * 1_000 + "} }", {}),
    "2,000 directives": ("{ __typename " + "@include(if: true) " * 2_000 + "}", {}),
    "2,000 unknown directives": ("{ __typename " + "@a " * 2_000 + "}", {}),
    "49 directives on 400 fields": ("{ " + "__typename @include(if: true) " * 400 + "}", {}),
    "20,000 tokens": ("{ " + "__typename " * 20_000 + "}", {}),
    "1,999 tokens": ("{ " + "a " * 1_997 + "}", {}),
    "490 variables": ("query(" + " ".join(f"$v{n}: Int" for n in range(490)) + ") { __typename }", {}),
    "490 unknown fields": ("{ " + " ".join(f"nope{n}" for n in range(490)) + " }", {}),
    "100 unused fragments": ("{ __typename } " + " ".join(f"fragment f{n} on Query {{ a b }}" for n in range(100)), {}),
    "5,000 nested lists": ('{ battery(code: ' + "[" * 5_000 + "]" * 5_000 + ") { code } }", {}),
    "1,000 nested lists": ('{ battery(code: ' + "[" * 1_000 + "]" * 1_000 + ") { code } }", {}),
    "1,000 nested objects": ("{ batteries(filters: " + "{a: " * 600 + "1" + "}" * 600 + ") { totalCount } }", {}),
    "comments only": ("# hush\n" * 5_000, {}),
    "comments before a query": ("# hush\n" * 600 + "{ __typename }", {}),
    "one comment of 100 kB": ("{ __typename } #" + "x" * 100_000, {}),
    "one string of 8 kB": ('{ battery(codex: "' + "x" * 8_000 + '") { code } }', {}),
    "one string of 90 kB": ('{ battery(codex: "' + "x" * 90_000 + '") { code } }', {}),
    "a block string of 45,000 lines": ('{ battery(codex: """' + "\n " * 45_000 + '""") { code } }', {}),
    "quotes": ('{ a(b: ' + '"' * 90_000 + ") }", {}),
    "escapes": ('{ a(b: "' + "\\" * 90_000 + '") }', {}),
    "an escaped block string that never ends": ('{ a(b: """' + '\\"""' * 20_000, {}),
    "a number of 90,000 digits": ("{ batteries(first: " + "9" * 90_000 + ") { totalCount } }", {}),
    "pages in pages": ("{ " + PAGES + " }", {}),
    "a page of a billion": (SIZED, {"n": 1_000_000_000}),
    "a page below nothing": (SIZED, {"n": -1}),
    "50 operations": (" ".join(f"query q{n} {{ __typename }}" for n in range(50)), {}),
    "fields beside __schema": ("{ __schema { " + "types { fields { type { " * 20 + "name" + " } } }" * 20 + " } }", {}),
}  # fmt: skip


def slowness() -> float:
    """How much longer this processor takes now, with what else it has to do, at least 1."""
    began = time.process_time()
    for _ in range(1_000_000):
        pass
    return max(1.0, (time.process_time() - began) / COUNTED)


def ask(client: Client, address: str, query: str, variables: dict[str, Any]) -> tuple[Any, float]:
    body = json.dumps({"query": query, "variables": variables})
    gc.collect()
    began = time.process_time()
    answer = client.post(address, body, content_type="application/json")
    return answer, time.process_time() - began


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("address", addresses())
def test_a_hostile_document_is_refused_for_less_than_100_ms(machine: Client, address: str, name: str) -> None:
    query, variables = HOSTILE[name]
    # Once more when the machine itself was busy: three times in a row it is the document.
    for _ in range(3):
        answer, seconds = ask(machine, address, query, variables)
        assert answer.status_code == 200
        assert code(answer) != "internal_error"
        assert "data" not in answer.json()
        if seconds < LIMIT * slowness():
            break
    assert seconds < LIMIT * slowness()
    assert machine.post(address, '{"query": "{ __typename }"}', content_type="application/json").status_code == 200


@pytest.mark.parametrize("address", addresses())
def test_a_list_of_fifty_operations_is_refused(machine: Client, address: str) -> None:
    body = json.dumps([{"query": "{ __typename }"}] * 50)
    answer = machine.post(address, body, content_type="application/json")
    assert (answer.status_code, code(answer)) == (400, "batching")


VARIABLES = {
    "480,000 numbers": "[" + "0," * 480_000 + "0]",
    "330,000 lists": "[" + "[]," * 330_000 + "0]",
    "70,000 numbers": "[" + "0," * 70_000 + "0]",
    "a number of 990,000 digits": "9" * 990_000,
    "490,000 lists in lists": "[" * 490_000 + "]" * 490_000,
    "40,000 keys": "{" + ",".join(f'"{n}": 1' for n in range(40_000)) + "}",
    "one text of a megabyte": '"' + "x" * 1_000_000 + '"',
}


@pytest.mark.parametrize("name", VARIABLES)
def test_hostile_variables_take_no_longer(machine: Client, name: str) -> None:
    body = f'{{"query": "{{ nope }}", "variables": {{"a": {VARIABLES[name]}}}}}'
    for _ in range(3):
        gc.collect()
        began = time.process_time()
        answer = machine.post("/graphql/", body, content_type="application/json")
        seconds = time.process_time() - began
        assert code(answer) in {"too_many_values", "bad_json", "invalid_query", "value_too_deep"}
        if seconds < LIMIT * slowness():
            break
    assert seconds < LIMIT * slowness()


def test_a_stranger_is_not_listened_to_for_long(client: Client) -> None:
    body = json.dumps({"query": "{ __typename }", "variables": {"a": "x" * 16_384}})
    answer = client.post("/graphql/", body, content_type="application/json")
    assert (answer.status_code, code(answer)) == (413, "body_too_large")


@pytest.mark.timeout(600)
def test_memory_does_not_grow(machine: Client) -> None:
    def all_of_them() -> None:
        for query, variables in HOSTILE.values():
            ask(machine, "/graphql/", query, variables)

    all_of_them()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(2):
        all_of_them()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 4 * MEGABYTE


WORDS = [
    "{",
    "}",
    "...",
    "@a",
    "a",
    "_b9",
    "$v",
    ":",
    "=",
    "!",
    "|",
    "&",
    "12",
    "-3.5e7",
    '"x\\"y"',
    '""',
    '"""a\n"b"""',
]
GAPS = [" ", ",", "\n", "\t", "\ufeff", "# a comment {\n", '"""block \\""" {"""', "\r\n"]


@given(st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(GAPS)), max_size=60))
def test_tokens_are_counted_as_the_parser_counts_them(parts: list[tuple[str, str]]) -> None:
    text = "".join(word + gap for word, gap in parts)
    lexer, expected = Lexer(Source(text)), 0
    while lexer.advance().kind is not TokenKind.EOF:
        expected += 1
    found = [match[0] for match in TOKEN.finditer(text)]
    assert len([token for token in found if not token.startswith("#")]) == expected


@given(st.text(alphabet='{}"\\#@.\n ae1', max_size=200))
def test_no_honest_text_is_counted_longer_than_it_is(text: str) -> None:
    """Where the parser's own count succeeds, ours is no larger: only what is over a limit is refused early."""
    lexer, expected = Lexer(Source(text)), 0
    try:
        while lexer.advance().kind is not TokenKind.EOF:
            expected += 1
    except GraphQLSyntaxError:
        return
    found = [match[0] for match in TOKEN.finditer(text)]
    assert len([token for token in found if not token.startswith("#")]) <= expected


def test_the_documents_of_the_contract_are_far_below_the_limits() -> None:
    from tests.graphql_schema.asking import contract

    longest = max(sum(1 for _ in TOKEN.finditer(text)) for text in contract().values())
    assert longest * 4 < Limits().tokens
