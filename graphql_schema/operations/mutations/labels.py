"""Labels: issue them for many batteries at once, and revoke them."""

import datetime as dt

import strawberry
from django.urls import reverse

from batteries.label_issuing import IssuedLabel, issue_labels, revoke_labels
from graphql_schema.operations.describing import both, described
from graphql_schema.operations.mutations.answers import Answer, mutation, refusals_are_data
from graphql_schema.operations.mutations.inputs import Call, ItemInput, call_of
from graphql_schema.operations.types import Battery, batteries_by_code
from traceability.receipts import REPLAYED
from traceability.values import from_ms


@strawberry.input(description=both("要签发标签的一件电池。", "A battery to issue a label for."))
class IssueLabelItemInput(ItemInput):
    """A battery to label."""

    code: str = described("编码。", "Its code.")


@strawberry.input(
    description=both(
        "签发标签；已有标签的电池得到新标签（补打），旧标签随即读作已替换。",
        "Labels to issue; a battery that has one gets another (a reprint), and the old one reads as replaced.",
    )
)
class IssueLabelsInput(Call):
    """`label_issued`, for each item."""

    items: list[IssueLabelItemInput] = described("电池，至多 1,000 件。", "The batteries, at most 1,000.")
    reason: str | None = described("原因，例如补打。", "Why, such as a reprint.", default=None)


@strawberry.input(description=both("要撤销的一张标签。", "A label to revoke."))
class RevokeLabelItemInput(ItemInput):
    """A label of a battery."""

    code: str = described("电池编码。", "The battery's code.")
    serial: str = described("标签序号，印在标签上。", "The label's serial, printed on it.")


@strawberry.input(description=both("撤销标签。", "Labels to revoke."))
class RevokeLabelsInput(Call):
    """`label_revoked`, for each item."""

    items: list[RevokeLabelItemInput] = described("标签，至多 1,000 张。", "The labels, at most 1,000.")
    reason: str | None = described("原因。", "Why.", default=None)


@strawberry.type(description=both("签发的标签。", "A label that was issued."))
class NewLabel:
    """A label, and where to get it for printing."""

    code: str = described("电池编码。", "The battery's code.")
    serial: str = described("序号：在该电池的标签中唯一。", "Its serial, unique among the labels of the battery.")
    key_id: str = described("签名密钥的编号。", "The id of the key that signed it.")
    text: str | None = described(
        "二维码的全部内容；标签并非在本系统签发时为空。",
        "All that its QR symbol says; empty where it was not issued by this system.",
    )
    issued_at: dt.datetime = described("签发时间。", "When it was issued.")
    png: str = described("PNG 图的路径（当前标签）。", "The path of its PNG (of the label that the battery has now).")
    svg: str = described("SVG 图的路径（当前标签）。", "The path of its SVG (of the label that the battery has now).")
    battery: Battery | None = described("电池现状。", "The battery as it is now.")


@strawberry.type(description=both("签发的答复。", "What an issue answers."))
class IssueLabelsAnswer(Answer):
    """The labels, in the order of the input."""

    labels: list[NewLabel] = described(
        "签发的标签，按输入顺序。", "The labels, in the order of the input.", default_factory=list
    )


@strawberry.type(description=both("撤销的答复。", "What a revocation answers."))
class RevokeLabelsAnswer(Answer):
    """The batteries whose labels were revoked."""

    batteries: list[Battery] = described(
        "标签所属的电池，按输入顺序。", "The batteries of the labels, in the order of the input.", default_factory=list
    )


@refusals_are_data(IssueLabelsAnswer)
def _issue(info: strawberry.Info, input: IssueLabelsInput) -> IssueLabelsAnswer:  # noqa: A002
    issue = issue_labels(**call_of(info, input))
    batteries = batteries_by_code(info, [label.code for label in issue.labels])
    labels = [_label(label, battery) for label, battery in zip(issue.labels, batteries, strict=True)]
    return IssueLabelsAnswer(labels=labels, replayed=issue.replayed)


def _label(label: IssuedLabel, battery: Battery | None) -> NewLabel:
    return NewLabel(
        code=label.code,
        serial=label.serial,
        key_id=label.key_id,
        text=label.text,
        issued_at=from_ms(label.occurred_ms),
        png=reverse("label-picture", args=[label.code, "png"]),
        svg=reverse("label-picture", args=[label.code, "svg"]),
        battery=battery,
    )


@refusals_are_data(RevokeLabelsAnswer)
def _revoke(info: strawberry.Info, input: RevokeLabelsInput) -> RevokeLabelsAnswer:  # noqa: A002
    entries = revoke_labels(**call_of(info, input))
    batteries = batteries_by_code(info, [entry.fact.code for entry in entries])
    replayed = all(entry.status == REPLAYED for entry in entries)
    return RevokeLabelsAnswer(batteries=[b for b in batteries if b is not None], replayed=replayed)


@strawberry.type
class LabelMutations:
    """What is stuck on a battery."""

    issue_labels = mutation(
        _issue,
        IssueLabelsInput,
        "为电池签发二维码标签；再次签发即补打。",
        "Issue QR labels for batteries; issuing again is a reprint.",
    )
    revoke_labels = mutation(_revoke, RevokeLabelsInput, "撤销标签。", "Revoke labels.")
