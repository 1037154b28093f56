"""The questions that may be asked."""

from typing import Annotated, Any

import strawberry

from batteries.rows import Page
from graphql_schema.enums import EventType
from graphql_schema.operations import batteries, compliance, imports, lots, recalls, scans, transfers
from graphql_schema.operations import declarations as declared
from graphql_schema.operations import gaps as worked
from graphql_schema.operations.batches import BatchConnection, BatchFilters, batch_page
from graphql_schema.operations.batteries import After, Battery, BatteryConnection, BatteryEdge, BatteryFilter, First
from graphql_schema.operations.chains import page_info
from graphql_schema.operations.describing import argument, both, resolved
from graphql_schema.operations.dynamic_list import DynamicListQuery
from graphql_schema.operations.gaps import AuditGapConnection
from graphql_schema.operations.imports import ImportJob, ImportJobConnection
from graphql_schema.operations.inspections import GradeScheme, grade_scheme
from graphql_schema.operations.lots import Batch, Lot, LotConnection, LotFilter
from graphql_schema.operations.nodes import Node, check_size, cursor, place, reader_of, split_id
from graphql_schema.operations.organisations import (
    BatteryModelConnection,
    BatteryModelEdge,
    Me,
    Organisation,
    OrganisationConnection,
    OrganisationEdge,
    model,
    organisation,
)
from graphql_schema.operations.recycled import RecycledQuery
from graphql_schema.operations.scans import ScanResult
from graphql_schema.operations.transfers import TransferConnection, TransferEdge, TransferFilter
from graphql_schema.operations.types import battery_by_code, event_by_id, organisation_by_code, transfer_by_id
from traceability.errors import refuse
from traceability.lots import code_of

#: How many nodes one question may name.
MOST_NODES = 100
DEFAULT_PAGE = 50
OwnCode = Annotated[str | None, argument("制成单位的代码，默认为本单位。", "Code of who made it, by default oneself.")]


