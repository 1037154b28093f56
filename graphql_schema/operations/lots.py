"""Batches and lots: what went in, what came out, and where it is."""

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import strawberry

from graphql_schema.enums import LotOrigin, Material, Process
from graphql_schema.operations.chains import page_info
from graphql_schema.operations.describing import argument, both, described, resolved
from graphql_schema.operations.nodes import (
    Node,
    PageInfo,
    Warning,  # noqa: A004
    check_size,
    cursor,
    place,
    place_after,
    reader_of,
    warning,
)
from graphql_schema.operations.organisations import Organisation, organisation
from recyclers import mass_balance, models
from recyclers.lot_reading import LotFilters
from recyclers.recovery import NOT_APPLICABLE, printed, recoveries
from traceability.lots import code_of, name_of
from traceability.values import from_ms, kilograms, percent

if TYPE_CHECKING:
    from graphql_schema.operations.lineage import MakerShare, OriginShare

_LINEAGE = "graphql_schema.operations.lineage"
First = Annotated[int | None, argument("最多几项，至多 100。", "How many at most, up to 100.")]
AfterPlace = Annotated[int | None, argument("从此序号之后开始。", "Begin after this place.")]


@strawberry.type(description=both("一种元素或成分的质量分数。", "The share of one element or part in a mass."))
class ElementShare:
    """One figure of an assay."""

    element: str = described("元素或成分。", "The element or part.")
    percent: Decimal = described("占干重的百分比。", "Percent of the dry mass.")


@strawberry.type(
    description=both(
        "材料批次。所在、去向与余量仅保管单位、收货单位与联盟可见，其余为空。",
        "A lot of material. Where it is and what is left of it is for who has it or is to receive it, and the "
        "alliance; empty for others.",
    )
)
class Lot(Node):
    """A lot."""

    row: strawberry.Private[models.Lot]
    number: str = described("批号。", "Its number.")
    material: Material | None = described("材料；未知时为空。", "Its material; empty when unknown.")
    mass_kg: Decimal | None = described(
        "入账总质量，千克；未知时为空。", "All that came into it, kilograms; empty when unknown."
    )
    origin: LotOrigin | None = described("来历；未知时为空。", "Where it comes from; empty when unknown.")
    since: dt.datetime | None = described("自何时起。", "Since when there is this lot.")
    moisture_percent: Decimal | None = described("含水率；未填视为 0。", "Its moisture; not given counts as 0.")
    purity_percent: Decimal | None = described("纯度；未填视为 100。", "Its purity; not given counts as 100.")
    mixed: bool = described(
        "是否由成分不同的批次合并：此时成分须由来源推算。",
        "Whether it was merged from lots of different content: its own follows from theirs.",
    )

    @resolved("制成或入账的单位。", "Who made it, or took it in.")
    def organisation(self, info: strawberry.Info) -> Organisation | None:
        return organisation(reader_of(info).parties.by_id(self.row.organisation_id))

    @resolved("化验结果，按元素排列，至多 100 项。", "Its assay in order of element, 100 figures at most.")
    def assay(self) -> list[ElementShare]:
        return shares(self.row.assay)

    @resolved("余量，千克。", "What is left of it, kilograms.")
    def left_kg(self, info: strawberry.Info) -> Decimal | None:
        left = getattr(self.row, "left_mg", None)
        return kilograms(left) if reader_of(info).lots.knows_whereabouts(self.row) else None

    @resolved("现保管单位。", "Who has it now.")
    def holder(self, info: strawberry.Info) -> Organisation | None:
        known = reader_of(info).lots.knows_whereabouts(self.row)
        return organisation(reader_of(info).parties.by_id(self.row.holder_id)) if known else None

    @resolved("在途时的收货单位。", "Whom it is on its way to.")
    def in_transit_to(self, info: strawberry.Info) -> Organisation | None:
        known = reader_of(info).lots.knows_whereabouts(self.row)
        return organisation(reader_of(info).parties.by_id(self.row.transit_to_id)) if known else None

    @resolved(
        "按质量追溯的来源，份额大者在前，直至电池；他人的批次不再追溯，止于其材料批次。一次请求最多 10 批。",
        "What it is made of by mass, the largest share first, back to batteries; what came from others' batches stands "
        "under the lot that came. For up to 10 lots in one request.",
    )
    def origins(
        self, info: strawberry.Info, first: First = 100, after: AfterPlace = None
    ) -> list[Annotated["OriginShare", strawberry.lazy(_LINEAGE)]]:
        from graphql_schema.operations import lineage

        begin, size = place_after(after), check_size(first, 100)
        return lineage.origins(reader_of(info).origins_of(self.row, begin, size), begin, size)

    @resolved(
        "按厂商汇总的来源；电池之外的按种类汇总。一次请求最多 10 批。",
        "What it is made of by maker, and by kind what did not come from batteries. For up to 10 lots in one request.",
    )
    def made_of(self, info: strawberry.Info) -> list[Annotated["MakerShare", strawberry.lazy(_LINEAGE)]]:
        from graphql_schema.operations import lineage

        return lineage.made_of(reader_of(info).lots.made_of(self.row))


