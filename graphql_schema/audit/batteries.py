"""A battery as its viewer may see it, lists of batteries, and where one came from."""

from typing import Any, NamedTuple

import graphene
from django.db.models import Case, F, QuerySet, When

from batteries import reading
from batteries.lineage import Lineage as Graph
from batteries.reading import BatteryFilters
from batteries.rows import BatteryRow, Page
from graphql_schema.audit.chains import EventConnection, chain_field, find_chain_events
from graphql_schema.audit.fields import (
    Boolean,
    Date,
    Decimal,
    Node,
    Required,
    String,
    describe,
    enum,
    field,
    listed,
    shows,
)
from graphql_schema.audit.lists import Day, Filters, Listing, Text, Word, connection, list_field, size_and_place
from graphql_schema.audit.organisations import Organisation
from graphql_schema.audit.reader import reader_of
from graphql_schema.enums import BatteryType, ChainStatus, Level, LineageKind, LineageTie, Stage
from recyclers.lineage_graph import LOT_PREFIX, lineage_of
from traceability import identity
from traceability.access import FULL
from traceability.models import Organisation as Company
from traceability.values import kilograms


class BatteryModel(graphene.ObjectType):
    """A model; only its number when nobody filed it."""

    Meta = describe("企业申报的电池型号。", "A battery model, as its maker filed it.")
    number = field(Required(String), "型号。", "Its number.")
    battery_type = field(enum(BatteryType), "电池类型。", "Its chemistry.", lambda row, _info: row.battery_type or None)
    nominal_energy_kwh = field(
        String,
        "标称能量，千瓦时。",
        "Nominal energy, kilowatt-hours.",
        lambda row, _info: row.nominal_energy_kwh or None,
    )
    mass_kg = field(Decimal, "质量，千克。", "Mass, kilograms.", lambda row, _info: kilograms(row.mass_mg))


class LineageNode(NamedTuple):
    """A thing in a lineage."""

    code: str
    kind: str


class LineageNodeType(graphene.ObjectType):
    """A thing in a lineage."""

    Meta = describe("谱系图中的一个对象。", "A thing in a lineage.", name="LineageNode")
    id = field(
        Required(graphene.ID),
        "全局唯一的 id；批次为“Batch:单位/批号”，材料批次为“Lot:单位/批号”。",
        "Its id in the whole system; of a batch “Batch:organisation/number”, of a lot “Lot:organisation/number”.",
        lambda node, _info: _lineage_id(node.code),
    )
    kind = field(Required(enum(LineageKind)), "种类。", "What it is.")
    label = field(
        Required(String),
        "显示用的名称：编码或批号。",
        "What to call it: its code or number.",
        lambda node, _info: node.code.removeprefix(LOT_PREFIX),
    )


class LineageEdgeType(graphene.ObjectType):
    """How one thing came out of another."""

    Meta = describe("谱系图中的一条边。", "How one thing in a lineage came out of another.", name="LineageEdge")
    source = field(
        Required(graphene.ID),
        "起点的 id。",
        "The id of where it came from.",
        lambda tie, _info: _lineage_id(tie.source),
    )
    target = field(
        Required(graphene.ID), "终点的 id。", "The id of what came of it.", lambda tie, _info: _lineage_id(tie.target)
    )
    kind = field(Required(enum(LineageTie)), "关系。", "How.")
    mass_kg = field(
        Decimal, "质量，千克；未说明时为空。", "The mass, kilograms; null where none was said.",
        lambda tie, _info: kilograms(tie.mass_mg),
    )  # fmt: skip


class Lineage(graphene.ObjectType):
    """Where a battery came from and what became of it."""

    Meta = describe(
        "电池的谱系：原电池、梯次产品、拆出的部件、处理批次、材料批次；仅含看得到的。",
        "A battery's lineage: originals, products, parts taken out, batches, lots; as far as the viewer sees them.",
    )
    nodes = field(
        listed(LineageNodeType),
        "各对象，最多 200 个。",
        "What there is, up to 200.",
        lambda found, _info: [LineageNode(code, kind) for code, kind in found.kinds.items()],
    )
    edges = field(listed(LineageEdgeType), "各关系。", "The ties.", lambda found, _info: list(found.ties.values()))
    cut = field(Required(Boolean), "是否因过大而截断。", "Whether there is more than is told here.")


def _lineage_id(code: str) -> str:
    if code.startswith(LOT_PREFIX):
        return code
    return f"{'Batch' if '/' in code else 'Battery'}:{code}"


def _lineage(row: BatteryRow, info: Any) -> Graph | None:
    if not row.sight.sees_chain:
        return None
    reader_of(info).count_live("lineage", row.code)
    return lineage_of(reader_of(info).viewer, row)


def _model(row: BatteryRow, info: Any) -> Any:
    return reader_of(info).model_of(row)


