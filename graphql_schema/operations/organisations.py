"""Organisations, the viewer, and the models that makers filed."""

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import strawberry
from strawberry.scalars import JSON

from batteries.rows import ModelRow
from graphql_schema.enums import BatteryType, EventType, Level, Role
from graphql_schema.operations import dynamic_list, standing
from graphql_schema.operations.describing import argument, both, described, resolved
from graphql_schema.operations.dynamic_list import ConditionsStanding
from graphql_schema.operations.nodes import Node, PageInfo, check_size, reader_of
from graphql_schema.operations.standing import DueDate, Listing, Permit, Standing
from traceability import models
from traceability.values import kilograms

if TYPE_CHECKING:
    from graphql_schema.operations.declarations import Declaration, Penalty

_DECLARATIONS = "graphql_schema.operations.declarations"


@strawberry.type(description=both("参与溯源的单位。", "An organisation that takes part."))
class Organisation(Node):
    """An organisation with its public master data."""

    row: strawberry.Private[models.Organisation]
    code: str = described("统一社会信用代码，18 位。", "Its unified social credit code, 18 characters.")
    name: str = described("名称。", "Its name.")
    name_en: str | None = described("英文名称。", "Its English name.")
    roles: list[Role] = described("角色。", "What it does.")
    region: str | None = described("行政区划代码（GB/T 2260）。", "Its region (GB/T 2260).")

    @resolved(
        "公告名单：每类别每批次一项，以最后登记的为准。",
        "Its places on the announced list: one a scope and batch, as stated last.",
    )
    def listings(self, info: strawberry.Info) -> list[Listing]:
        return [standing.listing(row) for row in reader_of(info).standing.listings(self.row.pk)]

    @resolved(
        "许可：每种类每编号一项，以最后登记的为准；仅本单位与联盟可见。",
        "Its permits: one a kind and number, as stated last; for itself and the alliance only.",
    )
    def permits(self, info: strawberry.Info) -> list[Permit] | None:
        reader = reader_of(info).standing
        if not reader.sees_permits(self.row.pk):
            return None
        return [standing.permit(row) for row in reader.permits(self.row.pk)]

    @resolved("某日的公告与许可情况。", "What it is listed and licensed for on a day.")
    def standing(
        self,
        info: strawberry.Info,
        on: Annotated[dt.date | None, argument("日期；默认为今天。", "The day; today by default.")] = None,
    ) -> Standing:
        reader, day = reader_of(info).standing, on or standing.today()
        return standing.standing(day, reader.on(self.row.pk, day), permits=reader.sees_permits(self.row.pk))

    @resolved(
        "到期事项：许可到期、公告撤销、年度报告（每年 3 月 31 日前）；仅本单位与联盟可见。"
        "不给起始日时，也列出近十年内逾期未交的年度报告。",
        "What falls due: ends of permits and listings, annual reports (by 31 March); for itself and the alliance only. "
        "Without a first day, reports of the last ten years that never came are among them.",
    )
    def due_dates(
        self,
        info: strawberry.Info,
        from_: Annotated[
            dt.date | None, argument("起始日；默认为今天。", "The first day; today by default.", name="from")
        ] = None,
        until: Annotated[
            dt.date | None,
            argument("截止日；默认为一年后，最多十年。", "The last day; a year later by default, ten at most."),
        ] = None,
    ) -> list[DueDate] | None:
        reader, (begin, end) = reader_of(info).standing, standing.period(from_, until)
        if not reader.sees_permits(self.row.pk):
            return None
        found = reader.due(self.row.pk, begin, end, overdue=from_ is None)
        return [standing.due_date(due) for due in found]

    @resolved(
        "最近的年度申报，新的在前；更早的见列表 declarations。仅本单位与联盟可见。",
        "Its last declarations, the latest first; those before are in the list of `declarations`. For itself and the "
        "alliance only.",
    )
    def declarations(
        self,
        info: strawberry.Info,
        year: Annotated[int | None, argument("年度；默认为所有年度。", "The year; all of them, by default.")] = None,
        first: Annotated[int | None, argument("最多几项，不超过 100。", "How many at most, up to 100.")] = 50,
    ) -> list[Annotated["Declaration", strawberry.lazy(_DECLARATIONS)]] | None:
        from graphql_schema.operations.declarations import declaration

        found = reader_of(info).declarations.latest(self.row.pk, year, check_size(first, 50))
        return None if found is None else [declaration(row) for row in found]

    @resolved("行政处罚；仅本单位与联盟可见。", "Its penalties; for itself and the alliance only.")
    def penalties(self, info: strawberry.Info) -> list[Annotated["Penalty", strawberry.lazy(_DECLARATIONS)]] | None:
        from graphql_schema.operations.declarations import penalty

        found = reader_of(info).declarations.penalties(self.row.pk)
        return None if found is None else [penalty(row) for row in found]

    @resolved(
        "在公告名单上的状况：是否在名单、须整改的条件与期限、产能利用率、年度报告、处罚限制；仅本单位与联盟可见。",
        "Where it stands on the announced list: whether it is listed, what it must mend until when, load, annual "
        "report, penalties; for itself and the alliance only.",
    )
    def conditions_standing(self, info: strawberry.Info, on: dynamic_list.On = None) -> ConditionsStanding | None:
        found = reader_of(info).dynamic_list.on(self.row, on or standing.today())
        return dynamic_list.standing(found) if found else None


