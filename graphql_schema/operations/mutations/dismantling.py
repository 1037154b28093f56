"""The end of a battery as a battery: it is taken apart, or goes into a batch."""

from decimal import Decimal

import strawberry
from strawberry.scalars import JSON

from graphql_schema.enums import Level
from graphql_schema.operations.batteries import AfterCode, First
from graphql_schema.operations.describing import both, described, resolved
from graphql_schema.operations.mutations.answers import BatteryAnswer, about_battery, mutation, refusals_are_data
from graphql_schema.operations.mutations.inputs import BatteryInput, as_record, plain
from graphql_schema.operations.mutations.lots import ASSAY
from graphql_schema.operations.nodes import check_size
from graphql_schema.operations.types import Battery, batteries_by_code, battery_by_code, event_by_id
from graphql_schema.viewer import viewer_of
from traceability import calls
from traceability.errors import refuse
from traceability.receipts import REPLAYED


@strawberry.input(
    description=both("没有编码的部件，按数量登记。", "Parts that bear no code, recorded by their number.")
)
class UncodedPartsInput:
    """So many modules or cells."""

    level: Level | None = described("层级：MODULE 或 CELL。", "Their level: MODULE or CELL.", default=None)
    count: int | None = described("数量。", "How many.", default=None)
    mass_kg: Decimal | None = described("总质量，千克。", "Their mass together, kilograms.", default=None)


@strawberry.input(description=both("拆解产生的一种物料或残余物。", "What remains beside the parts."))
class DismantlingResidueInput:
    """A residue."""

    material: str | None = described(
        "材料，例如 steel、coolant。", "Its material, such as steel, coolant.", default=None
    )
    mass_kg: Decimal | None = described("质量，千克。", "Its mass, kilograms.", default=None)
    moisture_percent: Decimal | None = described("含水率。", "Its moisture.", default=None)
    assay: JSON | None = described(*ASSAY, default=None)
    components: list[str] | None = described(
        "其中所含、已无法单独利用的部件的编码。", "Codes of the parts in it, which go on no more.", default=None
    )


@strawberry.input(description=both("拆解前的放电。", "How it was discharged before."))
class DischargeInput:
    """A discharge."""

    method: str | None = described("方法。", "The method.", default=None)
    end_voltage_v: Decimal | None = described("终止电压，伏。", "Voltage at the end, volts.", default=None)
    hours: Decimal | None = described("时长，小时。", "How long it took, hours.", default=None)


@strawberry.input(
    description=both(
        "拆解（GB/T 33598、QC/T 1156）；只取出个别模块而其余保留的，登记为维修。",
        "A dismantling (GB/T 33598, QC/T 1156); where a module is taken out and the rest stays, that is a repair.",
    )
)
class DismantleBatteryInput(BatteryInput):
    """`dismantled`."""

    components: list[str] | None = described(
        "取出的部件的编码，各自继续流转；从未登记的也予收录。",
        "Codes of the parts that go on by themselves; one that was never registered is taken up.",
        default=None,
    )
    uncoded: list[UncodedPartsInput] | None = described("没有编码的部件。", "Parts that bear no code.", default=None)
    residues: list[DismantlingResidueInput] | None = described("其余物料与残余物。", "What remains.", default=None)
    discharge: DischargeInput | None = described("放电记录。", "The record of its discharge.", default=None)


@strawberry.input(description=both("投入再生处理。", "A battery goes into a batch."))
class ProcessBatteryInput(BatteryInput):
    """`processed`."""

    batch: str = described(
        "本单位的批次号；批次可在此前或此后登记。",
        "Number of one's own batch, which may be recorded before or after.",
    )
    mass_kg: Decimal | None = described("质量，千克。", "Its mass, kilograms.", default=None)


@strawberry.type(description=both("拆解的答复。", "What a dismantling answers."))
class DismantleBatteryAnswer(BatteryAnswer):
    """The record, its battery, and the parts that were released."""

    codes: strawberry.Private[tuple[str, ...]] = ()

    @resolved(
        "取出的部件，按输入顺序：各有自己的链条，来源、型号与日期沿用。",
        "The parts that were released, in the order of the input: each goes on with a chain of its own, and with its "
        "maker, model and date.",
    )
    def parts(self, info: strawberry.Info, first: First = 100, after: AfterCode = None) -> list[Battery]:
        size = check_size(first, 100)
        if after is not None and after not in self.codes:
            raise refuse("wrong_value", ("after",), value=after, expected="components")
        begin = 0 if after is None else self.codes.index(after) + 1
        found = batteries_by_code(info, self.codes[begin : begin + size], after_write=False, intake=True)
        return [part for part in found if part is not None]


@refusals_are_data(DismantleBatteryAnswer)
def _dismantle(info: strawberry.Info, input: DismantleBatteryInput) -> DismantleBatteryAnswer:  # noqa: A002
    given = plain(input)
    key = given["idempotencyKey"]
    entry = calls.record_one("dismantled", as_record(given), by=viewer_of(info), idempotency_key=key)
    battery = battery_by_code(info, entry.fact.code)
    return DismantleBatteryAnswer(
        event=None if entry.event_id is None else event_by_id(info, entry.event_id),
        battery=battery,
        replayed=entry.status == REPLAYED,
        codes=tuple(entry.fact.details.get("components", ())),
    )


@strawberry.type
class DismantlingMutations:
    """Taken apart, used up."""

    dismantle_battery = mutation(
        _dismantle,
        DismantleBatteryInput,
        "登记拆解：所列部件各自继续流转，由本单位保管。",
        "Record a dismantling: the parts listed go on by themselves, held by who took them out.",
    )
    process_battery = about_battery(
        "processed", ProcessBatteryInput, "登记投入再生处理。", "Record that a battery goes into a batch."
    )
