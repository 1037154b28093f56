"""Inspections, grades, and the routes a retired battery may take."""

import datetime as dt
from decimal import Decimal
from typing import Any

import strawberry

from graphql_schema.enums import Route
from graphql_schema.operations.describing import both, described, resolved
from graphql_schema.operations.nodes import Warning, reader_of, warning  # noqa: A004
from graphql_schema.operations.organisations import Organisation, organisation
from recyclers import grades, inspection
from traceability.values import from_ms


@strawberry.type(description=both("一次余能检测（GB/T 34015）。", "A residual energy test (GB/T 34015)."))
class Inspection:
    """What was measured, and what follows."""

    row: strawberry.Private[inspection.Inspection]
    occurred_at: dt.datetime = described("检测时间。", "When it was made.")
    soh_percent: Decimal | None = described("健康状态（SOH），百分数。", "State of health, percent.")
    capacity_ah: Decimal | None = described("容量，安时。", "Capacity, ampere-hours.")
    energy_kwh: Decimal | None = described("余能，千瓦时。", "Residual energy, kilowatt-hours.")
    voltage_v: Decimal | None = described("电压，伏。", "Voltage, volts.")
    insulation_mohm: Decimal | None = described("绝缘电阻，兆欧。", "Insulation resistance, megohms.")
    visual: str | None = described(
        "外观检查；应要求删除后为空。", "What was seen; empty when it was erased on request."
    )
    temperature_c: Decimal | None = described("试验温度，摄氏度。", "Temperature of the test, degrees Celsius.")
    current_a: Decimal | None = described("试验电流，安。", "Current of the test, amperes.")
    instrument: str | None = described("仪器。", "The instrument.")
    operator: str | None = described("检测人员；应要求删除后为空。", "Who tested; empty when it was erased on request.")
    method: str | None = described("方法。", "The method.")
    grade: str | None = described("检测人员给出的等级。", "The grade, as the inspector said.")
    grade_by_health: str | None = described(
        "按分级方案由 SOH 得出的等级。", "The grade that the scheme gives its state of health."
    )
    decision: Route | None = described("处置决定。", "What is to become of the battery.")

    @resolved("检测单位。", "Who made it.")
    def organisation(self, info: strawberry.Info) -> Organisation | None:
        return organisation(reader_of(info).parties.by_id(self.row.organisation_id))


@strawberry.type(description=both("一种去向，以及不可行的原因。", "A route, and what stands against it."))
class NextStep:
    """A route."""

    route: Route = described("去向。", "The route.")
    open: bool = described("是否可行。", "Whether it is open.")
    reasons: list[Warning] = described("不可行的原因。", "What stands against it.")


@strawberry.type(description=both("分级方案中的一个等级。", "A grade of the scheme."))
class Grade:
    """A grade."""

    name: str = described("等级。", "Its name.")
    soh_from: Decimal = described("健康状态不低于，百分数。", "From this state of health on, percent.")
    routes: list[Route] = described("适合的用途。", "What it is good for.")


@strawberry.type(
    description=both(
        "退役电池的分级方案：行业习惯，并非法规。", "How retired batteries are graded: industry usage, not law."
    )
)
class GradeScheme:
    """The scheme in use."""

    key: str = described("代号。", "Its key.")
    title_zh: str = described("中文名称。", "Its title in Chinese.")
    title_en: str = described("英文名称。", "Its title in English.")
    source: str = described("来源。", "Where it comes from.")
    grades: list[Grade] = described("等级，由高到低。", "Its grades, from the best down.")


def inspection_of(row: inspection.Inspection) -> Inspection:
    """Show an inspection."""
    details = row.details

    def figure(name: str) -> Decimal | None:
        return Decimal(details[name]) if name in details else None

    texts: dict[str, Any] = {
        name: details.get(name) for name in ("visual", "instrument", "operator", "method", "grade")
    }
    return Inspection(
        row=row,
        occurred_at=from_ms(row.occurred_ms),
        soh_percent=figure("sohPercent"),
        capacity_ah=figure("capacityAh"),
        energy_kwh=figure("energyKwh"),
        voltage_v=figure("voltageV"),
        insulation_mohm=figure("insulationMohm"),
        temperature_c=figure("temperatureC"),
        current_a=figure("currentA"),
        grade_by_health=row.by_health.name if row.by_health else None,
        decision=Route.maybe(details.get("decision", "")),
        **texts,
    )


def next_step(found: inspection.NextStep) -> NextStep:
    """Show a route."""
    reasons = [warning(reason) for reason in found.reasons]
    return NextStep(route=Route.of(found.route), open=not reasons, reasons=reasons)


def grade_scheme() -> GradeScheme:
    """Show the scheme in use."""
    found = grades.scheme()
    shown = [
        Grade(name=each.name, soh_from=each.soh_from, routes=[Route.of(r) for r in grades.ROUTES if r in each.routes])
        for each in found.grades
    ]
    return GradeScheme(
        key=found.key, title_zh=found.title_zh, title_en=found.title_en, source=found.source, grades=shown
    )
