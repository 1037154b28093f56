"""The product's audit against an oracle that was written from the contract alone."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from batteries.models import Battery
from tests import factories
from tests.traceability.audit import oracle, stories
from tests.traceability.audit.asking import gaps
from tests.traceability.audit.oracle_law import day, moment
from tests.worlds import World, rolled_back
from traceability.audit import calendar
from traceability.audit.live import chain_of
from traceability.audit.running import audit
from traceability.models import AuditFigure, AuditRun, CodePrefix, Gap, LifecycleRecord, Organisation
from traceability.receipts import RECORDED

Record = dict[str, Any]
#: Each is a history or two in a database; campaigns look at thousands.
EXAMPLES = settings.default.max_examples * 5 // 8


def captured(world: World, told: Sequence[Record]) -> list[Record]:
    """Capture records as the alliance, and give those that were taken."""
    receipt = world.capture([factories.read(record) for record in told], on_error="proceed")
    return [record for record, entry in zip(told, receipt.entries, strict=True) if entry.status == RECORDED]


def found(as_of: date, **options: Any) -> set[oracle.Gap]:
    """What the product finds."""
    told = list(gaps(as_of.isoformat(), **options))
    assert len(told) == len({(gap.subject, gap.gap, gap.event) for gap in told}), "a gap is told once"
    return {oracle.Gap(gap.subject, gap.gap, gap.event, gap.organisation, gap.since) for gap in told}


def compare(product: Iterable[oracle.Gap], contract: Iterable[oracle.Gap]) -> None:
    """Say of two sets what either has more."""
    more, less = set(product) - set(contract), set(contract) - set(product)
    lines = [
        f"{sign} {gap}" for sign, side in (("product only", more), ("contract only", less)) for gap in sorted(side)
    ]
    assert not lines, "\n".join(lines)


@pytest.fixture
def world(world: World) -> World:
    """With the working days written once, and not for each example anew."""
    calendar.fill()
    return world


@settings(max_examples=EXAMPLES)
@given(data=st.data())
def test_the_audit_finds_what_the_contract_says(world: World, data: st.DataObject) -> None:
    told = data.draw(stories.stories())
    as_of = data.draw(stories.days_to_ask(told))
    with rolled_back():
        taken = captured(world, told)
        note(f"as of {as_of}\n{stories.shown(taken)}")
        expected, _ = oracle.expected([*stories.founding(), *taken], as_of)
        compare(found(as_of), expected)


@settings(max_examples=EXAMPLES)
@given(data=st.data())
def test_each_chain_stands_as_the_contract_says(world: World, data: st.DataObject) -> None:
    told = data.draw(stories.stories())
    as_of = data.draw(stories.days_to_ask(told))
    with rolled_back():
        taken = captured(world, told)
        note(f"as of {as_of}\n{stories.shown(taken)}")
        _, statuses = oracle.expected([*stories.founding(), *taken], as_of)
        heads = LifecycleRecord.objects.filter(kind="battery", code__in=statuses, chain=None)
        for id_, code in heads.values_list("id", "code"):
            assert chain_of(id_, viewer=world.alliance.viewer, as_of=as_of).status == statuses[code], code


@settings(max_examples=EXAMPLES)
@given(data=st.data())
def test_one_battery_by_itself_has_the_gaps_that_it_has_among_all(world: World, data: st.DataObject) -> None:
    told = data.draw(stories.stories())
    as_of = data.draw(stories.days_to_ask(told))
    with rolled_back():
        taken = captured(world, told)
        note(f"as of {as_of}\n{stories.shown(taken)}")
        everything = found(as_of)
        for code in LifecycleRecord.objects.filter(kind="battery", chain=None).values_list("code", flat=True):
            compare(found(as_of, battery=code), {gap for gap in everything if gap.battery == code})


@settings(max_examples=EXAMPLES)
@given(data=st.data())
def test_a_past_day_sees_what_a_ledger_of_that_day_held(world: World, data: st.DataObject) -> None:
    told = data.draw(stories.stories())
    as_of = data.draw(stories.days_to_ask(told))
    with rolled_back():
        taken = captured(world, told)
        note(f"as of {as_of}\n{stories.shown(taken)}")
        then = found(as_of)
    with rolled_back():
        captured(world, [record for record in taken if day(record["reportedAt"]) <= as_of])
        compare(then, found(as_of))


@settings(max_examples=EXAMPLES)
@given(data=st.data())
def test_the_order_of_arrival_changes_no_gap(world: World, data: st.DataObject) -> None:
    told = data.draw(stories.happenings())
    # Only of facts of one moment does the order of arrival decide.
    moments = [moment(record["occurredAt"]) for record in told]
    told = [record for place, record in enumerate(told) if moments.index(moments[place]) == place]
    again = data.draw(st.permutations(told))
    as_of = data.draw(stories.days_to_ask(told))
    with rolled_back():
        taken = captured(world, told)
        note(f"as of {as_of}\n{stories.shown(taken)}")
        first = found(as_of)
    with rolled_back():
        if len(captured(world, again)) == len(taken):
            compare(found(as_of), first)


def opened() -> set[tuple[Any, ...]]:
    """The open gaps that were kept, and the status of each chain."""
    rows = Gap.objects.filter(closed_in=None)
    kept = rows.values_list(
        "record_id", "code", "event_id", "organisation_id", "since_day", "severity", "clause", "evidence"
    )
    heads = LifecycleRecord.objects.filter(kind="battery", chain=None)
    return {*kept, *heads.values_list("code", "audit_status"), *figures()}


def figures() -> set[tuple[Any, ...]]:
    """The figures of the last run."""
    run = AuditRun.objects.filter(kept=True).first()
    names = ("batteries", "complete", "open", "flawed", "broken", "facts", "on_time")
    return set(AuditFigure.objects.filter(run=run).values_list("group_by", "key", *names))


def counted() -> set[tuple[Any, ...]]:
    """The same, counted battery by battery."""
    makers = dict(CodePrefix.objects.values_list("prefix", "organisation__code"))
    found: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    own = LifecycleRecord.objects.filter(kind="battery", chain=None, started=True, part_of="")
    for record in own.select_related("holder"):
        battery = Battery.objects.filter(record=record).first()
        prefix = battery.manufacturer_code if battery else ""
        maker, model = makers.get(prefix) or prefix, battery.model_number if battery else ""
        produced_on = battery.produced_on if battery else None
        groups = {
            "organisation": record.holder.code if record.holder else "",
            "region": record.holder.region if record.holder else "",
            "manufacturer": maker,
            "model": f"{maker}/{model}" if model else "",
            "month": produced_on.strftime("%Y-%m") if produced_on else "",
        }
        for group in groups.items():
            late = record.audit_facts - record.audit_late
            found[group].update({"n": 1, record.audit_status: 1, "facts": record.audit_facts, "on_time": late})
    names = ("n", "complete", "open", "flawed", "broken", "facts", "on_time")
    return {(*group, *(counts[name] for name in names)) for group, counts in found.items()}


def kept(as_of: date, *, touched: bool) -> set[tuple[Any, ...]]:
    """Run and keep; gives what is open then."""
    with audit(as_of=as_of, touched=touched, keep=True) as found:
        run = found.run
    # One as of a day after which something was reported is told, and not kept.
    if run.kept:
        assert figures() == counted()
    return opened()


@settings(max_examples=EXAMPLES)
@given(data=st.data())
def test_what_changed_since_is_enough_to_judge(world: World, data: st.DataObject) -> None:
    """Facts, corrections, permits, listings and roles, in parts; after each part time passes, and a run is kept."""
    told = data.draw(stories.stories())
    told = [*told, *data.draw(stories.new_roles())]
    if data.draw(st.booleans()):
        told = [*data.draw(st.permutations([record for record in told if record["type"] != "corrected"]))] + [
            record for record in told if record["type"] == "corrected"
        ]
    cuts = sorted(data.draw(st.lists(st.integers(0, len(told)), min_size=1, max_size=3)))
    days = sorted(data.draw(st.lists(stories.days_to_ask(told), min_size=len(cuts) + 1, max_size=len(cuts) + 1)))
    with rolled_back():
        for first, last, as_of in zip([0, *cuts], [*cuts, len(told)], days, strict=True):
            taken = captured(world, told[first:last])
            note(f"as of {as_of}\n{stories.shown(taken)}")
            partly = kept(as_of, touched=True)
            compare_rows(partly, kept(as_of, touched=False))


def compare_rows(one: set[tuple[Any, ...]], other: set[tuple[Any, ...]]) -> None:
    names = dict(Organisation.objects.values_list("id", "code")) | {None: None}
    more, less = sorted(map(repr, one - other)), sorted(map(repr, other - one))
    assert not more + less, f"by what changed: {more}\nby all: {less}\n{names}"
