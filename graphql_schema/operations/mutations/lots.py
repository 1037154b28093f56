"""Batches and lots: what a recycler tells of its processes and its stock, and lots from one hand to the next."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import strawberry
from strawberry.scalars import JSON

from graphql_schema.enums import LotSource, Material, Process
from graphql_schema.operations.describing import both, described, resolved
from graphql_schema.operations.lots import Batch, Lot, batch_by_code, lot, lot_by_code
from graphql_schema.operations.mutations.answers import Answer, mutation, refusals_are_data
from graphql_schema.operations.mutations.hand_overs import (
    ArrivedInput,
    DispatchAnswer,
    Received,
    SentBackInput,
    SentInput,
    dispatching,
    found_of,
    receiving,
    refusing,
)
from graphql_schema.operations.mutations.inputs import FactInput, ItemInput, as_record, plain
from graphql_schema.operations.types import Warning, forget, reader_of  # noqa: A004
from graphql_schema.viewer import viewer_of
from recyclers import lot_custody
from traceability import calls, lots
from traceability.custody import ReceivedItem
from traceability.receipts import REPLAYED, Entry

ASSAY = (
    '化验结果，占干重的百分比，例如 {"ni": "22.2"}。',
    'Assay in percent of the dry mass, such as {"ni": "22.2"}.',
)


@strawberry.input(
    description=both("批次的一项投入：电池、材料批次、试剂三者之一。", "One of a battery, a lot, a reagent.")
)
class BatchInputInput:
    """What goes into a batch."""

    mass_kg: Decimal = described("质量，千克。", "Its mass, kilograms.")
    battery: str | None = described("电池编码。", "Code of a battery.", default=None)
    lot: str | None = described("材料批号。", "Number of a lot.", default=None)
    lot_of: str | None = described(
        "材料批次的制成单位，默认为本单位。", "Who made the lot, by default oneself.", default=None
    )
    reagent: str | None = described("试剂，例如 sulfuric_acid。", "A reagent, such as sulfuric_acid.", default=None)


@strawberry.input(description=both("批次的一项产出。", "What comes out of a batch."))
class BatchOutputInput:
    """A new lot."""

    lot: str = described("新批号。", "Its new number.")
    mass_kg: Decimal = described("质量，千克。", "Its mass, kilograms.")
    material: Material | None = described("材料。", "Its material.", default=None)
    moisture_percent: Decimal | None = described("含水率。", "Its moisture.", default=None)
    purity_percent: Decimal | None = described("纯度。", "Its purity.", default=None)
    assay: JSON | None = described(*ASSAY, default=None)


@strawberry.input(description=both("批次的一项残余物。", "What a batch leaves behind."))
class ResidueInput:
    """A residue."""

    mass_kg: Decimal = described("质量，千克。", "Its mass, kilograms.")
    kind: str | None = described("种类，例如 slag。", "Its kind, such as slag.", default=None)
    moisture_percent: Decimal | None = described("含水率。", "Its moisture.", default=None)
    assay: JSON | None = described(*ASSAY, default=None)
    manifest: str | None = described("转移联单编号。", "Number of its waste manifest.", default=None)


@strawberry.input(
    description=both(
        "再生工艺的一个批次；发生时间为结束时间。", "One run of a process; it happened when it was closed."
    )
)
class RecordBatchInput(FactInput):
    """`batch`."""

    number: str = described("批次号。", "Its number.")
    process: Process | None = described("工艺。", "Its process.", default=None)
    started_at: dt.datetime | None = described("开始时间。", "When it started.", default=None)
    inputs: list[BatchInputInput] | None = described("投入。", "What went in.", default=None)
    outputs: list[BatchOutputInput] | None = described("产出。", "What came out.", default=None)
    residues: list[ResidueInput] | None = described("残余物。", "What was left behind.", default=None)


@strawberry.input(description=both("外来材料入账。", "A lot that comes in from outside the system."))
class OpenLotInput(FactInput):
    """`lot_opened`."""

    lot: str = described("新批号。", "Its new number.")
    mass_kg: Decimal = described("质量，千克。", "Its mass, kilograms.")
    material: Material | None = described("材料。", "Its material.", default=None)
    moisture_percent: Decimal | None = described("含水率。", "Its moisture.", default=None)
    assay: JSON | None = described(*ASSAY, default=None)
    origin: LotSource | None = described("来源。", "Where it was taken in from.", default=None)
    from_: str | None = described("供应方。", "Who supplied it.", name="from", default=None)
    evidence: str | None = described("凭据。", "The evidence.", default=None)


@strawberry.input(description=both("一定量的某一材料批次。", "So much of a lot."))
class LotAmountInput:
    """A lot and a mass."""

    lot: str = described("批号。", "Its number.")
    mass_kg: Decimal = described("质量，千克。", "The mass, kilograms.")


@strawberry.input(description=both("取自某一材料批次的量。", "So much out of a lot."))
class DrawnLotInput(LotAmountInput):
    """A lot that may be another's make."""

    lot_of: str | None = described("制成单位，默认为本单位。", "Who made it, by default oneself.", default=None)


