"""Events of many chains: within days that have to be named, as far as the viewer sees each chain."""

import datetime as dt
from typing import Any

from django.db.models import Exists, OuterRef, Q

from batteries import chain_reading, sight
from batteries.rows import Page
from graphql_schema.audit.lists import Day, Filters, Listing, Text, Word, size_and_place
from graphql_schema.audit.reader import reader_of
from graphql_schema.enums import EventType
from traceability.access import FULL, Viewer
from traceability.audit.calendar import end_of, number_of
from traceability.errors import refuse
from traceability.events import contents_of
from traceability.models import Step

#: How many days one question may span.
MOST_DAYS = 366


class EventFilters(Filters):
    """What events may be narrowed by; the days are mandatory."""

    occurred_from = Day(
        "occurred_ms", "发生日不早于（北京时间）。", "On or after this day, at +08:00.", method="since", required=True
    )
    occurred_until = Day(
        "occurred_ms",
        "发生日不晚于；最多跨 366 天。",
        "On or before this day; at most 366 days in all.",
        method="before",
        required=True,
    )
    type = Word("event__type", EventType, "登记时的类型。", "Its type, as it was recorded.")
    organisation = Text("organisation__code", "记录单位的统一社会信用代码。", "Code of who recorded it.", 18)
    battery = Text("record__code", "链条所属电池的编码。", "Code of the battery whose chain it is on.")

    def since(self, rows: Any, _name: str, day: dt.date) -> Any:
        """Those on no earlier day."""
        return rows.filter(occurred_ms__gt=end_of(number_of(day) - 1))

    def before(self, rows: Any, _name: str, day: dt.date) -> Any:
        """Those on no later day."""
        return rows.filter(occurred_ms__lte=end_of(number_of(day)))


def visible_steps(viewer: Viewer) -> Any:
    """The steps of all chains, each chain as far as the viewer sees it."""
    steps = Step.objects.all()
    if viewer.is_alliance:
        return steps
    own = Q(part_ms__gt=OuterRef("occurred_ms")) | Q(
        part_ms=OuterRef("occurred_ms"), part_arrival__gte=OuterRef("arrival")
    )
    return steps.filter(Exists(sight.visible(viewer).filter(Q(seen_level=FULL) | own, pk=OuterRef("record"))))


def find_events(_root: Any, info: Any, given: dict[str, Any]) -> Listing:
    """A page of events, in order of occurrence."""
    reader, (size, after) = reader_of(info), size_and_place(given, 3)
    if (given["occurred_until"] - given["occurred_from"]).days >= MOST_DAYS:
        raise refuse("wrong_value", ("occurredUntil",), value=given["occurred_until"], expected=f"≤ {MOST_DAYS} d")
    rows = EventFilters.narrow(visible_steps(reader.viewer), given).filter(chain_reading.beyond(after, "gt"))
    ordered = rows.order_by("occurred_ms", "arrival", "event_id")
    steps = list(ordered.select_related("event__record", "event__organisation")[: size + 1])
    page = Page.cut(steps, size, begun=after is not None)
    contents = contents_of([step.event_id for step in page.rows])
    found = [chain_reading.event_row(step.event, step, contents.get(step.event_id, ())) for step in page.rows]
    reader.parties.want(row.organisation_id for row in found)
    return Listing(page.holding(found), lambda row: row.order)
