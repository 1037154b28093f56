"""Gaps as the runs of the audit kept them: what stands open, what was opened and closed."""

from typing import Any

import graphene
from django.db.models import F
from graphene_django import DjangoObjectType

from graphql_schema.audit.batteries import Battery
from graphql_schema.audit.chains import Clause, Event, clause_on
from graphql_schema.audit.fields import JSON, Date, Node, Required, String, argument, describe, enum, field, shows
from graphql_schema.audit.lists import Day, Filters, Listing, Text, Word, connection, keyset, nothing
from graphql_schema.audit.organisations import Organisation
from graphql_schema.audit.reader import reader_of
from graphql_schema.audit.runs import Run, run_by_id
from graphql_schema.describing import both
from graphql_schema.enums import GapCode, GapStatus, Severity
from traceability.audit import reading
from traceability.audit.calendar import day_of, number_of
from traceability.models import Gap as GapRow
from traceability.models import LifecycleRecord


class RecordPlace(graphene.ObjectType):
    """A batch or a lot that a gap hangs on."""

    Meta = describe("缺口所在的批次或材料批。", "A batch or a lot that a gap hangs on.")
    code = field(Required(String), "编码：单位/批号。", "Its code: organisation/number.")


def _on(kind: str) -> Any:
    return lambda gap, _info: gap.record if gap.record.kind == kind else None


@shows(GapRow)
class Gap(DjangoObjectType):
    """A gap from the run that opened it to the run that closed it."""

    class Meta:
        name = "Gap"
        description = both("审计发现的一个缺口，从发现到消失。", "A gap that the audit found, from run to run.")
        model = GapRow
        fields = ("code",)
        convert_choices_to_enum = ()
        interfaces = (Node,)
        use_connection = False

    id = field(
        Required(graphene.ID),
        "全局唯一的 id。",
        "Its id in the whole system.",
        lambda gap, _info: f"Gap:{gap.pk}",
    )
    code = field(Required(enum(GapCode)), "类型。", "Its code.")
    severity = field(Required(enum(Severity)), "严重程度。", "How grave it is.")
    status = field(Required(enum(GapStatus)), "处理状态。", "How far people are with it.")
    since = field(
        Required(Date), "起始日（北京时间）。", "Since which day, at +08:00.", lambda gap, _info: day_of(gap.since_day)
    )
    evidence = field(
        Required(JSON),
        "证据。",
        "What was found, and what would be right.",
        lambda gap, info: reader_of(info).evidence_of(gap),
    )
    organisation = field(
        Organisation,
        "责任单位。",
        "The organisation answerable.",
        lambda gap, info: reader_of(info).parties.by_id(gap.organisation_id),
    )
    clause = field(
        Clause,
        "依据的条款。",
        "The clause it rests on.",
        lambda gap, _info: clause_on(gap.clause, day_of(gap.since_day)),
    )
    battery = field(
        Battery, "所在的电池。", "The battery it hangs on.", lambda gap, info: reader_of(info).battery_of_gap(gap)
    )
    batch = field(RecordPlace, "所在的批次。", "The batch it hangs on.", _on(LifecycleRecord.Kind.BATCH))
    lot = field(RecordPlace, "所在的材料批。", "The lot it hangs on.", _on(LifecycleRecord.Kind.LOT))
    event = field(Event, "所在的记录。", "The record it hangs on.", lambda gap, info: reader_of(info).event_of_gap(gap))
    opened_in = field(
        Run,
        "发现它的审计；仅联盟可见。",
        "The run that found it; for the alliance only.",
        lambda gap, info: gap.opened_in if reader_of(info).viewer.is_alliance else None,
    )
    closed_in = field(
        Run,
        "不再发现它的审计；仅联盟可见。",
        "The run that no longer found it; for the alliance only.",
        lambda gap, info: gap.closed_in if reader_of(info).viewer.is_alliance else None,
    )

    @classmethod
    def get_queryset(cls, _queryset: Any, info: Any) -> Any:
        """Give those that the viewer may see, closed ones included."""
        found = reading.visible_gaps(reader_of(info).viewer)
        return found.select_related("record", "opened_in", "closed_in")


