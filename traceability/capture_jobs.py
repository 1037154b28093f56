"""Working off a file of records that was sent."""

from pathlib import Path
from typing import cast

from traceability import jobs
from traceability.capturing import capture
from traceability.ledger import OnError
from traceability.models import ImportJob

PHASE = "recording"


def run(job: ImportJob, path: Path, control: jobs.Control) -> None:
    """Record every record of the file in its order, in the name of who sent it."""
    size = path.stat().st_size
    on_error = cast(OnError, job.on_error)
    if on_error == "proceed" and not job.dry_run:
        control.writing()
    with path.open("rb") as file:
        result = capture(
            file,
            by=jobs.viewer_for(job),
            on_error=on_error,
            dry_run=job.dry_run,
            progress=lambda end, _line: control.heard(PHASE, end, size),
            within=control.within,
        )
    control.tell(result.problems)
    # What an earlier worker had recorded is replayed now.
    ImportJob.objects.filter(pk=job.pk).update(
        rows=result.recorded + result.replayed + result.refused,
        new=job.new + result.recorded,
        same=result.replayed - job.new,
        refused=result.refused,
    )
    jobs.finish(control, written=result.written, rejected=result.refused)
