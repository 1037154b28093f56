"""`export`: records out, as JSON Lines that `capture` reads."""

import os
import sys
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from traceability.exporting import export, exported
from traceability.models import Organisation
from traceability.progress import shown


def read_day(text: str) -> date:
    """Read YYYY-MM-DD as given on a command line."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError("YYYY-MM-DD") from None


class Command(BaseCommand):
    """Write every record, in order of arrival."""

    help = "导出记录（JSON Lines），可由 capture 读入 · Export records (JSON Lines), as `capture` reads them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take what to export and where to."""
        parser.add_argument("--organisation", metavar="CODE", help="只导出该单位的记录 · only what it recorded")
        parser.add_argument(
            "--since", metavar="DAY", type=read_day, help="只导出该日起入账的 · only what was recorded since (+08:00)"
        )
        parser.add_argument("--output", metavar="FILE", help="输出文件，默认标准输出 · standard output by default")

    def handle(
        self, *args: Any, organisation: str | None, since: date | None, output: str | None, **options: Any
    ) -> None:
        """Stream the records to the file or to standard output."""
        if organisation is not None and not Organisation.objects.filter(code=organisation).exists():
            raise CommandError(_("The organisation {value} is not registered.").format(value=organisation))
        total = exported(organisation, since).count()
        with shown(_("Exporting"), total) as progress:
            lines = export(organisation=organisation, since=since, progress=progress)
            if output is None:
                self._print(lines)
                return
            try:
                with Path(output).open("w", encoding="utf-8", newline="\n") as file:
                    file.writelines(line + "\n" for line in lines)
            except OSError as error:
                raise CommandError(f"{output}: {error.strerror}") from error

    def _print(self, lines: Iterable[str]) -> None:
        try:
            for line in lines:
                self.stdout.write(line)
        except BrokenPipeError:
            # The reader has had enough. What is still buffered must not be flushed into the closed pipe at the end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(1)
