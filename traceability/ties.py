"""What a claim says of other batteries: the parts it gives out or builds in have to be the claimant's to move.

Asked of organisations only; the alliance captures history as it was told.
"""

from collections.abc import Collection, Iterable
from typing import Any, Final

from django.utils.translation import gettext as _

from traceability import identity
from traceability.errors import Problem, Refusal
from traceability.facts import Fact
from traceability.lives import Lives
from traceability.values import ONCE

_RANK: Final = {"cell": 1, "module": 2, "pack": 3}
#: After everything that is stored for the moment.
_LAST: Final = 1 << 62
Place = tuple[tuple[str, ...], str]


def coming_out(fact: Fact) -> list[Place]:
    """The parts that a fact says leave its battery, or lie in its residues."""
    return [*_given(fact), *_used_up(fact)]


def going_in(fact: Fact) -> list[Place]:
    """The parts that a fact says are built in."""
    return _taken(fact)


def named(fact: Fact) -> list[Place]:
    """Every part that a fact speaks of."""
    return [*coming_out(fact), *going_in(fact)]


def tied_codes(facts: Iterable[Fact]) -> set[str]:
    """Every code whose life decides whether these facts may be claimed, with the batteries they speak of."""
    found: set[str] = set()
    for fact in facts:
        said = fact.replacement or fact
        listed = {code for _path, code in named(said)}
        if listed:
            found |= listed | {said.code}
    return found


def check_ties(fact: Fact, organisation: int, lives: Lives, *, instead_of: Fact | None = None) -> None:
    """Refuse parts that are not this battery's to give, or not the recorder's to build in.

    A part that nobody registered is taken up. Of a correction, only what it names beside what stood before is asked.
    Raises `wrong_value` for a level that cannot be a part, `not_part` for what leaves a battery it is not in,
    `built_in` and `not_holder` for a used part that another has. What a residue is made of leaves the battery, too; it
    cannot be a part that goes on as well (`wrong_value`).
    """
    problems = []
    whole = {code for _path, code in _given(fact)}
    problems += [_twice(path, code) for path, code in _used_up(fact) if code in whole]
    for judge, listed in ((_leaves, _given), (_leaves, _used_up), (_enters, _taken)):
        stood = {code for _path, code in listed(instead_of)} if instead_of else set()
        for path, code in listed(fact):
            if not _is_below(code, fact.code):
                problems.append(_level(path, code, fact.code))
            elif code not in stood and (problem := judge(fact, organisation, lives, path, code)):
                problems.append(problem)
    if problems:
        raise Refusal(*problems)


def _given(fact: Fact) -> list[Place]:
    name = {"repaired": "removed", "dismantled": "components"}.get(fact.type)
    return [(("details", name, str(n)), code) for n, code in enumerate(fact.details.get(name, ()))] if name else []


def _used_up(fact: Fact) -> list[Place]:
    if fact.type != "dismantled":
        return []
    return [
        (("details", "residues", str(n), "components", str(m)), code)
        for n, residue in enumerate(fact.details.get("residues", ()))
        for m, code in enumerate(residue.get("components", ()))
    ]


def _taken(fact: Fact) -> list[Place]:
    if fact.type == "produced":
        return list(_tree(fact.details.get("components", ()), ("details", "components")))
    if fact.type == "repaired":
        return [(("details", "added", str(n)), code) for n, code in enumerate(fact.details.get("added", ()))]
    return []


def _tree(parts: Collection[Any], path: tuple[str, ...]) -> Iterable[Place]:
    for number, part in enumerate(parts):
        here = (*path, str(number))
        yield (*here, "code"), part["code"]
        yield from _tree(part.get("components", ()), (*here, "components"))


def _is_below(part: str, battery: str) -> bool:
    """A part is of a lower level; a second-life product may be made of packs."""
    inner, outer = _RANK.get(identity.level_of(part), 0), _rank(battery)
    return inner < outer or (inner == outer and identity.is_second_life(battery))


def _rank(battery: str) -> int:
    return _RANK.get(identity.level_of(battery), 4)


def _leaves(fact: Fact, organisation: int, lives: Lives, path: tuple[str, ...], code: str) -> Problem | None:
    moment = (fact.occurred_ms, _LAST)
    around = lives.inside(code, moment)
    if not lives.is_known(code) or fact.code in (*around, *lives.stated_in(code, moment)):
        return None
    # What lies loose in the own hands may have been in this battery; what another battery holds was not.
    elsewhere = bool(around) and _rank(around[-1]) >= _rank(fact.code)
    if not elsewhere and lives.at(code, moment).holder == organisation:
        return None
    return Problem("not_part", path, {"value": code, "battery": fact.code})


def _enters(fact: Fact, organisation: int, lives: Lives, path: tuple[str, ...], code: str) -> Problem | None:
    moment = (fact.occurred_ms, _LAST)
    around = lives.inside(code, moment)
    if not lives.is_known(code) or fact.code in around:
        return None
    if around:
        return Problem("built_in", path, {"value": code})
    state = lives.at(code, moment)
    # A new part comes from its maker's shelf without papers of its own; a used one is somebody's.
    if state.stage in ("", "produced") or state.holder in (None, organisation):
        return None
    return Problem("not_holder", path, {"value": code, "organisation": fact.organisation})


def _twice(path: tuple[str, ...], code: str) -> Problem:
    return Problem("wrong_value", path, {"value": code, "expected": ONCE})


def _level(path: tuple[str, ...], code: str, battery: str) -> Problem:
    expected = _("a part of a lower level than {battery}").format(battery=battery)
    return Problem("wrong_value", path, {"value": code, "expected": expected})
