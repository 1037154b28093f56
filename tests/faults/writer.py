"""`python -m tests.faults.writer NUMBER FIRST LAST [TRIES]`: a writer that does not give up.

Makes its calls one after another, each again under the same keys until it is answered: whatever the database says,
and whether or not it is there. Writes a line of JSON for each answer, and for each attempt that failed. With TRIES it
goes on to the next call after so many failures.
"""

import json
import os
import sys
import time
from typing import Any

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "traceability.settings")
    import django

    django.setup()

from django.db import Error, connection

from tests import factories
from tests.factories import given
from traceability import ledger
from traceability.access import Viewer, viewer_for_organisation
from traceability.errors import Conflict
from traceability.models import Organisation

#: So many calls meet on one battery.
SHARED = 100


def records(writer: int, number: int, organisation: str) -> list[dict[str, Any]]:
    """What a writer says in its call of this number: a battery of its own, and one that all writers write to."""
    second = f"2022-03-01T08:{number // 60 % 60:02d}:{number % 60:02d}.{writer:03d}+08:00"
    own = factories.pack_code(1_000_000 + writer * 100_000 + number)
    shared = factories.pack_code(900_000 + number // SHARED)
    return [
        given("received", organisation, second, battery=own, key=f"{writer}-{number}"),
        given("received", organisation, second, battery=shared, key=f"{writer}-{number}-shared"),
    ]


def keys(writer: int, number: int) -> list[str]:
    """The keys of that call."""
    return [f"{writer}-{number}", f"{writer}-{number}-shared"]


def tell(**said: Any) -> None:
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


def viewer(tries: int) -> Viewer | None:
    """The recycler, as soon as the database can say who that is; None when it cannot say it for long."""
    for _ in range(10 * tries or 100_000):
        try:
            return viewer_for_organisation(Organisation.objects.filter(roles__contains=" recycler ")[0], "writer")
        except Error:
            connection.close()
            time.sleep(0.05)
    return None


def attempt(by: Viewer, writer: int, number: int) -> bool:
    """Call once; tells the answer, or why there was none."""
    assert by.organisation_code is not None
    facts = [factories.read(record) for record in records(writer, number, by.organisation_code)]
    try:
        receipt = ledger.record(facts, by=by)
    except (Error, Conflict) as error:
        connection.close()
        tell(number=number, failed=f"{type(error).__name__}: {error}")
        return False
    tell(number=number, statuses=[entry.status for entry in receipt.entries])
    return True


def main(writer: int, first: int, last: int, tries: int = 0) -> None:
    by = viewer(tries)
    if by is None:
        return
    for number in range(first, last):
        failures = 0
        while not attempt(by, writer, number):
            failures += 1
            if failures == tries:
                break
            time.sleep(0.05)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
