"""Batches and lots in records: how they are named, what a fact says of them, and what can be wrong with it by itself.

A lot is named by its number and the organisation that made it, a batch by its number and its recorder. Pure functions
over normalised details (`records.md`, «Batches and lots»).
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from traceability.errors import Problem
from traceability.values import iso, read_moment, shown

Path = tuple[str, ...]
_INPUTS: Final = ("details", "inputs")


def code_of(organisation: str, number: str) -> str:
    """The code of a batch's or lot's record: `<organisation>/<number>`."""
    return f"{organisation}/{number}"


def name_of(code: str) -> tuple[str, str]:
    """Take the code of a batch or lot apart: (organisation, number)."""
    organisation, _, number = code.partition("/")
    return organisation, number


def drawn(type_: str, details: Mapping[str, Any], organisation: str) -> Iterator[tuple[Path, str, str]]:
    """The lots that a fact takes material from, beside its own: (path, code, kilograms)."""
    if type_ == "batch":
        found = (("inputs", place, item) for place, item in enumerate(details.get("inputs", ())) if "lot" in item)
    elif type_ == "lot_merged":
        found = (("from", place, item) for place, item in enumerate(details.get("from", ())))
    else:
        return
    for name, place, item in found:
        code = code_of(item.get("lotOf", organisation), item["lot"])
        yield ("details", name, str(place)), code, item["massKg"]


def made(type_: str, details: Mapping[str, Any], organisation: str) -> Iterator[tuple[Path, str, str]]:
    """The lots that a fact brings into being, beside its own: (path, code, kilograms). Its recorder makes them."""
    name = {"batch": "outputs", "lot_split": "into"}.get(type_)
    for place, item in enumerate(details.get(name, ()) if name else ()):
        yield ("details", name or "", str(place)), code_of(organisation, item["lot"]), item["massKg"]


def batteries(type_: str, details: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """The batteries that went into a batch: (path, code)."""
    if type_ == "batch":
        for place, item in enumerate(details.get("inputs", ())):
            if "battery" in item:
                yield (*_INPUTS, str(place), "battery"), item["battery"]


def organisations(type_: str, details: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """The organisations that made the lots which a fact draws on, where it names them: (path, code)."""
    name = {"batch": "inputs", "lot_merged": "from"}.get(type_)
    for place, item in enumerate(details.get(name, ()) if name else ()):
        if "lotOf" in item:
            yield ("details", name or "", str(place), "lotOf"), item["lotOf"]


def problems(
    type_: str, details: Mapping[str, Any], *, organisation: str, own: str, occurred_ms: int
) -> Iterator[Problem]:
    """What contradicts itself in one fact: an end before the beginning, the same thing named twice.

    Args:
        own: the code of the lot that the fact is about, if it is about one.
    """
    if "startedAt" in details and read_moment(details["startedAt"]) > occurred_ms:
        expected = f"≤ {iso(occurred_ms)}"
        yield Problem("wrong_value", ("details", "startedAt"), {"value": details["startedAt"], "expected": expected})
    yield from _twice((path, code) for path, code in batteries(type_, details))
    taken = [((*path, "lot"), code) for path, code, _ in drawn(type_, details, organisation)]
    given = [((*path, "lot"), code) for path, code, _ in made(type_, details, organisation)]
    mine = {own} if type_ in ("lot_split", "lot_merged") else set()
    yield from _twice(taken, mine)
    yield from _twice(given, mine)
    for name, listed in (("into", type_ == "lot_split"), ("from", type_ == "lot_merged")):
        if listed and name in details and not details[name]:
            yield Problem("missing_field", ("details", name), {"value": name})
    for path, item in _items(type_, details):
        if "lotOf" in item and "lot" not in item:
            yield Problem("unknown_field", (*path, "lotOf"), {"value": "lotOf"})


def _items(type_: str, details: Mapping[str, Any]) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    if type_ == "batch":
        yield from (((*_INPUTS, str(place)), item) for place, item in enumerate(details.get("inputs", ())))


def _twice(found: Any, before: set[str] | None = None) -> Iterator[Problem]:
    seen = set(before or ())
    for path, code in found:
        if code in seen:
            yield Problem("duplicate", path, {"value": shown(name_of(code)[1] or code)})
        seen.add(code)
