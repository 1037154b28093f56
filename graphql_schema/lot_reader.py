"""Batches and lots, read for all the objects of a request at once."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from batteries.rows import Page
from graphql_schema.loading import Batch as Loaded
from graphql_schema.loading import Parties
from recyclers import batch_findings, flows, lineage, lot_reading
from recyclers.batch_flows import flows_of
from recyclers.lineage import Share
from recyclers.lineage_shares import BATTERY, LOT
from recyclers.lot_reading import BatchFilters, Item, LotFilters
from recyclers.models import Batch, BatchInput, BatchOutput, Lot, Residue
from traceability import identity
from traceability.access import Viewer
from traceability.errors import Problem, refuse

#: Of how many lots, and of how many batteries, one request may ask what they are made of, or what became of them.
MOST_TRACED: Final = 10
#: As many as a page may hold.
PAGE: Final = 100


@dataclass(frozen=True, slots=True)
class MadeBy:
    """The shares of a lot that came from one maker's batteries, or are of one other kind."""

    kind: str
    organisation_id: int | None
    origins: int
    ppb: int
    mg: int | None


class LotReader:
    """Reads for one viewer, for the length of one request."""

    def __init__(self, viewer: Viewer, parties: Parties, want_batteries: Callable[[Iterable[str]], None]) -> None:
        self._viewer = viewer
        self._parties = parties
        self._want_batteries = want_batteries
        self._chains: Loaded[int, list[Lot]] = Loaded(self._load_chains)
        self._records: Loaded[int, Lot] = Loaded(self._load_records)
        self._lots: Loaded[int, Lot] = Loaded(self._load)
        self._flows: Loaded[int, flows.Batch] = Loaded(flows_of)
        self._findings: Loaded[int, list[Problem]] = Loaded(self._load_findings)
        self._batches: dict[int, Batch] = {}
        self._items: dict[Any, Loaded[int, Any]] = {}
        self._met: dict[int, Lot] = {}
        self._makers: dict[int, int | None] = {}
        self._origins: Loaded[int, list[Share]] = Loaded(self._load_origins)
        self._destinations: Loaded[int, list[Share]] = Loaded(self._load_destinations)
        self._traced: dict[str, set[int]] = defaultdict(set)

    def by_codes(self, codes: Collection[str]) -> dict[str, Lot]:
        """Lots by their codes; absent what the viewer may not see."""
        found = lot_reading.lots_by_code(self._viewer, codes)
        self._meet(found.values())
        return found

    def page(self, filters: LotFilters, size: int, after: int | None) -> Page[Lot]:
        """A page of the lots that the viewer sees, in order of their rows."""
        rows = lot_reading.filtered(self._viewer, filters).order_by("id")
        found = list((rows if after is None else rows.filter(id__gt=after))[: size + 1])
        page = Page.cut(found, size, begun=after is not None)
        self._meet(page.rows)
        return page

    def knows_whereabouts(self, lot: Lot) -> bool:
        """Whether the viewer may know who has a lot, and how much is left."""
        return lot_reading.knows_whereabouts(self._viewer, lot)

    def want_chain(self, chain: int | None, maker: int | None) -> None:
        """Announce a battery whose lots may be asked for, with who made it."""
        self._chains.want((chain,))
        if chain is not None:
            self._makers[chain] = maker

    def of_battery(self, chain: int | None) -> list[Lot]:
        """The lots that a battery's mass went into."""
        return self._chains.get(chain) or []

    def origins_of(self, lot: Lot) -> Sequence[Share]:
        """What a lot is made of, the largest share first; refuses `too_many` in one request."""
        self._trace("origins", lot.pk)
        if len(self._met) <= MOST_TRACED:
            self._origins.want(self._met)
        return self._origins.get(lot.pk) or []

    def made_of(self, lot: Lot) -> list[MadeBy]:
        """What a lot is made of, by maker; the largest share first."""
        gathered: dict[tuple[str, int | None], list[Share]] = defaultdict(list)
        shares = self.origins_of(lot)
        prefixes = [identity.prefix_of(one.thing.code) if one.thing.kind == BATTERY else "" for one in shares]
        self._parties.want((), prefixes)
        for share, prefix in zip(shares, prefixes, strict=True):
            maker = self._parties.by_prefix(prefix)
            gathered[share.thing.kind, maker.pk if maker else None].append(share)
        found = [
            MadeBy(*whose, len(own), sum(one.ppb for one in own), _sum([one.mg for one in own]))
            for whose, own in gathered.items()
        ]
        return sorted(found, key=lambda made: (-made.ppb, made.kind, made.organisation_id or 0))

    def destinations_of(self, chain: int) -> Sequence[Share]:
        """Where a battery's mass is now, the largest share first; refuses `too_many` in one request."""
        self._trace("destinations", chain)
        if len(self._makers) <= MOST_TRACED:
            self._destinations.want(self._makers)
        return self._destinations.get(chain) or []

    def show(self, shares: Iterable[Share]) -> None:
        """Announce the lots, batteries and makers of shares that are about to be shown."""
        things = [share.thing for share in shares]
        codes = [thing.code for thing in things if thing.kind == BATTERY and thing.code]
        self._lots.want(thing.id_ for thing in things if thing.kind == LOT and thing.id_)
        self._parties.want((), [identity.prefix_of(code) for code in codes])
        self._want_batteries(codes)

    def _trace(self, what: str, id_: int) -> None:
        traced = self._traced[what]
        traced.add(id_)
        if len(traced) > MOST_TRACED:
            raise refuse("too_many", (what,), value=len(traced), limit=MOST_TRACED)

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
        self._batches |= {row.event_id: row for row in rows}
        self._flows.want(ids)
        self._findings.want(ids)
        self._parties.want(row.organisation_id for row in rows)
        for items in self._items.values():
            items.want(ids)

    def flow(self, batch: Batch) -> flows.Batch | None:
        """A batch as it is balanced; None where its process is not known."""
        return self._flows.get(batch.event_id)

    def warnings_of(self, batch: Batch) -> list[Problem]:
        """What is likely to be a slip in a batch, or keeps it from being balanced."""
        return self._findings.get(batch.event_id) or []

    def _load_findings(self, ids: Collection[int]) -> dict[int, list[Problem]]:
        known = {id_: flow for id_ in ids if (flow := self._flows.get(id_)) is not None}
        return batch_findings.of_batches([self._batches[id_] for id_ in ids], known)

    def inputs(self, batch: Batch, begin: int, size: int) -> list[BatchInput]:
        """What went into a batch, in the order of its record."""
        return self._items_of(BatchInput, batch, begin, size)

    def outputs(self, batch: Batch, begin: int, size: int) -> list[BatchOutput]:
        """What came out of a batch."""
        return self._items_of(BatchOutput, batch, begin, size)

    def residues(self, batch: Batch, begin: int, size: int) -> list[Residue]:
        """What a batch left behind."""
        return self._items_of(Residue, batch, begin, size)

    def _items_of(self, model: type[Item], batch: Batch, begin: int, size: int) -> list[Item]:
        key = (model, begin, size)
        if key not in self._items:
            self._items[key] = Loaded(lambda ids: self._load_items(model, ids, begin, size))
            self._items[key].want(self._batches)
        return self._items[key].get(batch.event_id) or []

    def _load_items(self, model: type[Item], ids: Collection[int], begin: int, size: int) -> dict[int, list[Item]]:
        found = lot_reading.items_of(model, ids, begin, size)
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
        found = lineage.lots_of_batteries(self._viewer, ids)
        self._meet(lot for lots in found.values() for lot in lots)
        return found

    def _load_origins(self, ids: Collection[int]) -> dict[int, list[Share]]:
        return self._shown(lineage.origins(self._viewer, [self._met[id_] for id_ in ids]))

    def _load_destinations(self, ids: Collection[int]) -> dict[int, list[Share]]:
        return self._shown(lineage.destinations(self._viewer, {id_: self._makers.get(id_) for id_ in ids}))

    def _shown(self, found: dict[int, list[Share]]) -> dict[int, list[Share]]:
        """Announce the first page of each together, for those are shown one after the other."""
        self.show(share for shares in found.values() for share in shares[:PAGE])
        return found

    def _load_records(self, ids: Collection[int]) -> dict[int, Lot]:
        found = lot_reading.lots_of_records(self._viewer, ids)
        self._meet(found.values())
        return found

    def _meet(self, lots: Iterable[Lot]) -> None:
        for lot in lots:
            self._met[lot.pk] = lot
            self._parties.want([lot.organisation_id, lot.holder_id, lot.transit_to_id])


def _sum(masses: Sequence[int | None]) -> int | None:
    known = [mg for mg in masses if mg is not None]
    return sum(known) if len(known) == len(masses) else None
