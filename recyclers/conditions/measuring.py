"""What is measured for a clause: from batches, declarations, permits and what the audit found. Pure.

Each measurement gives one or several values, each with what it rests on: several where a figure is taken for each
month, batch or site, or declared for each of several years. Which of them decides is for `judging`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from recyclers import eu_targets, recovery
from recyclers.conditions.declared import NOTHING, OBJECTED, Answer, Year
from recyclers.conditions.findings import Findings
from recyclers.conditions.parts import Asked
from recyclers.conditions.terms import BATCH, MONTH, SITE, Terms
from recyclers.flows import Batch, Lot, LotFacts
from recyclers.intermediates import NO_FACTS, Facts
from recyclers.recovery import MEASURED, NO_EVIDENCE, NOT_APPLICABLE, Figure
from traceability.law import Clause
from traceability.law.vocabulary import PERCENT, STATEMENT

_ZONE: Final = timezone(timedelta(hours=8))
#: Where a text names no day for the report on the year before.
_END_OF_YEAR: Final = (12, 31)
#: Percents that may be above a hundred: a plant may be run beyond what it was designed for.
_UNBOUNDED: Final = frozenset({"capacity.load"})
#: Clause → the kind of permit that proves it as well.
_PERMITS: Final = {"permit.eia": "eia", "permit.pollution": "pollution"}


@dataclass(frozen=True, slots=True)
class PermitHeld:
    """A permit as the alliance stated it; None for a day that is not known: ever since, until further notice."""

    kind: str
    number: str
    valid_from: date | None
    valid_until: date | None

    def covers(self, first: date, last: date) -> bool:
        """Whether it is valid on all of these days."""
        begun = self.valid_from is None or self.valid_from <= first
        return begun and (self.valid_until is None or self.valid_until >= last)


@dataclass(frozen=True, slots=True)
class Company:
    """All that a company is judged by, as it was known on `as_of`.

    Args:
        batches: closed in the period, in order.
        later: closed on other days, where they drew lots that these made; read only where a text asks for them.
        facts: of lots that were split or merged between them.
        unbalanced: the numbers of batches that do not balance.
        declared: year → what it declared.
        keys: event → key, of declarations.
    """

    code: str
    roles: frozenset[str]
    as_of: date
    batches: Sequence[Batch] = ()
    later: Sequence[Batch] = ()
    facts: Facts = field(default_factory=lambda: NO_FACTS)
    unbalanced: frozenset[str] = frozenset()
    declared: Mapping[int, Year] = field(default_factory=dict)
    keys: Mapping[int, str] = field(default_factory=dict)
    permits: Sequence[PermitHeld] = ()
    findings: Findings = field(default_factory=Findings)

    def closed_within(self, first: date, last: date) -> list[Batch]:
        """Give the batches that were closed on these days."""
        return [batch for batch in self.batches if first <= day_of(batch.closed_ms) <= last]


@dataclass(frozen=True, slots=True)
class Measured:
    """One value for a clause.

    Args:
        value: in the unit of the clause, exact; None unless `state` is `measured`.
        met: of a clause that wants a statement, whether it is met.
        label: which month, batch, site or year it is about; empty for the whole.
        declared: it is a figure of the company's own, printed as it was given.
    """

    value: Fraction | None = None
    state: recovery.State = MEASURED
    implausible: bool = False
    met: bool | None = None
    label: str = ""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    declared: bool = False


def day_of(moment_ms: int) -> date:
    """Give the day at +08:00 of a moment, milliseconds since 1970."""
    return datetime.fromtimestamp(moment_ms / 1000, _ZONE).date()


def measure(asked: Asked, clause: Clause, company: Company, terms: Terms) -> list[Measured]:
    """Measure what a clause asks for on the days on which it counts; at least one value."""
    if not company.roles & set(clause.who):
        return [Measured(state=NOT_APPLICABLE, evidence={"who": sorted(clause.who)})]
    within = company.closed_within(asked.first, asked.last)
    if clause.processes:
        within = [batch for batch in within if batch.process in clause.processes]
        if not within:
            return [Measured(state=NOT_APPLICABLE, evidence={"batches": []})]
    if own := _MEASURES.get(asked.key):
        return own(asked, company)
    if asked.key in recovery.CLAUSES:
        return list(_by_batches(asked.key, within, company, terms))
    if asked.key in eu_targets.CLAUSES:
        none = Measured(state=NOT_APPLICABLE, evidence={"batches": []})
        return list(_by_targets(asked.key, within, company, terms)) or [none]
    if clause.operator == STATEMENT:
        return [_stated(asked, company)]
    return [_declared(asked.key, clause, company, year) for year in _years(asked)]


# From batches --------------------------------------------------------------------------------------------------------


def _by_batches(key: str, batches: Sequence[Batch], company: Company, terms: Terms) -> Iterator[Measured]:
    for label, own in units(batches, terms):
        figure = recovery.measured(key, own, facts_around(own, company.facts))
        told = evidence_of(figure, own, powder=key.startswith("powder."))
        if unbalanced := sorted({batch.number for batch in own} & company.unbalanced):
            told["unbalancedBatches"] = unbalanced
        yield Measured(figure.value, figure.state, figure.implausible, label=label, evidence=told)


def _by_targets(key: str, batches: Sequence[Batch], company: Company, terms: Terms) -> Iterator[Measured]:
    onward = eu_targets.Onward((*company.batches, *company.later), company.facts)
    for label, own in units(batches, terms):
        others = onward.from_(own)
        if terms.boundary == SITE:
            # What goes to another site leaves this one.
            others = [one for one in others if one.site == own[0].site]
        target = eu_targets.measured(key, own, facts_around((*own, *others), company.facts), later=others)
        told = evidence_of(target.figure, own)
        if target.pending_mg:
            told["pendingKg"] = kilograms(target.pending_mg)
        yield Measured(target.figure.value, target.figure.state, target.figure.implausible, label=label, evidence=told)


def units(batches: Sequence[Batch], terms: Terms) -> list[tuple[str, list[Batch]]]:
    """Group batches as figures are taken: in the order of time, sites by name."""
    found: dict[tuple[str, ...], list[Batch]] = {}
    for batch in batches:
        site = (batch.site,) if terms.boundary == SITE else ()
        span = {MONTH: (day_of(batch.closed_ms).strftime("%Y-%m"),), BATCH: (batch.number,)}.get(terms.averaging, ())
        found.setdefault((*site, *span), []).append(batch)
    return [(" · ".join(label), own) for label, own in sorted(found.items())]


def facts_around(batches: Sequence[Batch], facts: Facts) -> Facts:
    """Keep of the facts those of lots that these batches draw, and of what they were split or merged from."""
    pending = {fed.lot for batch in batches for fed in batch.fed}
    found: dict[Lot, LotFacts] = {}
    while pending:
        near = {lot: facts[lot] for lot in pending if lot in facts}
        found |= near
        pending = {part for one in near.values() for part, _ in one.parts} - found.keys()
    return found


def evidence_of(figure: Figure, batches: Sequence[Batch], *, powder: bool = False) -> dict[str, Any]:
    """Tell what a figure rests on: masses in kilograms, how much of it has no figure, and the batches."""
    known = figure.evidence
    into, out = ("powderKg", "contentKg") if powder else ("inputKg", "outputKg")
    told: dict[str, Any] = {into: kilograms(known.input_mg), out: kilograms(known.output_mg)}
    counts = {
        "inputsWithoutFigure": known.inputs_without_figure,
        "outputsWithoutFigure": known.outputs_without_figure,
        "intermediateLots": known.intermediate_lots,
    }
    told |= {name: count for name, count in counts.items() if count}
    if figure.parts:
        told["lowest"] = figure.lowest or None
        told["elements"] = {name: _part(part) for name, part in figure.parts.items()}
    return told | {"batches": [batch.number for batch in batches]}


def _part(figure: Figure) -> dict[str, Any]:
    return {
        "measured": None if figure.value is None else format(recovery.printed(figure.value), "f"),
        "state": figure.state,
        "inputKg": kilograms(figure.evidence.input_mg),
        "outputKg": kilograms(figure.evidence.output_mg),
    }


def kilograms(mg: Fraction | None) -> str | None:
    """Print a mass in kilograms, to the milligram."""
    return None if mg is None else format(Decimal(round(mg)).scaleb(-6).normalize(), "f")


# From declarations ---------------------------------------------------------------------------------------------------


def _years(asked: Asked) -> range:
    return range(asked.first.year, asked.last.year + 1)


def _declared(key: str, clause: Clause, company: Company, year: int) -> Measured:
    """A figure of the company's own; one that the alliance objects to is none."""
    answer = company.declared.get(year, NOTHING).figures.get(key)
    label = str(year)
    if answer is None:
        return Measured(state=NO_EVIDENCE, label=label, evidence={"year": year})
    told = _told(answer, year, company)
    if not answer.counts:
        return Measured(state=NO_EVIDENCE, label=label, evidence=told)
    value = Fraction(Decimal(answer.value))
    implausible = clause.unit == PERCENT and value > 100 and key not in _UNBOUNDED
    return Measured(value, implausible=implausible, label=label, evidence=told, declared=True)


