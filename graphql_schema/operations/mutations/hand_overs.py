"""From one hand to the next, whatever is on the truck: what calls about batteries and about lots share."""

from collections.abc import Callable, Sequence
from typing import Any

import strawberry

from graphql_schema.operations.describing import both, described
from graphql_schema.operations.mutations.answers import Answer, mutation, refusals_are_data
from graphql_schema.operations.mutations.inputs import Call, call_of
from graphql_schema.operations.mutations.words import ReceiptOutcome
from graphql_schema.operations.types import Transfer, Warning, forget, transfer_by_id, warning  # noqa: A004
from traceability import custody


@strawberry.input(description=both("发货共有的内容。", "What every consignment says."))
class SentInput(Call):
    """Where it goes."""

    to: str = described("收货单位代码。", "Code of whom they go to.")
    waybill: str | None = described("运单号。", "The waybill.", default=None)


@strawberry.input(description=both("收货共有的内容。", "What every arrival says."))
class ArrivedInput(Call):
    """Where it comes from."""

    from_: str | None = described("发货单位代码。", "Code of whom they come from.", name="from", default=None)
    waybill: str | None = described("运单号。", "The waybill.", default=None)


@strawberry.input(description=both("拒收共有的内容。", "What every refusal says."))
class SentBackInput(ArrivedInput):
    """And why it goes back."""

    reason: str | None = described("原因。", "Why.", default=None)


@strawberry.type(description=both("发货的答复。", "What a dispatch answers."))
class DispatchAnswer(Answer):
    """The consignment."""

    transfer: Transfer | None = described("货运单。", "The consignment.", default=None)


@strawberry.type(description=both("一件货物的接收结果。", "What the receipt of one item found."))
class Received:
    """One item."""

    outcome: ReceiptOutcome = described("结果。", "The outcome.")
    warnings: list[Warning] = described("提示。", "What else to know.")


def dispatching(answer: type[DispatchAnswer], input_type: type[SentInput], chinese: str, english: str) -> Any:
    """Make the mutation that sends things off."""

    @refusals_are_data(answer)
    def resolve(info: strawberry.Info, input: Any) -> DispatchAnswer:  # noqa: A002
        transfer, receipt = custody.dispatch(**call_of(info, input))
        forget(info)
        shown = transfer_by_id(info, transfer.pk) if transfer else None
        return answer(transfer=shown, replayed=receipt.replayed)

    return _offered(resolve, answer, input_type, chinese, english)


def receiving(
    answer: type[Any],
    input_type: type[ArrivedInput],
    receive: Callable[..., Sequence[custody.ReceivedItem]],
    shown: Callable[[strawberry.Info, Sequence[custody.ReceivedItem]], list[Any]],
    chinese: str,
    english: str,
) -> Any:
    """Make the mutation that takes things in; `shown` gives its items, in the order of the input."""

    @refusals_are_data(answer)
    def resolve(info: strawberry.Info, input: Any) -> Any:  # noqa: A002
        received = receive(**call_of(info, input))
        forget(info)
        recorded = [item for item in received if item.event_id is not None]
        replayed = bool(recorded) and all(item.replayed for item in recorded)
        return answer(items=shown(info, received), replayed=replayed)

    return _offered(resolve, answer, input_type, chinese, english)


def found_of(item: custody.ReceivedItem) -> dict[str, Any]:
    """What every receipt found, as arguments of a type of `Received`."""
    warnings = [warning(problem) for problem in item.warnings]
    return {"outcome": ReceiptOutcome[item.outcome.name], "warnings": warnings}


def refusing(
    answer: type[Any],
    input_type: type[SentBackInput],
    shown: Callable[[strawberry.Info, list[str]], dict[str, list[Any]]],
    chinese: str,
    english: str,
) -> Any:
    """Make the mutation that sends things back; `shown` gives them by the name of their field."""

    @refusals_are_data(answer)
    def resolve(info: strawberry.Info, input: Any) -> Any:  # noqa: A002
        receipt = custody.refuse(**call_of(info, input))
        forget(info)
        return answer(**shown(info, [entry.fact.code for entry in receipt.entries]), replayed=receipt.replayed)

    return _offered(resolve, answer, input_type, chinese, english)


def _offered(resolve: Any, answer: type[Any], input_type: type[Any], chinese: str, english: str) -> Any:
    resolve.__annotations__["return"] = answer
    return mutation(resolve, input_type, chinese, english)
