"""The two recursive questions of lineage, as SQL that SQLite and PostgreSQL both run.

Kinds of things within reach: 1 lot, 2 batch (both by id), 3 battery (by code). `ways` says which joins a kind takes:
every row of `reached` takes one way at a time, so that no join multiplies another. A row of the answer is (what it
tells, id, code, id, code, milligrams): first where mass comes from, then where it goes to.
"""

from collections.abc import Mapping
from typing import Final

#: What an organisation that does not see everything may follow.
_OWN: Final = {
    "own_batch": "AND b.organisation_id = {own:d}",
    "own_movement": "AND m.organisation_id = {own:d}",
    "own_detail": "AND EXISTS (SELECT 1 FROM {Step} y WHERE y.event_id = d.event_id AND y.organisation_id = {own:d})",
    "own_source": "AND EXISTS (SELECT 1 FROM {Step} y WHERE y.event_id = s.event_id AND y.organisation_id = {own:d})",
    # It took part in what the part came out of, and still did when it came out.
    "own_stay": "AND EXISTS (SELECT 1 FROM {LifecycleRecord} h JOIN {Involvement} v ON v.record_id = h.id"
    " WHERE h.kind = 'battery' AND h.code = c.parent_code AND v.until_ms >= c.until_ms"
    " AND v.organisation_id = {own:d})",
}
#: Conditions and figures that both questions use.
_FRAGMENTS: Final = {
    # The stay with which a part began, if it was produced into something: what a repair built it into did not make it.
    "first": "c.id = (SELECT e.id FROM {Component} e WHERE e.code = c.code ORDER BY e.since_ms, e.id LIMIT 1)"
    " AND (SELECT y.type FROM {Step} y WHERE y.event_id = c.since_event_id) = 'produced' {own_stay}",
    # A part that nobody registered, as the record of a dismantling lists it.
    "listed": "d.name = 'component' AND NOT EXISTS (SELECT 1 FROM {Component} e WHERE e.code = d.value) {own_detail}",
    "sourced": "s.name = 'source' {own_source}",
    # Products and provisional identities: no other battery has sources, or another code.
    "other": "(k.second_life OR k.chain_id IS NOT NULL)",
    "into": "IN ('split_into', 'merged_into')",
    "out_of": "IN ('split_from', 'merged_from')",
    # What came into each part of a split, or out of each lot that was merged.
    "moved": "CASE WHEN m.kind IN ('split_into', 'merged_from') THEN m.stated_mg ELSE f.stated_mg END",
    # What things weigh by themselves, what left lots, and all that came out of batches.
    "around": """
UNION ALL SELECT 'lot', l.id, NULL, NULL, NULL, l.mass_mg FROM reached r JOIN {Lot} l ON r.kind = 1 AND l.id = r.id
UNION ALL SELECT 'lot', r.id, NULL, NULL, NULL, CAST(-SUM(m.mg) AS bigint) FROM reached r
    JOIN {LotMovement} m ON r.kind = 1 AND m.lot_id = r.id AND m.mg < 0 GROUP BY r.id
UNION ALL SELECT 'output', r.id, NULL, o.lot_id, NULL, o.mass_mg FROM reached r
    JOIN {BatchOutput} o ON r.kind = 2 AND o.batch_id = r.id
UNION ALL SELECT 'residue', r.id, NULL, NULL, x.kind, x.mass_mg FROM reached r
    JOIN {Residue} x ON r.kind = 2 AND x.batch_id = r.id
UNION ALL SELECT 'battery', NULL, k.code, NULL, NULL, w.mass_mg FROM reached r
    JOIN {LifecycleRecord} k ON r.kind = 3 AND k.kind = 'battery' AND k.code = r.code {weighed}
    JOIN {Battery} w ON w.record_id = k.id AND w.mass_mg IS NOT NULL
LIMIT %s""",
}

