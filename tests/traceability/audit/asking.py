"""Asking the audit in tests."""

from datetime import date
from typing import Any

from tests.worlds import Life
from traceability.audit.running import audit
from traceability.audit.telling import Told

#: A day by whose end everything that a test records has been reported, whenever the test is run.
LATER = "2099-12-31"


def gaps(as_of: str = "2021-01-01", *, keep: bool = False, **options: Any) -> list[Told]:
    """All gaps as of a day."""
    with audit(as_of=date.fromisoformat(as_of), keep=keep, **options) as found:
        return list(found.gaps())


def codes(life: Life, as_of: str = "2021-01-01", **options: Any) -> list[str]:
    """The gap codes of one battery."""
    return [gap.gap for gap in gaps(as_of, **options) if gap.battery == life.record.code]
