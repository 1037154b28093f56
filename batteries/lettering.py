"""Chinese letters in PDF: the embedded font, and what stands for the characters that it lacks."""

from functools import cache
from typing import Final

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

from batteries.label_pictures import FONT

FONT_NAME: Final = "NotoSansSC"
#: What stands for a character that the font lacks, as GB 2312 has it.
_MISSING: Final = "〓"


@cache
def register() -> None:
    """Make the font known to reportlab."""
    pdfmetrics.registerFont(TTFont(FONT_NAME, str(FONT)))


@cache
def glyphs() -> frozenset[int]:
    """The characters that the font has."""
    register()
    return frozenset(pdfmetrics.getFont(FONT_NAME).face.charToGlyph)


def with_missing(text: str) -> str:
    """The text with a mark for each character that the font lacks."""
    return "".join(letter if ord(letter) in glyphs() else _MISSING for letter in text)
