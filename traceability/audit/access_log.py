"""The alliance's reading is noted: who took which file of the audit."""

import structlog

from traceability.access import Viewer

log = structlog.get_logger("traceability.audit.access")


def note_access(viewer: Viewer, what: str) -> None:
    """Note that a person or a token of the alliance read this; it is a line of the log, beside that of the request."""
    if viewer.is_alliance and viewer.is_known:
        log.info("audit_access", organisation=viewer.organisation_code, actor=viewer.actor, what=what)