def shares(assay: dict[str, int] | None) -> list[ElementShare]:
    """Show an assay."""
    given = sorted((assay or {}).items())
    return [
        ElementShare(element=element, percent=share) for element, ppb in given if (share := percent(ppb)) is not None
    ]


def lot(row: models.Lot) -> Lot:
    """Show a lot's row."""
    return Lot(
        row=row,
        id=strawberry.ID(f"Lot:{row.code}"),
        number=row.number,
        material=Material.maybe(row.material),
        mass_kg=kilograms(row.mass_mg) if row.origin else None,
        origin=LotOrigin.maybe(row.origin),
        since=None if row.since_ms is None else from_ms(row.since_ms),
        moisture_percent=percent(row.moisture_ppb),
        purity_percent=percent(row.purity_ppb),
        mixed=row.mixed,
    )


@strawberry.type(
    description=both("批次的一项投入：电池、材料批次或试剂。", "What went into a batch: a battery, a lot or a reagent.")
)
class BatchInput:
    """An input."""

    row: strawberry.Private[models.BatchInput]
    place: int = described("序号，可用于分页。", "Its place in the record, to page with.")
    battery: str | None = described("电池编码。", "Code of the battery.")
    reagent: str | None = described("试剂。", "The reagent.")
    mass_kg: Decimal | None = described("质量，千克。", "Its mass, kilograms.")

    @resolved("材料批次。", "The lot that was drawn on.")
    def lot(self, info: strawberry.Info) -> Lot | None:
        found = reader_of(info).lots.by_id(self.row.lot_id)
        return lot(found) if found else None


@strawberry.type(description=both("批次的一项产出。", "What came out of a batch."))
class BatchOutput:
    """An output."""

    row: strawberry.Private[models.BatchOutput]
    place: int = described("序号，可用于分页。", "Its place in the record, to page with.")
    mass_kg: Decimal | None = described("质量，千克。", "Its mass, kilograms.")

    @resolved("材料批次。", "The lot it is.")
    def lot(self, info: strawberry.Info) -> Lot | None:
        found = reader_of(info).lots.by_id(self.row.lot_id)
        return lot(found) if found else None


@strawberry.type(description=both("批次的一项残余物。", "What a batch left behind."))
class Residue:
    """A residue."""

    row: strawberry.Private[models.Residue]
    place: int = described("序号，可用于分页。", "Its place in the record, to page with.")
    kind: str | None = described("种类。", "Its kind.")
    mass_kg: Decimal | None = described("质量，千克。", "Its mass, kilograms.")
    moisture_percent: Decimal | None = described("含水率。", "Its moisture.")
    manifest: str | None = described("转移联单编号。", "Number of its waste manifest.")

    @resolved("化验结果，按元素排列，至多 100 项。", "Its assay in order of element, 100 figures at most.")
    def assay(self) -> list[ElementShare]:
        return shares(self.row.assay)


@strawberry.type(description=both("一种元素的回收率。", "How much of one element was recovered."))
class ElementRecovery:
    """A recovery rate."""

    element: str = described("元素。", "The element.")
    percent: Decimal | None = described("回收率，百分比；依据不足时为空。", "Percent; empty without evidence.")


