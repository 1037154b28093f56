"""Custody: dispatch, receive and refuse, each a list."""

from decimal import Decimal
from typing import Any

import strawberry
from strawberry.scalars import JSON

from graphql_schema.enums import Condition, LabelReading
from graphql_schema.operations.describing import both, described
from graphql_schema.operations.mutations.answers import Answer, mutation, refusals_are_data
from graphql_schema.operations.mutations.inputs import AttachmentInput, Call, plain
from graphql_schema.operations.mutations.words import ReceiptOutcome
from graphql_schema.operations.types import Battery, Transfer, Warning, batteries_by_code, transfer_by_id, warning  # noqa: A004
from graphql_schema.viewer import viewer_of
from traceability import custody


@strawberry.input(description=both("每件电池共有的内容。", "What every item has."))
class ItemInput:
    """Files and data of the sender's own."""

    attachments: list[AttachmentInput] | None = described("附件，例如照片。", "Files, such as photos.", default=None)
    extra: JSON | None = described(
        "自有数据（对象），原样保存，不作解释。",
        "Data of your own (an object), kept and never interpreted.",
        default=None,
    )


@strawberry.input(description=both("发出的一件电池。", "A battery to dispatch."))
class DispatchItemInput(ItemInput):
    """A battery to dispatch."""

    code: str = described("编码。", "Its code.")
    mass_kg: Decimal | None = described("发出质量，千克。", "Its mass as sent, kilograms.", default=None)


@strawberry.input(description=both("发货。", "A consignment to dispatch."))
class DispatchBatteriesInput(Call):
    """`dispatched`, for each item."""

    items: list[DispatchItemInput] = described("电池，至多 1,000 件。", "The batteries, at most 1,000.")
    to: str = described("收货单位代码。", "Code of whom they go to.")
    waybill: str | None = described("运单号。", "The waybill.", default=None)


@strawberry.input(description=both("接收的一件电池。", "A battery to receive."))
class ReceiveItemInput(ItemInput):
    """A battery on the dock."""

    payload: str | None = described(
        "扫描所得内容：编码、标签网址或数字链接；读不出时给予临时编码。",
        "What was scanned: a code, a label's URL, a Digital Link; what cannot be read gets a provisional identity.",
        default=None,
    )
    code: str | None = described("编码，可代替扫描内容。", "Its code, in place of a payload.", default=None)
    mass_kg: Decimal | None = described("接收质量，千克。", "Its mass as received, kilograms.", default=None)
    condition: Condition | None = described("状况。", "Its condition.", default=None)
    label: LabelReading | None = described("标签状况。", "How its label was found.", default=None)


@strawberry.input(description=both("收货。", "Batteries that stand on the dock."))
class ReceiveBatteriesInput(Call):
    """`received`, for each item."""

    items: list[ReceiveItemInput] = described("电池，至多 1,000 件。", "The batteries, at most 1,000.")
    from_: str | None = described("发货单位代码。", "Code of whom they come from.", name="from", default=None)
    waybill: str | None = described("运单号。", "The waybill.", default=None)


@strawberry.input(description=both("拒收的一件电池。", "A battery to refuse."))
class RefuseItemInput(ItemInput):
    """A battery that is sent back."""

    code: str = described("编码。", "Its code.")


@strawberry.input(description=both("拒收。", "Batteries to refuse."))
class RefuseBatteriesInput(Call):
    """`refused`, for each item."""

    items: list[RefuseItemInput] = described("电池，至多 1,000 件。", "The batteries, at most 1,000.")
    from_: str | None = described("发货单位代码。", "Code of whom they come from.", name="from", default=None)
    waybill: str | None = described("运单号。", "The waybill.", default=None)
    reason: str | None = described("原因。", "Why.", default=None)


@strawberry.type(description=both("发货的答复。", "What a dispatch answers."))
class DispatchBatteriesAnswer(Answer):
    """The consignment."""

    transfer: Transfer | None = described("货运单。", "The consignment.", default=None)


