"""`register FILE --organisation CODE`: batteries from CSV, XLSX or JSON Lines."""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from batteries.registration_files import CHECKING, COMPARING, WRITING, FileRegistration, register_file
from traceability.access import viewer_for_organisation
from traceability.errors import Refusal
from traceability.models import Organisation
from traceability.progress import phases

PHASES = {
    CHECKING: gettext_lazy("Checking lines"),
    COMPARING: gettext_lazy("Comparing batteries"),
    WRITING: gettext_lazy("Registering batteries"),
}


class Command(BaseCommand):
    """Register a file; exit with 1 when a row was refused or contradicts what is registered."""

    help = (
        "由 CSV、XLSX 或 JSON Lines 登记电池 · Register batteries from CSV or XLSX (code, model, mass_kg, "
        "produced_at, parent_code; 编码, 型号, 质量(kg), 生产时间, 上级编码) or JSON Lines of `produced` records."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the file, whose batteries they are, and what to do with errors."""
        parser.add_argument("file", metavar="FILE")
        parser.add_argument("--organisation", required=True, metavar="CODE", help="登记单位 · whose batteries they are")
        parser.add_argument("--dry-run", action="store_true", help="只检查，不写入 · check everything, write nothing")
        parser.add_argument(
            "--on-error",
            choices=("rollback", "proceed"),
            default="rollback",
            help="有错时全部不写（默认）或写入正确的 · write nothing (default), or all good rows",
        )
        parser.add_argument("--format", dest="form", choices=("text", "json"), default="text")

    def handle(
        self, *args: Any, file: str, organisation: str, on_error: Any, dry_run: bool, form: str, **options: Any
    ) -> None:
        """Register, print what became of the rows, and fail if any was bad."""
        owner = Organisation.objects.filter(code=organisation).first()
        if owner is None:
            raise CommandError(_("The organisation {value} is not registered.").format(value=organisation))
        try:
            with phases(PHASES) as progress:
                result = register_file(
                    Path(file),
                    by=viewer_for_organisation(owner, "command"),
                    on_error=on_error,
                    dry_run=dry_run,
                    progress=progress,
                )
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}") from error
        except Refusal as refusal:
            raise CommandError(f"{refusal.message} ({refusal.code})") from refusal
        self._print(result, form)
        if result.problems:
            sys.exit(1)

    def _print(self, result: FileRegistration, form: str) -> None:
        counts = {name: getattr(result, name) for name in ("new", "same", "conflicting", "refused")}
        if form == "json":
            told = {
                **counts,
                "written": result.written,
                "problems": [bad.as_json() for bad in result.problems],
                "untold": result.untold,
                "warnings": [bad.as_json() for bad in result.warnings],
            }
            self.stdout.write(json.dumps(told, ensure_ascii=False))
            return
        for bad in (*result.warnings, *result.problems):
            self.stderr.write(str(bad))
        self.stdout.write(
            _("{new} new, {same} unchanged, {conflicting} conflicting, {refused} refused").format(**counts)
        )
        if not result.written:
            self.stdout.write(_("Nothing was written."))
