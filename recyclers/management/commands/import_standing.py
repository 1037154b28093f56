"""`import_standing FILE --kind listings|permits`: what companies are listed and licensed for, from CSV or XLSX."""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from recyclers.standing_files import CHECKING, RECORDING, FileStanding, import_standing
from recyclers.standing_rows import TABLES
from traceability.capturing import capturing_viewer
from traceability.errors import Refusal
from traceability.progress import phases

PHASES = {CHECKING: gettext_lazy("Checking lines"), RECORDING: gettext_lazy("Recording statements")}


class Command(BaseCommand):
    """Import a file; exit with 1 when a row was refused."""

    help = "由 CSV 或 XLSX 登记公告名单或许可 · Record listings or permits from CSV or XLSX, as the alliance."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the file, what it holds, who states it, and what to do with errors."""
        parser.add_argument("file", metavar="FILE")
        parser.add_argument("--kind", required=True, choices=tuple(TABLES))
        parser.add_argument(
            "--as", dest="code", metavar="CODE", help="录入单位，默认为联盟 · who states it, the alliance by default"
        )
        parser.add_argument("--dry-run", action="store_true", help="只检查，不写入 · check everything, write nothing")
        parser.add_argument(
            "--on-error",
            choices=("rollback", "proceed"),
            default="rollback",
            help="有错时全部不写（默认）或写入正确的 · write nothing (default), or all good rows",
        )
        parser.add_argument("--format", dest="form", choices=("text", "json"), default="text")

    def handle(
        self,
        *args: Any,
        file: str,
        kind: str,
        code: str | None,
        on_error: Any,
        dry_run: bool,
        form: str,
        **options: Any,
    ) -> None:
        """Record, print what became of the rows, and fail if any was bad."""
        try:
            viewer = capturing_viewer(code, actor="command")
            with phases(PHASES) as progress:
                result = import_standing(
                    Path(file), kind=kind, by=viewer, on_error=on_error, dry_run=dry_run, progress=progress
                )
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}") from error
        except Refusal as refusal:
            raise CommandError(f"{refusal.message} ({refusal.code})") from refusal
        self._print(result, form)
        if result.problems:
            sys.exit(1)

    def _print(self, result: FileStanding, form: str) -> None:
        counts = {name: getattr(result, name) for name in ("new", "same", "refused")}
        if form == "json":
            problems = [bad.as_json() for bad in result.problems]
            told = {**counts, "written": result.written, "problems": problems}
            self.stdout.write(json.dumps(told, ensure_ascii=False))
            return
        for bad in result.problems:
            self.stderr.write(str(bad))
        self.stdout.write(_("{new} new, {same} unchanged, {refused} refused").format(**counts))
        if not result.written:
            self.stdout.write(_("Nothing was written."))
