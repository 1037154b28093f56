"""What an event's chain says of it: warnings, told to who records it and read with the event ever after.

Found from what is projected alone, so that the first answer, a repeated one and a reading years later agree, and a
rebuild changes none. Of a receipt, each warning asks for an outcome; the first that applies is the receipt's.

    implausible_travel   seen so far away so shortly before that nobody can have brought it here; or received while
                         another holds it, undisturbed and in store: the label may be a copy
    unregistered_part    a module or cell that nobody ever registered
    implausible_mass     far from what was registered, or from what any such battery weighs (`masses.py`)
    in_transit           used up, or taken out of reach, while it is on its way to another
    already_used         received after it was said to have gone into a batch: one of the two records is wrong
    attachment_missing   a file that is named and was never sent
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from enum import StrEnum
from typing import Final

from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from traceability import attachments, events, identity, masses, used_up, values
from traceability.chains import HAZARDS
from traceability.errors import Problem
from traceability.events import batches
from traceability.facts import Fact
from traceability.models import Component, LifecycleEvent, LifecycleRecord, Step, TransferItem
from traceability.stages import UTILISING
from traceability.travel import EARTH_KM as EARTH_KM
from traceability.travel import distance_km as distance_km
from traceability.travel import is_too_fast as is_too_fast
from traceability.travel import too_fast


class Outcome(StrEnum):
    """What an item's receipt found; the first that applies, in this order."""

    DUPLICATE = "duplicate"
    QUARANTINED = "quarantined"
    CONFLICT = "conflict"
    DISPUTED = "disputed"
    UNANNOUNCED = "unannounced"
    RECEIVED_WITH_DIFFERENCES = "received_with_differences"
    RECEIVED = "received"


ORDER: Final = list(Outcome)
STORED: Final = frozenset({"produced", "retired"})
CONDITIONS: Final = {"damaged": _("damaged"), "leaking": _("leaking"), "burnt": _("burnt")}
#: Things that one sentence names.
_NAMED: Final = 5

Finding = tuple[Outcome, Problem]


def of_events(event_ids: Collection[int]) -> dict[int, list[Problem]]:
    """The warnings of stored events; a fixed number of queries for all of them."""
    steps = [
        step
        for some in batches(event_ids)
        for step in Step.objects.filter(event_id__in=some, effective=True).select_related("record", "event")
    ]
    facts = {each.id: _content(each.fact) for each in events.stored([step.event for step in steps])}
    found = of_steps([(step, facts[step.event_id]) for step in steps])
    return {event_id: [problem for _outcome, problem in told] for event_id, told in found.items()}


def _content(fact: Fact) -> Fact:
    """What a fact says, which for a correction is what it puts in place; that may leave the code to the original."""
    said = fact.replacement
    return fact if said is None else replace(said, code=said.code or fact.code)


def of_steps(taken: Sequence[tuple[Step, Fact]]) -> dict[int, list[Finding]]:
    """What was found of these steps, each with its fact; `step.record` is loaded. A fixed number of queries."""
    known = _Known(taken)
    return {step.event_id: list(_found(step, fact, known)) for step, fact in taken}


class _Known:
    """What is looked up for all steps together; by event, unless it says otherwise."""

    def __init__(self, taken: Sequence[tuple[Step, Fact]]) -> None:
        received = [(step, fact) for step, fact in taken if fact.type == "received"]
        self.sent = _sent([step for step, _fact in received])
        self.used = _used_before(received)
        #: By record.
        self.recalled = _recalls({step.record_id for step, _fact in received})
        self.fast = too_fast(taken)
        self.unregistered = _unregistered({code for _step, fact in taken for code in _parts(fact)})
        self.missing = _missing(taken)
        self.impossible = _impossible([step for step, fact in taken if fact.type == "identified"])
        # What differs from what was sent is told as that.
        as_sent = [(s, f) for s, f in taken if not _weighs_otherwise(f, self.sent.get(s.event_id))]
        self.masses = masses.implausible(as_sent)


def _found(step: Step, fact: Fact, known: _Known) -> Iterator[Finding]:
    if fact.type == "received":
        yield from _receipt(fact, step)
        yield from _differences(fact, known.sent.get(step.event_id))
        yield from _afterwards(step, fact, known)
    if fact.type == "identified":
        if stage := known.impossible.get(step.event_id):
            yield Outcome.CONFLICT, Problem("not_possible_here", (), {"stage": stage})
        if step.intruder_after == step.organisation_id:
            yield Outcome.DISPUTED, Problem("held_by_another")
    if step.event_id in known.fast or _held_undisturbed(step):
        yield Outcome.RECEIVED, Problem("implausible_travel")
    yield from _used_on_its_way(step, fact)
    if mass := known.masses.get(step.event_id):
        yield Outcome.RECEIVED, mass
    if strange := [code for code in _parts(fact) if code in known.unregistered]:
        yield Outcome.RECEIVED, Problem("unregistered_part", (), {"value": some(strange)})
    if names := known.missing.get(step.event_id):
        yield Outcome.RECEIVED, Problem("attachment_missing", (), {"value": some(names)})


