"""A battery as its viewer may see it."""

import datetime as dt
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Annotated

import strawberry

from batteries.reading import NO_FILTERS, BatteryFilters
from batteries.rows import BatteryRow, IdentityRow, RecallRow
from graphql_schema.enums import BatteryType, ChainStatus, Level, Role, Stage
from graphql_schema.operations.chains import Chain, EventConnection, event_connection
from graphql_schema.operations.describing import argument, both, described, resolved
from graphql_schema.operations.inspections import Inspection, NextStep, inspection_of, next_step
from graphql_schema.operations.lots import AfterPlace, Lot, lot
from graphql_schema.operations.nodes import Node, PageInfo, check_size, place, place_after, reader_of
from graphql_schema.operations.organisations import BatteryModel, Organisation, model, organisation
from recyclers import inspection
from traceability import identity
from traceability.errors import refuse
from traceability.values import from_ms, kilograms

if TYPE_CHECKING:
    from graphql_schema.operations.lineage import DestinationShare

_LINEAGE = "graphql_schema.operations.lineage"
#: Above this, touching it kills: voltage class B of GB 18384 begins at 60 V DC.
DANGEROUS_VOLTAGE = 60

First = Annotated[int | None, argument("本页最多几项，不超过 100。", "How many at most, up to 100.")]
After = Annotated[str | None, argument("从此游标之后开始。", "Begin after this cursor.")]
Last = Annotated[int | None, argument("最后几项，不超过 100。", "How many of the last, up to 100.")]
Before = Annotated[str | None, argument("到此游标之前为止。", "End before this cursor.")]
AfterCode = Annotated[str | None, argument("从此编码之后开始。", "Begin after this code.")]


@strawberry.type(description=both("电池所在的车辆。", "The vehicle a battery is built into."))
class Vehicle:
    """An installation."""

    vin: str | None = described("车辆识别代号；应要求删除后为空。", "The VIN; empty when it was erased on request.")
    since: dt.datetime = described("装车时间。", "Since when.")


@strawberry.type(description=both("一次召回。", "A recall of a battery."))
class Recall:
    """A recall."""

    row: strawberry.Private[RecallRow]
    campaign: str | None = described("召回编号。", "The number of the campaign.")
    instruction: str | None = described(
        "处置要求；应要求删除后为空。", "What to do; empty when it was erased on request."
    )
    recalled_at: dt.datetime = described("召回时间。", "When it was recalled.")

    @resolved("召回单位。", "Who recalled it.")
    def organisation(self, info: strawberry.Info) -> Organisation | None:
        return organisation(reader_of(info).parties.by_id(self.row.organisation_id))


@strawberry.type(description=both("搬运与拆解前须知。", "What to know before touching a battery."))
class Safety:
    """Always shown, to whoever scans the battery."""

    chemistry: BatteryType | None = described("电池类型。", "Its chemistry.")
    nominal_voltage_v: Decimal | None = described("标称电压，伏。", "Nominal voltage, volts.")
    high_voltage: bool | None = described(
        "是否高于直流 60 V；电压未知时为空。", "Whether above 60 V DC; empty when the voltage is unknown."
    )
    recalled: bool = described("是否被召回。", "Whether it is recalled.")
    campaigns: list[str] = described("召回编号。", "The campaigns it is recalled under.")
    recalls: list[Recall] = described("各次召回，按时间排列。", "The recalls, in order of occurrence.")


@strawberry.type(
    description=both("后来确认为此电池的临时编码。", "A provisional identity that turned out to be this battery.")
)
class ProvisionalIdentity:
    """What a battery was told under before its code was known."""

    row: strawberry.Private[IdentityRow]
    code: str = described("临时编码（TMP-）。", "The provisional code, TMP-….")
    identified_at: dt.datetime = described("确认时间。", "When it was identified.")
    evidence: str | None = described(
        "依据；应要求删除后为空。", "How that is known; empty when it was erased on request."
    )

    @resolved("确认的单位。", "Who said so.")
    def organisation(self, info: strawberry.Info) -> Organisation | None:
        return organisation(reader_of(info).parties.by_id(self.row.organisation_id))


