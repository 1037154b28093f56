"""Rebuilding the tables of batches and lots, and comparing them with what was there."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable
from typing import Any, Final

from django.db import models, transaction

from recyclers import materials
from recyclers.models import Batch, BatchInput, BatchOutput, Lot, LotMovement, LotOpening, Residue
from traceability.models import TransferItem

_LOT: Final = ("lot__organisation__code", "lot__number")
_BATCH: Final = ("batch__organisation__code", "batch__number")
#: Model → the organisation and the number that its rows hang on.
_TABLES: Final[dict[type[models.Model], tuple[str, str]]] = {
    Lot: ("organisation__code", "number"),
    LotMovement: _LOT,
    LotOpening: _LOT,
    Batch: ("organisation__code", "number"),
    BatchInput: _BATCH,
    BatchOutput: _BATCH,
    Residue: _BATCH,
}
#: Ids of rows written anew; named by what they stand for.
_NATURAL: Final = {"lot_id": "lot__code"}


def rebuild(progress: Callable[[int], None] | None = None) -> tuple[int, set[str]]:
    """Derive everything about batches and lots again: how many records there are, and the codes of what differed."""
    before = snapshot()
    with transaction.atomic():
        materials.clear_strays()
    done = 0
    for ids in materials.batches_of(materials.records()):
        with transaction.atomic():
            materials.project(ids)
        done += len(ids)
        if progress is not None:
            progress(done)
    after = snapshot()
    return done, {code for code in before.keys() | after.keys() if before.get(code) != after.get(code)}


def snapshot() -> dict[str, bytes]:
    """A digest of everything projected for each batch and each lot, by its code."""
    found: dict[str, list[str]] = defaultdict(list)
    for model, owner in _TABLES.items():
        names = [_NATURAL.get(column.attname, column.attname) for column in model._meta.concrete_fields]
        kept = [name for name in names if name != "id"]
        for organisation, number, *values in model._default_manager.values_list(*owner, *kept).iterator():
            found[f"{organisation}/{number}"].append(_text(model._meta.label, values))
    names = [column.attname for column in TransferItem._meta.concrete_fields if column.attname != "transfer_id"]
    items = TransferItem.objects.filter(record__kind="lot")
    for code, reference, *values in items.values_list("record__code", "transfer__reference", *names).iterator():
        found[code].append(_text("item", [reference, *values]))
    return {code: hashlib.sha256("\n".join(sorted(rows)).encode()).digest() for code, rows in found.items()}


def _text(name: str, values: list[Any]) -> str:
    return json.dumps([name, *values], default=str, sort_keys=True, ensure_ascii=False)
