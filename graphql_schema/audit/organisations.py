"""Organisations: what they are, are listed and licensed for, and how they are judged."""

from typing import Any

import graphene
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from graphene_django import DjangoObjectType

from graphql_schema.audit.compliance import Compliance, check_year, last_full_year, year_of
from graphql_schema.audit.fields import (
    Date,
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
from graphql_schema.audit.lists import Filters, Listing, Text, Word, YesNo, connection, keyset
from graphql_schema.audit.reader import reader_of
from graphql_schema.describing import both
from graphql_schema.enums import ListingScope, PermitKind, Role, Verdict
from recyclers import models
from recyclers.standing import known, listed_on
from traceability.models import Organisation as Company


class ListingType(graphene.ObjectType):
    """A listing, as it was stated last."""

    Meta = describe("公告名单中的一项。", "A place on the announced list.", name="Listing")
    scope = field(Required(enum(ListingScope)), "类别。", "What it is listed for.")
    batch_number = field(String, "批次。", "The batch.", lambda row, _info: row.batch_number or None)
    announced_on = field(Date, "公告日期：首个有效日。", "When it was announced: its first day.")
    revoked_on = field(Date, "撤销日期：首个失效日。", "When it was revoked: the first day it no longer holds.")
    reason = field(String, "撤销原因。", "Why it was revoked.", lambda row, _info: row.reason or None)


class PermitType(graphene.ObjectType):
    """A permit, as it was stated last."""

    Meta = describe("一项许可。", "A permit.", name="Permit")
    kind = field(Required(enum(PermitKind)), "种类。", "Its kind.")
    number = field(String, "编号。", "Its number.", lambda row, _info: row.number or None)
    issuer = field(String, "发证机关。", "Who issued it.", lambda row, _info: row.issuer or None)
    valid_from = field(Date, "生效日期：首个有效日。", "Its first valid day.")
    valid_until = field(Date, "失效日期：最后有效日。", "Its last valid day.")


def _permits(row: Company, info: Any) -> Any:
    reader = reader_of(info).standing
    return reader.permits(row.pk) if reader.sees_permits(row.pk) else None


@shows(Company)
class Organisation(DjangoObjectType):
    """An organisation with its public master data."""

    class Meta:
        name = "Organisation"
        description = both("参与溯源的单位。", "An organisation that takes part.")
        model = Company
        fields = ("code",)
        convert_choices_to_enum = ()
        interfaces = (Node,)
        use_connection = False

    id = field(
        Required(graphene.ID),
        "全局唯一的 id：类型与自然键。",
        "Its id in the whole system: type and natural key.",
        lambda row, _info: f"Organisation:{row.code}",
    )
    code = field(Required(String), "统一社会信用代码，18 位。", "Its unified social credit code, 18 characters.")
    name = field(Required(String), "名称。", "Its name.")
    name_en = field(String, "英文名称。", "Its English name.", lambda row, _info: row.name_en or None)
    roles = field(listed(enum(Role)), "角色。", "What it does.", lambda row, _info: sorted(row.role_set))
    region = field(
        String, "行政区划代码（GB/T 2260）。", "Its region (GB/T 2260).", lambda row, _info: row.region or None
    )
    listings = field(
        listed(ListingType),
        "公告名单：每类别每批次一项，以最后登记的为准。",
        "Its places on the announced list: one a scope and batch, as stated last.",
        lambda row, info: reader_of(info).standing.listings(row.pk),
    )
    permits = field(
        graphene.List(Required(PermitType)),
        "许可：每种类每编号一项，以最后登记的为准；仅本单位与联盟可见。",
        "Its permits: one a kind and number, as stated last; for itself and the alliance only.",
        _permits,
    )
    compliance = field(
        Compliance,
        "按行业规范条件的年度评定，以今日所知为准；仅本单位与联盟可见，其余角色的单位为空。",
        "How it meets the conditions for the industry in a year, as known today; for itself and the alliance only, and "
        "null for who is neither recycler nor second-life company.",
        year_of,
        year=argument(Required(Int), "年度。", "The year."),
    )

    @classmethod
    def get_queryset(cls, _queryset: Any, info: Any) -> Any:
        """Give those that the viewer may ask for."""
        return reader_of(info).organisations_known()


class OrganisationFilters(Filters):
    """What organisations may be narrowed by."""

    role = Word("roles", Role, "角色。", "What it does.", method="by_role")
    region = Text("region", "行政区划代码（GB/T 2260）。", "Its region (GB/T 2260).", 6)
    name = Text("name", "名称所含文字。", "A part of its name.", lookup_expr="icontains")

    def by_role(self, rows: Any, _name: str, role: str) -> Any:
        """Those that have a role."""
        return rows.filter(roles__contains=f" {role} ")


class RecyclerFilters(Filters):
    """What recyclers may be narrowed by."""

    listed = YesNo(
        "pk", "今天是否在再生利用公告名单中。", "Whether it is listed for material recovery today.", method="by_listing"
    )
    region = Text("region", "行政区划代码（GB/T 2260）。", "Its region (GB/T 2260).", 6)
    # The last: whoever the others leave is judged.
    verdict = Word(
        "pk",
        Verdict,
        "行业规范条件的年度评定，以今日所知为准；年度见 year。非联盟单位仅自身可被选出。",
        "How the conditions for the industry judge its `year`, as known today; who is not the alliance finds itself "
        "only.",
        method="by_verdict",
    )

    def by_listing(self, rows: Any, _name: str, value: bool) -> Any:
        """Those that are, or are not, listed today."""
        own = Q(organisation=OuterRef("pk"), scope=ListingScope.RECOVERY.value)
        current = Exists(models.Listing.objects.filter(own, known(None), listed_on(timezone.localdate())))
        return rows.filter(current if value else ~current)

    def by_verdict(self, rows: Any, _name: str, value: str) -> Any:
        """Those whose year is judged so."""
        return rows.filter(pk__in=self.about["judged"](rows, value))


OrganisationConnection = connection(Organisation, "单位列表", "A list of organisations")


def find_organisations(_root: Any, info: Any, given: dict[str, Any]) -> Listing:
    """A page of the organisations that the viewer may ask for."""
    rows = OrganisationFilters.narrow(Organisation.get_queryset(None, info), given)
    return _met(keyset(rows, given), info)


def find_recyclers(_root: Any, info: Any, given: dict[str, Any]) -> Listing:
    """A page of the recyclers among them."""
    rows = Organisation.get_queryset(None, info).filter(roles__contains=f" {Role.RECYCLER.value} ")
    year = check_year(last_full_year(info) if given.get("year") is None else given["year"])

    def judged(found: Any, verdict: str) -> list[int]:
        return reader_of(info).compliance.judged(found, year, verdict)

    return _met(keyset(RecyclerFilters.narrow(rows, given, judged=judged), given), info)


def year_argument() -> Any:
    """The year that recyclers are chosen by."""
    return argument(
        Int,
        "verdict 所指的年度；默认为上一个完整的日历年。",
        "The year of `verdict`; by default the last full calendar year.",
    )


def _met(listing: Listing, info: Any) -> Listing:
    reader_of(info).parties.meet(listing.page.rows)
    reader_of(info).compliance.announce(listing.page.rows)
    return listing
