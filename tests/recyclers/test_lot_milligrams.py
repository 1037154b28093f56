"""No order of openings, splits, mergers, batches, sales and hand-overs makes or loses a milligram.

Histories are random: as the alliance captures them (anything may be told, in any order) and as an organisation claims
them (what contradicts is refused).
"""

import io
from typing import Any

import pytest
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recyclers import lot_rebuilding
from recyclers.models import Batch, BatchInput, BatchOutput, Lot, LotMovement
from tests.recyclers.materials import KG, batch, lot_fact, opened, powder
from tests.worlds import World, rolled_back
from traceability import exporting, rebuilding
from traceability.capturing import capture
from traceability.facts import Fact
from traceability.models import LifecycleEvent, Organisation, TransferItem
from traceability.values import iso

pytestmark = pytest.mark.django_db

NUMBERS = ("A", "B", "C", "D", "E")
numbers = st.sampled_from(NUMBERS)
kilograms = st.integers(0, 12).map(str)
amounts = st.lists(numbers, unique=True, min_size=1, max_size=3).flatmap(
    lambda chosen: st.tuples(*(kilograms.map(lambda kg, n=n: {"lot": n, "massKg": kg}) for n in chosen))
)
#: type, number, what it names, whether the other company tells it, day
told = st.tuples(
    st.sampled_from("opened opened batch batch split split merged merged sold sent sent received received".split()),
    numbers,
    amounts,
    amounts,
    st.booleans(),
    st.integers(1, 40),
)


def fact(world: World, place: int, said: Any) -> Fact:
    """One random fact; its place in the history is its key."""
    type_, number, some, others, foreign, day = said
    by, key = (world.stranger if foreign else world.recycler), f"f{place}"
    common: dict[str, Any] = {"by": by, "at": float(day), "key": key}
    maker = {"lotOf": world.recycler.code}
    if type_ == "opened":
        return opened(world, number, some[0]["massKg"], **common)
    if type_ == "batch":
        inputs = [{**item, **maker} for item in some]
        outputs = [powder(item["lot"], item["massKg"]) for item in others]
        return batch(world, f"N{place % 3}", inputs=inputs, outputs=outputs, **common)
    if type_ == "split":
        into = [item for item in some if item["lot"] != number] or [{"lot": f"{number}1", "massKg": "1"}]
        return lot_fact(world, "lot_split", number, of=world.recycler, into=into, **common)
    if type_ == "merged":
        taken = [{**item, **maker} for item in some if item["lot"] != number] or [{"lot": f"{number}1", "massKg": "1"}]
        return lot_fact(world, "lot_merged", number, of=world.recycler, **common, **{"from": taken})
    if type_ == "sold":
        return lot_fact(world, "lot_sold", number, of=world.recycler, massKg=some[0]["massKg"], **common)
    if type_ == "sent":
        to = world.recycler if foreign else world.stranger
        mass = some[0]["massKg"]
        return lot_fact(world, "dispatched", number, of=world.recycler, to=to.code, massKg=mass, **common)
    return lot_fact(world, "received", number, of=world.recycler, massKg=some[0]["massKg"], **common)


histories = st.lists(told, min_size=2, max_size=9)
quick = settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def check_conservation() -> None:
    """What is left of all lots is what came in, less what went out."""
    moved = LotMovement.objects.values_list("kind").order_by("kind").annotate(total=Sum("mg"))
    total = dict(moved)
    assert total.get("split_into", 0) == -total.get("split_from", 0)
    assert total.get("merged_into", 0) == -total.get("merged_from", 0)
    assert total.get("dispatched", 0) == total.get("refused", 0) == 0
    drawn = BatchInput.objects.filter(battery="", reagent="").aggregate(total=Sum("mass_mg"))["total"] or 0
    assert total.get("drawn", 0) == -drawn
    assert total.get("output", 0) == (BatchOutput.objects.aggregate(total=Sum("mass_mg"))["total"] or 0)
    entered = sum(total.get(kind, 0) for kind in ("opened", "output", "received"))
    left_over = sum(total.get(kind, 0) for kind in ("drawn", "sold"))
    assert sum(total.values()) == entered + left_over


