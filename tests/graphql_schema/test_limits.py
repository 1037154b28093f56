"""The budget: hostile documents are refused by name, at a cost that grows with their text only."""

from dataclasses import replace
from typing import Any

import pytest
from graphql import GraphQLError, get_introspection_query, parse
from hypothesis import given
from hypothesis import strategies as st

from graphql_schema.cost import CAP
from graphql_schema.documents import Documents
from graphql_schema.limits import Limits, Measured, measure
from tests.graphql_schema.small import schema as strawberry_schema

schema = strawberry_schema._schema
LIMITS = Limits()


def measured(text: str, limits: Limits = LIMITS) -> Measured:
    return measure(schema, parse(text), limits)


def refusal_of(text: str, limits: Limits = LIMITS, **variables: Any) -> str | None:
    """The code with which a document is refused on its whole way to execution."""
    documents = Documents(schema, limits=limits)
    try:
        document = documents.read(text)
        errors = documents.validate(document, hide_suggestions=True)
        next(iter(document.measured.operations.values())).objects(variables, limits)
    except GraphQLError as error:
        errors = [error]
    return (errors[0].extensions or {})["code"] if errors else None


def objects(text: str, limits: Limits = LIMITS, **variables: Any) -> int:
    operation = next(iter(measured(text, limits).operations.values()))
    return operation.objects(variables, replace(limits, objects=CAP))


def bomb(levels: int, end: str = "__typename") -> str:
    """A document of `levels` fragments, each spread twice by the one before: 2^levels fields when written out."""
    fragments = [f"fragment f{n} on Query {{ ...f{n + 1} ...f{n + 1} }}" for n in range(levels)]
    return " ".join(["{ ...f0 }", *fragments, f"fragment f{levels} on Query {{ {end} }}"])


def nested(levels: int) -> str:
    return "{ battery(code: 1) " + "{ parts " * levels + "{ code }" + " }" * levels + " }"


PAGES = "{ batteries(first: 100) { edges { node { holder { batteries(first: 100) { edges { node { code } } } } } } } }"
FOUR_PAGES = (
    "{ batteries(first: 100) { edges { node { holder { batteries(first: 100) { edges { node { holder "
    "{ batteries(first: 100) { edges { node { code } } } } } } } } } } } }"
)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        pytest.param(bomb(10), "too_many_fields", id="fragments 2^10"),
        pytest.param(bomb(22), "too_many_fields", id="fragments 2^22"),
        pytest.param(bomb(99), "too_many_fields", id="fragments 2^99"),
        pytest.param(bomb(150), "too_many_fragments", id="fragments 2^150"),
        pytest.param(bomb(22, "...nowhere"), "too_many_fields", id="bomb without a field"),
        pytest.param(
            "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }", "fragment_cycle", id="cycle"
        ),
        pytest.param("{ ...a } fragment a on Query { ...a }", "fragment_cycle", id="fragment in itself"),
        pytest.param("{ __typename } fragment a on Query { ...a }", "fragment_cycle", id="cycle nobody uses"),
        pytest.param(nested(100), "query_too_deep", id="depth 100"),
        pytest.param("{ a " * 990, "query_too_deep", id="depth beyond the parser"),
        pytest.param("{ " + " ".join(f"a{n}: __typename" for n in range(200)) + " }", "too_many_aliases", id="aliases"),
        pytest.param("{ " + "__typename " * 1_000 + "}", "too_many_fields", id="one field repeated"),
        pytest.param("{ " + "__typename " * 51 + "}", "too_many_repeats", id="one field repeated 51 times"),
        pytest.param(
            "{ " + 'battery(code: "x") { ' + "holder { code code } " * 30 + "} }", "too_many_repeats", id="further in"
        ),
        pytest.param(
            "{ ...a ...a ...a } fragment a on Query { " + "who " * 17 + "}",
            "too_many_repeats",
            id="repeated by spreads",
        ),
        pytest.param("{ __typename " + "@include(if: true) " * 100 + "}", "too_many_directives", id="directives"),
        pytest.param("query " + "@a " * 100 + "{ __typename }", "too_many_directives", id="directives outside"),
        pytest.param("query(" + "$a: Int @a @a " * 40 + ") { __typename }", "too_many_directives", id="on variables"),
        pytest.param(
            "{ __typename " + "@include(if: true) " * 2_000 + "}", "too_many_directives", id="2,000 directives"
        ),
        pytest.param("{ " + "__typename " * 20_000 + "}", "query_too_long", id="20,000 tokens"),
        pytest.param("# hush\n" * 600 + "{ __typename }", "query_too_long", id="600 comments"),
        pytest.param("{ __typename } #" + "x" * 100_000, "query_too_long", id="one long comment"),
        pytest.param("{ echo(json: " + "[" * 990 + "]" * 990 + ") }", "query_too_deep", id="1,980 lists"),
        pytest.param("{ echo(json: " + "[" * 5_000 + "]" * 5_000 + ") }", "query_too_long", id="5,000 lists"),
        pytest.param("{ echo(json: " + "[" * 40 + "]" * 40 + ") }", "value_too_deep", id="40 lists"),
        pytest.param("query($j: JSON = " + "{a: " * 40 + "1" + "}" * 40 + ") { echo(json: $j) }", "value_too_deep"),
        pytest.param('{ battery(code: "\\u0000") { code } }', "nul_character", id="NUL"),
        pytest.param("# only\n# words", "syntax", id="comments only"),
        pytest.param("", "syntax", id="empty"),
        pytest.param("fragment a on Query { __typename }", "no_operation", id="no operation"),
        pytest.param(" ".join(f"query q{n} {{ __typename }}" for n in range(50)), "too_many_operations"),
        pytest.param("mutation { a: write { key } b: write { key } }", "one_mutation_a_request", id="two mutations"),
        pytest.param(
            "mutation { ...w ...w } fragment w on Mutation { write { key } }",
            "one_mutation_a_request",
            id="by fragment",
        ),
        pytest.param("{ batteries(first: 101) { totalCount } }", "page_too_large", id="page 101"),
        pytest.param("{ batteries(first: 1" + "0" * 5_000 + ") { totalCount } }", "page_too_large", id="huge page"),
        pytest.param("{ batteries(last: -1) { totalCount } }", "page_negative", id="page -1"),
        pytest.param(FOUR_PAGES, "too_expensive", id="pages in pages"),
        pytest.param(nested(5), "too_expensive", id="lists in lists"),
    ],
)
def test_a_hostile_document_is_refused_by_name(text: str, code: str) -> None:
    assert refusal_of(text) == code


