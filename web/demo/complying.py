"""The demo's report on the conditions for the industry, in both languages: the recyclers' verdicts, one clause that is
not met explained by its batches, and what has to be mended."""

import os
import shlex
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from itertools import chain
from typing import Final

from django.utils import translation
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from rich.console import Console
from rich.table import Table

from recyclers import recovery
from recyclers.conditions.evaluation import Report, evaluate
from recyclers.conditions.judging import FAIL, IMPLAUSIBLE, NO_EVIDENCE, Judged
from recyclers.conditions.measuring import facts_around
from recyclers.conditions.telling import plain
from recyclers.conditions.wording import VERDICTS, limit_of, title_of
from recyclers.models import DeclarationReview, Listing, Penalty
from web.demo.companies import RECYCLERS, Company

#: Clauses that stand in a company's way.
_AMISS: Final = frozenset({FAIL, IMPLAUSIBLE, NO_EVIDENCE})
Reports = Sequence[tuple[Company, Report]]


def tell(year: int, say: Console) -> None:
    """Judge the recyclers by a year, and tell what came of it."""
    days = date(year, 1, 1), date(year, 12, 31)
    reports = [(company, evaluate(company.code, *days)) for company in RECYCLERS]
    for language in ("zh-hans", "en"):
        with translation.override(language):
            editions = dict.fromkeys(part.part.text for _, report in reports for part in report.parts)
            title = _("Industry conditions {year}, by the edition of {edition}")
            say.rule(title.format(year=year, edition=", ".join(editions)))
            _verdicts(reports, say)
            _explained(reports, say)
            _objected(reports, say)
            _struck_off(reports, say)
    _more(reports, say)


def _verdicts(reports: Reports, say: Console) -> None:
    listings = {listing.organisation.code: listing for listing in _listings()}
    reviews = {review.organisation.code: review for review in DeclarationReview.objects.select_related("organisation")}
    table = Table(box=None, pad_edge=False)
    titles = (_("recycler"), _("announced list"), _("its declaration"), _("verdict"), _("not met, or without evidence"))
    for title in titles:
        table.add_column(title, overflow="fold")
    for company, report in reports:
        amiss = " · ".join(title_of(clause) for clause in _deciding(report, _AMISS))
        standing = (_listed(listings[company.code]), _reviewed(reviews.get(company.code)))
        table.add_row(_name(company), *standing, str(VERDICTS[report.verdict]), amiss or "—")
    say.print(table)


def _listings() -> Iterable[Listing]:
    """The last word on each company's place on the list."""
    return Listing.objects.filter(superseded_by_ms=None).select_related("organisation")


def _listed(listing: Listing) -> str:
    if listing.revoked_on:
        return _("revoked on {day}").format(day=listing.revoked_on)
    return _("since {day}").format(day=listing.announced_on)


def _reviewed(review: DeclarationReview | None) -> str:
    if review is None:
        return _("not reviewed")
    return _("confirmed") if review.accepted else _("objected to")


def _name(company: Company) -> str:
    return company.name_en if _english() else company.name


def _english() -> bool:
    return (get_language() or "").startswith("en")


def _deciding(report: Report, verdicts: frozenset[str]) -> list[Judged]:
    """The clauses on which the verdict rests, of those that came out so."""
    clauses = chain.from_iterable(part.clauses for part in report.parts)
    return [clause for clause in clauses if clause.decides and clause.verdict in verdicts]


def failing(reports: Reports) -> tuple[Company, Report, Judged] | None:
    """Choose the clause to explain: one measured from batches, of a company that fails nothing else."""
    for company, report in reports:
        failed = _deciding(report, frozenset({FAIL, IMPLAUSIBLE}))
        if len(failed) == 1 and failed[0].evidence.get("batches"):
            return company, report, failed[0]
    return None


