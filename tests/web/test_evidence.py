"""Evidence bundles: somebody who has nothing but the zip and Python finds out whether it holds."""

import ast
import hashlib
import io
import json
import subprocess
import sys
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pytest
from django.core.management import CommandError, call_command
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from tests.labelling import decoded, pages
from tests.traceability.test_verify_command import change
from tests.web.test_audit_files import content, get
from tests.worlds import Life, World
from traceability.audit.running import audit
from traceability.models import EventContent, Gap
from web.audit_report import verify_evidence
from web.audit_report.bundles import write_bundle

SCRIPT = Path(verify_evidence.__file__)
Files = dict[str, bytes]


@pytest.fixture
def life(world: World) -> Life:
    pack = world.pack(modules=2).produced(extra={"line": "7"}).installed().removed()
    pack.dispatched(to=world.recycler)
    with audit(as_of=date(2030, 1, 1)):
        pass
    return pack


@pytest.fixture
def files(world: World, life: Life) -> "Files":
    """The evidence of one battery, made once."""
    return unpacked(bundle(world, life.code))


def bundle(world: World, about: str | Gap, who: Any = None) -> bytes:
    file = io.BytesIO()
    write_bundle(about, file, (who or world.alliance).viewer)
    return file.getvalue()


def unpacked(data: bytes) -> Files:
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def packed(files: Files) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        for name, data in files.items():
            made.writestr(name, data)
    return file.getvalue()


def with_sums(files: Files) -> Files:
    """What a forger does: the list of digests made anew."""
    own = {name: data for name, data in files.items() if name != "SHA256SUMS"}
    text = "".join(f"{hashlib.sha256(own[name]).hexdigest()}  {name}\n" for name in sorted(own))
    return own | {"SHA256SUMS": text.encode()}


def checked(place: Path, *options: str, script: Path = SCRIPT) -> tuple[int, str]:
    """Run the program with nothing but the standard library."""
    command = [sys.executable, "-I", "-S", str(script), str(place), *options]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.stderr == ""
    return done.returncode, done.stdout


def fault_of(files: Files, tmp_path: Path) -> str:
    """The kind of the first fault; empty when there is none. In this process: it is asked often."""
    place = tmp_path / "try.zip"
    place.write_bytes(packed(files))
    try:
        verify_evidence.verify(str(place), None)
    except verify_evidence.Fault as fault:
        return fault.kind
    except Exception:  # the program calls it unreadable
        return "unreadable"
    return ""


# It holds ------------------------------------------------------------------------------------------------------------


def test_the_program_inside_verifies_the_zip_and_its_folder(world: World, life: Life, tmp_path: Path) -> None:
    data = bundle(world, life.code)
    (tmp_path / "evidence.zip").write_bytes(data)
    folder = tmp_path / "folder"
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        opened.extractall(folder)
    head = bytes(life.events[-1].hash).hex()
    for place in (tmp_path / "evidence.zip", folder):
        code, said = checked(place, script=folder / "verify_evidence.py")
        assert code == 0
        assert "通过" in said
        assert "OK" in said
        assert head in said
    alone = [sys.executable, "-I", "-S", "verify_evidence.py"]
    assert subprocess.run(alone, cwd=folder, capture_output=True, check=False).returncode == 0
    assert checked(folder, "--head", head)[0] == 0
    assert checked(folder, "--head", "0" * 64)[0] == 1


def test_a_bundle_holds_every_event_as_it_is_stored(world: World, life: Life) -> None:
    files = unpacked(bundle(world, life.code))
    stored = [bytes(event.body) for event in life.events]
    assert [files[f"events/1-{number}.json"] for number in range(1, len(stored) + 1)] == stored
    index = json.loads(files["evidence.json"])
    assert index["about"] == life.code
    assert [gap["gap"] for gap in index["gaps"]] == sorted(gap["gap"] for gap in index["gaps"])
    assert "unreceived" in {gap["gap"] for gap in index["gaps"]}
    book = CalamineWorkbook.from_filelike(io.BytesIO(files["evidence.xlsx"]))
    _, *rows = book.get_sheet_by_index(0).to_python()
    assert [(row[1], row[7]) for row in rows] == [(event.sequence, bytes(event.hash).hex()) for event in life.events]
    [address] = decoded(pages(files["evidence.pdf"])[0])
    assert address.endswith(f"/files/audit/batteries/{life.code}/evidence.zip")


