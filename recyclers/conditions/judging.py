"""A clause's verdict, exact at its limit; a part's, and that of the whole. Pure."""

import operator
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from recyclers.conditions.measuring import Company, Measured, measure
from recyclers.conditions.parts import Asked, Part, conditions_of
from recyclers.conditions.terms import Terms
from recyclers.recovery import NO_EVIDENCE as UNMEASURED
from recyclers.recovery import NOT_APPLICABLE as INAPPLICABLE
from recyclers.recovery import printed
from traceability.law import Clause
from traceability.law.vocabulary import COMPARISONS, PROVISIONAL, STATEMENT

PASS, FAIL, IMPLAUSIBLE = "pass", "fail", "implausible"
NO_EVIDENCE, NOT_APPLICABLE, NOT_IN_FORCE = "no_evidence", "not_applicable", "not_in_force"
#: Of several values that one which decides comes first.
_GRAVEST: Final = (FAIL, IMPLAUSIBLE, NO_EVIDENCE, PASS, NOT_APPLICABLE)
_COMPARE: Final[dict[str, Callable[[Any, Any], bool]]] = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
}
#: Operators of which the higher value is the worse one.
_UPPER: Final = frozenset({"<", "<=", "none"})


@dataclass(frozen=True, slots=True)
class Judged:
    """A clause, what was measured for it, and its verdict.

    Args:
        clause: as it stood; None where it was not in force.
        decides: whether the verdict of the part rests on it.
        measured: as printed: rounded to two decimals, while the verdict used the exact value.
    """

    key: str
    verdict: str
    clause: Clause | None = None
    decides: bool = False
    measured: Decimal | None = None
    evidence: Any = None


@dataclass(frozen=True, slots=True)
class JudgedPart:
    """A part of the period, with all its clauses."""

    part: Part
    verdict: str
    clauses: tuple[Judged, ...]


def judge(part: Part, company: Company, terms: Terms) -> JudgedPart:
    """Judge a company by every condition of a part."""
    clauses = tuple(_judged(part, asked, company, terms) for asked in conditions_of(part))
    if all(one.clause is None for one in clauses):
        return JudgedPart(part, NOT_IN_FORCE, clauses)
    return JudgedPart(part, together(one.verdict for one in clauses if one.decides), clauses)


def together(verdicts: Iterable[str]) -> str:
    """Give the verdict over several: one that fails or cannot be true decides, then one without evidence."""
    found = set(verdicts)
    if found == {NOT_IN_FORCE}:
        return NOT_IN_FORCE
    if found & {FAIL, IMPLAUSIBLE}:
        return FAIL
    return NO_EVIDENCE if NO_EVIDENCE in found else PASS


def verdict_of(clause: Clause, measured: Measured) -> str:
    """Judge one value by a clause."""
    if measured.state == INAPPLICABLE:
        return NOT_APPLICABLE
    if measured.implausible:
        return IMPLAUSIBLE
    if measured.state == UNMEASURED:
        return NO_EVIDENCE
    if clause.operator == STATEMENT:
        return PASS if measured.met else FAIL
    if measured.met is not None or measured.value is None:
        raise ValueError(f"{clause.key} is not measured by a statement")
    limit = Fraction(clause.threshold) if clause.threshold is not None else Fraction(0)
    compare = _COMPARE[clause.operator] if clause.operator in COMPARISONS else operator.eq
    return PASS if compare(measured.value, limit) else FAIL


def _judged(part: Part, asked: Asked, company: Company, terms: Terms) -> Judged:
    clause = asked.clause
    if clause is None:
        return Judged(asked.key, NOT_IN_FORCE)
    found = [(verdict_of(clause, one), one) for one in measure(asked, clause, company, terms)]
    verdict, decisive = _worst(clause, found)
    evidence = dict(decisive.evidence)
    if len(found) > 1:
        counts = {name: sum(one == name for one, _ in found) for name in _GRAVEST}
        evidence["taken"] = {"of": decisive.label, "values": len(found), **{k: n for k, n in counts.items() if n}}
    return Judged(asked.key, verdict, clause, _decides(part, clause, terms), as_printed(decisive), evidence)


def _decides(part: Part, clause: Clause, terms: Terms) -> bool:
    """Whether a verdict rests on a clause: it is enforced here, or the company is held against its text on purpose."""
    if clause.certainty == PROVISIONAL:
        return terms.provisional
    return clause.enforced or part.on_purpose


def _worst(clause: Clause, found: Sequence[tuple[str, Measured]]) -> tuple[str, Measured]:
    def order(one: tuple[str, Measured]) -> tuple[int, Fraction]:
        value = one[1].value or Fraction(0)
        return _GRAVEST.index(one[0]), -value if clause.operator in _UPPER else value

    return min(found, key=order)


def as_printed(measured: Measured) -> Decimal | None:
    """Round for print: a figure of the company's own stays as it is where two decimals hold it."""
    if measured.value is None:
        return None
    if measured.value.denominator == 1 and not _is_share(measured):
        return Decimal(measured.value.numerator)
    rounded = printed(measured.value)
    return rounded.normalize() if measured.declared and Fraction(rounded) == measured.value else rounded


def _is_share(measured: Measured) -> bool:
    return "batches" in measured.evidence
