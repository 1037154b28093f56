"""A4 pages for auditors: text that wraps, tables that go on over pages with their heads, page x of y, a QR symbol."""

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from io import BytesIO
from typing import Any, BinaryIO, Final

from django.utils.html import escape
from reportlab.graphics.shapes import Drawing, Rect
from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import BaseDocTemplate, Frame, LongTable, PageTemplate, Paragraph, Table, TableStyle

from batteries.label_pictures import QUIET, address_matrix, covered
from batteries.lettering import FONT_NAME, register, with_missing

INK, FAINT, LINE, HEAD = (HexColor(f"#{value}") for value in ("111827", "6B7280", "9CA3AF", "E8EDF5"))
MARGIN: Final = 18 * mm
WIDTH: Final = A4[0] - 2 * MARGIN
#: Millimetres of a symbol with its quiet zone.
SYMBOL: Final = 32 * mm
_SIDES: Final = ("leftPadding", "rightPadding", "topPadding", "bottomPadding")


def _style(name: str, size: float, **more: Any) -> ParagraphStyle:
    more = {"textColor": INK, "leading": size * 1.45} | more
    return ParagraphStyle(name, fontName=FONT_NAME, fontSize=size, **more)


TITLE: Final = _style("title", 18, spaceAfter=2 * mm)
SECTION: Final = _style("section", 12, spaceBefore=7 * mm, spaceAfter=2.5 * mm, keepWithNext=1)
TEXT: Final = _style("text", 9)
SMALL: Final = _style("small", 7.5, textColor=FAINT)
CELL: Final = _style("cell", 8)
NUMBER: Final = _style("number", 8, alignment=TA_RIGHT)
NAME: Final = _style("name", 8, textColor=FAINT)


def text(words: Any, style: ParagraphStyle = TEXT) -> Paragraph:
    """A paragraph of plain text; what the font lacks is marked."""
    plain = with_missing(str(words))
    # Chinese may break anywhere, which would cut English words in two.
    chinese = any(ord(letter) > 0x2E7F for letter in plain)
    return Paragraph(escape(plain), _chinese(style) if chinese else style)


@cache
def _chinese(style: ParagraphStyle) -> ParagraphStyle:
    return ParagraphStyle(f"{style.name}-cjk", parent=style, wordWrap="CJK")


def facts(rows: Iterable[tuple[str, Any]], width: float) -> Table:
    """Names on the left, what is so on the right."""
    cells = [[text(name, NAME), _cell(value)] for name, value in rows]
    table = Table(cells, colWidths=[36 * mm, width - 36 * mm])
    table.setStyle(TableStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), *_padding(1, 0)]))
    return table


def grid(heads: Sequence[str], widths: Sequence[float], rows: Iterable[Sequence[Any]]) -> LongTable:
    """A table with a head on every page; whole numbers and decimals stand on the right. Widths in millimetres."""
    body = [[_cell(value) for value in row] for row in rows]
    right = {at for row in body for at, cell in enumerate(row) if getattr(cell, "style", None) is NUMBER}
    head = [text(name, NUMBER if at in right else CELL) for at, name in enumerate(heads)]
    table = LongTable([head, *body], colWidths=[width * mm for width in widths], repeatRows=1)
    table.setStyle(
        TableStyle(
            [
                ("BACKGROUND", (0, 0), (-1, 0), HEAD),
                ("LINEBELOW", (0, 0), (-1, 0), 0.6, INK),
                ("LINEBELOW", (0, 1), (-1, -1), 0.25, LINE),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                *_padding(1.6),
            ]
        )
    )
    return table


def _cell(value: Any) -> Any:
    if value is None:
        return text("-", NUMBER)
    if isinstance(value, str):
        return text(value, CELL)
    if isinstance(value, tuple):
        first, *others = value
        return [text(first, CELL), *(text(other, SMALL) for other in others)]
    if isinstance(value, list):
        return [text(line, SMALL) for line in value] or ""
    return text(f"{value:,}", NUMBER)


def _padding(points: float, side: float = 3) -> list[Any]:
    around = {"TOPPADDING": points, "BOTTOMPADDING": points + 0.6, "LEFTPADDING": side, "RIGHTPADDING": side}
    return [(name, (0, 0), (-1, -1), value) for name, value in around.items()]


def symbol(address: str) -> Drawing:
    """The QR symbol of an address, as vector rectangles."""
    rows = address_matrix(address)
    module = SYMBOL / (len(rows) + 2 * QUIET)
    drawing = Drawing(SYMBOL, SYMBOL)
    for x, y, width, height in covered(rows):
        left, bottom = (QUIET + x) * module, SYMBOL - (QUIET + y + height) * module
        drawing.add(Rect(left, bottom, width * module, height * module, fillColor=INK, strokeWidth=0, strokeColor=None))
    return drawing


def beside(left: Sequence[Any], right: Any) -> Table:
    """Put something wide on the left of a symbol."""
    table = Table([[list(left), right]], colWidths=[WIDTH - SYMBOL, SYMBOL])
    table.setStyle(
        TableStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), ("ALIGN", (1, 0), (1, 0), "RIGHT"), *_padding(0, 0)])
    )
    return table


def signatures(names: Sequence[str], date: str) -> Table:
    """Lines to sign on, each with a date."""
    rows = [[text(name, CELL), "", text(date, CELL), ""] for name in names]
    table = Table(rows, colWidths=[44 * mm, 66 * mm, 18 * mm, WIDTH - 128 * mm], rowHeights=14 * mm)
    lines = [("LINEBELOW", (at, 0), (at, -1), 0.5, INK) for at in (1, 3)]
    table.setStyle(TableStyle([("VALIGN", (0, 0), (-1, -1), "BOTTOM"), *lines, *_padding(2, 0)]))
    return table


def write(story: Callable[[], list[Any]], file: BinaryIO, *, title: str, footer: str, page_of: str) -> None:
    """Lay the story out, twice: how many pages there are is known at the end. The same story gives the same bytes.

    Args:
        page_of: how a page says its number, with `{page}` and `{pages}`.
    """
    register()
    pages = _lay_out(story(), BytesIO(), title, lambda _: "", footer)
    _lay_out(story(), file, title, lambda page: page_of.format(page=page, pages=pages), footer)


def _lay_out(story: list[Any], file: BinaryIO, title: str, number: Callable[[int], str], footer: str) -> int:
    document = BaseDocTemplate(file, pagesize=A4, title=title, author="", invariant=1)
    frame = Frame(MARGIN, 20 * mm, WIDTH, A4[1] - 36 * mm, **dict.fromkeys(_SIDES, 0))

    def draw(canvas: Any, _document: Any) -> None:
        canvas.setStrokeColor(LINE)
        canvas.setLineWidth(0.4)
        canvas.line(MARGIN, 16 * mm, A4[0] - MARGIN, 16 * mm)
        canvas.setFont(FONT_NAME, 7.5)
        canvas.setFillColor(FAINT)
        canvas.drawString(MARGIN, 11.5 * mm, with_missing(footer))
        canvas.drawRightString(A4[0] - MARGIN, 11.5 * mm, number(canvas.getPageNumber()))

    document.addPageTemplates([PageTemplate(frames=[frame], onPage=draw)])
    document.build(story)
    return int(document.page)
