"""Registering batteries, up to 1,000 a call."""

import datetime as dt
from decimal import Decimal
from typing import Literal, cast

import strawberry

from batteries.registration import register_batteries
from graphql_schema.operations.describing import both, described
from graphql_schema.operations.mutations.answers import Answer, input_problems, mutation, refusals_are_data
from graphql_schema.operations.mutations.inputs import AttachmentInput, plain
from graphql_schema.operations.mutations.words import OnError
from graphql_schema.operations.types import Battery, batteries_by_code
from graphql_schema.viewer import viewer_of
from traceability.receipts import REFUSED


@strawberry.input(
    description=both("部件：电池包的模块或单体，模块的单体。", "A part: a pack's module or cell, a module's cell.")
)
class ComponentInput:
    """A part and its parts."""

    code: str = described("编码（GB/T 34014）。", "Its code (GB/T 34014).")
    model: str | None = described("型号。", "Its model.", default=None)
    mass_kg: Decimal | None = described("质量，千克。", "Its mass, kilograms.", default=None)
    components: "list[ComponentInput] | None" = described("其部件。", "Its parts.", default=None)


@strawberry.input(description=both("待登记的电池。", "A battery to register."))
class NewBatteryInput:
    """A battery as its maker describes it."""

    code: str = described("编码（GB/T 34014）。", "Its code (GB/T 34014).")
    model: str | None = described("型号。", "Its model.", default=None)
    mass_kg: Decimal | None = described("质量，千克。", "Its mass, kilograms.", default=None)
    produced_at: dt.datetime | None = described(
        "生产时间；不填则取编码中的日期。",
        "When it was produced; without it, the day that its code says.",
        default=None,
    )
    components: list[ComponentInput] | None = described("其部件。", "Its parts.", default=None)
    attachments: list[AttachmentInput] | None = described("附件。", "Files that go with it.", default=None)


@strawberry.input(description=both("登记电池，每次至多 1,000 件。", "Batteries to register, at most 1,000 a call."))
class RegisterBatteriesInput:
    """The batteries, and what to do when some are wrong."""

    idempotency_key: str = described(
        "本次调用的键；以相同的键和内容重复调用，得到相同的答复。",
        "The key of this call: repeated with the same key and content, it gives the same answer.",
    )
    batteries: list[NewBatteryInput] = described("电池。", "The batteries.")
    on_error: OnError = described(
        "有错误时怎么办；默认全部不登记。",
        "What to do about errors; by default nothing is recorded.",
        default=OnError.ROLLBACK,
    )


@strawberry.type(description=both("登记的答复。", "What a registration answers."))
class RegisterBatteriesAnswer(Answer):
    """The batteries that are registered now."""

    batteries: list[Battery] = described(
        "已登记的电池，按输入顺序。", "The batteries registered, in the order of the input.", default_factory=list
    )


@refusals_are_data(RegisterBatteriesAnswer)
def _register(info: strawberry.Info, input: RegisterBatteriesInput) -> RegisterBatteriesAnswer:  # noqa: A002
    given = plain(input)
    on_error = cast(Literal["rollback", "proceed"], given["onError"])
    done = register_batteries(
        given["batteries"], by=viewer_of(info), idempotency_key=given["idempotencyKey"], on_error=on_error
    )
    codes = [entry.fact.code for entry in done.receipt.entries if entry.status != REFUSED]
    batteries = [battery for battery in batteries_by_code(info, codes) if battery is not None]
    return RegisterBatteriesAnswer(batteries=batteries, replayed=done.replayed, errors=input_problems(done.problems))


@strawberry.type
class RegistrationMutations:
    """Batteries enter the system."""

    register_batteries = mutation(
        _register,
        RegisterBatteriesInput,
        "登记所生产的电池及其部件。",
        "Register batteries one made, with their parts.",
    )
