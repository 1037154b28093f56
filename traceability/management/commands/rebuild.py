"""`rebuild`: derive records, steps and all that follows from the events again."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from traceability.models import LifecycleRecord
from traceability.progress import shown
from traceability.rebuilding import rebuild

#: So many codes are named to a person.
NAMED = 20


class Command(BaseCommand):
    """Rebuild; exit with 1 when anything differed from what was there."""

    help = "由事件重新推导全部投影 · Derive every projection again from the events; exit 1 when any differed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the battery to rebuild, and the format of the answer."""
        parser.add_argument("--battery", metavar="CODE", help="只重建该电池及其部件 · only this battery and its parts")
        parser.add_argument("--format", dest="form", choices=("text", "json"), default="text")

    def handle(self, *args: Any, battery: str | None, form: str, **options: Any) -> None:
        """Rebuild, and say how many records differed."""
        if battery is not None and not LifecycleRecord.objects.filter(kind="battery", code=battery).exists():
            raise CommandError(_("The battery {value} is not known.").format(value=battery))
        total = None if battery else LifecycleRecord.objects.count()
        with shown(_("Rebuilding"), total) as progress:
            rebuilt = rebuild(battery=battery, progress=progress)
        differed = sorted(rebuilt.differed)
        if form == "json":
            told = {"records": rebuilt.records, "differed": len(differed), "codes": differed}
            self.stdout.write(json.dumps(told))
        else:
            for code in differed[:NAMED]:
                self.stderr.write(code)
            counts = {"records": rebuilt.records, "differed": len(differed)}
            self.stdout.write(_("{records} records derived again, {differed} had differed.").format(**counts))
        if differed:
            sys.exit(1)