def _explained(reports: Reports, say: Console) -> None:
    """Explain the clause in words: limit and figure, what went in and came out, and the figure of each batch."""
    found = failing(reports)
    if found is None:
        return
    company, report, judged = found
    clause, known = judged.clause, judged.evidence
    if clause is None:
        return
    told = _("{company} – {clause}: {measured} {unit} measured, {limit} asked for. {text}").format(
        company=_name(company),
        clause=title_of(judged),
        measured=plain(judged.measured),
        unit=clause.unit,
        limit=limit_of(clause),
        text=clause.text_en if _english() else clause.text_zh,
    )
    say.print(told, markup=False, soft_wrap=True)
    into, out = (f"{Decimal(known[name]):.1f}" for name in ("inputKg", "outputKg"))
    told = _("Of {into} kg that went in, {out} kg came out in products; batch by batch:").format(into=into, out=out)
    say.print("  " + told, markup=False, soft_wrap=True)
    for batch in report.company.batches:
        if batch.number in known["batches"]:
            figure = recovery.measured(judged.key, [batch], facts_around([batch], report.company.facts))
            percent = "—" if figure.value is None else f"{recovery.printed(figure.value)} %"
            say.print(f"    {batch.number}  {percent}", markup=False, soft_wrap=True)


def _objected(reports: Reports, say: Console) -> None:
    for company, report in reports:
        for judged in _deciding(report, frozenset({NO_EVIDENCE})):
            if reason := judged.evidence.get("objection"):
                told = _("{company} – {clause}: the alliance objects to what was declared: {reason}")
                told = told.format(company=_name(company), clause=title_of(judged), reason=reason)
                say.print(told, markup=False, soft_wrap=True)


def _struck_off(reports: Reports, say: Console) -> None:
    """Tell why a company was struck off the list, and clause by clause what it has to mend."""
    revoked = {listing.organisation.code: listing for listing in _listings() if listing.revoked_on}
    fined = {penalty.organisation.code: penalty for penalty in Penalty.objects.select_related("organisation")}
    for company, report in reports:
        if (listing := revoked.get(company.code)) is None:
            continue
        told = _("{company} – {standing}: {reason}")
        told = told.format(company=_name(company), standing=_listed(listing), reason=listing.reason)
        say.print(told, markup=False, soft_wrap=True)
        if penalty := fined.get(company.code):
            told = _("Penalty of {day}, {authority}: {reason}")
            told = told.format(day=penalty.decided_on, authority=penalty.authority, reason=penalty.reason)
            say.print("  " + told, markup=False, soft_wrap=True)
        say.print("  " + _("It has to mend:"))
        for judged in _deciding(report, _AMISS):
            say.print(f"    {title_of(judged)}: {_wanting(judged)}", markup=False, soft_wrap=True)


def _wanting(judged: Judged) -> str:
    clause = judged.clause
    if clause is None or judged.measured is None:
        due, on = judged.evidence.get("due"), judged.evidence.get("reportedOn")
        return _("handed in on {day}, due by {due}").format(day=on, due=due) if on else str(VERDICTS[judged.verdict])
    if clause.threshold is None:
        return _("{measured} found, none allowed").format(measured=plain(judged.measured))
    measured = f"{plain(judged.measured)} {clause.unit}"
    return _("{measured}, where {limit} is asked for").format(measured=measured, limit=limit_of(clause))


def _more(reports: Reports, say: Console) -> None:
    """Print the commands that show every clause with its evidence, and the same by the edition before."""
    say.print(_("Every clause, and with --format json its evidence:"))
    for _company, report in reports:
        say.print("  " + _command(report), markup=False, soft_wrap=True)
    if found := failing(reports):
        say.print(_("By the edition before, whose limits were others:"))
        say.print("  " + _command(found[1]) + " --edition 2019", markup=False, soft_wrap=True)


def _command(report: Report) -> str:
    asked = f"comply --recycler {report.recycler} --from {report.first} --until {report.last}"
    return f"DATABASE_URL={shlex.quote(os.environ['DATABASE_URL'])} uv run manage.py {asked}"
