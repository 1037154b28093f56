"""Asking the operations API: as a party of the world, past HTTP (for counts and many questions) or through it."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from django.test import Client
from graphql import DocumentNode, execute, parse, print_ast, separate_operations, validate

from graphql_schema.errors import formatted
from graphql_schema.http import Execution
from graphql_schema.operations.schema import schema
from tests.worlds import Party
from traceability.access import Viewer

SCHEMA = schema._schema
CONTRACT = Path(__file__).with_name("contract_operations.graphql")


@dataclass
class Answer:
    """What came back."""

    data: Any
    errors: list[Any] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All of it, as it would go over the wire."""
        return json.dumps({"data": self.data, "errors": self.errors}, ensure_ascii=False, sort_keys=True, default=str)


def ask(who: Party | Viewer, query: str | DocumentNode, **variables: Any) -> Answer:
    """Run a document as this party; what a resolver refuses is in `errors`, a fault of ours is raised."""
    document = query if isinstance(query, DocumentNode) else parse(query)
    # Documents that are asked many times are validated once, by whoever made them.
    problems = [] if isinstance(query, DocumentNode) else validate(SCHEMA, document)
    assert not problems, problems
    viewer = who if isinstance(who, Viewer) else who.viewer
    request = SimpleNamespace(viewer=viewer, headers={})
    result: Any = execute(
        SCHEMA, document, context_value=request, variable_values=variables, execution_context_class=Execution
    )
    errors = [formatted(error, request) for error in result.errors or ()]  # type: ignore[arg-type]
    masked = [error for error in result.errors or () if error.original_error is not None]
    for error, shown in zip(masked, errors, strict=False):
        if shown.get("extensions", {}).get("code") == "internal_error":
            raise error.original_error
    return Answer(result.data, errors)


def good(who: Party | Viewer, query: str | DocumentNode, **variables: Any) -> Any:
    """The data of an answer without errors."""
    answer = ask(who, query, **variables)
    assert not answer.errors, answer.errors
    return answer.data


def post(who: Party, query: str, **variables: Any) -> Any:
    """Ask over HTTP with a token."""
    client = Client(headers={"Authorization": f"Bearer {who.token}", "Accept-Language": "en"})
    body = json.dumps({"query": query, "variables": variables})
    return client.post("/graphql/", body, content_type="application/json")


def contract() -> dict[str, str]:
    """The documents of the contract as their clients send them, each with the fragments it uses."""
    return {name: print_ast(document) for name, document in separate_operations(parse(CONTRACT.read_text())).items()}
