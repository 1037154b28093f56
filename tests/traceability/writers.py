"""A writer that is a process of its own: `python -m tests.traceability.writers`.

Reads a JSON object a line, after a line that says go: {"call": [record, …], "as": organisation code, or null for the
alliance}. Writes a JSON object a line: {"statuses": […], "events": […]}, or {"refused": code}.
"""

import json
import os
import sys
from collections.abc import Mapping
from datetime import date
from typing import Any

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "traceability.settings")
    import django

    django.setup()

from traceability import exact, ledger
from traceability.access import Viewer, viewer_for_organisation
from traceability.errors import Refusal
from traceability.facts import read_fact
from traceability.models import Organisation


def viewers_by_code() -> dict[str | None, Viewer]:
    """Everybody who may write, by organisation code; the alliance also under None."""
    viewers: dict[str | None, Viewer] = {
        o.code: viewer_for_organisation(o, "writer") for o in Organisation.objects.all()
    }
    viewers[None] = next(viewer for viewer in viewers.values() if viewer.is_alliance)
    return viewers


def answer(call: Mapping[str, Any], viewers: Mapping[str | None, Viewer]) -> dict[str, Any]:
    """Record what a call says, and tell what became of it."""
    facts = [read_fact(record, today=date(2030, 1, 1)) for record in call["call"]]
    try:
        receipt = ledger.record(facts, by=viewers[call["as"]])
    except Refusal as refusal:
        return {"refused": refusal.code}
    return {
        "statuses": [entry.status for entry in receipt.entries],
        "events": [entry.event_id for entry in receipt.entries],
    }


def main() -> None:
    viewers = viewers_by_code()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    for line in sys.stdin:
        sys.stdout.write(json.dumps(answer(exact.loads(line), viewers)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
