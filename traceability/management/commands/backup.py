"""`backup FILE`: a copy of the embedded database, while the server runs."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection
from django.utils.translation import gettext as _

from traceability.backing_up import NotCopied, back_up


class Command(BaseCommand):
    """Back up the SQLite database; PostgreSQL has tools of its own."""

    help = "备份内置数据库（SQLite） · Copy the embedded database (SQLite) to a new file, while the server runs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take where the copy goes."""
        parser.add_argument("file", metavar="FILE", type=Path, help="新文件，不覆盖 · a new file; none is written over")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        """Copy, check the copy, and say how many events are in it."""
        if connection.vendor != "sqlite":
            raise CommandError(_("This database is backed up with pg_dump: see docs/operations.md."))
        try:
            events = back_up(file)
        except FileExistsError as error:
            raise CommandError(_("{file} exists and is not written over.").format(file=file)) from error
        except (OSError, DatabaseError, NotCopied) as error:
            raise CommandError(f"{file}: {error}") from error
        size = file.stat().st_size
        self.stdout.write(_("{events} events, {size} bytes, in {file}.").format(events=events, size=size, file=file))