def shown() -> dict[str, Any]:
    """Everything projected of lots and batches, by names that two ledgers share."""
    keys = dict(LifecycleEvent.objects.values_list("id", "key"))
    companies = dict(Organisation.objects.values_list("id", "code"))

    def company(id_: int | None) -> str:
        return companies.get(id_ or 0, "")

    lots = {
        row.code: (
            row.origin,
            keys.get(row.origin_event or 0),
            row.mass_mg,
            row.material,
            row.mixed,
            company(row.holder_id),
            company(row.transit_to_id),
            keys.get(row.transit_event or 0),
            company(row.claimant_id),
            company(row.intruder_id),
        )
        for row in Lot.objects.all()
    }
    movements = sorted(
        (
            row.lot.code,
            keys[row.event_id],
            row.place,
            row.kind,
            row.mg,
            row.stated_mg,
            row.fault,
            row.unannounced,
            row.disputed,
            company(row.keeper_id),
        )
        for row in LotMovement.objects.select_related("lot")
    )
    items = sorted(
        (row.record.code, keys[row.dispatch_id], row.status, keys.get(row.closing_id or 0, ""), str(row.received_mg))
        for row in TransferItem.objects.select_related("record")
    )
    batches = sorted((row.number, keys[row.event_id], row.closed_ms) for row in Batch.objects.all())
    return {"lots": lots, "movements": movements, "items": items, "batches": batches}


@quick
@given(history=histories, again=st.randoms(use_true_random=False))
def test_any_history_told_in_any_order_and_rebuilt_is_the_same(world: World, history: list[Any], again: Any):
    # Days apart, so that the order of arrival decides nothing.
    spread = [(*said[:5], said[5] * 10 + place) for place, said in enumerate(history)]
    facts = [fact(world, place, said) for place, said in enumerate(spread)]
    found = []
    for order in (facts, again.sample(facts, len(facts))):
        with rolled_back():
            for one in order:
                world.capture([one])
            check_conservation()
            found.append(shown())
            assert rebuilding.rebuild().differed == set()
    with rolled_back():
        world.capture(facts)
        found.append(shown())
        lines = "\n".join(line for line in exporting.export())
    with rolled_back():
        assert not capture(io.BytesIO(lines.encode()), by=world.alliance.viewer).problems
        found.append(shown())
    assert found[0] == found[1] == found[2] == found[3]


@quick
@given(history=histories)
def test_whatever_is_claimed_no_lot_ever_lacks_a_milligram(world: World, history: list[Any]):
    with rolled_back():
        for place, said in enumerate(history):
            one = fact(world, place, said)
            world.record(one, by=world.party(one.organisation), on_error="proceed")
        check_conservation()
        running: dict[int, int] = {}
        for row in LotMovement.objects.order_by("occurred_ms", "arrival", "place"):
            running[row.lot_id] = running.get(row.lot_id, 0) + row.mg
            assert running[row.lot_id] >= 0
        assert not LotMovement.objects.filter(fault__in=["overdrawn", "made_twice"]).exists()
        taken_in = LotMovement.objects.filter(kind__in=["opened", "output", "received"])
        assert (taken_in.aggregate(total=Sum("mg"))["total"] or 0) >= 0 * KG
        assert rebuilding.rebuild().differed == set()


@quick
@given(history=histories, which=st.integers(0, 8), better=told, withdrawn=st.booleans())
def test_a_correction_leaves_what_the_right_history_would_have_left(
    world: World, history: list[Any], which: int, better: Any, withdrawn: bool
):
    which %= len(history)
    facts = [fact(world, place, said) for place, said in enumerate(history)]
    wrong = facts[which]
    kind = wrong.kind
    replacement = None
    right: Fact | None = None
    if not withdrawn:
        candidate = fact(world, which, (*better[:4], history[which][4], better[5]))
        if candidate.kind == kind and (kind == "batch" or candidate.lot):
            right = candidate
            replacement = {
                "type": right.type,
                "occurredAt": iso(right.occurred_ms),
                "details": dict(right.details),
            } | ({"lot": right.lot, "lotOf": right.lot_of} if kind == "lot" else {})
    details = {"corrects": wrong.key, "organisation": wrong.organisation}
    details |= {} if replacement is None else {"replacement": replacement}
    with rolled_back():
        world.capture([*facts, world.fact("corrected", world.alliance, key="c", **details)])
        check_conservation()
        one = named_alike(shown(), wrong.key)
        assert rebuilding.rebuild().differed == set()
    with rolled_back():
        stands = [right if place == which else told_ for place, told_ in enumerate(facts)]
        world.capture([said for said in stands if said is not None])
        assert one == named_alike(shown(), wrong.key)


def named_alike(found: dict[str, Any], key: str) -> dict[str, list[str]]:
    """A correction gives the content under its own key; here it is named as what it corrects."""
    rows = {name: list(each.items() if isinstance(each, dict) else each) for name, each in found.items()}
    return {name: sorted(repr(row).replace("'c'", repr(key)) for row in each) for name, each in rows.items()}


def test_the_tables_are_compared_by_every_column(world: World):
    world.capture([opened(world, "A", "3")])
    before = lot_rebuilding.snapshot()
    Lot.objects.update(mass_mg=1)
    assert lot_rebuilding.snapshot() != before