#: From lots back to what they are made of.
BEHIND: Final = """
WITH RECURSIVE ways(kind, way) AS (VALUES (1, 1), (1, 2), (2, 3), (3, 4), (3, 5)),
reached(kind, id, code) AS (
    SELECT 1, CAST(l.id AS bigint), CAST(NULL AS text) FROM {Lot} l WHERE l.id IN ({seeds})
UNION
    SELECT CASE WHEN w.way = 1 THEN 2 WHEN w.way = 2 OR i.lot_id IS NOT NULL THEN 1 ELSE 3 END,
        COALESCE(b.event_id, f.lot_id, i.lot_id),
        CAST(COALESCE(NULLIF(i.battery, ''), c.parent_code, p.code, s.value, t.code) AS text)
    FROM reached r JOIN ways w ON w.kind = r.kind
    LEFT JOIN {BatchOutput} o ON w.way = 1 AND o.lot_id = r.id
    LEFT JOIN {Batch} b ON b.event_id = o.batch_id {own_batch}
    LEFT JOIN {LotMovement} m ON w.way = 2 AND m.lot_id = r.id AND m.kind {into} {own_movement}
    LEFT JOIN {LotMovement} f ON f.event_id = m.event_id AND f.kind {out_of}
    LEFT JOIN {BatchInput} i ON w.way = 3 AND i.batch_id = r.id AND i.reagent = ''
    LEFT JOIN {Component} c ON w.way = 4 AND c.code = r.code AND {first}
    LEFT JOIN {StepDetail} d ON w.way = 4 AND d.value = r.code AND {listed}
    LEFT JOIN {LifecycleRecord} p ON p.id = d.record_id
    LEFT JOIN {LifecycleRecord} k ON w.way = 5 AND k.kind = 'battery' AND k.code = r.code AND {other}
    LEFT JOIN {LifecycleRecord} t ON t.id = k.chain_id
    LEFT JOIN {StepDetail} s ON s.record_id = k.id AND {sourced}
    WHERE COALESCE(b.event_id, f.lot_id, i.lot_id) IS NOT NULL
        OR COALESCE(NULLIF(i.battery, ''), c.parent_code, p.code, s.value, t.code) IS NOT NULL
)
SELECT CASE WHEN i.lot_id IS NOT NULL THEN 'drawn' WHEN i.battery <> '' THEN 'processed' ELSE 'reagent' END,
    i.lot_id, CASE WHEN i.battery <> '' THEN i.battery ELSE i.reagent END, r.id, NULL, i.mass_mg
    FROM reached r JOIN {BatchInput} i ON r.kind = 2 AND i.batch_id = r.id
UNION ALL SELECT 'moved', f.lot_id, NULL, r.id, NULL, {moved} FROM reached r
    JOIN {LotMovement} m ON r.kind = 1 AND m.lot_id = r.id AND m.kind {into} {own_movement}
    JOIN {LotMovement} f ON f.event_id = m.event_id AND f.kind {out_of}
UNION ALL SELECT 'part', NULL, c.parent_code, NULL, c.code, NULL FROM reached r
    JOIN {Component} c ON r.kind = 3 AND c.code = r.code AND {first}
UNION ALL SELECT 'part', NULL, p.code, NULL, d.value, NULL FROM reached r
    JOIN {StepDetail} d ON r.kind = 3 AND d.value = r.code AND {listed}
    JOIN {LifecycleRecord} p ON p.id = d.record_id
UNION ALL SELECT CASE WHEN t.id IS NULL THEN 'source' ELSE 'same' END, NULL, COALESCE(t.code, s.value), NULL, k.code,
    COALESCE(w.mass_mg, (SELECT MAX(e.mass_mg) FROM {Component} e WHERE e.code = s.value)) FROM reached r
    JOIN {LifecycleRecord} k ON r.kind = 3 AND k.kind = 'battery' AND k.code = r.code AND {other}
    LEFT JOIN {LifecycleRecord} t ON t.id = k.chain_id
    LEFT JOIN {StepDetail} s ON s.record_id = k.id AND {sourced}
    LEFT JOIN {LifecycleRecord} g ON g.kind = 'battery' AND g.code = s.value
    LEFT JOIN {Battery} w ON w.record_id = g.id
    WHERE t.id IS NOT NULL OR s.value IS NOT NULL
{around}"""

