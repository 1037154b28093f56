"""What a file is, by its content: what cameras and scanners make is taken, what is two things at once is not."""

import io
import struct
import zipfile
import zlib
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from reportlab.pdfgen.canvas import Canvas

from traceability.errors import Refusal
from traceability.file_types import ENDINGS, JPEG, PDF, PNG, WEBP, media_type


def picture(form: str, size: tuple[int, int] = (40, 30), **options: Any) -> bytes:
    out = io.BytesIO()
    image = Image.effect_noise(size, 60).convert("RGB")
    image.save(out, form, **options)
    return out.getvalue()


def document() -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out)
    canvas.drawString(100, 700, "waybill")
    canvas.save()
    return out.getvalue()


def archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("a.txt", "text")
    return out.getvalue()


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def jpeg_remark(text: bytes) -> bytes:
    whole = picture("JPEG")
    return whole[:2] + b"\xff\xfe" + struct.pack(">H", len(text) + 2) + text + whole[2:]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(picture("JPEG"), JPEG, id="jpeg"),
        pytest.param(picture("JPEG", progressive=True), JPEG, id="progressive jpeg"),
        pytest.param(picture("JPEG") + b"\0" * 100 + picture("JPEG", (9, 9)), JPEG, id="jpeg with a camera's preview"),
        pytest.param(
            jpeg_remark(b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF/></x:xmpmeta>'), JPEG, id="jpeg with XMP"
        ),
        pytest.param(picture("PNG"), PNG, id="png"),
        pytest.param(picture("WEBP"), WEBP, id="webp"),
        pytest.param(picture("WEBP", lossless=True), WEBP, id="lossless webp"),
        pytest.param(document(), PDF, id="pdf"),
    ],
)
def test_photos_and_documents_are_taken(content: bytes, expected: str) -> None:
    assert media_type(content) == expected


@pytest.mark.parametrize(
    ("content", "code"),
    [
        pytest.param(b"", "media_type", id="nothing"),
        pytest.param(b"text", "media_type", id="text"),
        pytest.param(b'<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>', "media_type", id="svg"),
        pytest.param(b"<!DOCTYPE html><script>alert(1)</script>", "media_type", id="html"),
        pytest.param(b"GIF89a\1\0\1\0\0\0\0;", "media_type", id="gif"),
        pytest.param(archive(), "media_type", id="zip"),
        pytest.param(b"MZ\x90\0", "media_type", id="program"),
        pytest.param(picture("JPEG")[:-200], "media_type", id="half a jpeg"),
        pytest.param(picture("PNG")[:-12], "media_type", id="png without its end"),
        pytest.param(picture("WEBP")[:-1], "media_type", id="webp cut off"),
        pytest.param(document()[:-40], "media_type", id="pdf cut off"),
        pytest.param(picture("PNG") + b"more", "media_type", id="png with something after it"),
        pytest.param(picture("WEBP") + b"more", "media_type", id="webp with something after it"),
        pytest.param(b"\xff\xd8\xff", "media_type", id="three bytes of a jpeg"),
        pytest.param(picture("JPEG") + b"<html><script>alert(1)</script>", "polyglot", id="page after a jpeg"),
        pytest.param(jpeg_remark(b"<script>alert(1)</script>"), "polyglot", id="script in a jpeg's remark"),
        pytest.param(picture("JPEG") + archive(), "polyglot", id="zip after a jpeg"),
        pytest.param(jpeg_remark(b"%PDF-1.4"), "polyglot", id="pdf in a jpeg"),
        pytest.param(document() + archive() + b"%%EOF", "polyglot", id="zip in a pdf"),
        pytest.param(b"%PDF-1.4 <html >\n" + document(), "polyglot", id="page in a pdf's first lines"),
        pytest.param(
            picture("PNG")[:33] + png_chunk(b"tEXt", b"Comment\0<svg onload=x>") + picture("PNG")[33:],
            "polyglot",
            id="svg in a png's remark",
        ),
    ],
)
def test_everything_else_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(Refusal) as error:
        media_type(content)
    assert (error.value.code, error.value.path) == (code, ["file"])


@given(
    st.sampled_from([b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\4\0\0\0WEBP", b"%PDF-1.7", b""]),
    st.binary(max_size=300),
)
def test_nothing_breaks_it(start: bytes, rest: bytes) -> None:
    with suppress(Refusal):
        assert media_type(start + rest) in ENDINGS
