"""What the demo shows of recovery: examples with their codes, and what crusher and refinery recovered."""

from collections import Counter
from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rich.console import Console
from rich.table import Table

from recyclers import recovery
from recyclers.batch_flows import flows_of
from recyclers.flows import Batch as Run
from recyclers.mass_balance import balance
from recyclers.models import Batch, Lot
from traceability.models import LifecycleRecord, TransferItem
from web.demo.companies import CRUSHER, REFINERY

#: What each example shows, in the order of a battery's way.
TITLES: Final[Mapping[str, Promise]] = {
    "truck": gettext_lazy("a truck with differences"),
    "uninvited": gettext_lazy("on that truck, and not announced"),
    "burnt": gettext_lazy("burnt, released by another person"),
    "identified": gettext_lazy("unreadable label, identified later"),
    "dismantled": gettext_lazy("taken apart"),
    "product": gettext_lazy("second life, in service"),
    "taken_back": gettext_lazy("second life, taken back"),
    "crushing": gettext_lazy("batch: crushing"),
    "lot": gettext_lazy("black mass sold on"),
    "leaching": gettext_lazy("batch: leaching"),
}
#: What is told of each, over all its batches.
CLAUSES: Final = ("recovery.cu_al", "recovery.electrode_powder", "recovery.li", "recovery.ni_co_mn")


def tell(examples: Mapping[str, str], say: Console) -> None:
    """Show one example of each, and the recovery of crusher and refinery; nothing where no pack was left for any."""
    if not examples:
        return
    runs = flows_of(list(Batch.objects.values_list("event_id", flat=True)))
    by_number = {run.number: run for run in runs.values()}
    say.rule(_("After the vehicle"))
    table = Table(box=None, pad_edge=False)
    for title in (_("example"), _("code"), _("how it stands")):
        table.add_column(title, overflow="fold")
    for name, shown in TITLES.items():
        if code := examples.get(name):
            table.add_row(str(shown), code, _standing(name, code, by_number))
    say.print(table)
    for company in (CRUSHER, REFINERY):
        own = [run for run in runs.values() if run.organisation == company.code]
        values = {clause: recovery.measured(clause, own).value for clause in CLAUSES}
        figures = [f"{clause} {recovery.printed(value)} %" for clause, value in values.items() if value is not None]
        if figures:
            say.print(f"  {company.name} {company.name_en}: " + " · ".join(figures), soft_wrap=True)


def _standing(name: str, code: str, runs: Mapping[str, Run]) -> str:
    if name == "truck":
        return _on_the_truck(code)
    if name == "lot":
        return _lot(code)
    if code in runs:
        return _batch(runs[code])
    record = LifecycleRecord.objects.select_related("holder").get(kind="battery", code=code)
    holder = record.holder.name if record.holder else "—"
    told = [record.stage, holder, *([_("disputed")] if record.intruder_id else ())]
    return " · ".join(told)


def _on_the_truck(waybill: str) -> str:
    items = list(TransferItem.objects.filter(transfer__reference=f"={waybill}"))
    counts = Counter(item.get_status_display() for item in items)
    told = [f"{status} {number}" for status, number in counts.items()]
    weighed = [(item.sent_mg, item.received_mg) for item in items if item.sent_mg and item.received_mg]
    lighter = sum(sent - received for sent, received in weighed)
    return " · ".join([*told, _("{mass} kg lighter").format(mass=_kilograms(lighter))])


def _lot(number: str) -> str:
    lot = Lot.objects.select_related("organisation", "holder").get(number=number)
    return f"{lot.organisation.name} → {lot.holder.name if lot.holder else '—'}"


def _batch(run: Run) -> str:
    weighed = balance(run)
    told = _("{fed} kg in, {made} kg out").format(fed=_kilograms(weighed.input_mg), made=_kilograms(weighed.output_mg))
    if weighed.elements:
        rates = {element: figure.value for element, figure in recovery.recoveries(run).items() if figure.value}
        return told + " · " + " · ".join(f"{name} {recovery.printed(rate)} %" for name, rate in rates.items())
    loss = weighed.loss_percent
    return told if loss is None else told + " · " + _("{percent} % lost").format(percent=recovery.printed(loss))


def _kilograms(mg: int) -> str:
    return f"{mg / 1_000_000:.1f}"
