"""The demo's audit: how complete the chains are, and one broken chain explained in words, in both languages."""

from itertools import islice
from typing import Final

from django.db.models import Count, Q
from django.utils import translation
from django.utils.translation import gettext as _
from rich.console import Console
from rich.table import Table

from traceability.access import ALLIANCE, Viewer
from traceability.audit import reading
from traceability.audit.calendar import day_of
from traceability.audit.kept import told_gaps
from traceability.audit.live import chain_of
from traceability.audit.running import audit
from traceability.audit.wording import STATUSES, in_words, name_of
from traceability.models import Gap, LifecycleRecord

EVERYTHING: Final = Viewer(roles=frozenset({ALLIANCE}), actor="demo")
#: So many groups are shown; the API gives all.
_ROWS: Final = 12


def tell(say: Console) -> None:
    """Run the audit over everything, and tell what it found."""
    with audit() as found:
        run = found.run
    say.rule(_("Audit as of {day}").format(day=day_of(run.as_of).isoformat()))
    _completeness(say)
    counted = Gap.objects.filter(closed_in=None).values_list("code").annotate(n=Count("id")).order_by("-n")
    label = _("Gaps")
    say.print(f"  {label}: " + " · ".join(f"{name_of(code)} {number}" for code, number in counted))
    _recovery(say)
    _broken(say)


def _completeness(say: Console) -> None:
    rows = sorted(reading.completeness(EVERYTHING, "organisation"), key=lambda row: -row.batteries)[:_ROWS]
    table = Table(box=None, pad_edge=False)
    table.add_column(_("holder"), overflow="fold")
    for name in (_("batteries"), *map(str, STATUSES.values()), _("completeness"), _("in time")):
        table.add_column(name, justify="right")
    for row in rows:
        counts = (row.batteries, row.complete, row.open, row.flawed, row.broken)
        shares = (f"{share} %" if share is not None else "—" for share in (row.completeness, row.on_time_share))
        table.add_row(row.label or "—", *map(str, counts), *shares)
    say.print(table)


def _recovery(say: Console) -> None:
    """Tell what batches and lots lack, each in a sentence."""
    concerned = Q(record__kind__in=("batch", "lot")) | Q(code="batch_missing")
    gaps = list(islice(told_gaps(reading.open_gaps(EVERYTHING).filter(concerned)), _ROWS))
    if gaps:
        say.print(_("Batches and lots:"))
    for gap in sorted(gaps, key=lambda gap: gap.since):
        say.print(f"  {gap.since} {gap.subject} {name_of(gap.gap)}: {in_words(gap)}", markup=False, soft_wrap=True)


def _broken(say: Console) -> None:
    """Explain the chain that the most different things break."""
    open_ = Q(closed_in=None, severity="break")
    worst = Gap.objects.filter(open_).values("record").annotate(n=Count("code", distinct=True)).order_by("-n", "record")
    first = worst.first()
    if first is None:
        return
    record = LifecycleRecord.objects.get(pk=first["record"])
    for language in ("zh-hans", "en"):
        with translation.override(language):
            chain = chain_of(record.pk, viewer=EVERYTHING)
            say.print(_("Chain {code}: {status}").format(code=record.code, status=STATUSES[chain.status]))
            for gap in chain.gaps:
                say.print(f"  {gap.since} {name_of(gap.gap)}: {in_words(gap)}", soft_wrap=True)
