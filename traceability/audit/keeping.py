"""Keeping what a run found: gaps opened and closed by difference, chain statuses, what was taken up."""

from collections.abc import Collection
from dataclasses import replace
from typing import Final

from django.db.models.lookups import GreaterThanOrEqual

from traceability.audit import cohorts, figures, statute
from traceability.audit.calendar import end_of
from traceability.audit.compiling import checks, rules, severities, used
from traceability.audit.finding import Place
from traceability.audit.rule import FLAW
from traceability.audit.staging import BESIDE, CHANGED, FOUND, MOVED, SCOPE, TAKEN, count, execute, gather, rows
from traceability.chains import COMPLETING
from traceability.events import batches, told_at
from traceability.models import AuditRun, LifecycleEvent, LifecycleRecord
from traceability.values import from_ms

ALTERED: Final = "altered"
_SAME: Final = f"""
  SELECT 1 FROM {FOUND} f WHERE f.record_id = g.record_id AND f.code = g.code AND f.event_id = g.event_id
    AND f.organisation_id IS NOT DISTINCT FROM g.organisation_id AND f.since_day = g.since_day
    AND f.evidence = g.evidence"""


def take(last: AuditRun | None) -> None:
    """Note what changed since the last run, before anything is asked."""
    execute(f"INSERT INTO {TAKEN} SELECT id, touched FROM traceability_lifecyclerecord WHERE touched <> audited")
    if last is not None:
        _take_companies(last)
    count(TAKEN)


def _take_companies(last: AuditRun) -> None:
    # Of companies the last run may have seen less than there was: what was reported after its day is new today.
    reported = GreaterThanOrEqual(told_at(), from_ms(end_of(last.as_of) + 1))
    stated = LifecycleEvent.objects.filter(reported, record__kind=LifecycleRecord.Kind.ORGANISATION)
    for ids in batches(set(stated.values_list("record_id", flat=True))):
        execute(
            f"INSERT INTO {TAKEN} SELECT id, touched FROM traceability_lifecyclerecord"
            f" WHERE id IN ({', '.join(map(str, ids))}) ON CONFLICT DO NOTHING"
        )


def widen(everything: Place) -> Place:
    """Add to what changed whatever else may be judged differently for it; gives what all rules judge."""
    record = "traceability_lifecyclerecord"
    ids = f"SELECT record_id FROM {TAKEN}"
    _add(ids)
    # A provisional identity's facts are judged under the true code, before and after it is identified.
    _add(f"SELECT DISTINCT chain_id AS record_id FROM {record} WHERE chain_id IS NOT NULL AND id IN ({ids})")
    # What a company is, and is allowed, counts for all that it ever did. Asked first: it is seldom, and steps are many.
    companies = rows(f"""
      SELECT o.id FROM traceability_organisation o JOIN {record} r ON r.kind = 'organisation' AND r.code = o.code
      WHERE r.id IN ({ids})""")
    if companies:
        named = ", ".join(str(id_) for (id_,) in companies)
        _add(f"SELECT DISTINCT record_id FROM traceability_step WHERE organisation_id IN ({named})")
    execute(f"""
      INSERT INTO {CHANGED} SELECT t.record_id, r.code FROM {TAKEN} t JOIN {record} r ON r.id = t.record_id
      UNION ALL
      SELECT t.record_id, r.code FROM {TAKEN} t JOIN {record} r ON r.chain_id = t.record_id AND r.kind = 'battery'""")
    count(CHANGED)
    count(SCOPE)
    judged = gather(everything)
    # What changed is judged, so its steps need not be looked for again.
    place = replace(everything, steps=judged.steps)
    # What a gap hung on, in another record, may have been withdrawn: nothing leads here from there now.
    corrected = rows(f"""
      SELECT 1 FROM traceability_lifecycleevent e JOIN {record} r ON r.id = e.record_id
      WHERE e.type = 'corrected' AND COALESCE(r.chain_id, r.id) IN ({ids}) LIMIT 1""")
    for rule in rules().values():
        if rule.widen is not None and used(rule.name, "widen"):
            _add_beside(rule.code, place.widening(rule, f"SELECT record_id, code FROM {CHANGED}"))
            if corrected:
                told = f"SELECT record_id FROM traceability_gap WHERE closed_in_id IS NULL AND code = '{rule.code}'"
                _add_beside(rule.code, told)
    for check in checks().values():
        _add_records_beside(check.code, check.widen(f"SELECT record_id, code FROM {CHANGED}"))
    count(BESIDE)
    return judged


