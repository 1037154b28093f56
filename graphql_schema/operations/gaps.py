"""Gaps as they are worked: what is open, whose it is, what was said of it."""

import datetime as dt
from typing import Annotated, Any, Final

import strawberry
from strawberry.scalars import JSON

from batteries.rows import Page
from graphql_schema.enums import GapCode, GapStatus, Severity
from graphql_schema.operations.chains import Attachment, attachment, page_info
from graphql_schema.operations.describing import argument, both, described, resolved
from graphql_schema.operations.nodes import Node, PageInfo, check_size, cursor, place, reader_of
from graphql_schema.operations.organisations import Organisation, organisation
from traceability.audit import reading
from traceability.audit.calendar import day_of
from traceability.audit.telling import evidence_told, key_told, parties_in
from traceability.audit.wording import sentence
from traceability.models import Gap as Row
from traceability.models import GapAnswer as AnswerRow
from traceability.models import LifecycleEvent, LifecycleRecord, Step

PAGE: Final = 100


@strawberry.type(
    description=both("就一个缺口所作的答复；只增不改。", "What was said of a gap: appended, never changed.")
)
class GapAnswer:
    """An answer."""

    row: strawberry.Private[AnswerRow]
    kind: str = described("explained、accepted 或 reopened。", "`explained`, `accepted` or `reopened`.")
    text: str = described("说明或理由。", "The explanation, or the reason.")
    at: dt.datetime = described("何时。", "When.")
    attachments: list[Attachment] = described("依据的附件。", "What it rests on.")

    @resolved("由谁答复。", "Who said it.")
    def organisation(self, info: strawberry.Info) -> Organisation | None:
        return organisation(self.row.organisation)


@strawberry.type(
    description=both(
        "最近一次审计找到的一个缺口，及其处理情况。", "A gap that the audit's last run found, and how it is worked."
    )
)
class AuditGap(Node):
    """A gap."""

    row: strawberry.Private[Row]
    code: GapCode = described("类型。", "Its code.")
    severity: Severity = described("严重程度。", "How grave it is.")
    status: GapStatus = described(
        "处理状态；不影响链条状态。", "How far it is worked; the chain's status never depends on it."
    )
    since: dt.date = described("起始日（北京时间）。", "Since which day, at +08:00.")
    clause: str | None = described("依据的条款。", "The clause it rests on.")

    @resolved("所在电池的编码。", "The code of the battery that it hangs on.")
    def battery(self, info: strawberry.Info) -> str | None:
        return self._on(LifecycleRecord.Kind.BATTERY)

    @resolved("所在批次：单位/批号。", "The batch that it hangs on: organisation/number.")
    def batch(self, info: strawberry.Info) -> str | None:
        return self._on(LifecycleRecord.Kind.BATCH)

    @resolved("所在材料批：单位/批号。", "The lot that it hangs on: organisation/number.")
    def lot(self, info: strawberry.Info) -> str | None:
        return self._on(LifecycleRecord.Kind.LOT)

    def _on(self, kind: str) -> str | None:
        return self.row.record.code if self.row.record.kind == kind else None

    @resolved("责任单位。", "The organisation answerable.")
    def organisation(self, info: strawberry.Info) -> Organisation | None:
        return organisation(reader_of(info).parties.by_id(self.row.organisation_id))

    @resolved("所在记录的键。", "The key of the record it hangs on.")
    def event_key(self, info: strawberry.Info) -> str | None:
        return self.row.event_key  # type: ignore[attr-defined, no-any-return]

    @resolved("证据。", "What was found.")
    def evidence(self, info: strawberry.Info) -> JSON:
        return JSON(self._evidence(info))

    @resolved("以请求者语言写的说明。", "It in words, in the caller's language.")
    def explanation(self, info: strawberry.Info) -> str:
        return sentence(self.row.code, self._evidence(info))

    @resolved("各次答复，按先后。", "What was said of it, in order.")
    def answers(self, info: strawberry.Info) -> list[GapAnswer]:
        return [_answer(row) for row in self.row.answers]  # type: ignore[attr-defined]

    def _evidence(self, info: strawberry.Info) -> dict[str, Any]:
        parties = reader_of(info).parties
        found = {id_: parties.by_id(id_) for id_ in parties_in(self.row.evidence)}
        return evidence_told(self.row.code, self.row.evidence, {id_: p.code for id_, p in found.items() if p})


