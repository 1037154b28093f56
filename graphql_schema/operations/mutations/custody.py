"""Custody: dispatch, receive and refuse, each a list."""

from collections.abc import Sequence
from decimal import Decimal

import strawberry

from graphql_schema.enums import Condition, LabelReading
from graphql_schema.operations.describing import both, described
from graphql_schema.operations.mutations.answers import Answer
from graphql_schema.operations.mutations.hand_overs import (
    ArrivedInput,
    DispatchAnswer,
    Received,
    SentBackInput,
    SentInput,
    dispatching,
    found_of,
    receiving,
    refusing,
)
from graphql_schema.operations.mutations.inputs import ItemInput
from graphql_schema.operations.types import Battery, batteries_by_code
from traceability import custody


@strawberry.input(description=both("发出的一件电池。", "A battery to dispatch."))
class DispatchItemInput(ItemInput):
    """A battery to dispatch."""

    code: str = described("编码。", "Its code.")
    mass_kg: Decimal | None = described("发出质量，千克。", "Its mass as sent, kilograms.", default=None)


@strawberry.input(description=both("发货。", "A consignment to dispatch."))
class DispatchBatteriesInput(SentInput):
    """`dispatched`, for each item."""

    items: list[DispatchItemInput] = described("电池，至多 1,000 件。", "The batteries, at most 1,000.")


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
class ReceiveBatteriesInput(ArrivedInput):
    """`received`, for each item."""

    items: list[ReceiveItemInput] = described("电池，至多 1,000 件。", "The batteries, at most 1,000.")


@strawberry.input(description=both("拒收的一件电池。", "A battery to refuse."))
class RefuseItemInput(ItemInput):
    """A battery that is sent back."""

    code: str = described("编码。", "Its code.")


@strawberry.input(description=both("拒收。", "Batteries to refuse."))
class RefuseBatteriesInput(SentBackInput):
    """`refused`, for each item."""

    items: list[RefuseItemInput] = described("电池，至多 1,000 件。", "The batteries, at most 1,000.")


@strawberry.type(description=both("发货的答复。", "What a dispatch answers."))
class DispatchBatteriesAnswer(DispatchAnswer):
    """The consignment."""


@strawberry.type(description=both("一件电池的接收结果。", "What the receipt of one battery found."))
class ReceivedItem(Received):
    """One item."""

    code: str = described("编码，或所给予的临时编码。", "Its code, or the provisional identity it was given.")
    battery: Battery | None = described("电池现状。", "The battery as it is now.")


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


def _received(info: strawberry.Info, received: Sequence[custody.ReceivedItem]) -> list[ReceivedItem]:
    batteries = batteries_by_code(info, [item.code for item in received])
    return [
        ReceivedItem(code=item.code, battery=battery, **found_of(item))
        for item, battery in zip(received, batteries, strict=True)
    ]


def _refused(info: strawberry.Info, codes: list[str]) -> dict[str, list[Battery]]:
    return {"batteries": [battery for battery in batteries_by_code(info, codes) if battery is not None]}


@strawberry.type
class CustodyMutations:
    """From one hand to the next."""

    dispatch_batteries = dispatching(
        DispatchBatteriesAnswer,
        DispatchBatteriesInput,
        "发出电池；对方接收前仍由本单位保管。",
        "Dispatch batteries; they stay in one's custody until received.",
    )
    receive_batteries = receiving(
        ReceiveBatteriesAnswer,
        ReceiveBatteriesInput,
        custody.receive,
        _received,
        "接收电池；到货一律登记。",
        "Receive batteries; whatever stands on the dock is recorded.",
    )
    refuse_batteries = refusing(
        RefuseBatteriesAnswer,
        RefuseBatteriesInput,
        _refused,
        "拒收在途电池；仍由发货单位保管。",
        "Refuse batteries on their way here; the sender goes on holding them.",
    )
