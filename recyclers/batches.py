"""What a fact says of a batch, as rows: the batch itself, its inputs, outputs and residues, and the content of lots."""

from collections.abc import Iterator, Mapping
from typing import Any

from recyclers.models import Batch, BatchInput, BatchOutput, LotOpening, Residue
from traceability import lots
from traceability.events import Standing
from traceability.values import milligrams, ppb, read_moment


def batch_row(place: Standing) -> Batch:
    """The row of a batch."""
    details = place.fact.details
    return Batch(
        event_id=place.event.id,
        organisation_id=place.original.organisation_id,
        number=details["number"],
        process=details.get("process", ""),
        started_ms=read_moment(details["startedAt"]) if "startedAt" in details else None,
        closed_ms=place.fact.occurred_ms,
        site=site_of(place.fact.site),
        arrival=place.original.id,
        reported_ms=place.original.reported_ms,
    )


def site_of(said: Mapping[str, Any] | None) -> str:
    """What a site is called by: its name, else its region."""
    return str((said or {}).get("name") or (said or {}).get("region") or "")


def input_rows(place: Standing, lot_ids: Mapping[str, int]) -> Iterator[BatchInput]:
    """The rows of what went in, in the order of the record."""
    fact = place.fact
    for number, item in enumerate(fact.details.get("inputs", ())):
        lot = item.get("lot")
        yield BatchInput(
            batch_id=place.event.id,
            place=number,
            battery=item.get("battery", ""),
            lot_id=None if lot is None else lot_ids[lots.code_of(item.get("lotOf", fact.organisation), lot)],
            reagent=item.get("reagent", ""),
            mass_mg=_mg(item),
        )


def output_rows(place: Standing, lot_ids: Mapping[str, int]) -> Iterator[BatchOutput]:
    """The rows of what came out."""
    for number, item in enumerate(place.fact.details.get("outputs", ())):
        lot = lot_ids[lots.code_of(place.fact.organisation, item["lot"])]
        yield BatchOutput(batch_id=place.event.id, place=number, lot_id=lot, mass_mg=_mg(item), **content_of(item))


def residue_rows(place: Standing) -> Iterator[Residue]:
    """The rows of what was left behind."""
    for number, item in enumerate(place.fact.details.get("residues", ())):
        yield Residue(
            batch_id=place.event.id,
            place=number,
            kind=item.get("kind", ""),
            mass_mg=_mg(item),
            moisture_ppb=ppb(item.get("moisturePercent")),
            assay=_assay(item),
            manifest=item.get("manifest", ""),
        )


def opening_row(place: Standing, lot_ids: Mapping[str, int]) -> LotOpening:
    """The row of a lot that came in from outside."""
    details = place.fact.details
    return LotOpening(
        event_id=place.event.id,
        lot_id=lot_ids[place.fact.code],
        source=details.get("origin", ""),
        supplier=details.get("from", ""),
        **content_of(details),
    )


def content_of(item: Mapping[str, Any]) -> dict[str, Any]:
    """What an output or an opening says of its content, as columns."""
    return {
        "material": item.get("material", ""),
        "moisture_ppb": ppb(item.get("moisturePercent")),
        "purity_ppb": ppb(item.get("purityPercent")),
        "assay": _assay(item),
    }


def _assay(item: Mapping[str, Any]) -> dict[str, int | None] | None:
    given = item.get("assay")
    return None if given is None else {element: ppb(share) for element, share in sorted(given.items())}


def _mg(item: Mapping[str, Any]) -> int:
    return milligrams(item["massKg"]) or 0
