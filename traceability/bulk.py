"""Inserting many rows: one statement a batch, as large as the database's limit of parameters allows."""

from collections.abc import Iterable, Sequence
from typing import Any, Final, TypeVar

from django.db import connection, models

M = TypeVar("M", bound=models.Model)
#: PostgreSQL's protocol counts parameters in 16 bits; Django divides up for SQLite itself.
PARAMETERS: Final = 65_000


def insert(rows: Iterable[M], **options: Any) -> Sequence[M]:
    """Insert (or upsert, with the options of `bulk_create`) rows of one model; gives them with their keys."""
    found = list(rows)
    if not found:
        return found
    model = type(found[0])
    width = len(model._meta.concrete_fields)
    size = PARAMETERS // width if connection.vendor == "postgresql" else None
    return model._default_manager.bulk_create(found, batch_size=size, **options)
