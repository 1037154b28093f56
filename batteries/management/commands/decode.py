"""`decode CODE…`: what battery codes say, for people (a table) and for programs (`--format json`)."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Collection, Iterable
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.db import DatabaseError, connection
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from batteries.code_messages import message, printable
from batteries.codes import BATTERY_TYPES, PUBLIC_MANUFACTURERS, BatteryCode, Names, Problem, Reading, read, scan


class Command(BaseCommand):
    """Print what each code says; exit with 1 when one of them is invalid."""

    help = "Say what battery codes (GB/T 34014) mean; scanned labels and URLs are understood as well."
    # Works before there is a database, and beside one that is down.
    requires_system_checks: list[str] = []  # noqa: RUF012 (Django declares it as an instance's)

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the codes, and the format of the answer."""
        parser.add_argument("codes", nargs="+", metavar="CODE", help="a code, or what a scanner made of it")
        parser.add_argument("--format", choices=("table", "json"), default="table")

    def handle(self, *args: Any, codes: list[str], format: str, **options: Any) -> None:
        """Read all codes, print them all, then fail if any was invalid."""
        today, prefixes = timezone.localdate(), known_prefixes()
        readings = [read_label(code, today=today, prefixes=prefixes) for code in codes]
        if format == "json":
            self.stdout.write(_encodable(json.dumps([as_json(reading) for reading in readings], ensure_ascii=False)))
        elif self.stdout.isatty():
            self._print_table(readings)
        else:
            self.stdout.write(_encodable("\n\n".join(map(_as_text, readings))))
        if not all(reading.valid for reading in readings):
            sys.exit(1)

    def _print_table(self, readings: Iterable[Reading]) -> None:
        # Imported here: programs that ask for JSON start faster without it.
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        console = Console(file=self.stdout)  # type: ignore[arg-type]
        for reading in readings:
            style = "green" if reading.valid else "red"
            table = Table(title=Text(f"{printable(reading.code)}  {_verdict(reading)}", style), show_header=False)
            for label, value in _rows(reading):
                table.add_row(Text(label, "bold"), Text(value))
            console.print(table)


def read_label(text: str, *, today: date, prefixes: Collection[str]) -> Reading:
    """Read `text` as a code, else as anything a scanner may deliver; of neither, tell the errors."""
    reading = read(text, today=today, known_prefixes=prefixes)
    if reading.valid:
        return reading
    scanned = scan(text, today=today)
    if scanned.code is not None and scanned.reading is not None:
        return read(scanned.code, today=today, known_prefixes=prefixes)
    # Of a URL the reading is that of the part which should have been the code.
    return scanned.reading or reading


def known_prefixes() -> Collection[str]:
    """Return the manufacturer codes that organisations have filed; those seen in public when there are none."""
    from traceability.models import CodePrefix

    name = str(connection.settings_dict["NAME"])
    # Connecting would create the file, and reading a code leaves nothing behind.
    if connection.vendor == "sqlite" and "memory" not in name and not Path(name).exists():
        return PUBLIC_MANUFACTURERS.keys()
    try:
        filed = frozenset(CodePrefix.objects.values_list("prefix", flat=True))
    except DatabaseError:
        return PUBLIC_MANUFACTURERS.keys()
    return filed or PUBLIC_MANUFACTURERS.keys()


def as_json(reading: Reading) -> dict[str, Any]:
    """Return one object of `decode --format json`; what an invalid code says is null."""
    code = reading.battery_code
    return {
        "code": reading.code,
        "valid": reading.valid,
        "level": code and code.level,
        "batteryType": code and code.battery_type,
        "manufacturerCode": code and code.manufacturer_code,
        "producedOn": code and code.produced_on.isoformat(),
        "serial": code and code.serial,
        "secondLife": code and code.second_life,
        "errors": _problems(reading.errors),
        "warnings": _problems(reading.warnings),
    }


def _problems(problems: Iterable[Problem]) -> list[dict[str, str]]:
    return [{"code": problem.code, "message": message(problem)} for problem in problems]


def _rows(reading: Reading) -> list[tuple[str, str]]:
    """Return label and value of each line a person reads below the code."""
    rows = _fields(reading.battery_code) if reading.battery_code else []
    rows += [(_("error"), f"{message(problem)} ({problem.code})") for problem in reading.errors]
    rows += [(_("warning"), f"{message(problem)} ({problem.code})") for problem in reading.warnings]
    return rows


def _fields(code: BatteryCode) -> list[tuple[str, str]]:
    levels = {"pack": _("pack"), "module": _("module"), "cell": _("cell")}
    maker = PUBLIC_MANUFACTURERS.get(code.manufacturer_code)
    rows = [
        (_("level"), levels[code.level] + (_(", second life") if code.second_life else "")),
        (_("battery type"), f"{code.battery_type} {_name(BATTERY_TYPES[code.battery_type])}"),
        (_("manufacturer"), f"{code.manufacturer_code} {_name(maker)}" if maker else code.manufacturer_code),
        (_("specification"), code.specification),
        (_("traceability information"), code.traceability),
        (_("produced on"), code.produced_on.isoformat()),
        (_("serial"), code.serial),
    ]
    return [(label, value) for label, value in rows if value]


def _name(names: Names) -> str:
    return names.chinese if (get_language() or "").startswith("zh") else names.english


def _verdict(reading: Reading) -> str:
    return _("valid") if reading.valid else _("invalid")


def _as_text(reading: Reading) -> str:
    lines = [f"{printable(reading.code)}  {_verdict(reading)}"]
    return "\n".join(lines + [f"  {label}: {value}" for label, value in _rows(reading)])


def _encodable(text: str) -> str:
    """Escape lone surrogates (bytes of the command line that are no UTF-8); in JSON the escape means the same."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
