"""`python -m tests.faults.sending FILE ORGANISATION`: put a file of batteries into the queue, as the page does.

Tells the job's id. With an id in place of a file: tells what became of that job, as JSON.
"""

import json
import os
import sys
from pathlib import Path

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "traceability.settings")
    import django

    django.setup()

from traceability import jobs
from traceability.access import viewer_for_organisation
from traceability.models import ImportJob, Organisation


def send(path: Path, organisation: str) -> str:
    kept, size = jobs.keep([path.read_bytes()])
    by = viewer_for_organisation(Organisation.objects.get(code=organisation), "sender")
    own = {"kind": ImportJob.Kind.REGISTRATIONS, "on_error": "rollback", "dry_run": False, "language": "en"}
    return jobs.submit(kept, by=by, name=path.name, size=size, **own).public_id


def told(public_id: str) -> str:
    counts = ("status", "new", "same", "conflicting", "refused", "attempts", "problem_code")
    return json.dumps(ImportJob.objects.filter(public_id=public_id).values(*counts).get())


if __name__ == "__main__":
    what, *organisation = sys.argv[1:]
    sys.stdout.write(send(Path(what), *organisation) if organisation else told(what))
