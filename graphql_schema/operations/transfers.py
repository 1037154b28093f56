"""Consignments: what one organisation hands over to another."""

import datetime as dt
from decimal import Decimal
from enum import Enum
from typing import Annotated

import strawberry

from batteries.consignments import TransferFilters
from batteries.rows import ItemRow, TransferRow
from graphql_schema.enums import Condition, Direction, ItemStatus, TransferStatus
from graphql_schema.operations.batteries import Battery, First, battery
from graphql_schema.operations.describing import argument, both, described, resolved
from graphql_schema.operations.lots import Lot, lot
from graphql_schema.operations.nodes import Node, PageInfo, check_size, cursor, place, reader_of
from graphql_schema.operations.organisations import Organisation, organisation
from traceability.values import from_ms, kilograms


@strawberry.type(description=both("货运单中的一件电池或一个材料批次。", "One battery or lot of a consignment."))
class TransferItem:
    """An item."""

    row: strawberry.Private[ItemRow]
    id: strawberry.ID = described("此项的 id，可用于分页。", "Its id, to page with.")
    status: ItemStatus = described("状态。", "Its state.")
    dispatched_at: dt.datetime = described("发出时间。", "When it was dispatched.")
    closed_at: dt.datetime | None = described("办结时间。", "When it was closed.")
    sent_mass_kg: Decimal | None = described("发出质量，千克。", "Mass as sent, kilograms.")
    received_mass_kg: Decimal | None = described("接收质量，千克。", "Mass as received, kilograms.")
    condition: Condition | None = described("接收时的状况。", "Condition at receipt.")

    @resolved("电池；此项为材料批次时为空。", "The battery; empty for a lot.")
    def battery(self, info: strawberry.Info) -> Battery | None:
        found = reader_of(info).battery_of(self.row)
        return battery(found) if found else None

    @resolved("材料批次；此项为电池时为空。", "The lot; empty for a battery.")
    def lot(self, info: strawberry.Info) -> Lot | None:
        found = reader_of(info).lots.of_record(self.row.record_id)
        return lot(found) if found else None


@strawberry.type(
    description=both(
        "货运单：同一发货方、收货方与运单号的一批电池。",
        "A consignment: what goes from one sender to one receiver under one waybill.",
    )
)
class Transfer(Node):
    """A consignment."""

    row: strawberry.Private[TransferRow]
    status: TransferStatus = described("状态，由各项得出。", "Its state, derived from its items.")
    waybill: str | None = described("运单号。", "Its waybill.")
    dispatched_at: dt.datetime = described("最早的发出时间。", "When the first of it was dispatched.")
    item_count: int = described("共几件。", "How many items it has.")
    open_count: int = described("在途几件。", "How many of them are on their way.")

    @resolved("发货单位。", "Who sent it.")
    def sender(self, info: strawberry.Info) -> Organisation | None:
        return organisation(reader_of(info).parties.by_id(self.row.sender_id))

    @resolved("收货单位。", "Whom it is addressed to.")
    def receiver(self, info: strawberry.Info) -> Organisation | None:
        return organisation(reader_of(info).parties.by_id(self.row.receiver_id))

    @resolved("各件电池，每次最多 100 件。", "Its items, up to 100 at a time.")
    def items(
        self,
        info: strawberry.Info,
        first: First = 100,
        after: Annotated[
            strawberry.ID | None, argument("从此项之后开始。", "Begin after the item with this id.")
        ] = None,
    ) -> list[TransferItem]:
        begin = place(after, 1, "after")
        rows = reader_of(info).items_of(self.row, check_size(first, 100), begin[0] if begin else None)
        return [item(row) for row in rows]


def transfer(row: TransferRow) -> Transfer:
    """Show a consignment's row."""
    return Transfer(
        row=row,
        id=strawberry.ID(f"Transfer:{row.id}"),
        status=TransferStatus.of(row.status),
        waybill=row.waybill,
        dispatched_at=from_ms(row.dispatched_ms),
        item_count=row.items,
        open_count=row.open,
    )


def item(row: ItemRow) -> TransferItem:
    """Show an item's row."""
    return TransferItem(
        row=row,
        id=strawberry.ID(cursor(row.id)),
        status=ItemStatus.of(row.status),
        dispatched_at=from_ms(row.dispatched_ms),
        closed_at=None if row.closed_ms is None else from_ms(row.closed_ms),
        sent_mass_kg=kilograms(row.sent_mg),
        received_mass_kg=kilograms(row.received_mg),
        condition=Condition.maybe(row.condition),
    )


@strawberry.type(description=both("货运单列表中的一项。", "One place in a list of consignments."))
class TransferEdge:
    """An edge."""

    cursor: str = described("此项的游标。", "Its cursor.")
    node: Transfer = described("货运单。", "The consignment.")


@strawberry.type(description=both("货运单列表，新的在前。", "A list of consignments, newest first."))
class TransferConnection:
    """A connection."""

    edges: list[TransferEdge] = described("本页各项。", "The objects of this page.")
    page_info: PageInfo = described("分页信息。", "Where this page stands.")


@strawberry.input(description=both("货运单的筛选条件，须同时满足。", "Conditions on consignments that must all hold."))
class TransferFilter:
    """What a list of consignments may be narrowed by."""

    direction: Direction | None = described("方向。", "Which way it goes.", default=None)
    open: bool | None = described("是否有在途的电池。", "Whether anything of it is on its way.", default=None)
    overdue: bool | None = described("是否逾期。", "Whether anything of it is overdue.", default=None)
    waybill: str | None = described("运单号。", "Its waybill.", default=None)
    counterparty: str | None = described("对方的统一社会信用代码。", "Code of the other organisation.", default=None)


def filters_of(given: TransferFilter | None) -> TransferFilters:
    """The filters in the words of the domain."""
    if given is None:
        return TransferFilters()
    words = {name: value.value if isinstance(value, Enum) else value for name, value in vars(given).items()}
    return TransferFilters(**words)
