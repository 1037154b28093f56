"""Figures of the audit: how complete the chains are, by who holds them, where, whose they are, and when they were made.

A battery counts once; parts still inside one are judged with it. A group's share of reports in time is over the facts
of its batteries for which a deadline is enforced.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.db import connection

from traceability.audit import finding
from traceability.audit.relations import HEADS_NOW
from traceability.audit.staging import count, execute
from traceability.models import AuditRun

#: Group → how its key is read: from batteries `h`, their descriptions `d`, holders `o`, and makers `m`.
GROUPS: Final = {
    "organisation": "COALESCE(o.code, '')",
    "region": "COALESCE(o.region, '')",
    "manufacturer": "COALESCE(m.code, d.prefix, '')",
    "model": "CASE WHEN COALESCE(d.model, '') = '' THEN '' ELSE COALESCE(m.code, d.prefix, '') || '/' || d.model END",
    "month": "COALESCE(d.month, '')",
}
BATTERIES: Final = "audit_batteries"
_STATUSES: Final = ("complete", "open", "flawed", "broken")


_STANDING: Final = "h.kind = 'battery' AND h.chain_id IS NULL AND h.started AND h.part_of = ''"
_NAMED: Final = """
  LEFT JOIN traceability_codeprefix x ON x.prefix = d.prefix
  LEFT JOIN traceability_organisation m ON m.id = x.organisation_id"""


def batteries() -> str:
    """Every battery that stands by itself, with its status, its facts, and the key of each group, as SQL."""
    return f"""
      SELECT h.id AS record_id, h.audit_status AS status, h.audit_facts AS facts, h.audit_late AS late, {_keys()}
      FROM traceability_lifecyclerecord h
      LEFT JOIN ({_described()}) d ON d.record_id = h.id
      LEFT JOIN traceability_organisation o ON o.id = h.holder_id {_NAMED}
      WHERE {_STANDING}"""


def _keys() -> str:
    return ", ".join(f"{key} AS by_{name}" for name, key in GROUPS.items())


def _described() -> str:
    return finding.sources(HEADS_NOW)["descriptions"]


_DUE: Final = """
  SELECT DISTINCT o.organisation_id, d.type, d.retired_only, d.from_day, d.until_day
  FROM deadlines d JOIN organisations o ON o.roles LIKE '% ' || d.role || ' %' WHERE d.enforced = 1"""
#: Written down once for all facts: they are many, and those who have to report something in time are few.
_BOUND: Final = "audit_bound"


@contextmanager
def facts(place: finding.Place) -> Iterator[str]:
    """How many facts of each judged chain have an enforced deadline, as SQL that holds while the block runs."""
    execute(f"CREATE TEMPORARY TABLE {_BOUND} AS {place.placed(_DUE, ('deadlines', 'organisations'))}")
    execute(f"CREATE INDEX {_BOUND}_index ON {_BOUND} (organisation_id, type)")
    count(_BOUND)
    counted = f"""
      SELECT s.record_id, COUNT(*) AS facts FROM steps s WHERE EXISTS (
        SELECT 1 FROM {_BOUND} b WHERE b.organisation_id = s.organisation_id AND b.type = s.type
          AND s.day BETWEEN b.from_day AND b.until_day AND (b.retired_only = 0 OR s.stage_after = 'retired'))
      GROUP BY s.record_id"""
    try:
        yield place.placed(counted, ("steps",))
    finally:
        if not connection.needs_rollback:
            execute(f"DROP TABLE {_BOUND}")


def keep(run: AuditRun) -> None:
    """Count every group and keep the figures with the run."""
    counted = ", ".join(
        f"SUM(CASE WHEN h.audit_status = '{status}' THEN 1 ELSE 0 END) AS {status}" for status in _STATUSES
    )
    # Those that are alike in all respects are counted first: names are then looked up for few.
    execute(f"""
      CREATE TEMPORARY TABLE {BATTERIES} AS SELECT {_keys()}, batteries, {", ".join(_STATUSES)}, facts, late FROM (
        SELECT h.holder_id, i.prefix, i.model, i.month, COUNT(*) AS batteries, {counted},
          SUM(h.audit_facts) AS facts, SUM(h.audit_late) AS late
        FROM traceability_lifecyclerecord h LEFT JOIN ({_described()}) i ON i.record_id = h.id
        WHERE {_STANDING} GROUP BY h.holder_id, i.prefix, i.model, i.month) d
      LEFT JOIN traceability_organisation o ON o.id = d.holder_id {_NAMED}""")
    sums = ", ".join(f"SUM({name})" for name in ("batteries", *_STATUSES, "facts"))
    try:
        for name in GROUPS:
            execute(f"""
              INSERT INTO traceability_auditfigure
                (run_id, group_by, key, batteries, complete, open, flawed, broken, facts, on_time)
              SELECT {run.pk}, '{name}', by_{name}, {sums}, SUM(facts - late) FROM {BATTERIES} GROUP BY by_{name}""")
    finally:
        if not connection.needs_rollback:
            execute(f"DROP TABLE {BATTERIES}")
