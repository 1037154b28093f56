"""Events and gaps of a chain."""

import datetime as dt
from decimal import Decimal
from typing import Any

import strawberry
from django.urls import reverse
from strawberry.scalars import JSON

from batteries.rows import BatteryRow, EventRow, Page
from graphql_schema.enums import ChainStatus, EventType, GapCode, Severity, Stage
from graphql_schema.operations.describing import both, described, resolved
from graphql_schema.operations.nodes import Node, PageInfo, Warning, cursor, reader_of, warning  # noqa: A004
from graphql_schema.operations.organisations import Organisation, organisation
from traceability.access import Viewer
from traceability.audit.live import Standing
from traceability.audit.telling import parties_in
from traceability.values import from_ms


@strawberry.type(description=both("事件发生的地点。", "Where an event happened."))
class Site:
    """A place."""

    name: str | None = described("名称。", "Its name.")
    region: str | None = described("行政区划代码（GB/T 2260）。", "Its region (GB/T 2260).")
    lat: Decimal | None = described("纬度。", "Latitude.")
    lon: Decimal | None = described("经度。", "Longitude.")


@strawberry.type(
    description=both("事件的附件；其哈希是事件的一部分。", "An attachment; its hash is part of the event.")
)
class Attachment:
    """An attached file."""

    named_by: strawberry.Private[int]
    sha256: str = described("内容的 SHA-256。", "SHA-256 of its content.")
    name: str | None = described("文件名。", "Its file name.")
    media_type: str | None = described("媒体类型。", "Its media type.")
    bytes: int | None = described("字节数。", "Its size in bytes.")

    @resolved("内容是否已上传。", "Whether its content was sent.")
    def stored(self, info: strawberry.Info) -> bool:
        return reader_of(info).is_sent(self.named_by, self.sha256)

    @resolved("内容的地址；未上传时为空。", "Where its content is; empty when it was not sent.")
    def url(self, info: strawberry.Info) -> str | None:
        return reverse("attachment", args=[self.sha256]) if self.stored(info) else None


@strawberry.type(description=both("链条上的一条记录，只增不改。", "One record of a chain: appended, never changed."))
class Event(Node):
    """An event as it counts in its chain."""

    row: strawberry.Private[EventRow]
    key: str = described("记录者给出的键，单位内唯一。", "The recorder's key, unique per organisation.")
    recorded_under: str = described(
        "登记时所用的编码；临时编码确认后与电池编码不同。",
        "The code it was recorded under; another than the battery's where a provisional identity was identified.",
    )
    sequence: int = described("在其记录中的序号，从 1 起。", "Its number on its record, from 1.")
    type: EventType = described("类型。", "Its type.")
    occurred_at: dt.datetime = described("发生时间。", "When it happened.")
    recorded_at: dt.datetime = described("登记时间。", "When it was recorded.")
    reported_at: dt.datetime = described("视为报告的时间。", "When it counts as reported.")
    effective: bool = described(
        "是否有效；被更正或撤回的记录仍然保留。", "Whether it counts; what was corrected or withdrawn stays on record."
    )
    corrects: str | None = described(
        "内容来自一条更正时，被更正记录的键。",
        "The key of the record that it corrects, when its content is a correction.",
    )
    stage_after: Stage | None = described("此后的生命阶段。", "The stage it led to.")
    hash: str = described("SHA-256，十六进制。", "Its SHA-256, hexadecimal.")
    previous_hash: str | None = described("前一条记录的哈希。", "The hash of the record before it.")
    actor: str | None = described(
        "登记人；仅本单位与联盟可见。", "Who recorded it; for its own organisation and the alliance only."
    )
    site: Site | None = described("发生地点。", "Where it happened.")
    attachments: list[Attachment] = described("附件。", "Its attachments.")
    details: JSON = described("该类型的各项内容。", "What its type says.")

    @resolved(
        "提示：登记时即告知，此后随记录可查，例如不可能的行程、未登记的部件、缺少的附件。",
        "What to know of it, told when it was recorded and ever after: travel that nobody can have made, a part that "
        "nobody registered, a file that was never sent.",
    )
    def warnings(self, info: strawberry.Info) -> list[Warning]:
        return [warning(found) for found in reader_of(info).warnings_of(self.row)]

    @resolved("记录单位。", "Who recorded it.")
    def organisation(self, info: strawberry.Info) -> Organisation | None:
        return organisation(reader_of(info).parties.by_id(self.row.organisation_id))


