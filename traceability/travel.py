"""Where a battery was seen, and whether anybody can have brought it there in the time between."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from math import asin, cos, radians, sin, sqrt
from typing import Final

from django.conf import settings
from django.db.models import F

from traceability.events import batches
from traceability.facts import Fact, located
from traceability.models import Step, StepDetail

#: IUGG mean radius of the Earth.
EARTH_KM: Final = 6371.0088
_HOUR_MS: Final = 3_600_000
Point = tuple[float, float]


def too_fast(taken: Sequence[tuple[Step, Fact]]) -> set[int]:
    """Give the events whose place nobody can have reached from where the battery was seen just before."""
    seen = {step.record_id for step, fact in taken if located(fact) is not None}
    if not seen:
        return set()
    places: dict[int, list[tuple[int, int, int, str]]] = defaultdict(list)
    for some in batches(seen):
        rows = StepDetail.objects.filter(record__in=some, name="site").annotate(
            ms=F("event__step__occurred_ms"), arrival=F("event__step__arrival")
        )
        for record, ms, arrival, event, value in rows.values_list("record", "ms", "arrival", "event", "value"):
            places[record].append((ms, arrival, event, value))
    found = set()
    for chain in places.values():
        chain.sort()
        for before, here in pairwise(chain):
            if is_too_fast(_point(before[-1]), _point(here[-1]), here[0] - before[0]):
                found.add(here[2])
    return found


def _point(text: str) -> Point:
    lat, lon = text.split(",")
    return float(lat), float(lon)


def is_too_fast(one: Point, other: Point, ms: int) -> bool:
    """Tell whether nobody travels from the one place to the other in this time, by `settings.TRAVEL`."""
    reach = settings.TRAVEL["free_km"] + settings.TRAVEL["kmh"] * abs(ms) / _HOUR_MS
    return bool(distance_km(one, other) > reach)


def distance_km(one: Point, other: Point) -> float:
    """Give the great-circle distance of two places (latitude, longitude in degrees), right to 0.6 % anywhere."""
    (lat1, lon1), (lat2, lon2) = (tuple(map(radians, place)) for place in (one, other))
    half = sin((lat2 - lat1) / 2) ** 2 + cos(lat1) * cos(lat2) * sin((lon2 - lon1) / 2) ** 2
    return 2 * EARTH_KM * asin(min(1.0, sqrt(half)))
