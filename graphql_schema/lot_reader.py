"""Batches and lots, read for all the objects of a request at once."""

from collections.abc import Collection, Iterable
from typing import Any

from batteries.rows import Page
from graphql_schema.loading import Batch as Loaded
from graphql_schema.loading import Parties
from recyclers import flows, lot_reading
from recyclers.batch_flows import flows_of
from recyclers.lot_reading import BatchFilters, Item, LotFilters
from recyclers.models import Batch, BatchInput, BatchOutput, Lot, Residue
from traceability.access import Viewer


class LotReader:
    """Reads for one viewer, for the length of one request."""

    def __init__(self, viewer: Viewer, parties: Parties) -> None:
        self._viewer = viewer
        self._parties = parties
        self._chains: Loaded[int, list[Lot]] = Loaded(self._load_chains)
        self._records: Loaded[int, Lot] = Loaded(self._load_records)
        self._lots: Loaded[int, Lot] = Loaded(self._load)
        self._flows: Loaded[int, flows.Batch] = Loaded(flows_of)
        self._batches: set[int] = set()
        self._items: dict[Any, Loaded[int, Any]] = {}

    def by_codes(self, codes: Collection[str]) -> dict[str, Lot]:
        """Lots by their codes; absent what the viewer may not see."""
        found = lot_reading.lots_by_code(self._viewer, codes)
        self._meet(found.values())
        return found

    def page(self, filters: LotFilters, size: int, after: int | None) -> tuple[list[Lot], bool]:
        """A page of the lots that the viewer sees, in order of their rows, and whether more follow."""
        rows = lot_reading.filtered(self._viewer, filters).order_by("id")
        found = list((rows if after is None else rows.filter(id__gt=after))[: size + 1])
        self._meet(found[:size])
        return found[:size], len(found) > size

    def knows_whereabouts(self, lot: Lot) -> bool:
        """Whether the viewer may know who has a lot, and how much is left."""
        return lot_reading.knows_whereabouts(self._viewer, lot)

    def want_chains(self, ids: Iterable[int | None]) -> None:
        """Announce batteries whose lots may be asked for."""
        self._chains.want(ids)

    def of_battery(self, chain: int | None) -> list[Lot]:
        """The lots that a battery's mass went into."""
        return self._chains.get(chain) or []

    def want_records(self, ids: Iterable[int]) -> None:
        """Announce items of consignments that may be lots."""
        self._records.want(ids)

    def of_record(self, record: int) -> Lot | None:
        """The lot behind an item of a consignment."""
        return self._records.get(record)

    def batch(self, organisation: str, number: str) -> Batch | None:
        """A batch of one's own, or any for the alliance."""
        found = lot_reading.batch_by_number(self._viewer, organisation, number)
        self._meet_batches([found] if found else [])
        return found

    def batches(self, filters: BatchFilters, size: int, after: tuple[int, int] | None) -> Page[Batch]:
        """A page of batches, the latest closed first."""
        page = lot_reading.batch_page(self._viewer, filters, size, after)
        self._meet_batches(page.rows)
        return page

    def count_batches(self, filters: BatchFilters) -> int:
        """How many batches the whole list holds."""
        return lot_reading.batches_filtered(self._viewer, filters).count()

    def _meet_batches(self, rows: Collection[Batch]) -> None:
        ids = [row.event_id for row in rows]
        self._batches.update(ids)
        self._flows.want(ids)
        self._parties.want(row.organisation_id for row in rows)
        for items in self._items.values():
            items.want(ids)

    def flow(self, batch: Batch) -> flows.Batch | None:
        """A batch as it is balanced; None where its process is not known."""
        return self._flows.get(batch.event_id)

    def inputs(self, batch: Batch, size: int, after: int | None) -> list[BatchInput]:
        """What went into a batch, in the order of its record."""
        return self._items_of(BatchInput, batch, size, after)

    def outputs(self, batch: Batch, size: int, after: int | None) -> list[BatchOutput]:
        """What came out of a batch."""
        return self._items_of(BatchOutput, batch, size, after)

    def residues(self, batch: Batch, size: int, after: int | None) -> list[Residue]:
        """What a batch left behind."""
        return self._items_of(Residue, batch, size, after)

    def _items_of(self, model: type[Item], batch: Batch, size: int, after: int | None) -> list[Item]:
        key = (model, size, after)
        if key not in self._items:
            self._items[key] = Loaded(lambda ids: self._load_items(model, ids, size, after))
            self._items[key].want(self._batches)
        return self._items[key].get(batch.event_id) or []

    def _load_items(
        self, model: type[Item], ids: Collection[int], size: int, after: int | None
    ) -> dict[int, list[Item]]:
        found = lot_reading.items_of(model, ids, size, after)
        self._lots.want(getattr(row, "lot_id", None) for rows in found.values() for row in rows)
        return found

    def by_id(self, lot: int | None) -> Lot | None:
        """A lot that was met in a batch; None where the viewer may not see it."""
        return self._lots.get(lot)

    def _load(self, ids: Collection[int]) -> dict[int, Lot]:
        found = lot_reading.lots_by_id(self._viewer, ids)
        self._meet(found.values())
        return found

    def _load_chains(self, ids: Collection[int]) -> dict[int, list[Lot]]:
        found = lot_reading.lots_of_batteries(self._viewer, ids)
        self._meet(lot for lots in found.values() for lot in lots)
        return found

    def _load_records(self, ids: Collection[int]) -> dict[int, Lot]:
        found = lot_reading.lots_of_records(self._viewer, ids)
        self._meet(found.values())
        return found

    def _meet(self, lots: Iterable[Lot]) -> None:
        for lot in lots:
            self._parties.want([lot.organisation_id, lot.holder_id, lot.transit_to_id])
