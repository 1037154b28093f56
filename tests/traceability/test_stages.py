"""The table of stages and events of `records.md`, row by row; what is expected is written from its text."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traceability.stages import RULES, Move, State, is_allowed, may_act, step

HOLDER, OTHER, ADDRESSEE, ALLIANCE = 1, 2, 3, 9
STAGES = "produced in_vehicle retired in_second_life dismantled reassembled processed exported destroyed lost".split()
LIVING = ["", "produced", "in_vehicle", "retired", "in_second_life"]
EVERY = ["", *STAGES]
SAME = "same"

#: event → (allowed from, new stage, who records it, who holds it after)
TABLE = {
    "produced": ([""], "produced", "anybody", "recorder"),
    "installed": (["produced", "retired"], "in_vehicle", "holder", "recorder"),
    "sold": (["in_vehicle"], SAME, "holder", "recorder"),
    "removed": (["in_vehicle"], "retired", "anybody", "recorder"),
    "dispatched": (["produced", "retired"], SAME, "holder", "recorder"),
    "received": (["produced", "retired", "lost"], SAME, "anybody", "recorder"),
    "refused": (["produced", "retired"], SAME, "addressee", "unchanged"),
    "repaired": (["produced", "in_vehicle", "retired"], SAME, "anybody", "unchanged"),
    "inspected": (["retired"], SAME, "holder", "recorder"),
    "dismantled": (["retired"], "dismantled", "holder", "recorder"),
    "assembled": ([""], "produced", "anybody", "recorder"),
    "deployed": (["produced"], "in_second_life", "holder", "recorder"),
    "decommissioned": (["in_second_life"], "retired", "anybody", "recorder"),
    "processed": (["retired"], "processed", "holder", "recorder"),
    "exported": (["produced", "retired"], "exported", "holder", "recorder"),
    "destroyed": (LIVING, "destroyed", "holder", "recorder"),
    "lost": (LIVING, "lost", "holder", "recorder"),
    "identified": (EVERY, SAME, "holder", "recorder"),
    "recalled": (LIVING, SAME, "anybody", "unchanged"),
    "quarantine_lifted": (["retired"], SAME, "holder", "recorder"),
    "label_issued": (LIVING, SAME, "anybody", "unchanged"),
    "label_revoked": (LIVING, SAME, "anybody", "unchanged"),
    "dispute_decided": (EVERY, SAME, "anybody", "named"),
    "released": (EVERY, "retired", "anybody", "recorder"),
    "reassembled": (["retired"], "reassembled", "holder", "recorder"),
}
#: Where an event whose new stage is *same* leads when it was not allowed: `retired` if its row allows that, else to the
#: stage its row allows; some never change the stage.
FALLBACK = {"sold": "in_vehicle"} | dict.fromkeys(
    "dispatched received refused repaired inspected quarantine_lifted label_issued label_revoked".split(), "retired"
)
KEEPS = ["identified", "recalled"]
EACH = [(type_, stage) for type_ in TABLE for stage in EVERY]


def reached(stage: str) -> State:
    """A chain with an origin at a stage, held by HOLDER; a second-life product, so that it may be deployed."""
    return State(stage, HOLDER, maker=HOLDER, started=bool(stage), origin=True, second_life=True)


def test_the_table_has_every_event() -> None:
    assert set(TABLE) == set(RULES)


@pytest.mark.parametrize(("type_", "stage"), EACH)
def test_an_event_is_allowed_from_the_stages_of_its_row(type_: str, stage: str) -> None:
    move = Move(type_, ADDRESSEE if type_ == "refused" else HOLDER)
    state = replace(reached(stage), transit_to=ADDRESSEE if type_ == "refused" else None)
    allowed = stage in TABLE[type_][0]
    assert is_allowed(state, move) is allowed
    assert step(state, move).fault == ("" if allowed else "missing_link")


@pytest.mark.parametrize(("type_", "stage"), EACH)
def test_an_event_leads_to_the_stage_of_its_row(type_: str, stage: str) -> None:
    allowed, new, _, _ = TABLE[type_]
    if new != SAME:
        expected = new
    elif type_ == "received" and stage == "lost":
        expected = "retired"
    elif stage in allowed or type_ in KEEPS or type_ not in FALLBACK:
        expected = stage
    else:
        expected = FALLBACK[type_]
    assert step(reached(stage), Move(type_, HOLDER)).state.stage == expected


@pytest.mark.parametrize("type_", TABLE)
def test_custody_after_an_event_is_what_its_row_says(type_: str) -> None:
    """Faulty or not, so that one missing event raises one gap and not a trail."""
    after = TABLE[type_][3]
    for stage in EVERY:
        state = reached(stage)
        found = step(state, Move(type_, OTHER, other=ADDRESSEE)).state.holder
        assert found == {"recorder": OTHER, "unchanged": HOLDER, "named": ADDRESSEE}[after], stage


@pytest.mark.parametrize("type_", TABLE)
def test_who_does_not_hold_breaks_custody_where_only_the_holder_may(type_: str) -> None:
    allowed, _, who, _ = TABLE[type_]
    outcome = step(replace(reached(allowed[-1]), started=True), Move(type_, OTHER))
    assert outcome.fault == ("custody_break" if who in ("holder", "addressee") else "")


@pytest.mark.parametrize("type_", TABLE)
def test_an_unknown_holder_contradicts_nobody(type_: str) -> None:
    allowed = TABLE[type_][0]
    state = replace(reached(allowed[-1]), holder=None, started=True, transit_to=OTHER if type_ == "refused" else None)
    assert step(state, Move(type_, OTHER)).fault == ""


def test_the_alliance_identifies_what_it_does_not_hold_and_custody_stays() -> None:
    outcome = step(reached("retired"), Move("identified", ALLIANCE, alliance=True))
    assert (outcome.fault, outcome.state.holder) == ("", HOLDER)


def test_only_a_second_life_product_is_deployed() -> None:
    outcome = step(replace(reached("produced"), second_life=False), Move("deployed", HOLDER))
    assert (outcome.fault, outcome.state.stage) == ("missing_link", "in_second_life")


# One fault an event, in this order -----------------------------------------------------------------------------------


@pytest.mark.parametrize("type_", sorted(set(TABLE) - {"produced", "assembled"}))
def test_a_chain_that_starts_with_anything_but_an_origin_is_of_unknown_origin(type_: str) -> None:
    """Only that, though the stage does not allow it either; and only at its first event."""
    first = step(State(), Move(type_, OTHER))
    assert first.fault == "unknown_origin"
    second = step(replace(first.state, stage="retired"), Move("inspected", OTHER))
    assert second.fault == ""


@pytest.mark.parametrize("type_", ["produced", "assembled"])
def test_an_origin_starts_a_chain_without_a_fault(type_: str) -> None:
    outcome = step(State(), Move(type_, HOLDER))
    assert (outcome.fault, outcome.state.stage, outcome.state.holder) == ("", "produced", HOLDER)
    assert outcome.state.origin


def test_a_late_origin_does_not_mend_the_unknown_one() -> None:
    state = step(State(), Move("received", HOLDER)).state
    outcome = step(state, Move("produced", OTHER))
    assert (outcome.fault, outcome.state.origin, outcome.state.stage) == ("missing_link", False, "produced")


def test_a_missing_link_comes_before_a_custody_break() -> None:
    assert step(reached("in_vehicle"), Move("dispatched", OTHER)).fault == "missing_link"


def test_a_second_dispatch_breaks_custody_even_by_the_holder() -> None:
    state = step(reached("retired"), Move("dispatched", HOLDER, arrival=5, other=ADDRESSEE)).state
    outcome = step(state, Move("dispatched", HOLDER, arrival=6, other=OTHER))
    assert (outcome.fault, outcome.state.transit_to, outcome.state.transit_event) == ("custody_break", OTHER, 6)


@pytest.mark.parametrize("stage", STAGES)
def test_a_second_produced_is_a_component_conflict_and_changes_nothing(stage: str) -> None:
    state = replace(reached(stage), produced=True, transit_to=ADDRESSEE, transit_event=5)
    outcome = step(state, Move("produced", OTHER))
    assert (outcome.fault, outcome.state) == ("component_conflict", state)


def test_a_part_released_from_what_has_an_origin_has_one() -> None:
    assert step(State(), Move("released", HOLDER, origin=True)).fault == ""
    assert step(State(), Move("released", HOLDER, origin=False)).fault == "unknown_origin"


# Custody on the way --------------------------------------------------------------------------------------------------


def on_its_way(to: int = ADDRESSEE) -> State:
    return step(reached("retired"), Move("dispatched", HOLDER, arrival=5, other=to)).state


def test_the_sender_holds_until_receipt() -> None:
    state = on_its_way()
    assert (state.stage, state.holder, state.transit_to, state.transit_event) == ("retired", HOLDER, ADDRESSEE, 5)
    outcome = step(state, Move("received", ADDRESSEE))
    assert (outcome.fault, outcome.unannounced) == ("", False)
    assert (outcome.state.holder, outcome.state.transit_to, outcome.state.transit_event) == (ADDRESSEE, None, None)
    assert outcome.state.claimant is None


def test_any_receipt_closes_the_transit() -> None:
    outcome = step(on_its_way(), Move("received", OTHER))
    assert (outcome.fault, outcome.unannounced) == ("", True)
    assert (outcome.state.holder, outcome.state.transit_to) == (OTHER, None)


def test_a_refusal_closes_the_transit_and_the_sender_goes_on_holding() -> None:
    outcome = step(on_its_way(), Move("refused", ADDRESSEE))
    assert (outcome.fault, outcome.state.holder, outcome.state.transit_to) == ("", HOLDER, None)


def test_who_is_not_the_addressee_cannot_refuse() -> None:
    assert step(on_its_way(), Move("refused", OTHER)).fault == "custody_break"


@pytest.mark.parametrize("type_", ["inspected", "quarantine_lifted", "recalled", "repaired"])
def test_other_events_leave_the_transit_open(type_: str) -> None:
    assert step(on_its_way(), Move(type_, HOLDER)).state.transit_to == ADDRESSEE


# Disputes ------------------------------------------------------------------------------------------------------------


def disputed() -> State:
    """OTHER received without announcement what HOLDER is known to hold."""
    return step(reached("retired"), Move("received", OTHER)).state


def test_a_receipt_without_announcement_from_a_known_holder_is_disputed() -> None:
    state = disputed()
    assert (state.holder, state.claimant, state.intruder) == (OTHER, HOLDER, OTHER)


def test_an_unannounced_receipt_disputes_nothing_where_nobody_is_known_to_hold() -> None:
    outcome = step(replace(reached("retired"), holder=None), Move("received", OTHER))
    assert (outcome.unannounced, outcome.state.holder, outcome.state.claimant) == (True, OTHER, None)


def test_a_holder_that_receives_again_disputes_nothing() -> None:
    outcome = step(reached("retired"), Move("received", HOLDER))
    assert (outcome.unannounced, outcome.state.claimant, outcome.state.intruder) == (True, None, None)


@pytest.mark.parametrize("who", [HOLDER, OTHER])
@pytest.mark.parametrize("type_", ["inspected", "dispatched", "processed", "dismantled", "lost"])
def test_both_may_act_on_what_is_disputed(type_: str, who: int) -> None:
    assert may_act(disputed(), Move(type_, who, other=7))
    assert step(disputed(), Move(type_, who, other=7)).fault == ""


def test_a_third_may_not_act_on_what_is_disputed() -> None:
    assert step(disputed(), Move("inspected", ADDRESSEE)).fault == "custody_break"


def test_the_earlier_holder_settles_it_by_dispatching_to_the_receiver_afterwards() -> None:
    outcome = step(disputed(), Move("dispatched", HOLDER, arrival=7, other=OTHER))
    assert outcome.fault == ""
    assert (outcome.state.holder, outcome.state.claimant, outcome.state.intruder) == (OTHER, None, None)
    assert outcome.state.transit_to is None


def test_a_dispatch_to_somebody_else_settles_nothing() -> None:
    state = step(disputed(), Move("dispatched", HOLDER, arrival=7, other=ADDRESSEE)).state
    assert (state.claimant, state.intruder, state.transit_to) == (HOLDER, OTHER, ADDRESSEE)


@pytest.mark.parametrize(("named", "holder"), [(HOLDER, HOLDER), (OTHER, OTHER), (None, OTHER)])
def test_the_alliance_settles_it(named: int | None, holder: int) -> None:
    state = step(disputed(), Move("dispute_decided", ALLIANCE, other=named, alliance=True)).state
    assert (state.holder, state.claimant, state.intruder, state.transit_to) == (holder, None, None, None)


def test_it_is_settled_when_it_comes_back_to_the_earlier_holder() -> None:
    state = step(disputed(), Move("received", HOLDER)).state
    assert (state.holder, state.claimant, state.intruder) == (HOLDER, None, None)


# Whatever comes ------------------------------------------------------------------------------------------------------

moves = st.builds(
    Move,
    st.sampled_from(sorted(TABLE)),
    st.sampled_from([HOLDER, OTHER, ADDRESSEE]),
    arrival=st.integers(1, 99),
    other=st.none() | st.sampled_from([HOLDER, OTHER, ADDRESSEE]),
).filter(lambda move: move.type != "dispatched" or move.other is not None)


@given(st.lists(moves, max_size=20))
def test_no_history_is_refused_and_no_state_contradicts_itself(history: list[Move]) -> None:
    state = State()
    for move in history:
        outcome = step(state, move)
        state = outcome.state
        assert state.started
        assert state.stage in EVERY
        assert (state.transit_to is None) == (state.transit_event is None)
        assert (state.claimant is None) == (state.intruder is None)
        assert state.claimant is None or state.claimant != state.intruder
        assert outcome.unannounced <= (move.type == "received")
