"""`demo`: a small province on a fresh embedded database, fed through the doors that its senders use, then served."""

import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import IO, Any, NoReturn, cast

from django.conf import settings
from django.core.management import CommandError, call_command
from django.core.management.base import BaseCommand
from django.db import connections
from django.utils.translation import gettext as _
from rich.console import Console

from web.demo import feeding, files, showing
from web.demo.province import build

FOLDER = "demo"
FIRST_PORT = 8000
PORTS = 50
MOST_PACKS = 20_000


class Command(BaseCommand):
    help = (
        "演示：新建内嵌数据库，生成一个小省份，经真实入口导入，然后提供服务。 "
        "A small province, fed through the real doors, then served."
    )
    requires_system_checks: list[str] = []  # noqa: RUF012 (Django declares it as an instance's)
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--packs", type=int, default=300, help="电池包数量 how many packs (300)")
        parser.add_argument("--seed", type=int, default=7, help="随机种子 the seed of the lives (7)")
        parser.add_argument("--no-server", action="store_true", help="不启动服务 stop before the server")

    def handle(self, *args: Any, **options: Any) -> None:
        if not 1 <= options["packs"] <= MOST_PACKS:
            raise CommandError(_("--packs takes 1 to %d.") % MOST_PACKS)
        started = time.monotonic()
        folder = Path(settings.DATA_DIR) / FOLDER
        fresh_database(folder)
        say = Console(file=cast("IO[str]", self.stdout), highlight=False, width=None if sys.stdout.isatty() else 140)
        _say(say, _("A fresh database"), folder / "demo.sqlite3")
        call_command("migrate", verbosity=0)
        province = build(options["packs"], options["seed"], showing.TODAY)
        files.write(province, folder / "files")
        _say(say, _("The files that the senders hand over"), folder / "files")
        files.write_documents(province, folder / "documents")
        _say(say, _("The documents that declarations name"), folder / "documents")
        feeding.feed(folder / "files", say)
        access = feeding.open_doors(secrets.token_urlsafe)
        showing.tell(province, say)
        say.print(_("Ready after %.1f seconds.") % (time.monotonic() - started))
        if options["no_server"]:
            showing.invite(access, None, province, say)
            return
        port = free_port()
        showing.invite(access, port, province, say)
        self.stdout.flush()
        serve(port)


def fresh_database(folder: Path) -> None:
    """Begin with an empty folder and point this process, and those it becomes, at a new SQLite file in it."""
    from traceability.settings import database

    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    url = f"sqlite:///{folder / 'demo.sqlite3'}"
    os.environ["DATABASE_URL"] = url
    connections["default"].close()
    del connections["default"]
    connections.settings["default"] = connections.configure_settings({"default": database(url)})["default"]


def free_port() -> int:
    """The first port from 8000 on that nobody listens on."""
    for port in range(FIRST_PORT, FIRST_PORT + PORTS):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    last = FIRST_PORT + PORTS - 1
    raise CommandError(_("No port between %(first)d and %(last)d is free.") % {"first": FIRST_PORT, "last": last})


def serve(port: int) -> NoReturn:
    """Become the server, until interrupted, with a worker beside it: new interpreters that read their own settings."""
    os.chdir(settings.BASE_DIR)
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)]
    environment = os.environ | {"GRAPHIQL": "1", "GRAPHQL_INTROSPECTION": "1"}
    worker = [sys.executable, "manage.py", "worker", "--while-parent-lives"]
    subprocess.Popen(worker, env=environment, stderr=subprocess.DEVNULL)  # noqa: S603 (our own command)
    os.execve(sys.executable, [*command, "traceability.wsgi:application"], environment)  # noqa: S606


def _say(say: Console, what: str, path: Path) -> None:
    say.print(f"[bold]{what}[/bold]  {_shown(path)}", soft_wrap=True)


def _shown(path: Path) -> str:
    """A path as the reader would type it from here."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
