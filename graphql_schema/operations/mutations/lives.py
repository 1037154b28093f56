"""What happens to one battery in its life: one mutation for each type of event."""

import datetime as dt
from decimal import Decimal

import strawberry
from strawberry.scalars import JSON

from graphql_schema.enums import EventType, Route
from graphql_schema.operations.describing import both, described
from graphql_schema.operations.mutations.answers import about_battery
from graphql_schema.operations.mutations.inputs import AttachmentInput, BatteryInput, FactInput, SiteInput
from graphql_schema.operations.mutations.words import RemovalReason


@strawberry.input(description=both("装车。", "An installation in a vehicle."))
class InstallBatteryInput(BatteryInput):
    """`installed`."""

    vin: str = described("车辆识别代号（VIN）。", "The vehicle's identification number (VIN).")


@strawberry.input(description=both("车辆销售。", "The sale of a vehicle with its battery."))
class SellBatteryInput(BatteryInput):
    """`sold`."""

    region: str | None = described("销往地区（GB/T 2260）。", "The region it was sold to (GB/T 2260).", default=None)


@strawberry.input(description=both("从车上拆下。", "A removal from a vehicle."))
class RemoveBatteryInput(BatteryInput):
    """`removed`."""

    vin: str | None = described("车辆识别代号（VIN）。", "The vehicle's identification number (VIN).", default=None)
    reason: RemovalReason | None = described("原因。", "Why.", default=None)


@strawberry.input(description=both("维修：更换模块或单体。", "A repair: modules or cells were exchanged."))
class RepairBatteryInput(BatteryInput):
    """`repaired`."""

    vin: str | None = described("车辆识别代号（VIN）。", "The vehicle's identification number (VIN).", default=None)
    removed: list[str] | None = described("取出部件的编码。", "Codes of the parts taken out.", default=None)
    added: list[str] | None = described("装入部件的编码。", "Codes of the parts built in.", default=None)


@strawberry.input(
    description=both(
        "余能检测（GB/T 34015）；可多次登记。", "A residual energy test (GB/T 34015); there may be several."
    )
)
class InspectBatteryInput(BatteryInput):
    """`inspected`."""

    soh_percent: Decimal | None = described(
        "健康状态（SOH），百分数，0 至 200。", "State of health, percent, 0 to 200.", default=None
    )
    capacity_ah: Decimal | None = described("容量，安时。", "Capacity, ampere-hours.", default=None)
    energy_kwh: Decimal | None = described("余能，千瓦时。", "Residual energy, kilowatt-hours.", default=None)
    voltage_v: Decimal | None = described("电压，伏。", "Voltage, volts.", default=None)
    insulation_mohm: Decimal | None = described("绝缘电阻，兆欧。", "Insulation resistance, megohms.", default=None)
    visual: str | None = described("外观检查。", "What was seen.", default=None)
    temperature_c: Decimal | None = described(
        "试验温度，摄氏度。", "Temperature of the test, degrees Celsius.", default=None
    )
    current_a: Decimal | None = described("试验电流，安。", "Current of the test, amperes.", default=None)
    instrument: str | None = described("仪器。", "The instrument.", default=None)
    operator: str | None = described("检测人员。", "Who tested.", default=None)
    method: str | None = described("方法。", "The method.", default=None)
    grade: str | None = described(
        "等级；不填则按分级方案由 SOH 得出。",
        "Its grade; without it, the scheme's by the state of health.",
        default=None,
    )
    decision: Route | None = described("处置决定。", "What is to become of it.", default=None)


@strawberry.input(description=both("出口。", "An export."))
class ExportBatteryInput(BatteryInput):
    """`exported`."""

    country: str | None = described("目的国家。", "The country it goes to.", default=None)
    to: str | None = described("收货人。", "Whom it goes to.", default=None)


@strawberry.input(description=both("销毁。", "A destruction."))
class DestroyBatteryInput(BatteryInput):
    """`destroyed`."""

    reason: str | None = described("原因。", "Why.", default=None)


@strawberry.input(description=both("丢失。", "A loss."))
class LoseBatteryInput(BatteryInput):
    """`lost`."""

    reason: str | None = described("原因。", "How.", default=None)


@strawberry.input(description=both("确认临时编码的真实编码。", "What a provisional identity turned out to be."))
class IdentifyBatteryInput(BatteryInput):
    """`identified`."""

    as_: str = described("真实编码。", "The true code.", name="as")
    evidence: str | None = described("依据。", "How that is known.", default=None)


