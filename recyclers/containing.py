"""What batteries were in, what left them, and what was made of them: by true codes, in sets, as the records say now."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Final, NamedTuple

from traceability import identity
from traceability.events import batches
from traceability.lives import DEPTH, BuiltIn, stays_of
from traceability.models import Component, LifecycleRecord, StepDetail

#: What has not left is in there for ever; a product is made of its originals for ever.
EVER: Final = 1 << 62


class Stay(NamedTuple):
    """What something was in, or what was in it, and from when to when (ms)."""

    thing: str
    since_ms: int
    until_ms: int

    def within(self, outer: "Stay") -> "Stay":
        """Give the time that both stays share, in the outer thing."""
        return Stay(outer.thing, max(self.since_ms, outer.since_ms), min(self.until_ms, outer.until_ms))


Stays = dict[str, list[Stay]]


class Names:
    """The true codes of batteries: only provisional identities turn out to be others."""

    def __init__(self) -> None:
        self._true: dict[str, str] = {}

    def true(self, code: str) -> str:
        """Give the true code of a battery that was learnt of; any other as it is."""
        return self._true.get(code, code)

    def learn(self, codes: Iterable[str]) -> set[str]:
        """Look up the batteries that these codes name; at most one query. Gives their true codes."""
        named = set(codes)
        for some in batches(sorted(code for code in named - self._true.keys() if identity.is_provisional(code))):
            rows = LifecycleRecord.objects.filter(kind=LifecycleRecord.Kind.BATTERY, code__in=some).exclude(chain=None)
            self._true |= {code: code for code in some}
            self._true |= dict(rows.values_list("code", "chain__code"))
        return {self.true(code) for code in named}


def around(codes: Collection[str], names: Names) -> Stays:
    """Climb from batteries to all that they were built into, and to the originals that products were made of."""
    found: dict[str, set[Stay]] = defaultdict(set)
    pending = {(code, Stay(code, -EVER, EVER)) for code in codes}
    for _level in range(DEPTH):
        above = _directly_around({stay.thing for _code, stay in pending}, names)
        reached = {(code, stay.within(next_)) for code, stay in pending for next_ in above.get(stay.thing, ())}
        pending = {(code, stay) for code, stay in reached if stay not in found[code]}
        if not pending:
            break
        for code, stay in pending:
            found[code].add(stay)
    return {code: sorted(stays) for code, stays in found.items()}


def _directly_around(codes: Collection[str], names: Names) -> Stays:
    stays = stays_of({code for code in codes if identity.level_of(code) != "pack"})
    sources = _originals({code for code in codes if identity.is_second_life(code)})
    names.learn({stay.parent for own in stays.values() for stay in own})
    names.learn({source for own in sources.values() for source in own})
    found: Stays = defaultdict(list)
    for code, own in stays.items():
        found[code] += [_stay(stay, names.true(stay.parent)) for stay in own]
    for code, originals in sources.items():
        found[code] += [Stay(names.true(original), -EVER, EVER) for original in originals]
    return found


def _stay(stay: BuiltIn, thing: str) -> Stay:
    return Stay(thing, stay.since[0], EVER if stay.until_ms is None else stay.until_ms)


def _originals(products: Collection[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for some in batches(sorted(products)):
        rows = StepDetail.objects.filter(record__kind="battery", record__code__in=some, name="source")
        for code, source in rows.values_list("record__code", "value"):
            found[code].append(source)
    return found


def left(codes: Collection[str], names: Names) -> Stays:
    """Give the parts that were taken out of batteries: modules and cells, also the cells of their modules."""
    found: Stays = defaultdict(list)
    deeper: list[tuple[str, Stay]] = []
    for some in batches(sorted(code for code in codes if identity.level_of(code) != "cell")):
        columns = ("code", "parent_code", "since_ms", "until_ms")
        gone = Component.objects.filter(until_ms__isnull=False).order_by()
        inner = Component.objects.filter(parent_code__in=some, level="module").order_by().values("code")
        rows = gone.filter(parent_code__in=some).values_list(*columns)
        rows = rows.union(gone.filter(parent_code__in=inner).values_list(*columns))
        for part, parent, since, until in rows:
            if parent in codes:
                found[parent].append(Stay(part, since, until))
            if identity.level_of(parent) == "module":
                deeper.append((part, Stay(parent, since, until)))
    between = stays_of({stay.thing for _cell, stay in deeper}) if deeper else {}
    for cell, inside in deeper:
        for stay in between.get(inside.thing, ()):
            found[stay.parent].append(inside.within(_stay(stay, cell)))
    names.learn({stay.thing for own in found.values() for stay in own})
    return {code: [Stay(names.true(stay.thing), *stay[1:]) for stay in own] for code, own in found.items()}


def products(codes: Collection[str]) -> dict[str, set[str]]:
    """Give what was made of batteries, and of that in turn."""
    found: dict[str, set[str]] = defaultdict(set)
    pending = {code: {code} for code in codes}
    while pending:
        made: dict[str, set[str]] = defaultdict(set)
        for some in batches(sorted(pending)):
            rows = StepDetail.objects.filter(name="source", value__in=some)
            for source, product in rows.values_list("value", "record__code"):
                made[product] |= {code for code in pending[source] if product not in found[code]}
        pending = {product: origins for product, origins in made.items() if origins}
        for product, origins in pending.items():
            for code in origins:
                found[code].add(product)
    return found
