"""The demo: the main job on real input, as a command that anyone runs."""

import re
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path

import pytest

from tests.web.demo_runs import PRINTED, Record, only_embedded, run, verdicts
from web.demo import files, province
from web.demo.showing import TODAY

pytestmark = only_embedded


def of(records: list[Record], code: str, field: str = "battery") -> Record:
    """The only record about a battery or lot."""
    [found] = [record for record in records if record.get(field) == code]
    return found


def test_the_demo_tells_what_happened_and_how_to_come_in(played: tuple[Path, str]) -> None:
    told = played[1]
    found = ("retired", "in_vehicle", "缺少环节", "保管中断", "来源不明", "custody break")
    for part in (*found, "evb_", "curl -s", "/graphql/"):
        assert part in told, part


def test_everything_is_in_the_end_recorded_and_verified(played: tuple[Path, str]) -> None:
    told = played[1]
    assert "每个哈希和链接都成立" in told or "every hash and link holds" in told


def test_every_label_of_it_is_in_the_readers_language(played: tuple[Path, str]) -> None:
    assert "阶段: " in played[1]
    assert "Stage" not in played[1]


def test_packs_are_taken_apart_and_nothing_of_them_is_lost(
    records: dict[str, list[Record]], gaps: list[Record]
) -> None:
    assert records["dismantled"]
    for record in records["dismantled"]:
        details, produced = record["details"], of(records["produced"], record["battery"])["details"]
        masses = {part["code"]: Decimal(part["massKg"]) for part in produced["components"]}
        assert set(details["components"]) == set(masses)
        assert {"method", "endVoltageV", "hours"} <= set(details["discharge"])
        out = sum(masses.values()) + sum(Decimal(residue["massKg"]) for residue in details["residues"])
        assert abs(out - Decimal(produced["massKg"])) < 1
    assert "component_loss" not in {gap["gap"] for gap in gaps}


def test_products_are_made_of_modules_of_several_packs_and_one_is_taken_back_and_recovered(
    records: dict[str, list[Record]],
) -> None:
    pack_of = {part: record["battery"] for record in records["dismantled"] for part in record["details"]["components"]}
    assert records["assembled"]
    for record in records["assembled"]:
        assert len(record["battery"]) == 19
        assert len({pack_of[source] for source in record["details"]["sources"]}) > 1
        assert of(records["deployed"], record["battery"])["occurredAt"] > record["occurredAt"]
    returned = {record["battery"] for record in records["decommissioned"]}
    assert returned
    assert returned < {record["battery"] for record in records["assembled"]}
    assert returned <= {record["battery"] for record in records["processed"]}


def test_black_mass_of_one_recycler_becomes_salts_at_the_other_and_is_sold(records: dict[str, list[Record]]) -> None:
    crushed = [record for record in records["batch"] if record["details"]["process"] == "crushing"]
    made = {
        (record["organisation"], lot["lot"]): lot
        for record in crushed
        for lot in record["details"]["outputs"]
        if lot["material"] == "electrode_powder"
    }
    leached = [record for record in records["batch"] if record["details"]["process"] == "hydrometallurgy"]
    travelled = {
        (lot["lotOf"], lot["lot"])
        for record in leached
        for lot in record["details"]["inputs"]
        if lot.get("lotOf", record["organisation"]) != record["organisation"]
    }
    assert travelled
    for maker, number in travelled:
        assert {"li", "cu", "al"} <= set(made[maker, number]["assay"])
        assert of(records["dispatched"], number, "lot")["organisation"] == maker
        assert of(records["received"], number, "lot")["organisation"] != maker
    salts = Counter(lot["material"] for record in leached for lot in record["details"]["outputs"])
    assert {"lithium_carbonate", "nickel_sulfate_hexahydrate", "cobalt_sulfate_heptahydrate"} <= set(salts)
    sold = {record["lot"] for record in records["lot_sold"]}
    assert {lot["lot"] for record in leached for lot in record["details"]["outputs"]} <= sold


def test_an_honest_recycler_recovers_what_the_conditions_ask_for(played: tuple[Path, str]) -> None:
    [told] = [line for line in played[1].splitlines() if "recovery.li" in line]
    found = {clause: Decimal(value) for clause, value in re.findall(r"(recovery\.\w+) ([\d.]+) %", told)}
    least = {"recovery.cu_al": 98, "recovery.electrode_powder": 98, "recovery.li": 90, "recovery.ni_co_mn": 98}
    assert found.keys() == least.keys()
    assert all(least[clause] <= value <= 100 for clause, value in found.items()), found


def test_a_truck_brings_one_pack_too_light_one_too_few_and_one_too_many(records: dict[str, list[Record]]) -> None:
    sent: dict[str, dict[str, str]] = defaultdict(dict)
    came: dict[str, dict[str, str]] = defaultdict(dict)
    for found, type_ in ((sent, "dispatched"), (came, "received")):
        for record in records[type_]:
            if "battery" in record and "waybill" in record["details"]:
                found[record["details"]["waybill"]][record["battery"]] = record["details"]["massKg"]
    differing = [bill for bill in sent if len(sent[bill]) > 1 and sent[bill].keys() != came[bill].keys()]
    assert differing
    for bill in differing:
        both = sent[bill].keys() & came[bill].keys()
        lighter = [code for code in both if Decimal(came[bill][code]) < Decimal(sent[bill][code])]
        assert len(lighter) == len(sent[bill].keys() - came[bill]) == len(came[bill].keys() - sent[bill]) == 1


