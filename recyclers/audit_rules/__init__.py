"""Rules of the audit about permits and listings, and the relations that they speak of."""

from traceability.audit.relations import ALWAYS, NEVER, Relation

_SEEN = "reported_ms <= {end} AND (superseded_by_ms IS NULL OR superseded_by_ms > {end})"

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
}
