"""Working the gaps: explain, accept, open again."""

from collections.abc import Callable
from typing import Any

import strawberry

from graphql_schema.operations.describing import both, described
from graphql_schema.operations.gaps import AuditGap, audit_gap
from graphql_schema.operations.mutations.answers import Answer, mutation, refusals_are_data
from graphql_schema.operations.mutations.inputs import AttachmentInput, plain
from graphql_schema.operations.nodes import split_id
from graphql_schema.viewer import viewer_of
from traceability.audit import answering
from traceability.errors import refuse


@strawberry.input(description=both("就一个缺口所作的答复。", "What is said of a gap."))
class AnswerGapInput:
    """An answer."""

    idempotency_key: str = described("本次调用的键。", "The key of this call.")
    gap: strawberry.ID = described("缺口的 id。", "The gap's id.")
    text: str = described(
        "说明或理由，至多 4,000 个字符。", "The explanation, or the reason; at most 4,000 characters."
    )
    attachments: list[AttachmentInput] | None = described("依据的附件。", "What it rests on.", default=None)


@strawberry.type(description=both("缺口处理的答复。", "What working a gap answers."))
class WorkGapAnswer(Answer):
    """The gap."""

    gap: AuditGap | None = described("缺口现状。", "The gap as it is now.", default=None)


def _say(kind: str) -> Callable[..., Any]:
    @refusals_are_data(WorkGapAnswer)
    def say(info: strawberry.Info, input: AnswerGapInput) -> WorkGapAnswer:  # noqa: A002
        if viewer_of(info).organisation_id is None:
            raise refuse("no_organisation")
        type_, number = split_id(input.gap)
        if type_ != "Gap" or not number.isdecimal() or len(number) > 18:
            raise refuse("not_found", ("gap",), value=str(input.gap)[:80])
        gap, again = answering.answer(
            int(number),
            kind=kind,
            text=input.text,
            by=viewer_of(info),
            idempotency_key=input.idempotency_key,
            attachments=[plain(each) for each in input.attachments or ()],
        )
        return WorkGapAnswer(gap=audit_gap(info, gap), replayed=again)

    return say


@strawberry.type
class GapMutations:
    """What is said of gaps."""

    explain_gap = mutation(
        _say("explained"),
        AnswerGapInput,
        "责任单位说明一个缺口的原因；缺口由后来的记录关闭。",
        "Say, as who answers for it, how a gap came about; a later record is what closes it.",
    )
    accept_gap = mutation(
        _say("accepted"),
        AnswerGapInput,
        "联盟认可一个缺口的说明并写明理由；链条状态不变。",
        "Accept a gap as the alliance, with a reason; the chain's status stays.",
    )
    reopen_gap = mutation(
        _say("reopened"),
        AnswerGapInput,
        "联盟撤回认可，要求继续处理。",
        "Take an acceptance back, as the alliance: the gap is to be worked again.",
    )
