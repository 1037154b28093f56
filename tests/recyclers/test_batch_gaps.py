"""What the audit finds of batches and lots: missing, used twice, out of balance, never arrived."""

import csv
import hashlib
import json
from datetime import date, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import translation

from tests import factories
from tests.graphql_schema import asking
from tests.graphql_schema.audit.asking import good, nodes
from tests.recyclers.works import CLOSED, Plant
from tests.worlds import World
from traceability.audit.live import chain_of
from traceability.models import AuditRun, Gap, LifecycleRecord

#: A day long after all.
LATE = 150
OF_BATCHES = ("batch_missing", "double_use", "mass_imbalance")


def on(day: int) -> date:
    """A day at +08:00."""
    return date.fromisoformat(factories.moment(0)[:10]) + timedelta(days=day)


def audited(day: int) -> list[dict[str, Any]]:
    """Every gap of batches and lots, as the command prints it."""
    out = StringIO()
    call_command("audit", "--format=jsonl", "--no-keep", f"--as-of={on(day)}", stdout=out)
    told = [json.loads(line) for line in out.getvalue().splitlines()]
    left = ("severity", "clause")
    return [
        {name: value for name, value in gap.items() if name not in left}
        for gap in told
        if gap["gap"] in OF_BATCHES or "lot" in gap
    ]


def kept(*, touched: bool = False) -> None:
    """Run today, and keep what is found."""
    call_command("audit", *(["--touched"] if touched else []), stdout=StringIO())


@pytest.fixture
def plant(world: World) -> Plant:
    return Plant(world)


# batch_missing -------------------------------------------------------------------------------------------------------


def test_processed_without_a_batch_is_missing_from_the_thirtieth_day_on(world: World, plant: Plant) -> None:
    pack = plant.taken_in()
    key = plant.processed(pack, at=30)
    plant.capture()
    assert audited(59) == []
    assert audited(60) == [
        {
            "battery": pack,
            "gap": "batch_missing",
            "event": key,
            "organisation": world.recycler.code,
            "since": on(60).isoformat(),
            "evidence": {"batch": "B-1"},
        }
    ]


@pytest.mark.parametrize("missing", ["battery", "number", "company"])
def test_a_batch_that_does_not_list_the_battery_is_not_its_batch(plant: Plant, missing: str) -> None:
    pack, other = plant.taken_in(), plant.taken_in()
    plant.processed(pack)
    listed = other if missing == "battery" else pack
    number = "B-2" if missing == "number" else "B-1"
    plant.batch(number, {listed: "440"}, "440", by="stranger" if missing == "company" else "recycler")
    plant.capture()
    assert [(gap["battery"], gap["gap"]) for gap in audited(LATE)] == [(pack, "batch_missing")]


def test_a_provisional_code_in_the_batch_is_the_battery_that_it_turned_out_to_be(plant: Plant) -> None:
    true = plant.taken_in()
    plant.tell("received", "recycler", "TMP-9", 25, massKg="440", condition="intact")
    plant.batch("B-1", {"TMP-9": "440"}, "440")
    plant.tell("identified", "recycler", "TMP-9", 61, **{"as": true})
    plant.processed(true)
    plant.capture()
    assert audited(LATE) == []


@pytest.mark.parametrize("touched", [False, True])
def test_a_chain_that_ends_in_processing_is_complete_once_its_batch_is_told(
    world: World, plant: Plant, touched: bool
) -> None:
    pack = plant.taken_in()
    plant.processed(pack)
    plant.capture()
    kept()
    record = LifecycleRecord.objects.get(code=pack)

    def stands() -> tuple[str, str]:
        record.refresh_from_db()
        return record.audit_status, chain_of(record.pk, viewer=world.alliance.viewer, as_of=on(70)).status

    def but_for_gaps() -> set[str]:
        return set(Gap.objects.filter(record=record, closed_in=None).values_list("code", flat=True))

    assert "batch_missing" in but_for_gaps()
    before = stands()
    plant.batch("B-1", {pack: "440"}, "440")
    plant.capture()
    kept(touched=touched)
    assert "batch_missing" not in but_for_gaps()
    # Flawed, for the recycler is on no list; without the batch it was broken as well.
    assert (before, stands()) == (("broken", "flawed"), ("flawed", "flawed"))


