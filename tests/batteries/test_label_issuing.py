"""Issuing, reprinting and revoking labels: what is recorded, who may, and what the same call twice does."""

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from batteries.label_issuing import issue_labels, revoke_labels
from batteries.label_states import current, histories
from batteries.labels import read_label, verify
from batteries.models import Label, LabelKey
from tests.labelling import GTIN, issued, text_of
from tests.worlds import Life, Party, World
from traceability import rebuilding
from traceability.calls import ITEM_LIMIT
from traceability.errors import Refusal
from traceability.models import LifecycleEvent
from traceability.verification import verify as verify_ledger

WHEN = "2026-01-05T08:00:00Z"


def refused(by: Party, *codes: str, **more: object) -> list[tuple[str, tuple[str, ...]]]:
    """The problems of an issue that has to be refused and write nothing, no key either."""
    before = LifecycleEvent.objects.count(), Label.objects.count(), LabelKey.objects.count()
    call = {"idempotency_key": "issue-1", "occurred_at": WHEN} | more
    with pytest.raises(Refusal) as caught:
        issue_labels([{"code": code} for code in codes], by=by.viewer, **call)  # type: ignore[arg-type]
    assert (LifecycleEvent.objects.count(), Label.objects.count(), LabelKey.objects.count()) == before
    assert all(problem.message for problem in caught.value.problems)
    return [(problem.code, problem.path) for problem in caught.value.problems]


def revoke(by: Party, life: Life, serial: str, key: str = "revoke-1") -> None:
    items = [{"code": life.code, "serial": serial}]
    revoke_labels(items, by=by.viewer, idempotency_key=key, occurred_at="2026-02-01T00:00:00Z", reason="stolen")


# What is recorded ----------------------------------------------------------------------------------------------------


def test_a_label_is_recorded_on_its_batterys_chain_and_signed_by_its_makers_key(world: World) -> None:
    pack = world.pack().produced()
    [label] = issued(world.maker, pack, reason="first print").labels
    event = pack.events[-1]
    assert (event.type, event.key, event.id) == ("label_issued", f"issue-1#{pack.code}", label.event_id)
    [told] = histories([pack.record.id])[pack.record.id]
    assert (told.serial, told.key_id) == (label.serial, label.key_id)
    key = LabelKey.objects.get()
    assert (key.kid, key.organisation_id) == (label.key_id, world.maker.id)
    reading = read_label(label.text or "")
    assert reading is not None
    assert reading.text is not None
    assert (reading.text.code, reading.text.serial, reading.text.kid) == (pack.code, label.serial, key.kid)
    assert verify(reading.text, bytes(key.public_key))


def test_a_label_moves_neither_stage_nor_custody(world: World) -> None:
    pack = world.pack().produced().installed()
    before = (pack.record.stage, pack.record.holder_id)
    issued(world.maker, pack)
    assert (pack.record.stage, pack.record.holder_id) == before


def test_a_model_with_a_gtin_gets_a_digital_link(world: World, settings: Any) -> None:
    settings.LABEL_HOST = "ID.EXAMPLE.CN"
    world.record(world.fact("model", world.maker, number="NCM-75", gtin=GTIN.lstrip("0")), by=world.maker)
    with_gtin, without = world.pack().produced(), world.pack().produced(model="OTHER")
    first, second = (label.text or "" for label in issued(world.maker, with_gtin, without).labels)
    assert first.startswith(f"HTTPS://ID.EXAMPLE.CN/01/{GTIN}/21/{with_gtin.code}?S=")
    assert second.startswith("HTTPS://ID.EXAMPLE.CN/L/")


def test_a_second_life_product_is_labelled_by_who_assembled_it(world: World) -> None:
    source = world.pack().produced().installed().removed()
    source.dispatched(to=world.second_life).received(by=world.second_life)
    product = world.battery("08XPB01D610000001RP")
    product.do("assembled", world.second_life, sources=[source.code])
    [label] = issued(world.second_life, product).labels
    assert (label.text or "").endswith(product.code)


