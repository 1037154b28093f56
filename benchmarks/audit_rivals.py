"""The questions of the audit's rules as somebody would write them by hand, over the tables themselves."""

from traceability import law
from traceability.audit import calendar, statute

DAY = "((s.{0}_ms + 28800000) / 86400000)"
_ON = DAY.format("occurred")
_SEEN = "s.effective AND s.reported_ms <= {end}"
_NEWER = "(t.occurred_ms > s.occurred_ms OR (t.occurred_ms = s.occurred_ms AND t.arrival > s.arrival))"


def _text(column: str) -> str:
    return f"COALESCE(CAST({column} AS TEXT), '')"


def _fault(fault: str, *evidence: tuple[str, str]) -> str:
    told = " || ".join(f"'{name}=' || {_text(column)} || '|'" for name, column in evidence)
    return f"""
      SELECT s.record_id, s.event_id, s.organisation_id, {_ON} AS since_day, {told} AS evidence
      FROM traceability_step s WHERE {_SEEN} AND s.fault = '{fault}'"""


_TYPE, _STAGE = ("type", "s.type"), ("stage", "s.stage_before")
_CUSTODY = (("holder", "s.holder_before"), ("inTransitTo", "s.transit_before"))
_DEADLINE = f"""
  SELECT x.record_id, x.event_id, x.organisation_id, x.day AS since_day,
    'type=' || x.type || '|dueDay=' || x.due || '|reportedDay=' || x.reported_day || '|' AS evidence
  FROM (
    SELECT s.record_id, s.event_id, s.organisation_id, s.type, {_ON} AS day, {DAY.format("reported")} AS reported_day,
      MAX(COALESCE(w.due_day, {_ON} + d.days)) AS due, MAX(d.enforced) AS enforced
    FROM traceability_step s
    JOIN ({{deadlines}}) d ON d.type = s.type AND {_ON} BETWEEN d.from_day AND d.until_day
      AND (d.retired_only = 0 OR s.stage_after = 'retired')
    JOIN traceability_organisation o ON o.id = s.organisation_id AND o.roles LIKE '%% ' || d.role || ' %%'
    LEFT JOIN traceability_workingday w ON w.day = {_ON} AND w.days = d.days AND d.working = 1
    WHERE {_SEEN} GROUP BY s.event_id, s.record_id, s.organisation_id, s.type, s.occurred_ms, s.reported_ms) x
  WHERE x.reported_day > x.due AND x.enforced = 1"""
_LOSS = f"""
  SELECT record_id, event_id, organisation_id, since_day,
    'component=' || MIN(part) || '|missing=' || COUNT(*) || '|' AS evidence
  FROM (
    SELECT DISTINCT s.record_id, s.event_id, s.organisation_id, {_ON} AS since_day, c.code AS part
    FROM traceability_step s
    JOIN traceability_lifecyclerecord r ON r.kind = 'battery' AND COALESCE(r.chain_id, r.id) = s.record_id
    JOIN traceability_component c ON c.parent_code = r.code AND c.since_ms <= s.occurred_ms
      AND (c.until_ms IS NULL OR c.until_ms > s.occurred_ms)
    JOIN traceability_step t ON t.event_id = c.since_event_id AND t.reported_ms <= {{end}}
    WHERE {_SEEN} AND s.type = 'dismantled' AND NOT EXISTS (
      SELECT 1 FROM traceability_stepdetail d WHERE d.event_id = s.event_id AND d.value = c.code
        AND d.name IN ('component', 'residue_component')) AND NOT (
      EXISTS (SELECT 1 FROM traceability_component i WHERE i.parent_code = c.code) AND NOT EXISTS (
        SELECT 1 FROM traceability_component i WHERE i.parent_code = c.code AND NOT EXISTS (
          SELECT 1 FROM traceability_stepdetail d WHERE d.event_id = s.event_id AND d.value = i.code
            AND d.name = 'component')))) x
  GROUP BY record_id, event_id, organisation_id, since_day"""