def judged_beside(code: str) -> set[int]:
    """The records that a check judges in a run over what changed."""
    return {id_ for (id_,) in rows(f"SELECT record_id FROM {BESIDE} WHERE code = '{code}'")}


def _add_records_beside(code: str, ids: Collection[int]) -> None:
    for some in batches(ids):
        values = ", ".join(f"('{code}', {int(id_)})" for id_ in some)
        execute(f"INSERT INTO {BESIDE} (code, record_id) VALUES {values} ON CONFLICT DO NOTHING")


def _add(ids: str) -> None:
    execute(f"INSERT INTO {SCOPE} SELECT * FROM ({ids}) n WHERE record_id IS NOT NULL ON CONFLICT DO NOTHING")


def _add_beside(code: str, ids: str) -> None:
    execute(
        f"INSERT INTO {BESIDE} SELECT '{code}', n.record_id FROM ({ids}) n WHERE n.record_id IS NOT NULL"
        f" AND n.record_id NOT IN (SELECT record_id FROM {SCOPE}) ON CONFLICT DO NOTHING"
    )


def keep(run: AuditRun, place: Place, *, verified: bool) -> None:
    """Open what is new, close what is gone, and settle the status of each chain; the caller holds a transaction.

    Args:
        run: the run.
        place: what it judged.
        verified: whether it looked for altered events, too.
    """
    judged = "1 = 1"
    if run.scope != run.Scope.ALL:
        judged = (
            f"(g.record_id IN (SELECT record_id FROM {SCOPE})"
            f" OR (g.code, g.record_id) IN (SELECT code, record_id FROM {BESIDE}))"
        )
    left = "" if verified else f"AND g.code <> '{ALTERED}'"
    if run.scope != run.Scope.ALL:
        # Gaps that only came due are told beside the scope, and close nothing.
        left += f" AND NOT EXISTS ({_SAME})"
        same = ""
    else:
        same = f"AND NOT EXISTS ({_SAME})"
    run.closed = execute(
        f"UPDATE traceability_gap AS g SET closed_in_id = {run.pk}, status = 'closed'"
        f" WHERE g.closed_in_id IS NULL AND {judged} {left} {same}"
    )
    # What is open already is told by the index of open gaps: a look at the table while it fills would take ever longer.
    run.opened = execute(f"""
      INSERT INTO traceability_gap
        (record_id, code, severity, event_id, organisation_id, since_day, clause, evidence, opened_in_id, status)
      SELECT f.record_id, f.code, CASE WHEN f.code IN ({_flaws()}) THEN 'flaw' ELSE 'break' END, f.event_id,
        f.organisation_id, f.since_day, COALESCE(c.clause, ''), f.evidence, {run.pk}, 'open'
      FROM {FOUND} f LEFT JOIN ({statute.gap_clauses()}) c
        ON c.gap = f.code AND f.since_day BETWEEN c.from_day AND c.until_day
      WHERE 1 = 1 ON CONFLICT DO NOTHING""")
    _recall_answers(run)
    everything = run.scope == run.Scope.ALL
    if not everything:
        _move(run)
    cohorts.lock()
    cohorts.take_out(everything=everything)
    _settle(run, place)
    run.batteries = cohorts.put_in(everything=everything)


def _flaws() -> str:
    return ", ".join(f"'{code}'" for code, severity in severities().items() if severity == FLAW) or "''"


