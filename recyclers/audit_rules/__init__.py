"""Rules of the audit about permits, listings, batches and lots, and the relations that they speak of."""

from traceability.audit.relations import ALWAYS, DAY_MS, NEVER, OFFSET_MS, Relation

_SEEN = "reported_ms <= {end} AND (superseded_by_ms IS NULL OR superseded_by_ms > {end})"
_BATCH_RECORDS = """
  SELECT r.id AS record_id, r.code AS batch, o.id AS organisation_id, substr(r.code, 20) AS number
  FROM traceability_lifecyclerecord r JOIN traceability_organisation o ON o.code = substr(r.code, 1, 18)
  WHERE r.kind = 'batch'"""

_INPUT = {"organisation_id": "i", "number": "t", "code": "t", "closed_ms": "i", "arrival": "i", "day": "i"}
_INPUTS = f"""
  SELECT b.organisation_id, b.number, i.battery AS code, b.closed_ms, b.arrival,
    ((b.closed_ms + {OFFSET_MS}) / {DAY_MS}) AS day
  FROM recyclers_batchinput i JOIN recyclers_batch b ON b.event_id = i.batch_id
  WHERE i.battery <> '' AND b.reported_ms <= {{end}}"""

RELATIONS = {
    "permits": Relation(
        {"organisation_id": "i", "kind": "t", "from_day": "i", "until_day": "i"},
        f"""
  SELECT organisation_id, kind, COALESCE(DAY_OF(valid_from), {ALWAYS}) AS from_day,
    COALESCE(DAY_OF(valid_until), {NEVER}) AS until_day
  FROM recyclers_permit WHERE {_SEEN}""",
    ),
    # The day on which a listing is revoked is the first that it does not hold.
    "listings": Relation(
        {"organisation_id": "i", "scope": "t", "from_day": "i", "until_day": "i"},
        f"""
  SELECT organisation_id, scope, COALESCE(DAY_OF(announced_on), {ALWAYS}) AS from_day,
    COALESCE(DAY_OF(revoked_on) - 1, {NEVER}) AS until_day
  FROM recyclers_listing WHERE {_SEEN}""",
    ),
    # What a company in a role has to be listed for.
    "listing_scopes": Relation(
        {"scope": "t", "role": "t"},
        """
  SELECT 'recovery' AS scope, 'recycler' AS role UNION ALL SELECT 'second_life', 'second_life'""",
    ),
    "permit_kinds": Relation(
        {"kind": "t", "flag": "i"},
        """
  SELECT 'project_filing' AS kind, 1 AS flag UNION ALL SELECT 'eia', 2 UNION ALL SELECT 'pollution', 4""",
    ),
    # The batteries that batches list, under the codes that they list.
    "batch_inputs": Relation(_INPUT, _INPUTS),
    "judged_inputs": Relation(
        _INPUT,
        f"""
  SELECT i.* FROM ({_BATCH_RECORDS}) r
  JOIN ({_INPUTS}) i ON i.organisation_id = r.organisation_id AND i.number = r.number WHERE {{scope}}""",
        whole=_INPUTS,
        scoped=True,
    ),
    # Whose batch of what number a record is: its code is both, with a stroke between.
    "batch_records": Relation({"record_id": "i", "batch": "t", "organisation_id": "i", "number": "t"}, _BATCH_RECORDS),
    "judged_batches": Relation(
        {"record_id": "i", "batch": "t", "organisation_id": "i", "number": "t"},
        f"""
  SELECT * FROM ({_BATCH_RECORDS}) b WHERE {{scope}}""",
        scoped=True,
    ),
    # Lots on their way; a corrected dispatch goes by what was corrected. While a past day is audited, these tables hold
    # nothing that was reported later.
    "lot_transits": Relation(
        {"record_id": "i", "event_id": "i", "other_id": "i", "day": "i"},
        f"""
  SELECT * FROM (
    SELECT r.id AS record_id, m.arrival AS event_id, l.transit_to_id AS other_id,
      ((m.occurred_ms + {OFFSET_MS}) / {DAY_MS}) AS day
    FROM recyclers_lot l JOIN recyclers_lotmovement m ON m.lot_id = l.id AND m.event_id = l.transit_event
    JOIN traceability_lifecyclerecord r ON r.kind = 'lot' AND r.code = l.code
    WHERE l.transit_event IS NOT NULL) t
  WHERE {{scope}}""",
        scoped=True,
    ),
}
