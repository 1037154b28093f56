"""A label's QR symbol (ISO/IEC 18004, level Q) as modules, as few rectangles, as SVG and as PNG."""

from collections.abc import Iterator
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Final, NamedTuple

from django.utils.html import escape
from PIL import Image, ImageDraw, ImageFont
from qrcode.constants import ERROR_CORRECT_Q
from qrcode.main import QRCode
from qrcode.util import MODE_8BIT_BYTE, MODE_ALPHA_NUM, QRData

#: Light modules that have to be left around the symbol.
QUIET: Final = 4
#: Millimetres of a symbol with its quiet zone that stands alone: modules of 0.41 mm at version 9.
SIDE: Final = 25
FONT: Final = Path(__file__).parent / "fonts" / "NotoSansSC-GB2312.ttf"
# Any mask can be read. Choosing the best of eight takes seven times as long, and what is masked is a signature, which
# is as good as noise already.
_MASK: Final = 0
#: Pixels a module, and modules that the line of text takes, under the quiet zone.
_SCALE, _LINE = 10, 6

Matrix = tuple[tuple[bool, ...], ...]


class Rectangle(NamedTuple):
    """Dark modules that can be filled at once, from the top left."""

    x: int
    y: int
    width: int
    height: int


@lru_cache(maxsize=4096)
def matrix(text: str) -> Matrix:
    """Give the modules of a label's text, dark ones True, without quiet zone; at most version 9 for our labels."""
    symbol = QRCode(error_correction=ERROR_CORRECT_Q, border=0, mask_pattern=_MASK)
    head, mark, tail = text.partition("?S=")
    for part, mode in ((head, MODE_ALPHA_NUM), (mark, MODE_8BIT_BYTE), (tail, MODE_ALPHA_NUM)):
        if part:
            symbol.add_data(QRData(part, mode=mode), optimize=0)
    symbol.make(fit=True)
    return tuple(tuple(map(bool, row)) for row in symbol.get_matrix())


@lru_cache(maxsize=4096)
def rectangles(text: str) -> tuple[Rectangle, ...]:
    """Cover the dark modules of a label's text."""
    return covered(matrix(text))


def address_matrix(text: str) -> Matrix:
    """Give the modules of any address, without quiet zone."""
    symbol = QRCode(error_correction=ERROR_CORRECT_Q, border=0)
    symbol.add_data(QRData(text.encode(), mode=MODE_8BIT_BYTE), optimize=0)
    symbol.make(fit=True)
    return tuple(tuple(map(bool, row)) for row in symbol.get_matrix())


def covered(rows: Matrix) -> tuple[Rectangle, ...]:
    """Cover dark modules with runs, each as high as the same run goes on below: no seams, small files."""
    found: list[Rectangle] = []
    open_: dict[tuple[int, int], int] = {}
    for y, row in enumerate((*rows, ())):
        runs = set(_runs(row))
        found += [Rectangle(x, open_[x, width], width, y - open_[x, width]) for x, width in open_.keys() - runs]
        open_ = {run: open_.get(run, y) for run in runs}
    return tuple(sorted(found))


def _runs(row: tuple[bool, ...]) -> Iterator[tuple[int, int]]:
    """The (start, length) of each run of dark modules."""
    start = None
    for x, dark in enumerate((*row, False)):
        if dark and start is None:
            start = x
        elif not dark and start is not None:
            yield start, x - start
            start = None


def svg(text: str, code: str) -> bytes:
    """Draw the symbol with its quiet zone and the code under it, 25 mm wide."""
    modules = len(matrix(text)) + 2 * QUIET
    high = modules + _LINE
    path = "".join(f"M{r.x + QUIET} {r.y + QUIET}h{r.width}v{r.height}h-{r.width}z" for r in rectangles(text))
    width = modules - 2 * QUIET
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{SIDE}mm" height="{SIDE * high / modules:.2f}mm" '
        f'viewBox="0 0 {modules} {high}" role="img" aria-label="{escape(code)}">'
        f'<rect width="{modules}" height="{high}" fill="#fff"/>'
        f'<path d="{path}" fill="#000" shape-rendering="crispEdges"/>'
        f'<text x="{modules / 2}" y="{modules + _LINE - 2}" font-family="monospace" font-size="4" text-anchor="middle" '
        f'textLength="{width}" lengthAdjust="spacingAndGlyphs">{escape(code)}</text></svg>'
    ).encode()


def png(text: str, code: str) -> bytes:
    """Draw the same as pixels, ten a module; its resolution is stated so that it prints 25 mm wide."""
    rows = matrix(text)
    modules = len(rows) + 2 * QUIET
    side = modules * _SCALE
    picture = Image.new("1", (side, side + _LINE * _SCALE), 1)
    pen = ImageDraw.Draw(picture)
    for x, y, width, height in rectangles(text):
        left, top = (x + QUIET) * _SCALE, (y + QUIET) * _SCALE
        pen.rectangle((left, top, left + width * _SCALE - 1, top + height * _SCALE - 1), fill=0)
    under = (side / 2, side + (_LINE - 2) * _SCALE)
    pen.text(under, code, font=_fitting(code, side - 2 * QUIET * _SCALE), fill=0, anchor="ms")
    file = BytesIO()
    resolution = side / (SIDE / 25.4)
    picture.save(file, "PNG", optimize=True, dpi=(resolution, resolution))
    return file.getvalue()


@lru_cache(maxsize=8)
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(FONT), size)


def _fitting(code: str, width: int) -> ImageFont.FreeTypeFont:
    """The font in which a code is as wide as its symbol, and no higher than its line."""
    size = int(100 * width / _font(100).getlength(code))
    return _font(min(size, (_LINE - 1) * _SCALE))
