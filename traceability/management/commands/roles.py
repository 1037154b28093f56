"""`roles`: the three roles of PostgreSQL and their rights, as SQL to read or applied."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection, transaction
from django.utils.translation import gettext as _

from traceability.append_only import EVENTS
from traceability.roles import Roles, sql


class Command(BaseCommand):
    """Print the SQL, or run it."""

    help = (
        "PostgreSQL 的三个角色及权限 · The three roles of PostgreSQL and their rights: prints the SQL, or applies it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take what to do, and the names."""
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--print", action="store_true", help="只打印 SQL（默认） · print the SQL (default)")
        what.add_argument("--apply", action="store_true", help="在数据库中执行 · run it in the database")
        named = Roles()
        parser.add_argument("--owner", default=named.owner, metavar="NAME", help="所有者，执行迁移 · migrates")
        parser.add_argument("--app", default=named.app, metavar="NAME", help="应用服务器 · serves")
        parser.add_argument("--audit", default=named.audit, metavar="NAME", help="审计，只读 · reads")

    def handle(self, *args: Any, apply: bool, owner: str, app: str, audit: str, **options: Any) -> None:
        """Print, or apply in one transaction: all rights are as said, or as they were."""
        if connection.vendor != "postgresql":
            raise CommandError(_("SQLite knows no roles: give DATABASE_URL of a PostgreSQL database."))
        try:
            statements = sql(Roles(owner, app, audit))
        except ValueError as error:
            raise CommandError(_("Three different plain names are needed, not {value}.").format(value=error)) from error
        if not apply:
            self.stdout.write(statements, ending="")
            return
        if EVENTS not in connection.introspection.table_names():
            raise CommandError(_("Run `manage.py migrate` first: there are no tables to give rights to."))
        try:
            with transaction.atomic(), connection.cursor() as cursor, connection.wrap_database_errors:
                # As one simple query: server-side binding takes no more than one statement.
                cursor.connection.execute(statements, prepare=False)
        except DatabaseError as error:
            raise CommandError(str(error).strip()) from error
        self.stdout.write(
            _("The rights of {owner}, {app} and {audit} are set.").format(owner=owner, app=app, audit=audit)
        )
