"""Whether a company meets the conditions for the industry, clause by clause."""

import datetime as dt
from decimal import Decimal
from typing import Annotated

import strawberry
from strawberry.scalars import JSON

from graphql_schema.enums import Averaging, Boundary, Certainty, Verdict
from graphql_schema.operations.describing import argument, both, described
from graphql_schema.operations.nodes import reader_of
from recyclers.conditions.evaluation import Report
from recyclers.conditions.judging import Judged, JudgedPart
from recyclers.conditions.terms import terms
from recyclers.conditions.wording import text_of, title_of

Recycler = Annotated[str, argument("企业的统一社会信用代码。", "The company's code.")]
From = Annotated[dt.date, argument("起始日（北京时间）。", "The first day, at +08:00.", name="from")]
Until = Annotated[dt.date, argument("截止日（北京时间）。", "The last day, at +08:00.")]
Edition = Annotated[
    str | None,
    argument(
        "整个期间按此文本评定：2019、2024、eu2023_1542；默认按当日有效的版本。",
        "Judge all of it by this text: 2019, 2024, eu2023_1542; by the editions in force, by default.",
    ),
]
AsOf = Annotated[
    dt.date | None, argument("以该日结束时所知为准；默认为今天。", "As known at its end; today by default.")
]
BoundaryGiven = Annotated[Boundary | None, argument("范围；默认为企业整体。", "What over; the company, by default.")]
AveragingGiven = Annotated[
    Averaging | None, argument("平均方式；默认为整个期间。", "Averaged over; the period, by default.")
]
Provisional = Annotated[bool | None, argument("暂定条款是否也计入评定。", "Whether provisional clauses decide, too.")]


@strawberry.type(description=both("一项规范条件的评定。", "One condition for the industry, judged."))
class ComplianceClause:
    """A clause, its limit, what was measured, and what that rests on."""

    clause: str = described("条款的键。", "The key of the clause.")
    title: str = described("以请求者语言写的标题。", "Its title, in the caller's language.")
    text: str | None = described(
        "以请求者语言写的要求；该版本无此条款时为空。",
        "What it asks for, in the caller's language; empty where the edition does not have it.",
    )
    measured: Decimal | None = described(
        "实测值，保留两位小数；评定按精确值。", "What was measured, with two decimals; the exact value was judged."
    )
    unit: str | None = described("单位。", "Its unit.")
    operator: str | None = described(
        "比较方式：>=、>、<=、<；statement 为声明，none 为不得有。",
        "How it is compared: >=, >, <=, <; `statement` wants a proof, `none` allows for none.",
    )
    threshold: Decimal | None = described("限值。", "What it is held against.")
    verdict: Verdict = described("评定。", "How it is judged.")
    certainty: Certainty | None = described("条款的确定程度。", "How certain the clause is.")
    enforced: bool = described("是否计入总评定。", "Whether the verdict of the whole rests on it.")
    evidence: JSON | None = described(
        "依据：质量、批次、申报、许可或缺口。", "What it rests on: masses, batches, declarations, permits or gaps."
    )


@strawberry.type(description=both("按一个版本评定的一段期间。", "A part of the period, judged by one edition."))
class CompliancePart:
    """A part."""

    edition: str = described("规范条件的版本，或所用的文本。", "The edition of the conditions, or the text.")
    from_: dt.date = described("起始日。", "Its first day.", name="from")
    until: dt.date = described("截止日。", "Its last day.")
    verdict: Verdict = described("该段的评定。", "How it is judged.")
    clauses: list[ComplianceClause] = described("各项条件。", "Its conditions.")


@strawberry.type(
    description=both("企业是否符合行业规范条件。", "Whether a company meets the conditions for the industry.")
)
class ComplianceReport:
    """A report."""

    recycler: str = described("企业的统一社会信用代码。", "The company's code.")
    from_: dt.date = described("起始日。", "The first day.", name="from")
    until: dt.date = described("截止日。", "The last day.")
    verdict: Verdict = described("总评定。", "How it is judged as a whole.")
    as_of: dt.date = described("以该日结束时所知为准。", "As known at the end of this day.")
    parameters: JSON = described("范围、平均方式与容差。", "Boundary, averaging and tolerance.")
    law: str = described("所依据的法规数据的 SHA-256。", "SHA-256 of the law that was judged by.")
    parts: list[CompliancePart] = described("按版本分段。", "The parts of the period, by edition.")


def report(
    info: strawberry.Info,
    recycler: str,
    days: tuple[dt.date, dt.date],
    *,
    edition: str | None,
    as_of: dt.date | None,
    boundary: Boundary | None,
    averaging: Averaging | None,
    provisional: bool | None,
) -> ComplianceReport | None:
    """Judge a company that the viewer may know of."""
    asked = terms(
        boundary.value if boundary else None, averaging.value if averaging else None, provisional=bool(provisional)
    )
    reader = reader_of(info).compliance
    found = reader.report(recycler.strip().upper(), *days, edition=edition, as_of=as_of, terms=asked)
    return _shown(found) if found else None


def _shown(found: Report) -> ComplianceReport:
    return ComplianceReport(
        recycler=found.recycler,
        from_=found.first,
        until=found.last,
        verdict=Verdict.of(found.verdict),
        as_of=found.as_of,
        parameters=JSON(found.terms.as_json()),
        law=found.digest,
        parts=[_part(part) for part in found.parts],
    )


def _part(judged: JudgedPart) -> CompliancePart:
    return CompliancePart(
        edition=judged.part.text,
        from_=judged.part.first,
        until=judged.part.last,
        verdict=Verdict.of(judged.verdict),
        clauses=[_clause(one) for one in judged.clauses],
    )


def _clause(judged: Judged) -> ComplianceClause:
    clause = judged.clause
    return ComplianceClause(
        clause=judged.key,
        title=title_of(judged),
        text=text_of(judged),
        measured=judged.measured,
        unit=(clause.unit or None) if clause else None,
        operator=clause.operator if clause else None,
        threshold=clause.threshold if clause else None,
        verdict=Verdict.of(judged.verdict),
        certainty=Certainty.of(clause.certainty) if clause else None,
        enforced=judged.decides,
        evidence=None if judged.evidence is None else JSON(judged.evidence),
    )
