"""The list of batches."""

import datetime as dt
from typing import Annotated

import strawberry

from graphql_schema.enums import Process
from graphql_schema.operations.batteries import After, First
from graphql_schema.operations.chains import page_info
from graphql_schema.operations.describing import argument, both, described, resolved
from graphql_schema.operations.lots import Batch, batch
from graphql_schema.operations.nodes import PageInfo, check_size, cursor, place, reader_of
from recyclers import lot_reading


@strawberry.input(description=both("批次的筛选条件，须同时满足。", "Conditions on batches that must all hold."))
class BatchFilter:
    """What a list of batches may be narrowed by."""

    process: Process | None = described("工艺。", "Process.", default=None)
    from_: dt.date | None = described(
        "结束日期不早于（北京时间）。", "Closed on or after this day, at +08:00.", name="from", default=None
    )
    until: dt.date | None = described(
        "结束日期不晚于（北京时间）。", "Closed on or before this day, at +08:00.", default=None
    )
    number_prefix: str | None = described(
        "批次号的开头，区分大小写。", "How its number begins; upper and lower case differ.", default=None
    )
    organisation: str | None = described("再生利用企业的代码。", "Code of its recycler.", default=None)


BatchFilters = Annotated[BatchFilter | None, argument("筛选条件。", "What to narrow it by.")]


@strawberry.type(description=both("批次列表中的一项。", "One place in a list of batches."))
class BatchEdge:
    """An edge."""

    cursor: str = described("此项的游标。", "Its cursor.")
    node: Batch = described("批次。", "The batch.")


@strawberry.type(
    description=both(
        "批次列表，最近结束的在前：本单位的；联盟看到全部。",
        "A list of batches, the latest closed first: one's own; all for the alliance.",
    )
)
class BatchConnection:
    """A connection."""

    filters: strawberry.Private[lot_reading.BatchFilters]
    edges: list[BatchEdge] = described("本页各项。", "The objects of this page.")
    page_info: PageInfo = described("分页信息。", "Where this page stands.")

    @resolved("总数；仅在需要时查询。", "How many there are in all; counted only when asked for.")
    def total_count(self, info: strawberry.Info) -> int:
        return reader_of(info).lots.count_batches(self.filters)


def batch_page(info: strawberry.Info, given: BatchFilters, first: First, after: After) -> BatchConnection:
    """Give a page of batches."""
    reader, filters = reader_of(info), _filters_of(given)
    page = reader.lots.batches(filters, check_size(first, 50), place(after, 2, "after"))
    edges = []
    for row in page.rows:
        owner = reader.parties.by_id(row.organisation_id)
        node = batch(row, owner.code if owner else "")
        edges.append(BatchEdge(cursor=cursor(row.closed_ms, row.event_id), node=node))
    return BatchConnection(filters=filters, edges=edges, page_info=page_info(edges, page))


def _filters_of(given: BatchFilters) -> lot_reading.BatchFilters:
    if given is None:
        return lot_reading.BatchFilters()
    return lot_reading.BatchFilters(
        process=given.process.value if given.process else None,
        closed_from=given.from_,
        closed_until=given.until,
        number_prefix=given.number_prefix,
        organisation=given.organisation,
    )
