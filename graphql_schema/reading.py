"""From an HTTP request to a question: the strict reading of GraphQL over HTTP.

Only POST of one JSON object in UTF-8. Forms, multipart, GET and lists are refused: a page of another origin can send
those without asking first, and a list would multiply every limit.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from django.http.request import UnreadablePostError
from graphql import GraphQLError

from graphql_schema.errors import refusal
from traceability import exact
from traceability.errors import Refusal

RESPONSE_TYPE = "application/graphql-response+json"
JSON_TYPE = "application/json"
#: What a request may hand over: a thousand packs of a hundred cells are 50,000.
MOST_VALUES = 80_000
#: Nobody unknown has anything to say that is longer.
STRANGERS_BODY = 16 * 1024
PARAMETERS = ("query", "operationName", "variables", "extensions")


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: the text, the name of the operation to run, its variables (decimals exact)."""

    query: str
    operation_name: str | None
    variables: Mapping[str, Any]


class Unreadable(Exception):
    """The request is no GraphQL request; it is answered with this HTTP status, whatever the accepted type."""

    def __init__(self, status: int, error: GraphQLError, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(error.message)
        self.status = status
        self.error = error
        self.headers = headers or {}


def answer_type(request: HttpRequest) -> str:
    """Choose the media type of the answer; raises Unreadable (406) where none fits."""
    if not request.headers.get("Accept", "").strip():
        return JSON_TYPE
    if chosen := request.get_preferred_type([JSON_TYPE, RESPONSE_TYPE]):
        return chosen
    # A client may name the charset; Django takes that for a narrower type than ours.
    named = {f"{media.main_type}/{media.sub_type}" for media in request.accepted_types}
    if fitting := [media for media in (RESPONSE_TYPE, JSON_TYPE) if media in named]:
        return fitting[0]
    raise Unreadable(406, refusal("not_acceptable"))


def check_envelope(request: HttpRequest) -> None:
    """Refuse by method, content type, URL and declared size, before anything is read."""
    if request.method != "POST":
        raise Unreadable(405, refusal("method"), {"Allow": "POST"})
    charset = (request.content_params or {}).get("charset", "utf-8").lower()
    if request.content_type != JSON_TYPE or charset not in {"utf-8", "utf8"}:
        raise Unreadable(415, refusal("content_type"))
    if any(name in request.GET for name in PARAMETERS):
        raise Unreadable(400, refusal("query_in_url"))
    if int(request.META.get("CONTENT_LENGTH") or 0) > _largest_body():
        raise Unreadable(413, refusal("body_too_large", limit=_largest_body()))


def read_question(request: HttpRequest, value_depth: int, *, known: bool = True) -> Question:
    """Read the body; raises Unreadable (400, 413) with a stable code."""
    if not known and len(_body(request)) > STRANGERS_BODY:
        raise Unreadable(413, refusal("body_too_large", limit=STRANGERS_BODY))
    payload = _payload(request)
    if isinstance(payload, list):
        raise Unreadable(400, refusal("batching"))
    if not isinstance(payload, dict):
        raise Unreadable(400, refusal("bad_request", value="query"))
    query, name, variables = (payload.get(key) for key in ("query", "operationName", "variables"))
    if not isinstance(query, str):
        raise Unreadable(400, refusal("bad_request", value="query"))
    if not isinstance(name, str | None):
        raise Unreadable(400, refusal("bad_request", value="operationName"))
    if not isinstance(variables, dict | None):
        raise Unreadable(400, refusal("bad_request", value="variables"))
    if not isinstance(payload.get("extensions"), dict | None):
        raise Unreadable(400, refusal("bad_request", value="extensions"))
    _check_values([query, name, variables], value_depth + 1)
    return Question(query, name, variables or {})


def _body(request: HttpRequest) -> bytes:
    try:
        body = request.body
    except RequestDataTooBig:
        body = b" " * (_largest_body() + 1)
    except UnreadablePostError:
        raise Unreadable(400, refusal("bad_json", value="…")) from None
    if len(body) > _largest_body():
        raise Unreadable(413, refusal("body_too_large", limit=_largest_body()))
    return body


def _payload(request: HttpRequest) -> Any:
    body = _body(request)
    # Commas and brackets are its values, nearly; reading a million of them would take most of a second.
    if sum(body.count(mark) for mark in (b",", b"[", b"{")) > MOST_VALUES:
        raise Unreadable(413, refusal("too_many_values", limit=MOST_VALUES))
    try:
        return exact.loads(body.decode("utf-8"))
    except UnicodeDecodeError:
        raise Unreadable(400, refusal("bad_encoding")) from None
    except Refusal as no:
        raise Unreadable(400, refusal("bad_json", value=no.problems[0].value)) from None


def _check_values(value: Any, deepest: int) -> None:
    """Refuse nesting that would exhaust the stack, and texts that no database here can keep."""
    # Level by level, and what holds others by its exact type: there may be tens of thousands of values.
    level, depth = [value], 0
    while level:
        inner: list[Any] = []
        for found in level:
            kind = type(found)
            if kind is str:
                if (not found.isascii() and not _encodable(found)) or "\0" in found:
                    raise Unreadable(400, refusal("nul_character"))
            elif kind is dict or kind is list:
                if depth > deepest:
                    raise Unreadable(400, refusal("value_too_deep", limit=deepest - 1))
                inner += found
                if kind is dict:
                    inner += found.values()
        level, depth = inner, depth + 1


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _largest_body() -> int:
    return getattr(settings, "GRAPHQL_MAX_BODY", 1024 * 1024)
