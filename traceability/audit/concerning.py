"""The chains that organisations have to do with: they told something of them, took part in them, were sent them."""

from collections.abc import Collection

from django.db import connection


def chains_concerning(organisations: Collection[int]) -> str:
    """Select them as one SQL statement: `record_id`; who received in dispute has no part yet, and recorded it."""
    own = ids_in(organisations)
    return f"""
      SELECT record_id FROM traceability_involvement WHERE organisation_id IN {own}
      UNION SELECT COALESCE(r.chain_id, r.id) FROM traceability_lifecycleevent e
        JOIN traceability_lifecyclerecord r ON r.id = e.record_id
        WHERE e.organisation_id IN {own} AND r.kind = 'battery'
      UNION SELECT s.record_id FROM traceability_lifecycleevent e JOIN traceability_step s ON s.event_id = e.id
        WHERE e.type = 'corrected' AND s.organisation_id IN {own}
      UNION SELECT i.record_id FROM traceability_transferitem i
        JOIN traceability_transfer t ON t.id = i.transfer_id WHERE t.receiver_id IN {own} OR t.sender_id IN {own}"""


def ids_concerning(organisations: Collection[int]) -> set[int]:
    """Give their ids."""
    with connection.cursor() as cursor:
        cursor.execute(chains_concerning(organisations))
        return {id_ for (id_,) in cursor.fetchall()}


def ids_in(organisations: Collection[int]) -> str:
    """Write ids out for SQL's `IN`; of nobody there is nothing."""
    return f"({', '.join(str(int(id_)) for id_ in sorted(organisations)) or 'NULL'})"
