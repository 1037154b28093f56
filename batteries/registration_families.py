"""Putting the rows of a file together: a battery with the parts that stand on rows of their own."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import orjson

from batteries.registration_staging import Child, Staged, Staging
from traceability import body, exact
from traceability.events import batches
from traceability.facts import Fact
from traceability.founding import New, Part

#: Batteries read at once where rows stand for parts: each may have a hundred.
WITH_PARTS = 200


@dataclass(frozen=True, slots=True)
class Family:
    """A battery with the rows that were folded into it."""

    top: Staged
    lines: tuple[int, ...]
    #: The parts as its record lists them.
    tree: list[dict[str, Any]]
    parts: list[Part]
    #: Whether anybody has spoken of the battery or of a part before, or the ledger has to judge for another reason.
    known: bool

    @property
    def is_plain(self) -> bool:
        """Whether it is new with all its parts and says nothing that needs judging: most batteries of a file."""
        top = self.top
        return not self.known and top.parent is None and top.rest is None and len(top.code) == 24

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
        children = _children(staging, [row.code for row in tops]) if staging.has_parents else {}
        yield [_family(row, children) for row in tops]


def _children(staging: Staging, codes: list[str]) -> dict[str, list[Child]]:
    """The rows below these batteries, level by level."""
    found: dict[str, list[Child]] = {}
    while codes:
        below = staging.children_of(codes)
        found |= below
        # Cells have no parts.
        codes = [code for rows in below.values() for _line, code, rank, *_ in rows if rank]
    return found


def _family(top: Staged, children: Mapping[str, list[Child]]) -> Family:
    if top.tree is None and top.code not in children:
        return Family(top, (top.line,), [], [], bool(top.known))
    lines = [top.line]
    parts: list[Part] = []
    known = top.known

    def take(parent: str, listed: str | None) -> list[dict[str, Any]]:
        nonlocal known
        own = children.get(parent, ())
        tree: list[dict[str, Any]] = []
        if listed:
            # Parts listed in the record itself; where there is a row as well, the row says more.
            codes = {child[1] for child in own}
            tree = [part for part in orjson.loads(listed) if part["code"] not in codes]
            parts.extend(_listed(parent, tree))
        for line, code, rank, model, mass, inner, spoken_of in own:
            lines.append(line)
            known |= spoken_of
            part: dict[str, Any] = {"code": code}
            if model:
                part["model"] = model
            if mass:
                part["massKg"] = mass
            parts.append((code, parent, model, mass))
            if (rank or inner) and (below := take(code, inner)):
                part["components"] = below
            tree.append(part)
        tree.sort(key=_code)
        return tree

    tree = take(top.code, top.tree)
    return Family(top, tuple(lines), tree, parts, bool(known))


_code = itemgetter("code")


def _listed(parent: str, tree: list[dict[str, Any]]) -> Iterator[Part]:
    for part in tree:
        yield part["code"], parent, part.get("model", ""), part.get("massKg")
        yield from _listed(part["code"], part.get("components", ()))
