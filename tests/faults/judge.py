"""`python -m tests.faults.judge`: verify and rebuild the database at DATABASE_URL, and tell what is in it, as JSON.

Once for each line it reads.
"""

import json
import os
import sys
from collections import Counter
from typing import Any

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "traceability.settings")
    import django

    django.setup()

from django.db import connection

from traceability import append_only
from traceability.models import LifecycleEvent, OutboxEntry
from traceability.rebuilding import rebuild
from traceability.verification import verify


def judgement() -> dict[str, Any]:
    """Everything a campaign asks of a ledger at its end."""
    events = list(
        LifecycleEvent.objects.values_list("organisation__code", "key", "record__code", "type", "occurred_at")
    )
    facts = Counter(row[2:] for row in events if row[3] != "organisation")
    return {
        "faults": [str(fault) for fault in verify()],
        "differed": sorted(rebuild().differed),
        "missing_triggers": append_only.missing(),
        "events": len(events),
        "unqueued": len(events) - OutboxEntry.objects.count(),
        # What a campaign says of a battery at one moment it says once.
        "doubled": sum(number - 1 for number in facts.values()),
        "keys": [key for _, key, *_ in events],
    }


if __name__ == "__main__":
    for _ in sys.stdin:
        sys.stdout.write(json.dumps(judgement()) + "\n")
        sys.stdout.flush()
        # What the last connection to a file of SQLite does when it closes is part of what is tried.
        connection.close()
