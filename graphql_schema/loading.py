"""Loading for many rows at once: values by key, and the organisations of a request."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Generic, TypeVar

from django.db.models import F, Q

from traceability.models import Organisation

K = TypeVar("K")
V = TypeVar("V")


class Batch(Generic[K, V]):
    """Values by key, loaded for all announced keys when the first is asked for."""

    def __init__(self, load: Callable[[Collection[K]], Mapping[K, V]]) -> None:
        self._load = load
        self._wanted: set[K] = set()
        self._found: dict[K, V | None] = {}

    def want(self, keys: Iterable[K | None]) -> None:
        """Announce keys that may be asked for."""
        self._wanted.update(key for key in keys if key is not None and key not in self._found)

    def get(self, key: K | None) -> V | None:
        """Give the value, or None where there is none."""
        if key is None:
            return None
        if key not in self._found:
            # Taken first: what is loaded may announce more of the same, to be loaded next time.
            wanted, self._wanted = self._wanted | {key}, set()
            found = self._load(wanted)
            self._found.update({each: found.get(each) for each in wanted})
        return self._found[key]


class Parties:
    """Organisations by id and by manufacturer code, loaded together."""

    def __init__(self) -> None:
        self._ids: set[int] = set()
        self._prefixes: set[str] = set()
        self._by_id: dict[int, Organisation | None] = {}
        self._by_prefix: dict[str, Organisation | None] = {}

    def want(self, ids: Iterable[int | None] = (), prefixes: Iterable[str] = ()) -> None:
        """Announce what may be asked for."""
        self._ids.update(id_ for id_ in ids if id_ is not None and id_ not in self._by_id)
        self._prefixes.update(prefix for prefix in prefixes if prefix and prefix not in self._by_prefix)

    def meet(self, rows: Iterable[Organisation]) -> None:
        """Take up organisations that were loaded in another way."""
        self._by_id.update({row.id: row for row in rows})

    @property
    def met(self) -> list[int]:
        """Every organisation that was loaded so far."""
        return [id_ for id_, row in self._by_id.items() if row is not None]

    def by_id(self, id_: int | None) -> Organisation | None:
        """Give an organisation."""
        self.want([id_])
        return None if id_ is None else self._loaded(self._by_id, id_)

    def by_prefix(self, prefix: str) -> Organisation | None:
        """Give who filed a manufacturer code."""
        self.want((), [prefix])
        return self._loaded(self._by_prefix, prefix) if prefix else None

    def _loaded(self, found: dict[Any, Organisation | None], key: Any) -> Organisation | None:
        if key not in found:
            rows = Organisation.objects.filter(Q(id__in=self._ids) | Q(prefixes__prefix__in=self._prefixes))
            self._by_id.update(dict.fromkeys(self._ids))
            self._by_prefix.update(dict.fromkeys(self._prefixes))
            for row in rows.annotate(prefix=F("prefixes__prefix")):
                self._by_id[row.id] = row
                if row.prefix:
                    self._by_prefix[row.prefix] = row
            self._ids, self._prefixes = set(), set()
        return found[key]
