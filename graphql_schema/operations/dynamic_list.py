"""The dynamic list: where a company stands on a day, what it has to mend until when, and the list of all."""

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import strawberry
from strawberry.scalars import JSON

from graphql_schema.enums import ListingScope, Verdict
from graphql_schema.list_enums import ReportState, ToDo
from graphql_schema.operations.describing import argument, both, described, resolved
from graphql_schema.operations.nodes import PageInfo, check_size, cursor, place, reader_of
from graphql_schema.operations.standing import today
from recyclers.conditions.judging import Judged
from recyclers.conditions.wording import title_of
from recyclers.dynamic_list.due import Due
from recyclers.dynamic_list.judging import Mending
from recyclers.dynamic_list.listed import Barred, Listed
from recyclers.dynamic_list.load import Load
from recyclers.dynamic_list.reading import parameters
from recyclers.dynamic_list.reports import Report
from recyclers.dynamic_list.standing import Standing
from recyclers.dynamic_list.telling import fed_kg, recorded_percent
from traceability.audit.calendar import number_of

if TYPE_CHECKING:
    from graphql_schema.operations.organisations import Organisation

_ORGANISATION = Annotated["Organisation", strawberry.lazy("graphql_schema.operations.organisations")]
DEFAULT_PAGE = 50
On = Annotated[
    dt.date | None,
    argument("哪一日，以该日结束时所知为准；默认为今天。", "The day, as known at its end; today by default."),
]


@strawberry.type(description=both("一次公告及其有效的日期。", "One listing, with the days on which it holds."))
class ListedDays:
    """A listing."""

    scope: ListingScope = described("类别。", "What it is listed for.")
    batch_number: str | None = described("批次。", "The batch.")
    from_: dt.date | None = described("首个有效日。", "Its first day.", name="from")
    until: dt.date | None = described(
        "最后有效日：撤销前一日，或该类公告失去意义之日。",
        "Its last day: the one before it was revoked, or that on which listings of its kind came to an end.",
    )
    revoked_on: dt.date | None = described("撤销日期。", "When it was revoked.")
    reason: str | None = described("撤销原因。", "Why it was revoked.")


@strawberry.type(description=both("一次行政处罚及其限制申请的期限。", "A penalty, and how long it bars from applying."))
class BarringPenalty:
    """A penalty."""

    decided_on: dt.date | None = described("决定日期。", "When it was decided.")
    authority: str | None = described("决定机关。", "Who decided it.")
    number: str | None = described("文号。", "Its number.")
    reason: str | None = described("事由。", "Why.")
    barred_until: dt.date | None = described(
        "不得申请公告的最后一日；当日的规定没有此限制时为空。",
        "The last day on which it bars from applying; empty where the rules of its day do not.",
    )


@strawberry.type(description=both("须重新符合的一项条件。", "A condition that a company has to meet again."))
class ConditionToMend:
    """A condition."""

    clause: str = described("条款的键。", "The key of the clause.")
    title: str = described("以请求者语言写的标题。", "Its title, in the caller's language.")
    year: int = described("最近一个不符合的年度。", "The last year that did not meet it.")
    since: int = described("首个不符合的年度，整改期限由此起算。", "The first one, from which the time runs.")
    verdict: Verdict = described("该年度的评定。", "How that year is judged.")
    measured: Decimal | None = described("该年度的实测值。", "What was measured in that year.")
    unit: str | None = described("单位。", "Its unit.")
    operator: str | None = described("比较方式。", "How it is compared.")
    threshold: Decimal | None = described("限值。", "What it is held against.")
    until: dt.date = described("整改的最后一日。", "The last day to mend it.")
    overdue: bool = described("是否已过期：公告可被撤销。", "Whether that is over: the listing may be revoked.")


@strawberry.type(description=both("一个年度的产能利用率。", "How far the capacity is used in a year."))
class CapacityLoad:
    """A load."""

    year: int = described("年度。", "The year.")
    declared_percent: Decimal | None = described("申报的利用率，百分比。", "As declared, in percent.")
    recorded_percent: Decimal | None = described(
        "按记录计算的利用率：外来投料 ÷ 申报的产能，百分比。",
        "By the records: what was fed from outside ÷ the declared capacity, in percent.",
    )
    fed_kg: Decimal = described("外来投料的质量，千克。", "What was fed from outside, kilograms.")
    capacity_tonnes: Decimal | None = described("申报的年产能，吨。", "The declared capacity, tonnes a year.")