def test_before_its_batch_is_told_a_processed_chain_without_a_gap_is_open(world: World, plant: Plant) -> None:
    tell = {"organisation": world.recycler.code}
    plant.tell("listing", "alliance", None, 0, scope="recovery", announcedOn="2021-01-01", **tell)
    pack = plant.taken_in()
    plant.processed(pack)
    plant.capture()
    record = LifecycleRecord.objects.get(code=pack)

    def status(day: int) -> str:
        return chain_of(record.pk, viewer=world.alliance.viewer, as_of=on(day)).status

    assert status(70) == "open"
    plant.batch("B-1", {pack: "440"}, "440", at=65)
    plant.capture()
    assert [status(day) for day in (64, 66, LATE)] == ["open", "complete", "complete"]
    kept()
    record.refresh_from_db()
    assert record.audit_status == "complete"


# double_use ----------------------------------------------------------------------------------------------------------


def test_a_battery_in_two_batches_hangs_on_the_later_processing(world: World, plant: Plant) -> None:
    pack = plant.taken_in()
    key = plant.processed(pack, "B-2")
    plant.batch("B-1", {pack: "440"}, "440")
    plant.batch("B-2", {pack: "440"}, "440", at=CLOSED + 1)
    plant.capture()
    assert audited(LATE) == [
        {
            "battery": pack,
            "gap": "double_use",
            "event": key,
            "organisation": world.recycler.code,
            "since": on(CLOSED - 1).isoformat(),
            "evidence": {
                "battery": pack,
                "batch": "B-2",
                "otherBatch": "B-1",
                "otherOrganisation": world.recycler.code,
            },
        }
    ]


def test_without_a_processing_in_the_later_batch_it_hangs_on_the_battery_alone(world: World, plant: Plant) -> None:
    pack = plant.taken_in()
    plant.processed(pack)
    plant.batch("B-1", {pack: "440"}, "440")
    plant.batch("B-1", {pack: "440"}, "440", at=CLOSED + 1, by="stranger")
    plant.capture()
    (gap,) = audited(LATE)
    assert (gap["battery"], gap["event"], gap["organisation"]) == (pack, None, world.stranger.code)
    assert gap["since"] == on(CLOSED + 1).isoformat()


def test_a_battery_that_nobody_else_speaks_of_is_told_of_with_the_later_batch(world: World, plant: Plant) -> None:
    pack = world.pack_code()
    plant.batch("B-1", {pack: "440"}, "440")
    key = plant.batch("B-2", {pack: "440"}, "440", at=CLOSED + 1)
    plant.capture()
    (gap,) = audited(LATE)
    assert (gap["batch"], gap["gap"], gap["event"]) == (f"{world.recycler.code}/B-2", "double_use", key)
    assert gap["evidence"]["battery"] == pack


def test_what_got_a_history_is_told_of_by_itself_and_what_lost_it_with_its_batch_again(
    world: World, plant: Plant
) -> None:
    pack, batch = world.pack_code(), f"{world.recycler.code}/B-2"
    plant.batch("B-1", {pack: "440"}, "440")
    plant.batch("B-2", {pack: "440"}, "440", at=CLOSED + 1)
    plant.capture()
    kept()
    hangs_on = Gap.objects.filter(closed_in=None, code="double_use").values_list("record__code", flat=True)
    assert list(hangs_on) == [batch]
    key = plant.tell("produced", "maker", pack, 0)
    plant.capture()
    kept(touched=True)
    assert list(hangs_on.all()) == [pack]
    kept()
    assert list(hangs_on.all()) == [pack]
    plant.tell("corrected", "alliance", None, CLOSED + 20, corrects=key, organisation=world.maker.code)
    plant.capture()
    kept(touched=True)
    assert list(hangs_on.all()) == [batch]
    kept()
    assert list(hangs_on.all()) == [batch]


