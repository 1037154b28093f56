"""What companies declare for a year, what the alliance made of it, and penalties."""

import datetime as dt
from typing import Annotated

import strawberry
from django.urls import reverse
from strawberry.scalars import JSON

from graphql_schema.enums import DeclarationStanding
from graphql_schema.operations.batteries import After, First
from graphql_schema.operations.chains import page_info
from graphql_schema.operations.describing import argument, both, described, resolved
from graphql_schema.operations.nodes import PageInfo, check_size, cursor, place, reader_of
from graphql_schema.operations.organisations import Organisation, organisation
from recyclers import declarations as domain
from recyclers import models
from recyclers.declarations import DeclarationRow
from traceability.values import from_ms


@strawberry.type(description=both("申报所附的文件。", "A document of a declaration."))
class DeclarationDocument:
    """A document."""

    named_by: strawberry.Private[int]
    clause: str | None = described("所证明的条款。", "The clause it proves.")
    sha256: str | None = described("内容的 SHA-256。", "SHA-256 of its content.")
    name: str | None = described("文件名。", "Its file name.")

    @resolved("内容是否已上传。", "Whether its content was sent.")
    def stored(self, info: strawberry.Info) -> bool:
        return self.sha256 is not None and reader_of(info).is_sent(self.named_by, self.sha256)

    @resolved("内容的地址；未上传时为空。", "Where its content is; empty when it was not sent.")
    def url(self, info: strawberry.Info) -> str | None:
        return reverse("attachment", args=[self.sha256]) if self.stored(info) else None


@strawberry.type(
    description=both(
        "一次年度申报，按提交时的内容；同一年度的各次申报互为补充，同一条款以后者为准。",
        "A declaration for a year, as it was handed in; those of one year complete each other, and of two answers to "
        "one clause the later stands.",
    )
)
class Declaration:
    """A declaration."""

    row: strawberry.Private[DeclarationRow]
    key: str = described("申报者给出的键。", "The key that the company gave it.")
    year: int = described("年度。", "The year.")
    figures: JSON = described("各条款的数值，以条款的单位计。", "Figures by clause, in the clause's unit.")
    statements: JSON = described("各条款的声明（true 或 false）。", "Statements by clause (true or false).")
    documents: list[DeclarationDocument] = described("文件。", "Its documents.")
    occurred_at: dt.datetime = described("申报时间。", "When it was made.")
    reported_at: dt.datetime = described("视为报告的时间。", "When it counts as reported.")
    actor: str = described("登记人。", "Who recorded it.")
    corrected: bool = described("内容是否经过更正。", "Whether its content was corrected since.")
    standing: DeclarationStanding = described(
        "联盟此后的意见，以最近一次审核为准。", "What the alliance made of it since, by its last review."
    )
    reason: str | None = described("该次审核的理由。", "The reason that this review gives.")
    reviewed_at: dt.datetime | None = described("该次审核视为报告的时间。", "When this review counts as reported.")

    @resolved("申报企业。", "Whose it is.")
    def organisation(self, info: strawberry.Info) -> Organisation | None:
        return organisation(reader_of(info).parties.by_id(self.row.organisation_id))


@strawberry.type(description=both("一次行政处罚。", "An administrative penalty."))
class Penalty:
    """A penalty."""

    decided_on: dt.date | None = described("决定日期。", "When it was decided.")
    authority: str | None = described("处罚机关。", "Who decided it.")
    number: str | None = described("文号。", "Its number.")
    reason: str | None = described("事由。", "Why.")


@strawberry.type(description=both("申报列表中的一项。", "One place in a list of declarations."))
class DeclarationEdge:
    """An edge."""

    cursor: str = described("此项的游标。", "Its cursor.")
    node: Declaration = described("申报。", "The declaration.")


@strawberry.type(
    description=both(
        "申报列表，先到的在前：本单位的；联盟看到全部。",
        "A list of declarations, the first that came first: one's own; all for the alliance.",
    )
)
class DeclarationConnection:
    """A connection."""

    filters: strawberry.Private[domain.DeclarationFilters]
    edges: list[DeclarationEdge] = described("本页各项。", "The objects of this page.")
    page_info: PageInfo = described("分页信息。", "Where this page stands.")

    @resolved("总数；仅在需要时查询。", "How many there are in all; counted only when asked for.")
    def total_count(self, info: strawberry.Info) -> int:
        return reader_of(info).declarations.count(self.filters)


@strawberry.input(description=both("申报的筛选条件，须同时满足。", "Conditions on declarations that must all hold."))
class DeclarationFilter:
    """What a list of declarations may be narrowed by."""

    year: int | None = described("年度。", "The year.", default=None)
    standing: DeclarationStanding | None = described(
        "联盟的意见；DECLARED 为待审核。", "What the alliance made of it; DECLARED waits for review.", default=None
    )
    organisation: str | None = described("企业的代码。", "Code of the company.", default=None)


Filters = Annotated[DeclarationFilter | None, argument("筛选条件。", "What to narrow it by.")]


def declaration_page(info: strawberry.Info, given: Filters, first: First, after: After) -> DeclarationConnection:
    """Give a page of declarations."""
    filters, begin = _filters_of(given), place(after, 1, "after")
    page = reader_of(info).declarations.page(filters, check_size(first, 50), begin[0] if begin else None)
    edges = [DeclarationEdge(cursor=cursor(row.arrival), node=declaration(row)) for row in page.rows]
    return DeclarationConnection(filters=filters, edges=edges, page_info=page_info(edges, page))


def declaration(row: DeclarationRow) -> Declaration:
    """Show a declaration's row."""
    return Declaration(
        row=row,
        key=row.key,
        year=row.year,
        figures=JSON(row.figures),
        statements=JSON(row.statements),
        documents=[
            DeclarationDocument(
                named_by=row.organisation_id,
                clause=each.get("clause"),
                sha256=each.get("sha256"),
                name=each.get("name"),
            )
            for each in row.documents
        ],
        occurred_at=from_ms(row.occurred_ms),
        reported_at=from_ms(row.reported_ms),
        actor=row.actor,
        corrected=row.corrected,
        standing=DeclarationStanding.of(row.standing),
        reason=row.reason or None,
        reviewed_at=None if row.reviewed_ms is None else from_ms(row.reviewed_ms),
    )


def penalty(row: models.Penalty) -> Penalty:
    """Show a penalty's row."""
    return Penalty(
        decided_on=row.decided_on,
        authority=row.authority or None,
        number=row.number or None,
        reason=row.reason or None,
    )


def _filters_of(given: Filters) -> domain.DeclarationFilters:
    if given is None:
        return domain.DeclarationFilters()
    return domain.DeclarationFilters(
        year=given.year,
        standing=given.standing.value if given.standing else None,
        organisation=given.organisation.strip().upper() if given.organisation is not None else None,
    )