@strawberry.input(
    description=both("分拆材料批次；未分出的仍属原批次。", "A split; what is not split off stays with the lot.")
)
class SplitLotInput(FactInput):
    """`lot_split`."""

    lot: str = described("原批号。", "Number of the lot.")
    lot_of: str | None = described("原批次的制成单位，默认为本单位。", "Who made it, by default oneself.", default=None)
    into: list[LotAmountInput] = described("新批次。", "The new lots.")


@strawberry.input(description=both("把同种材料的多个批次合并为一个新批次。", "Lots of one material become a new one."))
class MergeLotsInput(FactInput):
    """`lot_merged`."""

    lot: str = described("新批号。", "Number of the new lot.")
    from_: list[DrawnLotInput] = described("来源批次。", "The lots it is made of.", name="from")


@strawberry.input(description=both("作为产品售出系统之外。", "A sale as a product, out of the system."))
class SellLotInput(FactInput):
    """`lot_sold`."""

    lot: str = described("批号。", "Its number.")
    lot_of: str | None = described("制成单位，默认为本单位。", "Who made it, by default oneself.", default=None)
    mass_kg: Decimal = described("质量，千克。", "The mass, kilograms.")
    to: str | None = described("购买方。", "Whom it was sold to.", default=None)


@strawberry.input(description=both("交接的一个材料批次，整批交接。", "A lot that changes hands, as a whole."))
class LotItemInput(ItemInput):
    """A lot on a truck."""

    lot: str = described("批号。", "Its number.")
    lot_of: str | None = described("制成单位，默认为本单位。", "Who made it, by default oneself.", default=None)
    mass_kg: Decimal = described("过磅质量，千克。", "Its mass as weighed, kilograms.")


@strawberry.input(description=both("发出材料批次。", "Lots to dispatch."))
class DispatchLotsInput(SentInput):
    """`dispatched`, for each item."""

    items: list[LotItemInput] = described("材料批次，至多 1,000 个。", "The lots, at most 1,000.")


@strawberry.input(description=both("接收材料批次。", "Lots that stand on the dock."))
class ReceiveLotsInput(ArrivedInput):
    """`received`, for each item."""

    items: list[LotItemInput] = described("材料批次，至多 1,000 个。", "The lots, at most 1,000.")


@strawberry.input(description=both("拒收材料批次。", "Lots to refuse."))
class RefuseLotsInput(SentBackInput):
    """`refused`, for each item."""

    items: list[LotItemInput] = described("材料批次，至多 1,000 个。", "The lots, at most 1,000.")


@strawberry.type(description=both("登记批次的答复。", "What recording a batch answers."))
class RecordBatchAnswer(Answer):
    """The batch."""

    batch: Batch | None = described("批次。", "The batch.", default=None)

    @resolved("提示，与批次的提示相同。", "What to know of it: the batch's own warnings.")
    def warnings(self, info: strawberry.Info) -> list[Warning]:
        return self.batch.warnings(info) if self.batch else []


@strawberry.type(description=both("关于一个材料批次的写入的答复。", "What a write about one lot answers."))
class LotAnswer(Answer):
    """The lot."""

    lot: Lot | None = described("材料批次现状。", "The lot as it is now.", default=None)


@strawberry.type(description=both("分拆的答复。", "What a split answers."))
class SplitLotAnswer(LotAnswer):
    """The lot, and those that were split off."""

    parts: list[Lot] = described("分出的新批次。", "The lots that were split off.", default_factory=list)


@strawberry.type(description=both("发出材料批次的答复。", "What a dispatch of lots answers."))
class DispatchLotsAnswer(DispatchAnswer):
    """The consignment."""


@strawberry.type(description=both("一个材料批次的接收结果。", "What the receipt of one lot found."))
class ReceivedLotItem(Received):
    """One item."""

    code: str = described(
        "制成单位的代码与批号，以斜杠相连。", "Code of its maker and its number, with a slash between."
    )
    lot: Lot | None = described("材料批次现状。", "The lot as it is now.")


