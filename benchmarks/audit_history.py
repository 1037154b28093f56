"""Histories for the benchmark of the audit: so many batteries, ten events each, written by a few statements.

What the audit reads is all there and agrees with itself: each kind of life is told once to the product's own table of
stages, and its steps are written for every battery that lives it, on days and with organisations of its own. Hashes and
bodies are not true, so `verify` has no place here.
"""

from collections.abc import Iterator
from typing import Any

from django.db import connection

from traceability.models import CodePrefix, LifecycleRecord, Organisation
from traceability.stages import Move, State, step

#: Ten organisations of each class; the class's number, times ten and one more, is the id of its first.
CLASSES = ("vehicle_maker", "service", "recycler", "dismantler", "second_life")
MAKER, SERVICE, RECYCLER, DISMANTLER, SECOND = (1 + 10 * number for number in range(5))
EVENTS = 10
#: 2020-01-01, from which on a battery is made each day for `DAYS` days, over and over; a prime, so that nothing beats.
FIRST, DAYS = 18_262, 1_399
DAY_MS, OFFSET_MS = 86_400_000, 28_800_000

_BEGIN = [("produced", 0, MAKER), ("installed", 10, MAKER), ("sold", 20, MAKER)]
_SOLD = [*_BEGIN, ("removed", 700, SERVICE), ("dispatched", 702, SERVICE, RECYCLER), ("received", 704, RECYCLER)]
_KEPT = [*_SOLD, ("inspected", 705, RECYCLER), ("inspected", 706, RECYCLER), ("inspected", 707, RECYCLER)]
_TAKEN_APART = [
    *_BEGIN,
    ("removed", 700, SERVICE),
    *[("inspected", 701 + n, SERVICE) for n in range(3)],
    ("dispatched", 705, SERVICE, DISMANTLER),
    ("received", 707, DISMANTLER),
    ("dismantled", 710, DISMANTLER),
]
_USED = [*_BEGIN, *[("repaired", 100 + n, SERVICE) for n in range(7)]]


def _but(life: list[Any], place: int, *event: Any) -> list[Any]:
    return [*life[:place], event, *life[place + 1 :]]


#: Of those made last a few come under the law of 2026-04-01.
_WHOLE = [*_KEPT, ("processed", 1_030, RECYCLER)]
#: Name → (share in a hundred batteries, events: type, day, recorder, other party, days until it was reported).
LIVES: dict[str, tuple[int, list[Any]]] = {
    "processed": (60, _WHOLE),
    "dismantled": (9, _TAKEN_APART),
    "used": (18, _USED),
    "missing_link": (1, _but(_WHOLE, 2, "inspected", 20, MAKER)),
    "custody_break": (1, _but(_WHOLE, 6, "inspected", 705, SERVICE)),
    "unknown_origin": (
        1,
        [("removed", 0, SERVICE), *[("inspected", n, SERVICE) for n in range(1, 9)], ("exported", 9, SERVICE)],
    ),
    "unannounced": (1, _but(_WHOLE, 4, "inspected", 702, SERVICE)),
    "unreceived": (1, [*_KEPT, ("dispatched", 710, RECYCLER, RECYCLER + 1)]),
    "stalled": (1, [*_KEPT, ("inspected", 710, RECYCLER)]),
    "late": (1, _but(_WHOLE, 5, "received", 704, RECYCLER, None, 200)),
    "ahead": (1, _but(_WHOLE, 6, "inspected", 705, RECYCLER, None, -3)),
    "component_loss": (1, _TAKEN_APART),
    "component_conflict": (1, _USED),
    "forbidden": (1, [*_SOLD, *[("inspected", 705 + n, RECYCLER) for n in range(3)], ("deployed", 1_030, RECYCLER)]),
    "lost": (1, [*_KEPT, ("lost", 710, RECYCLER)]),
    "scrapped": (1, _USED),
}
_COLUMNS = (
    "kind seq type place delay organisation other stage_before stage_after holder_before holder_after transit_before"
    " transit_after seq_before seq_after fault unannounced"
).split()


