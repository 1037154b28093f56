"""Recalling many batteries at once."""

import strawberry

from batteries import recalls
from graphql_schema.operations.describing import both, described
from graphql_schema.operations.mutations.answers import Answer, mutation, refusals_are_data
from graphql_schema.operations.mutations.inputs import AttachmentInput, Call, call_of
from graphql_schema.operations.types import Battery, batteries_by_code


@strawberry.input(description=both("召回的一块电池。", "A battery to recall."))
class RecallItemInput:
    """A battery to recall."""

    code: str = described("编码。", "Its code.")
    attachments: list[AttachmentInput] | None = described("附件。", "Files that go with it.", default=None)


@strawberry.input(description=both("召回多块电池。", "Batteries to recall."))
class RecallBatteriesInput(Call):
    """`recalled`, for each item."""

    items: list[RecallItemInput] = described("电池，至多 1,000 块。", "The batteries, at most 1,000.")
    campaign: str | None = described("召回编号。", "The number of the campaign.", default=None)
    reason: str | None = described("原因。", "Why.", default=None)
    instruction: str | None = described("处置要求。", "What to do.", default=None)


@strawberry.type(description=both("召回的答复。", "What a recall answers."))
class RecallBatteriesAnswer(Answer):
    """The batteries that were recalled."""

    batteries: list[Battery] = described(
        "被召回的电池，按输入顺序。", "The batteries recalled, in the order of the input.", default_factory=list
    )


@refusals_are_data(RecallBatteriesAnswer)
def _recall(info: strawberry.Info, input: RecallBatteriesInput) -> RecallBatteriesAnswer:  # noqa: A002
    receipt = recalls.recall(**call_of(info, input))
    found = batteries_by_code(info, [entry.fact.code for entry in receipt.entries])
    return RecallBatteriesAnswer(batteries=[one for one in found if one is not None], replayed=receipt.replayed)


@strawberry.type
class RecallMutations:
    """Campaigns."""

    recall_batteries = mutation(
        _recall,
        RecallBatteriesInput,
        "登记多块电池的召回：生产企业对自己的电池，或联盟。",
        "Record the recall of many batteries: a maker's own, or any by the alliance.",
    )