class GapFilters(Filters):
    """What gaps may be narrowed by."""

    code = Word("code", GapCode, "类型。", "Its code.")
    severity = Word("severity", Severity, "严重程度。", "How grave it is.")
    organisation = Text(
        "organisation__code", "责任单位的统一社会信用代码。", "Code of the organisation answerable.", 18
    )
    region = Text(
        "organisation__region",
        "责任单位的行政区划代码（GB/T 2260）。",
        "Region of the organisation answerable (GB/T 2260).",
        6,
    )
    since = Day("since_day", "起始日不早于。", "Since this day or a later one.", method="by_since")
    until = Day("since_day", "起始日不晚于。", "Since this day or an earlier one.", method="by_until")
    battery = Text("record__code", "电池编码。", "Code of the battery it hangs on.", method="by_battery")
    clause = Text("clause", "依据条款的键。", "Key of the clause it rests on.", 60)

    def by_since(self, rows: Any, _name: str, day: Any) -> Any:
        """Those that begin no earlier."""
        return rows.filter(since_day__gte=number_of(day))

    def by_until(self, rows: Any, _name: str, day: Any) -> Any:
        """Those that begin no later."""
        return rows.filter(since_day__lte=number_of(day))

    def by_battery(self, rows: Any, _name: str, code: str) -> Any:
        """Those on a battery, under its true code or a provisional one."""
        records = LifecycleRecord.objects.filter(kind=LifecycleRecord.Kind.BATTERY, code=code.strip().upper())
        chains = records.annotate(true=F("chain_id")).values_list("id", "true")
        return rows.filter(record__in={id_ for pair in chains for id_ in pair if id_ is not None})


class StandingGapFilters(GapFilters):
    """The same for those that stand, or stood, in some status."""

    status = Word(
        "status",
        GapStatus,
        "处理状态；不给则为除 CLOSED 以外的全部。",
        "How far people are with it; all but CLOSED when none is given.",
    )


GapConnection = connection(Gap, "缺口列表", "A list of gaps")


def find_gaps(_root: Any, info: Any, given: dict[str, Any]) -> Listing:
    """A page of gaps, in the order in which they were found."""
    rows = Gap.get_queryset(None, info)
    if given.get("status") is not GapStatus.CLOSED:
        rows = rows.filter(closed_in=None)
    return _met(keyset(StandingGapFilters.narrow(rows, given), given), info)


def find_new_gaps(_root: Any, info: Any, given: dict[str, Any]) -> Listing:
    """A page of the gaps that a run opened."""
    return _of_run(info, given, "opened_in")


def find_closed_gaps(_root: Any, info: Any, given: dict[str, Any]) -> Listing:
    """A page of the gaps that a run closed."""
    return _of_run(info, given, "closed_in")


def _of_run(info: Any, given: dict[str, Any], column: str) -> Listing:
    run = run_by_id(given["run"]) if given.get("run") is not None else reading.last_run()
    if run is None:
        return nothing()
    rows = Gap.get_queryset(None, info).filter(**{column: run})
    return _met(keyset(GapFilters.narrow(rows, given), given), info)


def _met(listing: Listing, info: Any) -> Listing:
    reader_of(info).meet_gaps(listing.page.rows)
    return listing


def run_argument() -> Any:
    """Declare which run is meant."""
    return argument(graphene.ID, "哪次审计；默认为最近一次。", "Which run; the last one by default.")


def gap_by_number(info: Any, number: str) -> GapRow | None:
    """Give a gap by its number, if the viewer may see it."""
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        return None
    found: GapRow | None = Gap.get_queryset(None, info).filter(pk=int(number)).first()
    reader_of(info).meet_gaps([found] if found else [])
    return found
