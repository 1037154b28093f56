"""Rules as SQL: each expression compiled once a process and dialect, then filled in with the day and what is judged."""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import Any, Final, Literal

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir
from django.conf import settings
from django.utils.module_loading import import_string

from traceability.audit import statute
from traceability.audit.relations import RELATIONS, Relation
from traceability.audit.rule import COLUMNS, Check, Relations, Rule, Terms

#: Stands in an expression for the day that is audited.
_AS_OF: Final = 987_654_321_001
#: The table that an expression of `widen` reads the changed records from, each with its codes.
CHANGED: Final = "changed"
_CHANGED_COLUMNS: Final = {"record_id": "int64", "code": "string"}
#: What of a rule is asked: its gaps, what else is judged with what changed, which ends are no completion yet.
Part = Literal["find", "widen", "pending"]


@cache
def rules() -> dict[str, Rule]:
    """The rules by their names, in the order of `settings.AUDIT_RULES`."""
    found = [import_string(f"{path}.RULE") for path in settings.AUDIT_RULES]
    return {rule.name: rule for rule in found}


@cache
def checks() -> dict[str, Check]:
    """The checks by their gap codes."""
    found = [import_string(f"{path}.CHECK") for path in settings.AUDIT_CHECKS]
    return {check.code: check for check in found}


@cache
def severities() -> dict[str, str]:
    """How grave a gap of each code is, as far as rules and checks find it."""
    found = {rule.code: rule.severity for rule in rules().values()}
    return {**found, **{check.code: check.severity for check in checks().values()}}


@cache
def relations() -> dict[str, Relation]:
    """The relations of the core and of the packages above it."""
    found = dict(RELATIONS)
    for path in settings.AUDIT_RELATIONS:
        found |= import_string(path)
    return found


def tables() -> Relations:
    """The relations for a rule to speak of."""
    return Relations(relations())


def parameters() -> dict[str, Any]:
    """The parameters that are in force, as they are printed with each result."""
    return dict(settings.AUDIT_PARAMETERS)


def expression(rule: Rule, part: Part = "find") -> ir.Table:
    """What a rule finds, with its columns in order; or what its other parts select: `record_id`."""
    terms = Terms(ibis.literal(_AS_OF, "int64"), parameters(), statute.period)
    if part == "find":
        return rule.find(tables(), terms).select(*COLUMNS)
    if part == "widen":
        assert rule.widen is not None
        return rule.widen(tables(), ibis.table(_CHANGED_COLUMNS, name=CHANGED)).select("record_id")
    assert rule.pending is not None
    return rule.pending(tables(), terms).select("record_id")


def compiled(rule: Rule, dialect: str, part: Part = "find") -> str:
    """A rule as a statement, with `{as_of}` in place of the day; its relations are tables of that name."""
    return _compiled(rule.name, dialect, part, tuple(sorted(parameters().items())))


@cache
def _compiled(name: str, dialect: str, part: Part, given: tuple[tuple[str, Any], ...]) -> str:
    return to_sql(expression(rules()[name], part), dialect)


def to_sql(found: ir.Table, dialect: str) -> str:
    """An expression in one dialect; braces in its texts are doubled."""
    name = {"postgresql": "postgres"}.get(dialect, dialect)
    compiler = import_module(f"ibis.backends.sql.compilers.{name}").compiler
    text = compiler.to_sqlglot(found).sql(dialect=compiler.dialect)
    return str(text).replace("{", "{{").replace("}", "}}").replace(str(_AS_OF), "{as_of}")


@cache
def used(name: str, part: Part = "find") -> tuple[str, ...]:
    """The relations that a rule speaks of."""
    found = expression(rules()[name], part)
    return tuple(sorted({node.name for node in found.op().find(ops.UnboundTable)} - {CHANGED}))


def in_place(statement: str, names: tuple[str, ...], sources: Mapping[str, str], fill: Mapping[str, Any]) -> str:
    """A statement over the Django database: the relations that it speaks of before it, each written where it is used.

    Args:
        sources: how each relation is read.
        fill: values of the placeholders, whole numbers and conditions of our own words.
    """
    before = ", ".join(f'"{name}" AS NOT MATERIALIZED ({sources[name]})' for name in names)
    own = statement.lstrip()
    rest = f", {own[5:]}" if own[:5].upper() == "WITH " else f" {own}"
    return f"WITH {before}{rest}".format(**fill)
