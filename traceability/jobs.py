"""Files that are worked off in the background: the queue, who works on what, and what a worker's death leaves behind.

The job's row is the queue. A worker takes a job for a short time and goes on saying that it lives; a job whose worker
fell silent is taken by the next one, and does again what had not been committed. Each chunk is counted in its own
transaction, together with the right to go on: two workers never write for one job.
"""

import os
import secrets
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import override

from traceability import bulk, stored_problems
from traceability.access import Viewer
from traceability.errors import Conflict, Problem, Refusal, refuse
from traceability.events import batches
from traceability.models import ImportJob, ImportRowError, Organisation
from traceability.record_lines import BadRow

Status = ImportJob.Status
#: A worker that is not heard of for so long is dead; it says that it lives far more often.
LEASE: Final = timedelta(seconds=60)
HEARD_EVERY: Final = 1.0
#: A job that took so many workers with it since it last got on is not tried again. Many: workers are killed for other
#: reasons, too, a half-recorded file is worse than a late one, and others' files are taken in between.
ATTEMPTS: Final = 20
OPEN: Final = (Status.QUEUED, Status.CHECKING, Status.WRITING)
ENDED: Final = tuple(set(Status) - set(OPEN))


class Cancelled(Exception):
    """Whoever sent the file asked to stop."""


class LostJob(Exception):
    """Another worker has taken the job: this one must not write on."""


class Stopped(Exception):
    """The worker itself is asked to end; the job goes back to the queue."""


# Sending -------------------------------------------------------------------------------------------------------------


def folder() -> Path:
    """Where the files of jobs are kept."""
    path = Path(settings.IMPORTS_DIR)
    path.mkdir(parents=True, exist_ok=True)
    return path


def keep(blocks: Iterable[bytes]) -> tuple[Path, int]:
    """Store a file as it comes, under a name of our own; gives its path and its size.

    Raises:
        Refusal: `too_large`; nothing of it is kept.
    """
    path, size = folder() / secrets.token_hex(16), 0
    try:
        with path.open("xb") as file:
            for block in blocks:
                size += len(block)
                if size > settings.IMPORT_MAX_BYTES:
                    raise refuse("too_large", ("file",), value=size, limit=settings.IMPORT_MAX_BYTES)
                file.write(block)
            file.flush()
            # The answer says that the file is here: it has to be when the power fails.
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path, size


def submit(
    path: Path, *, kind: str, by: Viewer, name: str, size: int, on_error: str, dry_run: bool, language: str
) -> ImportJob:
    """Put a file that was kept into the queue, in the name of the viewer's organisation and in the roles it has now.

    Raises:
        Refusal: `no_organisation`.
    """
    if by.organisation_id is None:
        path.unlink(missing_ok=True)
        raise refuse("no_organisation")
    return ImportJob.objects.create(
        kind=kind,
        organisation_id=by.organisation_id,
        actor=by.actor,
        roles=f" {' '.join(sorted(by.roles))} ",
        language=language,
        name=stored_problems.writable(name)[:255],
        file=path.name,
        size=size,
        on_error=on_error,
        dry_run=dry_run,
    )


def visible(viewer: Viewer) -> QuerySet[ImportJob]:
    """The jobs that the viewer may see: its organisation's, all for the alliance."""
    jobs = ImportJob.objects.select_related("organisation")
    return jobs if viewer.is_alliance else jobs.filter(organisation=viewer.organisation_id or 0)


def find(viewer: Viewer, id_: str) -> ImportJob | None:
    """A job by its id, if the viewer may see it."""
    if len(id_) != 32 or not set(id_) <= set("0123456789abcdef"):
        return None
    return visible(viewer).filter(public_id=id_).first()


def cancel(job: ImportJob) -> None:
    """Ask a job to stop: at once if nobody works on it, else at its next chunk. What was recorded stays."""
    ImportJob.objects.filter(pk=job.pk, status__in=OPEN).update(cancel_requested=True)
    waiting = ImportJob.objects.filter(pk=job.pk, status=Status.QUEUED)
    waiting.update(status=Status.CANCELLED, finished_at=timezone.now())
    job.refresh_from_db()


# Working -------------------------------------------------------------------------------------------------------------


def claim(worker: str) -> ImportJob | None:
    """Take the oldest job that nobody works on; None when there is none."""
    now = timezone.now()
    with transaction.atomic():
        abandoned = Q(status__in=(Status.CHECKING, Status.WRITING), lease_until__lt=now)
        jobs = ImportJob.objects.filter(Q(status=Status.QUEUED) | abandoned).order_by("created_at", "pk")
        if connection.features.has_select_for_update_skip_locked:
            jobs = jobs.select_for_update(skip_locked=True)
        job = jobs.first()
        if job is None:
            return None
        job.attempts += 1
        job.worker, job.lease_until = worker, now + LEASE
        job.started_at = job.started_at or now
        # Once it began to write it goes on to the end.
        job.status = job.status if job.status == Status.WRITING else Status.CHECKING
        job.save(update_fields=["attempts", "worker", "lease_until", "started_at", "status"])
    return job


