"""What is on its way to an organisation: the list that a dock works off, as plain values that a device can keep."""

from collections.abc import Mapping
from typing import Any, Final

from django.db.models import F

from batteries.label_states import replaced
from traceability.access import Viewer
from traceability.models import TransferItem
from traceability.values import iso, kilograms

#: A device keeps no more at once; what a dock expects beyond that, the network tells it.
LIMIT: Final = 5_000


def expected(viewer: Viewer, limit: int = LIMIT) -> dict[str, Any]:
    """List the consignments that are open and addressed to the viewer, with what is missing of each; three queries.

    `complete` is false where there is more than the limit; the consignments sent first come first. An item names the
    serials of its labels that a later one replaced, if there are any: a device without the network knows them by that.
    """
    if viewer.organisation_id is None:
        return {"transfers": [], "complete": True}
    items = (
        TransferItem.objects.filter(
            transfer__receiver=viewer.organisation_id, status=TransferItem.Status.IN_TRANSIT, record__kind="battery"
        )
        .order_by("transfer", "dispatch")
        .values(
            "transfer_id",
            "record_id",
            "dispatched_ms",
            "sent_mg",
            code=F("record__code"),
            reference=F("transfer__reference"),
            sender=F("transfer__sender__code"),
            name=F("transfer__sender__name"),
            name_en=F("transfer__sender__name_en"),
        )
    )
    rows = list(items[: limit + 1])
    former = replaced([row["record_id"] for row in rows[:limit]])
    transfers: dict[int, dict[str, Any]] = {}
    for row in rows[:limit]:
        found = transfers.setdefault(row["transfer_id"], _transfer(row))
        mass = kilograms(row["sent_mg"])
        item = {"code": row["code"], "massKg": None if mass is None else str(mass)}
        found["items"].append(item | ({"replaced": serials} if (serials := former.get(row["record_id"])) else {}))
    return {"transfers": list(transfers.values()), "complete": len(rows) <= limit}


def _transfer(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": row["transfer_id"],
        # `=` and the waybill, or `#` and the key of the call that sent it.
        "waybill": row["reference"][1:] if row["reference"].startswith("=") else None,
        "sender": {"code": row["sender"], "name": row["name"], "nameEn": row["name_en"]},
        "dispatchedAt": iso(row["dispatched_ms"]),
        "items": [],
    }