@strawberry.type(
    description=both(
        "查询。看不到的与不存在的，回答相同。", "Questions. What may not be seen answers like what does not exist."
    )
)
class Query(RecycledQuery, DynamicListQuery):
    """The root of all reading."""

    @resolved("当前登录者。", "Whoever asks.")
    def me(self, info: strawberry.Info) -> Me:
        viewer = reader_of(info).viewer
        reader_of(info).parties.want([viewer.organisation_id])
        return Me(
            name=viewer.name or viewer.actor,
            organisation=organisation(reader_of(info).parties.by_id(viewer.organisation_id)),
            permissions=[EventType.of(type_) for type_ in viewer.permissions],
        )

    @resolved("现用的分级方案。", "How retired batteries are graded here.")
    def grade_scheme(self) -> GradeScheme:
        return grade_scheme()

    @resolved("按编码查一块电池。", "One battery by its code.")
    def battery(
        self,
        info: strawberry.Info,
        code: Annotated[str, argument("编码或临时编码。", "Its code, or a provisional one.")],
    ) -> Battery | None:
        return battery_by_code(info, code.strip().upper(), after_write=False)

    @resolved("看得到的电池。", "The batteries that the viewer sees.")
    def batteries(
        self,
        info: strawberry.Info,
        filters: Annotated[BatteryFilter | None, argument("筛选条件。", "What to narrow it by.")] = None,
        first: First = DEFAULT_PAGE,
        after: After = None,
    ) -> BatteryConnection:
        begin = place(after, 1, "after")
        page = reader_of(info).page(
            batteries.filters_of(filters), check_size(first, DEFAULT_PAGE), begin[0] if begin else None
        )
        edges = [BatteryEdge(cursor=cursor(row.record_id or 0), node=batteries.battery(row)) for row in page.rows]
        return BatteryConnection(filters=filters, edges=edges, page_info=page_info(edges, page))

    @resolved("解析扫描内容。", "What a scanner read, resolved.")
    def resolve_scan(
        self,
        info: strawberry.Info,
        payload: Annotated[str, argument("扫描枪读到的全部内容。", "All that the scanner read.")],
    ) -> ScanResult:
        return scans.resolve(info, payload)

    @resolved("本单位发出与收到的货运单。", "The consignments that the own organisation sends or receives.")
    def transfers(
        self,
        info: strawberry.Info,
        filters: Annotated[TransferFilter | None, argument("筛选条件。", "What to narrow it by.")] = None,
        first: First = DEFAULT_PAGE,
        after: After = None,
    ) -> TransferConnection:
        begin = place(after, 1, "after")
        page = reader_of(info).transfers(
            transfers.filters_of(filters), check_size(first, DEFAULT_PAGE), begin[0] if begin else None
        )
        edges = [TransferEdge(cursor=cursor(row.id), node=transfers.transfer(row)) for row in page.rows]
        return TransferConnection(edges=edges, page_info=page_info(edges, page))

    @resolved("按批号查看得到的材料批次。", "A lot that the viewer sees, by its number.")
    def lot(
        self,
        info: strawberry.Info,
        number: Annotated[str, argument("批号。", "Its number.")],
        organisation: OwnCode = None,
    ) -> Lot | None:
        return lots.lot_by_code(info, code_of(_owner(info, organisation), number))

    @resolved("看得到的材料批次。", "The lots that the viewer sees.")
    def lots(
        self,
        info: strawberry.Info,
        filters: Annotated[LotFilter | None, argument("筛选条件。", "What to narrow it by.")] = None,
        first: First = DEFAULT_PAGE,
        after: After = None,
    ) -> LotConnection:
        return lots.lot_page(info, filters, first, after)

    @resolved(
        "按批次号查本单位的批次；联盟可查全部。", "A batch of the own organisation by its number; any for the alliance."
    )
    def batch(
        self,
        info: strawberry.Info,
        number: Annotated[str, argument("批次号。", "Its number.")],
        organisation: OwnCode = None,
    ) -> Batch | None:
        return lots.batch_by_code(info, code_of(_owner(info, organisation), number))

    @resolved(
        "本单位的批次，最近结束的在前；联盟看到全部。",
        "The batches of the own organisation, the latest closed first; all for the alliance.",
    )
    def batches(
        self,
        info: strawberry.Info,
        filters: BatchFilters = None,
        first: First = DEFAULT_PAGE,
        after: After = None,
    ) -> BatchConnection:
        return batch_page(info, filters, first, after)

    @resolved(
        "按统一社会信用代码查单位：本单位、往来单位；联盟可查全部。",
        "An organisation by its code: the own, a counterparty; any for the alliance.",
    )
    def organisation(
        self, info: strawberry.Info, code: Annotated[str, argument("统一社会信用代码。", "Its code.")]
    ) -> Organisation | None:
        return organisation_by_code(info, code.strip().upper())

    @resolved("本单位与往来单位；联盟看到全部。", "The own organisation and its counterparties; all for the alliance.")
    def organisations(
        self, info: strawberry.Info, first: First = DEFAULT_PAGE, after: After = None
    ) -> OrganisationConnection:
        page = _page(reader_of(info).organisations_known(), first, after)
        reader_of(info).parties.meet(page.rows)
        edges = [
            OrganisationEdge(cursor=cursor(row.pk), node=shown) for row in page.rows if (shown := organisation(row))
        ]
        return OrganisationConnection(edges=edges, page_info=page_info(edges, page))

    @resolved(
        "本单位的年度申报，先到的在前；联盟看到全部，待审核的以 standing: DECLARED 筛选。",
        "The yearly declarations of the own organisation, the first that came first; all for the alliance, which finds "
        "what waits for review by `standing: DECLARED`.",
    )
    def declarations(
        self,
        info: strawberry.Info,
        filters: declared.Filters = None,
        first: First = DEFAULT_PAGE,
        after: After = None,
    ) -> declared.DeclarationConnection:
        return declared.declaration_page(info, filters, first, after)

    @resolved("本单位申报的型号。", "The models that the own organisation filed.")
    def models(self, info: strawberry.Info, first: First = DEFAULT_PAGE, after: After = None) -> BatteryModelConnection:
        reader = reader_of(info)
        page = _page(reader.models_known(), first, after)
        edges = [BatteryModelEdge(cursor=cursor(row.pk), node=model(reader.model_row(row))) for row in page.rows]
        return BatteryModelConnection(edges=edges, page_info=page_info(edges, page))

    @resolved("后台处理的一个文件。", "A file that is worked off in the background.")
    def import_job(self, info: strawberry.Info, id: imports.JobId) -> ImportJob | None:  # noqa: A002
        return imports.job_by_id(info, id)

    @resolved("本单位上传的文件；联盟看到全部。", "The files that the own organisation sent; all for the alliance.")
    def import_jobs(
        self, info: strawberry.Info, first: First = DEFAULT_PAGE, after: After = None
    ) -> ImportJobConnection:
        return imports.job_page(info, first, after)

    @resolved(
        "最近一次审计找到的、由本单位负责的缺口；联盟看到全部。",
        "The gaps of the audit's last run that the own organisation answers for; all for the alliance.",
    )
    def gaps(
        self,
        info: strawberry.Info,
        filters: worked.GapFilters = None,
        first: First = DEFAULT_PAGE,
        after: After = None,
    ) -> AuditGapConnection:
        return worked.gap_page(info, filters, first, after)

    @resolved(
        "一个型号、一批编码或一次召回影响到的电池、部件与产品，不论现在何处：生产企业查自己的，联盟可查全部。三者填其一。",
        "What a model, the beginning of codes or a campaign affects, wherever it is now: for a maker its own, for the "
        "alliance all. Give one of the three.",
    )
    def recall(
        self,
        info: strawberry.Info,
        model: recalls.Model = None,
        code_prefix: recalls.CodePrefix = None,
        campaign: recalls.Campaign = None,
    ) -> recalls.RecallReach:
        return recalls.reach(info, model, code_prefix, campaign)

    @resolved(
        "按行业规范条件评定本单位；联盟可评定任何企业。看不到的与不存在的，回答相同：空。",
        "How the own company meets the conditions for the industry; any company for the alliance. What may not be seen "
        "answers like what does not exist: null.",
    )
    def compliance_report(
        self,
        info: strawberry.Info,
        recycler: compliance.Recycler,
        from_: compliance.From,
        until: compliance.Until,
        edition: compliance.Edition = None,
        as_of: compliance.AsOf = None,
        boundary: compliance.BoundaryGiven = None,
        averaging: compliance.AveragingGiven = None,
        provisional: compliance.Provisional = False,
    ) -> compliance.ComplianceReport | None:
        return compliance.report(
            info,
            recycler,
            (from_, until),
            edition=edition,
            as_of=as_of,
            boundary=boundary,
            averaging=averaging,
            provisional=provisional,
        )

    @resolved("按 id 查任何对象。", "Any object by its id.")
    def node(
        self,
        info: strawberry.Info,
        id: Annotated[strawberry.ID, argument("对象的 id。", "Its id.")],  # noqa: A002
    ) -> Node | None:
        return _node(info, id)

    @resolved("按 id 查多个对象，最多 100 个。", "Several objects by their ids, up to 100.")
    def nodes(
        self,
        info: strawberry.Info,
        ids: Annotated[list[strawberry.ID], argument("各对象的 id。", "Their ids.")],
    ) -> list[Node | None]:
        if len(ids) > MOST_NODES:
            raise refuse("too_many", ("ids",), value=len(ids), limit=MOST_NODES)
        # Batteries are many as a rule, and loaded together.
        codes = [key for type_, key in map(split_id, ids) if type_ == "Battery"]
        found = reader_of(info).batteries(codes) if codes else {}
        return [
            (batteries.battery(found[key]) if key in found else None) if type_ == "Battery" else _node(info, id_)
            for id_ in ids
            for type_, key in (split_id(id_),)
        ]