def _recall_answers(run: AuditRun) -> None:
    """A gap that is found again is where people had left it."""
    answer = (
        "FROM traceability_gapanswer a WHERE a.record_id = g.record_id AND a.code = g.code AND a.event_id = g.event_id"
    )
    execute(f"""
      UPDATE traceability_gap AS g SET status = CASE
        WHEN (SELECT a.kind {answer} AND a.kind <> 'explained' ORDER BY a.id DESC LIMIT 1) = 'accepted' THEN 'accepted'
        WHEN (SELECT a.kind {answer} ORDER BY a.id DESC LIMIT 1) = 'explained' THEN 'explained' ELSE 'open' END
      WHERE g.opened_in_id = {run.pk} AND EXISTS (SELECT 1 {answer})""")


def _settle(run: AuditRun, judged: Place) -> None:
    """Write of each judged chain its status, facts and cohort, and that it was taken up; only where they change."""
    done = ", ".join(f"'{stage}'" for stage in sorted(COMPLETING))
    within, gaps, pending = "", "closed_in_id IS NULL", judged.pending()
    if run.scope != run.Scope.ALL:
        moved = f"record_id IN (SELECT record_id FROM {MOVED})"
        within, gaps = f"WHERE h.id IN (SELECT record_id FROM {MOVED})", f"{gaps} AND {moved}"
        pending = replace(judged, steps="", scope=moved).pending()
    with figures.facts(judged) as facts:
        execute(f"""
          UPDATE traceability_lifecyclerecord AS r
          SET audit_status = n.status, audited = n.audited, audit_facts = n.facts, audit_late = n.late,
            audit_cohort = n.cohort
          FROM (
            SELECT h.id, COALESCE(t.touched, h.audited) AS audited, COALESCE(g.late, 0) AS late,
              {_counted(run)} AS facts, c.id AS cohort,
              CASE WHEN h.kind <> 'battery' OR h.chain_id IS NOT NULL THEN 'open'
                WHEN g.worst = 2 THEN 'broken' WHEN g.worst = 1 THEN 'flawed'
                WHEN h.stage IN ({done}) AND p.record_id IS NULL THEN 'complete' ELSE 'open' END AS status
            FROM traceability_lifecyclerecord h {cohorts.joined()}
            LEFT JOIN {TAKEN} t ON t.record_id = h.id
            LEFT JOIN ({facts}) f ON f.record_id = h.id
            LEFT JOIN (SELECT DISTINCT record_id FROM ({pending}) w) p ON p.record_id = h.id
            LEFT JOIN (
              SELECT record_id, MAX(CASE severity WHEN 'break' THEN 2 ELSE 1 END) AS worst,
                SUM(CASE code WHEN 'late_report' THEN 1 ELSE 0 END) AS late
              FROM traceability_gap WHERE {gaps} GROUP BY record_id) g ON g.record_id = h.id
            {within}) n
          WHERE n.id = r.id AND (r.audit_status <> n.status OR r.audited <> n.audited OR r.audit_facts <> n.facts
            OR r.audit_late <> n.late OR r.audit_cohort IS DISTINCT FROM n.cohort)""")


def _move(run: AuditRun) -> None:
    """Note the chains of which a run over a part may have something new to say: judged, or with a gap that came due."""
    execute(f"""
      INSERT INTO {MOVED} SELECT record_id FROM {SCOPE} UNION SELECT record_id FROM {TAKEN}
      UNION SELECT record_id FROM {BESIDE}
      UNION SELECT record_id FROM traceability_gap WHERE opened_in_id = {run.pk}
      UNION SELECT record_id FROM traceability_gap WHERE closed_in_id = {run.pk}""")
    count(MOVED)


def _counted(run: AuditRun) -> str:
    if run.scope == run.Scope.ALL:
        return "COALESCE(f.facts, 0)"
    # Not judged, not counted: the facts of a chain in which something only came due are what they were.
    return f"CASE WHEN h.id IN (SELECT record_id FROM {SCOPE}) THEN COALESCE(f.facts, 0) ELSE h.audit_facts END"
