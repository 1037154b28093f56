"""The chains that an organisation has to do with: it told something of them, has a part in them, or was sent them."""

from django.db import connection


def chains_concerning(organisation: int) -> str:
    """Select them as one SQL statement: `record_id`; who received in dispute has no part yet, and recorded it."""
    own = int(organisation)
    return f"""
      SELECT record_id FROM traceability_involvement WHERE organisation_id = {own}
      UNION SELECT COALESCE(r.chain_id, r.id) FROM traceability_lifecycleevent e
        JOIN traceability_lifecyclerecord r ON r.id = e.record_id WHERE e.organisation_id = {own} AND r.kind = 'battery'
      UNION SELECT s.record_id FROM traceability_lifecycleevent e JOIN traceability_step s ON s.event_id = e.id
        WHERE e.type = 'corrected' AND s.organisation_id = {own}
      UNION SELECT i.record_id FROM traceability_transferitem i
        JOIN traceability_transfer t ON t.id = i.transfer_id WHERE t.receiver_id = {own} OR t.sender_id = {own}"""


def ids_concerning(organisation: int) -> set[int]:
    """Give their ids."""
    with connection.cursor() as cursor:
        cursor.execute(chains_concerning(organisation))
        return {id_ for (id_,) in cursor.fetchall()}
