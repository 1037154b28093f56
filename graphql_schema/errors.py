"""How an error looks to the caller: a sentence in the caller's language and a stable code in `extensions.code`.

Refusals of the domain keep their own code and path. Errors of the GraphQL library about the text of a query keep its
English sentence. Everything else is a fault of ours: the caller sees «Internal error» and the id of the request, the
log sees the traceback.
"""

from collections.abc import Iterable
from typing import Any

import structlog
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from graphql import GraphQLError, GraphQLFormattedError, Node

from traceability.errors import Refusal
from traceability.requests import request_id

log = structlog.get_logger("graphql_schema")

MESSAGES: dict[str, Any] = {
    # the request
    "method": _("GraphQL is asked by POST."),
    "content_type": _("Send the query as application/json, encoded in UTF-8."),
    "not_acceptable": _("The answer can be application/json or application/graphql-response+json."),
    "query_in_url": _("Send the query in the body, not in the URL."),
    "body_too_large": _("The request is larger than {limit} bytes; send large files to the file endpoints."),
    "too_many_values": _("The request holds more than {limit} values; send large files to the file endpoints."),
    "bad_encoding": _("The request is not valid UTF-8."),
    "bad_json": _("The request is not valid JSON: {value}."),
    "batching": _("Send one operation a request, not a list."),
    "bad_request": _("{value} is missing or has the wrong type."),
    "nul_character": _("Texts must not hold the character NUL or a lone surrogate."),
    "value_too_deep": _("Values are nested deeper than {limit} levels."),
    # who
    "sign_in": _("Sign in, or send a token."),
    "bad_token": _("The token is unknown, expired or revoked."),
    "too_many_attempts": _("Too many wrong tokens came from here; stop, and wait."),
    "second_factor": _("Your account needs a second factor; sign in with it first."),
    "operator": _("This person has not taken over the device; it takes their PIN."),
    "csrf": _("The CSRF token is missing or wrong; reload the page."),
    # the query
    "no_operation": _("The query holds no operation."),
    "unknown_operation": _("The query holds no operation of the name {value}."),
    "operation_name": _("The query holds several operations; name one in operationName."),
    "operation_type": _("Operations of the kind {value} are not offered here."),
    "introspection": _("The schema cannot be asked for here; it is published with the documentation."),
    "query_too_long": _(
        "The query is too long: at most {tokens} tokens, {comments} comments, {characters} characters."
    ),
    "query_too_deep": _("The query is nested deeper than {limit} levels."),
    "too_many_fields": _("The query asks for more than {limit} fields."),
    "too_many_repeats": _("The query asks for one field more than {limit} times in the same place."),
    "too_many_aliases": _("The query uses more than {limit} aliases."),
    "too_many_directives": _("The query uses more than {limit} directives."),
    "too_many_operations": _("The query holds more than {limit} operations."),
    "too_many_variables": _("The query declares more than {limit} variables."),
    "too_many_fragments": _("The query holds more than {limit} fragments."),
    "fragment_cycle": _("The fragment {value} contains itself."),
    "one_mutation_a_request": _("Send one mutation a request; for many batteries use the mutations that take lists."),
    "page_too_large": _("A page holds at most {limit} objects."),
    "page_negative": _("The size of a page cannot be negative."),
    "too_expensive": _("The query asks for more than {limit} objects; ask for smaller pages."),
    "over_budget": _("Your organisation has used up its points; they come back in {seconds} s."),
    "internal_error": _("Internal error"),
}


def refusal(code: str, node: Node | None = None, **params: Any) -> GraphQLError:
    """Make the error of a request that is refused as a whole."""
    return GraphQLError(sentence(code, **params), node, extensions={"code": code})


def sentence(code: str, **params: Any) -> str:
    """Say the code in the caller's language; `value` is shortened so that a megabyte is never echoed."""
    if "value" in params:
        params["value"] = str(params["value"])[:200]
    return str(MESSAGES[code]).format_map(params)


def with_code(errors: Iterable[GraphQLError], code: str) -> list[GraphQLError]:
    """Give the library's own errors a code; those that have one keep it."""
    errors = list(errors)
    for error in errors:
        error.extensions = {"code": code} | (error.extensions or {})
    return errors


def formatted(error: GraphQLError, request: HttpRequest, *, hide_suggestions: bool = True) -> GraphQLFormattedError:
    """Turn an error into what the caller may see; what is no refusal is logged and masked."""
    original = error.original_error
    while isinstance(original, GraphQLError) and original.original_error is not None:
        original = original.original_error
    answer = error.formatted
    if isinstance(original, Refusal):
        answer["message"] = original.message
        answer["extensions"] = {"code": original.code, "path": original.path}
    elif original is None or isinstance(original, GraphQLError):
        answer["extensions"] = {"code": "bad_input"} | dict(answer.get("extensions") or {})
        if hide_suggestions:
            # The library can hide them itself, but Strawberry's enums suggest whatever it is told.
            answer["message"] = answer["message"].partition(" Did you mean ")[0]
    else:
        answer["message"] = sentence("internal_error")
        answer["extensions"] = internal_error(original, request, path=error.path)
    return answer


def internal_error(error: BaseException, request: HttpRequest, **known: Any) -> dict[str, Any]:
    """Log a fault of ours with its traceback and give the extensions that let somebody find that line again."""
    log.error("internal_error", exc_info=error, **known)
    return {"code": "internal_error", "requestId": request_id(request)}
