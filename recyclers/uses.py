"""Which batches took in a battery: by itself under any of its names, with what it was built into then, or as one of the
originals that a product was made of.

Loaded in sets. Packs are built into nothing: for them it is one query, whatever their number.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from django.db.models.functions import Coalesce

from recyclers.containing import Names, around, left, products
from recyclers.models import BatchInput
from traceability.events import batches
from traceability.models import LifecycleRecord
from traceability.used_up import Use

_COLUMNS = ("battery", "batch_id", "batch__organisation_id", "batch__number", "begun_ms", "batch__closed_ms")


class Uses:
    """The uses of some batteries (`traceability.used_up.Uses`)."""

    def __init__(self, codes: Collection[str], fed: Collection[str] = ()) -> None:
        self._names = Names()
        self._own: dict[str, list[Use]] = defaultdict(list)
        known = self._names.learn({*codes, *fed})
        self._left = left(self._names.learn(fed), self._names)
        parts = {stay.thing for stays in self._left.values() for stay in stays}
        self._products = products(parts)
        known |= parts | {product for made in self._products.values() for product in made}
        self._around = around(known, self._names)
        wholes = {stay.thing for stays in self._around.values() for stay in stays}
        if fed:
            _lock(wholes)
        self._load(known | wholes)

    def of(self, code: str) -> Iterator[Use]:
        """Give the uses of a battery, with what it was part of, or is made of."""
        true = self._names.true(code)
        yield from self._own.get(true, ())
        for stay in self._around.get(true, ()):
            yield from (use for use in self._own.get(stay.thing, ()) if use.closed_ms < stay.until_ms)

    def inside(self, code: str, moment_ms: int) -> Iterator[Use]:
        """Give the uses of what was in a battery at a moment and was taken out of it later, and of products of that."""
        for stay in self._left.get(self._names.true(code), ()):
            if stay.since_ms <= moment_ms < stay.until_ms:
                for thing in (stay.thing, *sorted(self._products.get(stay.thing, ()))):
                    yield from self.of(thing)

    def add(self, code: str, use: Use) -> None:
        """Count in what is claimed of a batch."""
        self._own[self._names.true(code)].append(use)

    def forget(self, event: int) -> None:
        """Take back what was counted in for a batch that is refused."""
        for uses in self._own.values():
            uses[:] = [use for use in uses if use.event != event]

    def _load(self, codes: Collection[str]) -> None:
        rows = [row for some in batches(sorted(codes)) for row in _listed(some)]
        self._names.learn(battery for battery, *_use in rows)
        for battery, *use in rows:
            self._own[self._names.true(battery)].append(Use(*use))


def _listed(codes: Collection[str]) -> Iterable[tuple[Any, ...]]:
    """The inputs that are these batteries, under their own codes or those of identities that joined them."""
    begun = Coalesce("batch__started_ms", "batch__closed_ms")
    inputs = BatchInput.objects.exclude(battery="").annotate(begun_ms=begun).order_by()
    true = LifecycleRecord.objects.filter(kind=LifecycleRecord.Kind.BATTERY, code__in=codes).order_by()
    joined = LifecycleRecord.objects.filter(chain__in=true.values("id")).order_by()
    own = inputs.filter(battery__in=codes).values_list(*_COLUMNS)
    return own.union(inputs.filter(battery__in=joined.values("code")).values_list(*_COLUMNS))


def _lock(codes: Collection[str]) -> None:
    """Let nobody put in what these parts were built into, until it is known whether the parts are."""
    rows = LifecycleRecord.objects.select_for_update().filter(kind=LifecycleRecord.Kind.BATTERY)
    for some in batches(sorted(codes)):
        list(rows.filter(code__in=some).order_by("kind", "code").values_list("id"))
