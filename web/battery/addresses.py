"""What the address of a battery's page names: a code, and the label that led there, in every form that is printed.

    /b/<code>, /B/<CODE>                     a code as people type and scanners deliver it; a whole label after it, too
    /L/<signed part>/<CODE>                  a label of ours, under the host (and path) that it was printed with
    /01/<GTIN>/21/<CODE>?S=<signed part>     a GS1 Digital Link of ours
    ?label=<all that a scanner read>         besides a code: that label is judged

What messengers and browsers hang on an address is no part of a label.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.conf import settings

from batteries.codes import Reading, read, scan
from batteries.label_states import LabelFinding, judge
from batteries.label_text import MAX_TEXT
from batteries.labels import read_label
from batteries.models import Label

#: So many pieces of an address are looked at for a code.
_PIECES: Final = 8


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for: `code` when it can be one, else `reading` says what is wrong with it.

    `labels` are the texts that the label may have been scanned as, the likeliest first; none where no label was.
    """

    given: str
    code: str | None
    reading: Reading | None = None
    labels: tuple[str, ...] = ()


def of_text(given: str, label: str, today: date) -> Asked:
    """Read what stands after `/b/`, with the label that was scanned, if any."""
    code, reading = _code_in(given, today)
    text = label or (given if read_label(given) else "")
    return Asked(given, code, reading, (text,) if code and text and scan(text, today=today).code == code else ())


def of_label(host: str, prefix: str, middle: str, code: str, end: str, today: date) -> Asked:
    """Read the address of a label: what comes before the code (`L/…/` or `01/…/21/`), the code, and what comes after.

    Args:
        host: the one that was asked, where it is another than the labels' own.
        prefix: the path before it, as `LABEL_HOST` may have one.
    """
    found, reading = _code_in(code, today)
    beginnings = dict.fromkeys((settings.LABEL_HOST, f"{host.upper()}/{prefix}".rstrip("/")))
    labels = tuple(f"HTTPS://{beginning}/{middle}{code}{end}" for beginning in beginnings)
    return Asked(code, found, reading, labels if found else ())


def _code_in(given: str, today: date) -> tuple[str | None, Reading | None]:
    if len(given) > MAX_TEXT:
        return None, None
    whole = scan(given, today=today)
    if whole.code is None and "/" in given:
        for piece in given.split("/")[:_PIECES]:
            found = scan(piece, today=today) if piece else whole
            if found.code is not None:
                return found.code, found.reading
    return whole.code, whole.reading


def judged(asked: Asked, record_id: int | None) -> LabelFinding | None:
    """Judge the label as `resolveScan` does; None where none was scanned. Two queries, four where it is not ours."""
    first = None
    for text in _texts(asked):
        found = judge(text, record_id)
        if found is not None and found.authentic:
            return found
        first = first or found
    return first


def _texts(asked: Asked) -> Iterator[str]:
    """The texts to be judged; last the one that was printed, under whichever host that was."""
    yield from asked.labels
    label = read_label(asked.labels[-1]) if asked.labels else None
    if label is not None and label.text is not None and label.form == "exact":
        told = label.text
        for row in Label.objects.filter(code=told.code, serial=told.serial, key__kid=told.kid):
            printed = read_label(row.text)
            # The host may have moved since; what was signed is the text as it was printed, and nothing else.
            if printed is not None and printed.text is not None and printed.text.signature == told.signature:
                yield row.text


def reading_of(code: str, today: date) -> Reading:
    """What a code says by itself (GB/T 34014), whether or not anything is recorded of it."""
    return read(code, today=today)
