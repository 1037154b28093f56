"""`capture FILE`: records (JSON Lines) into the ledger."""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, BinaryIO

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from traceability.capturing import CaptureResult, capture, capturing_viewer
from traceability.errors import Refusal
from traceability.progress import shown


class Command(BaseCommand):
    """Capture a file; exit with 1 when a record was refused."""

    help = "读入记录文件（JSON Lines）· Capture a file of records (JSON Lines); `-` reads standard input."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the file, who captures, and what to do with errors."""
        parser.add_argument("file", metavar="FILE", help="文件，- 为标准输入 · the file, - for standard input")
        parser.add_argument(
            "--as", dest="code", metavar="CODE", help="录入单位，默认为联盟 · who captures, the alliance by default"
        )
        parser.add_argument("--dry-run", action="store_true", help="只检查，不写入 · check everything, write nothing")
        parser.add_argument(
            "--on-error",
            choices=("rollback", "proceed"),
            default="rollback",
            help="有错时全部不写（默认）或写入正确的 · write nothing (default), or all good records",
        )
        parser.add_argument("--format", dest="form", choices=("text", "json"), default="text")

    def handle(self, *args: Any, file: str, code: str | None, form: str, **options: Any) -> None:
        """Capture, print what became of the records, and fail if any was refused."""
        try:
            if file == "-":
                result = self._capture(sys.stdin.buffer, None, code, **options)
            else:
                with Path(file).open("rb") as lines:
                    result = self._capture(lines, Path(file).stat().st_size, code, **options)
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}") from error
        except Refusal as refusal:
            raise CommandError(f"{refusal.message} ({refusal.code})") from refusal
        self._print(result, form)
        if result.refused:
            sys.exit(1)

    def _capture(
        self, lines: BinaryIO, size: int | None, code: str | None, *, on_error: Any, dry_run: bool, **options: Any
    ) -> CaptureResult:
        viewer = capturing_viewer(code, actor="command")
        with shown(_("Capturing (bytes)"), size) as progress:
            return capture(
                lines, by=viewer, on_error=on_error, dry_run=dry_run, progress=lambda end, _line: progress(end)
            )

    def _print(self, result: CaptureResult, form: str) -> None:
        if form == "json":
            told = {
                "recorded": result.recorded,
                "replayed": result.replayed,
                "refused": result.refused,
                "written": result.written,
                "problems": [problem.as_json() for problem in result.problems],
                "untold": result.untold,
            }
            self.stdout.write(json.dumps(told, ensure_ascii=False))
            return
        for problem in result.problems:
            self.stderr.write(str(problem))
        counts = {"recorded": result.recorded, "replayed": result.replayed, "refused": result.refused}
        self.stdout.write(_("{recorded} recorded, {replayed} replayed, {refused} refused").format(**counts))
        if not result.written:
            self.stdout.write(_("Nothing was written."))
