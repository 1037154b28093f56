"""Registering whole files: rows are compared with what is registered, folded into families, and recorded in chunks.

A row whose parent is new in the same file goes into that parent's `components`; any other row is a `produced` fact of
its own, with its `parent` where that was registered before. Nothing is written twice: a file that is sent again, or
whose import was killed, finds its rows registered and goes on with the rest.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from batteries.registration_rows import Item, Rows, read_file
from traceability import events, identity, ledger
from traceability.access import Viewer, visible_records
from traceability.checks import roles_for
from traceability.errors import Problem, refuse
from traceability.events import batches
from traceability.facts import Fact
from traceability.ledger import OnError
from traceability.models import CodePrefix, Component, LifecycleEvent
from traceability.receipts import RECORDED, REPLAYED
from traceability.record_lines import BadRow
from traceability.shapes import CODES_LIMIT
from traceability.values import milligrams

CHUNK: Final = 1_000
SAME, CONFLICTING = "same", "conflicting"
_RANK: Final = {"pack": 2, "module": 1, "cell": 0}


@dataclass(slots=True)
class FileRegistration:
    """What became of a file. Every row is counted once: as new, same, conflicting or refused."""

    new: int = 0
    same: int = 0
    conflicting: int = 0
    refused: int = 0
    problems: list[BadRow] = field(default_factory=list)
    #: One for each manufacturer code that is another's or nobody's, at the first row that has it.
    warnings: list[BadRow] = field(default_factory=list)
    #: Whether anything was written: not in a dry run, nor when a rollback was needed.
    written: bool = True


def register_file(
    data: bytes,
    *,
    by: Viewer,
    json_lines: bool = False,
    on_error: OnError = "rollback",
    dry_run: bool = False,
    progress: Callable[[int], None] | None = None,
) -> FileRegistration:
    """Register the batteries of a CSV or JSON Lines file in the organisation's own name.

    Args:
        data: the file; see `registration_rows` for its columns.
        json_lines: whether its name says so; a file that begins with `{` is taken as such anyway.
        on_error: `rollback` writes nothing unless every row is new or the same, `proceed` takes all new rows.

    Raises:
        Refusal: `role`, `no_organisation`, `encoding`: nothing of the file could be taken.
    """
    if by.organisation_code is None:
        raise refuse("no_organisation")
    if not by.roles & roles_for("produced"):
        raise refuse("role", organisation=by.organisation_code, value="produced")
    rows = read_file(data, organisation=by.organisation_code, today=timezone.localdate(), json_lines=json_lines)
    result = FileRegistration(problems=rows.problems)
    facts = [] if rows.unusable else _facts(rows, by, result)
    whole = dry_run or on_error == "rollback"
    outer: AbstractContextManager[Any] = transaction.atomic() if whole else nullcontext()
    with outer:
        for chunk in batches(facts, CHUNK):
            _record(chunk, by, result)
            if progress is not None:
                progress(result.new)
        if dry_run or (whole and result.problems):
            transaction.set_rollback(True)
            result.written = False
    result.refused = rows.count - result.new - result.same - result.conflicting
    result.problems.sort(key=lambda bad: bad.line)
    return result


@dataclass(frozen=True, slots=True)
class Family:
    """A fact with the rows that were folded into it."""

    fact: Fact
    items: tuple[Item, ...]


def _facts(rows: Rows, by: Viewer, result: FileRegistration) -> list[Family]:
    """Sort out what is new and make facts of it."""
    result.warnings = _warnings(rows.items, by)
    registered = _registered(rows.items, by)
    new: dict[str, Item] = {}
    for item in rows.items:
        if (status := registered.get(item.fact.code)) is None:
            new[item.fact.code] = item
        elif status == SAME:
            result.same += 1
        else:
            result.conflicting += 1
            problem = Problem("already_registered", (item.fact.path[-1],), {"value": item.fact.code})
            rows.problems.append(BadRow(item.line, problem))
    _check_parents(new, rows, by)
    return list(_families(new, rows))


# What is registered already ------------------------------------------------------------------------------------------


def _registered(items: Collection[Item], by: Viewer) -> dict[str, str]:
    """Compare rows with what is registered: code → `same` or `conflicting`; new ones are left out."""
    by_code = {item.fact.code: item for item in items}
    parts: dict[str, str] = {}
    own: dict[str, str] = {}
    for batch in batches(by_code):
        # What a workshop built in without its maker's word is not registered by that.
        stays = Component.objects.filter(code__in=batch, since_event__type__in=("produced", "corrected")).order_by("id")
        for row in stays.values("code", "parent_code", "model_number", "mass_mg", "since_event__organisation_id"):
            same = row["since_event__organisation_id"] == by.organisation_id and _same_part(by_code[row["code"]], row)
            parts[row["code"]] = SAME if same else CONFLICTING
        rows = LifecycleEvent.objects.filter(type="produced", record__kind="battery", record__code__in=batch)
        for event in events.stored(rows):
            code = event.fact.code
            same = own.get(code) == SAME or _same_fact(by_code[code].fact, event.fact)
            own[code] = SAME if same else CONFLICTING
    # What was said of the battery itself counts before what was said of its parent.
    return parts | own


def _same_part(item: Item, row: Mapping[str, Any]) -> bool:
    details = item.fact.details
    told = (item.parent, details.get("model", ""), milligrams(details.get("massKg")))
    return told == (row["parent_code"], row["model_number"], row["mass_mg"])


def _same_fact(given: Fact, stored: Fact) -> bool:
    """Whether a row says what was registered. Parts on rows of their own are compared by themselves."""
    if (given.organisation, given.occurred_ms) != (stored.organisation, stored.occurred_ms):
        return False
    names = (given.details.keys() | stored.details.keys()) - {"components"}
    if any(given.details.get(name) != stored.details.get(name) for name in names):
        return False
    known = _flat(stored.code, stored.details.get("components", ()))
    return _flat(given.code, given.details.get("components", ())) <= known


def _flat(parent: str, parts: Iterable[Mapping[str, Any]]) -> set[tuple[Any, ...]]:
    found: set[tuple[Any, ...]] = set()
    for part in parts:
        found.add((part["code"], parent, part.get("model"), part.get("massKg")))
        found |= _flat(part["code"], part.get("components", ()))
    return found


# Parents -------------------------------------------------------------------------------------------------------------


def _check_parents(new: dict[str, Item], rows: Rows, by: Viewer) -> None:
    """Take out the rows whose parent is no battery of a higher level that this organisation knows."""
    outside = {item.parent for item in new.values() if item.parent and item.parent not in new}
    known = _known(outside, by)
    pending = [item for item in new.values() if item.parent]
    while pending:
        lost: set[str] = set()
        for item in pending:
            problem = _wrong_parent(item, new, known)
            if problem is not None:
                rows.problems.append(BadRow(item.line, replace(problem, path=item.parent_path)))
                lost.add(item.fact.code)
        for code in lost:
            del new[code]
        # Who is built into a refused one is refused as well: three levels at most.
        pending = [item for item in new.values() if item.parent in lost] if lost else []


def _wrong_parent(item: Item, new: Mapping[str, Item], known: Collection[str]) -> Problem | None:
    assert item.parent is not None
    rank = _RANK[identity.level_of(item.fact.code)]
    # Levels strictly fall, so nothing can be built into itself.
    if _RANK.get(identity.level_of(item.parent), -1) <= rank:
        expected = ", ".join(level for level, above in _RANK.items() if above > rank) or "—"
        return Problem("wrong_value", (), {"value": item.parent, "expected": expected})
    if item.parent not in new and item.parent not in known:
        return Problem("unknown_battery", (), {"value": item.parent})
    return None


def _known(codes: Collection[str], by: Viewer) -> set[str]:
    """Which batteries are registered, as far as the organisation may see them."""
    found: set[str] = set()
    for batch in batches(codes):
        found |= set(visible_records(by).filter(code__in=batch).values_list("code", flat=True))
        own = Component.objects.filter(code__in=batch, since_event__organisation=by.organisation_id)
        found |= set(own.values_list("code", flat=True))
    return found


# Families ------------------------------------------------------------------------------------------------------------


def _families(new: Mapping[str, Item], rows: Rows) -> Iterator[Family]:
    """Fold rows into the trees of their new parents; what stands at the top of each is a fact."""
    children: dict[str, list[Item]] = defaultdict(list)
    tops = []
    for item in new.values():
        if item.parent is not None and item.parent in new and _folds(item.fact):
            children[item.parent].append(item)
        else:
            tops.append(item)
    # A parent before its parts that stay facts of their own.
    tops.sort(key=lambda item: -_RANK[identity.level_of(item.fact.code)])
    for item in tops:
        folded: list[Item] = [item]
        parts = _tree(item, children, folded)
        crowded = next((i for i in folded if len(children.get(i.fact.code, ())) > CODES_LIMIT), None)
        if crowded is not None:
            size = len(children[crowded.fact.code])
            rows.refuse(crowded.line, Problem("too_many", (), {"value": size, "limit": CODES_LIMIT}))
            continue
        details = {**item.fact.details, **({"components": parts} if parts else {})}
        yield Family(replace(item.fact, details=details), tuple(folded))


def _folds(fact: Fact) -> bool:
    """Whether a part's row says nothing that its place in a tree could not keep."""
    return not fact.site and not fact.attachments and fact.details.keys() <= {"model", "massKg", "components", "parent"}


