"""Recalls: what a model, the beginning of a code or a campaign affects, wherever it is now, and recalling it.

Affected is what the question names itself, all that ever came out of it, and whatever holds any of that now: a cell in
a module in a pack, the product that the module was assembled into. What is told is the battery around it all, which
somebody holds and scans; so the recall is recorded of that one.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import BigIntegerField, Count, QuerySet
from django.db.models.expressions import RawSQL

from batteries.models import Battery, BatteryModel
from batteries.sight import visible
from traceability import calls, replica
from traceability.access import Viewer
from traceability.errors import refuse
from traceability.models import Component, LifecycleRecord, Organisation, StepDetail
from traceability.receipts import Receipt
from traceability.stages import LIVING, RULES

#: What a recall may be about, and what that is called at the doors.
PATHS: Final = {"model": "model", "code_prefix": "codePrefix", "campaign": "campaign"}
#: Maker, level, chemistry and at least a specification: what is shorter names no batch.
_PREFIX: Final = re.compile(r"[0-9A-Z]{3}[PMC][0-9A-Z]{2,20}")
_LAST: Final = "Z" * 24

#: The record of a battery by itself: an identity that was joined to another tells nothing of its own.
_SEEDS: Final = {
    "model": """SELECT k.code, k.code, 1 FROM {LifecycleRecord} k JOIN {Battery} b ON b.record_id = k.id
            WHERE b.model_number = %s AND k.kind = 'battery' AND k.chain_id IS NULL
        UNION SELECT c.code, c.code, 1 FROM {Component} c WHERE c.model_number = %s""",
    # A range, that an index can be read by, and the beginning itself, for no order of letters is the same everywhere.
    "code_prefix": """SELECT k.code, k.code, 1 FROM {LifecycleRecord} k
            WHERE k.kind = 'battery' AND k.chain_id IS NULL AND k.code BETWEEN %s AND %s AND k.code LIKE %s
        UNION SELECT c.code, c.code, 1 FROM {Component} c WHERE c.code BETWEEN %s AND %s AND c.code LIKE %s""",
    "campaign": """SELECT k.code, k.code, 1 FROM {StepDetail} n JOIN {LifecycleRecord} k ON k.id = n.record_id
            WHERE n.name = 'campaign' AND n.value = %s""",
}
#: `whole`: the thing itself is affected, and not only something in it.
_AFFECTED: Final = """
WITH RECURSIVE ways(way) AS (VALUES (1), (2), (3)),
seeds(root, code, whole) AS ({seeds}),
affected(root, code, whole) AS (
    SELECT CAST(root AS text), CAST(code AS text), whole FROM seeds
UNION
    SELECT a.root, CAST(COALESCE(u.parent_code, p.code, d.code) AS text), CASE WHEN w.way = 3 THEN 1 ELSE 0 END
    FROM affected a JOIN ways w ON w.way < 3 OR a.whole = 1
    LEFT JOIN {Component} u ON w.way = 1 AND u.code = a.code AND u.until_ms IS NULL
    LEFT JOIN {StepDetail} s ON w.way = 2 AND s.name = 'source' AND s.value = a.code
    LEFT JOIN {LifecycleRecord} p ON p.id = s.record_id
    LEFT JOIN {Component} d ON w.way = 3 AND d.parent_code = a.code AND d.until_ms IS NOT NULL
    WHERE COALESCE(u.parent_code, p.code, d.code) IS NOT NULL
)
"""
#: The outermost: built into nothing, and no product's source.
_AROUND: Final = """FROM affected a JOIN {LifecycleRecord} k ON k.kind = 'battery' AND k.code = a.code
    WHERE k.chain_id IS NULL AND k.part_of = '' AND k.stage <> 'reassembled'"""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a recall is about: just one of a model's number, the beginning of codes, a campaign."""

    name: str
    value: str

    @property
    def parameters(self) -> list[str]:
        """What the seeds are asked with."""
        if self.name == "code_prefix":
            return [self.value, self.value + _LAST, f"{self.value}%"] * 2
        return [self.value] * (2 if self.name == "model" else 1)


@dataclass(frozen=True, slots=True)
class Inside:
    """How many of the things that the question names a battery is or holds, and the first of their codes."""

    count: int
    first: str


@dataclass(frozen=True, slots=True)
class Holding:
    """How many affected batteries one organisation has, or those together that may be told by their roles alone."""

    holder_id: int | None
    roles: tuple[str, ...]
    batteries: int
    living: int


# The question --------------------------------------------------------------------------------------------------------


