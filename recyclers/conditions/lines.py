"""A report in words, line by line, for a terminal."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from recyclers.conditions.evaluation import Report
from recyclers.conditions.judging import Judged
from recyclers.conditions.telling import plain
from recyclers.conditions.wording import CERTAINTIES, VERDICTS, limit_of, title_of


def lines(report: Report) -> Iterator[str]:
    """Tell a report: the whole, then each part with its clauses."""
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