@strawberry.type(description=both("一件电池的接收结果。", "What the receipt of one battery found."))
class ReceivedItem:
    """One item."""

    code: str = described("编码，或所给予的临时编码。", "Its code, or the provisional identity it was given.")
    battery: Battery | None = described("电池现状。", "The battery as it is now.")
    outcome: ReceiptOutcome = described("结果。", "The outcome.")
    warnings: list[Warning] = described("提示。", "What else to know.")


@strawberry.type(description=both("收货的答复。", "What a receipt answers."))
class ReceiveBatteriesAnswer(Answer):
    """The items, in the order of the input."""

    items: list[ReceivedItem] = described(
        "各件的结果，按输入顺序。", "What became of the items, in the order of the input.", default_factory=list
    )


@strawberry.type(description=both("拒收的答复。", "What a refusal answers."))
class RefuseBatteriesAnswer(Answer):
    """The batteries that were refused."""

    batteries: list[Battery] = described(
        "被拒收的电池，按输入顺序。", "The batteries refused, in the order of the input.", default_factory=list
    )


def call_of(info: strawberry.Info, input_: Call) -> dict[str, Any]:
    """The input of a call as the arguments of the function behind it."""
    given = plain(input_)
    names = {"idempotencyKey": "idempotency_key", "occurredAt": "occurred_at", "from": "from_"}
    return {names.get(name, name): value for name, value in given.items()} | {"by": viewer_of(info)}


@refusals_are_data(DispatchBatteriesAnswer)
def _dispatch(info: strawberry.Info, input: DispatchBatteriesInput) -> DispatchBatteriesAnswer:  # noqa: A002
    transfer, receipt = custody.dispatch(**call_of(info, input))
    shown = transfer_by_id(info, transfer.pk) if transfer else None
    return DispatchBatteriesAnswer(transfer=shown, replayed=receipt.replayed)


@refusals_are_data(ReceiveBatteriesAnswer)
def _receive(info: strawberry.Info, input: ReceiveBatteriesInput) -> ReceiveBatteriesAnswer:  # noqa: A002
    received = custody.receive(**call_of(info, input))
    batteries = batteries_by_code(info, [item.code for item in received])
    items = [
        ReceivedItem(
            code=item.code,
            battery=battery,
            outcome=ReceiptOutcome[item.outcome.name],
            warnings=[warning(found) for found in item.warnings],
        )
        for item, battery in zip(received, batteries, strict=True)
    ]
    recorded = [item for item in received if item.event_id is not None]
    return ReceiveBatteriesAnswer(items=items, replayed=bool(recorded) and all(item.replayed for item in recorded))


@refusals_are_data(RefuseBatteriesAnswer)
def _refuse(info: strawberry.Info, input: RefuseBatteriesInput) -> RefuseBatteriesAnswer:  # noqa: A002
    receipt = custody.refuse(**call_of(info, input))
    batteries = batteries_by_code(info, [entry.fact.code for entry in receipt.entries])
    return RefuseBatteriesAnswer(batteries=[b for b in batteries if b is not None], replayed=receipt.replayed)


@strawberry.type
class CustodyMutations:
    """From one hand to the next."""

    dispatch_batteries = mutation(
        _dispatch,
        DispatchBatteriesInput,
        "发出电池；对方接收前仍由本单位保管。",
        "Dispatch batteries; they stay in one's custody until received.",
    )
    receive_batteries = mutation(
        _receive,
        ReceiveBatteriesInput,
        "接收电池；到货一律登记。",
        "Receive batteries; whatever stands on the dock is recorded.",
    )
    refuse_batteries = mutation(
        _refuse,
        RefuseBatteriesInput,
        "拒收在途电池；仍由发货单位保管。",
        "Refuse batteries on their way here; the sender goes on holding them.",
    )