#: From batteries on to what became of them. A module counts before it left: its cells may have.
AHEAD: Final = """
WITH RECURSIVE
ways(kind, way) AS (VALUES (1, 1), (1, 2), (2, 3), (3, 4), (3, 5), (3, 6), (3, 7), (3, 8)),
reached(kind, id, code) AS (
    SELECT 3, CAST(NULL AS bigint), CAST(k.code AS text) FROM {LifecycleRecord} k WHERE k.id IN ({seeds})
UNION
    SELECT CASE WHEN w.way IN (1, 4) THEN 2 WHEN w.way IN (2, 3) THEN 1 ELSE 3 END,
        COALESCE(b.event_id, f.lot_id, o.lot_id),
        CAST(COALESCE(c.code, d.value, p.code, t.code) AS text)
    FROM reached r JOIN ways w ON w.kind = r.kind
    LEFT JOIN {BatchInput} i ON w.way = 1 AND i.lot_id = r.id
    LEFT JOIN {BatchInput} a ON w.way = 4 AND a.battery = r.code AND NOT (a.battery = '')
    LEFT JOIN {Batch} b ON b.event_id = COALESCE(i.batch_id, a.batch_id) {own_batch}
    LEFT JOIN {LotMovement} m ON w.way = 2 AND m.lot_id = r.id AND m.kind {out_of} {own_movement}
    LEFT JOIN {LotMovement} f ON f.event_id = m.event_id AND f.kind {into}
    LEFT JOIN {BatchOutput} o ON w.way = 3 AND o.batch_id = r.id
    LEFT JOIN {Component} c ON w.way = 5 AND c.parent_code = r.code
        AND (c.until_ms IS NOT NULL OR c.level = 'module') AND {first}
    LEFT JOIN {StepDetail} s ON w.way = 6 AND s.value = r.code AND {sourced}
    LEFT JOIN {LifecycleRecord} p ON p.id = s.record_id
    LEFT JOIN {LifecycleRecord} k ON w.way IN (7, 8) AND k.kind = 'battery' AND k.code = r.code
    LEFT JOIN {LifecycleRecord} t ON w.way = 7 AND t.chain_id = k.id
    LEFT JOIN {StepDetail} d ON w.way = 8 AND d.record_id = k.id AND {listed}
    WHERE COALESCE(b.event_id, f.lot_id, o.lot_id) IS NOT NULL OR COALESCE(c.code, d.value, p.code, t.code) IS NOT NULL
)
SELECT 'root', CAST(k.id AS bigint), k.code, CAST(NULL AS bigint), CAST(NULL AS text), CAST(NULL AS bigint)
    FROM {LifecycleRecord} k WHERE k.id IN ({seeds})
UNION ALL SELECT 'drawn', r.id, NULL, b.event_id, NULL, i.mass_mg FROM reached r
    JOIN {BatchInput} i ON r.kind = 1 AND i.lot_id = r.id JOIN {Batch} b ON b.event_id = i.batch_id {own_batch}
UNION ALL SELECT 'processed', NULL, r.code, b.event_id, NULL, i.mass_mg FROM reached r
    JOIN {BatchInput} i ON r.kind = 3 AND i.battery = r.code AND NOT (i.battery = '')
    JOIN {Batch} b ON b.event_id = i.batch_id {own_batch}
UNION ALL SELECT 'fed', r.id, NULL, NULL, NULL, CAST(SUM(i.mass_mg) AS bigint) FROM reached r
    JOIN {BatchInput} i ON r.kind = 2 AND i.batch_id = r.id GROUP BY r.id
UNION ALL SELECT 'moved', r.id, NULL, f.lot_id, NULL, {moved} FROM reached r
    JOIN {LotMovement} m ON r.kind = 1 AND m.lot_id = r.id AND m.kind {out_of} {own_movement}
    JOIN {LotMovement} f ON f.event_id = m.event_id AND f.kind {into}
UNION ALL SELECT CASE WHEN c.until_ms IS NULL THEN 'inside' ELSE 'part' END, NULL, r.code, NULL, c.code, c.mass_mg
    FROM reached r JOIN {Component} c ON r.kind = 3 AND c.parent_code = r.code
        AND (c.until_ms IS NOT NULL OR c.level = 'module') AND {first}
UNION ALL SELECT 'part', NULL, k.code, NULL, d.value, NULL FROM reached r
    JOIN {LifecycleRecord} k ON r.kind = 3 AND k.kind = 'battery' AND k.code = r.code
    JOIN {StepDetail} d ON d.record_id = k.id AND {listed}
UNION ALL SELECT 'source', NULL, s.value, NULL, p.code,
    (SELECT MAX(e.mass_mg) FROM {Component} e WHERE e.code = s.value) FROM reached r
    JOIN {StepDetail} s ON r.kind = 3 AND s.value = r.code AND {sourced}
    JOIN {LifecycleRecord} p ON p.id = s.record_id
UNION ALL SELECT 'same', NULL, k.code, NULL, t.code, NULL FROM reached r
    JOIN {LifecycleRecord} k ON r.kind = 3 AND k.kind = 'battery' AND k.code = r.code
    JOIN {LifecycleRecord} t ON t.chain_id = k.id
{around}"""


def statement(question: str, tables: Mapping[str, str], seeds: str, own: int | None) -> str:
    """Write out a question.

    Args:
        tables: quoted names by model.
        seeds: the ids of the things it begins with: a place for each, or a statement that selects them; its parameters
            are given once for each time that the question names them.
        own: an organisation that may look no further than its own batches, splits and mergers, and the batteries that
            it took part in; None where all may be seen.
    """
    limits = {name: "" if own is None else text.format_map({**tables, "own": own}) for name, text in _OWN.items()}
    # Behind a lot only products have to be weighed: of all others the question is how much of them went in.
    weighed = "AND k.second_life" if question is BEHIND else ""
    known = {**tables, **limits, "weighed": weighed}
    fragments = {name: text.format_map(known) for name, text in _FRAGMENTS.items()}
    return question.format_map({**known, **fragments, "seeds": seeds})
