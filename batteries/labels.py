"""What a label says: the text of its QR symbol, signing it, reading it back. Pure functions, no Django.

    HTTPS://<host>/L/<signed part>/<code>
    HTTPS://<host>/01/<GTIN>/21/<code>?S=<signed part>      where the model has a GTIN: a GS1 Digital Link

The signed part is base32 (RFC 4648, no padding): 6 characters name the key, 4 number the print (`serial`, unique per
battery), 103 are an Ed25519 signature (RFC 8032) over `TAG` and the whole text without the signature. So host, GTIN,
code, key and serial are all signed, and everything but `?S=` fits the alphanumeric mode of ISO/IEC 18004.
"""

import re
from base64 import b32decode, b32encode
from dataclasses import dataclass
from typing import Any, Final, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from batteries.label_text import MAX_TEXT, normalise

#: Keeps a label's signature from meaning anything elsewhere.
TAG: Final = b"evbatt-label-v1\n"
KEY_LENGTH, SERIAL_LENGTH, SIGNATURE_LENGTH = 6, 4, 103
#: Host, with a path after it if need be: all of it from the alphanumeric mode.
HOST: Final = r"[0-9A-Z-]+(?:\.[0-9A-Z-]+)*(?::[0-9]{1,5})?(?:/[0-9A-Z$%*+.:-]+)*"
#: Bits that version 9 holds at level Q; a larger symbol has modules below 0.4 mm at 25 mm.
CAPACITY: Final = 132 * 8

_SIGNED: Final = (
    rf"(?P<kid>[A-Z2-7]{{{KEY_LENGTH}}})(?P<serial>[A-Z2-7]{{{SERIAL_LENGTH}}})"
    rf"(?P<signature>[A-Z2-7]{{{SIGNATURE_LENGTH}}})"
)
_CODE: Final = r"(?P<code>[0-9A-Z]{24}|[0-9A-Z]{19})"
_FORMS: Final = (
    re.compile(rf"HTTPS://(?P<host>{HOST}?)/L/{_SIGNED}/{_CODE}"),
    re.compile(rf"HTTPS://(?P<host>{HOST}?)/01/(?P<gtin>[0-9]{{14}})/21/{_CODE}\?S={_SIGNED}"),
)
# What was meant as one of ours, whatever became of it.
_RESEMBLES: Final = re.compile(r"HTTPS?://[^?#]*(/L/|[^#]*[?&]S=)")
_ADDRESS: Final = re.compile(r"[A-Z][A-Z0-9+.-]*://([^?#]*)")
_AUTHORITY: Final = re.compile(r"https?://[^/?#]*", re.IGNORECASE)

#: `exact` as printed · `folded` as printed but for case, width or blanks · `damaged` resembles a label · `address`
#: another URL.
Form = Literal["exact", "folded", "damaged", "address"]


@dataclass(frozen=True, slots=True)
class LabelText:
    """The text of a label; `gtin` has 14 digits or is empty, `signature` is in base32."""

    host: str
    code: str
    kid: str
    serial: str
    signature: str = ""
    gtin: str = ""

    @property
    def parts(self) -> tuple[str, ...]:
        """The text in the parts that are encoded each in one mode: alphanumeric, bytes, alphanumeric."""
        signed = self.kid + self.serial + self.signature
        if self.gtin:
            return f"HTTPS://{self.host}/01/{self.gtin}/21/{self.code}", "?S=", signed
        return (f"HTTPS://{self.host}/L/{signed}/{self.code}",)

    @property
    def message(self) -> bytes:
        """The bytes that are signed."""
        unsigned = LabelText(self.host, self.code, self.kid, self.serial, gtin=self.gtin)
        return TAG + str(unsigned).encode("ascii")

    @property
    def fits(self) -> bool:
        """Whether version 9 at level Q holds the signed text."""
        signed = LabelText(self.host, self.code, self.kid, self.serial, "A" * SIGNATURE_LENGTH, self.gtin)
        return sum(map(_bits, signed.parts)) <= CAPACITY

    def __str__(self) -> str:
        return "".join(self.parts)


@dataclass(frozen=True, slots=True)
class LabelReading:
    """What a payload is as a label: its form, the host it names, its text unless it is damaged."""

    form: Form
    host: str
    text: LabelText | None = None


def sign(text: LabelText, key: Ed25519PrivateKey) -> LabelText:
    """Give the text with its signature."""
    signature = b32encode(key.sign(text.message)).decode().rstrip("=")
    return LabelText(text.host, text.code, text.kid, text.serial, signature, text.gtin)


def verify(text: LabelText, public_key: bytes) -> bool:
    """Tell whether this very text was signed with the key; S is checked to lie below the group's order L."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature_bytes(text.signature), text.message)
    except (InvalidSignature, ValueError):
        return False
    return True


def signature_bytes(text: str) -> bytes:
    """Read a signature; raises ValueError unless the text is the only way to write its 64 bytes."""
    read = b32decode(text + "=" * (-len(text) % 8))
    # 103 characters hold 515 bits: the last three are nobody's and have to be zero.
    if len(read) != 64 or b32encode(read).decode().rstrip("=") != text:
        raise ValueError("not canonical")
    return read


def read_label(payload: str) -> LabelReading | None:
    """Read what a scanner delivered as a label; None when it is no URL at all.

    Scheme and host may come in any case (a telephone folds them); the rest has to stand as it was printed.
    """
    if len(payload) > MAX_TEXT:
        return None
    given = payload.strip()
    folded = normalise(given)
    address = _ADDRESS.match(folded)
    if address is None:
        return None
    for form in _FORMS:
        if found := form.fullmatch(folded):
            text = LabelText(**found.groupdict())
            return LabelReading("exact" if _with_authority_folded(given) == folded else "folded", text.host, text)
    resembles = bool(_RESEMBLES.match(folded))
    return LabelReading("damaged" if resembles else "address", address[1])


def _with_authority_folded(text: str) -> str:
    found = _AUTHORITY.match(text)
    return text if found is None or not text.isascii() else found[0].upper() + text[found.end() :]


def rules() -> dict[str, Any]:
    """Give how labels are read as data, for readers in other languages."""
    forms = [form.pattern.replace("(?P<", "(?<") for form in _FORMS]
    return {"forms": forms, "resembles": _RESEMBLES.pattern, "address": _ADDRESS.pattern}


def is_under(host: str, own: str) -> bool:
    """Tell whether an address (host and path) lies under our own host and path."""
    return f"{host}/".startswith(f"{own}/")


def gtin14(gtin: str) -> str:
    """Give a GTIN of 8, 12, 13 or 14 digits with 14 of them; empty unless its check digit holds (GS1)."""
    if len(gtin) not in (8, 12, 13, 14) or not (gtin.isascii() and gtin.isdigit()):
        return ""
    digits = gtin.zfill(14)
    return digits if sum(int(digit) * (3, 1)[at % 2] for at, digit in enumerate(digits)) % 10 == 0 else ""


def _bits(part: str) -> int:
    """The length of one part in versions 1 to 9: mode, count, data (ISO/IEC 18004, 7.4)."""
    if part == "?S=":
        return 4 + 8 + 8 * len(part)
    return 4 + 9 + 11 * (len(part) // 2) + 6 * (len(part) % 2)
