"""`comply`: whether a company meets the conditions for the industry, clause by clause, printed or as a file."""

import sys
from argparse import ArgumentParser
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, Final

from django.core.management.base import BaseCommand, CommandError
from django.utils import translation
from django.utils.translation import gettext as _

from recyclers.conditions import exporting
from recyclers.conditions.evaluation import Report, evaluate
from recyclers.conditions.lines import lines
from recyclers.conditions.parts import texts
from recyclers.conditions.terms import AVERAGINGS, BOUNDARIES, terms
from traceability.errors import Refusal
from traceability.management.commands.export import read_day
from traceability.progress import shown
from web.audit_report.compliance import write_compliance
from web.audit_report.words import LANGUAGES
from web.audit_report.writing import written

_TABLE, _PDF = "table", "pdf"
FORMATS: Final = (_TABLE, *exporting.FORMATS, _PDF)
#: What a terminal cannot show.
_BINARY: Final = ("xlsx", _PDF)


class Command(BaseCommand):
    """Judge one company over a period, and print every clause with its figure and its limit."""

    help = "按行业规范条件逐条评定一家企业 · Judge a company by the conditions for the industry, clause by clause."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the company, the period, the text, the day, how figures are taken, and how to print."""
        parser.add_argument("--recycler", metavar="CODE", required=True)
        parser.add_argument("--from", metavar="DAY", dest="first", type=read_day, required=True)
        parser.add_argument("--until", metavar="DAY", type=read_day, required=True)
        parser.add_argument(
            "--edition", choices=texts(), help="默认按当日有效的版本 · by the edition in force on the day, by default"
        )
        parser.add_argument(
            "--as-of",
            metavar="DAY",
            type=read_day,
            help="以哪一日所知为准，默认今天 · as was known then; today by default",
        )
        parser.add_argument("--boundary", choices=BOUNDARIES)
        parser.add_argument("--averaging", choices=AVERAGINGS)
        parser.add_argument(
            "--provisional", action="store_true", help="暂定条款也计入评定 · let provisional clauses decide, too"
        )
        parser.add_argument("--format", choices=FORMATS, default=_TABLE)
        parser.add_argument("--language", choices=LANGUAGES, help="语言，默认中文 · zh-hans by default")
        parser.add_argument("--output", type=Path, metavar="FILE", help="输出文件，默认标准输出 · standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        """Evaluate, and print or write it in the format that was asked for."""
        form, output, language = options["format"], options["output"], options["language"]
        with translation.override(language or translation.get_language()):
            report = _evaluated(options)
            if output is not None:
                with written(output) as file:
                    _write(report, file, form)
                self.stdout.write(_("Written to {file}").format(file=output))
            else:
                self._print(report, form)

    def _print(self, report: Report, form: str) -> None:
        if form in _BINARY and sys.stdout.isatty():
            raise CommandError(_("Name a file for this format: --output."))
        file = BytesIO()
        _write(report, file, form)
        if form in _BINARY:
            sys.stdout.buffer.write(file.getvalue())
        else:
            self.stdout.write(file.getvalue().decode(), ending="")


def _evaluated(options: dict[str, Any]) -> Report:
    try:
        asked = terms(options["boundary"], options["averaging"], provisional=options["provisional"])
        with shown(_("Judging")):
            return evaluate(
                options["recycler"].strip().upper(),
                options["first"],
                options["until"],
                edition=options["edition"],
                as_of=options["as_of"],
                terms=asked,
            )
    except Refusal as refusal:
        raise CommandError("; ".join(str(problem.message) for problem in refusal.problems)) from None


def _write(report: Report, file: BinaryIO, form: str) -> None:
    if form == _PDF:
        write_compliance(report, file, translation.get_language())
    elif form == _TABLE:
        file.writelines(f"{line}\n".encode() for line in lines(report))
    else:
        exporting.write_report(report, file, form)