@shows(BatteryRow)
class Battery(graphene.ObjectType):
    """One battery, cut to what its viewer may see."""

    Meta = describe(
        "一块电池：电池包、模块、单体或梯次产品。", "A battery: pack, module, cell or product.", interfaces=(Node,)
    )
    id = field(
        Required(graphene.ID),
        "全局唯一的 id：类型与自然键。",
        "Its id in the whole system: type and natural key.",
        lambda row, _info: f"Battery:{row.code}",
    )
    code = field(Required(String), "编码或临时编码。", "Its code, or a provisional one.")
    stage = field(enum(Stage), "生命阶段。", "Its stage of life.", lambda row, _info: row.stage or None)
    level = field(enum(Level), "层级。", "Its level.", lambda row, _info: row.level or None)
    battery_type = field(enum(BatteryType), "电池类型。", "Its chemistry.", lambda row, _info: row.battery_type or None)
    second_life = field(Required(Boolean), "是否梯次产品。", "Whether it is a second-life product.")
    provisional = field(
        Required(Boolean),
        "是否临时编码。",
        "Whether its code is provisional.",
        lambda row, _info: identity.is_provisional(row.code),
    )
    produced_on = field(Date, "编码中的生产日期。", "The date of production in its code.")
    mass_kg = field(
        Decimal, "生产时的质量，千克。", "Its mass when produced, kilograms.", lambda row, _i: kilograms(row.mass_mg)
    )
    manufacturer = field(
        Organisation,
        "厂商代码的申报单位。",
        "Who filed the manufacturer code in its code.",
        lambda row, info: reader_of(info).parties.by_prefix(row.prefix),
    )
    model = field(BatteryModel, "型号。", "Its model.", _model)
    holder = field(
        Organisation,
        "保管单位；超出自己参与部分时为空。",
        "Who holds it; empty beyond the viewer's own part.",
        lambda row, info: reader_of(info).parties.by_id(row.holder_id),
    )
    in_transit_to = field(
        Organisation,
        "在途时的收货单位。",
        "Whom it is on its way to.",
        lambda row, info: reader_of(info).parties.by_id(row.transit_to_id),
    )
    status = field(
        enum(ChainStatus),
        "最近一次审计所得的链条状态；仅看得到一部分的，为该部分的状态。",
        "The status of its chain as of the last run; for who sees a part, that of the part.",
        lambda row, info: reader_of(info).kept_status(row),
    )
    chain = chain_field()
    events = list_field(
        EventConnection, None, "链条上的记录，按发生时间排列。", "The records of its chain, in order of occurrence.",
        find_chain_events,
    )  # fmt: skip
    lineage = field(
        Lineage,
        "来源与去向；一次请求最多 10 块电池。",
        "Where it came from and what became of it; for up to 10 batteries in one request.",
        _lineage,
    )


class BatteryFilterSet(Filters):
    """What a list of batteries may be narrowed by: the filters of the operations API, and two of the audit's."""

    stage = Word("seen_stage", Stage, "生命阶段。", "Stage of life.")
    level = Word("level", Level, "层级。", "Level.")
    battery_type = Word("battery__battery_type", BatteryType, "电池类型。", "Chemistry.")
    model = Text("battery__model_number", "型号。", "Number of its model.")
    manufacturer = Text("maker", "厂商代码申报单位的统一社会信用代码。", "Code of who filed its manufacturer code.", 18)
    holder = Text("seen_holder", "保管单位的统一社会信用代码。", "Code of who holds it.", 18)
    region = Text("seen_holder", "保管单位的行政区划代码（GB/T 2260）。", "Region of who holds it (GB/T 2260).", 6)
    status = Word(
        "audit_status", ChainStatus, "最近一次审计所得的链条状态。", "Status of its chain as of the last run."
    )
    produced_from = Day("battery__produced_on", "生产日期不早于。", "Produced on or after this day.")
    produced_until = Day("battery__produced_on", "生产日期不晚于。", "Produced on or before this day.")
    code_prefix = Text("code", "编码的开头。", "How its code begins.", 24)

    def filter_queryset(self, _queryset: Any) -> QuerySet[Any]:
        """Ask what the operations API asks, by the same function; then what only the audit knows."""
        given = self.values
        region, status = given.pop("region", None), given.pop("status", None)
        rows = reading.filtered(self.about["viewer"], BatteryFilters(**given))
        if region is not None:
            rows = rows.filter(seen_holder__in=Company.objects.filter(region=region).values("id"))
        if status is not None:
            kept = Case(When(seen_level=FULL, then=F("audit_status")), default=F("seen_status"))
            rows = rows.annotate(kept_status=kept).filter(kept_status=status)
        return rows


BatteryConnection = connection(
    Battery, "电池列表，仅含看得到的独立电池", "A list of batteries: those that the viewer sees and that stand alone"
)


def find_batteries(_root: Any, info: Any, given: dict[str, Any]) -> Listing:
    """A page of the batteries that the viewer sees, in order of their first record."""
    reader, (size, begin) = reader_of(info), size_and_place(given)
    rows = BatteryFilterSet.narrow(Company.objects.none(), given, viewer=reader.viewer)
    page: Page[BatteryRow] = reading.page_of(rows, size, begin[0] if begin else None)
    reader.meet(page.rows)
    return Listing(page, lambda row: (row.record_id or 0,), rows.count)
