"""Rules of the audit about vehicles, and the relations that they speak of."""

from traceability.audit.relations import DAY_MS, OFFSET_MS, Relation

RELATIONS = {
    "installations": Relation(
        {"event_id": "i", "vin": "t"},
        "\n  SELECT event_id, vin FROM batteries_installation WHERE vin <> ''",
    ),
    "descriptions": Relation(
        {"record_id": "i", "prefix": "t", "model": "t", "month": "t"},
        """
  SELECT record_id, manufacturer_code AS prefix, model_number AS model, MONTH_OF(produced_on) AS month
  FROM batteries_battery""",
    ),
    "scrapped_vehicles": Relation(
        {"event_id": "i", "organisation_id": "i", "vin": "t", "day": "i"},
        f"""
  SELECT event_id, organisation_id, vin, ((occurred_ms + {OFFSET_MS}) / {DAY_MS}) AS day
  FROM batteries_scrappedvehicle WHERE vin <> '' AND reported_ms <= {{end}}""",
    ),
}
