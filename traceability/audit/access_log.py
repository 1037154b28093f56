"""Who looked at the audit: one row a question or a file, written before it is answered."""

from hashlib import sha256
from typing import Final

from django.http import HttpRequest
from django.utils import timezone

from traceability.access import Viewer
from traceability.models import CODE_LENGTH, AuditAccess
from traceability.requests import request_id

#: What stands as the fields of a row that is about a file.
FILE: Final = "file"


def note_access(
    request: HttpRequest,
    viewer: Viewer,
    *,
    fields: str,
    subject: str,
    question: bytes,
    variables: bytes,
    operation: str = "",
) -> None:
    """Write down who asks for what; when that fails nothing is answered.

    Args:
        request: which request it was.
        viewer: who asks.
        fields: what is asked for, by names of our own.
        subject: the code or id that it is about; empty for none.
        question: the text of the question, of which a digest is kept.
        variables: what it was asked with, likewise.
        operation: what the caller calls it.
    """
    AuditAccess.objects.create(
        at=timezone.now(),
        organisation_id=viewer.organisation_id,
        actor=viewer.actor[:80],
        operation=operation[:100],
        fields=fields[:200],
        subject=subject[:CODE_LENGTH],
        query=sha256(question).hexdigest(),
        variables=sha256(variables).hexdigest(),
        request=request_id(request)[:64],
    )
