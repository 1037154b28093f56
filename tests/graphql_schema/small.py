"""A small Strawberry schema with everything the door has to handle, for the tests of this folder."""

import datetime as dt
import enum
from decimal import Decimal
from typing import Annotated, Any

import strawberry
from strawberry.permission import BasePermission
from strawberry.scalars import JSON
from strawberry.schema.config import StrawberryConfig

from graphql_schema.scalars import SCALARS
from graphql_schema.viewer import viewer_of
from traceability.errors import refuse

SECRET = "secret dsn postgres://root:hunter2@db/ledger"
writes: list[str] = []


@strawberry.enum
class Stage(enum.Enum):
    PRODUCED = "produced"
    RETIRED = "retired"


@strawberry.type
class PageInfo:
    has_next_page: bool = False


@strawberry.type
class Organisation:
    code: str = "91510112MA62QC001U"

    @strawberry.field
    def batteries(self, first: int | None = None) -> "BatteryConnection":
        return BatteryConnection(size=first or 2)


@strawberry.type
class Battery:
    code: str
    stage: Stage = Stage.PRODUCED
    mass_kg: Decimal = Decimal("312.50")
    produced_at: dt.datetime = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)

    @strawberry.field
    def holder(self) -> Organisation:
        return Organisation()

    @strawberry.field
    def parts(self) -> "list[Battery]":
        return [Battery(code=f"{self.code}-1")]

    @strawberry.field
    def tags(self) -> list[str]:
        return ["a"]


@strawberry.type
class BatteryEdge:
    node: Battery
    cursor: str = ""


@strawberry.type
class BatteryConnection:
    size: strawberry.Private[int] = 2

    @strawberry.field
    def edges(self) -> list[BatteryEdge]:
        return [BatteryEdge(node=Battery(code=str(n))) for n in range(self.size)]

    @strawberry.field
    def page_info(self) -> PageInfo:
        return PageInfo()

    @strawberry.field
    def total_count(self) -> int:
        return 2


class Never(BasePermission):
    message = "not for you"

    def has_permission(self, source: Any, info: strawberry.Info, **kwargs: Any) -> bool:
        return False


@strawberry.input
class Choice:
    code: str | None = None
    mass_kg: Decimal | None = None
    inner: "Choice | None" = None


@strawberry.input(one_of=True)
class OneOf:
    code: strawberry.Maybe[str]
    number: strawberry.Maybe[int]


@strawberry.type
class Query:
    @strawberry.field
    def battery(self, code: str) -> Battery | None:
        return Battery(code=code)

    @strawberry.field
    def batteries(self, first: int | None = None, last: int | None = None) -> BatteryConnection:
        return BatteryConnection(size=first or last or 2)

    @strawberry.field
    def echo(
        self,
        info: strawberry.Info,
        decimal: Decimal | None = None,
        time: dt.datetime | None = None,
        day: dt.date | None = None,
        json: JSON | None = None,
        stage: Stage | None = None,
        choice: Choice | None = None,
    ) -> str:
        given = decimal, time, day, json, stage, choice and choice.mass_kg
        return ";".join(repr(value) for value in given if value is not None)

    @strawberry.field
    def one_of(self, value: OneOf) -> str:
        return str(value.code.value if value.code else None)

    @strawberry.field
    def decimal(self, value: Decimal) -> Decimal:
        return value

    @strawberry.field
    def time(self, value: dt.datetime) -> dt.datetime:
        return value

    @strawberry.field
    def day(self, value: dt.date) -> dt.date:
        return value

    @strawberry.field
    def json(self, value: JSON) -> JSON:
        return value

    @strawberry.field
    def who(self, info: strawberry.Info) -> str:
        return viewer_of(info).actor

    @strawberry.field
    def boom(self) -> str | None:
        raise RuntimeError(SECRET)

    @strawberry.field
    def refused(self) -> str | None:
        raise refuse("not_found", ("battery", "code"), value="X")

    @strawberry.field(permission_classes=[Never])
    def forbidden(self) -> str | None:
        return "never"

    @strawberry.field
    def misfit(self) -> int | None:
        return SECRET  # type: ignore[return-value]

    @strawberry.field
    def required(self) -> str:
        return None  # type: ignore[return-value]


@strawberry.type
class Done:
    key: str


@strawberry.type
class Mutation:
    @strawberry.mutation
    def write(self, key: Annotated[str, strawberry.argument()] = "k") -> Done:
        writes.append(key)
        return Done(key=key)


schema = strawberry.Schema(query=Query, mutation=Mutation, config=StrawberryConfig(scalar_map=SCALARS))