def _owner(info: strawberry.Info, organisation: str | None) -> str:
    return (organisation or reader_of(info).viewer.organisation_code or "").strip().upper()


def _node(info: strawberry.Info, id_: str) -> Node | None:
    """Find a node; an id that names nothing, or nothing that the viewer may see, gives None."""
    type_, key = split_id(id_)
    if type_ == "Battery":
        return battery_by_code(info, key, after_write=False)
    if type_ == "Event":
        return event_by_id(info, id_)
    if type_ == "Gap":
        return worked.gap_by_id(info, key)
    if type_ == "ImportJob":
        return imports.job_by_id(info, id_)
    if type_ == "Lot":
        return lots.lot_by_code(info, key)
    if type_ == "Batch":
        return lots.batch_by_code(info, key)
    if type_ == "Transfer":
        return transfer_by_id(info, id_)
    return organisation_by_code(info, key) if type_ == "Organisation" else None


def _page(rows: Any, first: int | None, after: str | None) -> Page[Any]:
    """A page of rows in order of their ids."""
    size, begin = check_size(first, DEFAULT_PAGE), place(after, 1, "after")
    rows = rows.order_by("id")
    found = list((rows.filter(id__gt=begin[0]) if begin else rows)[: size + 1])
    return Page.cut(found, size, begun=begin is not None)
