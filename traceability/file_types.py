"""What a file is, told by its content and never by its name. Pure functions.

Taken are JPEG, PNG, WebP and PDF. A file that could also be opened as something else is refused as `polyglot`: a
picture with markup or an archive hidden in it, a PDF that is a ZIP as well. Whatever else it is, is `media_type`.
"""

import re
from typing import Final

from traceability.errors import refuse

JPEG, PNG, WEBP, PDF = "image/jpeg", "image/png", "image/webp", "application/pdf"
#: Media type → how its files' names end.
ENDINGS: Final = {JPEG: ".jpg", PNG: ".png", WEBP: ".webp", PDF: ".pdf"}

_JPEG_END: Final = b"\xff\xd9"
_PNG_START: Final = b"\x89PNG\r\n\x1a\n"
#: What browsers take for a page or a script, wherever they still guess.
_MARKUP: Final = re.compile(rb"<(?:!doctype|html|head|body|script|iframe|svg|style|\?php)[\s>/]", re.IGNORECASE)
#: Archives are read from their end: a comment of at most 64 KB follows the record.
_ARCHIVE_END, _ARCHIVE_REACH = b"PK\x05\x06", 65_557
#: PDF readers look for the header in the first kilobyte, and for the end in the last.
_PDF_REACH: Final = 1_024


def media_type(content: bytes) -> str:
    """Tell the media type of a file.

    Raises:
        Refusal: `media_type` for what is not taken (or ends early), `polyglot` for what is two things at once.
    """
    found = _media_type(content)
    if found is None:
        raise refuse("media_type", ("file",), value=_shown(content))
    told = [content[:_PDF_REACH]] if found == PDF else _not_pixels(content, found)
    archive = _ARCHIVE_END in content[-_ARCHIVE_REACH:]
    other = found != PDF and b"%PDF-" in content[:_PDF_REACH]
    if archive or other or any(_MARKUP.search(text) for text in told):
        raise refuse("polyglot", ("file",), value=found)
    return found


def _shown(content: bytes) -> str:
    """The first bytes, as a person may recognise them."""
    return content[:16].decode("ascii", "backslashreplace")


def _media_type(content: bytes) -> str | None:
    if content.startswith(b"\xff\xd8\xff"):
        scan = _jpeg_scan(content)
        return JPEG if scan is not None and content.find(_JPEG_END, scan) >= 0 else None
    if content.startswith(_PNG_START):
        return PNG if _png_chunks(content) is not None else None
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return WEBP if _webp_chunks(content) is not None else None
    if re.match(rb"%PDF-[12]\.\d", content):
        return PDF if b"%%EOF" in content[-_PDF_REACH:] else None
    return None


def _not_pixels(content: bytes, found: str) -> list[bytes]:
    """What of a picture is no compressed data, in which any bytes may stand: headers, remarks, and what follows it."""
    if found == JPEG:
        scan = _jpeg_scan(content) or 0
        return [content[:scan], content[content.rfind(_JPEG_END) :], *_after_first_end(content, scan)]
    chunks = {PNG: _png_chunks, WEBP: _webp_chunks}.get(found)
    return [data for kind, data in (chunks(content) or [] if chunks else []) if kind not in _PIXELS]


_PIXELS: Final = frozenset({b"IDAT", b"fdAT", b"VP8 ", b"VP8L", b"ALPH", b"ANMF"})


def _jpeg_scan(content: bytes) -> int | None:
    """Where the compressed data of a JPEG begin: after its segments, each with its length; None where they break."""
    at = 2
    while at + 4 <= len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        length = int.from_bytes(content[at + 2 : at + 4], "big")
        if length < 2 or at + 2 + length > len(content):
            return None
        at += 2 + length
        if marker == 0xDA:
            return at
    return None


def _after_first_end(content: bytes, scan: int) -> list[bytes]:
    """What cameras append after the picture (previews, films, notes): its first and last pages are looked at."""
    end = content.find(_JPEG_END, scan)
    rest = content[end + 2 :]
    return [rest[:4_096], rest[-4_096:]] if rest else []


def _png_chunks(content: bytes) -> list[tuple[bytes, bytes]] | None:
    """The chunks of a PNG, which ends with the last of them; None where it is broken or something follows."""
    at, found = len(_PNG_START), []
    while at + 12 <= len(content):
        length = int.from_bytes(content[at : at + 4], "big")
        kind = content[at + 4 : at + 8]
        if at + 12 + length > len(content):
            return None
        found.append((kind, content[at + 8 : at + 8 + length]))
        at += 12 + length
        if kind == b"IEND":
            whole = found[0][0] == b"IHDR" and any(kind == b"IDAT" for kind, _data in found)
            return found if at == len(content) and whole else None
    return None


def _webp_chunks(content: bytes) -> list[tuple[bytes, bytes]] | None:
    """The chunks of a WebP, which is as long as it says; None where it is not."""
    if int.from_bytes(content[4:8], "little") + 8 != len(content):
        return None
    at, found = 12, []
    while at + 8 <= len(content):
        length = int.from_bytes(content[at + 4 : at + 8], "little")
        if at + 8 + length > len(content):
            return None
        found.append((content[at : at + 4], content[at + 8 : at + 8 + length]))
        at += 8 + length + length % 2
    return found if found and found[0][0] in (b"VP8 ", b"VP8L", b"VP8X") else None
