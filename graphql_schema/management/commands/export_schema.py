"""Write the schema of the operations API as SDL, for those who generate clients from it."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from graphql_schema import operations
from graphql_schema.operations.schema import schema

COMMITTED = Path(operations.__file__).with_name("schema.graphql")


def sdl() -> str:
    """The schema as text, with one line break at its end."""
    return schema.as_str().rstrip() + "\n"


class Command(BaseCommand):
    help = "Print the schema of the operations API (SDL)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--write", action="store_true", help="write the committed file instead")
        parser.add_argument("--check", action="store_true", help="fail when the committed file is not current")

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["write"]:
            COMMITTED.write_text(sdl(), encoding="utf-8")
        elif options["check"]:
            if not COMMITTED.exists() or COMMITTED.read_text(encoding="utf-8") != sdl():
                raise CommandError("schema.graphql is not current: run `manage.py export_schema --write`.")
        else:
            self.stdout.write(sdl(), ending="")
