"""What batteries weigh by their makers' word: as each was registered, else as its model was filed."""

from collections.abc import Collection

from batteries import models_register
from batteries.models import Battery
from traceability.events import batches


def registered(record_ids: Collection[int]) -> dict[int, int]:
    """Give the masses of batteries by the ids of their chains' records, mg; two queries, one where all are registered.

    A part whose model is its battery's weighs less than that, by how much nobody said.
    """
    columns = ("record_id", "mass_mg", "record__maker_id", "manufacturer_code", "model_number")
    rows = [
        row for some in batches(record_ids) for row in Battery.objects.filter(record__in=some).values_list(*columns)
    ]
    found = {record: mass for record, mass, *_key in rows if mass is not None}
    keys = {record: (maker, prefix, model) for record, mass, maker, prefix, model in rows if mass is None and model}
    models = models_register.filed(set(keys.values())) if keys else {}
    filed = {record: models[key].mass_mg for record, key in keys.items() if key in models}
    return found | {record: mass for record, mass in filed.items() if mass is not None}
