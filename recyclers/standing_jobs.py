"""Working off a file of listings or permits that was sent."""

from pathlib import Path
from typing import cast

from recyclers.standing_files import StandingImport
from traceability import jobs
from traceability.ledger import OnError
from traceability.models import ImportJob


def run(job: ImportJob, path: Path, control: jobs.Control) -> None:
    """Check all of it, then record what is new; what an earlier worker had committed was all of it."""
    by, on_error = jobs.viewer_for(job), cast(OnError, job.on_error)
    found = StandingImport(path, kind=job.kind, by=by, at=job.created_at, name=job.name, progress=control.heard)
    found.check()
    if found.will_write(on_error, dry_run=job.dry_run):
        control.writing()
    result = found.finish(on_error=on_error, dry_run=job.dry_run, within=control.within)
    control.tell(result.problems)
    ImportJob.objects.filter(pk=job.pk).update(
        rows=result.rows,
        new=job.new + result.new,
        same=result.same - job.new,
        refused=result.refused,
    )
    # A table whose header is wrong may have no rows, and is refused all the same.
    jobs.finish(control, written=result.written, rejected=len(result.problems))