@pytest.mark.parametrize(
    "text",
    [
        "{ __typename }",
        "mutation { __typename write { key } }",
        "query a { __typename } query b { __typename }",
        "{ battery(code: 1) { code } }".replace("1", '"x"'),
        get_introspection_query(),
        "{ " + "__typename " * 50 + "}",
        "{ ...a ...b } fragment a on Query { ...b } fragment b on Query { __typename }",
    ],
)
def test_an_honest_document_passes(text: str) -> None:
    assert refusal_of(text) is None


@pytest.mark.parametrize("levels", [5, 20, 80])
def test_measuring_visits_each_fragment_once(levels: int) -> None:
    """Twice the text is twice the work: 2^80 fields are seen to be too many after a few hundred nodes."""
    roomy = replace(LIMITS, fields=2**400, repeats=2**400)
    assert measured(bomb(levels), roomy).visits == 2 * (2 * levels + 2)


def test_figures_of_a_bomb_stay_small_numbers() -> None:
    unbounded = replace(LIMITS, fields=2**400, repeats=2**400, fragments=1_000)
    text = bomb(300, "batteries(first: 100) { edges { node { code } } }")
    operation = measured(text.replace("...f1 ...f1", "...f1"), replace(unbounded, aliases=CAP)).operations[None]
    assert operation.shape.cost.constant == CAP


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("{ __typename who }", 0, id="leaves are free"),
        pytest.param('{ battery(code: "x") { code holder { code } } }', 2, id="an object each"),
        pytest.param('{ battery(code: "x") { parts { code } tags } }', 1 + 10, id="a list without pages counts ten"),
        pytest.param("{ batteries(first: 7) { edges { node { code } } pageInfo { hasNextPage } } }", 7, id="a page"),
        pytest.param("{ batteries(last: 7) { edges { node { holder { code } } } } }", 14, id="from the end"),
        pytest.param("{ batteries { edges { node { code } } } }", 100, id="no size is the largest page"),
        pytest.param("{ batteries(first: null) { edges { node { code } } } }", 100, id="null is no size"),
        pytest.param("{ batteries(first: 3, last: 9) { edges { cursor node { code } } } }", 9, id="the larger"),
        pytest.param("{ batteries(first: 100) { totalCount } }", 0, id="a count alone"),
        pytest.param(PAGES, 100 * (1 + 1 + 100), id="a page in a page"),
        pytest.param(
            "{ batteries(first: 5) { ...c } } fragment c on BatteryConnection { edges { ...e } ... { edges "
            "{ ...e } } } fragment e on BatteryEdge { node { code } }",
            10,
            id="through fragments",
        ),
        pytest.param("{ nothing { here { at } all } }", 0, id="unknown fields are left to the standard rules"),
    ],
)
def test_cost_counts_the_objects_asked_for(text: str, expected: int) -> None:
    assert objects(text) == expected


@given(outer=st.integers(0, 100), inner=st.integers(0, 100))
def test_a_variable_costs_what_the_number_would(outer: int, inner: int) -> None:
    def text(first: object, second: object) -> str:
        return (
            f"{{ batteries(first: {first}) {{ edges {{ node {{ parts {{ holder {{ batteries(first: {second}) "
            "{ edges { node { code } } } } } } } } }"
        )

    with_variables = "query($a: Int, $b: Int = 3) " + text("$a", "$b")
    assert objects(with_variables, a=outer, b=inner) == objects(text(outer, inner)) == outer * (1 + 10 * (2 + inner))
    assert objects(with_variables, a=outer) == objects(text(outer, 3))
    assert objects(with_variables, a=outer, b=None) == objects(text(outer, 100))


@pytest.mark.parametrize(
    ("size", "code"),
    [(100, None), (101, "page_too_large"), (10**30, "page_too_large"), (-1, "page_negative")],
)
def test_a_page_size_in_a_variable_has_the_same_limits(size: int, code: str | None) -> None:
    assert refusal_of("query($n: Int) { batteries(first: $n) { totalCount edges { cursor } } }", n=size) == code


def test_pages_in_variables_are_multiplied() -> None:
    text = FOUR_PAGES.replace("100", "$n").replace("{", "query($n: Int!) {", 1)
    assert refusal_of(text, n=10) is None
    assert refusal_of(text, n=100) == "too_expensive"


def test_limits_come_from_settings(settings: Any) -> None:
    settings.GRAPHQL_LIMITS = {"depth": 3}
    assert Limits.from_settings() == replace(LIMITS, depth=3)
    settings.GRAPHQL_LIMITS = {"deepth": 3}
    with pytest.raises(TypeError, match="deepth"):
        Limits.from_settings()
