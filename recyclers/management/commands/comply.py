"""`comply`: whether a company meets the conditions for the industry, clause by clause."""

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from recyclers.conditions.evaluation import Report, evaluate
from recyclers.conditions.judging import Judged
from recyclers.conditions.parts import texts
from recyclers.conditions.telling import as_json, plain
from recyclers.conditions.terms import AVERAGINGS, BOUNDARIES, terms
from recyclers.conditions.wording import CERTAINTIES, VERDICTS, limit_of, title_of
from traceability.errors import Refusal
from traceability.management.commands.export import read_day
from traceability.progress import shown

FORMATS: Final = ("table", "json")


class Command(BaseCommand):
    """Judge one company over a period, and print every clause with its figure and its limit."""

    help = "按行业规范条件逐条评定一家企业 · Judge a company by the conditions for the industry, clause by clause."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the company, the period, the text, the day and how figures are taken."""
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
        parser.add_argument("--format", choices=FORMATS, default="table")

    def handle(self, *args: Any, **options: Any) -> None:
        """Evaluate, and print in the format that was asked for."""
        try:
            asked = terms(options["boundary"], options["averaging"], provisional=options["provisional"])
            with shown(_("Judging")):
                report = evaluate(
                    options["recycler"].strip().upper(),
                    options["first"],
                    options["until"],
                    edition=options["edition"],
                    as_of=options["as_of"],
                    terms=asked,
                )
        except Refusal as refusal:
            raise CommandError("; ".join(str(problem.message) for problem in refusal.problems)) from None
        if options["format"] == "json":
            self.stdout.write(json.dumps(as_json(report), ensure_ascii=False))
            return
        for line in lines(report):
            self.stdout.write(line)


def lines(report: Report) -> Iterator[str]:
    """A report in words, line by line."""
    told = report.terms.as_json()
    yield _("{company} from {first} to {last}, as known on {day}: {verdict}").format(
        company=report.recycler,
        first=report.first,
        last=report.last,
        day=report.as_of,
        verdict=VERDICTS[report.verdict],
    )
    yield _("Parameters: {parameters}").format(parameters=", ".join(f"{name} {value}" for name, value in told.items()))
    for judged in report.parts:
        part = judged.part
        yield _("{text} ({first} to {last}): {verdict}").format(
            text=part.text, first=part.first, last=part.last, verdict=VERDICTS[judged.verdict]
        )
        yield from (_line(one) for one in judged.clauses)


def _line(judged: Judged) -> str:
    clause = judged.clause
    figure = plain(judged.measured) or "—"
    mark = "" if judged.decides or clause is None else f"  [{CERTAINTIES[clause.certainty]}]"
    limit = limit_of(clause) if clause else "—"
    return f"  {VERDICTS[judged.verdict]!s:　<6} {figure:>10} {limit:<16} {title_of(judged)} ({judged.key}){mark}"
