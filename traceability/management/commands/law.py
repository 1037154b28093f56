"""`law`: what was in force on a day, for people (a table) and for programs (`--format json`)."""

import json
from argparse import ArgumentParser
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from traceability import law
from traceability.law.book import Clause, Dated, Deadline, Instrument
from traceability.law.vocabulary import GAPS
from traceability.management.commands.export import read_day


class Section(NamedTuple):
    """A part of what a person reads."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


class Command(BaseCommand):
    """Print what is in force, and how certain it is."""

    help = "某日有效的规定：文件、条款、期限 · What was in force on a day: instruments, clauses, deadlines."
    # Asks no database.
    requires_system_checks: list[str] = []  # noqa: RUF012 (Django declares it as an instance's)

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the day, the gap and the format of the answer."""
        parser.add_argument("--on", metavar="DAY", type=read_day, help="哪一日，默认今天 · the day, today by default")
        parser.add_argument("--gap", metavar="CODE", choices=GAPS, help="缺口依据的条款 · what a gap rests on")
        parser.add_argument("--format", choices=("table", "json"), default="table")

    def handle(self, *args: Any, on: date | None, gap: str | None, format: str, **options: Any) -> None:
        """Print the law of the day, or the clause of a gap."""
        day = on or timezone.localdate()
        try:
            book = law.book()
        except law.BrokenLaw as broken:
            raise CommandError(str(broken)) from None
        if format == "json":
            told = _gap_as_json(book, gap, day) if gap else _as_json(book, day)
            self.stdout.write(json.dumps(told, ensure_ascii=False))
            return
        self._print(list(_gap_sections(book, gap, day) if gap else _sections(book, day)))

    def _print(self, sections: list[Section]) -> None:
        if not self.stdout.isatty():
            self.stdout.write("\n\n".join(map(_as_text, sections)))
            return
        # Imported here: programs that ask for JSON start faster without it.
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        console = Console(file=self.stdout)  # type: ignore[arg-type]
        for section in sections:
            table = Table(*section.columns, title=Text(section.title))
            for row in section.rows:
                table.add_row(*map(Text, row))
            console.print(table)


def _sections(book: law.Book, day: date) -> Iterable[Section]:
    clause = (_("clause"), _("what it says"), _("in force"), _("certainty"))
    told = {"day": day.isoformat()}
    yield Section(
        _("Instruments in force on {day}").format(**told),
        (_("instrument"), *clause[1:]),
        [(one.key, f"{_title(one)} {one.number}", _period(one), _certainty(one)) for one in _held(book, day)],
    )
    clauses = [_clause_row(one) for one in book.clauses_in_force(day)]
    yield Section(_("Clauses in force on {day}").format(**told), clause, clauses)
    yield Section(
        _("Deadlines for facts of {day}").format(**told),
        (_("who"), _("event"), _("days"), *clause[2:], clause[0]),
        [_deadline_row(one) for one in book.deadlines_in_force(day)],
    )
    forbidden = [(one,) for one in sorted(book.forbidden_applications(day))]
    yield Section(_("Forbidden applications on {day}").format(**told), (_("application"),), forbidden)


def _gap_sections(book: law.Book, gap: str, day: date) -> Iterable[Section]:
    rule, clause = book.gap_rule_in_force(gap, day), book.clause_of_gap(gap, day)
    columns = (_("clause"), _("what it says"), _("in force"), _("certainty"))
    note = (rule.note_zh if _chinese() else rule.note_en) if rule else ""
    rows = [_clause_row(clause)] if clause else [("–", note or _("We know of no clause for that day."), "", "")]
    yield Section(f"{gap} {day.isoformat()}", columns, rows)


def _clause_row(clause: Clause) -> tuple[str, ...]:
    said = f"{clause.title_zh}：{clause.text_zh}" if _chinese() else f"{clause.title_en}: {clause.text_en}"
    key = f"{clause.key} ({clause.edition})" if clause.edition else clause.key
    return key, said, _period(clause), _certainty(clause, enforced=clause.enforced)


