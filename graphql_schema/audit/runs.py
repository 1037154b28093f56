"""Runs of the audit, and figures of completeness: as of a day, and from run to run."""

import datetime as dt
from dataclasses import replace
from typing import Any

import graphene
from django.db.models import Sum
from graphene_django import DjangoObjectType

from graphql_schema.audit.fields import (
    JSON,
    Boolean,
    Date,
    DateTime,
    Decimal,
    Int,
    Node,
    Required,
    String,
    argument,
    describe,
    enum,
    field,
    shows,
)
from graphql_schema.audit.lists import Day, Filters, Listing, Text, YesNo, connection, keyset
from graphql_schema.audit.reader import reader_of
from graphql_schema.describing import both
from graphql_schema.enums import AuditScope, CompletenessGroup, GapCode
from traceability.audit import reading
from traceability.audit.calendar import day_of, number_of
from traceability.audit.reading import Figures
from traceability.models import AuditFigure, AuditRun


@shows(AuditRun)
class Run(DjangoObjectType):
    """A run, with all that it takes to repeat it."""

    class Meta:
        name = "AuditRun"
        description = both(
            "一次审计，及重复它所需的一切。", "One run of the audit, and all that it takes to repeat it."
        )
        model = AuditRun
        fields = ("engine",)
        convert_choices_to_enum = ()
        interfaces = (Node,)
        use_connection = False

    id = field(
        Required(graphene.ID),
        "全局唯一的 id。",
        "Its id in the whole system.",
        lambda run, _info: f"AuditRun:{run.public_id}",
    )
    as_of = field(
        Required(Date), "判定所依据的日期。", "The day it judged as of.", lambda run, _info: day_of(run.as_of)
    )
    scope = field(Required(enum(AuditScope)), "范围。", "What it judged.")
    engine = field(Required(String), "执行引擎。", "What it ran on.")
    started_at = field(Required(DateTime), "开始时间。", "When it began.")
    finished_at = field(DateTime, "结束时间。", "When it ended.")
    kept = field(Required(Boolean), "结果是否记入缺口。", "Whether gaps were opened and closed by it.")
    batteries = field(Required(Int), "电池数。", "How many batteries there were.")
    gaps = field(Required(Int), "缺口数。", "How many gaps it found.")
    opened = field(Required(Int), "新发现的缺口数。", "How many gaps it opened.")
    closed = field(Required(Int), "不再存在的缺口数。", "How many gaps it closed.")
    digest = field(
        String,
        "全部缺口的 SHA-256；重复同一次审计得到相同值。",
        "SHA-256 over all gaps: the same when it is repeated.",
        lambda run, _info: run.digest or None,
    )
    parameters = field(Required(JSON), "参数与法规数据的摘要。", "Its parameters and the digest of the law.")

    @classmethod
    def get_queryset(cls, _queryset: Any, info: Any) -> Any:
        """Give the runs to the alliance; their counts are about everybody's batteries."""
        rows = AuditRun.objects.filter(finished_at__isnull=False)
        return rows if reader_of(info).viewer.is_alliance else rows.none()


class DayFilters(Filters):
    """Between which days, of those that runs judged as of."""

    from_ = Day("as_of", "所依据的日期不早于。", "As of this day or a later one.", method="since", name="from")
    until = Day("as_of", "所依据的日期不晚于。", "As of this day or an earlier one.", method="before")

    def since(self, rows: Any, _name: str, day: dt.date) -> Any:
        """Those as of no earlier day."""
        return rows.filter(**{f"{self.about.get('column', 'as_of')}__gte": number_of(day)})

    def before(self, rows: Any, _name: str, day: dt.date) -> Any:
        """Those as of no later day."""
        return rows.filter(**{f"{self.about.get('column', 'as_of')}__lte": number_of(day)})


class RunFilters(DayFilters):
    """What runs may be narrowed by."""

    kept = YesNo("kept", "结果是否记入缺口。", "Whether gaps were opened and closed by it.")


RunConnection = connection(Run, "审计列表，最近的在前", "A list of runs, the last one first")


def find_runs(_root: Any, info: Any, given: dict[str, Any]) -> Listing:
    """A page of runs, the last first."""
    return keyset(RunFilters.narrow(Run.get_queryset(None, info), given), given, newest_first=True)


def run_by_id(id_: str) -> AuditRun | None:
    """Give a kept run by its node id."""
    return AuditRun.objects.filter(kept=True, public_id=str(id_).removeprefix("AuditRun:")[:32]).first()


def run_at(day: dt.date | None) -> AuditRun | None:
    """Give the last run that was kept as of a day or an earlier one."""
    rows = AuditRun.objects.filter(kept=True, finished_at__isnull=False)
    return (rows if day is None else rows.filter(as_of__lte=number_of(day))).order_by("-as_of", "-id").first()


# Figures -------------------------------------------------------------------------------------------------------------


class GapCount(graphene.ObjectType):
    """How many gaps of one code."""

    Meta = describe("某类缺口的数量。", "How many gaps there are of one code.")
    code = field(Required(enum(GapCode)), "类型。", "The code.", lambda pair, _info: pair[0])
    count = field(Required(Int), "数量。", "How many.", lambda pair, _info: pair[1])