def plans() -> Iterator[list[tuple[Any, ...]]]:
    """The steps of each kind of life, as the table of stages tells them; organisations are the first of their class."""
    for kind, (_, life) in enumerate(LIVES.values()):
        state, rows = State(), []
        for seq, (type_, day, by, *more) in enumerate((*life, *[life[-1]] * (EVENTS - len(life))), start=1):
            other, delay = (*more, None, None)[:2]
            found = step(state, Move(type_, by, arrival=seq, other=other))
            after = found.state
            custody = (
                state.holder,
                after.holder,
                state.transit_to,
                after.transit_to,
                state.transit_event,
                after.transit_event,
            )
            stages = (str(state.stage), str(after.stage))
            done = (found.fault, found.unannounced)
            rows.append((kind, seq, type_, day, 1 if delay is None else delay, by, other, *stages, *custody, *done))
            state = after
        yield rows


def write(batteries: int) -> None:
    """Write so many batteries with all that the audit reads of them."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # Neither foreign keys nor the ledger's triggers: what is written refers to what is written.
            cursor.execute(
                "SET session_replication_role = replica; SET synchronous_commit = off; SET work_mem = '64MB'"
            )
            cursor.execute("ALTER TABLE traceability_lifecycleevent DROP CONSTRAINT event_hash")
            cursor.execute("ALTER TABLE traceability_lifecycleevent DROP CONSTRAINT event_organisation_key")
        else:
            for trigger in _triggers(cursor):
                cursor.execute(f"DROP TRIGGER {trigger}")
            cursor.execute("PRAGMA foreign_keys = OFF")
            cursor.execute("PRAGMA synchronous = OFF")
        _organisations(cursor, batteries)
        _numbers(cursor, batteries)
        for statement in _statements():
            cursor.execute(statement)
        if connection.vendor == "postgresql":
            cursor.execute("SET session_replication_role = origin; RESET synchronous_commit; RESET work_mem")
            cursor.execute("VACUUM ANALYZE")
        else:
            cursor.execute("ANALYZE")
            cursor.execute("PRAGMA synchronous = NORMAL")


def _triggers(cursor: Any) -> list[str]:
    cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
    return [name for (name,) in cursor.fetchall()]


def _organisations(cursor: Any, batteries: int) -> None:
    rows = [
        Organisation(id=1 + 10 * number + place, code=f"91510100MA6{number}{place:06d}",
                     name=f"{role} {place}", roles=f" {role} ", region=f"5101{place:02d}")
        for number, role in enumerate(CLASSES)
        for place in range(10)
    ]  # fmt: skip
    Organisation.objects.bulk_create(rows)
    CodePrefix.objects.create(prefix="04Q", organisation_id=MAKER)
    LifecycleRecord.objects.bulk_create(
        LifecycleRecord(id=batteries + row.id, kind="organisation", code=row.code) for row in rows
    )
    # All but the last recycler are listed, all but the last of any class may treat waste.
    for row in (row for row in rows if row.id % 10):
        cursor.execute(
            "INSERT INTO recyclers_listing (event_id, organisation_id, reported_ms, scope, batch_number, announced_on,"
            f" reason) VALUES ({-row.id}, {row.id}, 0, 'recovery', '', '2019-01-01', '')"
        )
        for place, kind in enumerate(("project_filing", "eia", "pollution")):
            cursor.execute(
                "INSERT INTO recyclers_permit (event_id, organisation_id, reported_ms, kind, number, issuer)"
                f" VALUES ({-10 * row.id - place}, {row.id}, 0, '{kind}', '1', '')"
            )


def _numbers(cursor: Any, batteries: int) -> None:
    cursor.execute(f"CREATE TEMPORARY TABLE plan ({', '.join(f'{name} {_type(name)}' for name in _COLUMNS)})")
    marks = ", ".join(["%s"] * len(_COLUMNS))
    cursor.executemany(f"INSERT INTO plan VALUES ({marks})", [row for rows in plans() for row in rows])
    cursor.execute("CREATE TEMPORARY TABLE share (place BIGINT, kind BIGINT)")
    kinds = [kind for kind, (share, _) in enumerate(LIVES.values()) for _ in range(share)]
    cursor.executemany("INSERT INTO share VALUES (%s, %s)", list(enumerate(kinds)))
    numbers = f"WITH RECURSIVE g(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM g WHERE i < {batteries}) SELECT i FROM g"
    if connection.vendor == "postgresql":
        numbers = f"SELECT i::bigint AS i FROM generate_series(1, {batteries}) i"
    # Kinds are strewn, as they are in life: 37 and 100 have no common divisor.
    cursor.execute(
        f"CREATE TEMPORARY TABLE lives AS SELECT i, s.kind, {FIRST} + i % {DAYS} AS day, i % 9 AS whose"
        f" FROM ({numbers}) n JOIN share s ON s.place = (i * 37) % 100"
    )
    cursor.execute("ANALYZE")


def _type(name: str) -> str:
    if name == "unannounced":
        return "BOOLEAN"
    return "VARCHAR(24)" if name in ("type", "stage_before", "stage_after", "fault") else "BIGINT"


def _statements() -> Iterator[str]:
    postgresql = connection.vendor == "postgresql"
    seven = "lpad(l.i::text, 7, '0')" if postgresql else "printf('%07d', l.i)"
    code, vin = f"'04QPE768363A0JBC4' || {seven}", f"'LSVAA49J0' || '0' || {seven}"
    part = f"'04QME768363A' || c.n || 'JBC4' || {seven}"
    true, false = ("TRUE", "FALSE") if postgresql else ("1", "0")
    zeros = "lpad(((l.i - 1) * 10 + p.seq)::text, 32, '0')" if postgresql else "printf('%032d', (l.i - 1) * 10 + p.seq)"
    bytes_ = f"convert_to({zeros}, 'UTF8')" if postgresql else f"CAST({zeros} AS BLOB)"
    when = f"(l.day + p.place) * {DAY_MS} + 3600000"
    moment = "to_timestamp(({when}) / 1000)" if postgresql else "datetime(({when}) / 1000, 'unixepoch')"
    moment = moment.format(when=when)
    # Every organisation is one of its class, the last of them for one battery in a hundred.
    own = "CASE WHEN l.i % 1000 < 10 THEN 9 ELSE l.whose END"
    e = "(l.i - 1) * 10"
    ids = dict.fromkeys(LIVES)
    number = {name: place for place, name in enumerate(ids)}
    yield f"""
      INSERT INTO traceability_lifecyclerecord (id, kind, code, level, number, stage, holder_id, transit_to_id,
        transit_event, started, has_origin, produced, second_life, part_of, entangled, last_ms, breaks, flaws,
        chain_status, audit_status, touched, audited, audit_facts, audit_late)
      SELECT l.i, 'battery', {code}, 'pack', {EVENTS}, p.stage_after, p.holder_after + {own}, p.transit_after + {own},
        {e} + p.seq_after, {true}, {true}, {true}, {false}, '', {false}, {when}, 0, 0, 'open', 'open', 1, 0, 0, 0
      FROM lives l JOIN plan p ON p.kind = l.kind AND p.seq = {EVENTS}"""
    yield f"""
      INSERT INTO traceability_lifecycleevent (id, record_id, sequence, type, occurred_at, recorded_at, organisation_id,
        actor, key, hash, body)
      SELECT {e} + p.seq, l.i, p.seq, p.type, {moment}, {moment}, p.organisation + {own}, 'bench', 'k' || ({e} + p.seq),
        {bytes_}, {bytes_}
      FROM lives l JOIN plan p ON p.kind = l.kind"""
    yield f"""
      INSERT INTO traceability_step (event_id, record_id, effective, arrival, type, key, organisation_id, other_id,
        occurred_ms, reported_ms, stage_before, stage_after, holder_before, holder_after, transit_before, transit_after,
        transit_event_before, transit_event_after, fault, unannounced)
      SELECT {e} + p.seq, l.i, {true}, {e} + p.seq, p.type, 'k' || ({e} + p.seq), p.organisation + {own},
        p.other + {own}, {when}, {when} + p.delay * {DAY_MS}, p.stage_before, p.stage_after, p.holder_before + {own},
        p.holder_after + {own}, p.transit_before + {own}, p.transit_after + {own}, {e} + p.seq_before,
        {e} + p.seq_after, p.fault, p.unannounced
      FROM lives l JOIN plan p ON p.kind = l.kind"""
    # Four modules in every fifth battery and in every one that is taken apart; a conflict is a part of its neighbour's.
    apart = f"{number['dismantled']}, {number['component_loss']}"
    parts = "(SELECT 1 AS n UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4) c"
    has = f"(l.i % 5 = 0 OR l.kind IN ({apart}))"
    yield f"""
      INSERT INTO traceability_component (code, parent_code, level, model_number, since_event_id, since_ms)
      SELECT {part}, {code}, 'module', '', {e} + 1, l.day * {DAY_MS} + 3600000
      FROM lives l CROSS JOIN {parts} WHERE {has}"""
    yield f"""
      INSERT INTO traceability_component (code, parent_code, level, model_number, since_event_id, since_ms)
      SELECT c.code, {code}, 'module', '', {e} + 1, l.day * {DAY_MS} + 7200000
      FROM lives l JOIN traceability_component c ON c.since_event_id = (l.i - l.i % 5 - 6) * 10 + 1
      WHERE l.kind = {number["component_conflict"]} AND c.code LIKE '04QME768363A1%'"""
    yield f"""
      INSERT INTO traceability_stepdetail (event_id, record_id, name, value)
      SELECT {e} + 10, l.i, 'component', {part} FROM lives l CROSS JOIN {parts}
      WHERE l.kind = {number["dismantled"]} OR (l.kind = {number["component_loss"]} AND c.n < 4)"""
    yield f"""
      INSERT INTO traceability_stepdetail (event_id, record_id, name, value)
      SELECT {e} + 10, l.i, CASE WHEN l.kind = {number["processed"]} THEN 'batch' ELSE 'application' END,
        CASE WHEN l.kind = {number["processed"]} THEN 'B-' || (l.i / 50) ELSE 'e_bike' END
      FROM lives l WHERE l.kind IN ({number["processed"]}, {number["forbidden"]})"""
    yield from _batches(number["processed"], own, when, code)
    day = "DATE '1970-01-01' + (l.day)::int" if postgresql else "date(l.day * 86400, 'unixepoch')"
    yield f"""
      INSERT INTO batteries_battery (record_id, battery_type, manufacturer_code, produced_on, model_number,
        inherited_model)
      SELECT l.i, 'E', '04Q', {day}, 'NCM-' || (l.i % 20), '' FROM lives l"""
    yield f"""
      INSERT INTO batteries_installation (event_id, record_id, vin, since_ms)
      SELECT {e} + 2, l.i, {vin}, l.day * {DAY_MS} FROM lives l WHERE l.kind <> {number["unknown_origin"]}"""
    yield f"""
      INSERT INTO batteries_scrappedvehicle (event_id, organisation_id, vin, key, occurred_ms, reported_ms)
      SELECT -l.i, {DISMANTLER}, {vin}, 's' || l.i, (l.day + 900) * {DAY_MS}, (l.day + 901) * {DAY_MS}
      FROM lives l WHERE l.kind = {number["scrapped"]} OR (l.kind = {number["processed"]} AND l.i % 4 = 0)"""


def _batches(processed: int, own: str, when: str, code: str) -> Iterator[str]:
    """The batches that took in the processed ones, each with a lot of powder out of it.

    One battery in forty is listed nowhere, one in sixty in the batch of its neighbours as well; one batch in
    twenty-five lost a tenth, one lot in ten was sent to the next recycler and never arrived.
    """
    postgresql = connection.vendor == "postgresql"
    true, false = ("TRUE", "FALSE") if postgresql else ("1", "0")
    text = "r.id::text" if postgresql else "CAST(r.id AS TEXT)"
    bytes_ = f"convert_to(lpad({text}, 31, '0') || '{{0}}', 'UTF8')"
    bytes_ = bytes_ if postgresql else "CAST(printf('%031d', r.id) || '{0}' AS BLOB)"
    moment = "to_timestamp(r.ms / 1000)" if postgresql else "datetime(r.ms / 1000, 'unixepoch')"
    yield f"""
      CREATE TEMPORARY TABLE taken AS
      SELECT l.i, {code} AS code, l.i / 50 AS number, {own} AS whose, {when} AS ms
      FROM lives l JOIN plan p ON p.kind = l.kind AND p.seq = {EVENTS} WHERE l.kind = {processed}"""
    # Their ids are above those of all batteries, organisations and events; a lot's is its batch's and one more.
    yield f"""
      CREATE TEMPORARY TABLE run AS
      SELECT b.top + (t.number * 10 + t.whose) * 2 AS id, t.number, t.whose, {RECYCLER} + t.whose AS organisation,
        o.code || '/B-' || t.number AS code, o.code || '/L-' || t.number AS lot, MAX(t.ms) AS ms,
        440000000 * COUNT(*) AS mg
      FROM taken t JOIN traceability_organisation o ON o.id = {RECYCLER} + t.whose
      CROSS JOIN (SELECT MAX(id) * 2 + 1000 AS top FROM traceability_lifecycleevent) b
      GROUP BY b.top, t.number, t.whose, o.code"""
    yield "ANALYZE"
    for kind, column, place in (("batch", "code", 0), ("lot", "lot", 1)):
        yield f"""
          INSERT INTO traceability_lifecyclerecord (id, kind, code, level, number, stage, started, has_origin, produced,
            second_life, part_of, entangled, breaks, flaws, chain_status, audit_status, touched, audited, audit_facts,
            audit_late)
          SELECT r.id + {place}, '{kind}', r.{column}, '', 1, '', {false}, {false}, {false}, {false}, '', {false}, 0, 0,
            'open', 'open', 1, 0, 0, 0 FROM run r"""
        yield f"""
          INSERT INTO traceability_lifecycleevent (id, record_id, sequence, type, occurred_at, recorded_at,
            organisation_id, actor, key, hash, body)
          SELECT r.id + {place}, r.id + {place}, 1, '{"dispatched" if place else "batch"}', {moment}, {moment},
            r.organisation, 'bench', 'b' || (r.id + {place}), {bytes_.format(place)}, {bytes_.format(place)}
          FROM run r"""
    yield """
      INSERT INTO recyclers_batch (event_id, organisation_id, number, process, site, closed_ms, arrival, reported_ms)
      SELECT r.id, r.organisation, 'B-' || r.number, 'crushing', '', r.ms, r.id, r.ms FROM run r"""
    yield f"""
      INSERT INTO recyclers_lot (id, code, organisation_id, number, origin, mass_mg, mixed, holder_id, transit_to_id,
        transit_event, material)
      SELECT r.id, r.lot, r.organisation, 'L-' || r.number, 'batch', r.mg, {false}, r.organisation,
        CASE WHEN r.number % 10 = 0 THEN r.organisation + 1 END, CASE WHEN r.number % 10 = 0 THEN r.id + 1 END,
        'electrode_powder' FROM run r"""
    for kind, place, mg in (("output", 0, "r.mg"), ("dispatched", 1, "0")):
        yield f"""
          INSERT INTO recyclers_lotmovement (lot_id, event_id, place, kind, mg, stated_mg, organisation_id, other_id,
            reference, condition, occurred_ms, arrival, reported_ms, fault, unannounced, disputed)
          SELECT r.id, r.id + {place}, 0, '{kind}', {mg}, r.mg, r.organisation,
            {"r.organisation + 1" if place else "NULL"}, '', '', r.ms, r.id + {place}, r.ms, '', {false}, {false}
          FROM run r WHERE {"r.number % 10 = 0" if place else true}"""
    yield """
      INSERT INTO recyclers_batchinput (batch_id, place, battery, reagent, mass_mg)
      SELECT r.id, t.i, t.code, '', 440000000 FROM taken t JOIN run r ON r.number = t.number AND r.whose = t.whose
      WHERE t.i % 40 <> 7
      UNION ALL
      SELECT r.id, -t.i, t.code, '', 440000000 FROM taken t JOIN run r ON r.number = t.number + 1 AND r.whose = t.whose
      WHERE t.i % 60 = 11"""
    yield """
      INSERT INTO recyclers_batchoutput (batch_id, place, lot_id, mass_mg, material)
      SELECT r.id, 0, r.id, i.mg * CASE WHEN r.number % 25 = 0 THEN 9 ELSE 10 END / 10, 'electrode_powder'
      FROM run r JOIN (SELECT batch_id, SUM(mass_mg) AS mg FROM recyclers_batchinput GROUP BY batch_id) i
        ON i.batch_id = r.id"""
