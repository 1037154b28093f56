"""Figures of the audit: how complete the chains are, by who holds them, where, whose they are, and when they were made.

A battery counts once; parts still inside one are judged with it. A group's share of reports in time is over the facts
of its batteries for which a deadline is enforced.
"""

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
BOUND: Final = "audit_bound"
_STATUSES: Final = ("complete", "open", "flawed", "broken")


def batteries() -> str:
    """Every battery that stands by itself, with its status and the key of each group, as SQL."""
    keys = ", ".join(f"{key} AS by_{name}" for name, key in GROUPS.items())
    described = finding.sources(HEADS_NOW)["descriptions"]
    return f"""
      SELECT h.id AS record_id, h.audit_status AS status, {keys}
      FROM traceability_lifecyclerecord h
      LEFT JOIN ({described}) d ON d.record_id = h.id
      LEFT JOIN traceability_organisation o ON o.id = h.holder_id
      LEFT JOIN traceability_codeprefix x ON x.prefix = d.prefix
      LEFT JOIN traceability_organisation m ON m.id = x.organisation_id
      WHERE h.kind = 'battery' AND h.chain_id IS NULL AND h.started AND h.part_of = ''"""


_BOUND: Final = """
  SELECT DISTINCT o.organisation_id, d.type, d.retired_only, d.from_day, d.until_day
  FROM deadlines d JOIN organisations o ON o.roles LIKE '% ' || d.role || ' %' WHERE d.enforced = 1"""


def facts(place: finding.Place, bound: str = f"({_BOUND})") -> str:
    """How many facts of each chain have an enforced deadline, as SQL.

    Args:
        place: which chains, and as of when.
        bound: who has to report what in time; a table of that, where many facts are asked about.
    """
    counted = f"""
      SELECT s.record_id, COUNT(*) AS facts FROM steps s WHERE EXISTS (
        SELECT 1 FROM {bound} b WHERE b.organisation_id = s.organisation_id AND b.type = s.type
          AND s.day BETWEEN b.from_day AND b.until_day AND (b.retired_only = 0 OR s.stage_after = 'retired'))
      GROUP BY s.record_id"""
    return place.placed(counted, ("deadlines", "organisations", "steps"))


def _bind(place: finding.Place) -> None:
    execute(f"CREATE TEMPORARY TABLE {BOUND} AS {place.placed(_BOUND, ('deadlines', 'organisations'))}")
    execute(f"CREATE INDEX {BOUND}_index ON {BOUND} (organisation_id, type)")
    count(BOUND)


def keep(run: AuditRun) -> None:
    """Count every group and keep the figures with the run."""
    late = (
        "SELECT record_id, COUNT(*) AS late FROM traceability_gap"
        " WHERE code = 'late_report' AND closed_in_id IS NULL GROUP BY record_id"
    )
    place = finding.Place(run.as_of, HEADS_NOW)
    _bind(place)
    execute(f"""
      CREATE TEMPORARY TABLE {BATTERIES} AS SELECT b.*, COALESCE(f.facts, 0) AS facts, COALESCE(l.late, 0) AS late
      FROM ({batteries()}) b LEFT JOIN ({facts(place, BOUND)}) f ON f.record_id = b.record_id
      LEFT JOIN ({late}) l ON l.record_id = b.record_id""")
    counted = ", ".join(f"SUM(CASE WHEN status = '{status}' THEN 1 ELSE 0 END)" for status in _STATUSES)
    try:
        for name in GROUPS:
            execute(f"""
              INSERT INTO traceability_auditfigure
                (run_id, group_by, key, batteries, complete, open, flawed, broken, facts, on_time)
              SELECT {run.pk}, '{name}', by_{name}, COUNT(*), {counted}, SUM(facts), SUM(facts - late)
              FROM {BATTERIES} GROUP BY by_{name}""")
    finally:
        if not connection.needs_rollback:
            execute(f"DROP TABLE {BATTERIES}")
            execute(f"DROP TABLE {BOUND}")
