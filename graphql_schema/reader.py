"""What one request reads: every nested field of a page is loaded for all its rows at once.

Rows are announced when they are made (`want`), which is before the first nested field is resolved; the first resolver
that asks loads for all of them, the others find it. So the number of queries depends on the question, not on the data.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from batteries import chain_reading, consignments, models_register, reading
from batteries.chain_reading import Ties
from batteries.consignments import TransferFilters
from batteries.models import BatteryModel, Installation
from batteries.models_register import ModelKey
from batteries.reading import BatteryFilters
from batteries.rows import BatteryRow, EventRow, IdentityRow, ItemRow, ModelRow, Page, RecallRow, TransferRow
from graphql_schema.compliance_reader import ComplianceReader
from graphql_schema.declaration_reader import DeclarationReader
from graphql_schema.dynamic_list_reader import DynamicListReader
from graphql_schema.loading import Batch, Parties
from graphql_schema.lot_reader import LotReader
from graphql_schema.lot_reader import MadeBy as MadeBy
from graphql_schema.standing_reader import StandingReader
from recyclers import inspection
from recyclers.lineage import Share
from recyclers.models import Lot
from traceability import attachments, events, findings
from traceability.access import Viewer
from traceability.attachments import Sent
from traceability.audit.live import Verdict
from traceability.audit.telling import parties_in
from traceability.errors import Problem
from traceability.models import Organisation
from traceability.values import to_ms

#: Size, from the end, after, before: the arguments of a page of events.
Window = tuple[int, bool, Any, Any]
#: Maker, manufacturer code, number.


class Reader:
    """Reads for one viewer, for the length of one request (until it writes)."""

    def __init__(self, viewer: Viewer) -> None:
        self.viewer = viewer
        self.now_ms = to_ms(timezone.now())
        self._rows: dict[str, BatteryRow] = {}
        self.parties = Parties()
        self.standing = StandingReader(viewer, self.parties)
        self.compliance = ComplianceReader(viewer)
        self.dynamic_list = DynamicListReader(viewer, self.parties)
        self.lots = LotReader(viewer, self.parties, lambda codes: self._tied.want(codes))
        self._vehicles: Batch[str, Installation] = Batch(
            lambda codes: chain_reading.vehicles(viewer, self._known(codes))
        )
        self._models: Batch[ModelKey, ModelRow] = Batch(self._load_models)
        self._recalls: Batch[int, list[RecallRow]] = Batch(self._load_recalls)
        self._verdicts: Batch[int, Verdict] = Batch(self._load_verdicts)
        self._lineage: Batch[str, Ties] = Batch(self._load_lineage)
        self._identities: Batch[str, list[IdentityRow]] = Batch(self._load_identities)
        self._known_of: Batch[str, inspection.Known] = Batch(self._load_known_of)
        self._tied: Batch[str, BatteryRow] = Batch(self._load_tied)
        self._events: dict[Window, Batch[str, Page[EventRow]]] = {}
        self._parts: dict[tuple[int, str | None], Batch[str, list[BatteryRow]]] = {}
        self._transfers: dict[int, TransferRow] = {}
        self._items: dict[tuple[int, int | None], Batch[int, list[ItemRow]]] = {}
        self._item_batteries: Batch[int, BatteryRow] = Batch(self._load_item_batteries)
        self._warnings: Batch[int, list[Problem]] = Batch(findings.of_events)
        self._sent: Batch[Sent, bool] = Batch(lambda named: dict.fromkeys(attachments.sent_among(named), True))
        self.declarations = DeclarationReader(viewer, self.parties, self._sent.want)

    # Batteries -------------------------------------------------------------------------------------------------------

    def batteries(self, codes: Collection[str], *, intake: bool = False) -> dict[str, BatteryRow]:
        """Batteries by any of their codes; absent what the viewer may not see."""
        found = reading.batteries_by_code(self.viewer, codes, intake=intake)
        self._announce(found.values())
        return found

    def page(self, filters: BatteryFilters, size: int, after: int | None) -> Page[BatteryRow]:
        """A page of the list of batteries."""
        page = reading.battery_page(self.viewer, filters, size, after)
        self._announce(page.rows)
        return page

    def count(self, filters: BatteryFilters) -> int:
        """How many batteries the list holds."""
        return reading.count_batteries(self.viewer, filters)

    def meet(self, rows: Iterable[BatteryRow]) -> None:
        """Take up batteries that were found in another way."""
        self._announce(rows)

    def _announce(self, rows: Iterable[BatteryRow]) -> None:
        for row in rows:
            # A battery may be seen further on one way than on another; the wider sight is as true.
            known = self._rows.get(row.code)
            if known is None or row.sight.until > known.sight.until:
                self._rows[row.code] = row
            self.parties.want([row.holder_id, row.keeper_id, row.transit_to_id], [row.prefix])
            self._models.want((_model_key(row),))
            self._recalls.want((row.chain_id,))
            self._verdicts.want((row.chain_id,))
            self.lots.want_chain(row.chain_id, row.maker_id)
            by_code: tuple[Batch[str, Any], ...] = (self._vehicles, self._lineage, self._identities, self._known_of)
            for batch in (*by_code, *self._events.values(), *self._parts.values()):
                batch.want((row.code,))

    def _known(self, codes: Collection[str]) -> list[BatteryRow]:
        return [self._rows[code] for code in codes]

    def vehicle_of(self, row: BatteryRow) -> Installation | None:
        """The vehicle that a battery is in."""
        return self._vehicles.get(row.code) if row.sight.sees_chain else None

    def events_of(self, row: BatteryRow, window: Window) -> Page[EventRow]:
        """A page of a battery's events."""
        if not row.sight.sees_chain:
            return Page(())
        if window not in self._events:
            self._events[window] = Batch(lambda codes: self._load_events(codes, window))
            self._events[window].want(self._rows)
        return self._events[window].get(row.code) or Page(())

    def _load_events(self, codes: Collection[str], window: Window) -> dict[str, Page[EventRow]]:
        size, from_end, after, before = window
        pages = chain_reading.event_pages(self._known(codes), size, from_end=from_end, after=after, before=before)
        self._meet(event for page in pages.values() for event in page.rows)
        return pages

    def _meet(self, rows: Iterable[EventRow]) -> None:
        for row in rows:
            self.parties.want([row.organisation_id])
            self._warnings.want([row.id])
            self._sent.want((row.organisation_id, given["sha256"]) for given in row.attachments)

    def warnings_of(self, row: EventRow) -> list[Problem]:
        """What an event's chain says of it."""
        return self._warnings.get(row.id) or []

    def is_sent(self, organisation_id: int, sha256: str) -> bool:
        """Whether an organisation that names a file sent it."""
        return bool(self._sent.get((organisation_id, sha256)))

    def verdict_of(self, row: BatteryRow) -> Verdict:
        """The gaps of a battery's chain as they stand today, and whether its end counts, as far as it is seen."""
        return chain_reading.verdict(self._verdicts.get(row.chain_id) or Verdict(), row, self.viewer)

    def recalls_of(self, row: BatteryRow) -> list[RecallRow]:
        """What a battery is recalled under, for anyone who handles it."""
        return self._recalls.get(row.chain_id) or []

    def _load_recalls(self, chain_ids: Collection[int]) -> dict[int, list[RecallRow]]:
        found = chain_reading.recalls(chain_ids)
        self.parties.want(recall.organisation_id for recalls in found.values() for recall in recalls)
        return found

    def _load_verdicts(self, chain_ids: Collection[int]) -> dict[int, Verdict]:
        found = chain_reading.verdicts_of(chain_ids)
        gaps = [gap for chain in found.values() for gap in chain.gaps]
        self.parties.want(gap.organisation_id for gap in gaps)
        self.parties.want(id_ for gap in gaps for id_ in parties_in(gap.evidence))
        return found

    def identities_of(self, row: BatteryRow) -> list[IdentityRow]:
        """The provisional identities that a battery was told under."""
        return (self._identities.get(row.code) if row.sight.sees_chain else None) or []

    def _load_identities(self, codes: Collection[str]) -> dict[str, list[IdentityRow]]:
        found = chain_reading.identities(self._known(codes))
        self.parties.want(identity.organisation_id for rows in found.values() for identity in rows)
        return found

    def known_of(self, row: BatteryRow) -> inspection.Known:
        """The last inspection of a battery, and the condition in which it was received last."""
        return (self._known_of.get(row.code) if row.sight.sees_chain else None) or inspection.Known()

    def _load_known_of(self, codes: Collection[str]) -> dict[str, inspection.Known]:
        found = inspection.known(self._known(codes))
        self.parties.want(known.inspection.organisation_id for known in found.values() if known.inspection)
        return found

    def parts_of(self, row: BatteryRow, size: int, after: str | None) -> list[BatteryRow]:
        """The direct parts of a battery."""
        if not row.sight.sees_chain:
            return []
        key = (size, after)
        if key not in self._parts:
            self._parts[key] = Batch(lambda codes: self._load_parts(codes, size, after))
            self._parts[key].want(self._rows)
        return self._parts[key].get(row.code) or []

    def _load_parts(self, codes: Collection[str], size: int, after: str | None) -> dict[str, list[BatteryRow]]:
        found = reading.parts_by_parent(self.viewer, self._known(codes), size, after)
        self._announce(row for rows in found.values() for row in rows)
        return found

    def sources_of(self, row: BatteryRow) -> list[BatteryRow]:
        """What a second-life product was made of, as far as the viewer sees those batteries."""
        return self._tied_to(self._ties_of(row).sources)

    def products_of(self, row: BatteryRow) -> list[BatteryRow]:
        """What was made of a battery, as far as the viewer sees it."""
        return self._tied_to(self._ties_of(row).products)

    def taken_from(self, row: BatteryRow) -> list[BatteryRow]:
        """What a part was taken out of, as far as the viewer sees those batteries."""
        return self._tied_to(self._ties_of(row).taken_from)

    def _ties_of(self, row: BatteryRow) -> Ties:
        return (self._lineage.get(row.code) if row.sight.sees_chain else None) or Ties()

    def _load_lineage(self, codes: Collection[str]) -> dict[str, Ties]:
        found = chain_reading.lineage(self._known(codes))
        self._tied.want(code for ties in found.values() for some in ties for code in some)
        return found

    def _tied_to(self, codes: Iterable[str]) -> list[BatteryRow]:
        return [row for row in map(self._tied.get, codes) if row]

    def lots_of(self, row: BatteryRow) -> list[Lot]:
        """The lots that a battery's mass went into, as far as the viewer sees them."""
        return self.lots.of_battery(row.chain_id) if row.sight.sees_chain else []

    def origins_of(self, lot: Lot, begin: int, size: int) -> Sequence[Share]:
        """All that a lot is made of, the largest share first; those of this page are announced."""
        return self._announced(self.lots.origins_of(lot), begin, size)

    def destinations_of(self, row: BatteryRow, begin: int, size: int) -> Sequence[Share]:
        """Everywhere that a battery's mass is now; a part that is still built in has no mass of its own to follow."""
        if row.record_id is None or row.chain_id != row.record_id or not row.sight.sees_chain:
            return ()
        return self._announced(self.lots.destinations_of(row.chain_id), begin, size)

    def _announced(self, shares: Sequence[Share], begin: int, size: int) -> Sequence[Share]:
        self.lots.show(shares[begin : begin + size])
        return shares

    def tied(self, code: str) -> BatteryRow | None:
        """A battery that a lineage names, as far as the viewer sees it."""
        return self._tied.get(code)

    def _load_tied(self, codes: Collection[str]) -> dict[str, BatteryRow]:
        return self.batteries(codes)

    # Organisations and models ----------------------------------------------------------------------------------------

    def organisation_known(self, code: str) -> Organisation | None:
        """An organisation that the viewer may ask for: its own, a counterparty, or any for the alliance."""
        return self.organisations_known().filter(code=code).first()

    def organisations_known(self) -> QuerySet[Organisation]:
        """The organisations that the viewer may ask for."""
        return consignments.organisations_known(self.viewer)

    def models_known(self) -> QuerySet[BatteryModel]:
        """The models that the viewer's organisation filed; all for the alliance."""
        rows = BatteryModel.objects.all()
        return rows if self.viewer.is_alliance else rows.filter(organisation=self.viewer.organisation_id or 0)

    def model_row(self, row: BatteryModel) -> ModelRow:
        """A filed model; its composition is for who filed it and the alliance."""
        self.parties.want([row.organisation_id])
        own = self.viewer.is_alliance or row.organisation_id == self.viewer.organisation_id
        return ModelRow(
            number=row.number,
            organisation_id=row.organisation_id,
            level=row.level,
            battery_type=row.battery_type,
            nominal_voltage_v=row.nominal_voltage_v,
            rated_capacity_ah=row.rated_capacity_ah,
            nominal_energy_kwh=row.nominal_energy_kwh,
            mass_mg=row.mass_mg,
            cells=row.cells,
            gtin=row.gtin,
            composition=row.composition if own else None,
            id=row.pk,
        )

    def model_of(self, row: BatteryRow) -> ModelRow | None:
        """The model of a battery, or of what a part came out of: as the maker filed it, else as the owner of the
        manufacturer code did."""
        key = _model_key(row)
        return None if key is None else self._models.get(key) or ModelRow(key[2])

    def _load_models(self, keys: Collection[ModelKey]) -> dict[ModelKey, ModelRow]:
        return {key: self.model_row(row) for key, row in models_register.filed(keys).items()}

    # Events by themselves --------------------------------------------------------------------------------------------

    def event(self, *, code: str = "", sequence: int = 0, number: int | None = None) -> EventRow | None:
        """One event, by its place on a record or by the ledger's number, if the viewer may see it."""
        if number is not None:
            found = chain_reading.event_by_number(number)
        else:
            found = chain_reading.event_by_place(code, sequence)
        if found is None:
            return None
        event, step = found
        chain = step.record_id if step else None
        sight = None
        if chain is not None:
            row = reading.batteries_by_record(self.viewer, [chain]).get(chain)
            sight = row.sight if row else None
        if not chain_reading.may_see(self.viewer, event, step, sight):
            return None
        found_row = chain_reading.event_row(event, step, events.contents_of([event.pk]).get(event.pk, ()))
        self._meet([found_row])
        return found_row

    # Consignments ----------------------------------------------------------------------------------------------------

    def transfer(self, number: int) -> TransferRow | None:
        """A consignment that the viewer sends or is to receive."""
        row = consignments.transfer_by_number(self.viewer, number, self.now_ms)
        self._announce_transfers([row] if row else [])
        return row

    def transfers(self, filters: TransferFilters, size: int, after: int | None) -> Page[TransferRow]:
        """A page of consignments."""
        page = consignments.transfer_page(self.viewer, filters, size, after, self.now_ms)
        self._announce_transfers(page.rows)
        return page

    def expected(self, row: BatteryRow) -> TransferRow | None:
        """The open consignment, addressed to the viewer, in which a battery is on its way."""
        ids = [] if row.record_id is None else [row.record_id]
        found = consignments.expected_transfers(self.viewer, ids, self.now_ms)
        self._announce_transfers(found.values())
        return found.get(row.record_id or 0)

    def _announce_transfers(self, rows: Iterable[TransferRow]) -> None:
        for row in rows:
            self._transfers[row.id] = row
            self.parties.want([row.sender_id, row.receiver_id])
            for wanted in self._items.values():
                wanted.want([row.id])

    def items_of(self, row: TransferRow, size: int, after: int | None) -> list[ItemRow]:
        """The batteries of a consignment."""
        key = (size, after)
        if key not in self._items:
            self._items[key] = Batch(lambda ids: self._load_items(ids, size, after))
            self._items[key].want(self._transfers)
        return self._items[key].get(row.id) or []

    def _load_items(self, ids: Collection[int], size: int, after: int | None) -> dict[int, list[ItemRow]]:
        rows = [self._transfers[id_] for id_ in ids]
        found = consignments.items_by_transfer(self.viewer, rows, size, after)
        records = [item.record_id for items in found.values() for item in items]
        self._item_batteries.want(records)
        self.lots.want_records(records)
        return found

    def battery_of(self, item: ItemRow) -> BatteryRow | None:
        """The battery of a consignment's item; both sides know of it, so the intake view at least."""
        return self._item_batteries.get(item.record_id)

    def _load_item_batteries(self, ids: Collection[int]) -> dict[int, BatteryRow]:
        found = reading.batteries_by_record(self.viewer, ids, intake=True)
        self._announce(found.values())
        return found


def _model_key(row: BatteryRow) -> ModelKey | None:
    number = row.model_number or row.inherited_model
    return (row.maker_id, row.prefix, number) if number else None