def _stated(asked: Asked, company: Company, *, permits: Sequence[PermitHeld] = ()) -> Measured:
    """A statement with a document for each year; or permits that cover all of its days."""
    found = [(year, company.declared.get(year, NOTHING).statements.get(asked.key)) for year in _years(asked)]
    told: dict[str, Any] = {"declarations": [_told(answer, year, company) for year, answer in found if answer]}
    if permits:
        told["permits"] = [{"kind": one.kind, "number": one.number, **_span(one)} for one in permits]
    counted = [answer for _, answer in found if answer is not None and answer.counts]
    if any(answer.value is False for answer in counted):
        return Measured(met=False, evidence=told)
    proven = len(counted) == len(found) and all(answer.proven for answer in counted)
    if proven or any(permit.covers(asked.first, asked.last) for permit in permits):
        return Measured(met=True, evidence=told)
    return Measured(state=NO_EVIDENCE, evidence=told)


def _told(answer: Answer, year: int, company: Company) -> dict[str, Any]:
    told: dict[str, Any] = {"year": year, "declaration": company.keys.get(answer.arrival), "review": answer.standing}
    if isinstance(answer.value, bool):
        told["statement"] = answer.value
    if answer.standing == OBJECTED and answer.reason:
        told["objection"] = answer.reason
    return told | {"documents": [dict(document) for document in answer.documents]}


