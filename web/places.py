"""Where the pages of records are: batteries, batches, lots and organisations."""

from django.urls import reverse

from traceability.lots import name_of
from traceability.models import LifecycleRecord

_NAMED_PAGES = {LifecycleRecord.Kind.BATCH: "batch", LifecycleRecord.Kind.LOT: "lot"}


def address_of(kind: str, code: str) -> str:
    """Give the address of a record's page."""
    if page := _NAMED_PAGES.get(LifecycleRecord.Kind(kind)):
        return reverse(page, args=name_of(code))
    return reverse("organisation" if kind == LifecycleRecord.Kind.ORGANISATION else "battery", args=[code])
