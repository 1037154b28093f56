"""Putting the rows of a file together: a battery with the parts that stand on rows of their own."""

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import starmap
from operator import itemgetter
from typing import Any, NamedTuple

import orjson

from batteries.registration_staging import Child, Columns, Staged, Staging
from traceability import body, exact
from traceability.events import batches
from traceability.facts import Fact
from traceability.founding import New, Part, Parts

Tree = list[dict[str, Any]]
#: Batteries read at once where rows stand for parts: each may have a hundred.
WITH_PARTS = 500
#: Rows, or a few more, of batteries that were packed with their parts.
ROWS = 100_000


class Family(NamedTuple):
    """A battery with the rows that were folded into it."""

    top: Staged
    lines: Sequence[int]
    #: What the rows after the first say, one by one.
    rows: Parts
    #: The parts as its record lists them, in canonical JSON; None without any.
    components: str | None
    #: The same parts column by column.
    parts: Parts
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
        key = top.key or f"{digest}#{top.code}"
        return New(top.code, key, top.ms, top.model, top.mass, self.components, self.parts)

    def fact(self, organisation: str, digest: str) -> Fact:
        """The battery for `ledger.record`."""
        return fact_of(self.top, organisation, digest, self.components)


def fact_of(row: Staged, organisation: str, digest: str, components: str | None) -> Fact:
    """A row, with these parts, as the fact it states."""
    rest = exact.loads(row.rest) if row.rest else {}
    details = {
        "model": row.model,
        "massKg": row.mass,
        "parent": row.parent,
        "components": orjson.loads(components) if components else [],
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


def families(staging: Staging, chunk: int) -> Generator[list[Family], None, None]:
    """Give the new batteries of a file in chunks, each with its rows: in the order of the file, or packs first."""
    if staging.is_packed:
        yield from _portions(starmap(_unpacked, staging.packed()), chunk)
        return
    if staging.has_parents:
        staging.index_parents()
    size = min(chunk, WITH_PARTS) if staging.has_parents else chunk
    for tops in batches(staging.tops(), size):
        children = _children(staging, tops) if staging.has_parents else {}
        yield [_family(row, children) for row in tops]


def _portions(found: Iterable[Family], chunk: int) -> Iterator[list[Family]]:
    """Families in lists that are bounded in what they hold, however many parts a battery has."""
    portion: list[Family] = []
    rows = 0
    for family in found:
        portion.append(family)
        rows += len(family.lines)
        if len(portion) >= chunk or rows >= ROWS:
            yield portion
            portion, rows = [], 0
    if portion:
        yield portion


def _unpacked(top: Staged, below: Columns) -> Family:
    lines, codes, parents, models, masses, _moments = below
    parts = Parts(codes, parents, models, masses)
    return Family(top, [top.line, *lines], parts, listing(top.code, parts), parts, bool(top.known))


def listing(code: str, parts: Parts) -> str | None:
    """The parts of a battery as its record lists them: the canonical JSON of their tree, without growing it first."""
    below: dict[str, list[str]] = {}
    said = list(map(_said, parts.models, parts.masses))
    for part, parent, more in zip(reversed(parts.codes), reversed(parts.parents), reversed(said), strict=True):
        if part in below:
            # All begin with their codes.
            more = f',"components":[{",".join(sorted(below[part]))}]{more}'
        below.setdefault(parent, []).append(f'{{"code":"{part}"{more}}}')
    return f"[{','.join(sorted(below[code]))}]" if said else None


@lru_cache(maxsize=4_096)
def _said(model: str, mass: str | None) -> str:
    given = {name: value for name, value in (("massKg", mass), ("model", model)) if value}
    return f",{body.canonical(given).decode()[1:-1]}" if given else ""


def _children(staging: Staging, tops: list[Staged]) -> dict[str, list[Child]]:
    """The rows below these batteries and below what they list, level by level."""
    found: dict[str, list[Child]] = {}
    codes = [row.code for row in tops] + _without_rows(staging, (row.tree for row in tops))
    while codes:
        below = staging.children_of(codes)
        found |= below
        rows = [row for rows in below.values() for row in rows]
        # Cells have no parts.
        codes = [code for _line, code, rank, *_ in rows if rank]
        codes += _without_rows(staging, (inner for *_, inner, _known in rows))
    return found


def _without_rows(staging: Staging, trees: Iterable[str | None]) -> list[str]:
    codes = [part[0] for tree in trees if tree for part in listed("", orjson.loads(tree))]
    return staging.only_listed(codes) if codes else []


def _family(top: Staged, children: Mapping[str, list[Child]]) -> Family:
    if top.tree is None and top.code not in children:
        return Family(top, [top.line], Parts(), None, Parts(), bool(top.known))
    lines = [top.line]
    rows: list[Part] = []
    parts: list[Part] = []
    known = top.known

    def take(parent: str, told: Tree) -> Tree:
        """The parts of one battery: those of its record, and those on rows of their own."""
        nonlocal known
        own = children.get(parent, ())
        alone = {part["code"]: part for part in told}
        tree: Tree = []
        for line, code, rank, model, mass, inner, spoken_of in own:
            lines.append(line)
            known |= spoken_of
            part: dict[str, Any] = {"code": code}
            if model:
                part["model"] = model
            if mass:
                part["massKg"] = mass
            rows.append((code, parent, model, mass))
            parts.append(rows[-1])
            said = alone.pop(code, {}).get("components", [])
            inside = _united(orjson.loads(inner), said) if inner else said
            if (rank or inside) and (below := take(code, inside)):
                part["components"] = below
            tree.append(part)
        for code, part in alone.items():
            parts.append((code, parent, part.get("model", ""), part.get("massKg")))
            below = take(code, part.get("components", []))
            tree.append({**part, "components": below} if below else part)
        if own:
            tree.sort(key=_code)
        return tree

    tree = take(top.code, orjson.loads(top.tree) if top.tree else [])
    components = body.canonical(tree).decode() if tree else None
    return Family(top, lines, Parts.of(rows), components, Parts.of(parts), bool(known))


_code = itemgetter("code")


def _united(one: Tree, other: Tree) -> Tree:
    """Two lists of the parts of one battery as one; they contradict each other in nothing."""
    found = {part["code"]: part for part in one}
    for part in other:
        mine = found.get(part["code"], {})
        inside = _united(mine.get("components", []), part.get("components", []))
        found[part["code"]] = {**part, **mine, **({"components": inside} if inside else {})}
    return list(found.values())


def listed(parent: str, tree: Iterable[Mapping[str, Any]]) -> Iterator[Part]:
    """The parts of a record one by one, each after what it is built into."""
    for part in tree:
        yield part["code"], parent, part.get("model", ""), part.get("massKg")
        yield from listed(part["code"], part.get("components", ()))