def _deadline_row(one: Deadline) -> tuple[str, ...]:
    days = _("{days} working days") if one.working else _("{days} calendar days")
    event = _("{event} of a retired battery").format(event=one.event) if one.retired_only else one.event
    certainty = _certainty(one, enforced=one.enforced)
    return one.role or _("everyone else"), event, days.format(days=one.days), _period(one), certainty, one.clause


def _as_text(section: Section) -> str:
    rows = ["  " + "  ".join(value for value in row if value) for row in section.rows] or ["  –"]
    return "\n".join([section.title, *rows])


def _held(book: law.Book, day: date) -> list[Instrument]:
    return [one for one in book.instruments if one.in_force_on(day)]


def _chinese() -> bool:
    return (get_language() or "").startswith("zh")


def _title(one: Instrument) -> str:
    return one.title_zh if _chinese() else one.title_en


def _period(one: Dated) -> str:
    return f"{one.in_force_from.isoformat()}–{one.in_force_until.isoformat() if one.in_force_until else ''}"


def _certainty(one: Dated, *, enforced: bool = True) -> str:
    words = {"firm": _("firm"), "reported": _("reported"), "provisional": _("provisional")}
    return words[one.certainty] if enforced else _("{certainty}, not enforced").format(certainty=words[one.certainty])


def _as_json(book: law.Book, day: date) -> dict[str, Any]:
    return {
        "on": day.isoformat(),
        "digest": book.digest,
        "instruments": [_instrument_as_json(one) for one in _held(book, day)],
        "clauses": [_clause_as_json(one) for one in book.clauses_in_force(day)],
        "deadlines": [_deadline_as_json(one) for one in book.deadlines_in_force(day)],
        "forbiddenApplications": sorted(book.forbidden_applications(day)),
    }


def _gap_as_json(book: law.Book, gap: str, day: date) -> dict[str, Any]:
    rule, clause = book.gap_rule_in_force(gap, day), book.clause_of_gap(gap, day)
    return {
        "on": day.isoformat(),
        "digest": book.digest,
        "gap": gap,
        "clause": clause and _clause_as_json(clause),
        "certainty": rule.certainty if rule and clause else None,
        "note": {"zh": rule.note_zh, "en": rule.note_en} if rule else None,
    }


def _dated(one: Dated) -> dict[str, Any]:
    until = one.in_force_until
    return {
        "inForceFrom": one.in_force_from.isoformat(),
        "inForceUntil": until and until.isoformat(),
        "certainty": one.certainty,
    }


def _instrument_as_json(one: Instrument) -> dict[str, Any]:
    title = {"zh": one.title_zh, "en": one.title_en}
    return {"instrument": one.key, "number": one.number, "title": title} | _dated(one) | {"source": one.source}


def _clause_as_json(one: Clause) -> dict[str, Any]:
    return {
        "clause": one.key,
        "instrument": one.instrument,
        "edition": one.edition,
        "chapter": one.chapter,
        "title": {"zh": one.title_zh, "en": one.title_en},
        "text": {"zh": one.text_zh, "en": one.text_en},
        "operator": one.operator,
        "threshold": None if one.threshold is None else str(one.threshold),
        "unit": one.unit or None,
        "who": list(one.who),
        "process": one.process,
        "applications": list(one.applications),
        **({"years": one.years} if one.years else {}),
        **({"by": "{:02}-{:02}".format(*one.by)} if one.by else {}),
        **_dated(one),
        "enforced": one.enforced,
        "source": one.source,
    }


def _deadline_as_json(one: Deadline) -> dict[str, Any]:
    return {
        "role": one.role,
        "event": one.event,
        "retiredOnly": one.retired_only,
        "days": one.days,
        "working": one.working,
        **_dated(one),
        "enforced": one.enforced,
        "clause": one.clause,
    }