_CONFLICT = f"""
  SELECT s.record_id, s.event_id, s.organisation_id, {_ON} AS since_day, 'component=|otherBattery=|' AS evidence
  FROM traceability_step s WHERE {_SEEN} AND s.fault = 'component_conflict'
  UNION ALL
  SELECT s.record_id, s.event_id, s.organisation_id, {_ON} AS since_day,
    'component=' || MIN(l.code) || '|otherBattery=' || MIN(f.parent_code) || '|' AS evidence
  FROM traceability_component l JOIN traceability_component f ON f.code = l.code AND f.parent_code <> l.parent_code
    AND (f.since_ms < l.since_ms OR (f.since_ms = l.since_ms AND f.since_event_id < l.since_event_id))
    AND (f.until_ms IS NULL OR f.until_ms > l.since_ms)
  JOIN traceability_step s ON s.event_id = l.since_event_id
  JOIN traceability_step t ON t.event_id = f.since_event_id AND t.reported_ms <= {{end}}
  WHERE {_SEEN} AND s.fault <> 'component_conflict'
  GROUP BY s.record_id, s.event_id, s.organisation_id, s.occurred_ms"""


def _standing(asked: str, table: str, missing: str, column: str, valid: str, evidence: str) -> str:
    return f"""
      SELECT x.record_id, x.event_id, x.organisation_id, x.day AS since_day, {evidence} AS evidence
      FROM (
        SELECT s.record_id, s.event_id, s.organisation_id, s.type, {_ON} AS day, k.flag, k.{column}
        FROM traceability_step s JOIN traceability_organisation o ON o.id = s.organisation_id CROSS JOIN ({missing}) k
        WHERE {_SEEN} AND {asked} AND NOT EXISTS (
          SELECT 1 FROM {table} p WHERE p.organisation_id = s.organisation_id AND p.{column} = k.{column}
            AND p.reported_ms <= {{end}} AND (p.superseded_by_ms IS NULL OR p.superseded_by_ms > {{end}})
            AND {valid})) x
      GROUP BY x.record_id, x.event_id, x.organisation_id, x.type, x.day"""


_KINDS = "SELECT 'project_filing' AS kind, 1 AS flag UNION ALL SELECT 'eia', 2 UNION ALL SELECT 'pollution', 4"
_SCOPES = "SELECT 'recovery' AS scope, 1 AS flag UNION ALL SELECT 'second_life', 2"
_TAKES_IN = "(s.type = 'received' AND s.stage_after = 'retired')"
_IS = "o.roles LIKE '%% {0} %%'"


_DOUBLE = f"""
  SELECT x.record_id, x.event_id, x.organisation_id, x.since_day,
    'battery=' || x.code || '|batch=' || REPLACE(x.number, '|', '/') || '|otherBatch=' || REPLACE(x.other, '|', '/') ||
    '|otherOrganisation=' || x.other_id || '|' AS evidence
  FROM (
    SELECT l.record_id, l.code, l.organisation_id, l.number, e.number AS other, e.organisation_id AS other_id,
      COALESCE(s.event_id, 0) AS event_id, COALESCE(s.day, (l.closed_ms + 28800000) / 86400000) AS since_day,
      ROW_NUMBER() OVER (PARTITION BY l.record_id, COALESCE(s.event_id, 0)
        ORDER BY l.closed_ms, l.arrival, e.closed_ms, e.arrival) AS place
    FROM used l JOIN used e ON e.record_id = l.record_id
      AND (e.closed_ms < l.closed_ms OR (e.closed_ms = l.closed_ms AND e.arrival < l.arrival))
    LEFT JOIN (
      SELECT s.record_id, s.organisation_id, d.value, MIN(s.event_id) AS event_id, MIN({_ON}) AS day
      FROM traceability_step s JOIN traceability_stepdetail d ON d.event_id = s.event_id AND d.name = 'batch'
      WHERE {_SEEN} AND s.type = 'processed' GROUP BY s.record_id, s.organisation_id, d.value) s
      ON s.record_id = l.record_id AND s.organisation_id = l.organisation_id AND s.value = l.number) x
  WHERE x.place = 1"""
_DOUBLE = f"""
  WITH used AS (
    SELECT COALESCE(n.chain_id, n.id) AS record_id, i.battery AS code, b.organisation_id, b.number, b.closed_ms,
      b.arrival
    FROM recyclers_batchinput i JOIN recyclers_batch b ON b.event_id = i.batch_id
    JOIN traceability_lifecyclerecord n ON n.kind = 'battery' AND n.code = i.battery
    WHERE i.battery <> '' AND b.reported_ms <= {{end}})
  {_DOUBLE}"""
