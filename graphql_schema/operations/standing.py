"""What an organisation is listed and licensed for, and what falls due for it."""

import datetime as dt

import strawberry
from django.utils import timezone

from graphql_schema.enums import DueKind, ListingScope, PermitKind
from graphql_schema.operations.describing import both, described
from recyclers import due_dates, models
from recyclers import standing as domain
from traceability.errors import refuse

#: A calendar of more days is no calendar.
MOST_DAYS = 3_660
YEAR = dt.timedelta(days=365)


@strawberry.type(description=both("公告名单中的一项。", "A place on the announced list."))
class Listing:
    """A listing, as it was stated last."""

    scope: ListingScope = described("类别。", "What it is listed for.")
    batch_number: str | None = described("批次。", "The batch.")
    announced_on: dt.date | None = described("公告日期：首个有效日。", "When it was announced: its first day.")
    revoked_on: dt.date | None = described(
        "撤销日期：首个失效日。", "When it was revoked: the first day it no longer holds."
    )
    reason: str | None = described("撤销原因。", "Why it was revoked.")


@strawberry.type(description=both("一项许可。", "A permit."))
class Permit:
    """A permit, as it was stated last."""

    kind: PermitKind = described("种类。", "Its kind.")
    number: str | None = described("编号。", "Its number.")
    issuer: str | None = described("发证机关。", "Who issued it.")
    valid_from: dt.date | None = described("生效日期：首个有效日。", "Its first valid day.")
    valid_until: dt.date | None = described("失效日期：最后有效日。", "Its last valid day.")


@strawberry.type(description=both("某日的公告与许可情况。", "What a company is listed and licensed for on a day."))
class Standing:
    """A standing."""

    on: dt.date = described("日期。", "The day.")
    listed_for: list[ListingScope] = described("当日有效的公告类别。", "The scopes it is listed for.")
    permits: list[PermitKind] | None = described(
        "当日有效的许可种类；仅本单位与联盟可见。", "The kinds of its valid permits; for itself and the alliance only."
    )
    licensed: bool | None = described(
        "三种许可当日是否齐备；仅本单位与联盟可见。",
        "Whether it has permits of all three kinds; for itself and the alliance only.",
    )


@strawberry.type(description=both("一项到期事项。", "Something that falls due."))
class DueDate:
    """A due date."""

    day: dt.date = described("日期。", "The day.")
    kind: DueKind = described("种类。", "What falls due.")
    what: str = described(
        "许可种类、公告类别，或报告所属年度。", "The permit's kind, the listing's scope, or the year to report on."
    )
    number: str | None = described("许可编号或公告批次。", "The permit's number, or the listing's batch.")
    done: bool = described(
        "年度报告是否已提交：该年度已有申报。", "Whether the annual report is in: something was declared for that year."
    )
    overdue: bool = described("年度报告是否逾期未交。", "Whether it is an annual report that ought to be in by now.")


def listing(row: models.Listing) -> Listing:
    """Show a listing's row."""
    return Listing(
        scope=ListingScope.of(row.scope),
        batch_number=row.batch_number or None,
        announced_on=row.announced_on,
        revoked_on=row.revoked_on,
        reason=row.reason or None,
    )


def permit(row: models.Permit) -> Permit:
    """Show a permit's row."""
    return Permit(
        kind=PermitKind.of(row.kind),
        number=row.number or None,
        issuer=row.issuer or None,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
    )


def standing(day: dt.date, found: domain.Standing, *, permits: bool) -> Standing:
    """Show what a company has on a day; without its permits where those are not for the viewer."""
    return Standing(
        on=day,
        listed_for=[scope for scope in ListingScope if scope.value in found.listed_for],
        permits=[kind for kind in PermitKind if kind.value in found.permits] if permits else None,
        licensed=found.licensed if permits else None,
    )


def due_date(due: due_dates.Due) -> DueDate:
    """Show what falls due."""
    return DueDate(
        day=due.day,
        kind=DueKind.of(due.kind),
        what=due.what,
        number=due.number or None,
        done=due.done,
        overdue=due.is_overdue(today()),
    )


def today() -> dt.date:
    """The day it is in China."""
    return timezone.localdate()


def period(from_day: dt.date | None, until_day: dt.date | None) -> tuple[dt.date, dt.date]:
    """Complete the days of a calendar: from today, for a year; refuses more than ten years."""
    begin = from_day or today()
    end = until_day or (begin + YEAR if begin <= dt.date.max - YEAR else dt.date.max)
    if (end - begin).days > MOST_DAYS:
        raise refuse("wrong_value", ("until",), value=end, expected=f"≤ {begin + dt.timedelta(days=MOST_DAYS)}")
    return begin, end
