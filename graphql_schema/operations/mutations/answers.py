"""What mutations answer: the result, or the problems with their paths into the input. An expected refusal is data."""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Annotated, Any, ParamSpec, TypeVar

import strawberry

from graphql_schema.operations.describing import both, described, resolved
from graphql_schema.operations.mutations.inputs import FactInput, as_record, plain
from graphql_schema.operations.types import (
    Battery,
    Event,
    Organisation,
    Problem,
    Warning,  # noqa: A004
    battery_by_code,
    event_by_id,
    organisation_by_code,
    problems,
)
from graphql_schema.viewer import viewer_of
from traceability import calls, errors
from traceability.errors import Refusal
from traceability.receipts import REPLAYED

P = ParamSpec("P")
T = TypeVar("T")


@strawberry.interface(description=both("写入的答复。", "What a write answers."))
class Answer:
    """An answer, with whether it was given before and what was refused."""

    replayed: bool = described(
        "是否此前已登记：本次未写入任何内容。",
        "Whether it had been recorded before, so that nothing was written.",
        default=False,
    )
    errors: list[Problem] = described(
        "被拒绝的原因；非空时未写入任何内容（PROCEED 除外）。",
        "What was refused; unless it is empty nothing was written (but for PROCEED).",
        default_factory=list,
    )


@strawberry.type(description=both("关于一件电池的写入的答复。", "What a write about one battery answers."))
class BatteryAnswer(Answer):
    """The record and its battery."""

    event: Event | None = described("登记的记录。", "What was recorded.", default=None)
    battery: Battery | None = described("电池现状。", "The battery as it is now.", default=None)

    @resolved("提示，与记录的提示相同。", "What to know of it: the event's own warnings.")
    def warnings(self, info: strawberry.Info) -> list[Warning]:
        return self.event.warnings(info) if self.event else []


@strawberry.type(description=both("关于一个单位的写入的答复。", "What a write about an organisation answers."))
class OrganisationAnswer(Answer):
    """What is known of the organisation now."""

    key: str | None = described("所登记记录的键。", "The key of what was recorded.", default=None)
    organisation: Organisation | None = described("单位现状。", "The organisation as it is now.", default=None)


def input_problems(found: Iterable[errors.Problem]) -> list[Problem]:
    """Show problems with their paths from the mutation's argument on."""
    return problems(problem.under("input") for problem in found)


def refusals_are_data(answer: Callable[..., T]) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Let a resolver answer what was refused, instead of failing."""

    def around(resolve: Callable[P, T]) -> Callable[P, T]:
        @wraps(resolve)
        def told(*args: P.args, **kwargs: P.kwargs) -> T:
            try:
                return resolve(*args, **kwargs)
            except Refusal as refusal:
                return answer(errors=input_problems(refusal.problems))

        return told

    return around


def described_input(input_type: type[Any]) -> Any:
    """The one argument of every mutation."""
    return Annotated[input_type, strawberry.argument(description=both("输入。", "The input."))]


def about_battery(type_: str, input_type: type[FactInput], chinese: str, english: str) -> Any:
    """Make the mutation that records facts of one type, each about one battery."""

    @refusals_are_data(BatteryAnswer)
    def resolve(info: strawberry.Info, input: Any) -> BatteryAnswer:  # noqa: A002
        given = plain(input)
        key = given["idempotencyKey"]
        entry = calls.record_one(type_, as_record(given), by=viewer_of(info), idempotency_key=key)
        battery = battery_by_code(info, entry.fact.code)
        event = None if entry.event_id is None else event_by_id(info, entry.event_id)
        return BatteryAnswer(event=event, battery=battery, replayed=entry.status == REPLAYED)

    return mutation(resolve, input_type, chinese, english)


def about_organisation(type_: str, input_type: type[FactInput], chinese: str, english: str) -> Any:
    """Make the mutation that records facts of one type, each about one organisation."""

    @refusals_are_data(OrganisationAnswer)
    def resolve(info: strawberry.Info, input: Any) -> OrganisationAnswer:  # noqa: A002
        given = plain(input)
        key = given["idempotencyKey"]
        entry = calls.record_one(type_, as_record(given), by=viewer_of(info), idempotency_key=key)
        organisation = organisation_by_code(info, entry.fact.code)
        return OrganisationAnswer(key=entry.fact.key, organisation=organisation, replayed=entry.status == REPLAYED)

    return mutation(resolve, input_type, chinese, english)


def mutation(resolve: Callable[..., Any], input_type: type[Any], chinese: str, english: str) -> Any:
    """Offer a resolver with one typed input as a mutation."""
    resolve.__annotations__["input"] = described_input(input_type)
    return strawberry.mutation(resolver=resolve, description=both(chinese, english))
