"""`audit_sample`: a seeded random sample of the batteries that an audit judged."""

import sys
from argparse import ArgumentParser
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from batteries.audit_samples import draw_sample
from traceability.audit import kept
from traceability.audit.exporting import FORMATS, write_table
from traceability.audit.sampling import RISKS, Sample
from traceability.errors import Refusal
from web.audit_report.report import EVERYTHING
from web.audit_report.writing import written

_TEXT: Final = "table"


class Command(BaseCommand):
    """Draw a sample; the same run and seed draw the same batteries again."""

    help = "按种子与风险等级抽样 · Draw a random sample of a run's batteries; the seed is printed, to draw it again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the run, how to draw, and how to print."""
        parser.add_argument(
            "--run", default=kept.LATEST, metavar="ID", help="审计编号，默认最近一次 · latest by default"
        )
        parser.add_argument("--seed", help="种子，默认随机 · a new one by default")
        parser.add_argument(
            "--risk", choices=sorted(RISKS), help="风险等级，默认按断链率 · by broken chains by default"
        )
        parser.add_argument("--format", dest="form", choices=(_TEXT, *FORMATS), default=_TEXT)
        parser.add_argument("--output", type=Path, metavar="FILE", help="输出文件，默认标准输出 · standard output")

    def handle(
        self,
        *args: Any,
        run: str,
        seed: str | None,
        risk: str | None,
        form: str,
        output: Path | None,
        **options: Any,
    ) -> None:
        """Draw it, and print or write it."""
        try:
            sample = draw_sample(kept.find_run(run), seed, risk, EVERYTHING)
            if output is not None:
                with written(output) as file:
                    write_table(sample.table, file, "csv" if form == _TEXT else form)
            elif form != _TEXT:
                self._print(sample, form)
        except Refusal as refusal:
            raise CommandError(f"{refusal.message} ({refusal.code})") from None
        if output is not None or form == _TEXT:
            self._tell(sample, listed=output is None)

    def _print(self, sample: Sample, form: str) -> None:
        file = BytesIO()
        write_table(sample.table, file, form)
        if form in ("csv", "jsonl"):
            self.stdout.write(file.getvalue().decode(), ending="")
        elif sys.stdout.isatty():
            raise CommandError(_("Name a file for this format: --output."))
        else:
            sys.stdout.buffer.write(file.getvalue())

    def _tell(self, sample: Sample, *, listed: bool) -> None:
        told = {"run": sample.run, "seed": sample.seed, "risk": sample.risk}
        self.stdout.write(_("Audit run {run}, seed {seed}, risk {risk}").format(**told))
        counts = {"size": len(sample.batteries), "population": sample.population, "broken": sample.broken}
        self.stdout.write(_("{size} of {population} batteries, {broken} of which are broken").format(**counts))
        self.stdout.write(f"SHA-256 {sample.population_digest}")
        for one in sample.batteries if listed else ():
            self.stdout.write(f"{one.battery}  {one.gaps}  {one.draw[:16]}")