def test_the_ledger_verifies_and_rebuilds_with_labels(world: World) -> None:
    pack = world.pack().produced()
    [label] = issued(world.maker, pack).labels
    issued(world.maker, pack, key="again", at="2026-01-06T00:00:00Z")
    revoke(world.maker, pack, label.serial)
    assert list(verify_ledger()) == []
    found = rebuilding.rebuild()
    assert not found.differed


# Reprints and revocations --------------------------------------------------------------------------------------------


def test_a_reprint_is_a_record_with_another_serial(world: World) -> None:
    pack = world.pack().produced()
    [first] = issued(world.maker, pack).labels
    [second] = issued(world.maker, pack, key="reprint", at="2026-01-06T00:00:00Z").labels
    assert first.serial != second.serial
    assert [event.type for event in pack.events] == ["produced", "label_issued", "label_issued"]
    now = current(histories([pack.record.id])[pack.record.id])
    assert now is not None
    assert now.serial == second.serial


def test_a_revocation_is_a_record_with_serial_and_key(world: World) -> None:
    pack = world.pack().produced()
    [label] = issued(world.maker, pack).labels
    revoke(world.maker, pack, label.serial)
    [_, told] = histories([pack.record.id])[pack.record.id]
    assert (told.type, told.serial, told.key_id) == ("label_revoked", label.serial, label.key_id)
    assert current(histories([pack.record.id])[pack.record.id]) is None


def test_a_serial_that_was_never_issued_for_the_battery_cannot_be_revoked(world: World) -> None:
    pack, other = world.pack().produced(), world.pack().produced()
    [label] = issued(world.maker, other).labels
    with pytest.raises(Refusal) as caught:
        revoke(world.maker, pack, label.serial)
    assert (caught.value.code, caught.value.path) == ("unknown_label", ["items", "0", "serial"])
    assert pack.events[-1].type == "produced"


def test_revoking_again_by_the_same_call_changes_nothing(world: World) -> None:
    pack = world.pack().produced()
    [label] = issued(world.maker, pack).labels
    revoke(world.maker, pack, label.serial)
    revoke(world.maker, pack, label.serial)
    assert [event.type for event in pack.events] == ["produced", "label_issued", "label_revoked"]


# The same call twice -------------------------------------------------------------------------------------------------


def test_the_same_call_again_gives_the_same_labels_and_records_nothing(world: World) -> None:
    packs = [world.pack().produced() for _ in range(3)]
    first, events = issued(world.maker, *packs), LifecycleEvent.objects.count()
    again = issued(world.maker, *packs)
    assert (first.replayed, again.replayed) == (False, True)
    assert [label.text for label in again.labels] == [label.text for label in first.labels]
    assert LifecycleEvent.objects.count() == events
    assert Label.objects.count() == 3


def test_the_same_call_in_another_year_and_under_another_key_still_gives_the_same_labels(world: World) -> None:
    pack = world.pack().produced()
    first = issued(world.maker, pack, now=datetime(2026, 6, 1, tzinfo=UTC))
    issued(world.maker, world.pack().produced(), key="next year", now=datetime(2027, 6, 1, tzinfo=UTC))
    again = issued(world.maker, pack, now=datetime(2027, 6, 2, tzinfo=UTC))
    assert again.replayed
    assert again.labels == first.labels


def test_a_used_key_with_other_batteries_is_refused(world: World) -> None:
    pack, other = world.pack().produced(), world.pack().produced()
    issued(world.maker, pack)
    assert refused(world.maker, pack.code, other.code) == [("key_reused", ("idempotencyKey",))]
    assert refused(world.maker, pack.code, occurred_at="2026-01-06T08:00:00Z") == [("key_reused", ("idempotencyKey",))]