_DOUBLE_OF_BATCH = """
  WITH stray AS (
    SELECT i.battery AS code, b.organisation_id, b.number, b.closed_ms, b.arrival
    FROM recyclers_batchinput i JOIN recyclers_batch b ON b.event_id = i.batch_id
    WHERE i.battery <> '' AND b.reported_ms <= {end} AND NOT EXISTS (
      SELECT 1 FROM traceability_lifecyclerecord n
      JOIN traceability_lifecyclerecord h ON h.id = COALESCE(n.chain_id, n.id) AND h.started
      WHERE n.kind = 'battery' AND n.code = i.battery))
  SELECT r.id AS record_id, l.arrival AS event_id, l.organisation_id, (l.closed_ms + 28800000) / 86400000 AS since_day,
    'battery=' || MIN(l.code) || '|batch=' || l.number || '|' AS evidence
  FROM stray l JOIN stray e ON e.code = l.code
    AND (e.closed_ms < l.closed_ms OR (e.closed_ms = l.closed_ms AND e.arrival < l.arrival))
  JOIN traceability_organisation o ON o.id = l.organisation_id
  JOIN traceability_lifecyclerecord r ON r.kind = 'batch' AND r.code = o.code || '/' || l.number
  GROUP BY r.id, l.arrival, l.organisation_id, l.closed_ms, l.number"""


