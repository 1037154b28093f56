"""Second life: a product of its own, from its code to the day it is taken back."""

import datetime as dt
from decimal import Decimal

import strawberry

from batteries.second_life import propose_product_code
from graphql_schema.enums import BatteryType, Level
from graphql_schema.operations.describing import both, described
from graphql_schema.operations.mutations.answers import Answer, about_battery, mutation, refusals_are_data
from graphql_schema.operations.mutations.inputs import BatteryInput
from graphql_schema.viewer import viewer_of


@strawberry.input(description=both("为梯次产品取一个编码。", "A code to propose for a second-life product."))
class ProposeProductCodeInput:
    """What the code is to say."""

    idempotency_key: str = described(
        "本次调用的键；以相同的键和内容重复调用，得到相同的编码。",
        "The key of this call: repeated with the same key and content, it gives the same code.",
    )
    level: Level = described("产品的层级。", "The product's level.")
    battery_type: BatteryType = described("电池类型。", "Its chemistry.")
    specification: str = described("规格代码，2 位。", "Its maker's specification, 2 characters.")
    produced_on: dt.date | None = described(
        "生产日期；不填则为今天。", "Its day of production; by default today.", default=None
    )
    manufacturer_code: str | None = described(
        "本单位申报的厂商代码；申报多个时必填。",
        "A manufacturer code of one's own; needed where several were filed.",
        default=None,
    )


@strawberry.type(description=both("取码的答复。", "What a proposal answers."))
class ProposeProductCodeAnswer(Answer):
    """The code."""

    code: str | None = described(
        "19 位编码：未用过，也不会再提供给他人。",
        "A code of 19 characters: free, and proposed to nobody else.",
        default=None,
    )


@strawberry.input(
    description=both("由退役电池组装梯次产品。", "A second-life product, assembled from retired batteries.")
)
class AssembleBatteryInput(BatteryInput):
    """`assembled`; `battery` is the product's own code."""

    sources: list[str] | None = described(
        "所用原电池的编码；须已退役并由本单位保管。", "Codes of its originals: retired, and held here.", default=None
    )
    model: str | None = described("型号。", "Its model.", default=None)
    mass_kg: Decimal | None = described("质量，千克。", "Its mass, kilograms.", default=None)
    application: str | None = described("用途。", "What it is for.", default=None)


@strawberry.input(description=both("梯次产品投入使用。", "A second-life product put to use."))
class DeployBatteryInput(BatteryInput):
    """`deployed`."""

    application: str | None = described("用途。", "What it is used for.", default=None)
    region: str | None = described("地区（GB/T 2260）。", "The region (GB/T 2260).", default=None)
    monitoring: str | None = described("监测方式。", "How it is watched.", default=None)


@strawberry.input(description=both("梯次产品停用回收。", "A second-life product taken back."))
class DecommissionBatteryInput(BatteryInput):
    """`decommissioned`."""

    reason: str | None = described("原因。", "Why.", default=None)


@refusals_are_data(ProposeProductCodeAnswer)
def _propose(info: strawberry.Info, input: ProposeProductCodeInput) -> ProposeProductCodeAnswer:  # noqa: A002
    found = propose_product_code(
        level=input.level.value,
        battery_type=input.battery_type.value,
        specification=input.specification,
        produced_on=input.produced_on,
        manufacturer_code=input.manufacturer_code,
        by=viewer_of(info),
        idempotency_key=input.idempotency_key,
    )
    return ProposeProductCodeAnswer(code=found.code, replayed=found.replayed)


@strawberry.type
class SecondLifeMutations:
    """Products."""

    propose_product_code = mutation(
        _propose,
        ProposeProductCodeInput,
        "为梯次产品取一个未用过的编码；编码在登记组装后才生效。",
        "Propose a free code for a second-life product, which begins with the record of its assembly.",
    )
    assemble_battery = about_battery(
        "assembled", AssembleBatteryInput, "登记梯次产品的组装。", "Record the assembly of a second-life product."
    )
    deploy_battery = about_battery(
        "deployed", DeployBatteryInput, "登记梯次产品投入使用。", "Record that a second-life product is put to use."
    )
    decommission_battery = about_battery(
        "decommissioned",
        DecommissionBatteryInput,
        "登记梯次产品停用回收。",
        "Record that a second-life product was taken back.",
    )
