"""Documents are kept once they have passed, never before, and never without bound."""

import threading

import pytest
from graphql import GraphQLError

from graphql_schema.documents import MOST_ERRORS, Documents
from graphql_schema.scalars import STRAWBERRY_RULES
from tests.graphql_schema.small import schema as strawberry_schema

schema = strawberry_schema._schema


def passed(documents: Documents, text: str) -> None:
    assert documents.validate(documents.read(text), hide_suggestions=True) == []


def test_a_valid_document_is_parsed_once() -> None:
    documents = Documents(schema)
    first = documents.read("{ who }")
    assert not first.valid
    assert documents.validate(first, hide_suggestions=True) == []
    kept = documents.read("{ who }")
    assert kept.valid
    assert kept.node is first.node
    assert documents.read("{ who }") is kept
    assert documents.read("{  who }").node is not first.node, "the text itself is the key"


def test_a_document_with_an_error_is_never_kept() -> None:
    documents = Documents(schema)
    for _ in range(2):
        document = documents.read("{ nobody }")
        assert [error.message for error in documents.validate(document, hide_suggestions=True)] == [
            "Cannot query field 'nobody' on type 'Query'."
        ]
        with pytest.raises(GraphQLError):
            documents.read("{ nobody")
    assert len(documents) == 0


def test_a_document_that_was_only_read_is_not_kept() -> None:
    """Reading comes before the check of who asks: a stranger must not fill the memory."""
    documents = Documents(schema)
    documents.read("{ who }")
    assert len(documents) == 0


def test_the_least_recently_used_goes_first() -> None:
    documents = Documents(schema, most=2)
    for text in ("{ a: who }", "{ b: who }", "{ a: who }", "{ c: who }"):
        passed(documents, text)
    assert [documents.read(f"{{ {alias}: who }}").valid for alias in "abc"] == [True, False, True]


def test_the_texts_kept_are_bounded_together() -> None:
    documents = Documents(schema, most_bytes=100)
    for alias in "abcdefghijklmnopqrstuvwxyz":
        passed(documents, f"{{ {alias}: who }}")
    assert len(documents) == 10
    passed(documents, "{ who } #" + "x" * 100)
    assert len(documents) == 10
    assert not documents.read("{ who } #" + "x" * 100).valid


def test_threads_share_the_documents() -> None:
    documents = Documents(schema, most=5)
    failures: list[BaseException] = []

    def ask() -> None:
        try:
            for n in range(200):
                passed(documents, f"{{ a{n % 9}: who }}")
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(documents) == 5


def test_few_errors_are_told() -> None:
    documents = Documents(schema)
    text = "{ " + " ".join(f"wrong{n}" for n in range(100)) + " }"
    errors = documents.validate(documents.read(text), hide_suggestions=True)
    assert len(errors) == MOST_ERRORS + 1
    assert "Too many validation errors" in errors[-1].message


def test_the_rules_of_the_library_are_checked_too() -> None:
    documents = Documents(schema, rules=STRAWBERRY_RULES)
    document = documents.read('{ oneOf(value: {code: "a", number: 1}) }')
    (error,) = documents.validate(document, hide_suggestions=True)
    assert "exactly one key" in error.message


@pytest.mark.parametrize(
    ("text", "name", "code"),
    [
        ("query a { who } query b { who }", None, "operation_name"),
        ("query a { who } query b { who }", "c", "unknown_operation"),
        ("{ who }", "a", "unknown_operation"),
    ],
)
def test_the_operation_to_run_must_be_clear(text: str, name: str | None, code: str) -> None:
    with pytest.raises(GraphQLError) as caught:
        Documents(schema).read(text).operation(name)
    assert caught.value.extensions == {"code": code}
