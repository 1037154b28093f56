"""Documents, parsed, measured and validated once and kept.

Clients send the same few texts again and again; parsing and validating one takes longer than answering it. What depends
on the variables (the size of pages) stays open in the measured figures and is checked for each request.
"""

import threading
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass
from hashlib import sha256

from graphql import (
    ASTValidationRule,
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    Source,
    parse,
    specified_rules,
    validate,
)

from graphql_schema.errors import refusal, with_code
from graphql_schema.limits import Limits, Measured, Operation, measure
from graphql_schema.scanning import check_text

#: More errors than this help nobody and cost time.
MOST_ERRORS = 5


@dataclass(frozen=True, slots=True)
class Document:
    """One text within its budget; `valid` once the standard rules have passed."""

    key: bytes
    node: DocumentNode
    measured: Measured
    size: int
    valid: bool = False

    def operation(self, name: str | None) -> Operation:
        """Find the operation to run; refuses `unknown_operation` and `operation_name`."""
        operations = self.measured.operations
        if name is None and len(operations) == 1:
            return next(iter(operations.values()))
        if name is None:
            raise refusal("operation_name")
        if name not in operations:
            raise refusal("unknown_operation", value=name)
        return operations[name]


class Documents:
    """The documents of one schema, least recently used first out; safe between threads.

    Kept are at most `most` documents of together `most_bytes` characters of text (a parsed document takes some hundred
    times its text). A document with an error is never kept, so that refused texts cannot push out good ones.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        *,
        rules: Collection[type[ASTValidationRule]] = (),
        limits: Limits | None = None,
        most: int = 1_000,
        most_bytes: int = 2_000_000,
    ) -> None:
        self.schema = schema
        self.rules = (*specified_rules, *rules)
        self.limits = limits or Limits.from_settings()
        self._most, self._most_bytes = most, most_bytes
        self._kept: OrderedDict[bytes, Document] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def read(self, text: str) -> Document:
        """Give the kept document, or parse and measure the text; raises its first error as a GraphQLError."""
        key = sha256(text.encode()).digest()
        with self._lock:
            if document := self._kept.get(key):
                self._kept.move_to_end(key)
                return document
        node = _parse(text, self.limits)
        return Document(key, node, measure(self.schema, node, self.limits), len(text))

    def validate(self, document: Document, *, hide_suggestions: bool) -> list[GraphQLError]:
        """Check the standard rules, unless this text has passed before; keep it if it passes."""
        if document.valid:
            return []
        errors = validate(
            self.schema, document.node, self.rules, max_errors=MOST_ERRORS, hide_suggestions=hide_suggestions
        )
        if not errors:
            self._keep(Document(document.key, document.node, document.measured, document.size, valid=True))
        return with_code(errors, "invalid_query")

    def _keep(self, document: Document) -> None:
        if document.size > self._most_bytes:
            return
        with self._lock:
            if document.key in self._kept:
                return
            self._kept[document.key] = document
            self._bytes += document.size
            while len(self._kept) > self._most or self._bytes > self._most_bytes:
                self._bytes -= self._kept.popitem(last=False)[1].size


def _parse(text: str, limits: Limits) -> DocumentNode:
    check_text(text, limits)
    try:
        return parse(
            Source(text),
            max_lexical_tokens=limits.tokens,
            max_comments=limits.comments,
            max_source_length=limits.characters,
        )
    except GraphQLSyntaxError as error:
        # The parser has no codes; these sentences are checked by tests against its version.
        if "nested too deeply" in error.message:
            raise refusal("query_too_deep", limit=limits.depth) from None
        if "contains more than" in error.message:
            raise refusal(
                "query_too_long", tokens=limits.tokens, comments=limits.comments, characters=limits.characters
            ) from None
        with_code([error], "syntax")
        raise
