"""Labels as PDF: pages of exactly one label (60×40 or 100×70 mm), or A4 sheets of 60×40 mm labels.

Symbols are vector rectangles, the font is embedded; the same labels give the same bytes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Final, Literal

from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfgen.canvas import Canvas
from reportlab.pdfgen.pathobject import PDFPathObject

from batteries.codes import Names
from batteries.label_pictures import QUIET, matrix, rectangles
from batteries.label_printing import Sticker
from batteries.lettering import FONT_NAME, glyphs, register, with_missing

Size = Literal["60x40", "100x70", "a4"]
#: How labels of a sheet are told apart: marks in the margin to cut along, or gaps of 5 mm between them.
Cut = Literal["marks", "gaps"]
SIZES: Final[tuple[Size, ...]] = ("60x40", "100x70", "a4")
CUTS: Final[tuple[Cut, ...]] = ("marks", "gaps")

_A4: Final = (210.0, 297.0)


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things stand on one label, in millimetres; sizes of letters in points."""

    width: float
    height: float
    margin: float
    symbol: float  # with its quiet zone
    code: float
    name: float
    small: float


@dataclass(frozen=True, slots=True)
class Sheet:
    """How labels lie on an A4 page."""

    columns: int
    rows: int
    gap: float


_SMALL: Final = Layout(60, 40, 2, 30, 10.5, 8, 5.6)
_LARGE: Final = Layout(100, 70, 4, 50, 17.5, 13, 9)
_SHEETS: Final[dict[Cut, Sheet]] = {"marks": Sheet(3, 7, 0), "gaps": Sheet(3, 6, 5)}


def pdf(stickers: Sequence[Sticker], *, size: Size = "60x40", cut: Cut = "marks") -> bytes:
    """Draw the labels in their order."""
    register()
    file = BytesIO()
    canvas = Canvas(file, invariant=1, pageCompression=1)
    canvas.setTitle("电池标签 Battery labels")
    if size == "a4":
        _draw_sheets(canvas, stickers, _SHEETS[cut], marks=cut == "marks")
    else:
        layout = _SMALL if size == "60x40" else _LARGE
        canvas.setPageSize((layout.width * mm, layout.height * mm))
        for sticker in stickers:
            _draw(canvas, sticker, layout)
            canvas.showPage()
    canvas.save()
    return file.getvalue()


# Sheets --------------------------------------------------------------------------------------------------------------


def _draw_sheets(canvas: Canvas, stickers: Sequence[Sticker], sheet: Sheet, *, marks: bool) -> None:
    canvas.setPageSize((_A4[0] * mm, _A4[1] * mm))
    places = list(_places(sheet))
    for start in range(0, len(stickers), len(places)):
        if marks:
            _draw_marks(canvas, sheet)
        for sticker, (x, y) in zip(stickers[start:], places, strict=False):
            canvas.saveState()
            canvas.translate(x * mm, y * mm)
            _draw(canvas, sticker, _SMALL)
            canvas.restoreState()
        canvas.showPage()


def _places(sheet: Sheet) -> Iterator[tuple[float, float]]:
    """The lower left corners of the labels, from the top left on; the grid stands in the middle of the page."""
    left, bottom, _, high = _grid(sheet)
    for row in range(sheet.rows):
        for column in range(sheet.columns):
            x = left + column * (_SMALL.width + sheet.gap)
            yield x, bottom + high - _SMALL.height - row * (_SMALL.height + sheet.gap)


def _grid(sheet: Sheet) -> tuple[float, float, float, float]:
    wide = sheet.columns * (_SMALL.width + sheet.gap) - sheet.gap
    high = sheet.rows * (_SMALL.height + sheet.gap) - sheet.gap
    return (_A4[0] - wide) / 2, (_A4[1] - high) / 2, wide, high


def _draw_marks(canvas: Canvas, sheet: Sheet) -> None:
    """Mark every cut in the margins, 1 to 4 mm off the labels."""
    left, bottom, wide, high = _grid(sheet)
    canvas.setLineWidth(0.25)
    for column in range(sheet.columns + 1):
        x = (left + column * _SMALL.width) * mm
        for y in (bottom - 4, bottom + high + 1):
            canvas.line(x, y * mm, x, (y + 3) * mm)
    for row in range(sheet.rows + 1):
        y = (bottom + row * _SMALL.height) * mm
        for x in (left - 4, left + wide + 1):
            canvas.line(x * mm, y, (x + 3) * mm, y)