def test_of_two_processings_in_the_later_batch_the_first_counts(plant: Plant) -> None:
    pack = plant.taken_in()
    key = plant.processed(pack, "B-2", at=CLOSED - 1)
    plant.processed(pack, "B-2", at=CLOSED + 2)
    plant.batch("B-1", {pack: "440"}, "440")
    plant.batch("B-2", {pack: "440"}, "440", at=CLOSED + 1)
    plant.capture()
    assert [(gap["gap"], gap["event"]) for gap in audited(LATE)] == [("double_use", key)]


def test_a_battery_that_one_batch_lists_under_two_codes_was_used_once_in_it(world: World, plant: Plant) -> None:
    true = plant.taken_in()
    plant.tell("received", "recycler", "TMP-9", 25, massKg="440", condition="intact")
    plant.tell("identified", "recycler", "TMP-9", 61, **{"as": true})
    plant.batch("B-1", {"TMP-9": "440", true: "440"}, "880")
    plant.capture()
    assert audited(LATE) == []
    plant.batch("B-2", {true: "440", "TMP-9": "440"}, "880", at=CLOSED + 1, by="stranger")
    plant.capture()
    (gap,) = audited(LATE)
    assert (gap["battery"], gap["organisation"], gap["evidence"]["battery"]) == (true, world.stranger.code, true)


def test_a_batch_that_was_recorded_twice_used_its_batteries_twice(world: World, plant: Plant) -> None:
    pack = plant.taken_in()
    key = plant.processed(pack)
    plant.batch("B-1", {pack: "440"}, "440")
    plant.batch("B-1", {pack: "440"}, "440", at=CLOSED + 1)
    plant.capture()
    assert [(gap["gap"], gap["event"]) for gap in audited(LATE)] == [("double_use", key)]


def test_the_number_of_a_batch_cannot_forge_evidence(plant: Plant) -> None:
    plant.processed(plant.taken_in(), "B|holder=1")
    plant.capture()
    (gap,) = audited(LATE)
    assert gap["evidence"] == {"batch": "B/holder=1"}


# mass_imbalance ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("out", "gaps"), [("980", 0), ("979.999999", 1), ("1020", 0), ("1020.000001", 1)], ids=lambda value: str(value)
)
def test_two_percent_of_what_went_in_may_be_lost_or_gained(plant: Plant, out: str, gaps: int) -> None:
    plant.opened()
    plant.batch("B-1", {"A": "1000"}, out)
    plant.capture()
    assert len(audited(LATE)) == gaps


def test_a_batch_that_does_not_balance_is_told_with_what_went_in_and_came_out(world: World, plant: Plant) -> None:
    plant.opened()
    key = plant.batch("B-1", {"A": "1000"}, "900.5")
    plant.capture()
    assert audited(LATE) == [
        {
            "batch": f"{world.recycler.code}/B-1",
            "gap": "mass_imbalance",
            "event": key,
            "organisation": world.recycler.code,
            "since": on(CLOSED).isoformat(),
            "evidence": {
                "cause": "mass",
                "inputKg": "1000",
                "leavingKg": "900.5",
                "percent": "90.05",
                "tolerancePercent": "2",
                "imbalances": 1,
            },
        }
    ]


def test_more_of_an_element_than_went_in_is_an_imbalance_of_smelting(plant: Plant) -> None:
    plant.opened(assay={"li": "3"})
    outputs = [{"lot": "LC", "material": "lithium_carbonate", "massKg": "200"}]
    plant.batch("B-1", {"A": "1000"}, "0", process="hydrometallurgy", outputs=outputs)
    plant.capture()
    (gap,) = audited(LATE)
    # 200 kg × 18.79 % = 37.58 kg, out of 1000 kg × 3 %.
    names = ("cause", "subject", "inputKg", "leavingKg", "percent")
    assert [gap["evidence"][name] for name in names] == ["element", "li", "30", "37.58", "125.27"]


