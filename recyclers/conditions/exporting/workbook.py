"""A report as a workbook: its head, its clauses, their evidence, and the batches of the period."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, BinaryIO, Final

import xlsxwriter
from django.utils.translation import gettext as _

from recyclers.conditions.evaluation import Report
from recyclers.conditions.exporting.batches import batches_table
from recyclers.conditions.exporting.clauses import clauses_table
from recyclers.conditions.exporting.evidence import evidence_table
from recyclers.conditions.exporting.head import head_of
from traceability.audit.exporting import workbook

_OPTIONS: Final = {"constant_memory": True, "strings_to_formulas": False}


def write(report: Report, file: BinaryIO) -> None:
    """Write the workbook in the active language; the same report gives the same bytes."""
    with xlsxwriter.Workbook(file, _OPTIONS) as book:
        # The moment of writing would be the only thing in it that changes.
        book.set_properties({"created": datetime.combine(report.as_of, datetime.min.time())})
        _write_head(book, report)
        for table in (clauses_table(report), evidence_table(report)):
            workbook.add(book, table)
        if report.company.batches:
            workbook.add(book, batches_table(report))


def _write_head(book: Any, report: Report) -> None:
    sheet = book.add_worksheet(_("Report"))
    name, left = book.add_format({"bold": True, "valign": "top"}), {"align": "left", "valign": "top"}
    text = book.add_format({"num_format": "@", "text_wrap": True, **left})
    day, number = (book.add_format({"num_format": form, **left}) for form in ("yyyy-mm-dd", "General"))
    sheet.set_column(0, 0, 30)
    sheet.set_column(1, 1, 72)
    for row, (label, value) in enumerate(head_of(report)):
        sheet.write_string(row, 0, label, name)
        if isinstance(value, date):
            sheet.write_datetime(row, 1, value, day)
        elif isinstance(value, Decimal):
            sheet.write_number(row, 1, value, number)
        else:
            sheet.write_string(row, 1, value, text)
