"""Who looked at what: one row for each question to this surface, written before it is answered."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

import orjson
from django.http import HttpRequest
from django.utils import timezone

from graphql_schema.limits import Operation
from graphql_schema.reading import Question
from traceability.access import Viewer
from traceability.models import CODE_LENGTH, AuditAccess
from traceability.requests import request_id

#: The variables that name what a question is about, the first of them that is given.
_SUBJECTS: Final = ("code", "battery", "id", "organisation")


def note(request: HttpRequest, viewer: Viewer, question: Question, operation: Operation) -> None:
    """Write down a question; when that fails nothing is answered."""
    node = operation.node
    AuditAccess.objects.create(
        at=timezone.now(),
        organisation_id=viewer.organisation_id,
        actor=viewer.actor[:80],
        operation=(node.name.value if node.name else "")[:100],
        fields=" ".join(sorted(operation.shape.names))[:200],
        subject=_subject(question.variables),
        query=sha256(question.query.encode()).hexdigest(),
        variables=sha256(orjson.dumps(question.variables, option=orjson.OPT_SORT_KEYS, default=str)).hexdigest(),
        request=request_id(request)[:64],
    )


def _subject(variables: Mapping[str, Any]) -> str:
    named = (variables.get(name) for name in _SUBJECTS)
    return next((value[:CODE_LENGTH] for value in named if isinstance(value, str)), "")
