"""What verdicts rest on, a row each: values, batches, declarations, documents, permits, counts, gaps and findings.

Where a figure is taken for each month, batch, site or year, all of them are here, and not only the one that decided.
Masses of batches are what each contributes within the boundary that the figure was taken over, so that they add up.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from recyclers import eu_targets, recovery
from recyclers.conditions.evaluation import Report
from recyclers.conditions.exporting.clauses import PLACE, number, place_of
from recyclers.conditions.judging import as_printed, verdict_of
from recyclers.conditions.measuring import Company, Measured, day_of, facts_around, kilograms, measure, units
from recyclers.conditions.parts import Asked, conditions_of
from recyclers.conditions.wording import VERDICTS
from recyclers.flows import Batch
from recyclers.recovery import Figure
from traceability.audit.exporting.tables import Column, Row, Table
from traceability.law import Clause

KINDS: Final[dict[str, Promise]] = {
    "value": _("figure"),
    "batch": _("batch"),
    "declaration": _("declaration"),
    "document": _("document"),
    "permit": _("permit"),
    "report": _("annual report"),
    "count": _("count"),
    "gap": _("gap"),
    "finding": _("finding"),
}
_COLUMNS: Final = (
    Column("kind", _("kind"), width=12),
    Column("of", _("month, batch, site or year"), width=18),
    Column("subject", _("number, key or code"), width=26),
    Column("verdict", _("verdict"), width=14),
    Column("measured", _("measured"), "number", 12),
    Column("element", _("element or material"), width=18),
    Column("input_kg", _("into, kg"), "mass", 16),
    Column("output_kg", _("out, kg"), "mass", 16),
    Column("powder_kg", _("dry powder, kg"), "mass", 16),
    Column("content_kg", _("held in it, kg"), "mass", 16),
    Column("without_figure", _("without a figure"), "whole", 10),
    Column("count", _("count"), "whole", 10),
    Column("day", _("day, or valid from"), "day", 12),
    Column("until", _("until"), "day", 12),
    Column("battery", _("battery"), width=28),
    Column("event", _("event"), width=32),
    Column("document", _("document"), width=28),
    Column("sha256", _("SHA-256"), width=66),
    Column("note", _("note"), "json", 40),
)
#: Of a value's evidence what stands in cells or rows of its own; the rest is its note.
_TOLD: Final = frozenset(
    "inputKg outputKg powderKg contentKg batches elements unbalancedBatches year declaration review objection statement"
    " documents declarations permits received dispatched gaps examples due reportedOn taken".split()
)
#: Clauses that are measured from batches, each of which has a row.
_OF_BATCHES: Final = frozenset({*recovery.CLAUSES, *eu_targets.CLAUSES})


def evidence_table(report: Report) -> Table:
    """Give the evidence as a table, in the order of the clauses."""
    return Table(_("Evidence"), (*PLACE, *_COLUMNS), _rows(report))


def _rows(report: Report) -> Iterator[Row]:
    for part in report.parts:
        for asked, judged in zip(conditions_of(part.part), part.clauses, strict=True):
            if judged.clause is None:
                continue
            place = place_of(part.part, judged)
            for cells in _of_clause(asked, judged.clause, report):
                yield *place, *(cells.get(column.name) for column in _COLUMNS)


def _of_clause(asked: Asked, clause: Clause, report: Report) -> Iterator[dict[str, Any]]:
    for one in measure(asked, clause, report.company, report.terms):
        yield _value(one, clause)
        yield from _told(one.label, one.evidence)
    if asked.key in _OF_BATCHES and report.company.roles & set(clause.who):
        yield from _batches(asked, clause, report)


def _cells(kind: str, **more: Any) -> dict[str, Any]:
    return {"kind": str(KINDS[kind]), **more}


def _value(one: Measured, clause: Clause) -> dict[str, Any]:
    told = one.evidence
    return _cells(
        "value",
        of=one.label or None,
        verdict=str(VERDICTS[verdict_of(clause, one)]),
        measured=number(as_printed(one)),
        element=told.get("lowest"),
        input_kg=_decimal(told.get("inputKg")),
        output_kg=_decimal(told.get("outputKg")),
        powder_kg=_decimal(told.get("powderKg")),
        content_kg=_decimal(told.get("contentKg")),
        note={name: value for name, value in told.items() if name not in _TOLD} or None,
    )


def _told(label: str, told: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    if "declaration" in told:
        yield from _declaration(told)
    for one in told.get("declarations", ()):
        yield from _declaration(one)
    for permit in told.get("permits", ()):
        span = _day(permit["validFrom"]), _day(permit["validUntil"])
        yield _cells("permit", subject=permit["number"], day=span[0], until=span[1], note={"kind": permit["kind"]})
    if "due" in told:
        yield _cells("report", of=label or None, day=_day(told["reportedOn"]), until=_day(told["due"]))
    for name in ("received", "dispatched"):
        if name in told:
            yield _cells("count", subject=name, count=told[name])
    for gap, count in told.get("gaps", {}).items():
        yield _cells("gap", subject=gap, count=count)
    for one in told.get("examples", ()):
        found = {"battery": one["battery"], "event": one["event"], "day": _day(one["since"])}
        yield _cells("finding", subject=one["gap"], **found)


def _declaration(told: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    about = {"of": str(told["year"]), "subject": told["declaration"]}
    note = {name: told[name] for name in ("review", "statement", "objection") if name in told}
    yield _cells("declaration", **about, note=note)
    for document in told["documents"]:
        yield _cells("document", **about, document=document.get("name"), sha256=document.get("sha256"))


# From batches --------------------------------------------------------------------------------------------------------


def _batches(asked: Asked, clause: Clause, report: Report) -> Iterator[dict[str, Any]]:
    company = report.company
    within = company.closed_within(asked.first, asked.last)
    if clause.processes:
        within = [one for one in within if one.process in clause.processes]
    for label, own in units(within, report.terms):
        for batch, figure in _apart(asked.key, own, company):
            note = {"unbalanced": True} if batch.number in company.unbalanced else None
            for cells in _contribution(asked.key, batch, figure):
                yield cells | {"of": label or None, "note": note}


def _apart(key: str, batches: Sequence[Batch], company: Company) -> Iterable[tuple[Batch, Figure | None]]:
    """What each batch contributes; nothing that adds up where all of a company's processes are taken as one."""
    if key in recovery.CLAUSES:
        return recovery.measured_apart(key, batches, facts_around(batches, company.facts))
    return ((batch, None) for batch in batches)


def _contribution(key: str, batch: Batch, figure: Figure | None) -> Iterator[dict[str, Any]]:
    """One batch: a row for each element that the clause asks for."""
    if figure is None:
        yield _cells("batch", subject=batch.number, day=day_of(batch.closed_ms))
        return
    names = ("powder_kg", "content_kg") if key.startswith("powder.") else ("input_kg", "output_kg")
    for element, part in (figure.parts or {key.rpartition(".")[2]: figure}).items():
        known = part.evidence
        # Of products that nobody measured it is not known that they hold nothing.
        out = None if known.outputs_without_figure and not known.output_mg else known.output_mg
        yield _cells(
            "batch",
            subject=batch.number,
            element=element,
            without_figure=known.inputs_without_figure + known.outputs_without_figure or None,
            day=day_of(batch.closed_ms),
            **dict(zip(names, _masses(known.input_mg, out), strict=True)),
        )


def _masses(*milligrams: Fraction | None) -> Sequence[Decimal | None]:
    return [_decimal(kilograms(mg)) for mg in milligrams]


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