def _tree(item: Item, children: Mapping[str, list[Item]], folded: list[Item]) -> list[dict[str, Any]]:
    own = children.get(item.fact.code, ())
    codes = {child.fact.code for child in own}
    # Parts listed in the record itself; where there is a row as well, the row says more.
    parts = [part for part in item.fact.details.get("components", ()) if part["code"] not in codes]
    for child in own:
        folded.append(child)
        inner = _tree(child, children, folded)
        said = {name: value for name, value in child.fact.details.items() if name in ("model", "massKg")}
        parts.append({"code": child.fact.code, **said, **({"components": inner} if inner else {})})
    return sorted(parts, key=lambda part: str(part["code"]))


# Recording -----------------------------------------------------------------------------------------------------------


def _record(families: list[Family], by: Viewer, result: FileRegistration) -> None:
    receipt = ledger.record([family.fact for family in families], by=by, on_error="proceed")
    for family, entry in zip(families, receipt.entries, strict=True):
        if entry.status == RECORDED:
            result.new += len(family.items)
        elif entry.status == REPLAYED:
            result.same += len(family.items)
        for problem in entry.problems:
            path = problem.path[2:]
            told = (family.fact.path[-1],) if path[:1] in (("battery",), ("key",)) else path
            result.problems.append(BadRow(family.items[0].line, replace(problem, path=told)))


def _warnings(items: Iterable[Item], by: Viewer) -> list[BadRow]:
    first: dict[str, Item] = {}
    for item in items:
        first.setdefault(identity.prefix_of(item.fact.code), item)
    owners = {}
    for batch in batches(first):
        for row in CodePrefix.objects.filter(prefix__in=batch).select_related("organisation"):
            owners[row.prefix] = row.organisation
    warnings = []
    for prefix, item in first.items():
        owner = owners.get(prefix)
        path = (item.fact.path[-1],)
        if owner is None:
            problem = Problem("unknown_manufacturer", path, {"value": prefix})
        elif owner.id != by.organisation_id:
            problem = Problem("foreign_prefix", path, {"value": prefix, "owner": owner.name})
        else:
            continue
        warnings.append(BadRow(item.line, problem))
    return sorted(warnings, key=lambda bad: bad.line)