def organisation(row: models.Organisation | None) -> Organisation | None:
    """Show an organisation's row."""
    if row is None:
        return None
    return Organisation(
        row=row,
        id=strawberry.ID(f"Organisation:{row.code}"),
        code=row.code,
        name=row.name,
        name_en=row.name_en or None,
        roles=[Role.of(word) for word in sorted(row.role_set)],
        region=row.region or None,
    )


@strawberry.type(description=both("单位列表中的一项。", "One place in a list of organisations."))
class OrganisationEdge:
    """An edge."""

    cursor: str = described("此项的游标。", "Its cursor.")
    node: Organisation = described("单位。", "The organisation.")


@strawberry.type(description=both("单位列表。", "A list of organisations."))
class OrganisationConnection:
    """A connection."""

    edges: list[OrganisationEdge] = described("本页各项。", "The objects of this page.")
    page_info: PageInfo = described("分页信息。", "Where this page stands.")


@strawberry.type(description=both("当前登录者。", "Whoever asks."))
class Me:
    """The viewer."""

    name: str = described("姓名或令牌名称。", "The name of the person or token.")
    organisation: Organisation | None = described("所属单位。", "The organisation acted for.")
    permissions: list[EventType] = described("可以记录的类型。", "The types of record that may be recorded.")


@strawberry.type(description=both("企业申报的电池型号。", "A battery model, as its maker filed it."))
class BatteryModel:
    """A model; only its number when nobody filed it."""

    row: strawberry.Private[ModelRow]
    number: str = described("型号。", "Its number.")
    level: Level | None = described("层级。", "Its level.")
    battery_type: BatteryType | None = described("电池类型。", "Its chemistry.")
    nominal_voltage_v: Decimal | None = described("标称电压，伏。", "Nominal voltage, volts.")
    rated_capacity_ah: Decimal | None = described("额定容量，安时。", "Rated capacity, ampere-hours.")
    nominal_energy_kwh: Decimal | None = described("标称能量，千瓦时。", "Nominal energy, kilowatt-hours.")
    mass_kg: Decimal | None = described("质量，千克。", "Mass, kilograms.")
    cells: int | None = described("单体数量。", "How many cells it has.")
    gtin: str | None = described("商品条码（GTIN）。", "Its GTIN.")
    composition: JSON | None = described(
        "各元素的质量分数；仅申报企业与联盟可见。", "Mass fractions by element; for who filed it and the alliance only."
    )

    @resolved("申报企业。", "Who filed it.")
    def organisation(self, info: strawberry.Info) -> Organisation | None:
        return organisation(reader_of(info).parties.by_id(self.row.organisation_id))


def model(row: ModelRow) -> BatteryModel:
    """Show a model's row."""
    return BatteryModel(
        row=row,
        number=row.number,
        level=Level.maybe(row.level),
        battery_type=BatteryType.maybe(row.battery_type),
        nominal_voltage_v=_decimal(row.nominal_voltage_v),
        rated_capacity_ah=_decimal(row.rated_capacity_ah),
        nominal_energy_kwh=_decimal(row.nominal_energy_kwh),
        mass_kg=kilograms(row.mass_mg),
        cells=row.cells,
        gtin=row.gtin or None,
        composition=JSON(row.composition) if row.composition else None,
    )


def _decimal(text: str) -> Any:
    return Decimal(text) if text else None


@strawberry.type(description=both("型号列表中的一项。", "One place in a list of models."))
class BatteryModelEdge:
    """An edge."""

    cursor: str = described("此项的游标。", "Its cursor.")
    node: BatteryModel = described("型号。", "The model.")


@strawberry.type(description=both("型号列表。", "A list of models."))
class BatteryModelConnection:
    """A connection."""

    edges: list[BatteryModelEdge] = described("本页各项。", "The objects of this page.")
    page_info: PageInfo = described("分页信息。", "Where this page stands.")
