"""The worker: takes one job after another, and says that it lives while it works."""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from secrets import token_hex
from threading import Event, Thread
from typing import Final

import structlog
from django.db import DatabaseError, connection

from traceability import jobs
from traceability.models import ImportJob

PULSE: Final = 5.0
SWEEP_EVERY: Final = 3600.0
log = structlog.get_logger(__name__)


def name() -> str:
    """A name for this worker that no other has."""
    return f"{socket.gethostname()[:30]}:{os.getpid()}:{token_hex(4)}"


def work_off(worker: str, stopping: Callable[[], bool] = lambda: False) -> ImportJob | None:
    """Take one job and work it off; gives it, or None when there is none to take."""
    job = jobs.claim(worker)
    if job is None:
        return None
    control = jobs.Control(job, stopping)
    log.info("import begins", job=job.public_id, kind=job.kind, attempt=job.attempts)
    try:
        with _pulse(control):
            jobs.run(control)
    except Exception as error:  # the worker goes on: the job is tried again, and given up after some tries
        log.error("import broke off", job=job.public_id, exc_info=error)
        control.give_back()
    job.refresh_from_db()
    log.info("import ends", job=job.public_id, status=job.status, new=job.new, refused=job.refused)
    return job


@contextmanager
def _pulse(control: jobs.Control) -> Iterator[None]:
    """Say that the worker lives from a thread and a connection of its own: a step may take longer than a lease."""
    ended = Event()

    def beat() -> None:
        while not ended.wait(PULSE):
            try:
                control.beat()
            except jobs.LostJob:
                break
            except DatabaseError:
                # The embedded database may be locked for long by what is being written.
                continue
        connection.close()

    thread = Thread(target=beat, name="pulse", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def serve(stopping: Event, *, poll: float, parent: int | None = None) -> None:
    """Work until told to end, or until the parent has ended; looks for jobs every `poll` seconds."""
    worker, since_sweep = name(), SWEEP_EVERY
    while not stopping.is_set() and parent in (None, os.getppid()):
        try:
            if work_off(worker, stopping.is_set) is not None:
                continue
            if since_sweep >= SWEEP_EVERY:
                since_sweep = 0.0
                jobs.sweep()
        except DatabaseError as error:
            log.warning("the database does not answer", exc_info=error)
            connection.close()
        since_sweep += poll
        stopping.wait(poll)
