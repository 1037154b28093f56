"""The door: GraphQL over HTTP for a schema of graphql-core, whichever library made it.

    path("graphql/", GraphQLDoor.as_view(schema=schema._schema, rules=STRAWBERRY_RULES))

The order is: envelope, who asks, body, points for it, parse, limits, is it allowed, standard rules, cost and points for
it, run. Errors of the request
as a whole have no `data`; they are 400 where the caller accepts application/graphql-response+json and 200 with
application/json, as GraphQL over HTTP has it.
"""

import secrets
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager, nullcontext
from decimal import Decimal
from typing import Any, cast

import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views import View
from django.views.decorators.csrf import csrf_exempt
from graphql import (
    ASTValidationRule,
    ExecutionContext,
    ExecutionResult,
    GraphQLError,
    GraphQLLeafType,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    execute,
)
from graphql.pyutils import Undefined

from graphql_schema.documents import Documents
from graphql_schema.errors import formatted, internal_error, refusal, sentence, with_code
from graphql_schema.limits import Limits, Operation
from graphql_schema.reading import (
    JSON_TYPE,
    RESPONSE_TYPE,
    Question,
    Unreadable,
    answer_type,
    check_envelope,
    read_question,
)
from graphql_schema.viewer import authenticate, sign_in_needed
from traceability.access import Viewer
from traceability.door import budgets

#: Told of every question that is about to be answered; what it raises stops the answer.
Witness = Callable[[HttpRequest, Viewer, Question, Operation], None]
VARY = ("Accept", "Accept-Language", "Authorization", "Cookie")


class RequestRefused(Exception):
    """The question itself is refused: nothing ran."""

    def __init__(self, *errors: GraphQLError) -> None:
        super().__init__(errors[0].message)
        self.errors = errors


