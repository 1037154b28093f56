"""What a recall affects, and where it is now."""

from typing import Annotated
from urllib.parse import urlencode

import strawberry
from django.urls import reverse

from batteries import reading, recalls
from batteries.recalls import Holding, Scope
from batteries.rows import BatteryRow, Page
from graphql_schema.enums import Role
from graphql_schema.operations.batteries import After, Battery, First, battery
from graphql_schema.operations.chains import page_info
from graphql_schema.operations.describing import argument, both, described, resolved
from graphql_schema.operations.nodes import PageInfo, check_size, cursor, place, reader_of
from graphql_schema.operations.organisations import Organisation, organisation

Model = Annotated[str | None, argument("型号：电池包、模块或单体的。", "Number of a model of pack, module or cell.")]
CodePrefix = Annotated[
    str | None,
    argument("编码的开头，至少 6 位，例如一批单体。", "How codes begin, at least 6 characters: a batch of cells, say."),
]
Campaign = Annotated[str | None, argument("召回编号。", "The number of a campaign.")]
#: The formats of the export.
FORMATS = ("csv", "xlsx", "jsonl")


@strawberry.type(description=both("受影响的一块电池。", "A battery that is affected."))
class AffectedBattery:
    """What stands alone: a pack, a product, or a part that was taken out."""

    row: strawberry.Private[BatteryRow]
    battery: Battery = described(
        "电池：其中装有受影响之物的最外层。", "The battery: the outermost around what is affected."
    )
    affected: int = described("其自身及其中受影响的件数。", "How many of the things affected it is or holds.")
    example: str = described("其中一件的编码。", "The code of one of them.")

    @resolved(
        "保管单位的行政区划代码（GB/T 2260）；不得知悉时为空。",
        "The region of who holds it (GB/T 2260); empty where that may not be told.",
    )
    def region(self, info: strawberry.Info) -> str | None:
        known = self.row.holder_id == self.row.keeper_id
        holder = reader_of(info).parties.by_id(self.row.holder_id) if known else None
        return (holder.region or None) if holder else None


@strawberry.type(description=both("受影响的电池列表中的一项。", "One place in a list of affected batteries."))
class AffectedEdge:
    """An edge."""

    cursor: str = described("此项的游标。", "Its cursor.")
    node: AffectedBattery = described("电池。", "The battery.")


@strawberry.type(
    description=both("受影响的电池，仅含看得到的。", "The affected batteries: those that the viewer sees.")
)
class AffectedConnection:
    """A connection."""

    edges: list[AffectedEdge] = described("本页各项。", "The objects of this page.")
    page_info: PageInfo = described("分页信息。", "Where this page stands.")


@strawberry.type(
    description=both(
        "一家单位保管的受影响电池；不得知悉的单位按角色合计。",
        "What one organisation has of the affected batteries; those that may not be named stand together.",
    )
)
class AffectedHolding:
    """A holder's part."""

    holding: strawberry.Private[Holding]
    batteries: int = described("块数。", "How many batteries.")
    living: int = described("其中寿命未终结的块数。", "How many of them have not come to an end.")

    @resolved("保管单位；不得知悉时为空。", "Who holds them; empty where that may not be told.")
    def holder(self, info: strawberry.Info) -> Organisation | None:
        return organisation(reader_of(info).parties.by_id(self.holding.holder_id))

    @resolved("保管单位的角色。", "The roles of who holds them.")
    def roles(self) -> list[Role]:
        return [Role.of(role) for role in self.holding.roles]


@strawberry.type(
    description=both(
        "一次召回影响到的范围：问到的电池、由其拆出的部件，以及装有其中任何一件的电池与梯次产品。",
        "What a recall affects: the batteries that were asked for, parts that were taken out of them, and every "
        "battery and product that any of this is in now.",
    )
)
class RecallReach:
    """An answer."""

    scope: strawberry.Private[Scope]

    @resolved("受影响的独立电池块数。", "How many batteries, by themselves, are affected.")
    def total_count(self, info: strawberry.Info) -> int:
        return recalls.affected(reader_of(info).viewer, self.scope).count()

    @resolved("按保管单位汇总，多者在前。", "By who holds them, the most first.")
    def holdings(self, info: strawberry.Info, first: First = 100) -> list[AffectedHolding]:
        reader = reader_of(info)
        found = recalls.holdings(reader.viewer, self.scope)[: check_size(first, 100)]
        reader.parties.want(one.holder_id for one in found)
        return [AffectedHolding(holding=one, batteries=one.batteries, living=one.living) for one in found]

    @resolved("受影响的电池，不论现在何处。", "The affected batteries, wherever they are now.")
    def batteries(
        self,
        info: strawberry.Info,
        first: First = 50,
        after: After = None,
        living: Annotated[
            bool | None, argument("仅寿命未终结（或已终结）的。", "Only those not at an end, or only those at one.")
        ] = None,
    ) -> AffectedConnection:
        reader, begin = reader_of(info), place(after, 1, "after")
        rows = recalls.affected(reader.viewer, self.scope, living=living)
        page: Page[BatteryRow] = reading.page_of(rows, check_size(first, 50), begin[0] if begin else None)
        reader.meet(page.rows)
        held = recalls.inside(self.scope, [row.record_id for row in page.rows if row.record_id is not None])
        edges = [
            AffectedEdge(
                cursor=cursor(row.record_id or 0),
                node=AffectedBattery(row=row, battery=battery(row), affected=found.count, example=found.first),
            )
            for row in page.rows
            if (found := held.get(row.record_id or 0))
        ]
        return AffectedConnection(edges=edges, page_info=page_info(edges, page))

    @resolved(
        "导出文件的路径：CSV、XLSX 与 JSON Lines，含全部受影响的电池。",
        "The paths of the export with all affected batteries, as CSV, XLSX and JSON Lines.",
    )
    def files(self) -> list[str]:
        asked = urlencode({recalls.PATHS[self.scope.name]: self.scope.value})
        return [f"{reverse('recall-file', args=[form])}?{asked}" for form in FORMATS]


def reach(info: strawberry.Info, model: str | None, code_prefix: str | None, campaign: str | None) -> RecallReach:
    """Answer what a recall affects."""
    given = {"model": model, "code_prefix": code_prefix, "campaign": campaign}
    return RecallReach(scope=recalls.scope_of(reader_of(info).viewer, **given))
