"""Putting the rows of a file together: a battery with the parts that stand on rows of their own."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from batteries.registration_staging import RANKS, Staged, Staging
from traceability import body, exact
from traceability.errors import Problem
from traceability.events import batches
from traceability.facts import Fact
from traceability.founding import New, Part
from traceability.shapes import CODES_LIMIT

#: Batteries read at once where rows stand for parts: each may have a hundred.
WITH_PARTS = 500


@dataclass(frozen=True, slots=True)
class Family:
    """A battery with the rows that were folded into it."""

    top: Staged
    lines: tuple[int, ...]
    #: The parts as its record lists them.
    tree: list[dict[str, Any]]
    parts: list[Part]
    #: Whether anybody has spoken of the battery or of a part before.
    known: bool
    #: The line of a row with too many parts, and the problem.
    crowded: tuple[int, Problem] | None = None

    @property
    def is_plain(self) -> bool:
        """Whether it is new with all its parts and says nothing that needs judging: most batteries of a file."""
        top = self.top
        plain = not self.known and top.parent is None and top.rest is None and len(top.code) == 24
        return plain and all(RANKS[part.code[3]] < top.rank for part in self.parts)

    def new(self, digest: str) -> New:
        """The battery for `ledger.found`."""
        top = self.top
        components = body.canonical(self.tree).decode() if self.tree else None
        return New(top.code, top.key or f"{digest}#{top.code}", top.ms, top.model, top.mass, components, self.parts)

    def fact(self, organisation: str, digest: str) -> Fact:
        """The battery for `ledger.record`."""
        return fact_of(self.top, organisation, digest, self.tree)


def fact_of(row: Staged, organisation: str, digest: str, tree: list[dict[str, Any]] | None = None) -> Fact:
    """A row as the fact it states; `tree` in place of the parts that it lists itself."""
    rest = exact.loads(row.rest) if row.rest else {}
    parts = (orjson.loads(row.tree) if row.tree else []) if tree is None else tree
    details = {
        "model": row.model,
        "massKg": row.mass,
        "parent": row.parent,
        "components": parts,
        "extra": rest.get("extra"),
    }
    return Fact(
        row.key or f"{digest}#{row.code}",
        "produced",
        organisation,
        row.ms,
        row.code,
        site=rest.get("site"),
        attachments=rest.get("attachments"),
        details={name: value for name, value in details.items() if value},
        path=(str(row.line),),
    )


def families(staging: Staging, chunk: int) -> Iterator[list[Family]]:
    """Give the new batteries of a file in chunks, packs first, each with its rows."""
    size = min(chunk, WITH_PARTS) if staging.has_parents else chunk
    for tops in batches(staging.tops(), size):
        children = _children(staging, [row.code for row, _ in tops]) if staging.has_parents else {}
        yield [_family(row, known, children) for row, known in tops]


def _children(staging: Staging, codes: list[str]) -> dict[str, list[tuple[Staged, bool]]]:
    """The rows below these batteries, level by level."""
    found: dict[str, list[tuple[Staged, bool]]] = {}
    while codes:
        below = staging.children_of(codes)
        found |= below
        # Cells have no parts.
        codes = [row.code for rows in below.values() for row, _ in rows if row.rank]
    return found


def _family(top: Staged, known: bool, children: Mapping[str, list[tuple[Staged, bool]]]) -> Family:
    if top.tree is None and top.code not in children:
        return Family(top, (top.line,), [], [], known)
    lines: list[int] = []
    parts: list[Part] = []
    seen = [known]
    crowded: list[tuple[int, Problem]] = []

    def take(row: Staged) -> list[dict[str, Any]]:
        lines.append(row.line)
        own = children.get(row.code, ())
        if len(own) > CODES_LIMIT:
            crowded.append((row.line, Problem("too_many", (), {"value": len(own), "limit": CODES_LIMIT})))
        codes = {child.code for child, _ in own}
        # Parts listed in the record itself; where there is a row as well, the row says more.
        listed = orjson.loads(row.tree) if row.tree else []
        tree = [part for part in listed if part["code"] not in codes]
        parts.extend(_listed(row.code, tree))
        for child, spoken_of in own:
            seen.append(spoken_of)
            part: dict[str, Any] = {"code": child.code}
            if child.model:
                part["model"] = child.model
            if child.mass:
                part["massKg"] = child.mass
            parts.append(Part(child.code, row.code, child.model, child.mass))
            if child.rank or child.tree:
                if inner := take(child):
                    part["components"] = inner
            else:
                lines.append(child.line)
            tree.append(part)
        return sorted(tree, key=_code)

    tree = take(top)
    return Family(top, tuple(lines), tree, parts, any(seen), crowded[0] if crowded else None)


def _code(part: Mapping[str, Any]) -> str:
    return str(part["code"])


def _listed(parent: str, tree: list[dict[str, Any]]) -> Iterator[Part]:
    for part in tree:
        yield Part(part["code"], parent, part.get("model", ""), part.get("massKg"))
        yield from _listed(part["code"], part.get("components", ()))
