"""Working the gaps: who answers for one explains it, the alliance accepts it or opens it again.

Answers are appended and never changed; the chain's status does not depend on them. What closes a gap is a later record.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.utils import timezone

from traceability.access import Viewer
from traceability.audit.reading import visible_gaps
from traceability.errors import Refusal, refuse
from traceability.models import Gap, GapAnswer
from traceability.shapes import ATTACHMENTS
from traceability.values import Context

#: Answer → the status that it leads to.
STATUS: Final = {"explained": "explained", "accepted": "accepted", "reopened": "open"}
LONGEST: Final = 4_000


def answer(
    gap_id: int,
    *,
    kind: str,
    text: str,
    by: Viewer,
    idempotency_key: str,
    attachments: Sequence[Mapping[str, Any]] = (),
) -> tuple[Gap, bool]:
    """Say something of an open gap; gives it as it is now, and whether this had been said before under this key.

    Args:
        kind: `explained` by who answers for it, `accepted` or `reopened` by the alliance.
        text: why; what an explanation rests on may be attached.

    Raises:
        Refusal: `no_organisation`, `not_found`, `role`, `missing_field`, `too_long`, `gap_closed`, `key_reused`.
    """
    if by.organisation_id is None:
        raise refuse("no_organisation")
    _check(kind, text, by, idempotency_key)
    said = {"kind": kind, "text": text.strip(), "attachments": _attached(attachments)}
    with transaction.atomic():
        gap = visible_gaps(by).select_for_update(of=("self",)).filter(pk=gap_id).first()
        if gap is None:
            raise refuse("not_found", ("gap",), value=f"Gap:{gap_id}")
        if kind == "explained" and gap.organisation_id != by.organisation_id:
            # The alliance sees every gap; what it has to say of another's is whether it accepts it.
            raise refuse("role", organisation=by.organisation_code, value=kind)
        earlier = GapAnswer.objects.filter(organisation=by.organisation_id, key=idempotency_key).first()
        if earlier is not None:
            return gap, _is_same(earlier, gap, said, idempotency_key)
        if gap.closed_in_id is not None:
            raise refuse("gap_closed", ("gap",), value=f"Gap:{gap_id}")
        try:
            with transaction.atomic():
                GapAnswer.objects.create(
                    record_id=gap.record_id,
                    code=gap.code,
                    event_id=gap.event_id,
                    organisation_id=by.organisation_id,
                    actor=by.actor,
                    key=idempotency_key,
                    at=timezone.now(),
                    **said,
                )
        except IntegrityError:
            raise refuse("concurrent_change", ("gap",)) from None
        # What the alliance has accepted stays so until it says otherwise, whatever is explained besides.
        if kind != "explained" or gap.status != STATUS["accepted"]:
            gap.status = STATUS[kind]
            gap.save(update_fields=["status"])
    return gap, False


def answers_of(gap: Gap) -> list[GapAnswer]:
    """What was said of a gap, in order, wherever it was found."""
    found = GapAnswer.objects.filter(record=gap.record_id, code=gap.code, event_id=gap.event_id)
    return list(found.select_related("organisation").order_by("id"))


def _check(kind: str, text: str, by: Viewer, key: str) -> None:
    if kind != "explained" and not by.is_alliance:
        raise refuse("role", organisation=by.organisation_code, value=kind)
    if not key.strip():
        raise refuse("missing_field", ("idempotencyKey",), value="idempotencyKey")
    if len(key) > 200:
        raise refuse("wrong_value", ("idempotencyKey",), value=key[:200], expected="1–200")
    if not text.strip():
        raise refuse("missing_field", ("text",), value="text")
    if len(text) > LONGEST:
        raise refuse("wrong_value", ("text",), value=text[:50], expected=f"1–{LONGEST}")


def _attached(given: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    plain = [{name: value for name, value in each.items() if value is not None} for each in given]
    try:
        return list(ATTACHMENTS.read(plain, Context(timezone.localdate()))) if plain else []
    except Refusal as refusal:
        raise Refusal(*(problem.under("attachments") for problem in refusal.problems)) from None


def _is_same(earlier: GapAnswer, gap: Gap, said: Mapping[str, Any], key: str) -> bool:
    place = (earlier.record_id, earlier.code, earlier.event_id) == (gap.record_id, gap.code, gap.event_id)
    if not place or any(getattr(earlier, name) != value for name, value in said.items()):
        raise refuse("key_reused", ("idempotencyKey",), value=key)
    return True
