"""Figures of the audit: how complete the chains are, by who holds them, where, whose they are, and when they were made.

A battery counts once; parts still inside one are judged with it. A group's share of reports in time is over the facts
of its batteries for which a deadline is enforced.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.db import connection

from traceability.audit import finding
from traceability.audit.staging import count, execute
from traceability.models import AuditRun

#: Group → how its key is read: of a cohort `c`, its holder `o`, and its maker `m`.
GROUPS: Final = {
    "organisation": "COALESCE(o.code, '')",
    "region": "COALESCE(o.region, '')",
    "manufacturer": "COALESCE(m.code, c.prefix)",
    "model": "CASE WHEN c.model = '' THEN '' ELSE COALESCE(m.code, c.prefix) || '/' || c.model END",
    "month": "c.month",
}
#: The cohorts `c` with those that a group is named after.
COHORTS: Final = """traceability_auditcohort c
  LEFT JOIN traceability_organisation o ON o.id = c.holder
  LEFT JOIN traceability_codeprefix x ON x.prefix = c.prefix
  LEFT JOIN traceability_organisation m ON m.id = x.organisation_id"""
#: What is counted of a group, in the order of `AuditFigure`.
COUNTED: Final = (
    "SUM(c.batteries), SUM(c.complete), SUM(c.open), SUM(c.flawed), SUM(c.broken), SUM(c.facts), SUM(c.facts - c.late)"
)

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
    """Keep the figures of every group with the run."""
    for name, key in GROUPS.items():
        execute(f"""
          INSERT INTO traceability_auditfigure
            (run_id, group_by, key, batteries, complete, open, flawed, broken, facts, on_time)
          SELECT {run.pk}, '{name}', {key}, {COUNTED} FROM {COHORTS} WHERE c.batteries > 0 GROUP BY {key}""")