class Control:
    """What a running import tells its job, and hears from it."""

    def __init__(self, job: ImportJob, stopping: Callable[[], bool] = lambda: False) -> None:
        self.job = job
        self.progress: dict[str, Any] = {}
        self.cancelled = False
        self._stopping = stopping
        self._last = 0.0
        self._since = timezone.now()

    @property
    def row(self) -> QuerySet[ImportJob]:
        """The job's row, as long as it is this worker's."""
        return ImportJob.objects.filter(pk=self.job.pk, worker=self.job.worker)

    def heard(self, phase: str, done: int, total: int) -> None:
        """Say how far it is, once a second at most.

        Raises:
            Cancelled, LostJob, Stopped: it has to end here.
        """
        if self.progress.get("phase") != phase:
            self._last, self._since = 0.0, timezone.now()
        self.progress = {"phase": phase, "done": done, "total": total, "phase_since": self._since}
        if self.cancelled:
            raise Cancelled
        if self._stopping():
            raise Stopped
        if time.monotonic() - self._last < HEARD_EVERY and done < total:
            return
        self._last = time.monotonic()
        # Inside a transaction nobody would hear of it: there the pulse tells.
        if not connection.in_atomic_block:
            self.beat()
            if self.cancelled:
                raise Cancelled

    def beat(self) -> None:
        """Write down that the worker lives and how far it is; ask whether it is to go on."""
        if not self.row.update(**self.progress, lease_until=timezone.now() + LEASE):
            raise LostJob
        self.cancelled = self.row.filter(cancel_requested=True).exists()

    def give_back(self) -> None:
        """Leave the job to whoever takes it next, soon."""
        self.row.update(worker="", lease_until=timezone.now() + LEASE / 10)

    def writing(self) -> None:
        """Say that from here on rows are written: what is begun is brought to its end."""
        if not self.row.update(status=Status.WRITING, lease_until=timezone.now() + LEASE):
            raise LostJob

    def within(self, rows: int) -> None:
        """Count the rows of a chunk, in its transaction; a job that gets on has not been tried in vain."""
        gained = {"attempts": 1} if rows else {}
        if not self.row.update(new=F("new") + rows, lease_until=timezone.now() + LEASE, **gained):
            raise LostJob

    def tell(self, problems: Iterable[BadRow]) -> None:
        """Keep what is wrong with single rows, in place of what an earlier try had kept."""
        ImportRowError.objects.filter(job=self.job).delete()
        names = ["job_id", "line", "column", "value", "code", "path", "params"]
        for some in batches(problems):
            rows = []
            for bad in some:
                code, path, params = stored_problems.write(bad.problem)
                column, value = stored_problems.writable(bad.column[:200]), stored_problems.writable(bad.problem.value)
                rows.append((self.job.pk, bad.line, column, value, code, path, params))
            with transaction.atomic():
                bulk.load(ImportRowError, names, rows)


def run(control: Control) -> None:
    """Work a claimed job off; whatever happens is told in its row."""
    job = control.job
    try:
        if job.attempts > ATTEMPTS:
            raise refuse("import_failed")
        path = folder() / job.file
        if not path.exists():
            raise refuse("import_failed")
        with override(job.language):
            import_string(settings.IMPORTS[job.kind])(job, path, control)
    except Cancelled:
        _end(control, Status.CANCELLED)
    except Stopped:
        control.row.update(
            status=F("status"), worker="", lease_until=timezone.now() - LEASE, attempts=F("attempts") - 1
        )
    except LostJob:
        pass
    except Conflict:
        # Others kept writing the same rows: it is tried again, behind what waits.
        control.give_back()
    except Refusal as refusal:
        code, _path, params = stored_problems.write(refusal.problems[0])
        _end(control, Status.FAILED, problem_code=code, problem_params=params)


def finish(control: Control, *, written: bool, rejected: int) -> None:
    """End a job that came to its end: done, or refused because a row was bad and nothing was to be written then."""
    refused = not written and rejected and not control.job.dry_run
    _end(control, Status.REFUSED if refused else Status.DONE)


def _end(control: Control, status: str, **more: object) -> None:
    control.row.update(status=status, finished_at=timezone.now(), worker="", lease_until=None, **more)


def viewer_for(job: ImportJob) -> Viewer:
    """Whom a job acts for: its organisation, in the roles that it was sent with and still has."""
    organisation: Organisation = job.organisation
    roles = organisation.role_set & frozenset(job.roles.split())
    return Viewer(organisation.id, organisation.code, roles, job.actor)


def sweep() -> int:
    """Give back the files and row errors of jobs that ended long ago; the jobs themselves stay."""
    before = timezone.now() - timedelta(days=settings.IMPORT_KEEP_DAYS)
    old = list(ImportJob.objects.filter(status__in=ENDED, finished_at__lt=before).exclude(file="")[:1000])
    for job in old:
        with suppress(FileNotFoundError):
            (folder() / job.file).unlink()
        ImportRowError.objects.filter(job=job).delete()
        ImportJob.objects.filter(pk=job.pk).update(file="")
    return len(old)


def progress_of(job: ImportJob) -> float:
    """How much of its present phase is done, 0 to 1; 1 when it has ended."""
    if job.status in ENDED:
        return 1.0
    return min(1.0, job.done / job.total) if job.total else 0.0


def seconds_left(job: ImportJob) -> int | None:
    """How long it may still take, by how long it took so far; None before that can be told, and after its end."""
    share = progress_of(job)
    if job.status in ENDED or job.phase_since is None or not share:
        return None
    return round((timezone.now() - job.phase_since).total_seconds() * (1 - share) / share)


def problem_of(job: ImportJob) -> Problem | None:
    """Why a job failed as a whole."""
    return stored_problems.read(job.problem_code, "[]", job.problem_params) if job.problem_code else None
