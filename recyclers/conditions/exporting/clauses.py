"""Every clause of every part, a row each: what was measured, what was asked for, and the verdict."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from django.utils.translation import gettext_lazy as _

from recyclers.conditions.evaluation import Report
from recyclers.conditions.judging import Judged
from recyclers.conditions.parts import Part
from recyclers.conditions.telling import plain
from recyclers.conditions.wording import VERDICTS, text_of, title_of
from traceability.audit.exporting.tables import Column, Row, Table

#: Whose clause it is: the first columns of every table about clauses.
PLACE: Final = (
    Column("edition", _("edition"), width=12),
    Column("from", _("part from"), "day", 12),
    Column("until", _("part until"), "day", 12),
    Column("clause", _("clause"), width=26),
    Column("title", _("title"), width=30),
)
_COLUMNS: Final = (
    *PLACE,
    Column("text", _("what it wants"), width=60),
    Column("measured", _("measured"), "number", 12),
    Column("unit", _("unit"), width=9),
    Column("operator", _("operator"), width=11),
    Column("threshold", _("threshold"), "number", 11),
    Column("verdict", _("verdict"), width=15),
    Column("certainty", _("certainty"), width=12),
    Column("enforced", _("enforced"), "truth", 10),
    Column("in_words", _("verdict in words"), width=16),
)


def clauses_table(report: Report) -> Table:
    """Give the clauses as a table, those that the text does not have included."""
    return Table(_("Clauses"), _COLUMNS, _rows(report))


def place_of(part: Part, judged: Judged) -> Row:
    """Give the cells of `PLACE`."""
    return part.text, part.first, part.last, judged.key, title_of(judged)


def number(value: Decimal | None) -> Decimal | None:
    """Give a decimal as it is printed, without an exponent."""
    return None if value is None else Decimal(plain(value) or 0)


def _rows(report: Report) -> Iterator[Row]:
    for part in report.parts:
        for judged in part.clauses:
            clause = judged.clause
            yield (
                *place_of(part.part, judged),
                text_of(judged),
                number(judged.measured),
                clause.unit or None if clause else None,
                clause.operator if clause else None,
                number(clause.threshold) if clause else None,
                judged.verdict,
                clause.certainty if clause else None,
                judged.decides,
                str(VERDICTS[judged.verdict]),
            )
