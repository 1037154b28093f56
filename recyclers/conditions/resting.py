"""Names for what is on record of companies: another name as soon as anything was recorded that their reports rest on.

A name is a digest of how often each record was written to (`LifecycleRecord.touched`). Counters, not the number of the
last event: of two events the later number may be committed first.

A report rests on the chains that its company has to do with, the batteries that went into its batches, and all that
these were ever built into; and on batches, lots and what was stated of organisations, which are few beside batteries
and are taken as a whole, whoever told them.
"""

from collections.abc import Collection, Sequence
from datetime import date
from hashlib import sha256
from typing import Any, Final

from traceability import replica
from traceability.audit.calendar import end_of, number_of
from traceability.audit.concerning import chains_concerning
from traceability.events import batches

_RECORD: Final = "traceability_lifecyclerecord"
#: Rows as one text, in their order.
_TOGETHER: Final = {
    "postgresql": "md5(COALESCE(string_agg(id || ':' || touched, ',' ORDER BY id), ''))",
    "sqlite": "COALESCE(group_concat(id || ':' || touched), '')",
}

#: What decides about every company, under the id of none. Movements get new ids whenever they are derived again.
_COMMON: Final = f"""
  SELECT 0, COUNT(*) || ':' || COALESCE(SUM(touched), 0) || ':'
    || COALESCE((SELECT MAX(id) FROM recyclers_lotmovement), 0)
  FROM {_RECORD} WHERE kind IN ('batch', 'lot', 'organisation')"""
#: Companies asked about in one statement.
_PAGE: Final = 100


def names_of(organisations: Collection[int], first: date, last: date) -> dict[int, str]:
    """Name what is on record of each company, as far as it decides about these days; one query for a page of them.

    Args:
        organisations: their ids.
    """
    together = _TOGETHER[replica.connection().vendor]
    closed = f"closed_ms BETWEEN {end_of(number_of(first) - 1) + 1} AND {end_of(number_of(last))}"
    own = [f"SELECT {int(id_)}, {together} FROM ({_records(int(id_), closed)}) own_{int(id_)}" for id_ in organisations]
    found: dict[int, str] = {}
    # SQLite takes 500 selects in one statement.
    for some in batches(own, _PAGE):
        rows = dict(_rows(" UNION ALL ".join((_COMMON, *some))))
        common = rows.pop(0)
        found |= {id_: sha256(f"{common} {text}".encode()).hexdigest() for id_, text in rows.items()}
    return found


def _records(organisation: int, closed: str) -> str:
    """The records of batteries that a company's report rests on, as SQL: `id`, `touched`, in order of ids."""
    return f"""
      WITH RECURSIVE resting(code) AS (
        SELECT r.code FROM ({chains_concerning([organisation])}) c JOIN {_RECORD} r ON r.id = c.record_id
        UNION SELECT i.battery FROM recyclers_batch b JOIN recyclers_batchinput i ON i.batch_id = b.event_id
          WHERE b.organisation_id = {organisation} AND b.{closed} AND i.battery <> ''
        UNION SELECT t.parent_code FROM resting JOIN traceability_component t ON t.code = resting.code),
      named AS (
        SELECT r.id, r.touched, r.chain_id FROM resting JOIN {_RECORD} r
          ON r.kind = 'battery' AND r.code = resting.code)
      SELECT id, touched FROM named
      UNION SELECT r.id, r.touched FROM named JOIN {_RECORD} r ON r.id = named.chain_id
      ORDER BY id"""


def _rows(sql: str) -> Sequence[tuple[Any, ...]]:
    with replica.connection().cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())