def test_a_burnt_pack_waits_for_another_person_and_is_processed_then(
    records: dict[str, list[Record]], played: tuple[Path, str]
) -> None:
    burnt = [record for record in records["received"] if record["details"].get("condition") == "burnt"]
    refused, _lifted, accepted = played[1].partition("06-panxi-second-person.jsonl")
    late = [record["battery"] for record in burnt if f"{record['battery']} 正在隔离" in refused]
    assert late
    assert "正在隔离" not in accepted
    for record in burnt:
        lifted = of(records["quarantine_lifted"], record["battery"])
        processed = [other for other in records["processed"] if other["battery"] == record["battery"]]
        assert all(record["occurredAt"] < lifted["occurredAt"] < other["occurredAt"] for other in processed)
    assert set(late) <= {record["battery"] for record in records["processed"]}


def test_an_unreadable_label_is_inspected_identified_on_evidence_and_its_battery_processed(
    records: dict[str, list[Record]],
) -> None:
    processed = {record["battery"] for record in records["processed"]}
    assert records["identified"]
    for record in records["identified"]:
        provisional = record["battery"]
        assert provisional.startswith("TMP-")
        received = of(records["received"], provisional)
        inspected = of(records["inspected"], provisional)
        assert received["details"]["label"] == "unreadable"
        assert received["occurredAt"] < inspected["occurredAt"] < record["occurredAt"]
        assert record["details"]["evidence"]
    assert processed & {record["details"]["as"] for record in records["identified"]}


def test_the_audit_finds_the_mishaps_of_batches_and_lots_and_no_others(
    gaps: list[Record], played: tuple[Path, str]
) -> None:
    found = Counter(gap["gap"] for gap in gaps if gap["gap"] in ("batch_missing", "mass_imbalance", "double_use"))
    assert found == {"batch_missing": 1, "mass_imbalance": 1}
    [lot] = [gap for gap in gaps if "lot" in gap]
    assert lot["gap"] == "unreceived"
    [batch] = [gap for gap in gaps if "batch" in gap]
    assert batch["gap"] == "mass_imbalance"
    for code in (lot["lot"], batch["batch"]):
        assert code in played[1]


@pytest.mark.parametrize("name", ["truck", "identified", "product", "batch"])
def test_it_shows_the_code_of_an_example(name: str, records: dict[str, list[Record]], played: tuple[Path, str]) -> None:
    codes = {
        "truck": {record["details"].get("waybill") for record in records["dispatched"]},
        "identified": {record["details"]["as"] for record in records["identified"]},
        "product": {record["battery"] for record in records["deployed"]},
        "batch": {record["details"]["number"] for record in records["batch"]},
    }[name]
    shown = played[1].partition("离车之后")[2].partition("审计")[0]
    assert any(code in shown for code in codes if code)


def test_the_files_of_every_sender_lie_in_the_folder_it_names(played: tuple[Path, str]) -> None:
    folder = played[0] / "demo" / "files"
    names = {path.name for path in folder.iterdir()}
    assert {
        "01-alliance-master-data.jsonl",
        "03-alliance-history.jsonl",
        "04-shudu-packs.csv",
        "05-tianfu-records.jsonl",
    } <= names
    assert (folder / "04-bayu-packs.csv").read_bytes().decode("gb18030").startswith("编码")


def test_it_runs_again_on_a_fresh_database(played: tuple[Path, str]) -> None:
    folder, first = played
    again = run(folder, "--packs", "60", "--seed", "3")
    assert again.returncode == 0, again.stderr

    def counts(told: str) -> list[str]:
        # Hashes differ from run to run: salts are random.
        return [line for line in told.splitlines() if "replayed" in line or ("retired" in line and "·" in line)]

    assert counts(again.stdout) == counts(first)


def test_the_same_seed_gives_the_same_files(tmp_path: Path) -> None:
    for name in ("a", "b"):
        files.write(province.build(40, 11, TODAY), tmp_path / name)
    written = {path.name: path.read_bytes() for path in (tmp_path / "a").iterdir()}
    assert written == {path.name: path.read_bytes() for path in (tmp_path / "b").iterdir()}
    files.write(province.build(40, 12, TODAY), tmp_path / "c")
    assert written != {path.name: path.read_bytes() for path in (tmp_path / "c").iterdir()}


@pytest.mark.parametrize("packs", [1, 14])
def test_few_packs_make_fewer_stories_and_no_fewer_checks(packs: int, tmp_path: Path) -> None:
    answer = run(tmp_path, "--packs", str(packs))
    assert answer.returncode == 0, answer.stderr
    assert "每个哈希和链接都成立" in answer.stdout
    assert verdicts(answer.stdout) == PRINTED


@pytest.mark.parametrize("packs", ["0", "-1", "999999999"])
def test_a_number_of_packs_out_of_range_is_refused(tmp_path: Path, packs: str) -> None:
    answer = run(tmp_path, "--packs", packs)
    assert answer.returncode != 0
    assert "--packs" in answer.stderr