def test_nothing_personal_is_in_a_bundle(world: World, life: Life) -> None:
    life.received(by=world.recycler).inspected(operator="王小明", visual="见照片")
    files = unpacked(bundle(world, life.code))
    everything = b"".join(files.values())
    assert EventContent.objects.exclude(salt=None).count() >= 3
    for content_ in EventContent.objects.exclude(salt=None):
        assert content_.value.encode() not in everything
        assert bytes(content_.salt).hex().encode() not in everything
    assert not [name for name in files if name.endswith("extra.json")]
    withheld = [event["withheld"] for event in json.loads(files["evidence.json"])["records"][0]["chain"]]
    assert withheld[:2] == [["extra"], ["vin"]]


def test_what_joined_a_chain_is_verified_with_it(world: World, tmp_path: Path) -> None:
    true = world.pack().produced()
    world.battery("TMP-1").received(by=world.recycler).identified(true)
    files = unpacked(bundle(world, true.code))
    assert [record["record"] for record in json.loads(files["evidence.json"])["records"]] == [true.code, "TMP-1"]
    assert fault_of(files, tmp_path) == ""
    assert unpacked(bundle(world, "TMP-1")).keys() == files.keys()


# It does not hold ----------------------------------------------------------------------------------------------------


@settings(max_examples=120)
@given(st.data())
def test_any_changed_byte_is_found(files: Files, tmp_path: Path, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(files)))
    at = data.draw(st.integers(0, len(files[name]) - 1))
    flipped = files[name][at] ^ data.draw(st.integers(1, 255))
    changed = files | {name: files[name][:at] + bytes([flipped]) + files[name][at + 1 :]}
    assert fault_of(changed, tmp_path) == "sums"


def test_a_lost_or_an_added_file_is_found(files: Files, tmp_path: Path) -> None:
    for name in files:
        assert fault_of({key: value for key, value in files.items() if key != name}, tmp_path) == "sums"
    assert fault_of(files | {"note.txt": b"trust me"}, tmp_path) == "sums"
    assert fault_of(with_sums(files | {"events/9-9.json": b"{}"}), tmp_path) == "stray"


@settings(max_examples=60)
@given(st.data())
def test_who_forges_the_list_as_well_fails_at_the_event(files: Files, tmp_path: Path, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(name for name in files if name.startswith(("events/", "contents/")))))
    at = data.draw(st.integers(0, len(files[name]) - 1))
    flipped = files[name][at] ^ data.draw(st.integers(1, 255))
    changed = files | {name: files[name][:at] + bytes([flipped]) + files[name][at + 1 :]}
    assert fault_of(with_sums(changed), tmp_path) == ("hash" if name.startswith("events/") else "content")


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda chain: chain.pop(1), "order"),
        (lambda chain: chain.pop(), "head"),
        (lambda chain: chain.reverse(), "order"),
        (lambda chain: chain[1].update(type="sold"), "body"),
        (lambda chain: chain[0].update(contents={"parent": "README.txt"}), "unreadable"),
        (lambda chain: chain.clear(), "head"),
    ],
)
def test_a_forged_index_is_found(files: Files, tmp_path: Path, change: Any, fault: str) -> None:
    index = json.loads(files["evidence.json"])
    change(index["records"][0]["chain"])
    assert fault_of(with_sums(files | {"evidence.json": orjson.dumps(index)}), tmp_path) == fault


def test_who_rewrites_an_event_breaks_the_link_after_it(files: Files, tmp_path: Path) -> None:
    index = json.loads(files["evidence.json"])
    second = index["records"][0]["chain"][1]
    files[second["file"]] = files[second["file"]].replace(b'"key":"', b'"key":"x')
    second["hash"] = hashlib.sha256(files[second["file"]]).hexdigest()
    assert fault_of(with_sums(files | {"evidence.json": orjson.dumps(index)}), tmp_path) == "link"