def event(row: EventRow, viewer: Viewer) -> Event:
    """Show an event's row; who recorded it is for its own organisation and the alliance."""
    own = viewer.is_alliance or row.organisation_id == viewer.organisation_id
    return Event(
        row=row,
        id=strawberry.ID(f"Event:{row.record_code}/{row.sequence}"),
        key=row.key,
        recorded_under=row.record_code,
        sequence=row.sequence,
        type=EventType.of(row.type),
        occurred_at=from_ms(row.occurred_ms),
        recorded_at=from_ms(row.recorded_ms),
        reported_at=from_ms(row.reported_ms),
        effective=row.effective,
        corrects=row.corrects,
        stage_after=Stage.maybe(row.stage_after),
        hash=row.hash.hex(),
        previous_hash=row.previous_hash.hex() if row.previous_hash else None,
        actor=row.actor if own else None,
        site=_site(row.site),
        attachments=[attachment(given, row.organisation_id) for given in row.attachments],
        details=JSON(row.details or {}),
    )


def _site(given: Any) -> Site | None:
    if not given:
        return None
    lat, lon = (Decimal(given[name]) if name in given else None for name in ("lat", "lon"))
    return Site(name=given.get("name"), region=given.get("region"), lat=lat, lon=lon)


def attachment(given: Any, named_by: int) -> Attachment:
    """Show an attachment that an organisation named."""
    return Attachment(
        named_by=named_by,
        sha256=given["sha256"],
        name=given.get("name"),
        media_type=given.get("mediaType"),
        bytes=_int32(given),
    )


def _int32(given: Any) -> int | None:
    # GraphQL's Int ends at 2^31; a larger file tells its size in `details` of an export only.
    size = given.get("bytes")
    return size if size is not None and size < 1 << 31 else None


@strawberry.type(description=both("事件列表中的一项。", "One place in a list of events."))
class EventEdge:
    """An edge."""

    cursor: str = described("此项的游标。", "Its cursor.")
    node: Event = described("事件。", "The event.")


@strawberry.type(description=both("事件列表，按发生时间排列。", "A list of events, in order of occurrence."))
class EventConnection:
    """A connection."""

    edges: list[EventEdge] = described("本页各项。", "The objects of this page.")
    page_info: PageInfo = described("分页信息。", "Where this page stands.")


def event_connection(page: Page[EventRow], viewer: Viewer) -> EventConnection:
    """Show a page of events."""
    edges = [EventEdge(cursor=cursor(*row.order), node=event(row, viewer)) for row in page.rows]
    return EventConnection(edges=edges, page_info=page_info(edges, page))


def page_info(edges: Any, page: Page[Any]) -> PageInfo:
    """Say where a page stands."""
    return PageInfo(
        has_next_page=page.has_next,
        has_previous_page=page.has_previous,
        start_cursor=edges[0].cursor if edges else None,
        end_cursor=edges[-1].cursor if edges else None,
    )


@strawberry.type(description=both("链条上的一个缺口。", "A gap in a chain."))
class Gap:
    """What is missing, and whose it is."""

    row: strawberry.Private[Standing]
    code: GapCode = described("类型。", "Its code.")
    severity: Severity = described("严重程度。", "How grave it is.")
    since: dt.date = described("起始日（北京时间）。", "Since which day, at +08:00.")
    event_key: str | None = described("所在记录的键。", "The key of the record it hangs on.")
    clause: str | None = described("依据的条款。", "The clause it rests on.")

    @resolved("证据，例如查到的阶段与允许的阶段。", "What was found, and what would be right.")
    def evidence(self, info: strawberry.Info) -> JSON:
        parties = reader_of(info).parties
        found = {id_: parties.by_id(id_) for id_ in parties_in(self.row.evidence)}
        return JSON(self.row.told({id_: party.code for id_, party in found.items() if party}))

    @resolved("责任单位。", "The organisation answerable.")
    def organisation(self, info: strawberry.Info) -> Organisation | None:
        return organisation(reader_of(info).parties.by_id(self.row.organisation_id))


def gap(row: Standing) -> Gap:
    """Show a gap's row."""
    return Gap(
        row=row,
        code=GapCode.of(row.code),
        severity=Severity.of(row.severity),
        since=row.since,
        event_key=row.key,
        clause=row.clause,
    )


@strawberry.type(description=both("截至今日链条的完整性。", "How complete a chain is, as of today."))
class Chain:
    """Status and gaps, as far as the viewer sees the chain."""

    row: strawberry.Private[BatteryRow]

    @resolved(
        "状态；只看得到一部分的单位，得到的是该部分的状态。",
        "Its status; for who sees a part of the chain, that of the part.",
    )
    def status(self, info: strawberry.Info) -> ChainStatus:
        return ChainStatus.of(reader_of(info).verdict_of(self.row).status(self.row.stage))

    @resolved("缺口，按发生顺序。", "Its gaps, in order of occurrence.")
    def gaps(self, info: strawberry.Info) -> list[Gap]:
        return [gap(row) for row in reader_of(info).verdict_of(self.row).gaps]
