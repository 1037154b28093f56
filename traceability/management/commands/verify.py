"""`verify`: recompute every hash and link of the ledger."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from traceability.models import LifecycleRecord
from traceability.progress import shown
from traceability.verification import Fault, Verified, verify


class Command(BaseCommand):
    """Verify; exit with 1 and name the first bad event when one does not hold."""

    help = "核验账本的每个哈希与链接 · Recompute every hash and link of the ledger; exit 1 when one does not hold."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the battery to verify, and the format of the answer."""
        parser.add_argument("--battery", metavar="CODE", help="只核验该电池 · only this battery")
        parser.add_argument("--format", dest="form", choices=("text", "json"), default="text")

    def handle(self, *args: Any, battery: str | None, form: str, **options: Any) -> None:
        """Verify to the end or to the first fault, and print it."""
        if battery is not None and not LifecycleRecord.objects.filter(kind="battery", code=battery).exists():
            raise CommandError(_("The battery {value} is not known.").format(value=battery))
        counted = Verified()
        total = None if battery else LifecycleRecord.objects.count()
        with shown(_("Verifying"), total) as progress:
            fault = next(verify(battery=battery, progress=counted, watch=progress), None)
        self._print(counted, fault, form)
        if fault is not None:
            sys.exit(1)

    def _print(self, counted: Verified, fault: Fault | None, form: str) -> None:
        if form == "json":
            bad = fault and {
                "kind": fault.kind,
                "record": fault.code,
                "sequence": fault.sequence,
                "key": fault.key,
                "reason": fault.reason,
            }
            told = {"records": counted.records, "events": counted.events, "fault": bad}
            self.stdout.write(json.dumps(told, ensure_ascii=False))
            return
        if fault is not None:
            where = {"code": fault.code, "sequence": fault.sequence, "key": fault.key}
            self.stderr.write(_("First bad event: {code}, number {sequence}, key {key}").format(**where))
            self.stderr.write(f"  {fault.kind}: {fault.reason}")
            return
        counts = {"records": counted.records, "events": counted.events}
        self.stdout.write(_("{records} records, {events} events: every hash and link holds.").format(**counts))
