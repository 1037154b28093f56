"""A receipt as PDF: a strip of 58 or 80 mm for the printer at the dock, or A4 with lines to sign on."""

from collections.abc import Iterator
from datetime import datetime
from io import BytesIO
from typing import Any, Final

from django.utils import timezone
from django.utils.translation import get_language, gettext
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from batteries.label_pictures import QUIET, address_matrix, covered
from batteries.label_sheets import wrapped
from batteries.lettering import FONT_NAME, register
from web.audit_report import paper
from web.audit_report.report import address_of
from web.intake.receipts import Line, Receipt
from web.intake.words import WORDS

#: size → millimetres of paper, and of margin on both sides (heads of printers are narrower than their paper).
STRIPS: Final = {"58": (58, 5), "80": (80, 4)}
SIZES: Final = (*STRIPS, "a4")


def pdf(receipt: Receipt, size: str) -> bytes:
    """Draw a receipt."""
    register()
    file = BytesIO()
    if size in STRIPS:
        _strip(receipt, *STRIPS[size], file)
    else:
        title = gettext("Receipt of batteries")
        footer = f"{title} · {receipt.digest}"
        paper.write(
            lambda: _story(receipt), file, title=title, footer=footer, page_of=gettext("page {page} of {pages}")
        )
    return file.getvalue()


def _name(receipt: Receipt) -> str:
    english = (get_language() or "").startswith("en") and receipt.organisation.name_en
    return receipt.organisation.name_en if english else receipt.organisation.name


def _moment(moment: datetime) -> str:
    return timezone.localtime(moment).strftime("%Y-%m-%d %H:%M")


def _facts(receipt: Receipt) -> list[tuple[str, str]]:
    moments = sorted(line.occurred_at for line in receipt.lines)
    told = [
        (gettext("Received by"), f"{_name(receipt)} {receipt.organisation.code}"),
        (gettext("Operator"), ", ".join(receipt.people)),
        (gettext("Scanned"), " – ".join(dict.fromkeys((_moment(moments[0]), _moment(moments[-1]))))),
        (gettext("Waybill"), ", ".join(receipt.waybills)),
        (gettext("Batteries"), str(len(receipt.lines))),
        (gettext("Mass, kg"), f"{receipt.mass_kg.normalize():f}" if receipt.mass_kg else ""),
    ]
    return [(name, value) for name, value in told if value]


def _of_line(line: Line) -> str:
    condition = str(WORDS[f"condition.{line.condition.upper()}"]) if line.condition else ""
    mass = f"{line.mass_kg.normalize():f} kg" if line.mass_kg is not None else ""
    return " · ".join(filter(None, (timezone.localtime(line.occurred_at).strftime("%H:%M:%S"), mass, condition)))


# A4 ------------------------------------------------------------------------------------------------------------------


def _story(receipt: Receipt) -> list[Any]:
    title = paper.text(gettext("Receipt of batteries"), paper.TITLE)
    head = [title, paper.facts(_facts(receipt), paper.WIDTH - paper.SYMBOL)]
    names = (gettext("Code"), gettext("Scanned, mass, condition"), gettext("Recorded"))
    rows = [(line.code, _of_line(line), _moment(line.recorded_at)) for line in receipt.lines]
    signers = (gettext("Handed over by"), gettext("Received by"))
    return [
        paper.beside(head, paper.symbol(_address(receipt))),
        paper.text(gettext("The symbol leads to what the record says of this receipt."), paper.SMALL),
        paper.grid(names, (66, 68, 40), rows),
        paper.signatures(signers, gettext("Date")),
    ]


def _address(receipt: Receipt) -> str:
    return address_of("intake-receipt", receipt.token)


# Strips --------------------------------------------------------------------------------------------------------------


def _texts(receipt: Receipt) -> Iterator[tuple[float, str]]:
    """Size and text of each paragraph above the symbol."""
    yield 12, gettext("Receipt of batteries")
    for name, value in _facts(receipt):
        yield 8, f"{name}: {value}"
    for line in receipt.lines:
        yield 8, line.code
        yield 7, _of_line(line)
    yield 7, gettext("The symbol leads to what the record says of this receipt.")


def _strip(receipt: Receipt, wide: int, margin: int, file: BytesIO) -> None:
    width = (wide - 2 * margin) * mm
    lines = [(size, line) for size, text in _texts(receipt) for line in wrapped(text, size, width, 99)]
    high = sum(size * 1.3 for size, _line in lines) + width + 12 * mm
    canvas = Canvas(file, pagesize=(wide * mm, high), invariant=1)
    canvas.setTitle(gettext("Receipt of batteries"))
    y = high - 5 * mm
    for size, line in lines:
        y -= size * 1.3
        canvas.setFont(FONT_NAME, size)
        canvas.drawString(margin * mm, y, line)
    _draw_symbol(canvas, _address(receipt), margin * mm, y - 2 * mm, width)
    canvas.showPage()
    canvas.save()


def _draw_symbol(canvas: Canvas, address: str, left: float, top: float, side: float) -> None:
    rows = address_matrix(address)
    module = side / (len(rows) + 2 * QUIET)
    for x, y, width, height in covered(rows):
        bottom = top - (QUIET + y + height) * module
        canvas.rect(left + (QUIET + x) * module, bottom, width * module, height * module, stroke=0, fill=1)