@pytest.mark.parametrize("damage", ["", "cut", "empty", "none"])
def test_the_program_tells_the_fault_in_both_languages(world: World, life: Life, tmp_path: Path, damage: str) -> None:
    place, data = tmp_path / "evidence.zip", bundle(world, life.code)
    if damage != "none":
        files = unpacked(data) | {"events/1-2.json": b"{}"}
        place.write_bytes({"": packed(files), "cut": data[: len(data) // 2], "empty": b""}[damage])
    code, said = checked(place)
    assert code == 1
    assert said.startswith("不通过")
    assert "FAULT" in said
    assert ("events/1-2.json" in said) == (damage == "")


def test_an_altered_event_of_the_ledger_shows(world: World, life: Life, tmp_path: Path) -> None:
    event = life.events[1]
    change(event, body=bytes(event.body).replace(b"installed", b"inspected"))
    assert fault_of(unpacked(bundle(world, life.code)), tmp_path) == "hash"


# For whom ------------------------------------------------------------------------------------------------------------


def test_who_sees_a_battery_whole_gets_its_evidence(world: World, life: Life) -> None:
    def may() -> set[str]:
        parties = ("maker", "alliance", "workshop", "recycler", "stranger")
        path = f"batteries/{life.code}/evidence.zip"
        return {name for name in parties if get(getattr(world, name), path).status_code == 200}

    assert may() == {"alliance", "workshop", "recycler"}
    life.received(by=world.recycler)
    assert may() == {"alliance", "recycler"}
    nothing = get(world.recycler, f"batteries/{world.pack_code()}/evidence.zip")
    assert (nothing.status_code, nothing.taken) == (
        404,
        get(world.stranger, f"batteries/{life.code}/evidence.zip").taken,
    )


def test_a_finding_has_evidence_for_who_answers_for_it(world: World, life: Life, tmp_path: Path) -> None:
    gap = Gap.objects.get(code="unreceived")
    path = f"gaps/{gap.pk}/evidence.zip"
    files = unpacked(content(get(world.alliance, path)))
    index = json.loads(files["evidence.json"])
    assert (index["gap"], [told["gap"] for told in index["gaps"]]) == (gap.pk, ["unreceived"])
    assert fault_of(files, tmp_path) == ""
    assert get(world.recycler, path).status_code == 200
    assert get(world.maker, path).status_code == get(world.stranger, path).status_code == 404


def test_who_sees_a_part_gets_the_events_that_it_recorded(world: World, life: Life, tmp_path: Path) -> None:
    life.received(by=world.recycler)
    gap = Gap.objects.filter(code="late_report", organisation=world.maker.id).first()
    assert gap is not None
    files = unpacked(content(get(world.maker, f"gaps/{gap.pk}/evidence.zip")))
    index = json.loads(files["evidence.json"])
    assert index["partial"] is True
    assert {json.loads(data)["organisation"] for name, data in files.items() if name.startswith("events/")} == {
        world.maker.code
    }
    assert fault_of(files, tmp_path) == ""
    name = next(name for name in files if name.startswith("events/"))
    assert fault_of(with_sums(files | {name: files[name] + b" "}), tmp_path) == "hash"


def test_the_command_writes_a_bundle(world: World, life: Life, tmp_path: Path) -> None:
    out = io.StringIO()
    call_command("evidence", life.code.lower(), "--output", str(tmp_path / "e.zip"), stdout=out)
    assert checked(tmp_path / "e.zip")[0] == 0
    gap = Gap.objects.get(code="unreceived")
    call_command("evidence", "--gap", str(gap.pk), "--output", str(tmp_path / "g.zip"), stdout=out)
    assert checked(tmp_path / "g.zip")[0] == 0
    for wrong in ([world.pack_code()], [], ["--gap", "999999"], [life.code, "--gap", str(gap.pk)]):
        with pytest.raises(CommandError):
            call_command("evidence", *wrong, "--output", str(tmp_path / "no.zip"), stdout=out)
    assert not (tmp_path / "no.zip").exists()


def test_the_program_needs_no_newer_python_than_it_says() -> None:
    tree = ast.parse(SCRIPT.read_text(), feature_version=(3, 8))
    imported = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    assert imported <= sys.stdlib_module_names


def test_who_answers_for_a_lot_that_never_came_gets_the_finding_though_it_recorded_nothing(
    world: World, tmp_path: Path
) -> None:
    top = {"lot": "A"}
    lot = world.fact("lot_opened", world.recycler, top=top, massKg="100")
    sent = world.fact("dispatched", world.recycler, top=top, to=world.stranger.code, massKg="100")
    world.capture([lot, sent])
    with audit(as_of=date(2030, 1, 1)):
        pass
    gap = Gap.objects.get(code="unreceived")
    (tmp_path / "its.zip").write_bytes(bundle(world, gap, world.stranger))
    its = unpacked((tmp_path / "its.zip").read_bytes())
    index = json.loads(its["evidence.json"])
    assert (index["about"], index["records"], index["partial"]) == (f"{world.recycler.code}/A", [], True)
    assert [told["lot"] for told in index["gaps"]] == [index["about"]]
    assert f"材料批次: {index['about']}" in its["README.txt"].decode()
    assert checked(tmp_path / "its.zip")[0] == 0