def test_a_key_that_recorded_something_else_is_refused(world: World) -> None:
    pack = world.pack().produced(key="k#1")
    pack.do("recalled", world.maker, key=f"issue-1#{pack.code}")
    assert refused(world.maker, pack.code) == [("key_reused", ("idempotencyKey",))]


# Who may, and what is refused ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "code"),
    [("recycler", "role"), ("workshop", "role"), ("alliance", "role"), ("importer", "not_maker"),
     ("cell_maker", "not_maker"), ("second_life", "not_maker")],
)  # fmt: skip
def test_who_did_not_make_a_battery_issues_no_label_for_it(world: World, who: str, code: str) -> None:
    pack = world.pack().produced()
    path = () if code == "role" else ("items", "0", "code")
    assert refused(getattr(world, who), pack.code) == [(code, path)]


def test_whoever_filed_the_manufacturer_code_may_issue_too(world: World) -> None:
    pack = world.pack(code="001PE76836300JBC40000003").produced()
    assert issued(world.cell_maker, pack).labels


def test_a_battery_that_nobody_registered_gets_no_label(world: World) -> None:
    assert refused(world.maker, world.pack_code()) == [("unknown_battery", ("items", "0", "code"))]


def test_a_battery_at_its_end_gets_no_label(world: World) -> None:
    pack = world.pack().produced().destroyed()
    assert refused(world.maker, pack.code) == [("stage", ("items", "0", "code"))]


def test_a_part_that_is_built_in_gets_no_label_for_that_would_take_it_out(world: World) -> None:
    pack = world.pack(modules=2).produced()
    found = refused(world.maker, pack.code, *pack.module_codes)
    assert found == [("built_in", ("items", "1", "code")), ("built_in", ("items", "2", "code"))]


def test_a_host_that_makes_the_symbol_too_fine_is_refused(world: World, settings: Any) -> None:
    settings.LABEL_HOST = "A" * 41
    assert refused(world.maker, world.pack().produced().code) == [("label_too_long", ("items", "0", "code"))]


def test_every_problem_of_a_call_is_told(world: World) -> None:
    pack = world.pack().produced()
    found = refused(world.maker, pack.code, "X", pack.code[:-1])
    assert [path[:2] for _, path in found] == [("items", "1"), ("items", "1"), ("items", "2")][-len(found) :]
    assert refused(world.maker, pack.code, pack.code) == [("wrong_value", ("items", "1", "code"))]
    assert refused(world.maker) == [("missing_field", ("items",))]
    assert refused(world.maker, *[pack.code] * (ITEM_LIMIT + 1)) == [("too_many", ("items",))]
    assert refused(world.maker, pack.code, idempotency_key=" ") == [("wrong_value", ("idempotencyKey",))]


# How much it asks of the database ------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [2, 60])
def test_the_number_of_queries_does_not_grow_with_the_list(world: World, size: int) -> None:
    packs = [world.pack().produced() for _ in range(size)]
    viewer = world.maker.viewer
    counts = []
    for key in ("first", "second", "first"):  # makes the key · finds it · is answered again
        with CaptureQueriesContext(connection) as captured:
            issue_labels([{"code": pack.code} for pack in packs], by=viewer, idempotency_key=key, occurred_at=WHEN)
        # SQLite takes large inserts in several statements; one a table is what is meant.
        asked = [query["sql"].partition("VALUES")[0] for query in captured if "SAVEPOINT" not in query["sql"]]
        counts.append(sum(not (sql.startswith("INSERT") and sql == before) for before, sql in pairwise(["", *asked])))
    assert counts == [24, 19, 9]


def test_a_text_of_the_own_host_is_signed_whatever_it_is_later(world: World, settings: Any) -> None:
    settings.LABEL_HOST = "OLD.EXAMPLE.CN/B"
    text = text_of(world.maker, world.pack().produced())
    assert text.startswith("HTTPS://OLD.EXAMPLE.CN/B/L/")