def outcome_of(told: Iterable[Finding]) -> Outcome:
    """The outcome of a receipt by what was found of it."""
    return min((outcome for outcome, _problem in told), key=ORDER.index, default=Outcome.RECEIVED)


def some(names: Sequence[str]) -> str:
    """Name the first of several things, and how many there are."""
    shown = ", ".join(names[:_NAMED])
    return shown if len(names) <= _NAMED else f"{shown} … ({len(names)})"


# Receipts ------------------------------------------------------------------------------------------------------------


def _receipt(fact: Fact, step: Step) -> list[Finding]:
    """What the chain says against the receipt: (outcome it asks for, warning)."""
    found = []
    us = step.organisation_id
    disputed = step.intruder_after == us
    if step.unannounced and identity.is_provisional(fact.code):
        found.append((Outcome.QUARANTINED, Problem("code_unreadable")))
    elif step.quarantine_after is not None and fact.details.get("condition") not in HAZARDS:
        found.append((Outcome.QUARANTINED, Problem("in_quarantine")))
    if step.fault == "missing_link":
        found.append((Outcome.CONFLICT, Problem("not_possible_here", (), {"stage": step.stage_before})))
    if disputed:
        found.append((Outcome.DISPUTED, Problem("held_by_another")))
    if step.unannounced and step.transit_before is not None:
        found.append((Outcome.UNANNOUNCED, Problem("announced_to_another")))
    elif step.unannounced and not disputed:
        found.append((Outcome.UNANNOUNCED, Problem("not_expected_here")))
    if not step.record.has_origin and not identity.is_provisional(fact.code) and not _is_part(fact.code):
        found.append((Outcome.RECEIVED, Problem("unregistered")))
    return found


def _afterwards(step: Step, fact: Fact, known: _Known) -> Iterator[Finding]:
    """What was done with the battery, or is to be done, wherever it stands."""
    if step.event_id in known.used:
        # In which batch is for its recycler and the alliance.
        yield Outcome.CONFLICT, Problem("already_used", (), {"value": fact.code, "batch": _("a batch")})
    if campaign := known.recalled.get(step.record_id):
        yield Outcome.RECEIVED, Problem("recalled", (), {"value": campaign})


def _differences(fact: Fact, sent_mg: int | None) -> list[Finding]:
    """What differs from what was sent: the condition, and the mass beyond `MASS_DIFFERENCE_PERCENT` of it."""
    found = []
    condition = fact.details.get("condition")
    if condition in CONDITIONS:
        outcome = Outcome.QUARANTINED if condition in HAZARDS else Outcome.RECEIVED_WITH_DIFFERENCES
        found.append((outcome, Problem("damaged", (), {"value": CONDITIONS[condition]})))
    received_mg = values.milligrams(fact.details.get("massKg"))
    return [*found, *mass_difference(received_mg, sent_mg)]


def _weighs_otherwise(fact: Fact, sent_mg: int | None) -> bool:
    return bool(mass_difference(values.milligrams(fact.details.get("massKg")), sent_mg))


def mass_difference(received_mg: int | None, sent_mg: int | None) -> list[Finding]:
    """What is said of a mass that differs from what was sent; nothing where either is unknown."""
    if sent_mg is None or received_mg is None or same_mass(received_mg, sent_mg):
        return []
    sent = {"sent": values.canonical(Decimal(sent_mg).scaleb(-6))}
    return [(Outcome.RECEIVED_WITH_DIFFERENCES, Problem("mass_difference", (), sent))]


def same_mass(stated_mg: int, known_mg: int) -> bool:
    """Whether two scales may say so of one thing: within `MASS_DIFFERENCE_PERCENT` of what is known."""
    return abs(stated_mg - known_mg) * 100 <= Decimal(settings.MASS_DIFFERENCE_PERCENT) * known_mg


def _sent(received: Sequence[Step]) -> dict[int, int | None]:
    """The mass that each of these receipts was sent with: event → mg."""
    if not received:
        return {}
    closed = TransferItem.objects.filter(
        closing_id__in=[step.event_id for step in received], status=TransferItem.Status.RECEIVED
    )
    return dict(closed.values_list("closing_id", "sent_mg"))


