"""Labels for tests: signed by a key that the test holds, or issued through the product's own door."""

from io import BytesIO
from typing import Any

import pypdfium2
import zxingcpp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from PIL import Image

from batteries.label_issuing import Issue, issue_labels
from batteries.label_keys import key_id
from batteries.labels import LabelText, sign
from tests.factories import moment, pack_code
from tests.worlds import Life, Party

HOST = "ID.EXAMPLE.CN"
GTIN = "09506000134352"
#: The order of the group of Ed25519 (RFC 8032, 5.1).
L = 2**252 + 27742317777372353535851937790883648493

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()


def signed(number: int = 1, *, gtin: str = "", host: str = HOST, serial: str = "QX7A", **more: Any) -> LabelText:
    """A label of a battery, signed by the test's own key."""
    code = more.pop("code", pack_code(number))
    return sign(LabelText(host, code, more.pop("kid", key_id(PUBLIC)), serial, gtin=gtin), more.pop("key", KEY))


def issued(by: Party, *lives: Life, at: Any = "2026-01-05T08:00:00Z", key: str = "issue-1", **more: Any) -> Issue:
    """Issue labels for batteries in one call."""
    items = [{"code": life.code} for life in lives]
    return issue_labels(items, by=by.viewer, idempotency_key=key, occurred_at=moment(at), **more)


def text_of(by: Party, life: Life, **more: Any) -> str:
    """The text of a label that was issued just now."""
    text = issued(by, life, **more).labels[0].text
    assert text is not None
    return text


def decoded(picture: Image.Image | bytes) -> list[str]:
    """What an independent reader finds in a picture, in reading order."""
    image = picture if isinstance(picture, Image.Image) else Image.open(BytesIO(picture))
    found = zxingcpp.read_barcodes(image.convert("L"), formats=zxingcpp.BarcodeFormat.QRCode)
    assert all(one.ec_level == "Q" for one in found)
    at = sorted(found, key=lambda one: (round(one.position.top_left.y / 100), one.position.top_left.x))
    return [one.text for one in at]


def pages(document: bytes, dpi: int = 300) -> list[Image.Image]:
    """The pages of a PDF as a printer would lay them down."""
    opened = pypdfium2.PdfDocument(document)
    try:
        return [page.render(scale=dpi / 72, grayscale=True).to_pil() for page in opened]
    finally:
        opened.close()
