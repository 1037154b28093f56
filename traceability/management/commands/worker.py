"""`worker`: works off the files that were sent."""

import os
import signal
from argparse import ArgumentParser
from threading import Event
from typing import Any

from django.core.management.base import BaseCommand

from traceability import worker


class Command(BaseCommand):
    """Work off jobs until told to end (SIGTERM, Ctrl-C); what is begun goes back to the queue and loses nothing."""

    help = "后台处理上传的文件 · Work off the files that were sent; run one or more of them beside the server."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take how long to wait, and whether to end when nothing is left."""
        parser.add_argument("--once", action="store_true", help="处理完即结束 · end when no job is waiting")
        parser.add_argument(
            "--while-parent-lives",
            action="store_true",
            help="父进程结束即结束 · end when the process that began it ends",
        )
        parser.add_argument(
            "--poll", type=float, default=1.0, metavar="SECONDS", help="查询间隔 · seconds between looks"
        )

    def handle(self, *args: Any, once: bool, while_parent_lives: bool, poll: float, **options: Any) -> None:
        """Work."""
        if once:
            mine = worker.name()
            while worker.work_off(mine) is not None:
                pass
            return
        stopping = Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.set())
        parent = os.getppid() if while_parent_lives else None
        worker.serve(stopping, poll=poll, parent=parent)
