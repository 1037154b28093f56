"""Events, and the chain of one battery judged live."""

import datetime as dt
from typing import Any

import graphene
from django.utils.translation import get_language

from batteries.rows import BatteryRow, EventRow
from graphql_schema.audit.fields import (
    JSON,
    Boolean,
    Date,
    DateTime,
    Int,
    Node,
    Required,
    String,
    argument,
    describe,
    enum,
    field,
    listed,
    shows,
)
from graphql_schema.audit.lists import Listing, connection, size_and_place
from graphql_schema.audit.organisations import Organisation
from graphql_schema.audit.reader import LiveGap, reader_of
from graphql_schema.enums import ChainStatus, EventType, GapCode, Severity, Stage
from traceability import law
from traceability.values import from_ms


class Clause(graphene.ObjectType):
    """A clause of the law."""

    Meta = describe("法规条款。", "A clause of the law.")
    key = field(Required(String), "条款的键。", "Its key.")
    title = field(Required(String), "标题，以请求者的语言。", "Its title, in the caller's language.")
    text = field(Required(String), "内容概要，以请求者的语言。", "What it says, in the caller's language.")
    instrument = field(Required(String), "所属法规的键。", "The key of the instrument it stands in.")


def clause_on(key: str | None, day: dt.date) -> Clause | None:
    """Show the version of a clause that held on a day."""
    found = law.clause_in_force(key, day) if key else None
    if found is None:
        return None
    chinese = (get_language() or "").startswith("zh")
    title, text = (found.title_zh, found.text_zh) if chinese else (found.title_en, found.text_en)
    return Clause(key=found.key, title=title, text=text, instrument=found.instrument)


@shows(EventRow)
class Event(graphene.ObjectType):
    """An event as it counts in its chain."""

    Meta = describe(
        "链条上的一条记录，只增不改。", "One record of a chain: appended, never changed.", interfaces=(Node,)
    )
    id = field(
        Required(graphene.ID),
        "全局唯一的 id：类型与自然键。",
        "Its id in the whole system: type and natural key.",
        lambda row, _info: f"Event:{row.record_code}/{row.sequence}",
    )
    key = field(Required(String), "记录者给出的键，单位内唯一。", "The recorder's key, unique per organisation.")
    recorded_under = field(
        Required(String), "登记时所用的编码。", "The code it was recorded under.", lambda row, _info: row.record_code
    )
    sequence = field(Required(Int), "在其记录中的序号，从 1 起。", "Its number on its record, from 1.")
    type = field(Required(enum(EventType)), "类型。", "Its type.")
    occurred_at = field(
        Required(DateTime), "发生时间。", "When it happened.", lambda row, _info: from_ms(row.occurred_ms)
    )
    recorded_at = field(
        Required(DateTime), "登记时间。", "When it was recorded.", lambda row, _info: from_ms(row.recorded_ms)
    )
    reported_at = field(
        Required(DateTime),
        "视为报告的时间。",
        "When it counts as reported.",
        lambda row, _info: from_ms(row.reported_ms),
    )
    effective = field(
        Required(Boolean),
        "是否有效；被更正或撤回的记录仍然保留。",
        "Whether it counts; what was corrected or withdrawn stays on record.",
    )
    corrects = field(
        String,
        "内容来自一条更正时，被更正记录的键。",
        "The key of the record that it corrects, when its content is a correction.",
    )
    stage_after = field(
        enum(Stage), "此后的生命阶段。", "The stage it led to.", lambda row, _info: row.stage_after or None
    )
    organisation = field(
        Organisation,
        "记录单位。",
        "Who recorded it.",
        lambda row, info: reader_of(info).parties.by_id(row.organisation_id),
    )
    details = field(Required(JSON), "该类型的各项内容。", "What its type says.", lambda row, _info: row.details or {})
    hash = field(
        Required(String), "SHA-256，十六进制。", "Its SHA-256, hexadecimal.", lambda row, _info: row.hash.hex()
    )
    previous_hash = field(
        String,
        "前一条记录的哈希。",
        "The hash of the record before it.",
        lambda row, _info: row.previous_hash.hex() if row.previous_hash else None,
    )


EventConnection = connection(Event, "事件列表", "A list of events", counted=False)


def find_chain_events(row: BatteryRow, info: Any, given: dict[str, Any]) -> Listing:
    """A page of a battery's events, in order of occurrence."""
    size, after = size_and_place(given, 3)
    return Listing(reader_of(info).events_of(row, (size, False, after, None)), lambda event: event.order)


class ChainGap(graphene.ObjectType):
    """A gap as it was just found."""

    Meta = describe("链条上的一个缺口，刚刚判定。", "A gap in a chain, as it was just found.")
    code = field(Required(enum(GapCode)), "类型。", "Its code.", lambda gap, _info: gap.told.gap)
    severity = field(Required(enum(Severity)), "严重程度。", "How grave it is.", lambda gap, _info: gap.told.severity)
    since = field(Required(Date), "起始日（北京时间）。", "Since which day, at +08:00.", lambda gap, _info: _day(gap))
    event_key = field(String, "所在记录的键。", "The key of the record it hangs on.", lambda gap, _info: gap.told.event)
    organisation = field(
        Organisation,
        "责任单位。",
        "The organisation answerable.",
        lambda gap, info: reader_of(info).answerable(gap),
    )
    clause = field(
        Clause,
        "依据的条款。",
        "The clause it rests on.",
        lambda gap, _info: clause_on(gap.told.clause, _day(gap)),
    )
    evidence = field(
        Required(JSON),
        "证据，例如查到的阶段与允许的阶段。",
        "What was found, and what would be right.",
        lambda gap, _info: gap.told.evidence,
    )


def _day(gap: LiveGap) -> dt.date:
    return dt.date.fromisoformat(gap.told.since)


class Chain(graphene.ObjectType):
    """Status and gaps, as far as the viewer sees the chain."""

    Meta = describe("链条的完整性，即时判定。", "How complete a chain is, judged now.")
    status = field(
        Required(enum(ChainStatus)),
        "状态；只看得到一部分的单位，得到的是该部分的状态。",
        "Its status; for who sees a part of the chain, that of the part.",
    )
    as_of = field(Required(Date), "判定所依据的日期。", "The day it is judged as of.")
    gaps = field(listed(ChainGap), "缺口，按发生顺序。", "Its gaps, in order of occurrence.")


def chain_field() -> Any:
    """Declare the live chain of a battery."""
    return field(
        Chain,
        "链条的完整性，即时判定；以今天以外的日期，一次请求最多 10 块电池。",
        "How complete its chain is, judged now; as of another day than today for up to 10 batteries in one request.",
        lambda row, info, as_of=None: reader_of(info).live_chain(row, as_of),
        as_of=argument(Date, "截至哪一天；默认为今天。", "As of which day; today by default."),
    )