@strawberry.type(description=both("一份年度报告的状态。", "Where an annual report stands."))
class AnnualReport:
    """A report."""

    year: int = described("所属年度。", "The year that it is on.")
    due: dt.date = described("截止日。", "When it is due.")
    state: ReportState = described("状态。", "Where it stands.")
    handed_in_on: dt.date | None = described("提交日。", "When it was handed in.")


@strawberry.type(description=both("须办理的一项事项。", "Something that a company has to see to."))
class ToDoItem:
    """A thing to do."""

    day: dt.date = described("截止日。", "By when.")
    kind: ToDo = described("种类。", "What it is.")
    what: str = described("条款、许可种类或报告年度。", "The clause, the kind of the permit or the year of the report.")
    number: str | None = described("许可编号。", "The number of the permit.")
    overdue: bool = described("是否已过期。", "Whether that is over.")


@strawberry.type(
    description=both("企业在公告名单上的状况。", "Where a company stands on the announced list, as known then.")
)
class ConditionsStanding:
    """A standing."""

    on: dt.date = described("日期。", "The day.")
    as_of: dt.date = described("以该日结束时所知为准。", "As known at the end of this day.")
    listed: bool = described("当日是否在名单上。", "Whether it is listed on that day.")
    since: dt.date | None = described(
        "连续在名单上的首日；历来如此或不在名单上时为空。",
        "The first day of being listed without a break; empty where nobody said, or it is not listed.",
    )
    listings: list[ListedDays] = described("历次公告及其日期。", "Its listings, with their days.")
    barred_until: dt.date | None = described("不得申请公告的最后一日。", "The last day on which it may not apply.")
    penalties: list[BarringPenalty] = described("行政处罚，最近的在前。", "Its penalties, the latest first.")
    year: int | None = described("最近一个已可评定的年度。", "The last year of which everything was due before.")
    verdict: Verdict | None = described("该年度的总评定。", "How that year is judged as a whole.")
    to_mend: list[ConditionToMend] = described("须整改的条件，先到期的在前。", "What it has to meet again.")
    load: CapacityLoad | None = described("该年度的产能利用率。", "How far its capacity was used in that year.")
    annual_report: AnnualReport | None = described(
        "当年应提交的年度报告；无需提交时为空。", "The annual report due in the year of the day; empty where none is."
    )
    to_do: list[ToDoItem] = described("须办理的事项，先到期的在前。", "What it has to see to, in order of days.")
    urgent_on: dt.date | None = described("最早的截止日。", "The first of these days.")
    parameters: JSON = described(
        "评定参数、各期限与法规数据的 SHA-256。", "Parameters, periods, and SHA-256 of the law that was judged by."
    )


@strawberry.type(description=both("动态管理名单中的一家企业。", "A company on the dynamic list."))
class DynamicListCompany:
    """A company with its standing."""

    organisation: _ORGANISATION | None = described("企业。", "The company.")
    standing: ConditionsStanding = described("其状况。", "Where it stands.")


@strawberry.type(description=both("动态管理名单中的一项。", "One place in the dynamic list."))
class DynamicListEdge:
    """An edge."""

    cursor: str = described("此项的游标。", "Its cursor.")
    node: DynamicListCompany = described("企业及其状况。", "The company, and where it stands.")


@strawberry.type(
    description=both(
        "动态管理名单，最紧急的在前；仅联盟可见。", "The dynamic list, the most urgent first; for the alliance."
    )
)
class DynamicListConnection:
    """A connection."""

    edges: list[DynamicListEdge] = described("本页各项。", "The objects of this page.")
    page_info: PageInfo = described("分页信息。", "Where this page stands.")
    total_count: int = described("总数。", "How many there are in all.")


