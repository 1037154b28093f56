"""`mass_imbalance`: what came out of a batch does not agree with what went in (`recyclers.mass_balance`)."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from django.db import connection

from recyclers import flows, mass_balance
from recyclers.batch_flows import flows_of
from recyclers.lot_contents import with_descendants
from recyclers.lot_facts import facts_of
from recyclers.models import Batch, BatchInput
from recyclers.recovery import printed
from traceability import lots
from traceability.audit.relations import DAY_MS, OFFSET_MS
from traceability.audit.rule import BREAK, Check, Judged, Row, write_evidence
from traceability.events import batches

CODE: Final = "mass_imbalance"
#: Batches that are weighed up together: memory does not grow with their number.
SIZE: Final = 500
_MG: Final = 1_000_000
#: What says of a battery which model it is, or what it is built into.
_DESCRIBING: Final = ("produced", "assembled", "repaired", "dismantled", "identified", "corrected")
#: No more events than these are ever under way at once.
_IN_FLIGHT: Final = 100_000


def find(judged: Judged) -> Iterator[Row]:
    """The batches that do not balance; each hangs on the record of its batch, with the first of its imbalances."""
    rows = Batch.objects.filter(reported_ms__lte=judged.end_ms)
    if judged.records is None:
        ids = list(rows.order_by("event").values_list("event_id", flat=True))
    else:
        named = batches(sorted(judged.records))
        ids = sorted(id_ for some in named for id_ in _of_records(rows, some))
    tolerance = Fraction(Decimal(judged.parameters["tolerance_percent"])) / 100
    for start in range(0, len(ids), SIZE):
        yield from _weighed(ids[start : start + SIZE], judged.end_ms, tolerance)


def _of_records(rows: Any, records: Collection[int]) -> list[int]:
    return list(rows.filter(event__record__in=records).values_list("event_id", flat=True))


def _weighed(ids: Collection[int], end_ms: int, tolerance: Fraction) -> Iterator[Row]:
    known = flows_of(ids)
    drawn = BatchInput.objects.filter(batch__in=ids).exclude(lot=None)
    lot_ids = set(drawn.values_list("lot_id", flat=True))
    # Of a batch whose process nobody said only its lots can be judged.
    drawing = dict(_drawing_from(lot_ids, known.keys(), end_ms))
    own = known | {id_: drawing[id_] for id_ in ids if id_ in drawing}
    every = list((known | drawing).items())
    facts = facts_of(lot_ids, until_ms=end_ms)
    # As `balances` orders them, so that each answer is that of its event.
    every.sort(key=lambda item: (item[1].closed_ms, item[1].organisation, item[1].number))
    answers = mass_balance.balances([batch for _, batch in every], facts, tolerance=tolerance)
    found = {id_: answer for (id_, _), answer in zip(every, answers, strict=True) if id_ in own and not answer.balanced}
    rows = Batch.objects.filter(event_id__in=found).values_list(
        "event_id", "event__record_id", "organisation_id", "arrival"
    )
    for id_, record, organisation, arrival in rows.order_by("arrival"):
        day = (own[id_].closed_ms + OFFSET_MS) // DAY_MS
        # A corrected batch is told under what was corrected: its key, its recorder.
        yield CODE, record, arrival, organisation, day, _evidence(found[id_])


def _drawing_from(lot_ids: Collection[int], but: Collection[int], end_ms: int) -> Iterator[tuple[int, flows.Batch]]:
    """The other batches that draw from these lots, with what they draw from them and nothing that could balance."""
    draws: dict[int, list[flows.LotInput]] = defaultdict(list)
    for some in batches(lot_ids):
        rows = BatchInput.objects.filter(lot__in=some, batch__reported_ms__lte=end_ms)
        for batch, code, mg in rows.values_list("batch_id", "lot__code", "mass_mg"):
            if batch not in but:
                draws[batch].append(flows.LotInput(flows.Lot(*lots.name_of(code)), mg))
    for some in batches(draws):
        heads = Batch.objects.filter(event_id__in=some).values_list(
            "event_id", "organisation__code", "number", "closed_ms"
        )
        for id_, organisation, number, closed_ms in heads:
            yield id_, flows.Batch(organisation, number, flows.HYDROMETALLURGY, closed_ms, tuple(draws[id_]))


def _evidence(answer: mass_balance.Balance) -> str:
    first = answer.imbalances[0]
    return write_evidence(
        cause=first.cause,
        subject=first.subject or None,
        inputKg=_kg(first.input_mg),
        leavingKg=_kg(first.leaving_mg),
        percent=None if first.share is None else printed(first.share * 100),
        tolerancePercent=format(printed(first.limit * 100).normalize(), "f") if first.limit else None,
        imbalances=len(answer.imbalances),
    )


def _kg(mg: Fraction | None) -> str | None:
    """Kilograms, to the milligram."""
    return None if mg is None else format((Decimal(round(mg)) / _MG).normalize(), "f")


# What else is judged -------------------------------------------------------------------------------------------------


def widen(changed: str) -> Collection[int]:
    """The records of batches that changed, or draw from a lot that did, or take in a battery that did.

    What a correction took back leads nowhere any more, and models are filed by their makers: then all are judged.
    """
    if _rows(f"""
      SELECT 1 FROM ({changed}) c JOIN traceability_lifecyclerecord r ON r.id = c.record_id
      WHERE r.kind = 'organisation' OR (r.kind IN ('batch', 'lot') AND EXISTS (
        SELECT 1 FROM traceability_lifecycleevent e WHERE e.record_id = r.id AND e.type = 'corrected')) LIMIT 1"""):
        return {id_ for (id_,) in _rows("SELECT id FROM traceability_lifecyclerecord WHERE kind = 'batch'")}
    return _changed_themselves(changed) | _drawing(_lots_of(changed)) | _taking_in(changed)


def _changed_themselves(changed: str) -> set[int]:
    return _ids(f"""
      SELECT c.record_id FROM ({changed}) c JOIN traceability_lifecyclerecord r ON r.id = c.record_id
      WHERE r.kind = 'batch'""")


def _lots_of(changed: str) -> set[int]:
    """The lots that what changed speaks of, and those that were made of them."""
    return with_descendants(
        _ids(f"""
          SELECT DISTINCT m.lot_id FROM ({changed}) c JOIN traceability_lifecyclerecord r ON r.id = c.record_id
          JOIN traceability_lifecycleevent e ON e.record_id = c.record_id
          JOIN recyclers_lotmovement m ON m.event_id = e.id
          WHERE r.kind IN ('batch', 'lot')""")
    )


def _drawing(lot_ids: Collection[int]) -> set[int]:
    rows = (BatchInput.objects.filter(lot__in=some) for some in batches(lot_ids))
    return {id_ for found in rows for id_ in found.values_list("batch__event__record_id", flat=True)}


def _taking_in(changed: str) -> set[int]:
    """A battery consists of what its model says, or the model of what it is, or was, built into.

    Only such facts count as say so, and of them those since the last run: some earlier ones more, for what was being
    written while it ran.
    """
    into = "SELECT p.code FROM traceability_component p WHERE p.parent_code IN"
    types = ", ".join(f"'{type_}'" for type_ in _DESCRIBING)
    said = f"""
      SELECT c.code FROM ({changed}) c WHERE EXISTS (
        SELECT 1 FROM traceability_lifecyclerecord r JOIN traceability_lifecycleevent e ON e.record_id = r.id
        WHERE (r.id = c.record_id OR r.chain_id = c.record_id) AND e.type IN ({types})
          AND e.id > (SELECT COALESCE(MAX(seen_event), 0) - {_IN_FLIGHT} FROM traceability_auditrun WHERE kept))"""
    codes = "SELECT code FROM said"
    inside = f"{codes} UNION {into} ({codes}) UNION {into} ({into} ({codes}))"
    return _ids(f"""
      WITH said AS MATERIALIZED ({said})
      SELECT DISTINCT e.record_id FROM recyclers_batchinput i JOIN traceability_lifecycleevent e ON e.id = i.batch_id
      WHERE i.battery <> '' AND i.battery IN ({inside})""")


def _ids(sql: str) -> set[int]:
    return {id_ for (id_,) in _rows(sql)}


def _rows(sql: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


CHECK = Check(CODE, BREAK, find, widen)
