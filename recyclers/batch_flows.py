"""Batches as plain flows (`recyclers.flows`): what their rows, the models of their batteries and their lots say.

A fixed number of queries, however many batches and inputs.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from batteries import models_register
from batteries.models import Battery
from recyclers import flows
from recyclers.models import Batch, BatchInput, BatchOutput, Lot, Residue
from traceability.events import batches as portions
from traceability.models import Component, LifecycleRecord, Organisation

#: A part lies in a module and that in a pack: so often is it asked what something was built into.
_LEVELS: Final = 3


@dataclass(frozen=True, slots=True)
class _Made:
    """What decides about a battery's composition: who made it, under which code, and which model."""

    maker: int | None
    prefix: str
    model: str
    battery_type: str


def flows_of(batch_ids: Collection[int], *, known_ms: int | None = None) -> dict[int, flows.Batch]:
    """Load batches by the ids of their events; one of no known process is left out: nothing balances it.

    Args:
        known_ms: with what models consist of as it had been filed by this moment.
    """
    rows = [row for ids in portions(batch_ids) for row in Batch.objects.filter(event_id__in=ids)]
    inputs, outputs, residues = (_by_batch(model, batch_ids) for model in (BatchInput, BatchOutput, Residue))
    lots = _lots(item.lot_id for own in (*inputs.values(), *outputs.values()) for item in own)
    codes = _codes({row.organisation_id for row in rows} | {lot.organisation_id for lot in lots.values()})
    batteries = batteries_of({item.battery for own in inputs.values() for item in own if item.battery}, known_ms)

    def name(lot_id: int) -> flows.Lot:
        return flows.Lot(codes[lots[lot_id].organisation_id], lots[lot_id].number)

    def put_in(item: BatchInput) -> flows.Input:
        if item.battery:
            type_, composition = batteries.get(item.battery, (None, None))
            return flows.BatteryInput(item.battery, item.mass_mg, composition, type_)
        if item.lot_id is not None:
            return flows.LotInput(name(item.lot_id), item.mass_mg, quality_of(lots[item.lot_id]))
        return flows.ReagentInput(item.reagent, item.mass_mg)

    return {
        row.event_id: flows.Batch(
            codes[row.organisation_id],
            row.number,
            row.process,
            row.closed_ms,
            tuple(put_in(item) for item in inputs.get(row.event_id, ())),
            tuple(
                flows.Output(name(item.lot_id), item.mass_mg, quality_of(item))
                for item in outputs.get(row.event_id, ())
            ),
            tuple(
                flows.Residue(item.kind, item.mass_mg, flows.Quality(None, item.moisture_ppb or 0, assay=_assay(item)))
                for item in residues.get(row.event_id, ())
            ),
            started_ms=row.started_ms,
            site=row.site,
        )
        for row in rows
        if row.process in flows.PROCESSES
    }


def quality_of(row: Lot | BatchOutput) -> flows.Quality:
    """What is said of a lot's or an output's content; moisture that is unknown is none, purity all."""
    purity = flows.WHOLE if row.purity_ppb is None else row.purity_ppb
    return flows.Quality(row.material or None, row.moisture_ppb or 0, purity, _assay(row))


def _assay(row: Any) -> dict[str, int]:
    return {what: share for what, share in (row.assay or {}).items() if share is not None}


def _by_batch(model: Any, batch_ids: Collection[int]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for ids in portions(batch_ids):
        for row in model.objects.filter(batch__in=ids).order_by("batch", "place"):
            found[row.batch_id].append(row)
    return found


def _lots(ids: Iterable[int | None]) -> dict[int, Lot]:
    return {row.id: row for some in portions({id_ for id_ in ids if id_}) for row in Lot.objects.filter(id__in=some)}


def _codes(ids: Collection[int]) -> dict[int, str]:
    return dict(Organisation.objects.filter(id__in=ids).values_list("id", "code"))


# Batteries -----------------------------------------------------------------------------------------------------------


def batteries_of(
    codes: Collection[str], known_ms: int | None = None
) -> dict[str, tuple[str | None, flows.Shares | None]]:
    """The type of each battery, and what its model consists of, as far as they are known."""
    made = _made(codes)
    above = _above(code for code in codes if not (code in made and made[code].model))
    made |= _made(set(above.values()) - made.keys())
    compositions = _compositions(made.values(), known_ms)
    found: dict[str, tuple[str | None, flows.Shares | None]] = {}
    for code in codes:
        own = made.get(code)
        decides = own if own and own.model else made.get(above.get(code, ""), own)
        if decides is not None:
            found[code] = ((own or decides).battery_type or None, compositions.get(decides))
    return found


def _made(codes: Collection[str]) -> dict[str, _Made]:
    found: dict[str, _Made] = {}
    columns = ("code", "id", "chain_id", "maker_id", "chain__maker_id")
    for some in portions(codes):
        rows = LifecycleRecord.objects.filter(kind=LifecycleRecord.Kind.BATTERY, code__in=some)
        known = {code: (chain or id_, own or joined) for code, id_, chain, own, joined in rows.values_list(*columns)}
        # Not in_bulk(), which asks SQLite for 999 at a time.
        described = {
            row.record_id: row for row in Battery.objects.filter(record__in={c for c, _maker in known.values()})
        }
        for code, (chain, maker) in known.items():
            if (row := described.get(chain)) is not None:
                model = row.model_number or row.inherited_model
                found[code] = _Made(maker, row.manufacturer_code, model, row.battery_type)
    return found


def _above(codes: Iterable[str]) -> dict[str, str]:
    """Each part without a model of its own → the outermost battery that it was last built into (`records.md`)."""
    top = {code: code for code in codes}
    for _ in range(_LEVELS):
        asked = set(top.values())
        parents: dict[str, str] = {}
        for some in portions(asked):
            rows = Component.objects.filter(code__in=some).order_by("since_ms", "since_event")
            parents |= dict(rows.values_list("code", "parent_code"))
        if not parents:
            break
        top = {code: parents.get(reached, reached) for code, reached in top.items()}
    return {code: reached for code, reached in top.items() if reached != code}


def _compositions(made: Iterable[_Made], known_ms: int | None) -> dict[_Made, flows.Shares]:
    """What the models consist of, as far as anybody filed it."""
    keys = {one: (one.maker, one.prefix, one.model) for one in made if one.model}
    rows = models_register.filed(set(keys.values()), known_ms=known_ms)
    found = {one: rows[key].composition for one, key in keys.items() if key in rows}
    return {one: dict(_shares(composition)) for one, composition in found.items() if composition}


def _shares(composition: Mapping[str, str]) -> Iterator[tuple[str, int]]:
    for what, share in composition.items():
        yield what, flows.share_ppb(Decimal(share))
