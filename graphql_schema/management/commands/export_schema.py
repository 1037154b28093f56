"""Write the schemas of both APIs as SDL, for those who generate clients from them."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from graphql import print_schema

from graphql_schema import audit, operations
from graphql_schema.audit.schema import SCHEMA
from graphql_schema.operations.schema import schema

COMMITTED = Path(operations.__file__).with_name("schema.graphql")
COMMITTED_AUDIT = Path(audit.__file__).with_name("schema.graphql")
SURFACES = ("operations", "audit")


def sdl(surface: str = "operations") -> str:
    """The schema as text, with one line break at its end."""
    text = schema.as_str() if surface == "operations" else print_schema(SCHEMA)
    return text.rstrip() + "\n"


class Command(BaseCommand):
    help = "Print the schema of the operations API, or of the audit API (SDL)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("surface", nargs="?", choices=SURFACES, default="operations", help="which one to print")
        parser.add_argument("--write", action="store_true", help="write the committed files of both instead")
        parser.add_argument("--check", action="store_true", help="fail when a committed file is not current")

    def handle(self, *_args: Any, **options: Any) -> None:
        committed = {"operations": COMMITTED, "audit": COMMITTED_AUDIT}
        if options["write"]:
            for surface, path in committed.items():
                path.write_text(sdl(surface), encoding="utf-8")
        elif options["check"]:
            for surface, path in committed.items():
                if not path.exists() or path.read_text(encoding="utf-8") != sdl(surface):
                    message = f"{surface}: schema.graphql is not current: run `manage.py export_schema --write`."
                    raise CommandError(message)
        else:
            self.stdout.write(sdl(options["surface"]), ending="")
