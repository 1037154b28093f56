"""Batteries counted by what they are alike in: holder, manufacturer code, model, and month of production.

Each record says in which cohort it is counted, with the status and the facts that it has there. A run over everything
counts anew; a run over a part takes what it judges out of its cohorts before it settles it, and puts it in again
afterwards, so that figures cost what changed and not what there is.
"""

from typing import Final

from django.db import connection

from traceability.audit import finding
from traceability.audit.relations import HEADS_NOW
from traceability.audit.staging import MOVED, execute, one

STATUSES: Final = ("complete", "open", "flawed", "broken")
#: What is counted of a cohort.
COUNTS: Final = ("batteries", *STATUSES, "facts", "late")
#: Which records are counted: what stands by itself; parts still inside a battery are judged with it.
STANDING: Final = "h.kind = 'battery' AND h.chain_id IS NULL AND h.started AND h.part_of = ''"
_RECORD: Final = "traceability_lifecyclerecord"
_COHORT: Final = "traceability_auditcohort"
#: What the batteries of a cohort are alike in: column → how it is read of a record `h` and its description `d`.
_ALIKE: Final = {
    "holder": "COALESCE(h.holder_id, 0)",
    "prefix": "COALESCE(d.prefix, '')",
    "model": "COALESCE(d.model, '')",
    "month": "COALESCE(d.month, '')",
}


def described() -> str:
    """The descriptions of batteries as they are joined to a record `h`."""
    return f"LEFT JOIN ({finding.sources(HEADS_NOW)['descriptions']}) d ON d.record_id = h.id"


def joined() -> str:
    """The description `d` of a record `h`, and the cohort `c` that it belongs to, if it stands by itself."""
    alike = " AND ".join(f"c.{name} = {read}" for name, read in _ALIKE.items())
    return f"{described()} LEFT JOIN {_COHORT} c ON {STANDING} AND {alike}"


def are_counted() -> bool:
    """Whether a run has counted yet: one over a part needs what was counted before it."""
    return bool(one(f"SELECT COUNT(*) FROM (SELECT 1 FROM {_COHORT} LIMIT 1) x"))


def lock() -> None:
    """Let nobody else count until the transaction ends."""
    if connection.vendor == "postgresql":
        execute(f"LOCK TABLE {_COHORT} IN EXCLUSIVE MODE")


def take_out(*, everything: bool) -> None:
    """Count what a run moves in no cohort any more, and have a cohort for each record that it may be counted in."""
    if everything:
        execute(f"UPDATE {_COHORT} SET {', '.join(f'{name} = 0' for name in COUNTS)}")
    else:
        _add("-", everything=False)
    columns = ", ".join(_ALIKE)
    within = "" if everything else f"AND h.id IN (SELECT record_id FROM {MOVED})"
    execute(f"""
      INSERT INTO {_COHORT} ({columns}, {", ".join(COUNTS)})
      SELECT {columns}, {", ".join("0" for _ in COUNTS)} FROM (
        SELECT DISTINCT {", ".join(f"{read} AS {name}" for name, read in _ALIKE.items())}
        FROM {_RECORD} h {described()} WHERE {STANDING} {within}) n
      WHERE 1 = 1 ON CONFLICT DO NOTHING""")


def put_in(*, everything: bool) -> int:
    """Count them where they belong now; gives how many batteries are counted in all."""
    _add("+", everything=everything)
    if everything:
        execute(f"DELETE FROM {_COHORT} WHERE batteries = 0")
    return int(one(f"SELECT COALESCE(SUM(batteries), 0) FROM {_COHORT}"))


def _add(sign: str, *, everything: bool) -> None:
    within = "" if everything else f"AND h.id IN (SELECT record_id FROM {MOVED})"
    counted = ", ".join(
        f"SUM(CASE WHEN h.audit_status = '{status}' THEN 1 ELSE 0 END) AS {status}" for status in STATUSES
    )
    execute(f"""
      UPDATE {_COHORT} AS c SET {", ".join(f"{name} = c.{name} {sign} n.{name}" for name in COUNTS)}
      FROM (
        SELECT h.audit_cohort, COUNT(*) AS batteries, {counted}, SUM(h.audit_facts) AS facts, SUM(h.audit_late) AS late
        FROM {_RECORD} h WHERE h.audit_cohort IS NOT NULL {within} GROUP BY h.audit_cohort) n
      WHERE c.id = n.audit_cohort""")
