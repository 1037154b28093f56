"""Working off a file of batteries that was sent."""

from pathlib import Path
from typing import cast

from batteries.registration_files import FileImport
from traceability import jobs
from traceability.ledger import OnError
from traceability.models import ImportJob


def run(job: ImportJob, path: Path, control: jobs.Control) -> None:
    """Check all of it, then record what is new; a job that was begun by another worker goes on where that one ended."""
    with FileImport(path, by=jobs.viewer_for(job), name=job.name, progress=control.heard) as found:
        found.check()
        on_error = cast(OnError, job.on_error)
        # Whatever an earlier worker committed is the same now, and there is no way back from it.
        begun = job.new > 0
        if found.will_write("proceed" if begun else on_error, dry_run=job.dry_run):
            control.writing()
        result = found.finish(on_error="proceed" if begun else on_error, dry_run=job.dry_run, within=control.within)
        control.tell(found.staging.problems())
    ImportJob.objects.filter(pk=job.pk).update(
        rows=result.rows,
        new=job.new + result.new,
        same=result.same - job.new,
        conflicting=result.conflicting,
        refused=result.refused,
    )
    # A table whose header is wrong may have no rows, and is refused all the same.
    jobs.finish(control, written=result.written, rejected=len(result.problems))