def rivals() -> dict[str, str]:
    """Gap code → the statement by hand, with `{as_of}`, `{end}` and dates of each dialect as placeholders."""
    permit, listing = statute.period("order73.permit"), statute.period("listing.second_life")
    ours = f"({_IS.format('recycler')} OR {_IS.format('second_life')})"
    works = f"(s.type IN ('dismantled', 'assembled', 'processed') OR ({_TAKES_IN} AND {ours}))"
    recovers = f"(k.flag = 1 AND {_IS.format('recycler')} AND ({_TAKES_IN} OR s.type = 'processed'))"
    reuses = f"(k.flag = 2 AND {_IS.format('second_life')} AND ({_TAKES_IN} OR s.type = 'assembled')"
    reuses += f" AND {_ON} <= {listing[1]})"
    valid = f"COALESCE({{from_}}, -1000000) <= {_ON} AND {_ON} <= COALESCE({{until}}, 1000000)"
    return {
        "unknown_origin": _fault("unknown_origin", _TYPE),
        "missing_link": _fault("missing_link", _TYPE, _STAGE),
        "custody_break": _fault("custody_break", _TYPE, _STAGE, *_CUSTODY),
        "unannounced_receipt": f"""
          SELECT s.record_id, s.event_id, COALESCE(s.other_id, s.organisation_id) AS organisation_id,
            {_ON} AS since_day,
            'type=' || s.type || '|stage=' || s.stage_before || '|holder=' || {_text("s.holder_before")} ||
            '|inTransitTo=' || {_text("s.transit_before")} || '|' AS evidence
          FROM traceability_step s WHERE {_SEEN} AND s.unannounced""",
        "unreceived": f"""
          SELECT r.id AS record_id, s.event_id, s.other_id AS organisation_id, {_ON} + 30 AS since_day, '' AS evidence
          FROM traceability_lifecyclerecord r JOIN traceability_step s ON s.event_id = r.transit_event
          WHERE r.kind = 'battery' AND r.chain_id IS NULL AND r.started AND {_SEEN} AND {_ON} + 30 <= {{as_of}}""",
        "stalled": f"""
          SELECT s.record_id, s.event_id, r.holder_id AS organisation_id, {_ON} + 180 AS since_day, '' AS evidence
          FROM traceability_lifecyclerecord r
          JOIN traceability_step s ON s.record_id = r.id AND s.occurred_ms = r.last_ms
          WHERE r.kind = 'battery' AND r.chain_id IS NULL AND r.started AND r.stage = 'retired' AND r.part_of = ''
            AND r.transit_event IS NULL AND {_SEEN} AND {_ON} + 180 <= {{as_of}} AND NOT EXISTS (
              SELECT 1 FROM traceability_step t WHERE t.record_id = s.record_id AND t.occurred_ms = s.occurred_ms
                AND t.arrival > s.arrival AND t.effective AND t.reported_ms <= {{end}})""",
        "late_report": _DEADLINE,
        "future_dated": f"""
          SELECT s.record_id, s.event_id, s.organisation_id, {_ON} AS since_day,
            'type=' || s.type || '|aheadMs=' || (s.occurred_ms - s.reported_ms) || '|' AS evidence
          FROM traceability_step s WHERE {_SEEN} AND s.occurred_ms > s.reported_ms + 300000""",
        "component_loss": _LOSS,
        "component_conflict": _CONFLICT,
        "forbidden_use": f"""
          SELECT s.record_id, s.event_id, s.organisation_id, {_ON} AS since_day,
            'type=' || s.type || '|application=' || d.value || '|' AS evidence
          FROM traceability_stepdetail d JOIN traceability_step s ON s.event_id = d.event_id
          JOIN ({{forbidden_uses}}) f ON f.application = d.value AND {_ON} BETWEEN f.from_day AND f.until_day
          WHERE d.name = 'application' AND s.type IN ('assembled', 'deployed') AND {_SEEN}""",
        "batch_missing": f"""
          SELECT s.record_id, s.event_id, s.organisation_id, {_ON} + 30 AS since_day,
            'batch=' || REPLACE(d.value, '|', '/') || '|' AS evidence
          FROM traceability_step s JOIN traceability_stepdetail d ON d.event_id = s.event_id AND d.name = 'batch'
          WHERE {_SEEN} AND s.type = 'processed' AND {_ON} + 30 <= {{as_of}} AND NOT EXISTS (
            SELECT 1 FROM recyclers_batchinput i JOIN recyclers_batch b ON b.event_id = i.batch_id
            JOIN traceability_lifecyclerecord n ON n.kind = 'battery' AND n.code = i.battery
            WHERE COALESCE(n.chain_id, n.id) = s.record_id AND b.organisation_id = s.organisation_id
              AND b.number = d.value AND b.reported_ms <= {{end}} AND i.battery <> '')""",
        "double_use": _DOUBLE,
        "double_use_of_batch": _DOUBLE_OF_BATCH,
        "unreceived_of_lot": """
          SELECT r.id AS record_id, m.arrival AS event_id, l.transit_to_id AS organisation_id,
            (m.occurred_ms + 28800000) / 86400000 + 30 AS since_day, '' AS evidence
          FROM recyclers_lot l JOIN recyclers_lotmovement m ON m.lot_id = l.id AND m.event_id = l.transit_event
          JOIN traceability_lifecyclerecord r ON r.kind = 'lot' AND r.code = l.code
          WHERE (m.occurred_ms + 28800000) / 86400000 + 30 <= {as_of}""",
        "lost": f"""
          SELECT s.record_id, s.event_id, s.organisation_id, {_ON} AS since_day, '' AS evidence
          FROM traceability_step s WHERE {_SEEN} AND s.type = 'lost' AND NOT EXISTS (
            SELECT 1 FROM traceability_step t WHERE t.record_id = s.record_id AND t.type IN ('received', 'lost')
              AND t.effective AND t.reported_ms <= {{end}} AND {_NEWER})""",
        "vehicle_without_battery": f"""
          SELECT DISTINCT s.record_id, v.event_id, v.organisation_id,
            (v.occurred_ms + 28800000) / 86400000 AS since_day, '' AS evidence
          FROM batteries_scrappedvehicle v JOIN batteries_installation i ON i.vin = v.vin AND i.vin <> ''
          JOIN traceability_step s ON s.event_id = i.event_id AND s.type = 'installed' AND {_SEEN}
          WHERE v.reported_ms <= {{end}} AND (v.occurred_ms + 28800000) / 86400000 + 30 <= {{as_of}} AND NOT EXISTS (
            SELECT 1 FROM traceability_step t WHERE t.record_id = s.record_id AND t.type = 'removed' AND t.effective
              AND t.reported_ms <= {{end}} AND {_NEWER})""",
        "unlicensed": _standing(
            f"{_ON} BETWEEN {permit[0]} AND {permit[1]} AND {works}", "recyclers_permit", _KINDS, "kind",
            valid.format(from_="{permit_from}", until="{permit_until}"),
            "'type=' || x.type || '|missingPermits=' || SUM(x.flag) || '|'",
        ),
        "unlisted": _standing(
            f"({recovers} OR {reuses})", "recyclers_listing", _SCOPES, "scope",
            valid.format(from_="{listing_from}", until="{listing_until} - 1"),
            "'type=' || x.type || '|scope=' || MIN(x.scope) || '|'",
        ),
    }  # fmt: skip


def filled(statement: str, vendor: str, as_of: int) -> str:
    """A rival as it is asked of a database."""
    day = "(p.{0} - DATE '1970-01-01')" if vendor == "postgresql" else "CAST(julianday(p.{0}) - 2440587.5 AS INTEGER)"
    dates = {
        "permit_from": "valid_from",
        "permit_until": "valid_until",
        "listing_from": "announced_on",
        "listing_until": "revoked_on",
    }
    named = {name: day.format(column) for name, column in dates.items()}
    return statement.format(
        as_of=as_of, end=calendar.end_of(as_of), **named, **statute.tables(law.book().digest)
    ).replace("%%", "%")