def test_a_lot_drawn_beyond_its_mass_is_an_imbalance_of_the_batch_that_drew_too_much(
    world: World, plant: Plant
) -> None:
    plant.opened()
    plant.batch("B-1", {"A": "600"}, "600")
    plant.batch("B-2", {"A": "600"}, "600", at=CLOSED + 1)
    plant.capture()
    (gap,) = audited(LATE)
    assert gap["batch"] == f"{world.recycler.code}/B-2"
    assert (gap["evidence"]["cause"], gap["evidence"]["subject"]) == ("overdrawn_lot", f"{world.recycler.code}/A")


def test_the_lots_of_a_batch_are_judged_whatever_its_process(world: World, plant: Plant) -> None:
    plant.opened()
    plant.batch("B-1", {"A": "1001"}, "1")
    del plant.facts[-1].details["process"]  # type: ignore[attr-defined]
    plant.capture()
    (gap,) = audited(LATE)
    assert (gap["batch"], gap["evidence"]["cause"]) == (f"{world.recycler.code}/B-1", "overdrawn_lot")


def test_a_lot_that_nobody_knows_is_an_imbalance_until_somebody_tells_of_it(world: World, plant: Plant) -> None:
    plant.batch("B-1", {"A": "600"}, "600")
    plant.capture()
    kept()
    standing = Gap.objects.filter(closed_in=None, code="mass_imbalance").values_list("record__code", flat=True)
    assert list(standing) == [f"{world.recycler.code}/B-1"]
    plant.opened()
    plant.capture()
    kept(touched=True)
    assert not standing.all()


def test_a_correction_of_a_batch_counts_from_the_day_of_its_report(world: World, plant: Plant) -> None:
    plant.opened()
    key = plant.batch("B-1", {"A": "1000"}, "900")
    said = dict(plant.facts[-1].details)
    plant.capture()
    right = said | {"outputs": [{"lot": "L-B-1", "material": "electrode_powder", "massKg": "1000"}]}
    replacement = {"type": "batch", "occurredAt": factories.moment(CLOSED), "details": right}
    plant.tell(
        "corrected",
        "alliance",
        None,
        CLOSED + 20,
        corrects=key,
        organisation=world.recycler.code,
        replacement=replacement,
    )
    plant.capture()
    assert [gap["gap"] for gap in audited(CLOSED + 15)] == ["mass_imbalance"]
    assert audited(CLOSED + 25) == []


# Lots ----------------------------------------------------------------------------------------------------------------


def test_a_lot_that_never_arrived_is_unreceived_from_the_thirtieth_day_on(world: World, plant: Plant) -> None:
    plant.opened()
    key = plant.tell("dispatched", "recycler", None, 10, lot="A", to=world.second_life.code, massKg="1000")
    plant.capture()
    assert audited(39) == []
    assert audited(40) == [
        {
            "lot": f"{world.recycler.code}/A",
            "gap": "unreceived",
            "event": key,
            "organisation": world.second_life.code,
            "since": on(40).isoformat(),
            "evidence": {},
        }
    ]
    plant.tell("received", "second_life", None, 50, lot="A", of="recycler", massKg="1000", condition="intact")
    plant.capture()
    assert len(audited(45)) == 1
    assert audited(LATE) == []


# As they are read ----------------------------------------------------------------------------------------------------


def test_the_alliance_reads_gaps_of_batches_and_lots_in_its_api(world: World, plant: Plant) -> None:
    plant.opened()
    key = plant.batch("B-1", {"A": "1000"}, "900")
    plant.tell("dispatched", "recycler", None, CLOSED + 1, lot="L-B-1", to=world.second_life.code, massKg="900")
    plant.capture()
    kept()
    fields = "code battery { code } batch { code } lot { code } event { key } organisation { code }"
    found = nodes(good(world.alliance, f"{{ gaps {{ edges {{ node {{ {fields} }} }} }} }}")["gaps"])
    told = {gap["code"]: gap for gap in found}
    batch, lot = f"{world.recycler.code}/B-1", f"{world.recycler.code}/L-B-1"
    assert told["MASS_IMBALANCE"] == {
        "code": "MASS_IMBALANCE",
        "battery": None,
        "batch": {"code": batch},
        "lot": None,
        "event": {"key": key},
        "organisation": {"code": world.recycler.code},
    }
    assert (told["UNRECEIVED"]["lot"], told["UNRECEIVED"]["battery"]) == ({"code": lot}, None)


