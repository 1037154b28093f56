"""Who may fetch a file: who sent it, and who may see an event, or an answer to a gap, that names it.

An event opens a file only that its own organisation sent (or the alliance, which captures for everybody): naming a hash
that was read somewhere opens nothing.
"""

from batteries import reading
from batteries.chain_reading import may_see
from traceability import attachments
from traceability.access import Viewer
from traceability.audit.reading import visible_gaps
from traceability.models import Attachment, AttachmentMention, GapAnswer, LifecycleEvent


def attachment_for(viewer: Viewer, sha256: str) -> Attachment | None:
    """Find what was sent under a hash, for a viewer who may fetch it; a fixed number of queries."""
    if viewer.organisation_id is None:
        return None
    own = Attachment.objects.filter(organisation=viewer.organisation_id, sha256=sha256).first()
    if own is not None:
        return own
    events = list(
        LifecycleEvent.objects.filter(id__in=AttachmentMention.objects.filter(sha256=sha256).values("event"))
        .select_related("record", "step")
        .defer("body")
    )
    behind = {event.organisation_id for event in events}
    sent = attachments.sent_among({(organisation, sha256) for organisation in behind})
    opening = [event for event in events if (event.organisation_id, sha256) in sent]
    if opening and _sees_any(viewer, opening):
        return next(iter(attachments.rows_behind(sha256, behind)), None)
    return _of_an_answer(viewer, sha256)


def _of_an_answer(viewer: Viewer, sha256: str) -> Attachment | None:
    """What an organisation that answers for a gap attached to its answer, for who sees the gap."""
    rows = list(Attachment.objects.filter(sha256=sha256).order_by("id"))
    for answer in GapAnswer.objects.filter(organisation__in=[row.organisation_id for row in rows]).order_by("id"):
        if any(given["sha256"] == sha256 for given in answer.attachments):
            gaps = visible_gaps(viewer).filter(record=answer.record_id, code=answer.code, event_id=answer.event_id)
            if gaps.exists():
                return rows[0]
    return None


def _sees_any(viewer: Viewer, events: list[LifecycleEvent]) -> bool:
    steps = {event.pk: getattr(event, "step", None) for event in events}
    chains = {step.record_id for step in steps.values() if step is not None}
    rows = reading.batteries_by_record(viewer, chains)
    for event in events:
        step = steps[event.pk]
        row = rows.get(step.record_id) if step else None
        if may_see(viewer, event, step, row.sight if row else None):
            return True
    return False
