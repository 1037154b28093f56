"""What is exported as a table: named columns, each of one kind, and rows that come one by one."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal

from django.utils.translation import gettext_lazy as _

from traceability.audit.reading import Figures
from traceability.audit.telling import Told, line_of

#: `number` is a figure as it was given, `mass` kilograms to the milligram; `json` is any value that stands as JSON
#: where a cell takes text only.
Kind = Literal["text", "whole", "percent", "number", "mass", "truth", "day", "json"]
#: A cell's value by kind: str, int, Decimal, bool, date, or what JSON has; None is empty.
Row = Sequence[Any]


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name for programs, its title for people, what stands in it, and how wide it is on a sheet."""

    name: str
    title: Any
    kind: Kind = "text"
    width: int = 14


@dataclass(frozen=True, slots=True)
class Table:
    """A table that is read once. `line` writes a row's line where it is not simply its columns by name."""

    title: Any
    columns: Sequence[Column]
    rows: Iterable[Row]
    lines: Callable[[], Iterator[bytes]] | None = None


_GAPS: Final = (
    Column("battery", _("battery"), width=28),
    Column("gap", _("gap"), width=22),
    Column("severity", _("severity"), width=9),
    Column("event", _("event"), width=32),
    Column("organisation", _("organisation"), width=22),
    Column("since", _("since"), "day", 12),
    Column("clause", _("clause"), width=28),
    Column("evidence", _("evidence"), "json", 60),
)
#: What a gap may be about; a line names one of them.
_ABOUT: Final = ("battery", "batch", "lot")

_FIGURES: Final = (
    Column("key", _("group"), width=24),
    Column("label", _("name"), width=28),
    Column("batteries", _("batteries"), "whole"),
    Column("complete", _("complete"), "whole"),
    Column("open", _("open"), "whole"),
    Column("flawed", _("flawed"), "whole"),
    Column("broken", _("broken"), "whole"),
    Column("completeness", _("completeness, %"), "percent"),
    Column("facts", _("facts with a deadline"), "whole"),
    Column("on_time", _("reported in time"), "whole"),
    Column("on_time_share", _("reported in time, %"), "percent"),
)


def gaps_table(found: Iterable[Told]) -> Table:
    """Gaps as a table; a batch or a lot stands in the column of the battery."""
    return Table(_("Gaps"), _GAPS, map(_gap_row, found), lambda: map(line_of, found))


def _gap_row(gap: Told) -> Row:
    told = gap.as_json()
    about = next((told[name] for name in _ABOUT if told.get(name) is not None), None)
    since = date.fromisoformat(told["since"])
    return (about, *(told[column.name] for column in _GAPS[1:5]), since, told["clause"], told["evidence"])


def figures_table(rows: Iterable[Figures]) -> Table:
    """Figures as a table. There are as many as there are groups: they are held together, to know their gap codes."""
    groups = list(rows)
    codes = sorted({code for group in groups for code in group.gaps})
    columns = (*_FIGURES, *(Column(code, code, "whole", len(code) + 2) for code in codes))
    return Table(_("Figures"), columns, (_figures_row(group, codes) for group in groups))


def _figures_row(group: Figures, codes: Sequence[str]) -> Row:
    return *(getattr(group, column.name) for column in _FIGURES), *(group.gaps.get(code, 0) for code in codes)