@strawberry.type(description=both("缺口列表中的一项。", "One place in a list of gaps."))
class AuditGapEdge:
    """An edge."""

    cursor: str = described("此项的游标。", "Its cursor.")
    node: AuditGap = described("缺口。", "The gap.")


@strawberry.type(description=both("缺口列表，新的在前。", "A list of gaps, newest first."))
class AuditGapConnection:
    """A connection."""

    edges: list[AuditGapEdge] = described("本页各项。", "The objects of this page.")
    page_info: PageInfo = described("分页信息。", "Where this page stands.")


@strawberry.input(description=both("缺口的筛选条件。", "Which gaps."))
class GapFilter:
    """Which gaps."""

    code: GapCode | None = described("类型。", "Of this code.", default=None)
    severity: Severity | None = described("严重程度。", "Of this severity.", default=None)
    status: GapStatus | None = described(
        "处理状态；默认为未关闭的。", "Of this status; by default those that are not closed.", default=None
    )


GapFilters = Annotated[GapFilter | None, argument("筛选条件。", "Which gaps.")]


def gap_page(
    info: strawberry.Info, filters: GapFilter | None, first: int | None, after: str | None
) -> AuditGapConnection:
    """Give a page of the gaps that the viewer answers for; all of them for the alliance."""
    size, begin = check_size(first, PAGE), place(after, 1, "after")
    given = filters or GapFilter()
    rows = reading.visible_gaps(reader_of(info).viewer)
    rows = rows.exclude(closed_in=None) if given.status is GapStatus.CLOSED else rows.filter(closed_in=None)
    chosen = {"code": given.code, "severity": given.severity, "status": given.status}
    rows = rows.filter(**{name: value.value for name, value in chosen.items() if value is not None})
    rows = rows.filter(id__lt=begin[0]) if begin else rows
    found = list(rows.select_related("record").order_by("-id")[: size + 1])
    page = Page.cut(found, size, begun=begin is not None)
    edges = [AuditGapEdge(cursor=cursor(row.pk), node=_gap(row)) for row in _told(info, list(page.rows))]
    return AuditGapConnection(edges=edges, page_info=page_info(edges, page))


def gap_by_id(info: strawberry.Info, number: str) -> AuditGap | None:
    """Give a gap that the viewer may see, by the number in its id."""
    if not number.isdecimal() or len(number) > 18:
        return None
    row = reading.visible_gaps(reader_of(info).viewer).select_related("record").filter(pk=int(number)).first()
    return audit_gap(info, row) if row else None


def audit_gap(info: strawberry.Info, row: Row) -> AuditGap:
    """Show one gap."""
    return _gap(_told(info, [row])[0])


def _told(info: strawberry.Info, rows: list[Row]) -> list[Row]:
    """Give gaps what is told with them, for the whole page at once: keys, answers, parties."""
    ids = {row.event_id for row in rows if row.event_id}
    keys = {id_: key_told(key, type_) for id_, key, type_ in _keys(ids)}
    answers: dict[tuple[int, str, int], list[AnswerRow]] = {}
    for answer in AnswerRow.objects.filter(record__in={row.record_id for row in rows}).select_related("organisation"):
        answers.setdefault((answer.record_id, answer.code, answer.event_id), []).append(answer)
    for row in rows:
        row.event_key = keys.get(row.event_id)  # type: ignore[attr-defined]
        row.answers = answers.get((row.record_id, row.code, row.event_id), [])  # type: ignore[attr-defined]
    parties = reader_of(info).parties
    parties.want(row.organisation_id for row in rows)
    parties.want(id_ for row in rows for id_ in parties_in(row.evidence))
    return rows


def _keys(ids: set[int]) -> list[tuple[int, str, str]]:
    steps = dict(Step.objects.filter(event__in=ids).values_list("event_id", "key"))
    events = LifecycleEvent.objects.filter(id__in=ids).values_list("id", "key", "type")
    return [(id_, steps.get(id_, key), type_) for id_, key, type_ in events]


def _gap(row: Row) -> AuditGap:
    return AuditGap(
        row=row,
        id=strawberry.ID(f"Gap:{row.pk}"),
        code=GapCode.of(row.code),
        severity=Severity.of(row.severity),
        status=GapStatus.of(row.status),
        since=day_of(row.since_day),
        clause=row.clause or None,
    )


def _answer(row: AnswerRow) -> GapAnswer:
    attached = [attachment(each, row.organisation_id) for each in row.attachments]
    return GapAnswer(row=row, kind=row.kind, text=row.text, at=row.at, attachments=attached)
