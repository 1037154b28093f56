"""Who looked at what: one row for each question to this surface, written before it is answered."""

from collections.abc import Mapping
from typing import Any, Final

import orjson
from django.http import HttpRequest

from graphql_schema.limits import Operation
from graphql_schema.reading import Question
from traceability.access import Viewer
from traceability.audit.access_log import note_access

#: The variables that name what a question is about, the first of them that is given.
_SUBJECTS: Final = ("code", "battery", "id", "organisation")


def note(request: HttpRequest, viewer: Viewer, question: Question, operation: Operation) -> None:
    """Write down a question; when that fails nothing is answered."""
    node = operation.node
    note_access(
        request,
        viewer,
        operation=node.name.value if node.name else "",
        fields=" ".join(sorted(operation.shape.names)),
        subject=_subject(question.variables),
        question=question.query.encode(),
        variables=orjson.dumps(question.variables, option=orjson.OPT_SORT_KEYS, default=str),
    )


def _subject(variables: Mapping[str, Any]) -> str:
    named = (variables.get(name) for name in _SUBJECTS)
    return next((value for value in named if isinstance(value, str)), "")
