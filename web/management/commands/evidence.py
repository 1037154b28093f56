"""`evidence CODE --output FILE.zip`: what there is of a battery, for somebody who does not trust us."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from batteries.codes import normalise
from traceability.errors import Refusal
from traceability.models import Gap
from web.audit_report.bundles import write_bundle
from web.audit_report.report import EVERYTHING
from web.audit_report.words import LANGUAGES
from web.audit_report.writing import written


class Command(BaseCommand):
    """Write the evidence of a battery, or of a finding of the audit."""

    help = (
        "生成可离线核验的证据包（ZIP）· Write an evidence bundle as ZIP: whoever gets it checks it with"
        " the verify_evidence.py inside."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take what it is about, and the file."""
        parser.add_argument("code", nargs="?", metavar="CODE", help="电池编码 · a battery")
        parser.add_argument("--gap", type=int, metavar="ID", help="缺口编号 · a finding instead of a battery")
        parser.add_argument("--output", required=True, type=Path, metavar="FILE.zip", help="输出文件 · where to")
        parser.add_argument("--language", choices=LANGUAGES, default=LANGUAGES[0], help="语言 · zh-hans by default")

    def handle(
        self, *args: Any, code: str | None, gap: int | None, output: Path, language: str, **options: Any
    ) -> None:
        """Write it whole, or leave what was there."""
        if (code is None) == (gap is None):
            raise CommandError(_("Name a battery, or a finding with --gap."))
        about = (
            normalise(code) if code is not None else Gap.objects.select_related("record").filter(pk=gap or 0).first()
        )
        if about is None:
            raise CommandError(_("Nothing was found under {value}.").format(value=gap))
        try:
            with written(output) as file:
                write_bundle(about, file, EVERYTHING, language)
        except Refusal as refusal:
            raise CommandError(f"{refusal.message} ({refusal.code})") from None
        self.stdout.write(_("Evidence written to {file}").format(file=output))
