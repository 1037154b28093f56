"""How masses, shares and assays are written, and the open gaps of a record."""

from collections.abc import Mapping

from traceability.access import Viewer
from traceability.audit.reading import open_gaps
from traceability.audit.wording import enumerated, name_of
from traceability.models import Gap, LifecycleRecord
from traceability.values import kilograms, percent

#: Items of a list on one page.
SIZE = 100


def kg(mg: int | None) -> str:
    """A mass in kilograms; a dash where nobody knows it."""
    return "—" if mg is None else f"{kilograms(mg):,f}"


def share(ppb: int | None) -> str:
    """A share in percent, exactly; empty where nobody gave it."""
    return "" if ppb is None else f"{percent(ppb):f} %"


def element(name: str) -> str:
    """An element by its symbol; another part of an assay by its name."""
    return name.capitalize() if len(name) <= len("Li") else name


def assay(shares: Mapping[str, int] | None) -> str:
    """An assay, in order of element."""
    return enumerated(f"{element(name)} {share(ppb)}" for name, ppb in sorted((shares or {}).items()))


def gaps_of(viewer: Viewer, kind: LifecycleRecord.Kind, code: str) -> list[tuple[Gap, str]]:
    """The open gaps of a record that the viewer may see, with their names."""
    rows = open_gaps(viewer).filter(record__kind=kind, record__code=code).order_by("id")[:SIZE]
    return [(gap, name_of(gap.code)) for gap in rows]
