"""Masses that cannot be: a slip of a unit or of a point. They are recorded, for a scale said so, and warned of.

What a battery weighs its maker said when it registered the battery, or filed for its model; where nobody did, only what
no battery of the level weighs is known (`settings.IMPLAUSIBLE_MASS`).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Final, cast

from django.conf import settings
from django.utils.module_loading import import_string

from traceability import identity
from traceability.errors import Problem
from traceability.facts import Fact
from traceability.models import Step
from traceability.stages import ORIGINS
from traceability.values import canonical, milligrams

#: What says how heavy the battery itself is.
_WEIGHED: Final = ORIGINS | {"dispatched", "received", "processed"}


def implausible(taken: Sequence[tuple[Step, Fact]]) -> dict[int, Problem]:
    """Find the events that say a mass which their battery cannot have: event → warning. Two queries for all of them."""
    stated = {
        step.event_id: (step, fact, mg)
        for step, fact in taken
        if fact.type in _WEIGHED and (mg := milligrams(fact.details.get("massKg"))) is not None
    }
    # What its maker says of it is not measured against itself.
    known = registered({step.record_id for step, fact, _mg in stated.values() if fact.type not in ORIGINS})
    found = {}
    for event, (step, fact, mg) in stated.items():
        own = None if fact.type in ORIGINS else known.get(step.record_id)
        if (least_most := beyond(mg, fact.code, own)) is not None:
            found[event] = problem([told(mg, least_most)])
    return found


def registered(record_ids: Collection[int]) -> Mapping[int, int]:
    """Give what batteries weigh by their makers' word, mg, by the ids of their chains' records."""
    if not record_ids:
        return {}
    return cast("Mapping[int, int]", import_string(settings.BATTERY_MASSES)(record_ids))


def beyond(mg: int, code: str, known_mg: int | None) -> tuple[int, int] | None:
    """Give the least and the most that a battery may weigh, mg, where this mass is neither; None where it may be.

    Args:
        known_mg: what its maker says; None where that is not known.
    """
    limits = settings.IMPLAUSIBLE_MASS
    # A provisional identity may be anything.
    most = int(Decimal(limits.get(f"{identity.level_of(code)}_kg", limits["pack_kg"])).scaleb(6))
    least = 1
    if known_mg:
        most = min(most, int(Decimal(limits["times"]) * known_mg))
        least = max(least, int(known_mg / Decimal(limits["times_less"])))
    return None if least <= mg <= most else (least, most)


def told(mg: int, least_most: tuple[int, int]) -> str:
    """Write a mass with what it may be."""
    given, least, most = (canonical(Decimal(each).scaleb(-6)) for each in (mg, *least_most))
    return f"{given} kg ({least}–{most} kg)"


def problem(masses: Iterable[str]) -> Problem:
    """Warn of masses that cannot be."""
    return Problem("implausible_mass", (), {"value": ", ".join(masses)})
