"""`dynamic_list`: the listed companies on a day, what each has to mend and until when, the most urgent first."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO, Final

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from recyclers.conditions.telling import plain
from recyclers.conditions.wording import VERDICTS, limit_of, title_of
from recyclers.dynamic_list.judging import Mending
from recyclers.dynamic_list.reading import listed_companies, parameters
from recyclers.dynamic_list.standing import Standing
from recyclers.dynamic_list.telling import DUES, REPORTS, as_json, recorded_percent, table_of
from traceability.errors import Refusal
from traceability.management.commands.export import read_day
from traceability.progress import shown

FORMATS: Final = ("table", "json", "csv", "xlsx")


class Command(BaseCommand):
    """Print the list as it was known on a day."""

    help = "公告企业的动态管理名单 · The dynamic list of listed companies: verdict, load, what falls due."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the day, the format and where to write."""
        parser.add_argument("--on", metavar="DAY", type=read_day, help="哪一日，默认今天 · the day, today by default")
        parser.add_argument("--format", choices=FORMATS, default="table")
        parser.add_argument("--output", metavar="FILE", type=Path, help="写入文件 · write to a file")

    def handle(self, *args: Any, on: date | None, format: str, output: Path | None, **options: Any) -> None:
        """Judge every listed company, and print in the format that was asked for."""
        day = on or timezone.localdate()
        try:
            with shown(_("Judging")):
                found = listed_companies(day)
            self._print(day, found, format, output)
        except Refusal as refusal:
            raise CommandError("; ".join(str(problem.message) for problem in refusal.problems)) from None
        except BrokenPipeError:
            raise
        except OSError as error:
            raise CommandError(f"{error.filename or output}: {error.strerror}") from None

    def _print(self, day: date, found: Sequence[Standing], form: str, output: Path | None) -> None:
        if form in ("csv", "xlsx"):
            from traceability.audit.exporting import write_table

            with _opened(output) as file:
                write_table(table_of(found), file, form)
            return
        text = [_as_json(day, found)] if form == "json" else list(lines(day, found))
        if output is not None:
            output.write_text("".join(f"{line}\n" for line in text), encoding="utf-8")
            return
        for line in text:
            self.stdout.write(line)


def _as_json(day: date, found: Sequence[Standing]) -> str:
    told = {
        "on": day.isoformat(),
        "asOf": min(day, timezone.localdate()).isoformat(),
        "parameters": parameters(day),
        "companies": [as_json(one) for one in found],
    }
    return json.dumps(told, ensure_ascii=False)


def lines(day: date, found: Sequence[Standing]) -> Iterator[str]:
    """The list in words, line by line."""
    yield _("The dynamic list on {day}: {count} companies").format(day=day, count=len(found))
    told = ", ".join(f"{name} {value}" for name, value in parameters(day).items() if name != "law")
    yield _("Parameters: {parameters}").format(parameters=told)
    for one in found:
        yield f"{one.code} {one.name}: {_state(one)}"
        yield from (f"  {line}" for line in _details(one))


def _state(one: Standing) -> str:
    if one.is_listed:
        days = one.since if one.since and one.since > date.min else "…"
        listed = _("listed since {day}").format(day=days)
    else:
        ended = max((listing for listing in one.listings if listing.last), key=lambda listing: listing.last or date.min)
        listed = _("listed until {day}").format(day=ended.last) + (f" ({ended.reason})" if ended.reason else "")
    if one.judged is None:
        return listed
    return f"{listed}; {one.judged.year}: {VERDICTS[one.judged.verdict]}"


def _details(one: Standing) -> Iterator[str]:
    if one.barred_until:
        yield _("barred from applying until {day}").format(day=one.barred_until)
    yield from map(_mending, one.mending)
    if one.load:
        shares = plain(one.load.declared), plain(recorded_percent(one.load))
        told = [f"{share} %" if share is not None else "—" for share in shares]
        yield _("load {year}: declared {declared}, by the records {recorded}").format(
            year=one.load.year, declared=told[0], recorded=told[1]
        )
    if one.report:
        yield _("annual report {year}: {state}").format(year=one.report.year, state=REPORTS[one.report.state])
    for due in one.dues:
        what = " ".join(filter(None, (due.what, due.number)))
        yield f"{due.day} {DUES[due.kind]}: {what}" + (_(" (overdue)") if due.overdue else "")


def _mending(one: Mending) -> str:
    judged = one.judged
    figure = plain(judged.measured) or "—"
    limit = limit_of(judged.clause) if judged.clause else "—"
    return _("{title} ({clause}): {figure} in {year}, asked {limit}; to be mended by {day}").format(
        title=title_of(judged), clause=judged.key, figure=figure, year=one.year, limit=limit, day=one.until
    )


@contextmanager
def _opened(path: Path | None) -> Iterator[BinaryIO]:
    """A file to write bytes to: the one that was named, or the standard output."""
    if path is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with path.open("wb") as file:
        yield file