class Completeness(graphene.ObjectType):
    """The figures of one group of batteries."""

    Meta = describe("一组电池的完整性数字。", "The figures of one group of batteries.")
    key = field(
        Required(String),
        "组的键；不属于任何组的为空文本。",
        "The key of the group; empty for batteries of no group.",
        lambda row, _info: row.key,
    )
    label = field(Required(String), "显示用的名称。", "What to call it.")
    batteries = field(Required(Int), "电池数。", "How many batteries.")
    complete = field(Required(Int), "完整的。", "How many are complete.")
    open = field(Required(Int), "无缺口而未结束的。", "How many are open.")
    flawed = field(Required(Int), "有瑕疵的。", "How many are flawed.")
    broken = field(Required(Int), "断链的。", "How many are broken.")
    completeness_percent = field(
        Decimal, "完整率：（完整 + 未结束）÷ 全部，百分数。", "(complete + open) ÷ all, in percent.",
        lambda row, _info: row.completeness,
    )  # fmt: skip
    on_time_percent = field(
        Decimal, "按时报告率，百分数。", "Reported in time ÷ all facts with an enforced deadline, in percent.",
        lambda row, _info: row.on_time_share,
    )  # fmt: skip
    gaps = field(
        graphene.List(Required(GapCount)),
        "各类缺口的数量；仅最近一次审计有，更早的为空。",
        "Gaps by code; of the last run only, null for earlier ones.",
        lambda row, _info: None if row.gaps is None else sorted(row.gaps.items()),
    )


def completeness(_root: Any, info: Any, group_by: CompletenessGroup, as_of: dt.date | None = None) -> list[Figures]:
    """Give the figures as of a day: of the last run that was kept as of it or before."""
    viewer, run = reader_of(info).viewer, run_at(as_of)
    if run is None:
        return []
    if run == reading.last_run():
        return reading.completeness(viewer, group_by.value, run=run)
    if viewer.is_alliance:
        found = reading.completeness(viewer, group_by.value, run=run)
    else:
        found = [_figures(values) for values in _own_figures(info, group_by, None).filter(run=run)]
    return [without_gaps(figures) for figures in found]


def without_gaps(figures: Figures) -> Figures:
    """Tell nothing of gaps by code: those are counted over what stands now."""
    unknown: dict[str, Any] = {"gaps": None}
    return replace(figures, **unknown)


COMPLETENESS = {
    "group_by": argument(Required(enum(CompletenessGroup)), "分组方式。", "What to group by."),
    "as_of": argument(
        Date,
        "截至哪一天：用该日或之前最近一次记入的审计；默认为最近一次。",
        "As of which day: of the last kept run as of it or before; the last one by default.",
    ),
}


# Trend ---------------------------------------------------------------------------------------------------------------

_SUMS = ("batteries", "complete", "open", "flawed", "broken", "facts", "on_time")


def _own_figures(info: Any, group_by: CompletenessGroup, key: str | None) -> Any:
    """The kept figures that the viewer may see, summed up for each run: all, or its own organisation's."""
    viewer = reader_of(info).viewer
    rows = AuditFigure.objects.filter(run__kept=True, run__finished_at__isnull=False, group_by=group_by.value)
    if not viewer.is_alliance:
        mine = group_by is CompletenessGroup.ORGANISATION and viewer.organisation_code
        rows = rows.filter(key=viewer.organisation_code) if mine else rows.none()
    if key is not None:
        rows = rows.filter(key=key)
    return rows.order_by("run_id").values("run_id", "run__as_of").annotate(**{f"n_{name}": Sum(name) for name in _SUMS})


def _figures(values: dict[str, Any], key: str = "") -> Figures:
    sums: dict[str, Any] = {name: int(values[f"n_{name}"]) for name in _SUMS}
    return Figures(key, key, **sums)


class TrendPoint(graphene.ObjectType):
    """The figures of one run."""

    Meta = describe("一次审计的完整性数字。", "The figures of completeness of one run.")
    as_of = field(
        Required(Date), "所依据的日期。", "The day it judged as of.", lambda row, _info: day_of(row["run__as_of"])
    )
    figures = field(Required(Completeness), "数字。", "The figures.", lambda row, _info: without_gaps(_figures(row)))


class TrendFilters(DayFilters):
    """What a trend may be narrowed by."""

    key = Text("key", "只看一组：组的键。", "One group only: its key.", 120, method="by_key")

    def by_key(self, rows: Any, _name: str, _key: str) -> Any:
        """Done where the figures are summed up."""
        return rows


TrendConnection = connection(
    TrendPoint, "完整性走势，最早的在前", "How completeness went from run to run, the first run first"
)


def find_trend(_root: Any, info: Any, given: dict[str, Any]) -> Listing:
    """A page of figures, run by run."""
    checked = TrendFilters.read(given, AuditFigure.objects.none())
    rows = _own_figures(info, given["group_by"], checked.values.get("key"))
    found = TrendFilters.narrow(rows, given, column="run__as_of")
    return keyset(found, given, column="run_id")


TREND = {"group_by": COMPLETENESS["group_by"]}
