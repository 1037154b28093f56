"""The schema of the audit API: questions only. There is no Mutation and no Subscription."""

import datetime as dt
import decimal
from fractions import Fraction
from typing import Any

import graphene

from batteries.rows import BatteryRow
from graphql_schema.audit import gaps as kept_gaps
from graphql_schema.audit import runs as kept_runs
from graphql_schema.audit.batteries import (
    Battery,
    BatteryConnection,
    BatteryFilterSet,
    find_batteries,
)
from graphql_schema.audit.chains import Event, EventConnection
from graphql_schema.audit.events import MOST_DAYS, EventFilters, find_events
from graphql_schema.audit.fields import Date, Decimal, Node, Required, String, argument, describe, enum, field, listed
from graphql_schema.audit.gaps import Gap, GapConnection, GapFilters, StandingGapFilters
from graphql_schema.audit.lists import list_field
from graphql_schema.audit.organisations import (
    Organisation,
    OrganisationConnection,
    OrganisationFilters,
    RecyclerFilters,
    find_organisations,
    find_recyclers,
    year_argument,
)
from graphql_schema.audit.reader import reader_of
from graphql_schema.audit.runs import Completeness, Run, RunConnection, RunFilters, TrendConnection, TrendFilters
from graphql_schema.enums import Process
from graphql_schema.pages import split_id
from recyclers.company_balance import balance_of
from recyclers.recovery import Turnover, printed
from traceability.errors import refuse


class ElementBalance(graphene.ObjectType):
    """The mass balance of one element; what a figure that is not known would decide is null, never zero."""

    Meta = describe(
        "一种元素的质量平衡；数据不全时为空，不作零计。",
        "The mass balance of one element; null where a figure that it takes is not known, never zero.",
    )
    element = field(Required(String), "元素。", "The element.", lambda row, _info: row.element)
    input_kg = field(
        Decimal, "由外部投入，千克。", "What came in from outside, kilograms.", lambda row, _info: _kg(row.input_mg)
    )
    output_kg = field(
        Decimal, "离开的产品中，千克。", "What left in products, kilograms.", lambda row, _info: _kg(row.output_mg)
    )
    residue_kg = field(
        Decimal, "残渣中，千克。", "What was left in residues, kilograms.", lambda row, _info: _kg(row.residue_mg)
    )
    loss_kg = field(
        Decimal,
        "损失：投入减去产品与残渣，千克。",
        "The loss: what came in and is in neither, kilograms.",
        lambda row, _info: _kg(row.loss_mg),
    )
    recovery_percent = field(
        Decimal,
        "回收率，百分数，保留两位小数。",
        "The recovery, in percent with two decimals.",
        lambda row, _info: None if row.recovery.value is None else printed(row.recovery.value),
    )


def _kg(mg: Fraction | None) -> decimal.Decimal | None:
    """Kilograms, to the milligram."""
    return None if mg is None else decimal.Decimal(round(mg)).scaleb(-6)


def _battery(_root: Any, info: Any, code: str) -> BatteryRow | None:
    return _battery_by(info, code.strip().upper())


def _battery_by(info: Any, code: str) -> BatteryRow | None:
    return reader_of(info).batteries([code]).get(code)


def _event_by(info: Any, place: str) -> Any:
    code, slash, sequence = place.rpartition("/")
    known = slash and sequence.isascii() and sequence.isdigit() and len(sequence) < 10
    return reader_of(info).event(code=code, sequence=int(sequence)) if known else None


def _node(_root: Any, info: Any, id: str) -> Any:  # noqa: A002
    """Find a node; an id that names nothing, or nothing that the viewer may see, gives None."""
    type_, key = split_id(id)
    if type_ == "Battery":
        return _battery_by(info, key)
    if type_ == "Event":
        return _event_by(info, key)
    if type_ == "Gap":
        return kept_gaps.gap_by_number(info, key)
    if type_ == "AuditRun":
        return Run.get_queryset(None, info).filter(public_id=key[:32]).first() if len(key) == 32 else None
    return reader_of(info).organisation_known(key) if type_ == "Organisation" else None


