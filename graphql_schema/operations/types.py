"""The types of the operations API, and how a mutation finds what it answers with.

battery_by_code(info, code)       what the caller has just written to: the intake view at least
batteries_by_code(info, codes)    the same for a list, in its order, None where nothing is known
event_by_id(info, id)             by node id, or by the ledger's own number of the event
transfer_by_id(info, id)          by node id, or by the number of the consignment
"""

from collections.abc import Sequence

import strawberry

from graphql_schema.operations.batteries import (
    Battery,
    BatteryConnection,
    BatteryEdge,
    BatteryFilter,
    Safety,
    Vehicle,
    battery,
)
from graphql_schema.operations.chains import Chain, Event, EventConnection, Gap, Site, event
from graphql_schema.operations.lots import Lot
from graphql_schema.operations.nodes import (
    Node,
    PageInfo,
    Problem,
    Warning,  # noqa: A004
    forget,
    problem,
    problems,
    reader_of,
    split_id,
    warning,
)
from graphql_schema.operations.organisations import BatteryModel, Me, Organisation, organisation
from graphql_schema.operations.transfers import Transfer, TransferConnection, TransferFilter, TransferItem, transfer

__all__ = [
    "Battery",
    "BatteryConnection",
    "BatteryEdge",
    "BatteryFilter",
    "BatteryModel",
    "Chain",
    "Event",
    "EventConnection",
    "Gap",
    "Lot",
    "Me",
    "Node",
    "Organisation",
    "PageInfo",
    "Problem",
    "Safety",
    "Site",
    "Transfer",
    "TransferConnection",
    "TransferFilter",
    "TransferItem",
    "Vehicle",
    "Warning",
    "batteries_by_code",
    "battery_by_code",
    "event_by_id",
    "forget",
    "organisation_by_code",
    "problem",
    "problems",
    "reader_of",
    "transfer_by_id",
    "warning",
]


def battery_by_code(info: strawberry.Info, code: str, after_write: bool = True) -> Battery | None:
    """Give a battery by its code; `after_write` forgets what was loaded and answers the intake view at least."""
    return batteries_by_code(info, [code], after_write)[0]


def batteries_by_code(
    info: strawberry.Info, codes: Sequence[str], after_write: bool = True, intake: bool | None = None
) -> list[Battery | None]:
    """Give batteries by their codes, in their order, in a fixed number of queries; `intake` is as `after_write`."""
    if after_write:
        forget(info)
    found = reader_of(info).batteries(codes, intake=after_write if intake is None else intake)
    return [battery(found[code]) if code in found else None for code in codes]


def event_by_id(info: strawberry.Info, id: str | int) -> Event | None:  # noqa: A002
    """Give an event that the viewer may see, by its node id or by the ledger's own number."""
    reader = reader_of(info)
    if isinstance(id, int):
        row = reader.event(number=id)
    else:
        code, slash, sequence = split_id(id)[1].rpartition("/")
        # ASCII digits only, and few enough for any column.
        known = id.startswith("Event:") and slash and sequence.isascii() and sequence.isdigit() and len(sequence) < 10
        row = reader.event(code=code, sequence=int(sequence)) if known else None
    return event(row, reader.viewer) if row else None


def transfer_by_id(info: strawberry.Info, id: str | int) -> Transfer | None:  # noqa: A002
    """Give a consignment that the viewer sends or is to receive, by its node id or its number."""
    number = str(id).removeprefix("Transfer:")
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        return None
    row = reader_of(info).transfer(int(number))
    return transfer(row) if row else None


def organisation_by_code(info: strawberry.Info, code: str) -> Organisation | None:
    """Give an organisation: the own, one that shares a consignment with it, or any for the alliance."""
    return organisation(reader_of(info).organisation_known(code))
