"""Master data: organisations, models, listings, permits, declarations, penalties; and vehicles that are gone."""

import datetime as dt
from decimal import Decimal

import strawberry
from strawberry.scalars import JSON

from graphql_schema.enums import BatteryType, Level, ListingScope, PermitKind, Role
from graphql_schema.operations.describing import both, described
from graphql_schema.operations.mutations.answers import about_organisation
from graphql_schema.operations.mutations.inputs import FactInput


@strawberry.input(
    description=both("单位资料；未填的项保持不变。", "An organisation; what is not given stays as it is.")
)
class RecordOrganisationInput(FactInput):
    """`organisation`."""

    code: str = described("统一社会信用代码，18 位。", "Its unified social credit code, 18 characters.")
    name: str | None = described("名称。", "Its name.", default=None)
    name_en: str | None = described("英文名称。", "Its English name.", default=None)
    roles: list[Role] | None = described("角色。", "What it does.", default=None)
    region: str | None = described("行政区划代码（GB/T 2260）。", "Its region (GB/T 2260).", default=None)
    code_prefixes: list[str] | None = described("已申报的厂商代码。", "The manufacturer codes it filed.", default=None)


@strawberry.input(description=both("电池型号。", "A battery model."))
class RecordModelInput(FactInput):
    """`model`."""

    number: str = described("型号。", "Its number.")
    level: Level | None = described("层级。", "Its level.", default=None)
    battery_type: BatteryType | None = described("电池类型。", "Its chemistry.", default=None)
    nominal_voltage_v: Decimal | None = described("标称电压，伏。", "Nominal voltage, volts.", default=None)
    rated_capacity_ah: Decimal | None = described("额定容量，安时。", "Rated capacity, ampere-hours.", default=None)
    nominal_energy_kwh: Decimal | None = described(
        "标称能量，千瓦时。", "Nominal energy, kilowatt-hours.", default=None
    )
    mass_kg: Decimal | None = described("质量，千克。", "Mass, kilograms.", default=None)
    cells: int | None = described("单体数量。", "How many cells it has.", default=None)
    gtin: str | None = described("商品条码（GTIN）。", "Its GTIN.", default=None)
    composition: JSON | None = described(
        '各元素的质量分数，例如 {"li": "0.0155"}。',
        'Mass fractions by element, such as {"li": "0.0155"}.',
        default=None,
    )


@strawberry.input(description=both("公告名单。", "A place on the announced list."))
class RecordListingInput(FactInput):
    """`listing`."""

    organisation: str = described("单位代码。", "The organisation's code.")
    scope: ListingScope = described("类别。", "What it is listed for.")
    batch: str | None = described("批次。", "The batch.", default=None)
    announced_on: dt.date | None = described("公告日期。", "When it was announced.", default=None)
    revoked_on: dt.date | None = described("撤销日期。", "When it was revoked.", default=None)
    reason: str | None = described("撤销原因。", "Why it was revoked.", default=None)


@strawberry.input(description=both("许可。", "A permit."))
class RecordPermitInput(FactInput):
    """`permit`."""

    organisation: str = described("单位代码。", "The organisation's code.")
    kind: PermitKind = described("种类。", "Its kind.")
    number: str | None = described("编号。", "Its number.", default=None)
    issuer: str | None = described("发证机关。", "Who issued it.", default=None)
    valid_from: dt.date | None = described("生效日期。", "Valid from this day on.", default=None)
    valid_until: dt.date | None = described("失效日期。", "Valid until this day.", default=None)


@strawberry.input(description=both("申报所附的文件。", "A document of a declaration."))
class DocumentInput:
    """A document."""

    clause: str | None = described("所证明的条款。", "The clause it proves.", default=None)
    sha256: str | None = described("内容的 SHA-256。", "SHA-256 of its content.", default=None)
    name: str | None = described("文件名。", "Its name.", default=None)


@strawberry.input(description=both("企业的年度申报。", "A company's yearly declaration."))
class RecordDeclarationInput(FactInput):
    """`declaration`."""

    year: int = described("年度。", "The year.")
    figures: JSON | None = described("各条款的数值。", "Figures by clause.", default=None)
    statements: JSON | None = described(
        "各条款的声明（true 或 false）。", "Statements by clause (true or false).", default=None
    )
    documents: list[DocumentInput] | None = described("文件。", "Documents.", default=None)


@strawberry.input(description=both("对年度申报的审核。", "The review of a yearly declaration."))
class ReviewDeclarationInput(FactInput):
    """`declaration_reviewed`."""

    organisation: str = described("单位代码。", "The organisation's code.")
    year: int = described("年度。", "The year.")
    accepted: bool = described("是否通过。", "Whether it was accepted.")
    reason: str | None = described("理由。", "Why.", default=None)


@strawberry.input(description=both("行政处罚。", "An administrative penalty."))
class RecordPenaltyInput(FactInput):
    """`penalty`."""

    organisation: str = described("单位代码。", "The organisation's code.")
    decided_on: dt.date | None = described("决定日期。", "When it was decided.", default=None)
    authority: str | None = described("处罚机关。", "Who decided it.", default=None)
    number: str | None = described("文号。", "Its number.", default=None)
    reason: str | None = described("事由。", "Why.", default=None)


@strawberry.input(description=both("车辆报废。", "A vehicle that was scrapped."))
class ScrapVehicleInput(FactInput):
    """`vehicle_scrapped`."""

    vin: str = described("车辆识别代号（VIN）。", "The vehicle's identification number (VIN).")
    certificate: str | None = described("报废证明编号。", "The number of its certificate.", default=None)


@strawberry.type
class MasterDataMutations:
    """One organisation, one statement."""

    record_organisation = about_organisation(
        "organisation",
        RecordOrganisationInput,
        "登记单位资料（仅联盟）。",
        "Record an organisation (the alliance only).",
    )
    record_model = about_organisation("model", RecordModelInput, "申报电池型号。", "File a battery model.")
    record_listing = about_organisation(
        "listing", RecordListingInput, "登记公告名单（仅联盟）。", "Record a listing (the alliance only)."
    )
    record_permit = about_organisation(
        "permit", RecordPermitInput, "登记许可（仅联盟）。", "Record a permit (the alliance only)."
    )
    record_declaration = about_organisation(
        "declaration", RecordDeclarationInput, "提交年度申报。", "Submit a yearly declaration."
    )
    review_declaration = about_organisation(
        "declaration_reviewed",
        ReviewDeclarationInput,
        "审核年度申报（仅联盟）。",
        "Review a yearly declaration (the alliance only).",
    )
    record_penalty = about_organisation(
        "penalty", RecordPenaltyInput, "登记行政处罚（仅联盟）。", "Record a penalty (the alliance only)."
    )
    scrap_vehicle = about_organisation(
        "vehicle_scrapped", ScrapVehicleInput, "登记车辆报废。", "Record that a vehicle was scrapped."
    )
