"""What is projected, as values that can be compared: by natural keys, not by the ids of rows written anew.

The tables of the packages above are found by their keys to records and organisations; the core need not know them.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final

from django.db import models
from django.db.models import Exists, OuterRef

from traceability.events import batches
from traceability.models import (
    ApiToken,
    Component,
    Gap,
    GapAnswer,
    LifecycleEvent,
    LifecycleRecord,
    Organisation,
    User,
)
from traceability.projecting import PROJECTED

_COLUMNS: Final = [*PROJECTED, "chain_id", "level"]
_BUILT: Final = "code parent_code level model_number mass_mg since_event_id since_ms until_ms".split()
_NOT_PROJECTED: Final = (LifecycleEvent, LifecycleRecord, User, ApiToken, Gap, GapAnswer)
#: A consignment is known by whom it joins and its reference.
_NATURAL: Final = {
    "transfer_id": ("transfer__sender_id", "transfer__receiver_id", "transfer__reference"),
}


def of_chains(records: Iterable[LifecycleRecord]) -> dict[int, bytes]:
    """Give a digest of everything projected for each of these batteries."""
    found: dict[int, list[str]] = {}
    codes: dict[str, int] = {}
    for row in records:
        found[row.id] = [_text("record", [getattr(row, name) for name in _COLUMNS])]
        codes[row.code] = row.id
    for ids in batches(found):
        for model, column, names in _tables(LifecycleRecord):
            rows = model._default_manager.filter(**{f"{column}__in": ids}).values_list(column, *names)
            for record, *values in rows:
                found[record].append(_text(model._meta.label, values))
        _built_in(ids, found)
    for batch in batches(codes):
        # When a part left is derived with the part, where it has a record of its own.
        left = Component.objects.filter(code__in=batch).values_list("code", "parent_code", "since_event_id", "until_ms")
        for code, *values in left:
            found[codes[code]].append(_text("left", values))
    return {id_: hashlib.sha256("\n".join(sorted(rows)).encode()).digest()[:16] for id_, rows in found.items()}


def _built_in(ids: list[int], found: dict[int, list[str]]) -> None:
    """The parts that a chain's events built in."""
    alone = LifecycleRecord.objects.filter(kind=LifecycleRecord.Kind.BATTERY, code=OuterRef("code"))
    parts = Component.objects.filter(since_event__step__record__in=ids).annotate(alone=Exists(alone))
    for record, alone_, *values in parts.values_list("since_event__step__record_id", "alone", *_BUILT):
        found[record].append(_text("part", values[:-1] if alone_ else values))


def of_masters() -> dict[str, list[str]]:
    """Give everything projected for each organisation, by its code."""
    found: dict[str, list[str]] = defaultdict(list)
    names = [f.attname for f in Organisation._meta.concrete_fields if not isinstance(f, models.AutoField)]
    for code, *values in Organisation.objects.values_list("code", *names):
        found[code].append(_text("organisation", values))
    for model, column, names in _tables(Organisation):
        for code, *values in model._default_manager.values_list(f"{column}__code", *names):
            found[code].append(_text(model._meta.label, values))
    return {code: sorted(rows) for code, rows in found.items()}


def _tables(target: type[models.Model]) -> list[tuple[type[models.Model], str, list[str]]]:
    """The projected tables that hang on a model: (model, its key to the target, its other columns)."""
    found = []
    for relation in target._meta.related_objects:
        model = relation.related_model
        if model in _NOT_PROJECTED or (target is Organisation and relation.hidden):
            continue
        names: list[str] = []
        for column in model._meta.concrete_fields:
            if not isinstance(column, models.AutoField):
                names += _NATURAL.get(column.attname, (column.attname,))
        found.append((model, relation.field.name, names))
    return found


def _text(name: str, values: Iterable[Any]) -> str:
    return json.dumps([name, *values], default=str, sort_keys=True, ensure_ascii=False)