@strawberry.type(
    description=both(
        "再生工艺的一个批次，本单位与联盟可见。", "One run of a process; its recycler and the alliance see it."
    )
)
class Batch(Node):
    """A batch."""

    row: strawberry.Private[models.Batch]
    number: str = described("批次号。", "Its number.")
    process: Process | None = described("工艺；未填时为空。", "Its process; empty when it was not given.")
    started_at: dt.datetime | None = described("开始时间。", "When it started.")
    closed_at: dt.datetime = described("结束时间。", "When it was closed.")

    @resolved("再生利用企业。", "Whose it is.")
    def organisation(self, info: strawberry.Info) -> Organisation | None:
        return organisation(reader_of(info).parties.by_id(self.row.organisation_id))

    @resolved("投入，按记录顺序。", "What went in, in the order of the record.")
    def inputs(self, info: strawberry.Info, first: First = 100, after: AfterPlace = None) -> list[BatchInput]:
        rows = reader_of(info).lots.inputs(self.row, place_after(after), check_size(first, 100))
        return [
            BatchInput(
                row=row,
                place=row.place,
                battery=row.battery or None,
                reagent=row.reagent or None,
                mass_kg=kilograms(row.mass_mg),
            )
            for row in rows
        ]

    @resolved("产出，按记录顺序。", "What came out, in the order of the record.")
    def outputs(self, info: strawberry.Info, first: First = 100, after: AfterPlace = None) -> list[BatchOutput]:
        rows = reader_of(info).lots.outputs(self.row, place_after(after), check_size(first, 100))
        return [BatchOutput(row=row, place=row.place, mass_kg=kilograms(row.mass_mg)) for row in rows]

    @resolved("残余物，按记录顺序。", "What was left behind, in the order of the record.")
    def residues(self, info: strawberry.Info, first: First = 100, after: AfterPlace = None) -> list[Residue]:
        rows = reader_of(info).lots.residues(self.row, place_after(after), check_size(first, 100))
        return [
            Residue(
                row=row,
                place=row.place,
                kind=row.kind or None,
                mass_kg=kilograms(row.mass_mg),
                moisture_percent=percent(row.moisture_ppb),
                manifest=row.manifest or None,
            )
            for row in rows
        ]

    @resolved(
        "提示：未填工艺、投入成分全都未知的冶炼、电池不可能有的质量。",
        "What to know of it: no process, a smelting of nothing whose content is known, a mass that a battery cannot "
        "have.",
    )
    def warnings(self, info: strawberry.Info) -> list[Warning]:
        return [warning(found) for found in reader_of(info).lots.warnings_of(self.row)]

    @resolved("物料损失，占投入的百分比；无投入时为空。", "Loss in percent of the inputs; empty where nothing went in.")
    def loss_percent(self, info: strawberry.Info) -> Decimal | None:
        flow = reader_of(info).lots.flow(self.row)
        lost = None if flow is None else mass_balance.balance(flow).loss_percent
        return None if lost is None else printed(lost)

    @resolved(
        "投入中已知元素的回收率；依据不足时百分比为空。",
        "Recovery of each element that is known to have gone in; no percent without evidence.",
    )
    def recovery(self, info: strawberry.Info) -> list[ElementRecovery]:
        flow = reader_of(info).lots.flow(self.row)
        found = {} if flow is None else recoveries(flow)
        return [
            ElementRecovery(element=element, percent=None if figure.value is None else printed(figure.value))
            for element, figure in found.items()
            if figure.state != NOT_APPLICABLE
        ]


def batch(row: models.Batch, owner: str) -> Batch:
    """Show a batch's row; `owner` is the code of its recycler."""
    return Batch(
        row=row,
        id=strawberry.ID(f"Batch:{code_of(owner, row.number)}"),
        number=row.number,
        process=Process.maybe(row.process),
        started_at=None if row.started_ms is None else from_ms(row.started_ms),
        closed_at=from_ms(row.closed_ms),
    )


@strawberry.type(description=both("材料批次列表中的一项。", "One place in a list of lots."))
class LotEdge:
    """An edge."""

    cursor: str = described("此项的游标。", "Its cursor.")
    node: Lot = described("材料批次。", "The lot.")


@strawberry.type(description=both("材料批次列表，仅含看得到的。", "A list of lots: those that the viewer sees."))
class LotConnection:
    """A connection."""

    edges: list[LotEdge] = described("本页各项。", "The objects of this page.")
    page_info: PageInfo = described("分页信息。", "Where this page stands.")


@strawberry.input(description=both("材料批次的筛选条件，须同时满足。", "Conditions on lots that must all hold."))
class LotFilter:
    """What a list of lots may be narrowed by."""

    material: Material | None = described("材料。", "Material.", default=None)
    organisation: str | None = described("制成单位的代码。", "Code of who made it.", default=None)
    in_stock: bool | None = described(
        "是否由本单位保管且有余量。", "Whether the own organisation has it, and something is left.", default=None
    )


def lot_by_code(info: strawberry.Info, code: str) -> Lot | None:
    """Give a lot by `<organisation>/<number>`."""
    found = reader_of(info).lots.by_codes([code]).get(code)
    return lot(found) if found else None


def batch_by_code(info: strawberry.Info, code: str) -> Batch | None:
    """Give a batch by `<organisation>/<number>`."""
    owner, number = name_of(code)
    found = reader_of(info).lots.batch(owner, number)
    return batch(found, owner) if found else None


def lot_page(info: strawberry.Info, filters: LotFilter | None, first: int | None, after: str | None) -> LotConnection:
    """Give a page of lots."""
    begin = place(after, 1, "after")
    given = LotFilters()
    if filters is not None:
        material = filters.material.value if filters.material else None
        given = LotFilters(material, filters.organisation, filters.in_stock)
    page = reader_of(info).lots.page(given, check_size(first, 50), begin[0] if begin else None)
    edges = [LotEdge(cursor=cursor(row.id), node=lot(row)) for row in page.rows]
    return LotConnection(edges=edges, page_info=page_info(edges, page))