def scope_of(viewer: Viewer, **given: str | None) -> Scope:
    """Check what a recall is about: `model`, `code_prefix` or `campaign`.

    Raises:
        Refusal: `not_maker` for who may recall nothing; `missing_field` for none, `wrong_value` for several or a
            malformed beginning of a code; `unknown_model`, `unknown_campaign`.
    """
    if not viewer.roles & RULES["recalled"].roles:
        raise refuse("not_maker")
    named = {name: value.strip() for name, value in given.items() if value is not None and value.strip()}
    if not named:
        raise refuse("missing_field", ("model",), value="model, codePrefix, campaign")
    if len(named) > 1:
        name = [*named][-1]
        raise refuse("wrong_value", (PATHS[name],), value=named[name], expected="model | codePrefix | campaign")
    ((name, value),) = named.items()
    if name == "code_prefix":
        value = value.upper()
        if not _PREFIX.fullmatch(value):
            raise refuse("wrong_value", ("codePrefix",), value=value, expected="04QCE7…")
    scope = Scope(name, value)
    # PostgreSQL has no NUL in texts: nothing is called so.
    if name != "code_prefix" and ("\0" in value or not _is_known(viewer, scope)):
        raise refuse(f"unknown_{name}", (name,), value=value)
    return scope


def _is_known(viewer: Viewer, scope: Scope) -> bool:
    """Whether a model was filed, by oneself unless one is the alliance, or anything that may be seen is affected."""
    if scope.name == "model":
        filed = BatteryModel.objects.filter(number=scope.value)
        if (filed if viewer.is_alliance else filed.filter(organisation=viewer.organisation_id)).exists():
            return True
    return affected(viewer, scope).exists()


def affected(viewer: Viewer, scope: Scope, *, living: bool | None = None) -> QuerySet[Any]:
    """Find the affected batteries that a viewer sees: the alliance all, a maker its own; rows of `sight.seen`.

    Args:
        living: only those whose life has not ended, or only those whose life has.
    """
    sql = _filled(_AFFECTED + "SELECT k.id " + _AROUND, scope)
    found = RawSQL(sql, scope.parameters, BigIntegerField())  # noqa: S611 (names of our own, values as parameters)
    rows = visible(viewer).filter(pk__in=found)
    if not viewer.is_alliance:
        rows = rows.filter(maker=viewer.organisation_id)
    if living is not None:
        rows = rows.filter(stage__in=LIVING) if living else rows.exclude(stage__in=LIVING)
    return rows


def inside(scope: Scope, record_ids: Collection[int] | None = None) -> dict[int, Inside]:
    """Say what of the things asked for each affected battery is or holds, by its record; one query."""
    only = "" if record_ids is None else f"AND k.id IN ({', '.join(['%s'] * len(record_ids))})"
    if record_ids is not None and not record_ids:
        return {}
    question = "SELECT k.id, COUNT(DISTINCT a.root), MIN(a.root) " + _AROUND + f" {only} GROUP BY k.id"
    with replica.connection().cursor() as cursor:
        cursor.execute(_filled(_AFFECTED + question, scope), [*scope.parameters, *(record_ids or ())])
        return {id_: Inside(count, first) for id_, count, first in cursor.fetchall()}


def holdings(viewer: Viewer, scope: Scope) -> list[Holding]:
    """Count the affected batteries by who has them, the most first; two queries."""
    counted = affected(viewer, scope).order_by().values("seen_holder", "seen_keeper", "stage")
    rows = list(counted.annotate(number=Count("pk")))
    keepers = Organisation.objects.in_bulk({row["seen_keeper"] for row in rows} - {None})
    found: dict[tuple[int | None, tuple[str, ...]], list[int]] = {}
    for row in rows:
        keeper = keepers.get(row["seen_keeper"])
        roles = tuple(sorted(keeper.role_set)) if keeper else ()
        # Whom a maker saw last need not have it still: then it is told what kind of company does.
        holder = row["seen_holder"] if row["seen_holder"] == row["seen_keeper"] else None
        counts = found.setdefault((holder, roles), [0, 0])
        counts[0] += row["number"]
        counts[1] += row["number"] if row["stage"] in LIVING else 0
    told = [Holding(*whose, *counts) for whose, counts in found.items()]
    return sorted(told, key=lambda one: (-one.batteries, one.holder_id or 0, one.roles))


def _filled(sql: str, scope: Scope) -> str:
    quote = replica.connection().ops.quote_name
    models = (Battery, Component, LifecycleRecord, StepDetail)
    tables = {model.__name__: quote(model._meta.db_table) for model in models}
    return sql.format_map({**tables, "seeds": _SEEDS[scope.name].format_map(tables)})


# Recalling -----------------------------------------------------------------------------------------------------------


def recall(
    items: Sequence[Mapping[str, Any]],
    *,
    by: Viewer,
    idempotency_key: str,
    occurred_at: datetime | str,
    site: Mapping[str, Any] | None = None,
    **shared: Any,
) -> Receipt:
    """Record the recall of many batteries (`code` of each): all or none, at most 1,000.

    Raises:
        Refusal: with every problem, its path into the call.
    """
    details = {name: shared.get(name) for name in ("campaign", "reason", "instruction")}
    given = [
        {"battery": item.get("code"), "occurredAt": occurred_at, "site": site, "details": details}
        | {name: item[name] for name in ("attachments",) if item.get(name)}
        for item in items
    ]
    return calls.record_items("recalled", given, by=by, idempotency_key=idempotency_key)
