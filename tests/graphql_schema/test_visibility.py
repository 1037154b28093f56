"""An organisation never sees what is not its own: by any field, id, filter, connection, count or error text.

Random histories, told of several batteries by several organisations, true or not. Each fact leaves marks of its own
(key, place, waybill, VIN, codes, hash). Three organisations ask everything that the schema lets them ask; no answer
may hold a mark that no event within their own part bears. What they may not see answers, to the letter, like what
does not exist.
"""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

import pytest
from graphql import validate
from hypothesis import Phase, given, note, settings
from hypothesis import strategies as st

from tests import factories
from tests.graphql_schema import walking
from tests.graphql_schema.asking import SCHEMA, ask
from tests.graphql_schema.walking import Case
from tests.histories import CODES, Told, tellings
from tests.worlds import Party, World, rolled_back
from traceability.facts import Fact
from traceability.models import CodePrefix, Component, Involvement, LifecycleEvent, LifecycleRecord, Step, Transfer

#: What a fact leaves behind, wherever it is told: its key, place and waybill, and the vehicle.
MARK = re.compile(r"(?:key|site|wb)<\d+>|LSVAA[0-9A-Z]{12}")
WHO = ("maker", "recycler", "stranger")
#: How many questions are drawn of all there are, for each organisation of each world.
DRAWN = 25
NEVER_TOLD = factories.pack_code(99)
EXAMPLES = int(os.environ.get("WALKS", 0)) or max(4, (settings.default or settings()).max_examples // 12)
#: A world takes seconds to walk: an example found is told as it is, shrinking it would take the test's whole time.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)


# Worlds with marks ---------------------------------------------------------------------------------------------------


def fact_of(world: World, told: Told, day: int) -> Fact:
    """A telling as a fact that can be told from all others."""
    details = {
        name: getattr(world, value).code if name in ("to", "from", "holder") else value for name, value in told.details
    }
    if told.type == "dispatched":
        details["waybill"] = f"wb<{day}>"
    if told.type == "installed":
        details["vin"] = factories.vin(1000 + day)
    site = {"site": {"name": f"site<{day}>", "region": "510100"}}
    who = getattr(world, told.by).code
    return factories.fact(told.type, who, day, battery=told.code, key=f"key<{day}>", details=details, **site)


def play(world: World, history: Sequence[Told]) -> None:
    facts = [fact_of(world, told, day) for day, told in enumerate(history, start=1)]
    world.capture(facts, on_error="proceed")


@dataclass
class Marks:
    """All that identifies anything in the world, and what of it an organisation may meet."""

    all: set[str]
    allowed_text: str
    allowed: set[str] = field(init=False)

    def __post_init__(self) -> None:
        self.allowed = {mark for mark in self.all if mark in self.allowed_text}

    def leaked(self, answer: str, also: str = "") -> set[str]:
        return {mark for mark in self.all - self.allowed if mark in answer and mark not in also}


# What may be seen, said a second time, plainly -----------------------------------------------------------------------


@dataclass(frozen=True)
class Part:
    """How far an organisation sees one chain."""

    record: LifecycleRecord
    until: tuple[int, int]


FOREVER = (1 << 62, 1 << 62)


def parts_of(who: Party) -> dict[int, Part]:
    """The chains that an organisation sees more of than a scan would tell."""
    found = {}
    for row in Involvement.objects.filter(organisation=who.id).select_related("record"):
        record = row.record
        holds = record.holder_id == who.id and record.intruder_id != who.id
        awaits = record.transit_to_id == who.id and record.intruder_id is None
        found[record.id] = Part(record, FOREVER if holds or awaits else (row.until_ms, row.until_arrival))
    return found


def built_in(who: Party) -> dict[str, tuple[int, int]]:
    """The parts of what is seen, and of those parts: code → how far.

    A part shares the life, and the sight, of the outermost battery around it: one built in itself passes nothing on.
    """
    found: dict[str, tuple[int, int]] = {}
    pending = {part.record.code: part.until for part in parts_of(who).values() if not part.record.part_of}
    while pending:
        below = {}
        for stay in Component.objects.filter(parent_code__in=pending, until_ms=None):
            until = pending[stay.parent_code]
            if (stay.since_ms, stay.since_event_id) <= until and stay.code not in found:
                below[stay.code] = until
        found |= below
        pending = below
    return found


def were_built_in(who: Party) -> set[str]:
    """The codes of all that was ever built into what is seen, while it was seen."""
    seen = {part.record.code: part.until for part in parts_of(who).values()} | built_in(who)
    stays = Component.objects.filter(parent_code__in=seen)
    return {stay.code for stay in stays if (stay.since_ms, stay.since_event_id) <= seen[stay.parent_code]}


def reach(who: Party) -> dict[int, tuple[int, int]]:
    """How far each chain is seen: by the own part in it, or by that in the battery around it."""
    found = {record_id: part.until for record_id, part in parts_of(who).items()}
    inside = built_in(who)
    for record in LifecycleRecord.objects.filter(kind="battery", chain=None, code__in=inside):
        found[record.id] = max(found.get(record.id, (0, 0)), inside[record.code])
    return found


def visible_steps(who: Party) -> Iterator[Step]:
    for record_id, until in reach(who).items():
        for step in Step.objects.filter(record=record_id).select_related("event__record"):
            if (step.occurred_ms, step.arrival) <= until:
                yield step


def text_of(event: LifecycleEvent) -> str:
    contents = " ".join(event.contents.values_list("value", flat=True))
    return f"{bytes(event.body).decode()} {event.hash.hex()} {contents}"


def organisations_in(steps: Sequence[Step]) -> set[int]:
    """Whoever the steps name, and whom they left the battery with."""
    found: set[int | None] = set()
    for step in steps:
        found |= {step.organisation_id, step.other_id, step.holder_before, step.holder_after}
        found |= {step.transit_before, step.transit_after}
    return {id_ for id_ in found if id_ is not None}


def marks_for(world: World, who: Party) -> Marks:
    """Every mark of the world, and the texts of all that this organisation may meet."""
    steps = list(visible_steps(who))
    own = LifecycleEvent.objects.filter(organisation=who.id)
    shared = [t for t in Transfer.objects.all() if who.id in (t.sender_id, t.receiver_id)]
    ids = organisations_in(steps) | {id_ for t in shared for id_ in (t.sender_id, t.receiver_id)} | {who.id}
    allowed = [text_of(event) for event in (*(step.event for step in steps), *own)]
    allowed += [part.record.code for part in parts_of(who).values()] + [step.event.record.code for step in steps]
    allowed += [transfer.reference for transfer in shared]
    # Both sides of a consignment know what was in it.
    allowed += [item.record.code for t in shared for item in t.items.all()]
    # A disputed receiver has the battery before it: its code, and who made it.
    allowed += [*intruded(who), *were_built_in(who)]
    codes = {code for code in known_codes() if any(code in text for text in allowed)}
    ids |= set(
        CodePrefix.objects.filter(prefix__in={code[:3] for code in codes}).values_list("organisation", flat=True)
    )
    text = " ".join(allowed)
    for party in world.parties:
        if party.id in ids or party.code in text:
            text += f" {party.code} {names_of(party)}"
    return Marks(all_marks(world), text)


def intruded(who: Party) -> list[str]:
    return list(LifecycleRecord.objects.filter(kind="battery", intruder=who.id).values_list("code", flat=True))


def known_codes() -> set[str]:
    records = LifecycleRecord.objects.filter(kind="battery").values_list("code", flat=True)
    return {*records, *Component.objects.values_list("code", flat=True)}


def names_of(party: Party) -> str:
    return f"{party.organisation.name} {party.organisation.name_en}"


def all_marks(world: World) -> set[str]:
    found = set(known_codes())
    for event in LifecycleEvent.objects.filter(record__kind="battery"):
        found |= {event.hash.hex(), *MARK.findall(text_of(event))}
    for party in world.parties:
        found |= {party.code, party.organisation.name, party.organisation.name_en}
    return found


def hidden_codes(who: Party) -> set[str]:
    """The codes that have to answer like those that were never told."""
    parts = parts_of(who)
    seen = {part.record.code for part in parts.values()} | built_in(who).keys() | set(intruded(who))
    seen |= set(LifecycleRecord.objects.filter(chain__in=parts).values_list("code", flat=True))
    return known_codes() - seen


# Asking everything ---------------------------------------------------------------------------------------------------


def identifiers(world: World) -> list[str]:
    """Every text that names something: codes, keys, waybills, node ids; and some that name nothing."""
    codes = sorted({*known_codes(), *CODES.values(), NEVER_TOLD})
    parties = [party.code for party in world.parties]
    found = [*codes, *parties, "key<1>", "wb<1>", "wb<2>", "A", "", "04Q", "001", "%", "'", "MToxOjE", "MQ"]
    found += [f"Battery:{code}" for code in codes] + [f"Organisation:{code}" for code in parties]
    events = LifecycleEvent.objects.filter(record__kind="battery").select_related("record")
    found += [f"Event:{event.record.code}/{event.sequence}" for event in events]
    found += [f"Transfer:{transfer.pk}" for transfer in Transfer.objects.all()]
    found += ["Event:", "Event:/", "Event:x/²", "Transfer:1e9", f"Transfer:{1 << 70}", "Battery", "Viewer:1", ":"]
    return found


def check_answers(world: World, who: Party, asked: Sequence[Case]) -> None:
    marks = marks_for(world, who)
    for case in asked:
        answer = ask(who, case.document, **case.arguments)
        # What was asked with may come back in an error; what is scanned is identified.
        also = str(case.arguments)
        if case.name == "resolveScan":
            # A provisional code that was identified leads to the true one.
            joined = LifecycleRecord.objects.filter(code=case.arguments["payload"], chain__isnull=False)
            also += " ".join(joined.values_list("chain__code", flat=True))
            also += " ".join(names_of(p) + p.code for p in (world.maker, world.cell_maker, world.second_life))
        note(f"{case.name} {case.arguments}")
        assert marks.leaked(answer.text, also) == set(), (case.name, case.arguments)


def check_hidden(who: Party, asked: Sequence[Case]) -> None:
    """A code that is hidden, in any argument, gives the answer that a code never told gives."""
    hidden = hidden_codes(who)
    # What somebody recorded stays theirs to read, whatever becomes of the battery.
    own = {
        f"Event:{event.record.code}/{event.sequence}"
        for event in LifecycleEvent.objects.filter(organisation=who.id).select_related("record")
    }
    for case in asked:
        if own & {value for value in case.arguments.values() if isinstance(value, str)}:
            continue
        code = next((code for code in sorted(hidden) if code in str(case.arguments)), None)
        if code is None or case.name == "resolveScan":
            continue
        never = NEVER_TOLD if len(code) == 24 else f"TMP-{'9' * (len(code) - 4)}"
        other = replaced(case.arguments, code, never)
        first, second = (ask(who, case.document, **arguments).text for arguments in (case.arguments, other))
        assert first.replace(code, never) == second, (case.name, case.arguments)


def replaced(value: Any, old: str, new: str) -> Any:
    if isinstance(value, dict):
        return {name: replaced(inner, old, new) for name, inner in value.items()}
    if isinstance(value, list):
        return [replaced(inner, old, new) for inner in value]
    return value.replace(old, new) if isinstance(value, str) else value


@settings(max_examples=EXAMPLES, phases=PHASES)
@given(history=tellings(size=12), chosen=st.randoms(use_true_random=False))
def test_nobody_sees_what_is_not_their_own(world: World, history: list[Told], chosen: Random) -> None:
    with rolled_back():
        play(world, history)
        every = walking.cases(identifiers(world))
        plain = [case for case in every if not case.arguments]
        for name in WHO:
            who = getattr(world, name)
            asked = plain + chosen.sample(every, min(DRAWN, len(every)))
            note(name)
            check_answers(world, who, asked)
            check_hidden(who, asked)


@settings(max_examples=EXAMPLES, phases=PHASES)
@given(history=tellings(size=12))
def test_lists_and_counts_hold_just_what_is_seen(world: World, history: list[Told]) -> None:
    query = "{ batteries(first: 100) { edges { node { code } } totalCount } }"
    with rolled_back():
        play(world, history)
        for name in WHO:
            who = getattr(world, name)
            alone = {part.record.code for part in parts_of(who).values() if not part.record.part_of}
            found = ask(who, query).data["batteries"]
            assert {edge["node"]["code"] for edge in found["edges"]} == alone
            assert found["totalCount"] == len(alone)


@settings(max_examples=EXAMPLES, phases=PHASES)
@given(history=tellings(size=12))
def test_events_are_just_those_of_the_own_part(world: World, history: list[Told]) -> None:
    query = "query ($code: String!) { battery(code: $code) { code events { edges { node { key } } } } }"
    with rolled_back():
        play(world, history)
        for name in WHO:
            who = getattr(world, name)
            codes = dict(LifecycleRecord.objects.filter(id__in=reach(who)).values_list("id", "code"))
            expected: dict[str, set[str]] = {code: set() for code in codes.values()}
            for step in visible_steps(who):
                expected[codes[step.record_id]].add(step.key)
            for code, keys in expected.items():
                answer = ask(who, query, code=code)
                assert not answer.errors, (code, keys, answer)
                assert answer.data["battery"]["events"] is not None, (name, code, keys)
                found = answer.data["battery"]
                told = {edge["node"]["key"] for edge in found["events"]["edges"]}
                assert told == keys, (name, code)


# The walk itself -----------------------------------------------------------------------------------------------------


def test_every_question_that_is_walked_is_valid_and_every_root_field_is_asked() -> None:
    every = walking.cases(["04Q"])
    assert SCHEMA.query_type is not None
    assert {case.name for case in every} == set(SCHEMA.query_type.fields)
    # Of each document once: they are large.
    documents = {id(case.document): case.document for case in every}
    assert [case for case in documents.values() if validate(SCHEMA, case)] == []


def test_the_walk_would_notice_a_leak(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that cannot fail is a defect: give the stranger everybody's eyes."""
    world.pack(modules=1).produced().installed().sold()
    spy = replace(world.stranger.viewer, roles=frozenset({"alliance"}))
    marks = marks_for(world, world.stranger)
    leaks = marks.leaked(ask(spy, "{ batteries { edges { node { code holder { name } vehicle { vin } } } } }").text)
    assert len(leaks) >= 3