# One label -----------------------------------------------------------------------------------------------------------


def _draw(canvas: Canvas, sticker: Sticker, layout: Layout) -> None:
    """Draw a label with its lower left corner at the origin: symbol, code under it, words on the right."""
    _draw_symbol(canvas, sticker.text, layout)
    width = (layout.width - 2 * layout.margin) * mm
    size = min(layout.code, width / (pdfmetrics.stringWidth(sticker.code, FONT_NAME, 1) or 1))
    canvas.setFont(FONT_NAME, size)
    under = layout.height - layout.margin - layout.symbol
    canvas.drawCentredString(layout.width / 2 * mm, (under / 2) * mm - size / 3, sticker.code)
    _draw_words(canvas, sticker, layout)


def _draw_symbol(canvas: Canvas, text: str, layout: Layout) -> None:
    """Fill the dark modules, in units of one module from the symbol's upper left corner."""
    module = layout.symbol * mm / (len(matrix(text)) + 2 * QUIET)
    canvas.saveState()
    canvas.translate(layout.margin * mm + QUIET * module, (layout.height - layout.margin) * mm - QUIET * module)
    canvas.scale(module, -module)
    # Written as PDF's own operators: formatting each number as a float took half the time of a sheet.
    path = PDFPathObject([f"{x} {y} {width} {height} re" for x, y, width, height in rectangles(text)])
    canvas.drawPath(path, stroke=0, fill=1)
    canvas.restoreState()


def _draw_words(canvas: Canvas, sticker: Sticker, layout: Layout) -> None:
    left = layout.margin + layout.symbol
    width = (layout.width - left - layout.margin) * mm
    # The quiet zone is white already: the first line stands level with the symbol's upper edge.
    y = (layout.height - layout.margin - layout.symbol * QUIET / 61) * mm
    # What would run into the code under the symbol is left out, the least important last.
    lowest = (layout.height - layout.margin - layout.symbol) * mm
    for size, text, lines in _words(sticker, layout):
        found = wrapped(text, size, width, lines)
        if y - len(found) * size * 1.2 < lowest:
            continue
        canvas.setFont(FONT_NAME, size)
        for line in found:
            y -= size * 1.2
            canvas.drawString(left * mm, y, line)
        y -= size * 0.35


def _words(sticker: Sticker, layout: Layout) -> Iterator[tuple[float, str, int]]:
    """What is written beside the symbol: size, text, lines at most."""
    name = _writable(sticker.maker)
    yield layout.name, name, 2
    if sticker.maker.english and sticker.maker.english != name:
        yield layout.small, with_missing(sticker.maker.english), 2
    if sticker.model:
        yield layout.small, f"型号 Model {with_missing(sticker.model)}", 2
    if sticker.battery_type:
        yield layout.small, sticker.battery_type.chinese, 1
        yield layout.small, sticker.battery_type.english, 1
    yield layout.small, f"标签 Label {sticker.serial}", 1


def _writable(names: Names) -> str:
    """The Chinese name, or the English one where the font lacks a character of it."""
    if glyphs().issuperset(map(ord, names.chinese)) or not names.english:
        return with_missing(names.chinese)
    return with_missing(names.english)


def wrapped(text: str, size: float, width: float, lines: int) -> list[str]:
    """Break a text into lines of at most `width` points: at blanks, anywhere between Chinese characters; cut with …"""
    register()
    found, line = [], ""
    for piece in _pieces(text):
        if line and pdfmetrics.stringWidth((line + piece).rstrip(), FONT_NAME, size) > width:
            found.append(line.rstrip())
            line = ""
        line += piece if line else piece.lstrip()
    found.append(line.rstrip())
    if len(found) > lines:
        found = [*found[: lines - 1], found[lines - 1] + " " + " ".join(found[lines:])]
    return [_cut(line, size, width) for line in found if line]


def _pieces(text: str) -> Iterator[str]:
    word = ""
    for letter in text:
        word += letter
        if letter == " " or ord(letter) > 0x2E7F:
            yield word
            word = ""
    yield word


def _cut(line: str, size: float, width: float) -> str:
    if pdfmetrics.stringWidth(line, FONT_NAME, size) <= width:
        return line
    while line and pdfmetrics.stringWidth(line + "…", FONT_NAME, size) > width:
        line = line[:-1]
    return line + "…"
