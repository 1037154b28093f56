"""What an evaluation is asked by, and printed with: the texts found fix neither boundary nor averaging."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django.conf import settings

from traceability.errors import refuse

COMPANY, SITE = "company", "site"
PERIOD, MONTH, BATCH = "period", "month", "batch"
BOUNDARIES: Final = (COMPANY, SITE)
AVERAGINGS: Final = (PERIOD, MONTH, BATCH)


@dataclass(frozen=True, slots=True)
class Terms:
    """The parameters of an evaluation.

    Args:
        boundary: a company as a whole, or each of its sites: then the worst of them decides.
        averaging: over the whole period, or for each month or batch: then the worst of them decides.
        tolerance: of a batch's balance, in percent of what went in: who is beyond it is named in the evidence.
        provisional: let clauses decide that are provisional, and otherwise only shown.
    """

    boundary: str = COMPANY
    averaging: str = PERIOD
    tolerance: Decimal = Decimal(2)
    provisional: bool = False

    def as_json(self) -> dict[str, Any]:
        """Give the parameters as they are printed with a result."""
        told: dict[str, Any] = {
            "boundary": self.boundary,
            "averaging": self.averaging,
            "tolerancePercent": format(self.tolerance.normalize(), "f"),
        }
        return told | ({"provisional": True} if self.provisional else {})


def terms(boundary: str | None = None, averaging: str | None = None, *, provisional: bool = False) -> Terms:
    """Check what was asked for; what is left out is the company, the period, and the audit's own tolerance.

    Raises:
        Refusal: `wrong_value`.
    """
    for name, value, allowed in (("boundary", boundary, BOUNDARIES), ("averaging", averaging, AVERAGINGS)):
        if value is not None and value not in allowed:
            raise refuse("wrong_value", (name,), value=value, expected=", ".join(allowed))
    tolerance = Decimal(str(settings.AUDIT_PARAMETERS["tolerance_percent"]))
    return Terms(boundary or COMPANY, averaging or PERIOD, tolerance, provisional)
