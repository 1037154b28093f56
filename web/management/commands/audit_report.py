"""`audit_report --output FILE.pdf`: the report of an audit, to read, to check and to sign."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from traceability.audit import kept
from traceability.errors import Refusal
from web.audit_report.report import write_report
from web.audit_report.words import LANGUAGES
from web.audit_report.writing import written


class Command(BaseCommand):
    """Write the report of a run that was kept, the last one by default."""

    help = "生成审计报告（PDF）· Write the report of an audit as PDF."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the run, the file and its language."""
        parser.add_argument("--output", required=True, type=Path, metavar="FILE.pdf", help="输出文件 · where to")
        parser.add_argument(
            "--run", default=kept.LATEST, metavar="ID", help="审计编号，默认最近一次 · latest by default"
        )
        parser.add_argument("--language", choices=LANGUAGES, default=LANGUAGES[0], help="语言 · zh-hans by default")

    def handle(self, *args: Any, output: Path, run: str, language: str, **options: Any) -> None:
        """Write it whole, or leave what was there."""
        try:
            found = kept.find_run(run)
            with written(output) as file:
                write_report(found, file, language)
        except Refusal as refusal:
            raise CommandError(f"{refusal.message} ({refusal.code})") from None
        self.stdout.write(_("Audit run {run}: written to {file}").format(run=found.public_id, file=output))
