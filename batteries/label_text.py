"""The text of a label as people, keyboards and scanners deliver it."""

import re
import unicodedata

#: Longer input is no label. It is refused before NFKC, whose cost grows with the square of a run of combining marks.
MAX_TEXT = 4096

#: Blanks, and what pasting from a page brings along unseen: zero-width characters, direction marks, a byte order mark.
BLANKS = re.compile(r"[\s\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]+")

# ASCII only: str.upper() makes "SS" of "ß" and "I" of "ı", which would read letters nobody printed.
_UPPER = {letter: letter - 32 for letter in range(ord("a"), ord("z") + 1)}


def normalise(text: str) -> str:
    """Fold `text` to how a code is printed: half-width (NFKC), without blanks, upper case."""
    if text.isascii() and text.isalnum():
        return text.upper()
    return BLANKS.sub("", unicodedata.normalize("NFKC", text)).translate(_UPPER)
