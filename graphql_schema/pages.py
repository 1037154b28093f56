"""What both surfaces say of ids and pages: cursors, sizes, and ids of the form `<Type>:<natural key>`."""

import base64
import binascii
from typing import Any

from traceability import errors

#: How many a page holds when nobody says.
DEFAULT_PAGE = 50


def cursor(*numbers: int) -> str:
    """Write the place of an object in its order as an opaque text."""
    return base64.urlsafe_b64encode(":".join(map(str, numbers)).encode()).decode().rstrip("=")


def place(text: str | None, length: int, name: str) -> Any:
    """Read a cursor of so many numbers; None stays None, and anything but our own cursors is `wrong_value`."""
    if text is None:
        return None
    try:
        padded = text + "=" * (-len(text) % 4)
        numbers = tuple(int(part) for part in base64.b64decode(padded, b"-_", validate=True).decode("ascii").split(":"))
    except (ValueError, binascii.Error):
        numbers = ()
    if len(numbers) != length or any(not 0 <= number < 1 << 63 for number in numbers):
        raise errors.refuse("wrong_value", (name,), value=text, expected="cursor")
    return numbers


def split_id(text: str) -> tuple[str, str]:
    """Take a node id apart: (type, natural key); what is none gives empty texts."""
    type_, colon, key = text.partition(":")
    return (type_, key) if colon and len(text) <= 500 else ("", "")


def place_after(after: int | None) -> int:
    """Give the place at which a page of numbered things begins, counted from 0; a negative `after` is `wrong_value`."""
    if after is not None and after < 0:
        raise errors.refuse("wrong_value", ("after",), value=after, expected="≥ 0")
    return 0 if after is None else after + 1


def check_size(first: int | None, default: int, name: str = "first", most: int = 100) -> int:
    """Give the size of a page, within 0 … `most`."""
    size = default if first is None else first
    if not 0 <= size <= most:
        raise errors.refuse(
            "too_many" if size > most else "wrong_value", (name,), value=size, limit=most, expected="≥ 0"
        )
    return size