class GraphQLDoor(View):
    """Answers POST; shows GraphiQL to a browser where `settings.GRAPHIQL` allows it."""

    documents: Documents = None  # type: ignore[assignment]
    witness: Witness | None = None
    within: Callable[[], AbstractContextManager[None]] = nullcontext

    @classmethod
    def as_view(  # type: ignore[override]
        cls,
        *,
        schema: GraphQLSchema,
        rules: Collection[type[ASTValidationRule]] = (),
        limits: Limits | None = None,
        witness: Witness | None = None,
        within: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> Callable[..., HttpResponseBase]:
        """Make the view.

        Args:
            schema: of graphql-core, whichever library made it.
            rules: the validation rules that this library adds to the standard ones.
            limits: what one request may ask for; those of the settings by default.
            witness: told of every question of somebody known before it is answered.
            within: what resolvers run in.
        """
        documents = Documents(schema, rules=rules, limits=limits)
        # Sessions are checked in `authenticate`; requests with a token need no CSRF token.
        view = csrf_exempt(super().as_view(documents=documents, witness=witness, within=within))
        view.answers_for_itself = True  # type: ignore[attr-defined]
        return view

    def dispatch(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
        """Answer; a fault of ours is 500 with the id of the request and nothing else."""
        media_type = JSON_TYPE
        try:
            if _wants_page(request):
                return graphiql(request)
            media_type = answer_type(request)
            response = self._answer(request, media_type)
        except Unreadable as no:
            response = _respond({"errors": [formatted(no.error, request)]}, media_type, no.status)
            for name, value in no.headers.items():
                response[name] = value
        except Exception as error:  # the last door: whatever it is, the caller sees only its id
            extensions = internal_error(error, request)
            answer = {"errors": [{"message": sentence("internal_error"), "extensions": extensions}]}
            response = _respond(answer, media_type, 500)
        return response

    def _answer(self, request: HttpRequest, media_type: str) -> HttpResponse:
        check_envelope(request)
        viewer = authenticate(request)
        request.viewer = viewer  # type: ignore[attr-defined]
        question = read_question(request, self.documents.limits.value_depth, known=viewer.is_known)
        coming = 1 + len(request.body) // 1024
        charge(viewer, coming)
        hide = not may_introspect(viewer)
        try:
            result, objects, left = self._run(request, viewer, question, hide)
        except RequestRefused as no:
            answer: dict[str, Any] = {
                "errors": [formatted(error, request, hide_suggestions=hide) for error in no.errors]
            }
            return _respond(answer, media_type, 400 if media_type == RESPONSE_TYPE else 200)
        answer = {"data": result.data}
        if result.errors:
            answer["errors"] = [formatted(error, request, hide_suggestions=hide) for error in result.errors]
        if request.headers.get("X-Query-Cost") == "1":
            limit = self.documents.limits.objects
            answer["extensions"] = {
                "cost": {"objects": objects, "limit": limit, "points": coming + objects, "pointsLeft": left}
            }
        return _respond(answer, media_type, 200)

    def _run(
        self, request: HttpRequest, viewer: Viewer, question: Question, hide: bool
    ) -> tuple[ExecutionResult, int, int | None]:
        try:
            document = self.documents.read(question.query)
            operation = document.operation(question.operation_name)
            if not viewer.is_known and not operation.only_meta:
                raise sign_in_needed()
            self._check_offered(operation.node)
            if document.measured.introspects and hide:
                raise refusal("introspection")
            if errors := self.documents.validate(document, hide_suggestions=hide):
                raise RequestRefused(*errors)
            objects = operation.objects(question.variables, self.documents.limits)
        except GraphQLError as error:
            raise RequestRefused(error) from None
        left = charge(viewer, objects)
        if self.witness is not None and viewer.is_known:
            self.witness(request, viewer, question, operation)
        with self.within():
            outcome = execute(
                self.documents.schema,
                document.node,
                context_value=request,
                variable_values=dict(question.variables),
                operation_name=question.operation_name,
                execution_context_class=Execution,
                is_awaitable=_never,
                hide_suggestions=hide,
            )
        result = cast(ExecutionResult, outcome)
        if result.data is None and result.errors and all(error.path is None for error in result.errors):
            # Variables that do not fit: nothing ran either.
            raise RequestRefused(*with_code(result.errors, "invalid_variables"))
        return result, objects, left

    def _check_offered(self, node: OperationDefinitionNode) -> None:
        kind = node.operation
        if kind is OperationType.SUBSCRIPTION or self.documents.schema.get_root_type(kind) is None:
            raise refusal("operation_type", node, value=kind.value)


class Execution(ExecutionContext):
    """Runs a query as graphql-core does, except that a value which does not fit its type is a fault of ours."""

    @staticmethod
    def complete_leaf_value(return_type: GraphQLLeafType, result: Any) -> Any:
        """Turn a resolver's value into JSON; a misfit raises TypeError, which is masked, and not the value itself."""
        try:
            value = return_type.serialize(result)
        except GraphQLError as error:
            raise TypeError(error.message) from error
        if value is Undefined or value is None:
            raise TypeError(f"{return_type} made nothing of a {type(result).__name__}")
        return value


def charge(viewer: Viewer, points: int) -> int | None:
    """Charge the viewer's organisation and give what it has left; raises Unreadable 429 when it has not enough."""
    try:
        return budgets.spend(viewer, points)
    except budgets.OverBudget as no:
        extensions = {"code": "over_budget", "points": no.points, "retryAfter": no.seconds}
        error = GraphQLError(sentence("over_budget", seconds=no.seconds), extensions=extensions)
        raise Unreadable(429, error, {"Retry-After": str(no.seconds)}) from None


def may_introspect(viewer: Viewer) -> bool:
    """Whether this viewer may read the schema here: `settings.GRAPHQL_INTROSPECTION` is True, False or 'signed-in'."""
    allowed = getattr(settings, "GRAPHQL_INTROSPECTION", False)
    return viewer.is_known if allowed == "signed-in" else allowed is True


def graphiql(request: HttpRequest) -> HttpResponse:
    """Show GraphiQL from our own static files, under a policy that lets it talk to this server only."""
    nonce = secrets.token_urlsafe(16)
    response = render(request, "graphql/graphiql.html", {"nonce": nonce})
    response["Content-Security-Policy"] = (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        "font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    response["Cache-Control"] = "no-store"
    patch_vary_headers(response, VARY)
    return response


def _wants_page(request: HttpRequest) -> bool:
    return (
        request.method == "GET"
        and getattr(settings, "GRAPHIQL", False) is True
        and request.get_preferred_type(["text/html", JSON_TYPE, RESPONSE_TYPE]) == "text/html"
        and "text/html" in request.headers.get("Accept", "")
    )


def _respond(answer: Mapping[str, Any], media_type: str, status: int) -> HttpResponse:
    response = HttpResponse(
        orjson.dumps(answer, default=_plain), content_type=f"{media_type}; charset=utf-8", status=status
    )
    response["Cache-Control"] = "no-store"
    patch_vary_headers(response, VARY)
    return response


def _never(_value: Any) -> bool:
    # Every resolver here is synchronous; asking each value would cost a tenth of a query.
    return False


def _plain(value: Any) -> str:
    # Decimals reach here inside JSON values only.
    if isinstance(value, Decimal):
        return f"{value:f}"
    raise TypeError(f"cannot answer a {type(value).__name__}")
