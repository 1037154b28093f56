"""What is asked of a fact before anything is looked up of the thing that it is about: name, role, organisations."""

from collections.abc import Iterator, Mapping

from traceability import identity, lots, organisations, shapes
from traceability.access import Viewer
from traceability.checks import ALLIANCE_ONLY, roles_for
from traceability.errors import Problem, Refusal, refuse
from traceability.facts import Fact
from traceability.lines import Line

#: Organisations by their codes: id, and whether it is the alliance.
Known = Mapping[str, tuple[int, bool]]


def problems(fact: Fact, by: Viewer, known: Known) -> Iterator[Problem]:
    """Ask for name, role, and organisations that exist."""
    if fact.organisation not in known:
        yield Problem("unknown_organisation", ("organisation",), {"value": fact.organisation})
    elif not by.is_alliance and fact.organisation != by.organisation_code:
        yield Problem("not_own_name", ("organisation",), {"value": fact.organisation})
    elif not has_role(fact, by, known):
        yield Problem("role", ("type",), {"organisation": fact.organisation, "value": fact.type})
    for path, code in organisations.required_in(fact):
        if code not in known:
            yield Problem("unknown_organisation", path, {"value": code})


def has_role(fact: Fact, by: Viewer, known: Known) -> bool:
    """Tell whether who records has a role for it; who may correct is asked of the original."""
    needed = roles_for(fact.type)
    if fact.type == "corrected":
        return True
    if by.is_alliance and fact.organisation != by.organisation_code:
        # What only the alliance may say, nobody else is quoted with; the rest is history, for the audit to judge.
        return needed != ALLIANCE_ONLY or known[fact.organisation][1]
    return bool(by.roles & needed)


def check_replacement(replacement: Fact, first: Fact, kind: str, by: Viewer, known: Known) -> None:
    """Refuse what a correction puts in the place of `first` where that needs no history: another kind of thing, what
    contradicts itself, organisations that do not exist, and roles that who corrects has not."""
    if replacement.kind != kind:
        raise refuse("wrong_value", ("type",), value=replacement.type, expected=kind)
    if wrong := list(_in_itself(replacement)):
        raise Refusal(*wrong)
    for path, code in organisations.required_in(replacement):
        if code not in known:
            raise refuse("unknown_organisation", path, value=code)
    if not has_role(replacement, by, known):
        raise refuse("role", ("type",), organisation=replacement.organisation, value=replacement.type)
    if not by.is_alliance and replacement.type == "identified" != first.type:
        raise refuse("wrong_value", ("type",), value=replacement.type, expected=first.type)


def _in_itself(replacement: Fact) -> Iterator[Problem]:
    """What could not be asked of a replacement before the original was known."""
    if replacement.kind == "lot" and replacement.type in shapes.HANDED and "massKg" not in replacement.details:
        yield Problem("missing_field", ("details", "massKg"), {"value": "massKg"})
        return
    yield from lots.problems(
        replacement.type,
        replacement.details,
        organisation=replacement.organisation,
        own=replacement.code,
        occurred_ms=replacement.occurred_ms,
    )


def check_provisional(fact: Fact, line: Line, organisation: int, by: Viewer) -> None:
    """Refuse what cannot be said of a provisional identity, and what is another's (`wrong_value`)."""
    if fact.type == "identified":
        if not identity.is_provisional(fact.code):
            raise refuse("not_provisional", ("battery",), value=fact.code)
        if line.record.chain_id is not None:
            raise refuse("already_identified", ("battery",), value=fact.code)
        if identity.is_provisional(fact.details["as"]):
            raise refuse("wrong_value", ("details", "as"), value=fact.details["as"], expected="GB/T 34014")
    elif fact.type == "received" and identity.is_provisional(fact.code) and not by.is_alliance:
        # A TMP- value is unique in the whole system: another's receipt under it is another battery.
        state = line.state
        if state.started and organisation not in (state.holder, state.transit_to, state.claimant):
            raise refuse("wrong_value", ("battery",), value=fact.code, expected="TMP-…")
