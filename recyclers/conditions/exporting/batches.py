"""The batches of the period with what went in and what came out, a row each, and what is known to be in it."""

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from recyclers.conditions.evaluation import Report
from recyclers.conditions.measuring import day_of
from recyclers.contents import Flow, content_mg
from recyclers.flows import COMPONENTS, ELEMENTS, Batch, BatteryInput, LotInput, Output, Quality, ReagentInput
from traceability.audit.exporting.tables import Column, Row, Table

FLOWS: Final[dict[str, Promise]] = {"input": _("into it"), "output": _("product"), "residue": _("residue")}
_HELD: Final = (*ELEMENTS, *COMPONENTS)
_COLUMNS: Final = (
    Column("batch", _("batch"), width=22),
    Column("process", _("process"), width=18),
    Column("site", _("site"), width=18),
    Column("started", _("started on"), "day", 12),
    Column("closed", _("closed on"), "day", 12),
    Column("flow", _("flow"), width=10),
    Column("battery", _("battery"), width=28),
    Column("lot", _("lot"), width=24),
    Column("lot_of", _("lot of"), width=22),
    Column("material", _("material"), width=28),
    Column("mass_kg", _("mass, kg"), "mass", 16),
    Column("moisture", _("moisture, %"), "number", 10),
    Column("purity", _("purity, %"), "number", 10),
    *(Column(f"{what}_kg", f"{what}, kg", "mass", 14) for what in _HELD),
)


def batches_table(report: Report) -> Table:
    """Give inputs, products and residues as a table; what nobody knows is empty, and never zero."""
    return Table(_("Batches"), _COLUMNS, _rows(report))


def _rows(report: Report) -> Iterator[Row]:
    for batch in report.company.batches:
        for name, flows in (("input", batch.inputs), ("output", batch.outputs), ("residue", batch.residues)):
            for flow in flows:
                yield *_of_batch(batch), str(FLOWS[name]), *_of_flow(flow)


def _of_batch(batch: Batch) -> Row:
    started = None if batch.started_ms is None else day_of(batch.started_ms)
    return batch.number, batch.process, batch.site or None, started, day_of(batch.closed_ms)


def _of_flow(flow: Flow) -> Row:
    battery = flow.battery if isinstance(flow, BatteryInput) else None
    lot = flow.lot if isinstance(flow, LotInput | Output) else None
    quality: Quality | None = getattr(flow, "quality", None)
    return (
        battery,
        lot and lot.number,
        lot and lot.organisation,
        _material(flow),
        _mass(flow.mass_mg),
        _percent(quality.moisture_ppb) if quality else None,
        _percent(quality.purity_ppb) if quality else None,
        *(_mass(content_mg(flow, what)) for what in _HELD),
    )


def _material(flow: Any) -> str | None:
    if isinstance(flow, ReagentInput):
        return flow.reagent
    if isinstance(flow, LotInput | Output):
        return flow.quality.material
    return getattr(flow, "kind", None)


def _mass(mg: int | Fraction | None) -> Decimal | None:
    return None if mg is None else Decimal(round(mg)).scaleb(-6)


def _percent(ppb: int | Fraction) -> Decimal:
    return Decimal(round(ppb)).scaleb(-7)