@strawberry.type(description=both("接收材料批次的答复。", "What a receipt of lots answers."))
class ReceiveLotsAnswer(Answer):
    """The items, in the order of the input."""

    items: list[ReceivedLotItem] = described(
        "各批次的结果，按输入顺序。", "What became of the items, in the order of the input.", default_factory=list
    )


@strawberry.type(description=both("拒收材料批次的答复。", "What a refusal of lots answers."))
class RefuseLotsAnswer(Answer):
    """The lots that were refused."""

    lots: list[Lot] = described("被拒收的材料批次。", "The lots refused.", default_factory=list)


def _recorded(info: strawberry.Info, type_: str, input_: Any) -> Entry:
    given = plain(input_)
    record = as_record(given)
    entry = calls.record_one(type_, record, by=viewer_of(info), idempotency_key=given["idempotencyKey"])
    forget(info)
    return entry


@refusals_are_data(RecordBatchAnswer)
def _record_batch(info: strawberry.Info, input: RecordBatchInput) -> RecordBatchAnswer:  # noqa: A002
    entry = _recorded(info, "batch", input)
    return RecordBatchAnswer(batch=batch_by_code(info, entry.fact.code), replayed=entry.status == REPLAYED)


def _about_lot(type_: str, input_type: type[FactInput], chinese: str, english: str) -> Any:
    """Make the mutation that records facts of one type, each about one lot."""

    @refusals_are_data(LotAnswer)
    def resolve(info: strawberry.Info, input: Any) -> LotAnswer:  # noqa: A002
        entry = _recorded(info, type_, input)
        return LotAnswer(lot=lot_by_code(info, entry.fact.code), replayed=entry.status == REPLAYED)

    return mutation(resolve, input_type, chinese, english)


@refusals_are_data(SplitLotAnswer)
def _split(info: strawberry.Info, input: SplitLotInput) -> SplitLotAnswer:  # noqa: A002
    entry = _recorded(info, "lot_split", input)
    made = [code for _path, code, _mass in lots.made("lot_split", entry.fact.details, entry.fact.organisation)]
    found = reader_of(info).lots.by_codes([entry.fact.code, *made])
    own = found.get(entry.fact.code)
    return SplitLotAnswer(
        lot=lot(own) if own else None,
        parts=[lot(found[code]) for code in made if code in found],
        replayed=entry.status == REPLAYED,
    )


def _received(info: strawberry.Info, received: Sequence[ReceivedItem]) -> list[ReceivedLotItem]:
    found = reader_of(info).lots.by_codes([item.code for item in received])
    return [
        ReceivedLotItem(code=item.code, lot=lot(found[item.code]) if item.code in found else None, **found_of(item))
        for item in received
    ]


def _refused(info: strawberry.Info, codes: list[str]) -> dict[str, list[Lot]]:
    found = reader_of(info).lots.by_codes(codes)
    return {"lots": [lot(found[code]) for code in codes if code in found]}


@strawberry.type
class LotMutations:
    """Batches and lots."""

    record_batch = mutation(
        _record_batch,
        RecordBatchInput,
        "登记一个批次：电池与材料变为新的材料批次。",
        "Record a batch: batteries and lots become new lots.",
    )
    open_lot = _about_lot(
        "lot_opened", OpenLotInput, "外来材料入账为新批次。", "Take in a lot from outside the system."
    )
    split_lot = mutation(_split, SplitLotInput, "从一个材料批次分出新批次。", "Split new lots off a lot.")
    merge_lots = _about_lot("lot_merged", MergeLotsInput, "合并材料批次。", "Merge lots into a new one.")
    sell_lot = _about_lot("lot_sold", SellLotInput, "作为产品售出。", "Sell of a lot, out of the system.")
    dispatch_lots = dispatching(
        DispatchLotsAnswer,
        DispatchLotsInput,
        "发出材料批次；对方接收前仍由本单位保管。",
        "Dispatch lots; they stay in one's custody until received.",
    )
    receive_lots = receiving(
        ReceiveLotsAnswer,
        ReceiveLotsInput,
        lot_custody.receive,
        _received,
        "接收材料批次；到货一律登记。",
        "Receive lots; whatever stands on the dock is recorded.",
    )
    refuse_lots = refusing(
        RefuseLotsAnswer,
        RefuseLotsInput,
        _refused,
        "拒收在途材料批次；仍由发货单位保管。",
        "Refuse lots on their way here; the sender goes on holding them.",
    )
