"""What a clause's verdict rests on, in a few short lines: the JSON form and the workbook have all of it."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from recyclers.conditions.judging import Judged
from web.audit_report.words import Words

#: Of several batches, documents, permits and findings so many are named: a cell has to fit on a page.
_NAMED: Final = {"batches": 6, "years": 3, "documents": 2, "permits": 3, "examples": 2}
_LENGTH: Final = 120
#: So many rows of this width, in the widest letters, go into a cell; one that is higher than a page cannot be printed.
_ROWS: Final = 50
_ROW_LENGTH: Final = 16
_Told = Mapping[str, Any]


def summary(judged: Judged, words: Words) -> list[str]:
    """Tell the evidence of a clause, as much of it as goes into a cell."""
    told: _Told = judged.evidence or {}
    shown: list[str] = []
    room = _ROWS
    for line in (line for part in _PARTS for line in part(told, words) if line):
        line = _cut(line, 2 * _LENGTH)
        room -= math.ceil(len(line) / _ROW_LENGTH)
        if room < 1:
            return [*shown, words("more")]
        shown.append(line)
    return shown


def _cut(text: str, length: int = _LENGTH) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


def _some(names: Sequence[str], words: Words) -> str:
    most = _NAMED["batches"]
    rest = [words("more")] if len(names) > most else []
    return ", ".join([*(_cut(name, 60) for name in names[:most]), *rest])


def _kg(text: str | None, words: Words) -> str:
    return words("unknown") if text is None else f"{Decimal(text):,}"


def _taken(told: _Told, words: Words) -> Iterator[str]:
    if "who" in told:
        yield words("not_for")
    if taken := told.get("taken"):
        yield words("worst", values=taken["values"], of=_cut(taken["of"].strip(" ·") or "—"))


def _masses(told: _Told, words: Words) -> Iterator[str]:
    for key, into, out in (("masses", "inputKg", "outputKg"), ("powder", "powderKg", "contentKg")):
        if into in told:
            yield words(key, input=_kg(told[into], words), output=_kg(told[out], words))
    if elements := told.get("elements"):
        yield " · ".join(f"{name.capitalize()} {one['measured'] or '—'} %" for name, one in elements.items())
    if "pendingKg" in told:
        yield words("pending", mass=_kg(told["pendingKg"], words))
    silent = told.get("inputsWithoutFigure", 0), told.get("outputsWithoutFigure", 0)
    if any(silent):
        yield words("silent", inputs=silent[0], outputs=silent[1])
    if pending := told.get("pendingKg"):
        yield words("pending", mass=_kg(pending, words))


def _batches(told: _Told, words: Words) -> Iterator[str]:
    if told.get("batches") == []:
        yield words("no_batches")
    for key, name in (("batches", "batches"), ("unbalanced", "unbalancedBatches")):
        if found := told.get(name):
            yield words(key, count=len(found), some=_some(found, words))


def _declarations(told: _Told, words: Words) -> Iterator[str]:
    found = [told] if "declaration" in told else told.get("declarations", ())
    for one in found[: _NAMED["years"]]:
        yield from _declaration(one, words)
    if not found and "year" in told and "due" not in told:
        yield f"{told['year']}: {words('nothing')}"
    elif not found and "declarations" in told and not told.get("permits") and "due" not in told:
        yield words("nothing")


def _declaration(one: _Told, words: Words) -> Iterator[str]:
    key = _cut(one["declaration"] or "—", 60)
    yield words("declared", year=one["year"], record=key, standing=words(f"standing.{one['review']}"))
    if one.get("objection"):
        yield words("objection", reason=_cut(one["objection"]))
    if one.get("statement") is False:
        yield words("denied")
    for document in one["documents"][: _NAMED["documents"]]:
        name, sha256 = document.get("name") or "", document.get("sha256") or ""
        yield words("document", name=_cut(name, 60), sha256=sha256[:16])
    if len(one["documents"]) > _NAMED["documents"]:
        yield words("more")
    if "statement" in one and not one["documents"]:
        yield words("no_document")


def _permits(told: _Told, words: Words) -> Iterator[str]:
    for one in told.get("permits", ())[: _NAMED["permits"]]:
        days = {"first": one["validFrom"] or "…", "last": one["validUntil"] or "…"}
        yield words("permit", number=_cut(one["number"], 60), **days)
    if len(told.get("permits", ())) > _NAMED["permits"]:
        yield words("more")


def _report(told: _Told, words: Words) -> Iterator[str]:
    if "due" in told:
        yield words("annual", on=told["reportedOn"] or words("never"), due=told["due"])


def _gaps(told: _Told, words: Words) -> Iterator[str]:
    if "received" in told:
        both = "handled_both" if "dispatched" in told else "handled"
        yield words(both, received=f"{told['received']:,}", dispatched=f"{told.get('dispatched', 0):,}")
    counted = {gap: count for gap, count in told.get("gaps", {}).items() if count}
    if counted:
        yield " · ".join(f"{words.gap(gap)} {count:,}" for gap, count in counted.items())
    for one in told.get("examples", ())[: _NAMED["examples"]]:
        yield words("example", battery=one["battery"], gap=words.gap(one["gap"]), since=one["since"])


_PARTS: Final[Sequence[Callable[[_Told, Words], Iterator[str]]]] = (
    _taken,
    _masses,
    _declarations,
    _permits,
    _report,
    _gaps,
    _batches,
)