def _mass_balance(
    _root: Any, info: Any, organisation: str, from_: dt.date, until: dt.date, process: Process | None = None
) -> list[Turnover]:
    """The balance of one's own company, or of any for the alliance."""
    viewer = reader_of(info).viewer
    if until < from_ or (until - from_).days > MOST_DAYS:
        raise refuse("wrong_value", ("until",), value=until.isoformat(), expected=f"{from_} + {MOST_DAYS} d")
    if not viewer.is_alliance and viewer.organisation_code != organisation:
        return []
    reader_of(info).count_live("massBalance", f"{organisation} {from_} {until} {process}")
    return balance_of(organisation, from_, until, process=process.value if process else None)


class Query(graphene.ObjectType):
    """The root of all reading."""

    Meta = describe(
        "查询。看不到的与不存在的，回答相同。", "Questions. What may not be seen answers like what does not exist."
    )

    completeness = field(
        listed(Completeness),
        "各组电池的完整性数字；其他单位得到其保管的电池的数字，更早的审计仅有按单位的。",
        "Figures by group; another organisation gets those of what it holds, of earlier runs by ORGANISATION only.",
        kept_runs.completeness,
        **kept_runs.COMPLETENESS,
    )
    trend = list_field(
        TrendConnection, TrendFilters,
        "完整性逐次审计的走势；不给键则为各组之和。",
        "Completeness from run to run; of all groups together without a key.",
        kept_runs.find_trend, **kept_runs.TREND,
    )  # fmt: skip
    runs = list_field(
        RunConnection,
        RunFilters,
        "各次审计；仅联盟可见。",
        "The runs of the audit; for the alliance only.",
        kept_runs.find_runs,
    )
    gaps = list_field(
        GapConnection, StandingGapFilters,
        "最近一次审计时存在的缺口。", "The gaps that stand as of the last run.", kept_gaps.find_gaps,
    )  # fmt: skip
    new_gaps = list_field(
        GapConnection, GapFilters, "一次审计新发现的缺口。", "The gaps that a run opened.", kept_gaps.find_new_gaps,
        run=kept_gaps.run_argument(),
    )  # fmt: skip
    closed_gaps = list_field(
        GapConnection, GapFilters,
        "一次审计后不再存在的缺口。", "The gaps that a run closed.", kept_gaps.find_closed_gaps,
        run=kept_gaps.run_argument(),
    )  # fmt: skip
    battery = field(
        Battery, "按编码查一块电池。", "One battery by its code.", _battery,
        code=argument(Required(String), "编码或临时编码。", "Its code, or a provisional one."),
    )  # fmt: skip
    batteries = list_field(
        BatteryConnection, BatteryFilterSet, "看得到的电池。", "The batteries that the viewer sees.", find_batteries
    )
    events = list_field(
        EventConnection, EventFilters,
        "一段日期内各链条上的记录，按发生时间排列。",
        "The records of all chains within some days, in order of occurrence.",
        find_events,
    )  # fmt: skip
    organisations = list_field(
        OrganisationConnection, OrganisationFilters,
        "本单位与往来单位；联盟看到全部。", "The own organisation and its counterparties; all for the alliance.",
        find_organisations,
    )  # fmt: skip
    recyclers = list_field(
        OrganisationConnection, RecyclerFilters,
        "其中的再生利用企业。", "The recyclers among the organisations.", find_recyclers, year=year_argument(),
    )  # fmt: skip
    mass_balance = field(
        listed(ElementBalance),
        "一家单位一段期间内关闭的各批次的质量平衡，按元素；单位内部流转的材料批不计入投入与产出。",
        "An organisation's mass balance by element, over the batches that it closed within some days; lots that it fed"
        " to itself neither come in nor leave.",
        _mass_balance,
        organisation=argument(Required(String), "统一社会信用代码。", "Its code."),
        from_=argument(Required(Date), "起始日。", "The first day.", name="from"),
        until=argument(Required(Date), "截止日。", "The last day."),
        process=argument(enum(Process), "仅限该工艺。", "Of this process only."),
    )
    node = field(
        Node, "按 id 查任何对象。", "Any object by its id.", _node,
        id=argument(Required(graphene.ID), "对象的 id。", "Its id."),
    )  # fmt: skip


schema = graphene.Schema(query=Query, types=[Battery, Event, Gap, Run, Organisation])
SCHEMA = schema.graphql_schema