def _span(permit: PermitHeld) -> dict[str, str | None]:
    days = {"validFrom": permit.valid_from, "validUntil": permit.valid_until}
    return {name: None if day is None else day.isoformat() for name, day in days.items()}


def _permitted(asked: Asked, company: Company) -> list[Measured]:
    kind = _PERMITS[asked.key]
    return [_stated(asked, company, permits=[permit for permit in company.permits if permit.kind == kind])]


def _reported(asked: Asked, company: Company) -> list[Measured]:
    """The annual report of each year: declared by the end of March of the next, or stated to have been handed in."""
    stated = _stated(asked, company)
    if stated.state == MEASURED:
        return [stated]
    by = (asked.clause and asked.clause.by) or _END_OF_YEAR
    return [_report_of(year, date(year + 1, *by), company, stated.evidence) for year in _years(asked)]


def _report_of(year: int, due: date, company: Company, told: Mapping[str, Any]) -> Measured:
    reported_ms = company.declared.get(year, NOTHING).reported_ms
    on = None if reported_ms is None else day_of(reported_ms)
    evidence = {**told, "year": year, "due": due.isoformat(), "reportedOn": on.isoformat() if on else None}
    if on is None:
        # That nothing is on record here does not show that nothing was handed in.
        return Measured(state=NO_EVIDENCE, label=str(year), evidence=evidence)
    return Measured(met=on <= due, label=str(year), evidence=evidence)


# From the audit ------------------------------------------------------------------------------------------------------


def _unknown_origins(asked: Asked, company: Company) -> list[Measured]:
    found = company.findings
    count = found.unknown_between(asked.first, asked.last)
    told = {"received": found.received_between(asked.first, asked.last)}
    examples = [one.as_json() for one in found.unknown_examples if asked.first <= one.day <= asked.last]
    return [Measured(Fraction(count), evidence=told | {"gaps": {"unknown_origin": count}, "examples": examples})]


def _uploads(asked: Asked, company: Company) -> list[Measured]:
    found = company.findings
    counts = found.amiss_between(asked.first, asked.last)
    told = {
        "received": found.received_between(asked.first, asked.last),
        "dispatched": found.dispatched_between(asked.first, asked.last),
    }
    examples = [one.as_json() for one in found.amiss_examples if asked.first <= one.day <= asked.last]
    return [Measured(Fraction(sum(counts.values())), evidence=told | {"gaps": counts, "examples": examples})]


#: Clauses that are measured in a way of their own.
_MEASURES: Final[dict[str, Callable[[Asked, Company], list[Measured]]]] = {
    "origin.unknown": _unknown_origins,
    "traceability.upload": _uploads,
    "annual_report": _reported,
    **dict.fromkeys(_PERMITS, _permitted),
}
