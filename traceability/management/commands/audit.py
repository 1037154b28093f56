"""`audit`: which chains are complete, what is missing, and whose it is."""

import json
import sys
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from traceability.access import ALLIANCE, Viewer
from traceability.audit import reading
from traceability.audit.calendar import day_of
from traceability.audit.live import chain_of
from traceability.audit.rule import BREAK
from traceability.audit.running import Found, audit
from traceability.audit.telling import Told
from traceability.audit.wording import STATUSES, in_words, name_of
from traceability.errors import Refusal
from traceability.management.commands.export import read_day
from traceability.models import LifecycleRecord
from traceability.progress import shown

FORMATS: Final = ("table", "json", "jsonl", "csv", "xlsx")
#: The command sees everything.
_SYSTEM: Final = Viewer(roles=frozenset({ALLIANCE}), actor="command")
#: So many gaps are told one by one in the table.
_TOLD: Final = 20


class Command(BaseCommand):
    """Judge every chain, or one, as of a day, and print what is missing."""

    help = "审计链条完整性：缺什么、谁负责 · Audit the chains: what is missing, and whose it is."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the day, the battery, the engine and the format of the answer."""
        parser.add_argument(
            "--as-of", metavar="DAY", type=read_day, help="截至哪一日，默认今天 · the day, today by default"
        )
        parser.add_argument("--battery", metavar="CODE", help="只审计该电池 · only this battery")
        parser.add_argument("--engine", choices=("database", "duckdb", "spark"), default="database")
        parser.add_argument("--master", metavar="URL", help="Spark 主节点 · the master of a Spark cluster")
        parser.add_argument("--touched", action="store_true", help="只看上次以来的变化 · only what changed since")
        parser.add_argument("--no-verify", action="store_true", help="不核验哈希 · leave hashes and links alone")
        parser.add_argument("--no-keep", action="store_true", help="不保存结果 · open and close no gaps by it")
        parser.add_argument("--format", choices=FORMATS, default="table")
        parser.add_argument("--output", metavar="FILE", type=Path, help="写入文件 · write to a file")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run, and print in the format that was asked for."""
        today = timezone.localdate()
        wanted = {
            "as_of": options["as_of"],
            "battery": options["battery"] and options["battery"].strip().upper(),
            "touched": options["touched"],
            # A day yet to come, kept, would be the last run's day, and every run until then would change nothing.
            "keep": not options["no_keep"] and (options["as_of"] or today) <= today,
            "verify": not options["no_verify"],
        }
        if options["engine"] != "database":
            wanted |= {"engine": options["engine"], "master": options["master"]}
        try:
            with shown(_("Auditing")), audit(**wanted) as found:
                self._print(found, wanted["battery"], options["format"], options["output"])
        except Refusal as refusal:
            raise CommandError("; ".join(str(problem.message) for problem in refusal.problems)) from None
        except BrokenPipeError:
            raise
        except OSError as error:
            raise CommandError(f"{error.filename or options['output']}: {error.strerror}") from None

    def _print(self, found: Found, battery: str | None, form: str, output: Path | None) -> None:
        if form in ("csv", "xlsx"):
            from traceability.audit.exporting import write_gaps

            with _opened(output) as file:
                write_gaps(found.gaps(), file, form)
            return
        if output is not None:
            with output.open("w", encoding="utf-8") as text:
                text.writelines(line + "\n" for line in _lines(found, battery, form))
            return
        for line in _lines(found, battery, form):
            self.stdout.write(line)


def _lines(found: Found, battery: str | None, form: str) -> Iterator[str]:
    if form == "jsonl":
        for gap in found.gaps():
            yield json.dumps(gap.as_json(), ensure_ascii=False)
    elif form == "json":
        yield from _as_json(found)
    else:
        yield from _as_text(found, battery)


def _as_json(found: Found) -> Iterator[str]:
    """One object, a line a gap, so that it never has to be held whole."""
    run = found.run
    head = {
        "run": run.public_id,
        "asOf": day_of(run.as_of).isoformat(),
        "scope": run.scope,
        "engine": run.engine,
        "parameters": run.parameters,
        "kept": run.kept,
        "batteries": run.batteries,
        "gaps": run.gaps,
        "opened": run.opened,
        "closed": run.closed,
        "digest": run.digest,
    }
    yield json.dumps(head, ensure_ascii=False)[:-1] + ', "found": ['
    before = ""
    for gap in found.gaps():
        yield before + json.dumps(gap.as_json(), ensure_ascii=False)
        before = ","
    yield "]}"


def _as_text(found: Found, battery: str | None) -> Iterator[str]:
    run = found.run
    parameters = ", ".join(f"{name} {value}" for name, value in run.parameters.items() if not isinstance(value, list))
    yield _("Audit as of {day}: {gaps} gaps").format(day=day_of(run.as_of).isoformat(), gaps=run.gaps)
    yield _("Parameters: {parameters}").format(parameters=parameters)
    if battery is not None:
        yield f"{battery}: {STATUSES[_status(found, battery)]}"
    elif not run.kept:
        yield _("Told only: nothing was kept, and the figures are those of the last run that was.")
    elif run.scope == run.Scope.TOUCHED:
        yield _("Judged was what changed since the run before; the figures are of everything.")
    if run.kept:
        yield _("{batteries} batteries; {opened} gaps opened, {closed} closed").format(
            batteries=run.batteries, opened=run.opened, closed=run.closed
        )
        yield from figures()
    counted: Counter[tuple[str, str]] = Counter()
    told: list[Told] = []
    for gap in found.gaps():
        counted[gap.severity, gap.gap] += 1
        told += [gap] if len(told) < _TOLD else []
    yield from (f"  {count:>8} {severity:5} {name_of(code)}" for (severity, code), count in sorted(counted.items()))
    for gap in told:
        yield f"{gap.subject} {name_of(gap.gap)} ({gap.since}, {gap.organisation or '—'}): {in_words(gap)}"
    if run.gaps > len(told):
        yield _("… and {count} more: --format jsonl tells all of them").format(count=run.gaps - len(told))


def _status(found: Found, battery: str) -> str:
    severities = {gap.severity for gap in found.gaps()}
    if severities:
        return "broken" if BREAK in severities else "flawed"
    record = LifecycleRecord.objects.get(kind=LifecycleRecord.Kind.BATTERY, code=battery)
    return chain_of(record.chain_id or record.pk, viewer=_SYSTEM, as_of=day_of(found.run.as_of)).status


def figures(group_by: str = "organisation") -> Iterator[str]:
    """The table of completeness of the last run, line by line."""
    rows = reading.completeness(_SYSTEM, group_by)
    names = _("batteries"), _("complete"), _("open"), _("flawed"), _("broken"), _("completeness"), _("in time")
    yield "  " + " ".join(f"{name:>8}" for name in names)
    for row in rows:
        counts = row.batteries, row.complete, row.open, row.flawed, row.broken
        shares = (f"{share} %" if share is not None else "—" for share in (row.completeness, row.on_time_share))
        yield "  " + " ".join(f"{value:>8}" for value in (*counts, *shares)) + f"  {row.label or '—'}"


@contextmanager
def _opened(path: Path | None) -> Iterator[BinaryIO]:
    """A file to write bytes to: the one that was named, or the standard output."""
    if path is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with path.open("wb") as file:
        yield file
