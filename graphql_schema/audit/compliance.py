"""How a company meets the conditions for the industry in a calendar year, as of today."""

import datetime as dt
from typing import Any, Final

import graphene

from graphql_schema.audit.fields import JSON, Boolean, Date, Decimal, Required, String, describe, enum, field, listed
from graphql_schema.audit.reader import reader_of
from graphql_schema.enums import Certainty, Verdict
from recyclers.conditions.evaluation import LAST_DAY, Report
from recyclers.conditions.wording import text_of, title_of
from traceability.errors import refuse
from traceability.models import Organisation


class ComplianceClause(graphene.ObjectType):
    """One condition, what was measured, and what that rests on."""

    Meta = describe("一项规范条件的评定。", "One condition for the industry, judged.")
    clause = field(Required(String), "条款的键。", "The key of the clause.", lambda row, _info: row.key)
    title = field(
        Required(String),
        "以请求者语言写的标题。",
        "Its title, in the caller's language.",
        lambda row, _info: title_of(row),
    )
    text = field(
        String,
        "以请求者语言写的要求；该版本无此条款时为空。",
        "What it asks for, in the caller's language; empty where the edition does not have it.",
        lambda row, _info: text_of(row),
    )
    measured = field(
        Decimal,
        "实测值，保留两位小数；评定按精确值。",
        "What was measured, with two decimals; the exact value was judged.",
    )
    unit = field(String, "单位。", "Its unit.", lambda row, _info: row.clause and (row.clause.unit or None))
    operator = field(
        String,
        "比较方式：>=、>、<=、<；statement 为声明，none 为不得有。",
        "How it is compared: >=, >, <=, <; `statement` wants a proof, `none` allows for none.",
        lambda row, _info: row.clause and row.clause.operator,
    )
    threshold = field(
        Decimal, "限值。", "What it is held against.", lambda row, _info: row.clause and row.clause.threshold
    )
    verdict = field(Required(enum(Verdict)), "评定。", "How it is judged.")
    certainty = field(
        enum(Certainty),
        "条款的确定程度。",
        "How certain the clause is.",
        lambda row, _info: row.clause and row.clause.certainty,
    )
    enforced = field(
        Required(Boolean),
        "是否计入总评定。",
        "Whether the verdict of the whole rests on it.",
        lambda row, _info: row.decides,
    )
    evidence = field(
        JSON,
        "依据：质量、批次、申报、许可或缺口。",
        "What it rests on: masses, batches, declarations, permits or gaps.",
    )


class CompliancePart(graphene.ObjectType):
    """A part of the year, judged by one edition."""

    Meta = describe("按一个版本评定的一段期间。", "A part of the period, judged by one edition.")
    edition = field(
        Required(String), "规范条件的版本。", "The edition of the conditions.", lambda row, _info: row.part.text
    )
    from_ = field(Required(Date), "起始日。", "Its first day.", lambda row, _info: row.part.first, name="from")
    until = field(Required(Date), "截止日。", "Its last day.", lambda row, _info: row.part.last)
    verdict = field(Required(enum(Verdict)), "该段的评定。", "How it is judged.")
    clauses = field(listed(ComplianceClause), "各项条件。", "Its conditions.")


class Compliance(graphene.ObjectType):
    """A company judged by the conditions for the industry."""

    Meta = describe("企业是否符合行业规范条件。", "Whether a company meets the conditions for the industry.")
    verdict = field(Required(enum(Verdict)), "总评定。", "How it is judged as a whole.")
    from_ = field(Required(Date), "起始日。", "The first day.", lambda row, _info: row.first, name="from")
    until = field(Required(Date), "截止日。", "The last day.", lambda row, _info: row.last)
    as_of = field(Required(Date), "以该日结束时所知为准。", "As known at the end of this day.")
    parameters = field(
        Required(JSON),
        "范围、平均方式与容差。",
        "Boundary, averaging and tolerance.",
        lambda row, _info: row.terms.as_json(),
    )
    law = field(
        Required(String),
        "所依据的法规数据的 SHA-256。",
        "SHA-256 of the law that was judged by.",
        lambda row, _info: row.digest,
    )
    parts = field(listed(CompliancePart), "按版本分段。", "The parts of the period, by edition.")


FIRST_YEAR: Final = 2000


def last_full_year(info: Any) -> int:
    """Give the calendar year before this one."""
    today: dt.date = reader_of(info).today
    return today.year - 1


def check_year(year: int) -> int:
    """Give a year that may be asked about; raises `wrong_value`."""
    if not FIRST_YEAR <= year <= LAST_DAY.year:
        raise refuse("wrong_value", ("year",), value=year, expected=f"{FIRST_YEAR} … {LAST_DAY.year}")
    return year


def year_of(row: Organisation, info: Any, year: int) -> Report | None:
    """Judge a company for a year; null for who is not asked by the conditions, or not the viewer's to know."""
    reader = reader_of(info)
    # Each year of a page of companies is as much as a page of them is judged for.
    reader.count_live("compliance", str(check_year(year)))
    return reader.compliance.year(row, year)