@strawberry.type
class DynamicListQuery:
    """The questions about the dynamic list."""

    @resolved(
        "某日在公告名单上、或当年曾在名单上的全部企业：评定、整改期限、产能利用率与到期事项，最紧急的在前；仅联盟可见，否则为空。",
        "All companies listed on a day, or earlier in its year: verdict, what is to be mended, load and what falls "
        "due, the most urgent first; for the alliance, else null.",
    )
    def dynamic_list(
        self,
        info: strawberry.Info,
        on: On = None,
        first: Annotated[int | None, argument("最多几项，至多 100。", "How many at most, up to 100.")] = DEFAULT_PAGE,
        after: Annotated[str | None, argument("从此游标之后开始。", "Begin after this cursor.")] = None,
    ) -> DynamicListConnection | None:
        size, begin = check_size(first, DEFAULT_PAGE), place(after, 2, "after")
        day = on or today()
        found = reader_of(info).dynamic_list.listed(day)
        if found is None:
            return None
        return _connection(info, found, size, begin)


def _connection(
    info: strawberry.Info, found: list[Standing], size: int, begin: tuple[int, ...] | None
) -> DynamicListConnection:
    parties = reader_of(info).parties
    placed = [((number_of(one.order[0]), one.organisation_id), one) for one in found]
    rest = [(at, one) for at, one in placed if begin is None or at > begin]
    parties.want(one.organisation_id for _, one in rest[:size])
    edges = [_edge(info, at, one) for at, one in rest[:size]]
    return DynamicListConnection(
        edges=edges,
        page_info=PageInfo(
            has_next_page=len(rest) > size,
            has_previous_page=begin is not None,
            start_cursor=edges[0].cursor if edges else None,
            end_cursor=edges[-1].cursor if edges else None,
        ),
        total_count=len(found),
    )


def _edge(info: strawberry.Info, at: tuple[int, int], one: Standing) -> DynamicListEdge:
    # Imported late: organisations show their standing.
    from graphql_schema.operations.organisations import organisation

    row = reader_of(info).parties.by_id(one.organisation_id)
    return DynamicListEdge(
        cursor=cursor(*at), node=DynamicListCompany(organisation=organisation(row), standing=standing(one))
    )


def standing(found: Standing) -> ConditionsStanding:
    """Show a standing."""
    return ConditionsStanding(
        on=found.on,
        as_of=min(found.on, today()),
        listed=found.is_listed,
        since=_known(found.since),
        listings=[_listed(one) for one in found.listings],
        barred_until=found.barred_until,
        penalties=[_penalty(one) for one in found.penalties],
        year=found.judged.year if found.judged else None,
        verdict=Verdict.of(found.judged.verdict) if found.judged else None,
        to_mend=[_to_mend(one) for one in found.mending],
        load=_load(found.load) if found.load else None,
        annual_report=_report(found.report) if found.report else None,
        to_do=[_to_do(one) for one in found.dues],
        urgent_on=found.urgent_on,
        parameters=JSON(parameters(found.on)),
    )


def _known(day: dt.date | None) -> dt.date | None:
    return None if day == dt.date.min else day


def _listed(one: Listed) -> ListedDays:
    return ListedDays(
        scope=ListingScope.of(one.scope),
        batch_number=one.batch or None,
        from_=one.first,
        until=one.last,
        revoked_on=one.revoked_on,
        reason=one.reason or None,
    )


def _penalty(one: Barred) -> BarringPenalty:
    return BarringPenalty(
        decided_on=one.decided_on,
        authority=one.authority or None,
        number=one.number or None,
        reason=one.reason or None,
        barred_until=one.until,
    )


def _to_mend(one: Mending) -> ConditionToMend:
    judged: Judged = one.judged
    clause = judged.clause
    return ConditionToMend(
        clause=judged.key,
        title=title_of(judged),
        year=one.year,
        since=one.since,
        verdict=Verdict.of(judged.verdict),
        measured=judged.measured,
        unit=(clause.unit or None) if clause else None,
        operator=clause.operator if clause else None,
        threshold=clause.threshold if clause else None,
        until=one.until,
        overdue=one.overdue,
    )


def _load(one: Load) -> CapacityLoad:
    return CapacityLoad(
        year=one.year,
        declared_percent=one.declared,
        recorded_percent=recorded_percent(one),
        fed_kg=fed_kg(one),
        capacity_tonnes=one.capacity,
    )


def _report(one: Report) -> AnnualReport:
    return AnnualReport(year=one.year, due=one.due, state=ReportState.of(one.state), handed_in_on=one.on)


def _to_do(one: Due) -> ToDoItem:
    return ToDoItem(day=one.day, kind=ToDo.of(one.kind), what=one.what, number=one.number or None, overdue=one.overdue)