def test_in_a_table_the_batch_stands_where_the_battery_would(world: World, plant: Plant, tmp_path: Path) -> None:
    plant.opened()
    plant.batch("B-1", {"A": "1000"}, "900")
    plant.capture()
    file = tmp_path / "gaps.csv"
    call_command("audit", "--format=csv", "--no-keep", f"--as-of={on(LATE)}", f"--output={file}", stdout=StringIO())
    (row,) = csv.DictReader(file.read_text("utf-8-sig").splitlines())
    assert (row["battery"], row["gap"]) == (f"{world.recycler.code}/B-1", "mass_imbalance")


def test_the_file_of_a_kept_run_names_batches_and_lots_and_has_the_digest_of_the_run(
    world: World, plant: Plant
) -> None:
    plant.opened()
    plant.batch("B-1", {"A": "1000"}, "900")
    plant.tell("dispatched", "recycler", None, CLOSED + 1, lot="L-B-1", to=world.second_life.code, massKg="900")
    plant.capture()
    kept()
    asked = Client(headers={"Authorization": f"Bearer {world.alliance.token}"})
    data = b"".join(asked.get("/files/audit/latest/gaps.jsonl"))  # type: ignore[arg-type]
    told = [json.loads(line) for line in data.splitlines()]
    code = world.recycler.code
    assert [gap["batch"] for gap in told if gap["gap"] == "mass_imbalance"] == [f"{code}/B-1"]
    assert [gap["lot"] for gap in told if gap["gap"] == "unreceived"] == [f"{code}/L-B-1"]
    assert hashlib.sha256(data).hexdigest() == AuditRun.objects.get().digest


def test_who_answers_for_a_batch_reads_and_explains_its_gap(world: World, plant: Plant) -> None:
    plant.opened()
    plant.batch("B-1", {"A": "1000"}, "900")
    plant.capture()
    kept()
    page = "{ gaps { edges { node { id code battery batch lot explanation } } } }"
    (gap,) = [edge["node"] for edge in asking.good(world.recycler, page)["gaps"]["edges"]]
    assert (gap["code"], gap["battery"], gap["batch"]) == ("MASS_IMBALANCE", None, f"{world.recycler.code}/B-1")
    assert "900 kg" in gap["explanation"]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["90 kg of li came out", "from the lot {who}/NONE, which nobody knows", "1200 kg are drawn from"]),
        ("zh-hans", ["li 产出 90 kg", "取自无人登记的材料批次 {who}/NONE", "累计领用 1200 kg"]),
    ],
)
def test_the_explanation_says_what_is_out_of_balance(
    world: World, plant: Plant, language: str, words: list[str]
) -> None:
    plant.opened("A", "1000", assay={"li": "1"})
    salt = [{"lot": "S", "massKg": "1000", "assay": {"li": "9"}}]
    plant.batch("B-1", {"A": "600"}, "", process="hydrometallurgy", outputs=salt)
    plant.batch("B-2", {"NONE": "10"}, "10", at=CLOSED + 1)
    plant.batch("B-3", {"A": "600"}, "600", at=CLOSED + 2)
    plant.capture()
    kept()
    page = "{ gaps { edges { node { batch explanation } } } }"
    with translation.override(language):
        found = [edge["node"] for edge in asking.good(world.recycler, page)["gaps"]["edges"]]
    told = {gap["batch"]: gap["explanation"] for gap in found}
    for number, said in enumerate(words, start=1):
        assert said.format(who=world.recycler.code) in told[f"{world.recycler.code}/B-{number}"]