@strawberry.type(
    description=both(
        "一块电池：电池包、模块、单体或梯次产品。只扫码者看到固定的入库视图：其余字段为空。",
        "A battery: pack, module, cell or second-life product. Who only scans it gets a fixed intake view: the other "
        "fields are empty.",
    )
)
class Battery(Node):
    """One battery, cut to what its viewer may see."""

    row: strawberry.Private[BatteryRow]
    code: str = described("编码：24 位，梯次产品 19 位，或 TMP- 临时编码。", "Its code: 24 characters, 19, or TMP-….")
    stage: Stage | None = described("生命阶段。", "Its stage of life.")
    level: Level | None = described("层级；临时编码未知。", "Its level; unknown for a provisional identity.")
    battery_type: BatteryType | None = described("电池类型。", "Its chemistry.")
    second_life: bool = described("是否梯次产品。", "Whether it is a second-life product.")
    provisional: bool = described("是否临时编码。", "Whether its code is provisional.")
    produced_on: dt.date | None = described("编码中的生产日期。", "The date of production in its code.")
    mass_kg: Decimal | None = described("生产时的质量，千克。", "Its mass when produced, kilograms.")
    quarantined: bool | None = described(
        "是否隔离中；仅保管单位、收货单位与联盟可见。",
        "Whether it is set apart; for who holds it, who is about to receive it, and the alliance.",
    )
    inside: str | None = described("目前所在的上级电池的编码。", "The code of the battery it is built into now.")

    @resolved("厂商代码的申报单位。", "Who filed the manufacturer code in its code.")
    def manufacturer(self, info: strawberry.Info) -> Organisation | None:
        return organisation(reader_of(info).parties.by_prefix(self.row.prefix))

    @resolved(
        "型号；取出的部件自身未报型号的，为原电池的型号。",
        "Its model; of a part that left its battery and has none of its own, that of the battery.",
    )
    def model(self, info: strawberry.Info) -> BatteryModel | None:
        found = reader_of(info).model_of(self.row)
        return model(found) if found else None

    @resolved("安全须知。", "What to know before touching it.")
    def safety(self, info: strawberry.Info) -> Safety:
        reader = reader_of(info)
        found = reader.model_of(self.row)
        # A part that came without a model of its own has not the voltage of the pack it was in.
        own = found if found and self.row.model_number else None
        volts = Decimal(own.nominal_voltage_v) if own and own.nominal_voltage_v else None
        recalls = reader.recalls_of(self.row)
        return Safety(
            chemistry=self.battery_type,
            nominal_voltage_v=volts,
            high_voltage=None if volts is None else volts > DANGEROUS_VOLTAGE,
            recalled=bool(recalls),
            campaigns=list(dict.fromkeys(recall.campaign for recall in recalls if recall.campaign)),
            recalls=[
                Recall(
                    row=recall,
                    campaign=recall.campaign or None,
                    instruction=recall.instruction or None,
                    recalled_at=from_ms(recall.occurred_ms),
                )
                for recall in recalls
            ],
        )

    @resolved("保管单位；超出自己参与部分时为空。", "Who holds it; empty beyond the viewer's own part.")
    def holder(self, info: strawberry.Info) -> Organisation | None:
        return organisation(reader_of(info).parties.by_id(self.row.holder_id))

    @resolved("保管单位的角色；生产企业始终可见。", "The roles of who holds it; its maker sees them to the end.")
    def holder_roles(self, info: strawberry.Info) -> list[Role]:
        keeper = organisation(reader_of(info).parties.by_id(self.row.keeper_id))
        return keeper.roles if keeper else []

    @resolved("在途时的收货单位。", "Whom it is on its way to.")
    def in_transit_to(self, info: strawberry.Info) -> Organisation | None:
        return organisation(reader_of(info).parties.by_id(self.row.transit_to_id))

    @resolved("所在车辆。", "The vehicle it is built into.")
    def vehicle(self, info: strawberry.Info) -> Vehicle | None:
        found = reader_of(info).vehicle_of(self.row)
        return Vehicle(vin=found.vin or None, since=from_ms(found.since_ms)) if found else None

    @resolved("链条上的记录，按发生时间排列。", "The records of its chain, in order of occurrence.")
    def events(
        self, info: strawberry.Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> EventConnection:
        if first is not None and last is not None:
            raise refuse("wrong_value", ("last",), value=last, expected="first, last")
        size = check_size(last, 100, "last") if last is not None else check_size(first, 100)
        reader = reader_of(info)
        window = (size, last is not None, place(after, 3, "after"), place(before, 3, "before"))
        return event_connection(reader.events_of(self.row, window), reader.viewer)

    @resolved("链条的完整性。", "How complete its chain is.")
    def chain(self, info: strawberry.Info) -> Chain | None:
        if self.row.status is None:
            return None
        return Chain(row=self.row)

    @resolved("直接的部件，按编码排列。", "Its direct parts, in order of code.")
    def components(self, info: strawberry.Info, first: First = 100, after: AfterCode = None) -> "list[Battery]":
        return [battery(row) for row in reader_of(info).parts_of(self.row, check_size(first, 100), after)]

    @resolved("梯次产品所用的原电池。", "What a second-life product was made of.")
    def sources(self, info: strawberry.Info) -> "list[Battery]":
        return [battery(row) for row in reader_of(info).sources_of(self.row)]

    @resolved(
        "曾装于其中、后由其中取出的电池，仅含看得到的；此前的经历见其记录。",
        "The batteries it was taken out of, as far as the viewer sees them: their records tell what it went through.",
    )
    def taken_from(self, info: strawberry.Info) -> "list[Battery]":
        return [battery(row) for row in reader_of(info).taken_from(self.row)]

    @resolved("最近一次余能检测；更早的见 events。", "Its last inspection; those before stand in its events.")
    def inspection(self, info: strawberry.Info) -> Inspection | None:
        found = reader_of(info).known_of(self.row).inspection
        return inspection_of(found) if found else None

    @resolved(
        "退役后可行的去向：由阶段、隔离、接收状况、检测决定与等级得出；仅保管单位、收货单位与联盟可见。",
        "The routes it may take once retired: by its stage, quarantine, condition, and what an inspection decided and "
        "graded; for who holds it, who is about to receive it, and the alliance.",
    )
    def next_steps(self, info: strawberry.Info) -> list[NextStep]:
        return [next_step(found) for found in inspection.next_steps(self.row, reader_of(info).known_of(self.row))]

    @resolved(
        "后来确认为此电池的临时编码；按临时编码也查得到此电池，其记录见 recordedUnder。",
        "The provisional identities that turned out to be this battery, which is found under them too; what was "
        "recorded of them says so in recordedUnder.",
    )
    def identities(self, info: strawberry.Info) -> list[ProvisionalIdentity]:
        return [
            ProvisionalIdentity(row=row, code=row.code, identified_at=from_ms(row.occurred_ms), evidence=row.evidence)
            for row in reader_of(info).identities_of(self.row)
        ]

    @resolved("由此电池制成的梯次产品。", "What was made of this battery.")
    def products(self, info: strawberry.Info) -> "list[Battery]":
        return [battery(row) for row in reader_of(info).products_of(self.row)]

    @resolved(
        "其质量所进入的材料批次，近者在前，仅含看得到的；经他人批次的不再追踪。",
        "The lots that its mass went into, the next first, as far as the viewer sees them; not followed through the "
        "batches of others.",
    )
    def lots(self, info: strawberry.Info, first: First = 100, after: AfterPlace = None) -> list[Lot]:
        begin, size = place_after(after), check_size(first, 100)
        return [lot(row) for row in reader_of(info).lots_of(self.row)[begin : begin + size]]

    @resolved(
        "其质量的去向，份额大者在前；生产企业可知各材料的份额，不知由谁制成。一次请求最多 10 块电池。",
        "Where its mass is now, the largest share first; its maker is told the share of each material, and not who has "
        "it. For up to 10 batteries in one request.",
    )
    def destinations(
        self, info: strawberry.Info, first: First = 100, after: AfterPlace = None
    ) -> list[Annotated["DestinationShare", strawberry.lazy(_LINEAGE)]]:
        from graphql_schema.operations import lineage

        begin, size = place_after(after), check_size(first, 100)
        return lineage.destinations(reader_of(info).destinations_of(self.row, begin, size), begin, size)


def battery(row: BatteryRow) -> Battery:
    """Show a battery's row."""
    return Battery(
        row=row,
        id=strawberry.ID(f"Battery:{row.code}"),
        code=row.code,
        stage=Stage.maybe(row.stage),
        level=Level.maybe(row.level),
        battery_type=BatteryType.maybe(row.battery_type),
        second_life=row.second_life,
        provisional=identity.is_provisional(row.code),
        produced_on=row.produced_on,
        mass_kg=kilograms(row.mass_mg),
        quarantined=row.quarantined,
        inside=row.inside or None,
    )


@strawberry.type(description=both("电池列表中的一项。", "One place in a list of batteries."))
class BatteryEdge:
    """An edge."""

    cursor: str = described("此项的游标。", "Its cursor.")
    node: Battery = described("电池。", "The battery.")


@strawberry.input(
    description=both(
        "筛选条件，须同时满足；按请求者看得到的值判断。",
        "Conditions that must all hold; they are judged by what the viewer sees.",
    )
)
class BatteryFilter:
    """What a list of batteries may be narrowed by."""

    stage: Stage | None = described("生命阶段。", "Stage of life.", default=None)
    level: Level | None = described("层级。", "Level.", default=None)
    battery_type: BatteryType | None = described("电池类型。", "Chemistry.", default=None)
    model: str | None = described("型号。", "Number of its model.", default=None)
    manufacturer: str | None = described(
        "厂商代码申报单位的统一社会信用代码。", "Code of who filed its manufacturer code.", default=None
    )
    holder: str | None = described("保管单位的统一社会信用代码。", "Code of who holds it.", default=None)
    chain_status: ChainStatus | None = described("链条状态。", "Chain status.", default=None)
    produced_from: dt.date | None = described("生产日期不早于。", "Produced on or after this day.", default=None)
    produced_until: dt.date | None = described("生产日期不晚于。", "Produced on or before this day.", default=None)
    code_prefix: str | None = described("编码的开头。", "How its code begins.", default=None)


def filters_of(given: BatteryFilter | None) -> BatteryFilters:
    """The filters in the words of the domain."""
    if given is None:
        return NO_FILTERS
    words = {name: value.value if isinstance(value, Enum) else value for name, value in vars(given).items()}
    return BatteryFilters(**words)


@strawberry.type(
    description=both(
        "电池列表，仅含看得到的独立电池。", "A list of batteries: those that the viewer sees and that stand alone."
    )
)
class BatteryConnection:
    """A connection."""

    filters: strawberry.Private[BatteryFilter | None]
    edges: list[BatteryEdge] = described("本页各项。", "The objects of this page.")
    page_info: PageInfo = described("分页信息。", "Where this page stands.")

    @resolved("总数；仅在需要时查询。", "How many there are in all; counted only when asked for.")
    def total_count(self, info: strawberry.Info) -> int:
        return reader_of(info).count(filters_of(self.filters))