@strawberry.input(
    description=both("解除隔离；须由收货人以外的人登记。", "The end of a quarantine, by another than who received.")
)
class LiftQuarantineInput(BatteryInput):
    """`quarantine_lifted`."""

    reason: str | None = described("理由。", "Why it is safe.", default=None)


@strawberry.input(description=both("召回。", "A recall."))
class RecallBatteryInput(BatteryInput):
    """`recalled`."""

    campaign: str | None = described("召回编号。", "The number of the campaign.", default=None)
    reason: str | None = described("原因。", "Why.", default=None)
    instruction: str | None = described("处置要求。", "What to do.", default=None)


@strawberry.input(description=both("争议裁定。", "The decision of a dispute."))
class DecideDisputeInput(BatteryInput):
    """`dispute_decided`."""

    holder: str | None = described(
        "裁定的保管单位代码；不填则维持现状。", "Code of who holds it; without it, who has it now.", default=None
    )
    reason: str | None = described("理由。", "Why.", default=None)


@strawberry.input(
    description=both("更正后的内容；键与报告时间不变。", "The corrected content; key and time of report stay.")
)
class ReplacementInput:
    """What stands in the original's place."""

    type: EventType = described("类型。", "Its type.")
    occurred_at: dt.datetime = described("发生时间。", "When it happened.")
    battery: str | None = described(
        "电池编码；不填则不变。", "The battery's code; without it, as before.", default=None
    )
    site: SiteInput | None = described("发生地点。", "Where it happened.", default=None)
    attachments: list[AttachmentInput] | None = described("附件。", "Files that go with it.", default=None)
    details: JSON | None = described(
        "该类型的各项内容，写法与记录文件相同（单词小写）。",
        "What its type says, written as in record files (words in lower case).",
        default=None,
    )


@strawberry.input(description=both("更正或撤回一条记录。", "The correction of a record, or its withdrawal."))
class CorrectBatteryInput(FactInput):
    """`corrected`."""

    corrects: str = described("原记录的键。", "The key of the original.")
    organisation: str | None = described(
        "原记录单位的代码；仅联盟更正他人记录时填写。",
        "Code of who recorded the original; only for the alliance, when it corrects another's.",
        default=None,
    )
    reason: str | None = described("原因。", "Why.", default=None)
    replacement: ReplacementInput | None = described(
        "更正后的内容；不填则撤回原记录。", "The corrected content; without it the original is withdrawn.", default=None
    )


@strawberry.type
class LifeMutations:
    """One battery, one event."""

    install_battery = about_battery("installed", InstallBatteryInput, "登记装车。", "Record an installation.")
    sell_battery = about_battery("sold", SellBatteryInput, "登记车辆销售。", "Record the sale of its vehicle.")
    remove_battery = about_battery(
        "removed", RemoveBatteryInput, "登记从车上拆下。", "Record a removal from a vehicle."
    )
    repair_battery = about_battery("repaired", RepairBatteryInput, "登记维修。", "Record a repair.")
    inspect_battery = about_battery("inspected", InspectBatteryInput, "登记余能检测。", "Record an inspection.")
    export_battery = about_battery("exported", ExportBatteryInput, "登记出口。", "Record an export.")
    destroy_battery = about_battery("destroyed", DestroyBatteryInput, "登记销毁。", "Record a destruction.")
    lose_battery = about_battery("lost", LoseBatteryInput, "登记丢失。", "Record a loss.")
    identify_battery = about_battery(
        "identified",
        IdentifyBatteryInput,
        "确认临时编码的真实编码。",
        "Say what a provisional identity turned out to be.",
    )
    lift_quarantine = about_battery(
        "quarantine_lifted",
        LiftQuarantineInput,
        "解除隔离：收货人以外的人确认可以继续处置。",
        "Lift a quarantine: somebody else than who received it says that work may go on.",
    )
    recall_battery = about_battery("recalled", RecallBatteryInput, "登记召回。", "Record a recall.")
    decide_dispute = about_battery(
        "dispute_decided", DecideDisputeInput, "裁定由谁保管（仅联盟）。", "Decide who holds it (the alliance only)."
    )
    correct_battery = about_battery(
        "corrected", CorrectBatteryInput, "更正或撤回自己的记录。", "Correct or withdraw a record of one's own."
    )
