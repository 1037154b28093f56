"""Whether a claim may be recorded: role, stage and custody, at its place in the order of occurrence. Pure functions.

What stands on the dock is recorded: `received` is never refused for stage or custody.
"""

import re
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from traceability import law, shapes
from traceability.errors import Refusal, refuse
from traceability.facts import Fact
from traceability.stages import (
    ADDRESSEE,
    HOLDER,
    MAKER,
    ORIGINS,
    ROLES,
    RULES,
    UTILISING,
    Move,
    State,
    is_allowed,
    is_on_its_way,
    may_act,
)
from traceability.values import from_ms

#: A battery that nobody registered starts its history with one of these.
STARTING: Final = ORIGINS | {"received"}
ALLIANCE_ONLY: Final = frozenset({"alliance"})


def roles_for(type_: str) -> frozenset[str]:
    """The roles of which one is needed to record a fact of this type; who may correct is asked of the original."""
    if type_ in shapes.ORGANISATION_ROLES:
        return shapes.ORGANISATION_ROLES[type_]
    if type_ in shapes.LOT_TYPES or type_ == shapes.BATCH:
        return shapes.LOT_ROLES
    rule = RULES.get(type_)
    return rule.roles if rule else frozenset(ROLES)


def check_claim(fact: Fact, state: State, move: Move, *, known: bool, filed_by: int | None = None) -> None:
    """Refuse a claim that contradicts what the record says.

    Args:
        state: what the chain had reached before the fact's place in it.
        known: whether anything was ever recorded of the battery.
        filed_by: who filed the code's manufacturer prefix; it may act as the maker as well.

    Raises:
        Refusal: `forbidden_use`, `unknown_battery`, `stage`, `not_holder`, `not_addressee`, `quarantined`,
            `in_transit`, `not_maker`.
    """
    if fact.type == "received":
        return
    _check_use(fact)
    if not known and fact.type not in STARTING:
        raise refuse("unknown_battery", ("battery",), value=fact.code)
    if not is_allowed(state, move) or (move.type == "produced" and state.produced):
        raise _wrong_stage(fact, state)
    unheld = RULES[move.type].by == HOLDER and state.holder is None
    if unheld or not may_act(state, move):
        code = "not_addressee" if RULES[move.type].by == ADDRESSEE else "not_holder"
        raise refuse(code, ("battery",), value=fact.code, organisation=fact.organisation)
    if move.type in UTILISING and state.quarantine is not None:
        raise refuse("quarantined", ("battery",), value=fact.code)
    if move.type == "dispatched" and move.other == move.organisation:
        raise refuse("wrong_value", ("details", "to"), value=fact.organisation, expected=_("another organisation"))
    if move.type == "dispatched" and is_on_its_way(state, move):
        raise refuse("in_transit", ("battery",), value=fact.code)
    if RULES[move.type].by == MAKER and not move.alliance and move.organisation not in (state.maker, filed_by):
        raise refuse("not_maker", ("battery",), value=fact.code)


def _check_use(fact: Fact) -> None:
    """Refuse a use that is forbidden on the day of the fact, however the word is written."""
    application = fact.details.get("application")
    if fact.type not in ("assembled", "deployed") or application is None:
        return
    day = timezone.localtime(from_ms(fact.occurred_ms)).date()
    if re.sub(r"[\s_-]+", "_", application.strip().casefold()) in law.forbidden_applications(day):
        since = law.in_force_from("order73.forbidden_use").isoformat()
        raise refuse("forbidden_use", ("details", "application"), value=application, since=since)


def _wrong_stage(fact: Fact, state: State) -> Refusal:
    allowed = ", ".join(sorted(RULES[fact.type].allowed))
    return refuse("stage", ("battery",), value=fact.code, type=fact.type, stage=state.stage, allowed=allowed)