def _recalls(record_ids: set[int]) -> dict[int, str]:
    """The latest campaign under which each of these batteries is recalled: record → its name or instruction."""
    if not record_ids:
        return {}
    steps = Step.objects.filter(record_id__in=record_ids, type="recalled", effective=True).select_related("event")
    recalled = list(steps.order_by("event_id"))
    found = {}
    for step, stored in zip(recalled, events.stored([step.event for step in recalled]), strict=True):
        details = (stored.fact.replacement or stored.fact).details
        found[step.record_id] = details.get("campaign") or details.get("instruction") or "—"
    return found


# Identifications -----------------------------------------------------------------------------------------------------


def _impossible(identified: Sequence[Step]) -> dict[int, str]:
    """Identifications by which what was told of the provisional identity contradicts the true battery's stage there.

    Event → the stage that the battery was in. A person has to find out which of the two histories is wrong.
    """
    if not identified:
        return {}
    records = dict(
        LifecycleEvent.objects.filter(id__in=[step.event_id for step in identified]).values_list("id", "record_id")
    )
    faults = Step.objects.filter(
        record_id__in={step.record_id for step in identified},
        event__record_id__in=set(records.values()),
        effective=True,
        fault="missing_link",
    )
    stages = {
        (chain, own): stage
        for chain, own, stage in faults.order_by("-occurred_ms", "-arrival").values_list(
            "record_id", "event__record_id", "stage_before"
        )
    }
    found = {step.event_id: stages.get((step.record_id, records[step.event_id])) for step in identified}
    return {event: stage for event, stage in found.items() if stage}


# Used up while somebody waits for it ---------------------------------------------------------------------------------


def _used_on_its_way(step: Step, fact: Fact) -> list[Finding]:
    """Its holder may, until it is received; one of the two records is wrong all the same."""
    used = fact.type in UTILISING and step.transit_before is not None
    return [(Outcome.RECEIVED, Problem("in_transit"))] if used else []


def _used_before(received: Sequence[tuple[Step, Fact]]) -> set[int]:
    """The receipts of what had gone into a batch that was closed by then."""
    if not received:
        return set()
    uses = used_up.load({fact.code for _step, fact in received})
    return {
        step.event_id for step, fact in received if any(use.closed_ms <= step.occurred_ms for use in uses.of(fact.code))
    }


# Where it was seen ---------------------------------------------------------------------------------------------------


def _held_undisturbed(step: Step) -> bool:
    """Whether it is received here while another holds it: in store, not on its way, and nothing amiss so far."""
    return (
        step.type == "received"
        and step.intruder_after == step.organisation_id
        and step.holder_before not in (None, step.organisation_id)
        and step.transit_before is None
        and step.stage_before in STORED
        and not step.fault
    )


# Parts that nobody registered ----------------------------------------------------------------------------------------


def _is_part(code: str) -> bool:
    return identity.level_of(code) in ("module", "cell") and not identity.is_second_life(code)


def _parts(fact: Fact) -> list[str]:
    """The modules and cells that a fact speaks of as such: received alone, taken out, built in."""
    if fact.type == "received":
        return [fact.code] if _is_part(fact.code) else []
    names = {"dismantled": ("components",), "repaired": ("removed", "added")}.get(fact.type, ())
    return [code for name in names for code in fact.details.get(name, ()) if not identity.is_provisional(code)]


def _unregistered(codes: Collection[str]) -> set[str]:
    """Which of these nobody registered: neither in its battery's tree nor by an origin of its own; two queries."""
    left = set(codes)
    for some in batches(codes):
        registered = Component.objects.filter(code__in=some, since_event__step__type="produced")
        left -= set(registered.values_list("code", flat=True))
    for some in batches(left.copy()):
        origin = Q(produced=True) | Q(second_life=True, has_origin=True)
        own = LifecycleRecord.objects.filter(origin, kind=LifecycleRecord.Kind.BATTERY, code__in=some)
        left -= set(own.values_list("code", flat=True))
    return left


# Files that were never sent ------------------------------------------------------------------------------------------


def _missing(taken: Sequence[tuple[Step, Fact]]) -> dict[int, list[str]]:
    """The files of each event that its recorder did not send, by their names: event → names."""
    named = [(step, given) for step, fact in taken for given in fact.attachments or ()]
    sent = attachments.sent_among({(step.organisation_id, given["sha256"]) for step, given in named}) if named else ()
    found: dict[int, list[str]] = defaultdict(list)
    for step, given in named:
        if (step.organisation_id, given["sha256"]) not in sent:
            found[step.event_id].append(given.get("name", given["sha256"]))
    return found
